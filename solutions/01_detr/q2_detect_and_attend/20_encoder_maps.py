# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 20 · What a point looks at, and who looks at it · 4 points · 12 min · ●●●●○
# **You will be able to** draw the encoder's attention for a point in both directions, and to name each of them right.
#
# The encoder's weights are $(1, S, S)$: every cell looks at every cell. As each $S$ is a flattened $(H, W)$, a
# `reshape` gives the weights four axes, $(H, W, H, W)$: first row and column of the cell that looks, then row and
# column of the cell that is looked at. For the cell $(r, c)$ there are two different maps:
#
# - **"looks at"**: where the cell looks, its *row* of the matrix. It sums to 1.
# - **"is looked at from"**: how much every cell looks at this one, its *column*. It sums to whatever it likes: a cell
#   that everybody looks at has a large sum.
#
# They are not the same. With $S = 2$ cells and the weights $\begin{pmatrix} .9 & .1 \\ .6 & .4 \end{pmatrix}$, the first cell looks at (.9, .1), and
# is looked at from (.9, .6).
#
# The official notebook, and with it nearly every figure on the web, draws the *second* map, often with the caption of
# the first. Both are worth seeing, as long as the label agrees. Return both by name.
#
# If stuck: `hint("encoder_maps")`.

# %% exercise="encoder_maps"
def maps_of_cell(attention, cell, features):
    """The two maps of one cell, a dict {"looks at": (H, W), "is looked at from": (H, W)}.

    attention: (1, S, S) encoder self-attention, [query, key], already the mean over the heads.
    cell: (row, column). features: (1, C, H, W), S = H * W.
    """
    ### BEGIN SOLUTION
    H, W = features.shape[-2:]
    row, column = cell
    weights = attention.reshape(H, W, H, W)  # [row, column] of who looks, then of what is looked at
    return {"looks at": weights[row, column], "is looked at from": weights[:, :, row, column]}
    ### END SOLUTION


# %% check="encoder_maps" points=4
@check
def encoder_maps(draw):
    H, W = draw.sizes(2, 3, 11)
    place = draw.integer(0, H - 1), draw.integer(0, W - 1)
    maps = maps_of_cell(draw.attention(1, H * W, H * W), place, draw.normal(1, 2, H, W))
    return {direction: as_tensor(maps[direction]).float() for direction in ("looks at", "is looked at from")}


@encoder_maps.must("the map of where a cell looks sums to 1")
def _(value):
    return torch.isclose(value["looks at"].sum(), torch.ones(()), atol=1e-3)


# %% [raw] hints="encoder_maps"
# 1. [query, key]: the first axis is who looks, the second what is looked at. Each of the two can be unfolded into
#    rows and columns of the feature map.
# 2. `attention.reshape(H, W, H, W)`; fixing the first two axes leaves where the cell looks, fixing the last two
#    leaves who looks at it.
# 3. `weights = attention.reshape(H, W, H, W)`, then `weights[row, column]` for "looks at", and `weights[:, :, row,
#    column]` for "is looked at from".

# %% [raw] mistake="encoder_maps/directions_swapped"
# The two maps carry each other's names. Attention is [query, key]: the cell's row, weights[row, column], is where it
# looks, its column is who looks at it.
# ---
# def maps_of_cell(attention, cell, features):
#     H, W = features.shape[-2:]
#     row, column = cell
#     weights = attention.reshape(H, W, H, W)
#     return {"looks at": weights[:, :, row, column], "is looked at from": weights[row, column]}

# %% [raw] mistake="encoder_maps/same_map_twice"
# Both maps are the same one, where the cell looks. Attention is not symmetric: who looks at the cell is the other
# pair of axes.
# ---
# def maps_of_cell(attention, cell, features):
#     H, W = features.shape[-2:]
#     row, column = cell
#     weights = attention.reshape(H, W, H, W)
#     return {"looks at": weights[row, column], "is looked at from": weights[row, column]}

# %% [raw] mistake="encoder_maps/averaged_again"
# A mean was taken once more. The weights are already the mean over the heads; the next axis is the cells that look,
# and averaging them makes the same map for every point.
# ---
# def maps_of_cell(attention, cell, features):
#     H, W = features.shape[-2:]
#     return {"looks at": attention[0].mean(0).reshape(H, W), "is looked at from": attention[0].mean(1).reshape(H, W)}

# %% [raw] mistake="encoder_maps/width_first"
# The weights were unfolded as (W, H, W, H), so the maps came out as (W, H) and shuffled. The cells were flattened row
# by row: H comes first.
# ---
# def maps_of_cell(attention, cell, features):
#     H, W = features.shape[-2:]
#     row, column = cell
#     weights = attention.reshape(W, H, W, H)
#     return {"looks at": weights[column, row], "is looked at from": weights[:, :, column, row]}

# %% [raw] mistake="encoder_maps/columns_normalised"
# The column was divided by its sum. It need not sum to 1, and its sum is worth seeing: it tells how much a cell is
# looked at in all. Leave the weights as they are.
# ---
# def maps_of_cell(attention, cell, features):
#     H, W = features.shape[-2:]
#     row, column = cell
#     weights = attention.reshape(H, W, H, W)
#     looked_at = weights[:, :, row, column]
#     return {"looks at": weights[row, column], "is looked at from": looked_at / looked_at.sum()}
