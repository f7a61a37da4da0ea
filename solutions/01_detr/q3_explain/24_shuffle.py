# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 24 · What positions are for · 2 points · 6 min · ●●○○○
# **Goal:** show that an encoder without positions cannot tell one order of the cells from another.
#
# Without positions, an encoder is permutation equivariant: shuffle its tokens, and the outputs are the same, shuffled
# likewise.
#
# Place i of the shuffled sequence holds token `order[i]`. **Only the features are shuffled;** positions stay. Return a
# dict with two numbers:
# - `"without positions"`: with positions of zero, encode once as given and once shuffled; the largest absolute
#   difference of the two results, in the same order;
# - `"with positions"`: the same with `pos`.
#
# *Example.* Tokens (a, b, c) and `order` = [2, 0, 1] give the sequence (c, a, b) and, say, outputs (C, A, B).
# The *unshuffled* run's `outputs[:, order]` has that order too.

# %% exercise="shuffle"
def order_gaps(encode, src, pos, order):
    """How far an encoder is from not caring about the order of its tokens, without and with positions.

    encode: function (src, pos) -> (B, S, D). src, pos: (B, S, D). order: (S,) a permutation of 0..S-1.
    Returns {"without positions": number, "with positions": number}, largest absolute differences.
    """
    ### BEGIN SOLUTION
    def gap(pos):
        shuffled_then_encoded = encode(src[:, order], pos)      # (B, S, D)
        encoded_then_shuffled = encode(src, pos)[:, order]      # (B, S, D)
        return (shuffled_then_encoded - encoded_then_shuffled).abs().max().item()

    return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}
    ### END SOLUTION

# %% check="shuffle" points=2
@check(parts={"without positions": 1, "with positions": 1})
def shuffle(draw):
    B, S, M = draw.size(2, 3), draw.size(7, 13), draw.size(2, 3)
    D = M * draw.size(3, 7)
    encoder = draw.fill(TransformerEncoder(2, D, M, 3 * D, 0.0)).eval()
    leak = draw.normal(1, S, D)
    encoders = [
        lambda src, pos: encoder(src, None, pos),
        lambda src, pos: encoder(src + leak, None, pos),    # places leak into the features, as by zero padding
    ]
    found = {"without positions": [], "with positions": []}
    for encode in encoders * 4:
        src, pos, order = draw.normal(B, S, D), draw.normal(B, S, D), draw.permutation(S)
        while (order[order] == torch.arange(S)).all():      # its own inverse: shuffling twice would put things back
            order = draw.permutation(S)
        with torch.no_grad():
            gaps = as_numbers(order_gaps(encode, src, pos, order))
        for name, gap in gaps.items():
            found.get(name, []).append(gap)
    return found

@shuffle.must("without positions the two results of a plain encoder agree to rounding")
def _(gaps):
    return gaps["without positions"][0] < 1e-4

# %% [raw] hints="shuffle"
# 1. Two roads lead to the same order of tokens: shuffle first and encode then, or encode first and shuffle
#    then. An equivariant encoder ends at the same place on both.
# 2. `src[:, order]` shuffles tokens (dimension 1). Shuffle the outputs of the unshuffled run in the same way, subtract,
#    `.abs().max()`. Do it twice, with `torch.zeros_like(pos)` and with `pos`, which is never shuffled.
# 3. Write it once, as a function of the positions p: `(encode(src[:, order], p) - ...).abs().max()`. What stands for
#    the dots has the tokens in the order of the first term, but was encoded before it was shuffled.

# %% [raw] mistake="shuffle/not_put_back"
# The two results were compared in different orders: the shuffled run's place i holds token order[i], the
# other run's holds token i. Shuffle the outputs of the plain run as well before you subtract.
# ---
# def order_gaps(encode, src, pos, order):
#     def gap(pos):
#         return (encode(src[:, order], pos) - encode(src, pos)).abs().max().item()
#     return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}

# %% [raw] mistake="shuffle/mean_for_max"
# These are mean differences. A few cells that differ much can hide in a mean over thousands of numbers: the task asks
# for the largest difference.
# ---
# def order_gaps(encode, src, pos, order):
#     def gap(pos):
#         return (encode(src[:, order], pos) - encode(src, pos)[:, order]).abs().mean().item()
#     return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}

# %% [raw] mistake="shuffle/positions_left_on"
# The positions were still on in the run that should be without them, so both numbers are the same. Give the
# encoder zeros in the shape of pos there.
# ---
# def order_gaps(encode, src, pos, order):
#     gap = (encode(src[:, order], pos) - encode(src, pos)[:, order]).abs().max().item()
#     return {"without positions": gap, "with positions": gap}

# %% [raw] mistake="shuffle/positions_shuffled"
# The positions travelled with their tokens. Then every cell still knows its true place, and the order of the
# list means nothing: leave the positions where they are and shuffle the features only.
# ---
# def order_gaps(encode, src, pos, order):
#     def gap(pos):
#         return (encode(src[:, order], pos[:, order]) - encode(src, pos)[:, order]).abs().max().item()
#     return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}

# %% [raw] mistake="shuffle/shuffled_twice"
# One run's outputs were put into an order that is not the other's: `order` and its inverse, torch.argsort(order), are
# mixed up. Either shuffle the plain run's outputs by order, or put the shuffled run's back by the inverse.
# ---
# def order_gaps(encode, src, pos, order):
#     def gap(pos):
#         return (encode(src[:, order], pos)[:, order] - encode(src, pos)).abs().max().item()
#     return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}

# %% [raw] mistake="shuffle/sign_kept"
# The largest difference was taken with its sign, so differences below zero do not count. Take the absolute value
# first.
# ---
# def order_gaps(encode, src, pos, order):
#     def gap(pos):
#         return (encode(src[:, order], pos) - encode(src, pos)[:, order]).max().item()
#     return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}

# %% [raw] mistake="shuffle/names_swapped"
# The two numbers stand under each other's names. "without positions" is the run with zeros.
# ---
# def order_gaps(encode, src, pos, order):
#     def gap(pos):
#         return (encode(src[:, order], pos) - encode(src, pos)[:, order]).abs().max().item()
#     return {"without positions": gap(pos), "with positions": gap(torch.zeros_like(pos))}

# %% [raw] mistake="shuffle/features_left_alone"
# The features were never shuffled before they were encoded, only the outputs. What is asked is whether the encoder
# notices a new order of its inputs: encode src[:, order] too.
# ---
# def order_gaps(encode, src, pos, order):
#     def gap(pos):
#         return (encode(src, pos) - encode(src, pos)[:, order]).abs().max().item()
#     return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}

# %% [raw] mistake="shuffle/batch_shuffled"
# The first dimension was shuffled: it is the batch. Tokens are dimension 1, so write src[:, order].
# ---
# - shuffled_then_encoded = encode(src[:, order], pos)      # (B, S, D)
# - encoded_then_shuffled = encode(src, pos)[:, order]      # (B, S, D)
# + shuffled_then_encoded = encode(src[order], pos)
# + encoded_then_shuffled = encode(src, pos)[order]

# %% [raw] mistake="shuffle/channels_shuffled"
# The last dimension was shuffled: it is the channels. Tokens are dimension 1, so write src[:, order].
# ---
# - shuffled_then_encoded = encode(src[:, order], pos)      # (B, S, D)
# - encoded_then_shuffled = encode(src, pos)[:, order]      # (B, S, D)
# + shuffled_then_encoded = encode(src[..., order], pos)
# + encoded_then_shuffled = encode(src, pos)[..., order]

# %% [raw] mistake="shuffle/sum_for_max"
# The differences were added up, so the number grows with the size of the tensors. Asked for is the largest one.
# ---
# - return (shuffled_then_encoded - encoded_then_shuffled).abs().max().item()
# + return (shuffled_then_encoded - encoded_then_shuffled).abs().sum().item()

# %% [raw] mistake="shuffle/ones_for_zeros"
# The run without positions was given ones. A one is added to the features like any other position: give zeros.
# ---
# - return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}
# + return {"without positions": gap(torch.ones_like(pos)), "with positions": gap(pos)}

# %% [raw] mistake="shuffle/plain_run_without"
# The plain run was without positions in both cases, so it differs from the shuffled run in two things. Both runs of a
# pair get the same positions.
# ---
# - encoded_then_shuffled = encode(src, pos)[:, order]      # (B, S, D)
# + encoded_then_shuffled = encode(src, torch.zeros_like(pos))[:, order]

# %% [raw] mistake="shuffle/not_encoded"
# The encoder was never called: features were compared with shuffled features. Compare what the encoder makes of them.
# ---
# - shuffled_then_encoded = encode(src[:, order], pos)      # (B, S, D)
# - encoded_then_shuffled = encode(src, pos)[:, order]      # (B, S, D)
# + shuffled_then_encoded = src[:, order] + pos
# + encoded_then_shuffled = src + pos

# %% [raw] mistake="shuffle/positions_left_off"
# The positions are off in both runs, so both numbers are the same. Give the encoder pos itself for the second one.
# ---
# - return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}
# + return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(torch.zeros_like(pos))}

# %% [raw] mistake="shuffle/not_measured"
# The gap without positions is 0 throughout, as theory has it of a plain encoder. Measure it: an encoder whose features
# know places themselves has another one.
# ---
# - return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}
# + return {"without positions": 0.0, "with positions": gap(pos)}

# %% [markdown]
# The trained encoder on your image: about $10^{-5}$ or less is rounding. In the paper's table 3, a model without
# spatial encodings whose query embeddings enter only at the decoder's input loses 7.8 AP: two changes in one row. It
# may still work because zero padding leaks some position into the features.

# %%
def shuffle_my_picture():
    """order_gaps of the trained encoder on the cells of your image."""
    with torch.no_grad():
        features = model.backbone[0](to_input(picture, *model.input_size)[None])            # (1, C, H, W)
        pos = model.backbone[1](torch.zeros_like(features[:, 0], dtype=torch.bool))         # (1, D, H, W)
        src, pos = (x.flatten(2).transpose(1, 2) for x in (model.input_proj(features), pos))     # (1, S, D)
        order = torch.randperm(src.shape[1], generator=torch.Generator().manual_seed(1))
        print(order_gaps(lambda src, pos: model.transformer.encoder(src, None, pos), src, pos, order))


attempt(shuffle_my_picture)
