# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# #### Leave a part out (2 points)
# **You will be able to** take a part out of a model without touching the rest.
#
# Both functions get a DETR (detrlab's class, any sizes) and return a **copy** without a part. The model that was given
# stays as it is, and shares no weights with the copy. Everything else of the copy works as before: norms, residual
# additions, and the object queries' own encodings.
#
# - **`without_self_attention(model)`** (1 point): in *every* decoder layer nothing is added to the queries where
#   `layer.self_attn` was. A layer calls `self.self_attn(q, k, value=tgt)` and expects a pair: what is added to `tgt`, and
#   the weights, which it does not read.
# - **`without_positions(model)`** (1 point): encoder and decoder get zeros for the spatial positions.
#   `model.backbone[1]` makes them: from a mask (B, H, W) to (B, D, H, W).
#
# `Instead(function)` of the setup is a module without weights that returns what `function` gives: it can stand where
# another module stood. A forward hook will do, too.
#
# *Example.* `double = Instead(lambda x: 2 * x)`; then `double(torch.ones(3))` is three times 2.

# %% exercise="leave_out" forbids="detrlab.training.ablations.without_self_attention, detrlab.training.ablations.without_positions, detrlab.training.ablations.ablated_detr, detrlab.training.ablations.Ablation.change, detrlab.training.ablations.NoAttention, detrlab.training.ablations.NoPositions"
def without_self_attention(model):
    """A copy of a DETR in whose decoder no object query sees another."""
    ### BEGIN SOLUTION
    changed = copy.deepcopy(model)
    for layer in changed.transformer.decoder.layers:
        layer.self_attn = Instead(lambda query, key, value: (torch.zeros_like(query), None))
    return changed
    ### END SOLUTION


def without_positions(model):
    """A copy of a DETR that gets zeros for the spatial positions."""
    ### BEGIN SOLUTION
    placeless = copy.deepcopy(model)
    position = placeless.backbone[1]
    placeless.backbone[1] = Instead(lambda mask: torch.zeros_like(position(mask)))
    return placeless
    ### END SOLUTION

# %% check="leave_out" points=2
@check(parts={"1. self-attention": 1, "2. positions": 1})
def leave_out(draw):
    B, Q, K = draw.letters("B Q K", 2, 7)
    model, images = random_detr(draw, Q, K), draw.normal(B, 3, 11, 17)

    def outputs(model):
        found = model(images)
        layers = [*found["aux_outputs"], found]
        return {name: torch.stack([layer[name] for layer in layers]) for name in ("pred_logits", "pred_boxes")}

    def after(leave_out):
        given = copy.deepcopy(model)
        changed = leave_out(given)
        found = outputs(changed)
        sum((value * value).sum() for value in found.values()).backward()
        learning = [name for name, weight in changed.named_parameters() if weight.grad is not None and weight.grad.any()]
        parts = ("query_embed", "input_proj", "decoder.layers.0.self_attn", "decoder.layers.1.self_attn")
        with torch.no_grad():  # as a training of the copy does, which must not change what was given
            for weight in changed.parameters():
                weight.mul_(1.5)
            untouched = outputs(given)
        return {"outputs": {name: value.detach() for name, value in found.items()}, "the model that was given": untouched,
                "what learns": {part: any(part in name for name in learning) for part in parts}}

    return {"1. self-attention": attempted(lambda: after(without_self_attention)),
            "2. positions": attempted(lambda: after(without_positions))}


# %% [raw] hints="leave_out"
# 1. `copy.deepcopy(model)` first, then change the copy. Which numbers must come out where the attention was, so that the
#    addition changes nothing?
# 2. Self-attention: for each of `changed.transformer.decoder.layers` put an `Instead` at `layer.self_attn` that returns a
#    pair, zeros and None. Positions: keep the old `backbone[1]` in a variable, and give zeros of the shape that it gives.
# 3. `layer.self_attn = Instead(lambda query, key, value: (torch.zeros_like(query), None))`; and
#    `changed.backbone[1] = Instead(lambda mask: torch.zeros_like(...))`, of what the old module gives for this mask.

# %% [raw] mistake="leave_out/attention_in_place"
# `without_self_attention` changed the model that it was given. Copy it first, with `copy.deepcopy`: a run with the part
# and one without are to be compared.
# ---
# - changed = copy.deepcopy(model)
# + changed = model

# %% [raw] mistake="leave_out/positions_in_place"
# `without_positions` changed the model that it was given. Copy it first, with `copy.deepcopy`: a run with the part and one
# without are to be compared.
# ---
# - placeless = copy.deepcopy(model)
# + placeless = model

# %% [raw] mistake="leave_out/first_layer_only"
# The self-attention is gone in the first decoder layer only; in the next one the queries still see each other.
# ---
# - for layer in changed.transformer.decoder.layers:
# + for layer in changed.transformer.decoder.layers[:1]:

# %% [raw] mistake="leave_out/last_layer_only"
# The self-attention is gone in the last decoder layer only; in the one before the queries still see each other.
# ---
# - for layer in changed.transformer.decoder.layers:
# + for layer in changed.transformer.decoder.layers[-1:]:

# %% [raw] mistake="leave_out/of_the_encoder"
# This is the encoder's self-attention, among the cells of the map. Asked for is the decoder's, among the object queries.
# ---
# - for layer in changed.transformer.decoder.layers:
# + for layer in changed.transformer.encoder.layers:

# %% [raw] mistake="leave_out/cross_attention"
# The cross-attention was taken out: now no query sees the image. The queries see each other in `layer.self_attn`.
# ---
# - layer.self_attn = Instead(lambda query, key, value: (torch.zeros_like(query), None))
# + layer.multihead_attn = Instead(lambda query, key, value, key_padding_mask: (torch.zeros_like(query), None))

# %% [raw] mistake="leave_out/queries_added"
# In place of the attention the queries themselves came out, and were added once more. Nothing is to be added: zeros.
# ---
# - layer.self_attn = Instead(lambda query, key, value: (torch.zeros_like(query), None))
# + layer.self_attn = Instead(lambda query, key, value: (query, None))

# %% [raw] mistake="leave_out/norm_gone"
# The norm after the self-attention went, too. Only what the attention adds is left out; `layer.norm1` stays.
# ---
# - layer.self_attn = Instead(lambda query, key, value: (torch.zeros_like(query), None))
# + layer.self_attn = Instead(lambda query, key, value: (torch.zeros_like(query), None))
# + layer.norm1 = nn.Identity()

# %% [raw] mistake="leave_out/bias_stays"
# The weights of the output projection are zero, but its bias is still added to every query. Zeros have to come out.
# ---
# - layer.self_attn = Instead(lambda query, key, value: (torch.zeros_like(query), None))
# + nn.init.zeros_(layer.self_attn.out_proj.weight)

# %% [raw] mistake="leave_out/comes_back"
# The output projection is zero now, but it can learn: after the first step of a training the queries see each other again.
# Take the attention out, or freeze what you set to zero.
# ---
# - layer.self_attn = Instead(lambda query, key, value: (torch.zeros_like(query), None))
# + nn.init.zeros_(layer.self_attn.out_proj.weight)
# + nn.init.zeros_(layer.self_attn.out_proj.bias)

# %% [raw] mistake="leave_out/query_encodings"
# The encodings of the object queries were taken out, too. Only the *spatial* positions go, those of the map's cells.
# ---
# - placeless.backbone[1] = Instead(lambda mask: torch.zeros_like(position(mask)))
# + placeless.backbone[1] = Instead(lambda mask: torch.zeros_like(position(mask)))
# + nn.init.zeros_(placeless.query_embed.weight)

# %% [raw] mistake="leave_out/queries_instead"
# The encodings of the object queries were taken out. They stay; the spatial positions go, which `backbone[1]` makes.
# ---
# - placeless.backbone[1] = Instead(lambda mask: torch.zeros_like(position(mask)))
# + nn.init.zeros_(placeless.query_embed.weight)

# %% [raw] mistake="leave_out/in_the_encoder_only"
# The encoder gets no positions any more, but the decoder's cross-attention still does. Both take them from `backbone[1]`.
# ---
# - placeless.backbone[1] = Instead(lambda mask: torch.zeros_like(position(mask)))
# + for layer in placeless.transformer.encoder.layers:
# +     layer.register_forward_pre_hook(lambda module, args: (*args[:2], torch.zeros_like(args[2])))

# %% [raw] mistake="leave_out/in_the_decoder_only"
# The decoder gets no positions any more, but the encoder still does. Both take them from `backbone[1]`.
# ---
# - placeless.backbone[1] = Instead(lambda mask: torch.zeros_like(position(mask)))
# + for layer in placeless.transformer.decoder.layers:
# +     layer.register_forward_pre_hook(lambda module, args: (*args[:3], torch.zeros_like(args[3]), args[4]))

# %% [raw] mistake="leave_out/ones"
# The positions are ones everywhere. Equal in all cells they tell no cell from another, but they are still added to q and
# k: take zeros.
# ---
# - placeless.backbone[1] = Instead(lambda mask: torch.zeros_like(position(mask)))
# + placeless.backbone[1] = Instead(lambda mask: torch.ones_like(position(mask)))

# %% [markdown]
# The library leaves the same two parts out of its trainings. Yours beside it, on the tiny DETR:

# %%
def compare_mine():
    images = seen(tiny_scenes(3, "held_out")).inputs
    torch.manual_seed(0)
    model = tiny_detr()
    for left_out, mine in (("self-attention", without_self_attention), ("positions", without_positions)):
        torch.manual_seed(0)  # the same weights
        library = ablated_detr(left_out)
        with torch.no_grad():
            boxes, theirs, with_it = (each.eval()(images)["pred_boxes"] for each in (mine(model), library, model))
        print(f"without {left_out:15} boxes differ by up to {(boxes - theirs).abs().max():.4f} from the library's,"
              f" {(boxes - with_it).abs().max():.4f} from the whole model's")


attempt(compare_mine, after="leave_out")
