# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 3 · The padding mask · 3 points · 12 min · ●●○○○
# **You will be able to** keep attention from looking at cells that are no part of the image.
#
# Images of a batch are padded to one size, so some tokens show nothing. A padding mask (B, S) says which: **True is
# padding**. Their scores become $-\infty$ *before* the softmax; since $e^{-\infty} = 0$, they get no weight, and the
# others share all of it.
#
# *Example.* Scores 0, 0, 1 and a padding mask `[False, True, False]`: the softmax of $0, -\infty, 1$ is .27, 0, .73.
# Without the mask it is .21, .21, .58.
#
# Write two functions:
#
# 1. `masked_weights(scores, padding)` (2 points): the weights. Leave `scores` as they were. The functions of
#    `torch.masked` may not be used.
# 2. `sdpa_mask(padding)` (1 point): what `F.scaled_dot_product_attention(q, k, v, attn_mask=...)` needs for the same.
#    Look up in its documentation what True means in a boolean `attn_mask`: it is not what it means in ours. The mask
#    has to fit scores (B, M, Q, S); axes of length 1 are repeated.

# %% exercise="padding_mask" forbids="torch.masked.softmax, torch.masked.log_softmax, torch.masked.softmin, torch._masked_softmax"
def masked_weights(scores, padding):
    """Weights (B, M, Q, S) of scores (B, M, Q, S), divided by √d already.

    padding: (B, S) bool, True on padding.
    """
    ### BEGIN SOLUTION
    return scores.masked_fill(padding[:, None, None, :], -math.inf).softmax(dim=3)
    ### END SOLUTION


def sdpa_mask(padding):
    """padding (B, S), True on padding -> a mask for F.scaled_dot_product_attention that hides the padding."""
    ### BEGIN SOLUTION
    return ~padding[:, None, None, :]  # (B, 1, 1, S)
    ### END SOLUTION

# %% check="padding_mask" points=3
@check(parts={"1. masked_weights": 2, "2. sdpa_mask": 1})
def padding_mask(draw):
    (B, M, Q, S), d = draw.letters("B M Q S", 2, 7), 4
    draw.name(d=d)
    padding = torch.zeros(B, S, dtype=torch.bool)
    for image in padding[1:]:  # the first one is the largest, so nothing of it is padding
        image[draw.permutation(S)[: draw.integer(1, S - 1)]] = True
    scores = draw.normal(B, M, Q, S).requires_grad_()
    given, hidden = scores * 1, padding.clone()  # as a layer gives them
    weights = told(lambda: masked_weights(given, hidden))
    q, k, v = draw.normal(B, M, Q, d), draw.normal(B, M, S, d), draw.normal(B, M, S, d)

    def with_mask():
        return F.scaled_dot_product_attention(q, k, v, attn_mask=sdpa_mask(padding.clone()))

    return {"1. masked_weights": {"weights": weights, "scores are left as they were": given.equal(scores)},
            "2. sdpa_mask": attempted(with_mask)}


# %% [raw] hints="padding_mask"
# 1. The mask is about what is looked at: which axis of the scores is that? The same cells are hidden from every query
#    and in every head, but in each image others.
# 2. `padding[:, None, None, :]` is (B, 1, 1, S), so it fits (B, M, Q, S). `masked_fill` puts a number where a mask is
#    True and returns a new tensor. In torch's boolean `attn_mask`, True means: may be looked at.
# 3. `scores.masked_fill(padding[:, None, None, :], ...).softmax(dim=3)`; the other mask is the same one, inverted by
#    `~`.

# %% [raw] mistake="padding_mask/after_softmax"
# The mask came after the softmax: padding has no weight, but what it had got is lost, so the rows sum to less than 1.
# Put −∞ into the scores before the softmax.
# ---
# - return scores.masked_fill(padding[:, None, None, :], -math.inf).softmax(dim=3)
# + return scores.softmax(dim=3).masked_fill(padding[:, None, None, :], 0)

# %% [raw] mistake="padding_mask/true_kept"
# True was read as "keep", so all weight lies on the padding; an image without padding has none to give, and its rows
# are NaN. In this mask True is padding.
# ---
# - return scores.masked_fill(padding[:, None, None, :], -math.inf).softmax(dim=3)
# + return scores.masked_fill(~padding[:, None, None, :], -math.inf).softmax(dim=3)

# %% [raw] mistake="padding_mask/zero_scores"
# The scores of the padding were set to 0, and e⁰ = 1 is a usual share of the softmax. Only −∞ gives no weight.
# ---
# - return scores.masked_fill(padding[:, None, None, :], -math.inf).softmax(dim=3)
# + return scores.masked_fill(padding[:, None, None, :], 0).softmax(dim=3)

# %% [raw] mistake="padding_mask/minus_one"
# The scores of the padding were lowered to −1, which still gives them weight. Use −∞.
# ---
# - return scores.masked_fill(padding[:, None, None, :], -math.inf).softmax(dim=3)
# + return scores.masked_fill(padding[:, None, None, :], -1).softmax(dim=3)

# %% [raw] mistake="padding_mask/mask_added"
# The mask was added as 0 and 1, which favours the padding a little. What is added has to be −∞ on padding, and 0
# elsewhere.
# ---
# - return scores.masked_fill(padding[:, None, None, :], -math.inf).softmax(dim=3)
# + return (scores + padding[:, None, None, :].float()).softmax(dim=3)

# %% [raw] mistake="padding_mask/first_image"
# The first image's mask was used for the whole batch. Each image has its own.
# ---
# - return scores.masked_fill(padding[:, None, None, :], -math.inf).softmax(dim=3)
# + return scores.masked_fill(padding[0], -math.inf).softmax(dim=3)

# %% [raw] mistake="padding_mask/last_image"
# The last image's mask was used for the whole batch. Each image has its own.
# ---
# - return scores.masked_fill(padding[:, None, None, :], -math.inf).softmax(dim=3)
# + return scores.masked_fill(padding[-1], -math.inf).softmax(dim=3)

# %% [raw] mistake="padding_mask/queries_hidden"
# The mask was laid along the queries. It says which cells may not be looked at: keys are the last axis.
# ---
# - return scores.masked_fill(padding[:, None, None, :], -math.inf).softmax(dim=3)
# + return scores.masked_fill(padding[:, None, :, None], -math.inf).softmax(dim=3)

# %% [raw] mistake="padding_mask/no_softmax"
# These are the masked scores. The softmax over the keys is missing.
# ---
# - return scores.masked_fill(padding[:, None, None, :], -math.inf).softmax(dim=3)
# + return scores.masked_fill(padding[:, None, None, :], -math.inf)

# %% [raw] mistake="padding_mask/changed_in_place"
# The scores were changed in place (`masked_fill_`), so those of whoever calls this function are changed, too.
# `masked_fill` makes a new tensor.
# ---
# - return scores.masked_fill(padding[:, None, None, :], -math.inf).softmax(dim=3)
# + return scores.masked_fill_(padding[:, None, None, :], -math.inf).softmax(dim=3)

# %% [raw] mistake="padding_mask/same_sense"
# Here True still means padding, and torch's boolean `attn_mask` reads it as "may be looked at": only padding is looked
# at. Invert it.
# ---
# - return ~padding[:, None, None, :]  # (B, 1, 1, S)
# + return padding[:, None, None, :]

# %% [raw] mistake="padding_mask/numbers_added"
# The mask holds the numbers 0 and 1. A mask of numbers is *added* to the scores, so it hides nothing: give torch a mask
# of truth values.
# ---
# - return ~padding[:, None, None, :]  # (B, 1, 1, S)
# + return (~padding[:, None, None, :]).float()

# %% [raw] mistake="padding_mask/two_axes"
# The mask for torch has two axes, so its B is laid along the queries. Give it axes for heads and queries: (B, 1, 1, S).
# ---
# - return ~padding[:, None, None, :]  # (B, 1, 1, S)
# + return ~padding

# %% [markdown]
# **A row of padding only.** Where every key is hidden, nothing is left to share the weight: the softmax of nothing but
# $-\infty$ is NaN. An image of no cells does not occur, so in DETR this does not either.

# %%
print(torch.tensor([-math.inf, -math.inf]).softmax(0))
