# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 8 · A stack of layers · 3 points · 12 min · ●●○○○
# **You will be able to** return what every decoder layer says, or the last one only.
#
# Each layer goes on from what the layer before it gave; `memory`, `padding`, `pos` and `query_pos` are the same for
# all. One layer norm, `norm`, is **shared**: it is applied to the output of each layer before that is *returned*
# ("shared layer-norm", section 3.2, "Auxiliary decoding losses"). The next layer gets the output without it.
#
# `run_decoder(layers, norm, ..., return_intermediate)` returns
#
# - with `return_intermediate=True`, as in training with auxiliary losses (2 points): (L, B, Q, D), the first layer
#   first;
# - with `return_intermediate=False` (1 point): (1, B, Q, D), the last layer alone.
#
# So `result[-1]` is the last layer in both cases.
#
# *Example.* Three layers that each add 1, and a norm that multiplies by 10. From 0 the layers give 1, 2, 3; returned
# are 10, 20, 30, or 30 alone.
#
# A layer is called by position, not by name: `layer(tgt, memory, padding, pos, query_pos)`. The library's and torch's
# `TransformerDecoder` may not be used.

# %% exercise="stack" forbids="detrlab.detr.transformer.TransformerDecoder, detrlab.detr.transformer.TransformerDecoder.forward, torch.nn.TransformerDecoder, torch.nn.TransformerDecoder.forward, torch.nn.Transformer"
def run_decoder(layers, norm, tgt, memory, padding, pos, query_pos, return_intermediate):
    """(L, B, Q, D), the normalised output of every layer, or (1, B, Q, D), of the last one only.

    layers: a list of L decoder layers. norm: one layer norm, shared. The others are as in step 7.
    """
    ### BEGIN SOLUTION
    outputs = []
    for layer in layers:
        tgt = layer(tgt, memory, padding, pos, query_pos)
        outputs.append(norm(tgt))
    return torch.stack(outputs if return_intermediate else outputs[-1:])
    ### END SOLUTION

# %% check="stack" points=3
@check(parts={"1. every layer": 2, "2. the last one only": 1})
def stack(draw):
    B, Q, S = draw.letters("B Q S", 2, 7)
    L, M = draw.choice([4, 6]), 2
    D = M * draw.size(5, 7)
    draw.name(L=L, D=D)
    layers = draw.fill(nn.ModuleList(TransformerDecoderLayer(D, M, D, 0.0) for _ in range(L))).eval()
    norm = nn.LayerNorm(D)
    norm.weight.data, norm.bias.data = draw.uniform(D, low=1.5, high=3), draw.normal(D)
    padding = torch.zeros(B, S, dtype=torch.bool)
    padding[0, -1] = True
    memory, pos, query_pos = draw.normal(B, S, D), draw.normal(B, S, D), draw.normal(B, Q, D)
    tgt = draw.normal(B, Q, D).requires_grad_()

    def ask(return_intermediate):
        mine = tgt * 1
        hs = told(lambda: run_decoder(layers, norm, mine, memory, padding, pos, query_pos, return_intermediate))
        return {"result": hs, "tgt is left as it was": mine.equal(tgt)}

    return {"1. every layer": ask(True), "2. the last one only": ask(False)}


# %% [raw] hints="stack"
# 1. Two things happen to a layer's output: it goes on to the next layer, and it is kept. Only one of the two passes the
#    norm.
# 2. A loop over `layers` assigns to `tgt` and appends `norm(tgt)` to a list; `torch.stack` makes one tensor of a list,
#    with a new first axis.
# 3. `for layer in layers:`, in it `tgt = layer(tgt, memory, padding, pos, query_pos)` and `outputs.append(...)`. For
#    the last one only: `torch.stack(outputs[-1:])`.

# %% [raw] mistake="stack/no_norm_on_intermediates"
# Only the last output was normalised. The norm is shared: the heads read every layer, and expect each of them
# normalised.
# ---
# - outputs.append(norm(tgt))
# + outputs.append(norm(tgt) if layer is layers[-1] else tgt)

# %% [raw] mistake="stack/no_norm"
# Nothing was normalised. Apply `norm` to each output that is returned.
# ---
# - outputs.append(norm(tgt))
# + outputs.append(tgt)

# %% [raw] mistake="stack/norm_passed_on"
# The normalised output went on to the next layer. The shared norm is for what is returned only.
# ---
# - tgt = layer(tgt, memory, padding, pos, query_pos)
# - outputs.append(norm(tgt))
# + tgt = norm(layer(tgt, memory, padding, pos, query_pos))
# + outputs.append(tgt)

# %% [raw] mistake="stack/first_input_for_all"
# Every layer got the first input. Each goes on from what the layer before it gave: assign to tgt.
# ---
# - tgt = layer(tgt, memory, padding, pos, query_pos)
# - outputs.append(norm(tgt))
# + outputs.append(norm(layer(tgt, memory, padding, pos, query_pos)))

# %% [raw] mistake="stack/from_the_last"
# The layers ran in the opposite order.
# ---
# - for layer in layers:
# + for layer in reversed(layers):

# %% [raw] mistake="stack/last_first"
# The last layer stands first in the result. The first layer comes first, so that result[-1] is the last one.
# ---
# - return torch.stack(outputs if return_intermediate else outputs[-1:])
# + return torch.stack(outputs[::-1] if return_intermediate else outputs[-1:])

# %% [raw] mistake="stack/side_by_side"
# The layers' outputs were joined along the batch. torch.stack gives them an axis of their own, the first one.
# ---
# - return torch.stack(outputs if return_intermediate else outputs[-1:])
# + return torch.cat(outputs if return_intermediate else outputs[-1:])

# %% [raw] mistake="stack/list"
# This is a list of tensors. torch.stack makes one tensor of it.
# ---
# - return torch.stack(outputs if return_intermediate else outputs[-1:])
# + return outputs if return_intermediate else torch.stack(outputs[-1:])

# %% [raw] mistake="stack/list_of_one"
# For the last one only, this is a list with one tensor in it. torch.stack makes one tensor of it, (1, B, Q, D).
# ---
# - return torch.stack(outputs if return_intermediate else outputs[-1:])
# + return torch.stack(outputs) if return_intermediate else outputs[-1:]

# %% [raw] mistake="stack/input_kept"
# The decoder's input stands in the result as well. Only the outputs of the L layers are returned.
# ---
# - outputs = []
# + outputs = [norm(tgt)]

# %% [raw] mistake="stack/first_for_last"
# For the last one only, the first layer's output was returned. The last one is outputs[-1].
# ---
# - return torch.stack(outputs if return_intermediate else outputs[-1:])
# + return torch.stack(outputs if return_intermediate else outputs[:1])

# %% [raw] mistake="stack/no_axis_for_the_last"
# For the last one only, the first axis is missing: (B, Q, D). With (1, B, Q, D), result[-1] is the last layer in both
# cases.
# ---
# - return torch.stack(outputs if return_intermediate else outputs[-1:])
# + return torch.stack(outputs) if return_intermediate else outputs[-1]

# %% [raw] mistake="stack/last_not_normalised"
# For the last one only, the output was not normalised. The norm is applied there, too.
# ---
# - return torch.stack(outputs if return_intermediate else outputs[-1:])
# + return torch.stack(outputs) if return_intermediate else tgt[None]

# %% [raw] mistake="stack/flag_not_read"
# return_intermediate was not read: without it the last layer alone is returned, as (1, B, Q, D).
# ---
# - return torch.stack(outputs if return_intermediate else outputs[-1:])
# + return torch.stack(outputs)

# %% [raw] mistake="stack/flag_inverted"
# The two cases changed places: True asks for every layer.
# ---
# - return torch.stack(outputs if return_intermediate else outputs[-1:])
# + return torch.stack(outputs[-1:] if return_intermediate else outputs)

# %% [markdown]
# **Against the library.** The shapes model's decoder through your `run_decoder`. The heads can read any of its layers:
# below, how many detections above 0.7 each layer makes in 10 scenes.

# %%
def show_stack():
    model = load_model("shapes")
    decoder = model.transformer.decoder
    scenes = [draw_scene(seed, (128, 192)) for seed in range(10)]
    pictures = torch.stack([to_input(scene.picture, 128, 192) for scene in scenes])
    with torch.no_grad():
        src = model.input_proj(model.backbone[0](pictures))
        padding = torch.zeros_like(src[:, 0], dtype=torch.bool)
        src, pos = (x.flatten(2).transpose(1, 2) for x in (src, model.backbone[1](padding)))
        padding, query_pos = padding.flatten(1), model.query_embed.weight.expand(10, -1, -1)
        memory = model.transformer.encoder(src, padding, pos)
        given = torch.zeros_like(query_pos), memory, padding, pos, query_pos
        hs = run_decoder(decoder.layers, decoder.norm, *given, True)  # (L, B, Q, D)
        print(f"largest difference from the library: {(hs - decoder(*given)).abs().max():.1e}")
        scores = model.class_embed(hs).softmax(-1)[..., :-1].amax(-1)  # (L, B, Q)
    print(f"{sum(len(scene.labels) for scene in scenes)} objects")
    for number, layer in enumerate(scores):
        print(f"layer {number}: {(layer > 0.7).sum().item()} detections above 0.7")


attempt(show_stack, after="stack")
