# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 31 · An explanation, tested · 9 points · 40 min · ●●●●○
# **Goal:** turn an explanation into a claim that an experiment can refute.
#
# A map does not say that the model would answer differently without those cells. Write an intervention and its control,
# make a claim, name a rival, **predict, and only then run**.
#
# **The intervention: hide cells from the decoder.** In every decoder layer the cross-attention `multihead_attn` is
# called with the keyword `key_padding_mask`, (B, S) bool: True means that no query may look at this cell. A forward
# *pre*-hook can change what a module is called with; `queries_on_their_own` in step 29 is one. Write
# - `hide_from_decoder(model, hidden)` (2 points): registers such a hook on the cross-attention of **every** decoder
#   layer, which hides the cells that are True in `hidden` (H, W) *besides* those that are masked already, and returns
#   the handles;
# - `moved_pattern(hidden, dy, dx)` (1 point), the control: the same pattern moved dy cells down and dx to the right;
#   what leaves the map on one side comes back on the other.

# %% exercise="intervention"
def hide_from_decoder(model, hidden):
    """Keep all object queries, in all decoder layers, from looking at cells that are True in hidden (H, W).

    Returns the list of the hooks' handles: removing them brings the model back.
    """
    ### BEGIN SOLUTION
    def hide(module, args, kwargs):
        return args, kwargs | {"key_padding_mask": kwargs["key_padding_mask"] | hidden.flatten()}

    return [layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)
            for layer in model.transformer.decoder.layers]
    ### END SOLUTION


def moved_pattern(hidden, dy, dx):
    """The pattern hidden (H, W) moved dy cells down and dx to the right, round the edges: (H, W)."""
    ### BEGIN SOLUTION
    return hidden.roll((dy, dx), (0, 1))
    ### END SOLUTION

# %% check="intervention" points=3
import copy

shapes = load_model("shapes")

@check(parts={"hidden": 2, "moved pattern": 1})
def intervention(draw):
    subject = copy.deepcopy(shapes)     # a wrong answer may leave hooks behind
    image = to_input(draw_scene(draw.scene_seed(), (64, 80)).picture, 64, 80)      # small, so that it is quick
    batch = [image, image[:, :64, :48]]     # the second one is padded, so some of its cells are masked already
    H, W = 10, 8
    hidden = torch.zeros(H * W, dtype=torch.bool)
    hidden[draw.permutation(H * W)[: draw.integer(20, 50)]] = True
    hidden = hidden.reshape(H, W)

    def answer():
        with torch.no_grad():
            out = subject(batch)
        return {"logits": out["pred_logits"], "boxes": out["pred_boxes"]}

    def with_hooks():
        handles = list(hide_from_decoder(subject, hidden))
        meanwhile = answer()
        for handle in handles:
            handle.remove()
        left = sum(len(module._forward_pre_hooks) + len(module._forward_hooks) for module in subject.modules())
        return {"meanwhile": meanwhile, "hooks left behind": left, "afterwards": answer()}

    moves = [(draw.integer(1, H - 1), draw.integer(1, W - 1)) for _ in range(2)]
    moved = attempted(lambda: [torch.as_tensor(as_numbers(moved_pattern(hidden.clone(), *move))) for move in moves])
    return {"hidden": attempted(with_hooks), "moved pattern": moved}

# %% [raw] hints="intervention"
# 1. A hook that may change a call gets (module, args, kwargs) and returns (args, kwargs). What is added to the mask is
#    True for the hidden cells, and joined with what is True already by "or".
# 2. `layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)` for every layer of
#    `model.transformer.decoder.layers`, collected in a list. The mask is (B, S), so `hidden` is flattened. For the
#    control, `Tensor.roll` moves round the edges.
# 3. The hook returns `args, kwargs | {"key_padding_mask": ...}`: the old mask, `|`, and the flattened pattern. The
#    control is `hidden.roll((dy, dx), ...)`, with the two dimensions that dy and dx belong to.

# %% [raw] mistake="intervention/last_layer_only"
# Only the last decoder layer was kept from looking. The layers before it have read those cells already and pass on what
# they saw: register the hook on every layer.
# ---
# def hide_from_decoder(model, hidden):
#     def hide(module, args, kwargs):
#         return args, kwargs | {"key_padding_mask": kwargs["key_padding_mask"] | hidden.flatten()}
#     return [model.transformer.decoder.layers[-1].multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)]
#
# def moved_pattern(hidden, dy, dx):
#     return hidden.roll((dy, dx), (0, 1))

# %% [raw] mistake="intervention/all_but_those"
# The mask is the wrong way round: True means "may not be looked at", so here everything but those cells was hidden.
# ---
# def hide_from_decoder(model, hidden):
#     def hide(module, args, kwargs):
#         return args, kwargs | {"key_padding_mask": kwargs["key_padding_mask"] | ~hidden.flatten()}
#     return [layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)
#             for layer in model.transformer.decoder.layers]
#
# def moved_pattern(hidden, dy, dx):
#     return hidden.roll((dy, dx), (0, 1))

# %% [raw] mistake="intervention/nothing_hidden"
# The decoder answers as if nothing were hidden: the hook changes nothing. It has to return (args, kwargs) with the new
# mask, and to be registered with with_kwargs=True.
# ---
# def hide_from_decoder(model, hidden):
#     def hide(module, args, kwargs):
#         kwargs = kwargs | {"key_padding_mask": kwargs["key_padding_mask"] | hidden.flatten()}
#     return [layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)
#             for layer in model.transformer.decoder.layers]
#
# def moved_pattern(hidden, dy, dx):
#     return hidden.roll((dy, dx), (0, 1))

# %% [raw] mistake="intervention/in_the_encoder"
# The cells were hidden from the encoder's self-attention. That changes the memory itself; asked for is that the decoder's
# queries cannot look at them.
# ---
# def hide_from_decoder(model, hidden):
#     def hide(module, args, kwargs):
#         return args, kwargs | {"key_padding_mask": kwargs["key_padding_mask"] | hidden.flatten()}
#     return [layer.self_attn.register_forward_pre_hook(hide, with_kwargs=True)
#             for layer in model.transformer.encoder.layers]
#
# def moved_pattern(hidden, dy, dx):
#     return hidden.roll((dy, dx), (0, 1))

# %% [raw] mistake="intervention/values_of_zero"
# The memory was set to zero at those cells, but they can still be looked at: a key of zero gets its share of the softmax.
# Mask them, so that their weight is zero.
# ---
# def hide_from_decoder(model, hidden):
#     def hide(module, args, kwargs):
#         kept = (~hidden.flatten())[:, None]
#         return (args[0], args[1] * kept), kwargs | {"value": kwargs["value"] * kept}
#     return [layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)
#             for layer in model.transformer.decoder.layers]
#
# def moved_pattern(hidden, dy, dx):
#     return hidden.roll((dy, dx), (0, 1))

# %% [raw] mistake="intervention/first_handle_only"
# Some hooks are still there after their handles were removed: return every handle, one for each layer.
# ---
# def hide_from_decoder(model, hidden):
#     def hide(module, args, kwargs):
#         return args, kwargs | {"key_padding_mask": kwargs["key_padding_mask"] | hidden.flatten()}
#     return [layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)
#             for layer in model.transformer.decoder.layers][:1]
#
# def moved_pattern(hidden, dy, dx):
#     return hidden.roll((dy, dx), (0, 1))

# %% [raw] mistake="intervention/moved_along_one_axis"
# dy and dx were used for the wrong axes: the first dimension of a map is y, so dy moves along it.
# ---
# def hide_from_decoder(model, hidden):
#     def hide(module, args, kwargs):
#         return args, kwargs | {"key_padding_mask": kwargs["key_padding_mask"] | hidden.flatten()}
#     return [layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)
#             for layer in model.transformer.decoder.layers]
#
# def moved_pattern(hidden, dy, dx):
#     return hidden.roll((dx, dy), (0, 1))

# %% [raw] mistake="intervention/moved_up_and_left"
# The pattern moved up and to the left. Down and right are larger indices: in PyTorch's roll, positive shifts.
# ---
# def hide_from_decoder(model, hidden):
#     def hide(module, args, kwargs):
#         return args, kwargs | {"key_padding_mask": kwargs["key_padding_mask"] | hidden.flatten()}
#     return [layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)
#             for layer in model.transformer.decoder.layers]
#
# def moved_pattern(hidden, dy, dx):
#     return hidden.roll((-dy, -dx), (0, 1))

# %% [raw] mistake="intervention/fallen_off_the_edge"
# What left the map on one side did not come back on the other, so the control hides fewer cells than the intervention.
# Move round the edges: Tensor.roll does.
# ---
# def hide_from_decoder(model, hidden):
#     def hide(module, args, kwargs):
#         return args, kwargs | {"key_padding_mask": kwargs["key_padding_mask"] | hidden.flatten()}
#     return [layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)
#             for layer in model.transformer.decoder.layers]
#
# def moved_pattern(hidden, dy, dx):
#     moved = torch.zeros_like(hidden)
#     moved[dy:, dx:] = hidden[: len(hidden) - dy, : hidden.shape[1] - dx]
#     return moved

# %% [raw] mistake="intervention/first_layer_only"
# Only the first decoder layer was kept from looking. The layers after it look at those cells again: register the hook
# on every layer.
# ---
# - return [layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)
# - for layer in model.transformer.decoder.layers]
# + return [layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)
# +         for layer in model.transformer.decoder.layers[:1]]

# %% [raw] mistake="intervention/mask_replaced"
# The mask was replaced, so cells of padding that were masked already can be looked at. Join the two by "or".
# ---
# - return args, kwargs | {"key_padding_mask": kwargs["key_padding_mask"] | hidden.flatten()}
# + return args, kwargs | {"key_padding_mask": hidden.flatten().expand_as(kwargs["key_padding_mask"])}

# %% [raw] mistake="intervention/pattern_turned"
# The pattern was flattened column by column, so other cells were hidden. The cells of the memory come row by row:
# hidden.flatten().
# ---
# - return args, kwargs | {"key_padding_mask": kwargs["key_padding_mask"] | hidden.flatten()}
# + return args, kwargs | {"key_padding_mask": kwargs["key_padding_mask"] | hidden.T.flatten()}

# %% [raw] mistake="intervention/self_attention"
# The hook is on the decoder's self-attention, where queries look at queries: its call has no `key_padding_mask`. Register
# it on `multihead_attn`.
# ---
# - return [layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)
# + return [layer.self_attn.register_forward_pre_hook(hide, with_kwargs=True)

# %% [raw] mistake="intervention/without_kwargs"
# The hook takes keywords, but was registered without with_kwargs=True, so it is called without them.
# ---
# - return [layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)
# + return [layer.multihead_attn.register_forward_pre_hook(hide)

# %% [raw] mistake="intervention/dims_forgotten"
# roll was given two shifts and no dimensions. Say which dimension each belongs to: dy to 0, dx to 1.
# ---
# - return hidden.roll((dy, dx), (0, 1))
# + return hidden.roll((dy, dx))

# %% [raw] mistake="intervention/no_handle"
# The hooks are all there after the handles were removed: no handle was returned. Collect them in a list, one for each
# layer.
# ---
# - return [layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)
# - for layer in model.transformer.decoder.layers]
# + for layer in model.transformer.decoder.layers:
# +     layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)
# + return []

# %% [raw] mistake="intervention/moved_down_only"
# The pattern moved down, but not to the right: dx was not used. Roll along both dimensions.
# ---
# - return hidden.roll((dy, dx), (0, 1))
# + return hidden.roll(dy, 0)

# %% [raw] mistake="intervention/moved_as_one_row"
# The map was rolled as one long row, so what leaves it on the right comes back one row lower. Say which dimension each
# shift belongs to.
# ---
# - return hidden.roll((dy, dx), (0, 1))
# + return hidden.roll(dy * hidden.shape[1] + dx)

# %% [raw] mistake="intervention/joined_by_and"
# The two masks were joined by "and", so only cells that are True in both are hidden. Join them by "or".
# ---
# - return args, kwargs | {"key_padding_mask": kwargs["key_padding_mask"] | hidden.flatten()}
# + return args, kwargs | {"key_padding_mask": kwargs["key_padding_mask"] & hidden.flatten()}
