# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 24 · What positions are for · 2 points · 6 min · ●●○○○
# **You will be able to** show by an experiment that without positions the encoder cannot tell one order of
# the cells from another.
#
# An encoder without positions treats its tokens as a *set*. Shuffle the tokens and the outputs are the same,
# shuffled likewise. This is called permutation equivariance: for a permutation $\pi$ of the tokens,
# $$f(x_{\pi(1)},\dots,x_{\pi(S)}) = \big(f(x)_{\pi(1)},\dots,f(x)_{\pi(S)}\big).$$
# In such an encoder a picture and the same picture cut into S snippets and thrown into a bag are one and the
# same. The positions break this.
#
# Write `order_gaps(encode, src, pos, order)`. `encode(src, pos)` is a whole encoder, (B, S, D) in and out.
# `order` (S,) says that place i of the shuffled sequence holds token `order[i]`. **Only the features are
# shuffled;** the positions belong to the places and stay. Return a dict with two numbers:
# - `"without positions"`: encode with positions of zero, once as given and once shuffled; bring the two
#   results into the same order; the largest absolute difference between them;
# - `"with positions"`: the same with `pos`.
#
# *A tiny example.* Tokens (a, b, c) and `order` = [2, 0, 1] give the shuffled sequence (c, a, b). If its
# outputs are (C, A, B), then token a's output stands at place 1, and `outputs[:, order]` of the *unshuffled*
# run has the order (C, A, B) as well: these two may be compared.
#
# If stuck: `hint("shuffle")`.

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
@check
def shuffle(draw):
    B, S, M = draw.size(2, 3), draw.size(7, 13), draw.size(2, 3)
    D = M * draw.size(3, 7)
    encoder = draw.fill(TransformerEncoder(2, D, M, 3 * D, 0.0)).eval()
    src, pos, order = draw.normal(B, S, D), draw.normal(B, S, D), draw.permutation(S)
    with torch.no_grad():
        return as_numbers(order_gaps(lambda src, pos: encoder(src, None, pos), src, pos, order))

@shuffle.must("without positions the two results agree to rounding")
def _(gaps):
    return gaps["without positions"] < 1e-4

# %% [raw] hints="shuffle"
# 1. Two roads lead to the same order of tokens: shuffle first and encode then, or encode first and shuffle
#    then. An equivariant encoder ends at the same place on both.
# 2. `src[:, order]` shuffles tokens (dimension 1). Shuffle the outputs of the unshuffled run in the same way,
#    subtract, `.abs().max()`. Do it twice, with `torch.zeros_like(pos)` and with `pos`, which is never
#    shuffled.
# 3. `gap = (encode(src[:, order], p) - encode(src, p)[:, order]).abs().max()` for p = zeros and p = pos.

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
# The outputs of the shuffled run were shuffled a second time instead of being put back. Either shuffle the
# plain run's outputs, or put these back with the inverse permutation, torch.argsort(order).
# ---
# def order_gaps(encode, src, pos, order):
#     def gap(pos):
#         return (encode(src[:, order], pos)[:, order] - encode(src, pos)).abs().max().item()
#     return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}

# %% [markdown]
# Now the trained encoder on your picture. A gap of about $10^{-5}$ or less is rounding. The paper measures
# what positions are worth to the detector: without any spatial encoding it loses 7.8 AP (table 3). That it
# does not collapse altogether has several possible reasons; one is that convolutions with zero padding let
# some position leak into the features.

# %%
def shuffle_my_picture():
    """order_gaps of the trained encoder on the cells of your picture."""
    with torch.no_grad():
        features = model.backbone[0](to_input(picture, *model.input_size)[None])            # (1, C, H, W)
        pos = model.backbone[1](torch.zeros_like(features[:, 0], dtype=torch.bool))         # (1, D, H, W)
        src, pos = (x.flatten(2).transpose(1, 2) for x in (model.input_proj(features), pos))     # (1, S, D)
        order = torch.randperm(src.shape[1], generator=torch.Generator().manual_seed(1))
        print(order_gaps(lambda src, pos: model.transformer.encoder(src, None, pos), src, pos, order))


attempt(shuffle_my_picture)
