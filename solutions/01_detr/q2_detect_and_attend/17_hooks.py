# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## B. Looking inside
#
# For every pair of a *query* token that looks and a *key* token that is looked at, attention has one weight; those of
# one query sum to 1. In `[query, key]` **a row belongs to the one who looks, a column to what is looked at.**
#
# | attention | who looks | at what | weights |
# |---|---|---|---|
# | encoder self-attention | each of the $S = H \cdot W$ cells of the feature map | all cells | $(B, S, S)$ |
# | decoder self-attention | each of the $Q$ object queries | all object queries | $(B, Q, Q)$ |
# | decoder cross-attention | each object query | all cells | $(B, Q, S)$ |
#
# A *query* in `[query, key]` is whatever looks; an *object query* is one of DETR's $Q$ learned vectors.
#
# As in the official notebook, we take the last layer and the mean over its $M$ heads.

# %%
plot_detr((128, 128), stride=8, channels=128, D=128, Q=20, K=6)

# %% [markdown]
# The figure shows positions and object queries once, where they enter. "shapes" is a full DETR: its positions are added
# in every attention on the image, its object queries in every layer of the decoder.

# %% [markdown]
# ### Step 17 · Forward hooks · 4 points · 20 min · ●●●●○
# **Goal:** read any module's output while a model runs, without changing the model.
#
# PyTorch calls a **forward hook** each time a module has computed its output:
#
# ```python
# def note(module, inputs, output):        # called after module.forward; returns nothing
#     ...
# handle = some_module.register_forward_hook(note)
# model(image)                             # note is called in passing
# handle.remove()                          # from here on, it is not
# ```
#
# What a hook returns would replace the module's output, so it returns nothing.
#
# Collect three outputs in a dict, **detached**: else they keep the whole graph in memory.
#
# | key | module | what its output is | keep |
# |---|---|---|---|
# | `"features"` | `model.backbone[0]` | the feature map | $(1, C, H, W)$ |
# | `"encoder"` | `self_attn` of the last layer of `model.transformer.encoder` | a *pair*: (attended values, weights) | the weights, $(1, S, S)$ |
# | `"decoder"` | `multihead_attn` of the last layer of `model.transformer.decoder` | such a pair | the weights, $(1, Q, S)$ |
#
# - `model.backbone` holds the convolutions, `[0]` (the official notebook's `[-2]`), and the position encoding, `[1]`. A
#   hook on the list itself never fires.
# - Remove your hooks **whatever happens**, also when the model raises an error, which goes on to the caller:
#   `try: ... finally: ...`.
# - Run the model once, and leave its mode and parameters as they are.
#
# Three points are for what you captured, one for the removal. `capture_attention` and its helpers may not be called.

# %% exercise="hooks" forbids="detrlab.attention.capture.capture_attention, detrlab.attention.record.Recording"
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


def captured(model, image):
    """What look_inside returns, and how the model was treated."""
    ran = []
    counter = model.backbone[0].register_forward_pre_hook(lambda *_: ran.append(1))
    try:
        out, seen = look_inside(model, image)
    finally:
        counter.remove()
    found = {"keys": sorted(str(key) for key in seen)}
    found |= {name: seen.get(name) for name in ("features", "encoder", "decoder")}
    kept = [tensor for tensor in seen.values() if isinstance(tensor, torch.Tensor)]
    return found | {
        "tensors that still hang on the graph": sum(tensor.requires_grad for tensor in kept),
        "logits": out["pred_logits"],
        "runs of the model": len(ran),
        "mode afterwards": "training" if model.training else "evaluation",
        "parameters that can learn afterwards": sum(table.requires_grad for table in model.parameters()),
    }


def left_behind(model, image):
    """Hooks that stay on after a run of look_inside, and whether an error of the model comes through."""
    try:
        returned = look_inside(model, image)
        if returned is ____:
            return ____
        ended = "without an error"
    except NotAttempted:
        raise
    except Exception as error:
        ended = "with ForbiddenCall" if type(error).__name__ == "ForbiddenCall" else "with an error"
    return {"hooks left on": hooks_left_on(model), "it ended": ended}


@check(parts={"captured": 3, "removed": 1})
def hooks(draw):
    (H, W), (Q, layers) = draw.letters("H W", 3, 7), (draw.size(5, 13), draw.integer(2, 4))
    draw.name(Q=Q, S=H * W)
    image, five_channels = draw.normal(1, 3, 8 * H, 8 * W), draw.normal(1, 5, 8 * H, 8 * W)  # no model takes the second
    one, two, three = (draw.fill(tiny_detr(Q, layers)) for _ in range(3))
    removed = {
        "after a run": attempted(lambda: left_behind(two, image)),
        "after an error": attempted(lambda: left_behind(three, five_channels)),
    }
    return {"captured": attempted(lambda: captured(one, image)), "removed": removed}


@hooks.must("each row of an attention sums to 1")
def _(value):
    weights = [value["captured"][name] for name in ("encoder", "decoder")]
    return all(torch.allclose(each.sum(-1), torch.ones(()), atol=1e-3) for each in weights)


# %% [raw] hints="hooks"
# 1. A hook is an ordinary function; it can put what it gets into a dict that lives outside of it. You need three of
#    them, and must not lose the three handles.
# 2. `nn.MultiheadAttention` returns (attended values, weights), so the hook takes `output[1]`. The last layer is
#    `layers[-1]`. Put the call of the model into a `try`, and the removal into its `finally`.
# 3. `seen = {}`, then a `def note(module, inputs, output): seen["encoder"] = output[1].detach()` for
#    `model.transformer.encoder.layers[-1].self_attn`, likewise for the decoder's `multihead_attn` and, with `output`
#    itself, for `model.backbone[0]`. After `handles = [...]`: `try: out = model(image)`, and in `finally` a loop over
#    the handles.

# %% [raw] mistake="hooks/values_not_weights"
# That is the first thing an attention returns, the attended values of width D. The weights, who looks at what, are
# the second: output[1].
# ---
# - seen[name] = output[1].detach()
# + seen[name] = output[0].detach()

# %% [raw] mistake="hooks/whole_pair"
# An attention returns a pair, and the whole pair was kept. Keep its second half, the weights: output[1].
# ---
# - seen[name] = output[1].detach()
# + seen[name] = output

# %% [raw] mistake="hooks/batch_dropped"
# The axis for the batch was dropped. Keep it: (1, S, S) and (1, Q, S).
# ---
# - seen[name] = output[1].detach()
# + seen[name] = output[1][0].detach()

# %% [raw] mistake="hooks/not_detached"
# The tensors are not detached, so they keep the whole graph for gradients in memory: `.detach()` cuts them off.
# ---
# - seen["features"] = output.detach()
# + seen["features"] = output
# - seen[name] = output[1].detach()
# + seen[name] = output[1]

# %% [raw] mistake="hooks/kept_in_lists"
# Each value is a list, as in the official notebook. Keep the tensor itself.
# ---
# - seen["features"] = output.detach()
# + seen["features"] = [output.detach()]
# - seen[name] = output[1].detach()
# + seen[name] = [output[1].detach()]

# %% [raw] mistake="hooks/misspelt_key"
# One key is "feature". The task calls it "features".
# ---
# - seen["features"] = output.detach()
# + seen["feature"] = output.detach()

# %% [raw] mistake="hooks/container"
# The features are missing: `model.backbone` is a list of two modules that are called one by one, so the list itself
# is never called, and its hook never fires. Hook its first module.
# ---
# - model.backbone[0].register_forward_hook(keep_features),
# + model.backbone.register_forward_hook(keep_features),

# %% [raw] mistake="hooks/position_encoding"
# This is the output of the position encoding, `backbone[-1]`. The features come from `backbone[0]`.
# ---
# - seen["features"] = output.detach()
# + seen["features"] = output[0].detach() if isinstance(output, tuple) else output.detach()
# - model.backbone[0].register_forward_hook(keep_features),
# + model.backbone[-1].register_forward_hook(keep_features),

# %% [raw] mistake="hooks/first_layer"
# These are the first layers. The task asks for the last ones, from which the boxes are predicted: layers[-1].
# ---
# - transformer.encoder.layers[-1].self_attn.register_forward_hook(keep_weights("encoder")),
# - transformer.decoder.layers[-1].multihead_attn.register_forward_hook(keep_weights("decoder")),
# + transformer.encoder.layers[0].self_attn.register_forward_hook(keep_weights("encoder")),
# + transformer.decoder.layers[0].multihead_attn.register_forward_hook(keep_weights("decoder")),

# %% [raw] mistake="hooks/first_encoder_layer"
# The encoder's weights are those of its first layer. The last one is `layers[-1]`.
# ---
# - transformer.encoder.layers[-1].self_attn.register_forward_hook(keep_weights("encoder")),
# + transformer.encoder.layers[0].self_attn.register_forward_hook(keep_weights("encoder")),

# %% [raw] mistake="hooks/not_a_pair"
# A hook took `output[1]` of something that is no pair: the feature map, or the output of a whole layer instead of its
# `self_attn`. Were the hooks made in a loop? Then all of them share its variable, which has its last value by the time
# the model runs: bind it with `name=name` among the hook's arguments.
# ---
# - transformer.encoder.layers[-1].self_attn.register_forward_hook(keep_weights("encoder")),
# + transformer.encoder.layers[-1].register_forward_hook(keep_weights("encoder")),

# %% [raw] mistake="hooks/decoder_self"
# This is the decoder's self-attention, among the object queries, (1, Q, Q). Where they look in the image is its
# cross-attention, `multihead_attn`.
# ---
# - transformer.decoder.layers[-1].multihead_attn.register_forward_hook(keep_weights("decoder")),
# + transformer.decoder.layers[-1].self_attn.register_forward_hook(keep_weights("decoder")),

# %% [raw] mistake="hooks/keys_exchanged"
# The two keys are exchanged: the encoder's weights are kept as the decoder's.
# ---
# - transformer.encoder.layers[-1].self_attn.register_forward_hook(keep_weights("encoder")),
# - transformer.decoder.layers[-1].multihead_attn.register_forward_hook(keep_weights("decoder")),
# + transformer.encoder.layers[-1].self_attn.register_forward_hook(keep_weights("decoder")),
# + transformer.decoder.layers[-1].multihead_attn.register_forward_hook(keep_weights("encoder")),

# %% [raw] mistake="hooks/late_binding_lambda"
# All lambdas share the loop's variable, so everything was kept under its last name. Bind it when the hook is made:
# `lambda module, inputs, output, name=name: ...`.
# ---
# - handles = [
# -     model.backbone[0].register_forward_hook(keep_features),
# -     transformer.encoder.layers[-1].self_attn.register_forward_hook(keep_weights("encoder")),
# -     transformer.decoder.layers[-1].multihead_attn.register_forward_hook(keep_weights("decoder")),
# - ]
# + handles = []
# + for name, module in {"features": model.backbone[0], "encoder": transformer.encoder.layers[-1].self_attn,
# +                      "decoder": transformer.decoder.layers[-1].multihead_attn}.items():
# +     handles.append(module.register_forward_hook(lambda module, inputs, output: seen.update({name: output})))

# %% [raw] mistake="hooks/returned_value"
# A hook that returns something replaces the module's output by it, and the next layer then gets something else. Return
# nothing.
# ---
# - seen[name] = output[1].detach()
# + seen[name] = output[1].detach()
# + return seen[name] if name == "encoder" else None

# %% [raw] mistake="hooks/removed_before"
# The hooks were removed before the model ran, so nothing was seen. Run it first.
# ---
# - try:
# -     out = model(image)
# - finally:
# -     for handle in handles:
# -         handle.remove()
# + for handle in handles:
# +     handle.remove()
# + out = model(image)

# %% [raw] mistake="hooks/ran_twice"
# The model ran twice: the hooks see what the first run computes, and its result is what to return.
# ---
# - return out, seen
# + return model(image), seen

# %% [raw] mistake="hooks/pair_order"
# The pair is in the wrong order: the task asks for (out, seen).
# ---
# - return out, seen
# + return seen, out

# %% [raw] mistake="hooks/never_removed"
# The hooks were never removed: each further run adds three more, and they fire in everything you do with the model
# afterwards. (A `handle.remove` without brackets removes nothing.)
# ---
# - try:
# -     out = model(image)
# - finally:
# -     for handle in handles:
# -         handle.remove()
# + out = model(image)

# %% [raw] mistake="hooks/left_after_error"
# The hooks are removed when all goes well, but stay on when the model raises an error. Put the removal into the
# `finally` of a `try`.
# ---
# - try:
# -     out = model(image)
# - finally:
# -     for handle in handles:
# -         handle.remove()
# + out = model(image)
# + for handle in handles:
# +     handle.remove()

# %% [raw] mistake="hooks/error_swallowed"
# An error of the model was caught and kept quiet, so whoever called this goes on with nothing. `finally` removes the hooks
# and lets the error through; a bare `except` does not.
# ---
# - try:
# -     out = model(image)
# - finally:
# + try:
# +     out = model(image)
# + except Exception:
# +     out = None
# + finally:

# %% [raw] mistake="hooks/left_in_training"
# The model ran in training mode, with the statistics of this one batch, and was left in it. Leave its mode as it is.
# ---
# - seen = {}
# + seen = {}
# + model.train()

# %% [raw] mistake="hooks/frozen"
# The model's parameters cannot learn any more: `requires_grad_(False)` stays. `torch.no_grad()` and `.detach()` leave the
# model as it is.
# ---
# - seen = {}
# + seen = {}
# + model.requires_grad_(False)

# %% [markdown]
# In the sample scene:

# %%
def show_shapes(picture):
    _, seen = look_inside(shapes, prepare(picture, *shapes.input_size)[None])
    for name, tensor in seen.items():
        print(f"{name:9} {tuple(tensor.shape)}")


attempt(lambda: show_shapes(sample.picture), after=("resize", "hooks"))

# %% [markdown]
# **The model of `torch.hub`** has the same weights and names, but its backbone gives a dict of *nested* tensors (images
# padded to one size, with a mask), on which `.detach()` fails: take `conv_features['0'].tensors`. This cell downloads
# nothing:

# %%
def look_into_the_hub_model():
    hub = Path(torch.hub.get_dir())
    weights = hub / "checkpoints" / "detr-r50-e632da11.pth"
    if not (hub / "facebookresearch_detr_main").exists() or not weights.exists():
        print("The hub's model is not on this computer. To fetch it once (166 MB), in a cell of your own:")
        print("torch.hub.load('facebookresearch/detr', 'detr_resnet50', pretrained=True)")
        return
    code = hub / "facebookresearch_detr_main"
    model = torch.hub.load(code, "detr_resnet50", source="local", pretrained=True).eval()
    conv_features = []
    handle = model.backbone[-2].register_forward_hook(lambda *given: conv_features.append(given[-1]))
    with torch.no_grad(), handle:
        model(to_input(sample.picture, 800, 1333)[None])
    print(type(conv_features[0]).__name__, list(conv_features[0]), type(conv_features[0]["0"]).__name__)
    print("conv_features['0'].tensors", tuple(conv_features[0]["0"].tensors.shape))


look_into_the_hub_model()
print(f"Its {len(COCO_CLASSES)} classes are COCO's numbers, some of which name nothing:")
print(", ".join(f"{number} {name}" for number, name in enumerate(COCO_CLASSES[:14])), "...")

# %% [markdown]
# In notebook 1's `nn.Transformer` the same hook finds `None`: its layers do not ask for weights.
#
# **Hooks find errors, too.** Here the position encoding is not the one that the model was trained with. No error is
# raised; the outputs of all layers show where the two models part:

# %%
mistaken = copy.deepcopy(shapes)
mistaken.backbone[1] = PositionEmbeddingSine(64)
first_divergence(mistaken, shapes, to_input(sample.picture, *shapes.input_size)[None])
