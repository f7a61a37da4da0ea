# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 1 · Attention without values · 4 points · 20 min · ●●●○○
# **You will be able to** write the attention maps that a mask is drawn from, as the official code does.
#
# An attention has weights, and takes a mean of values with them. Here the *weights* are the result: M maps for each
# object query. Two linear layers have already made `q` of the decoder's output, and `k` of the encoder's memory. Write
#
# 1. `box_scores(q, k, M)` (2 points): head m compares its own d channels of the query with its own d channels of every
#    cell, divided by $\sqrt d$. Head 0 has the first d channels, head 1 the next d, and so on.
#
#    | | shape |
#    |---|---|
#    | `q` | (B, Q, D) |
#    | `k` | (B, D, H, W) |
#    | scores | (B, Q, M, H, W) |
#
# 2. `box_maps(scores, padding, per_head)` (2 points): the maps, (B, Q, M, H, W). Cells that are padding get weight 0,
#    and the others share what there is: so the mask comes before the softmax. With `per_head` False the softmax runs
#    over heads *and* cells: all M maps of a query together sum to 1. This is what the official code does
#    (`weights.flatten(2)`), and what its weights were trained with. With `per_head` True each map sums to 1 by itself.
#
# `padding` is (B, H, W), True on padding.
#
# *Example.* One query, two heads, two cells, scores `[[0, 0], [ln 3, ln 3]]`. Over heads and cells together: 1, 1, 3, 3
# divided by 8, so the maps are `[.125, .125]` and `[.375, .375]`. Per head: `[.5, .5]` and `[.5, .5]`. If the second
# cell is padding, they are `[.25, 0]` and `[.75, 0]` together, `[1, 0]` and `[1, 0]` per head.
#
# The library's `MHAttentionMap` may not be used.

# %% exercise="attention_map" forbids="detrlab.panoptic.attention_map.MHAttentionMap, detrlab.panoptic.attention_map.MHAttentionMap.forward"
def box_scores(q, k, M):
    """Queries (B, Q, D) against the cells of (B, D, H, W), head by head: (B, Q, M, H, W)."""
    ### BEGIN SOLUTION
    q = q.unflatten(2, (M, -1))  # (B, Q, M, d)
    k = k.unflatten(1, (M, -1))  # (B, M, d, H, W)
    return torch.einsum("bqmd,bmdhw->bqmhw", q, k) / math.sqrt(q.shape[3])
    ### END SOLUTION


def box_maps(scores, padding, per_head=False):
    """Scores (B, Q, M, H, W) -> maps of the same shape; padding: (B, H, W), True on padding."""
    ### BEGIN SOLUTION
    scores = scores.masked_fill(padding[:, None, None], -math.inf)
    axis = 3 if per_head else 2
    return scores.flatten(axis).softmax(axis).view_as(scores)
    ### END SOLUTION

# %% check="attention_map" points=4
@check(parts={"1. scores": 2, "2. maps": 2})
def attention_map(draw):
    (B, M), (H, W), Q, d = draw.letters("B M", 2, 3), draw.letters("H W", 5, 7), 4, 6
    draw.name(Q=Q, d=d)  # small: what comes back is five times as large as the maps
    q, k = draw.normal(B, Q, M * d).requires_grad_(), draw.normal(B, M * d, H, W).requires_grad_()
    scores = (2 * draw.normal(B, Q, M, H, W)).requires_grad_()
    padding = padded_cells(draw, B, H, W)
    return {"1. scores": told(lambda: box_scores(q * 1, k * 1, M), q, k),
            "2. maps": {
                "heads and cells together": told(lambda: box_maps(scores * 1, padding.clone(), per_head=False), scores),
                "per head": told(lambda: box_maps(scores * 1, padding.clone(), per_head=True), scores)}}


# %% [raw] hints="attention_map"
# 1. Split D into heads and their channels, in `q` and in `k`. Which axis do the two have in common that disappears? For
#    the maps: which axes of (B, Q, M, H, W) have to become one, so that one softmax runs over them?
# 2. `q.unflatten(2, (M, -1))` and `k.unflatten(1, (M, -1))`; `torch.einsum` with one letter for each axis multiplies
#    and sums. `masked_fill(padding[:, None, None], -math.inf)` before the softmax; `flatten(2)` joins heads and cells,
#    `flatten(3)` the cells alone; `view_as` gives the shape back.
# 3. `torch.einsum("bqmd,bmdhw->...", q, k) / math.sqrt(d)`, and `scores.flatten(axis).softmax(axis).view_as(scores)`
#    with axis 3 if per_head else ... .

# %% [raw] mistake="attention_map/divided_by_root_of_width"
# The scores were divided by the root of the whole width D. A head compares only its own d channels: the root is that of
# d.
# ---
# - return torch.einsum("bqmd,bmdhw->bqmhw", q, k) / math.sqrt(q.shape[3])
# + return torch.einsum("bqmd,bmdhw->bqmhw", q, k) / math.sqrt(M * q.shape[3])

# %% [raw] mistake="attention_map/divided_by_d"
# The scores were divided by d, not by its root.
# ---
# - return torch.einsum("bqmd,bmdhw->bqmhw", q, k) / math.sqrt(q.shape[3])
# + return torch.einsum("bqmd,bmdhw->bqmhw", q, k) / q.shape[3]

# %% [raw] mistake="attention_map/divided_by_root_of_heads"
# The scores were divided by the root of the number of heads M. A sum over d channels is divided by √d.
# ---
# - return torch.einsum("bqmd,bmdhw->bqmhw", q, k) / math.sqrt(q.shape[3])
# + return torch.einsum("bqmd,bmdhw->bqmhw", q, k) / math.sqrt(q.shape[2])

# %% [raw] mistake="attention_map/not_scaled"
# The scores were not divided by √d.
# ---
# - return torch.einsum("bqmd,bmdhw->bqmhw", q, k) / math.sqrt(q.shape[3])
# + return torch.einsum("bqmd,bmdhw->bqmhw", q, k)

# %% [raw] mistake="attention_map/queries_every_mth"
# Head 0 got every M-th channel of the query. It has the first d channels: D splits into (M, d), in this order.
# ---
# - q = q.unflatten(2, (M, -1))  # (B, Q, M, d)
# + q = q.unflatten(2, (-1, M)).transpose(2, 3)

# %% [raw] mistake="attention_map/keys_every_mth"
# Head 0 got every M-th channel of the memory. It has the first d channels: D splits into (M, d), in this order.
# ---
# - k = k.unflatten(1, (M, -1))  # (B, M, d, H, W)
# + k = k.unflatten(1, (-1, M)).transpose(1, 2)

# %% [raw] mistake="attention_map/both_every_mth"
# The heads have every M-th channel, in queries and memory alike. Head 0 has the first d channels: D splits into (M, d),
# in this order; trained weights know no other.
# ---
# - q = q.unflatten(2, (M, -1))  # (B, Q, M, d)
# - k = k.unflatten(1, (M, -1))  # (B, M, d, H, W)
# + q = q.unflatten(2, (-1, M)).transpose(2, 3)
# + k = k.unflatten(1, (-1, M)).transpose(1, 2)

# %% [raw] mistake="attention_map/heads_added"
# The heads were added up, so one map is left of M. Keep the axis m in the result.
# ---
# - return torch.einsum("bqmd,bmdhw->bqmhw", q, k) / math.sqrt(q.shape[3])
# + return torch.einsum("bqmd,bmdhw->bqhw", q, k) / math.sqrt(q.shape[3])

# %% [raw] mistake="attention_map/heads_before_queries"
# The heads stand before the queries. The result is (B, Q, M, H, W): the maps of a query lie side by side.
# ---
# - return torch.einsum("bqmd,bmdhw->bqmhw", q, k) / math.sqrt(q.shape[3])
# + return torch.einsum("bqmd,bmdhw->bmqhw", q, k) / math.sqrt(q.shape[3])

# %% [raw] mistake="attention_map/columns_before_rows"
# Rows and columns changed places. The result is (B, Q, M, H, W).
# ---
# - return torch.einsum("bqmd,bmdhw->bqmhw", q, k) / math.sqrt(q.shape[3])
# + return torch.einsum("bqmd,bmdhw->bqmwh", q, k) / math.sqrt(q.shape[3])

# %% [raw] mistake="attention_map/masked_after_softmax"
# The weights of padding were set to 0 after the softmax, so the rest sums to less than 1, and the less the more padding
# there is. Put −∞ into the scores before.
# ---
# - scores = scores.masked_fill(padding[:, None, None], -math.inf)
# - axis = 3 if per_head else 2
# - return scores.flatten(axis).softmax(axis).view_as(scores)
# + axis = 3 if per_head else 2
# + return scores.flatten(axis).softmax(axis).view_as(scores) * ~padding[:, None, None]

# %% [raw] mistake="attention_map/filled_with_zero"
# Scores of padding were set to 0. A score of 0 has a weight like any other, e⁰ = 1 before it is divided: −∞ has
# none.
# ---
# - scores = scores.masked_fill(padding[:, None, None], -math.inf)
# + scores = scores.masked_fill(padding[:, None, None], 0)

# %% [raw] mistake="attention_map/no_mask"
# Padding gets weight, too. Put −∞ into the scores where `padding` is True.
# ---
# - scores = scores.masked_fill(padding[:, None, None], -math.inf)

# %% [raw] mistake="attention_map/mask_inverted"
# The image was hidden, and the padding left: True in the mask is padding. Where nothing is left, the softmax is NaN.
# ---
# - scores = scores.masked_fill(padding[:, None, None], -math.inf)
# + scores = scores.masked_fill(~padding[:, None, None], -math.inf)

# %% [raw] mistake="attention_map/always_per_head"
# Both forms run over the cells of each head. With `per_head` False the heads share one softmax: flatten them along with
# the cells.
# ---
# - axis = 3 if per_head else 2
# + axis = 3

# %% [raw] mistake="attention_map/never_per_head"
# Both forms run over heads and cells together. With `per_head` True each map sums to 1.
# ---
# - axis = 3 if per_head else 2
# + axis = 2

# %% [raw] mistake="attention_map/heads_alone"
# Without `per_head` the softmax runs over the heads of each cell: at every cell the M weights sum to 1. It runs over
# heads and cells together.
# ---
# - return scores.flatten(axis).softmax(axis).view_as(scores)
# + return scores.flatten(3).softmax(axis).view_as(scores)

# %% [raw] mistake="attention_map/forms_exchanged"
# The two forms changed places: with `per_head` each map sums to 1, without it the M maps do together.
# ---
# - axis = 3 if per_head else 2
# + axis = 2 if per_head else 3

# %% [raw] mistake="attention_map/equal_share_for_heads"
# The maps of a query sum to 1, but only because each head's map was divided by M. In one softmax over heads and cells a
# head with high scores takes the weight of the others.
# ---
# - axis = 3 if per_head else 2
# - return scores.flatten(axis).softmax(axis).view_as(scores)
# + maps = scores.flatten(3).softmax(3).view_as(scores)
# + return maps if per_head else maps / scores.shape[2]

# %% [raw] mistake="attention_map/over_queries"
# The softmax of the official form runs over queries as well, so they take weight from each other. Each query has a 1 of
# its own.
# ---
# - axis = 3 if per_head else 2
# + axis = 3 if per_head else 1

# %% [raw] mistake="attention_map/each_row"
# The softmax runs over the last axis alone, so every row of cells sums to 1. Flatten the cells first.
# ---
# - return scores.flatten(axis).softmax(axis).view_as(scores)
# + return scores.softmax(-1)

# %% [markdown]
# **The result**: your two functions behind the two linear layers of the library's `MHAttentionMap`, on a padded batch.

# %%
def show_equal():
    torch.manual_seed(0)
    q, k = torch.randn(2, 20, D), torch.randn(2, D, 16, 16)
    padding = torch.zeros(2, 16, 16, dtype=torch.bool)
    padding[1, :, 11:] = True
    with torch.no_grad():
        for per_head, name in ((False, "official"), (True, "per head")):
            library = MHAttentionMap(D, D, M, per_head)
            scores = box_scores(library.q_linear(q), F.conv2d(k, library.k_linear.weight[:, :, None, None]), M)
            maps = box_maps(scores, padding, per_head)
            same = torch.allclose(maps, library(q, k, padding), atol=1e-6)
            print(f"{name:9} equal to the library's: {same}; a query's {M} maps sum to {maps[0, 0].sum():.2f}, "
                  f"at padding to {maps[1, 0, :, :, 11:].sum():.2f}")


attempt(show_equal, after="attention_map")

# %% [markdown]
# A linear layer on every cell is a 1 × 1 convolution: the official code writes the keys' layer as one, with the same
# weights.
