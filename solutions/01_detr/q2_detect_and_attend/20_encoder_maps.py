# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 20 · What a point looks at, and who looks at it · 4 points · 12 min · ●●●●○
# **Goal:** read the encoder's attention for a cell in both directions.
#
# A `reshape` gives the encoder's $(1, S, S)$ weights four axes, $(H, W, H, W)$: row and column of the cell that looks,
# then of the cell that is looked at. A cell $(r, c)$ has two maps:
#
# - **"looks at"**: where the cell looks, its *row* of the matrix. It sums to 1.
# - **"is looked at from"**: how much every cell looks at this one, its *column*. It may sum to any number.
#
# With $S = 2$ cells and the weights $\begin{pmatrix} .9 & .1 \\ .6 & .4 \end{pmatrix}$, the first cell looks at (.9,
# .1), and is looked at from (.9, .6). A row and a column of a matrix with $S = 6$:

# %%
plot_row_and_column()

# %% [markdown]
# The official notebook draws the *second* map, under a title that does not say so. Return both by name.

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
DIRECTIONS = "looks at", "is looked at from"


@check
def encoder_maps(draw):
    H, W = draw.letters("H W", 3, 11)
    draw.name(S=H * W)
    attention = draw.attention(1, H * W, H * W)
    # Cells off the diagonal and the first row and column, which differ when turned; and of these the two whose columns
    # sum to what is farthest from 1, so that a column divided by its sum differs clearly.
    total = (attention[0].sum(0) - 1).abs().reshape(H, W)
    fits = [(r, c) for r in range(1, H) for c in range(1, W) if r != c]
    cells = sorted(fits, key=lambda cell: -float(total[cell]))[:2]
    found = {}
    for number, place in enumerate(cells, start=1):
        maps = attempted(lambda place=place: maps_of_cell(attention.clone(), place, torch.zeros(1, 2, H, W)))
        found[f"cell {number}"] = maps
        if isinstance(maps, dict):
            both = [attempted(lambda name=name, maps=maps: as_tensor(maps[name]).float()) for name in DIRECTIONS]
            equal = all(isinstance(one, torch.Tensor) for one in both) and torch.equal(*both)
            found[f"cell {number}"] = {"keys": sorted(map(str, maps)), "the maps are equal": equal}
            found[f"cell {number}"] |= dict(zip(DIRECTIONS, both, strict=True))
    return found


@encoder_maps.must("the map of where a cell looks sums to 1")
def _(value):
    return torch.isclose(value["cell 1"]["looks at"].sum(), torch.ones(()), atol=1e-3)


# %% [raw] hints="encoder_maps"
# 1. [query, key]: the first axis is who looks, the second what is looked at. Each of the two can be unfolded into
#    rows and columns of the feature map.
# 2. `attention.reshape(H, W, H, W)`; fixing the first two axes leaves where the cell looks, fixing the last two
#    leaves who looks at it.
# 3. `weights = attention.reshape(H, W, H, W)`, then `weights[row, column]` for "looks at"; for the other direction the
#    cell's indices stand in the last two places.

# %% [raw] mistake="encoder_maps/directions_swapped"
# The two maps carry each other's names. Attention is [query, key]: the cell's row, weights[row, column], is where it
# looks, its column is who looks at it.
# ---
# - return {"looks at": weights[row, column], "is looked at from": weights[:, :, row, column]}
# + return {"looks at": weights[:, :, row, column], "is looked at from": weights[row, column]}

# %% [raw] mistake="encoder_maps/same_map_twice"
# Both maps are the same one, where the cell looks. Attention is not symmetric: who looks at the cell is the other
# pair of axes.
# ---
# - return {"looks at": weights[row, column], "is looked at from": weights[:, :, row, column]}
# + return {"looks at": weights[row, column], "is looked at from": weights[row, column]}

# %% [raw] mistake="encoder_maps/column_twice"
# Both maps are the cell's column, as in the official notebook. Where the cell looks is its row, weights[row, column].
# ---
# - return {"looks at": weights[row, column], "is looked at from": weights[:, :, row, column]}
# + return {"looks at": weights[:, :, row, column], "is looked at from": weights[:, :, row, column]}

# %% [raw] mistake="encoder_maps/averaged_again"
# A mean was taken once more. The weights are already the mean over the heads; the next axis is the cells that look,
# and averaging them makes the same map for every point.
# ---
# - return {"looks at": weights[row, column], "is looked at from": weights[:, :, row, column]}
# + return {"looks at": attention[0].mean(0).reshape(H, W), "is looked at from": attention[0].mean(1).reshape(H, W)}

# %% [raw] mistake="encoder_maps/width_first"
# The weights were unfolded as (W, H, W, H), so the maps came out as (W, H) and shuffled. The cells were flattened row
# by row: H comes first.
# ---
# - weights = attention.reshape(H, W, H, W)  # [row, column] of who looks, then of what is looked at
# - return {"looks at": weights[row, column], "is looked at from": weights[:, :, row, column]}
# + weights = attention.reshape(W, H, W, H)
# + return {"looks at": weights[column, row], "is looked at from": weights[:, :, column, row]}

# %% [raw] mistake="encoder_maps/cell_turned"
# The cell was taken as (column, row). It comes as (row, column).
# ---
# - row, column = cell
# + column, row = cell

# %% [raw] mistake="encoder_maps/row_times_height"
# The token's number is row * W + column: a row has W cells, not H.
# ---
# - return {"looks at": weights[row, column], "is looked at from": weights[:, :, row, column]}
# + token = row * H + column
# + return {"looks at": attention[0, token].reshape(H, W), "is looked at from": attention[0, :, token].reshape(H, W)}

# %% [raw] mistake="encoder_maps/columns_normalised"
# The column was divided by its sum. It need not sum to 1, and its sum is worth seeing: it tells how much a cell is
# looked at in all. Leave the weights as they are.
# ---
# - return {"looks at": weights[row, column], "is looked at from": weights[:, :, row, column]}
# + looked_at = weights[:, :, row, column]
# + return {"looks at": weights[row, column], "is looked at from": looked_at / looked_at.sum()}

# %% [raw] mistake="encoder_maps/rescaled"
# The maps were divided by their largest weight. Leave the weights as they are.
# ---
# - return {"looks at": weights[row, column], "is looked at from": weights[:, :, row, column]}
# + one, other = weights[row, column], weights[:, :, row, column]
# + return {"looks at": one / one.max(), "is looked at from": other / other.max()}

# %% [raw] mistake="encoder_maps/single_weight"
# `attention[0][row, column]` is a single weight between two tokens. Unfold the cells first: each has a row and a column.
# ---
# - return {"looks at": weights[row, column], "is looked at from": weights[:, :, row, column]}
# + return {"looks at": attention[0][row, column], "is looked at from": attention[0][column, row]}

# %% [raw] mistake="encoder_maps/one_based"
# One was subtracted from row and column. Cells are counted from 0 here, too.
# ---
# - return {"looks at": weights[row, column], "is looked at from": weights[:, :, row, column]}
# + return {"looks at": weights[row - 1, column - 1], "is looked at from": weights[:, :, row - 1, column - 1]}

# %% [raw] mistake="encoder_maps/one_map"
# Only one map came. Both are asked for, in a dict, by name.
# ---
# - return {"looks at": weights[row, column], "is looked at from": weights[:, :, row, column]}
# + return weights[row, column]

# %% [raw] mistake="encoder_maps/pair"
# The two maps came as a pair, so nobody can see which is which. Return a dict, with "looks at" and "is looked at from" as
# its keys.
# ---
# - return {"looks at": weights[row, column], "is looked at from": weights[:, :, row, column]}
# + return weights[row, column], weights[:, :, row, column]

# %% [raw] mistake="encoder_maps/other_keys"
# The keys of the dict are others: they are "looks at" and "is looked at from", with spaces.
# ---
# - return {"looks at": weights[row, column], "is looked at from": weights[:, :, row, column]}
# + return {"looks_at": weights[row, column], "is_looked_at_from": weights[:, :, row, column]}

# %% [markdown]
# In the sample scene:

# %%
def show_unfolding(picture):
    _, seen = look_inside(shapes, prepare(picture, *shapes.input_size)[None])
    H, W = seen["features"].shape[-2:]
    print("encoder attention:      ", tuple(seen["encoder"].shape))
    print("feature map:            ", tuple(seen["features"].shape))
    print("reshaped self-attention:", tuple(seen["encoder"].reshape(H, W, H, W).shape), "= (H, W, H, W)")


attempt(lambda: show_unfolding(sample.picture), after=("resize", "hooks"))
