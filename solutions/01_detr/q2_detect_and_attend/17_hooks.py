# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## B. Looking inside
#
# Between the backbone and the boxes lies attention. For every pair of a *query* token that looks and a *key* token
# that is looked at there is one weight, and the weights of one query sum to 1. They are kept as `[query, key]`: **a
# row belongs to the one who looks, a column to what is looked at.**
#
# | attention | who looks | at what | weights |
# |---|---|---|---|
# | encoder self-attention | each of the $S = H \cdot W$ cells of the feature map | all cells | $(B, S, S)$ |
# | decoder self-attention | each of the $Q$ object queries | all object queries | $(B, Q, Q)$ |
# | decoder cross-attention | each object query | all cells | $(B, Q, S)$ |
#
# Each layer has its own, and so does each of its $M$ heads; here we take the last layer and the mean over its heads,
# as the official notebook does. The library can give you any layer and any head: `capture_attention` in part C.

# %% [markdown]
# ### Step 17 · Forward hooks · 4 points · 14 min · ●●●●○
# **You will be able to** read any module's output while a model runs, without changing the model.
#
# `forward` returns boxes and logits and forgets the rest. A **forward hook** is a function that PyTorch calls each
# time a module has computed its output:
#
# ```python
# def note(module, inputs, output):     # called after module.forward; it returns nothing, or it would replace the output
#     ...
# handle = some_module.register_forward_hook(note)
# model(image)                             # note is called in passing
# handle.remove()                          # from here on, it is not
# ```
#
# Collect three outputs in a dict:
#
# | key | module | what its output is | keep |
# |---|---|---|---|
# | `"features"` | `model.backbone[0]` | the feature map | $(1, C, H, W)$ |
# | `"encoder"` | `self_attn` of the last layer of `model.transformer.encoder` | a *pair*: (attended values, attention weights) | the weights, $(1, S, S)$ |
# | `"decoder"` | `multihead_attn` of the last layer of `model.transformer.decoder` | such a pair | the weights, $(1, Q, S)$ |
#
# Two facts save you an hour. A hook only fires when its module is *called*: `model.backbone` is a mere list of the
# convolutions and the position encoding, which are called one by one, so a hook on the list never fires. And hooks
# stay until removed: run the cell three times and you have nine of them. Remove yours **whatever happens**, also when
# the model raises an error, which is what `try: ... finally: ...` is for.
#
# The hooks are to be your own: the library's `capture_attention` and its helpers may not be called in your answer.
#
# If stuck: `hint("hooks")`.

# %% exercise="hooks" forbids="detrlab.attention.capture.capture_attention, detrlab.attention.capture._hook_layers, detrlab.attention.capture._record"
def look_inside(model, image):
    """Run a DETR once and collect with forward hooks what it computes inside.

    No hook is left behind, even on an error.

    image: (1, 3, h, w), prepared.
    Returns (out, seen): what the model returns, and a dict of tensors, detached:
    "features" (1, C, H, W), "encoder" (1, S, S) and "decoder" (1, Q, S): attention as [query, key],
    mean over heads.
    """
    ### BEGIN SOLUTION
    seen = {}

    def keep_features(module, inputs, output):
        seen["features"] = output.detach()

    def keep_weights(name):
        def note(module, inputs, output):
            seen[name] = output[1].detach()

        return note

    transformer = model.transformer
    handles = [
        model.backbone[0].register_forward_hook(keep_features),
        transformer.encoder.layers[-1].self_attn.register_forward_hook(keep_weights("encoder")),
        transformer.decoder.layers[-1].multihead_attn.register_forward_hook(keep_weights("decoder")),
    ]
    try:
        out = model(image)
    finally:
        for handle in handles:
            handle.remove()
    return out, seen
    ### END SOLUTION


# %% check="hooks" points=4
def tiny_detr(num_queries, num_layers):
    """An untrained DETR that is small enough to be filled with drawn weights at once; stride 8."""
    model = DETR(
        Backbone(SmallResNet((5, 7, 11, 11, 13)), num_channels=13),
        PositionEmbeddingSine(8),
        Transformer(16, 2, num_layers, num_layers, dim_feedforward=17, dropout=0.0),
        num_classes=len(shapes.classes),
        num_queries=num_queries,
    )
    return model.eval()


def hooks_left_on(model):
    return sum(len(module._forward_hooks) for module in model.modules())


@check
def hooks(draw):
    model = draw.fill(tiny_detr(draw.size(5, 13), num_layers=draw.integer(2, 4)))
    H, W = draw.sizes(2, 3, 7)
    out, seen = look_inside(model, draw.normal(1, 3, 8 * H, 8 * W))
    found = {name: seen.get(name) for name in ("features", "encoder", "decoder")}
    found["hooks left on"] = hooks_left_on(model)
    try:
        look_inside(model, draw.normal(1, 5, 8 * H, 8 * W))  # five channels: no model takes that
    except Exception:  # whatever it is, only the hooks matter here
        pass
    return {**found, "hooks left on after an error": hooks_left_on(model), "logits": out["pred_logits"]}


@hooks.must("each row of an attention sums to 1")
def _(value):
    return all(torch.allclose(value[name].sum(-1), torch.ones(()), atol=1e-3) for name in ("encoder", "decoder"))


# %% [raw] hints="hooks"
# 1. A hook is an ordinary function; it can put what it gets into a dict that lives outside of it. You need three of
#    them, and must not lose the three handles.
# 2. `nn.MultiheadAttention` returns (attended values, weights), so the hook takes `output[1]`. The last layer is
#    `layers[-1]`. Put the call of the model into a `try`, and the removal into its `finally`.
# 3. `seen = {}`, then a `def note(module, inputs, output): seen["encoder"] = output[1].detach()` for
#    `model.transformer.encoder.layers[-1].self_attn`, likewise for the decoder's `multihead_attn` and, with `output`
#    itself, for `model.backbone[0]`. After `handles = [...]`: `try: out = model(image)`, `finally: for handle in
#    handles: handle.remove()`.

# %% [raw] mistake="hooks/values_not_weights"
# That is the first thing an attention returns, the attended values of width D. The weights, who looks at what, are
# the second: output[1].
# ---
# def look_inside(model, image):
#     seen, transformer = {}, model.transformer
#     modules = {"features": model.backbone[0], "encoder": transformer.encoder.layers[-1].self_attn,
#                "decoder": transformer.decoder.layers[-1].multihead_attn}
#     handles = []
#     for name, module in modules.items():
#         def note(module, inputs, output, name=name):
#             seen[name] = output if name == "features" else output[0]
#         handles.append(module.register_forward_hook(note))
#     try:
#         out = model(image)
#     finally:
#         for handle in handles:
#             handle.remove()
#     return out, seen

# %% [raw] mistake="hooks/whole_pair"
# An attention returns a pair, and the whole pair was kept. Keep its second half, the weights: output[1].
# ---
# def look_inside(model, image):
#     seen, transformer = {}, model.transformer
#     modules = {"features": model.backbone[0], "encoder": transformer.encoder.layers[-1].self_attn,
#                "decoder": transformer.decoder.layers[-1].multihead_attn}
#     handles = []
#     for name, module in modules.items():
#         def note(module, inputs, output, name=name):
#             seen[name] = output
#         handles.append(module.register_forward_hook(note))
#     try:
#         out = model(image)
#     finally:
#         for handle in handles:
#             handle.remove()
#     return out, seen

# %% [raw] mistake="hooks/never_removed"
# Everything is captured, but the hooks were never removed: each further run adds three more, and they fire in
# everything you do with the model afterwards.
# ---
# def look_inside(model, image):
#     seen, transformer = {}, model.transformer
#     modules = {"features": model.backbone[0], "encoder": transformer.encoder.layers[-1].self_attn,
#                "decoder": transformer.decoder.layers[-1].multihead_attn}
#     for name, module in modules.items():
#         def note(module, inputs, output, name=name):
#             seen[name] = output if name == "features" else output[1]
#         module.register_forward_hook(note)
#     return model(image), seen

# %% [raw] mistake="hooks/left_after_error"
# The hooks are removed when all goes well, but stay on when the model raises an error. Put the removal into the
# `finally` of a `try`.
# ---
# def look_inside(model, image):
#     seen, transformer = {}, model.transformer
#     modules = {"features": model.backbone[0], "encoder": transformer.encoder.layers[-1].self_attn,
#                "decoder": transformer.decoder.layers[-1].multihead_attn}
#     handles = []
#     for name, module in modules.items():
#         def note(module, inputs, output, name=name):
#             seen[name] = output if name == "features" else output[1]
#         handles.append(module.register_forward_hook(note))
#     out = model(image)
#     for handle in handles:
#         handle.remove()
#     return out, seen

# %% [raw] mistake="hooks/container"
# The features are missing: `model.backbone` is a list of two modules that are called one by one, so the list itself
# is never called, and its hook never fires. Hook its first module.
# ---
# def look_inside(model, image):
#     seen, transformer = {}, model.transformer
#     modules = {"features": model.backbone, "encoder": transformer.encoder.layers[-1].self_attn,
#                "decoder": transformer.decoder.layers[-1].multihead_attn}
#     handles = []
#     for name, module in modules.items():
#         def note(module, inputs, output, name=name):
#             seen[name] = output if name == "features" else output[1]
#         handles.append(module.register_forward_hook(note))
#     try:
#         out = model(image)
#     finally:
#         for handle in handles:
#             handle.remove()
#     return out, seen

# %% [raw] mistake="hooks/first_layer"
# These are the first layers. The task asks for the last ones, from which the boxes are predicted: layers[-1].
# ---
# def look_inside(model, image):
#     seen, transformer = {}, model.transformer
#     modules = {"features": model.backbone[0], "encoder": transformer.encoder.layers[0].self_attn,
#                "decoder": transformer.decoder.layers[0].multihead_attn}
#     handles = []
#     for name, module in modules.items():
#         def note(module, inputs, output, name=name):
#             seen[name] = output if name == "features" else output[1]
#         handles.append(module.register_forward_hook(note))
#     try:
#         out = model(image)
#     finally:
#         for handle in handles:
#             handle.remove()
#     return out, seen

# %% [raw] mistake="hooks/decoder_self"
# This is the decoder's self-attention, among the object queries, (1, Q, Q). Where queries look in the picture is its
# cross-attention, `multihead_attn`.
# ---
# def look_inside(model, image):
#     seen, transformer = {}, model.transformer
#     modules = {"features": model.backbone[0], "encoder": transformer.encoder.layers[-1].self_attn,
#                "decoder": transformer.decoder.layers[-1].self_attn}
#     handles = []
#     for name, module in modules.items():
#         def note(module, inputs, output, name=name):
#             seen[name] = output if name == "features" else output[1]
#         handles.append(module.register_forward_hook(note))
#     try:
#         out = model(image)
#     finally:
#         for handle in handles:
#             handle.remove()
#     return out, seen

# %% [markdown]
# **Where this does not work.** PyTorch's own `nn.TransformerEncoderLayer` and `nn.TransformerDecoderLayer`, which the
# short DETR of notebook 1 is made of, tell their attention not to compute weights, so the same hook finds `None`. The
# library's `capture_attention` copes with both kinds.
#
# Here is what your hooks find in the sample scene:

# %%
def show_shapes(picture):
    _, seen = look_inside(shapes, prepare(picture, *shapes.input_size)[None])
    for name, tensor in seen.items():
        print(f"{name:9} {tuple(tensor.shape)}")


attempt(lambda: show_shapes(sample.picture))
