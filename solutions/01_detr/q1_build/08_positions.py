# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 8 · A position for every cell · 4 points · 10 min · ●●●○○
# **You will be able to** give a sequence back the two dimensions it lost.
#
# Attention does not know in which order its tokens come: without positions, a picture with its cells shuffled would be
# the same picture. So every cell gets a vector that says where it is. In the paper these are sines and cosines of the
# place; the short DETR learns them. The vector of the cell in row $y$ and column $x$ is
#
# $$\mathrm{pos}(y, x) = \big[\, \mathrm{col}_x \;\big|\; \mathrm{row}_y \,\big] \in \mathbb{R}^D ,$$
#
# the column's vector first, the row's vector after it. Dropping the positions of the picture altogether costs the paper's
# model 7.8 AP (table 3).
#
# **Order of the tokens.** Row by row, as one reads: the cell in row $y$ and column $x$ is token number $y \cdot W + x$. This
# is the order that `flatten` gives for the axes (H, W). The result has shape (S, 1, D); the axis of length 1 lets the
# same positions serve every picture of a batch.
#
# *Example.* $H = 2$, $W = 3$, $D = 2$, `col_embed = [[10], [11], [12], …]`, `row_embed = [[20], [21], …]`. The six tokens,
# each inside one more pair of brackets, are
#
# ```
# [10, 20]  [11, 20]  [12, 20]  [10, 21]  [11, 21]  [12, 21]
# ```
#
# The tables are longer than needed: use their first H and first W rows. The library's `PositionEmbeddingLearned` may not
# be used in your answer. If stuck: `hint("positions")`.

# %% exercise="positions" forbids="detrlab.detr.position.PositionEmbeddingLearned, detrlab.detr.position.PositionEmbeddingLearned.forward"
def position_map(row_embed, col_embed, H, W):
    """Positions of all cells of a feature map, as tokens in reading order.

    row_embed, col_embed: (length, D / 2) each, with length >= H and length >= W.
    Returns (S, 1, D) with S = H * W; token y * W + x holds [col_embed[x] | row_embed[y]].
    """
    ### BEGIN SOLUTION
    columns = col_embed[:W].unsqueeze(0).expand(H, W, -1)  # (H, W, D/2), the same in every row
    rows = row_embed[:H].unsqueeze(1).expand(H, W, -1)  # (H, W, D/2), the same in every column
    return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)  # (S, 1, D)
    ### END SOLUTION

# %% check="positions" points=4
@check
def positions(draw):
    length, half = draw.size(17, 47), draw.size(2, 5)
    H, W = draw.sizes(2, 2, 13)
    return position_map(draw.normal(length, half), draw.normal(length, half), H, W)

# %% [raw] hints="positions"
# 1. Think of two maps of H x W cells: one repeats the column vectors in every row, the other repeats the row vectors in
#    every column.
# 2. col_embed[:W] needs a new axis in front, row_embed[:H] one in the middle; expand or repeat both to (H, W, D/2),
#    concatenate along the last axis, flatten the first two.
# 3. Columns: col_embed[:W].unsqueeze(0).expand(H, -1, -1). Rows: the same with unsqueeze(1) and W. Then
#    torch.cat([…, …], dim=-1), .flatten(0, 1) and .unsqueeze(1).

# %% [raw] mistake="positions/rows_first"
# The two halves are in the wrong order: the row's vector comes first here. Any order could be learned, but the trained
# weights expect the column's vector in the first half.
# ---
# def position_map(row_embed, col_embed, H, W):
#     columns, rows = col_embed[:W].expand(H, W, -1), row_embed[:H, None].expand(H, W, -1)
#     return torch.cat([rows, columns], dim=-1).flatten(0, 1).unsqueeze(1)

# %% [raw] mistake="positions/column_by_column"
# The vectors are right, but the tokens run down the columns. The feature map is flattened row by row, so almost every
# cell would get the position of another one: let the column change fastest.
# ---
# def position_map(row_embed, col_embed, H, W):
#     columns, rows = col_embed[:W, None].expand(W, H, -1), row_embed[:H].expand(W, H, -1)
#     return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)

# %% [raw] mistake="positions/swapped_sizes"
# H and W are swapped: the column table was cut to H entries and the row table to W. There is one column vector for each
# of the W columns.
# ---
# def position_map(row_embed, col_embed, H, W):
#     columns, rows = col_embed[:H].expand(W, H, -1), row_embed[:W, None].expand(W, H, -1)
#     return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)

# %% [raw] mistake="positions/swapped_tables"
# The tables changed roles: the first half holds the row table's vectors, chosen by column. Take col_embed for x and
# row_embed for y.
# ---
# def position_map(row_embed, col_embed, H, W):
#     columns, rows = row_embed[:W].expand(H, W, -1), col_embed[:H, None].expand(H, W, -1)
#     return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)

# %% [raw] mistake="positions/summed"
# The two vectors were added, so the result is half as wide as the tokens it is for. Put them side by side: each keeps
# its own half of the channels.
# ---
# def position_map(row_embed, col_embed, H, W):
#     return (col_embed[:W] + row_embed[:H, None]).flatten(0, 1).unsqueeze(1)

# %% [raw] mistake="positions/no_batch_axis"
# All values are there, but the axis for the batch is missing: (S, D) instead of (S, 1, D). Without it the positions would
# be added along the wrong axis of (S, B, D).
# ---
# def position_map(row_embed, col_embed, H, W):
#     columns, rows = col_embed[:W].expand(H, W, -1), row_embed[:H, None].expand(H, W, -1)
#     return torch.cat([columns, rows], dim=-1).flatten(0, 1)

# %% [raw] mistake="positions/not_flattened"
# The map still has its two axes H and W. The transformer takes a sequence: make one axis of them, row by row, and add
# the axis for the batch.
# ---
# def position_map(row_embed, col_embed, H, W):
#     columns, rows = col_embed[:W].expand(H, W, -1), row_embed[:H, None].expand(H, W, -1)
#     return torch.cat([columns, rows], dim=-1)

# %% [markdown]
# What such a map means: how alike is the position of one cell to those of all others? With random tables, cells of the
# same row share half of the vector, cells of the same column the other half, and the rest nearly nothing. A straight
# cross should appear.

# %%
def show_positions(H=10, W=16, y=6, x=4):
    tables = torch.randn(2, 50, 64, generator=torch.Generator().manual_seed(0))
    row_embed, col_embed = nn.functional.normalize(tables, dim=-1)
    pos = position_map(row_embed, col_embed, H, W)[:, 0]  # (S, D)
    alike = torch.cosine_similarity(pos[y * W + x], pos, dim=-1).reshape(H, W)
    figure, axes = plt.subplots(figsize=(5.4, 3.3), layout="constrained")
    image = axes.imshow(alike.numpy(), cmap="cividis", vmin=0, vmax=1)
    axes.set(xlabel="column x", ylabel="row y")
    axes.set_title(f"Likeness of each cell's position to cell (x={x}, y={y})")
    figure.colorbar(image, label="cosine")
    plt.show()


attempt(show_positions)
