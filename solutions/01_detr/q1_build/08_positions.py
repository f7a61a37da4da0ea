# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 8 · A position for every cell · 4 points · 12 min · ●●●○○
# **Goal:** tell a sequence of tokens where in the image each of them lies.
#
# Attention does not know in which order its tokens come. So every cell gets a vector that says where it is: in the
# paper sines and cosines, in the short DETR learned. The vector of the cell in row $y$ and column $x$ is
#
# $$\mathrm{pos}(y, x) = \big[\, \mathrm{col}_x \;\big|\; \mathrm{row}_y \,\big] \in \mathbb{R}^D ,$$
#
# the column's vector first.
#
# **Order of the tokens.** Row by row: the cell in row $y$ and column $x$ is token number $y \cdot W + x$. The result
# has shape (S, 1, D), which broadcasts over a batch.
#
# *Example.* $H = 2$, $W = 3$, $D = 2$, `col_embed = [[10], [11], [12], …]`, `row_embed = [[20], [21], …]`. The six
# tokens, each inside one more pair of brackets, are
#
# ```
# [10, 20]  [11, 20]  [12, 20]  [10, 21]  [11, 21]  [12, 21]
# ```
#
# Use the tables' first H and first W rows. The library's `PositionEmbeddingLearned` may not be used in your answer.

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
@check(parts={"1. shape": 1, "2. half of the columns": 1, "3. half of the rows": 2})
def positions(draw):
    length, half = draw.size(17, 47), draw.size(2, 5)
    H, W = draw.letters("H W", 2, 13)
    draw.name(S=H * W, D=2 * half)
    row_embed, col_embed = draw.normal(length, half), draw.normal(length, half)
    pos = attempted(lambda: position_map(row_embed.requires_grad_(), col_embed.requires_grad_(), H, W))

    if not isinstance(pos, torch.Tensor):
        return dict.fromkeys(("1. shape", "2. half of the columns", "3. half of the rows"), pos)

    def of(table, first, last):
        numbers = pos.reshape(-1, pos.shape[-1])[:, first:last]
        reached = numbers.requires_grad and torch.autograd.grad(numbers.sum(), table, retain_graph=True,
                                                                allow_unused=True)[0] is not None
        return {"values": numbers, "lets gradients through": reached}

    return {"1. shape": attempted(lambda: list(pos.shape)),
            "2. half of the columns": attempted(lambda: of(col_embed, 0, half)),
            "3. half of the rows": attempted(lambda: of(row_embed, half, None))}

# %% [raw] hints="positions"
# 1. Think of two maps of H x W cells: one repeats the column vectors in every row, the other repeats the row vectors in
#    every column.
# 2. One table needs a new axis in front, the other in the middle; expand or repeat both to (H, W, D/2), concatenate along
#    the last axis, make one axis of the first two.
# 3. Columns: col_embed[:W].unsqueeze(0).expand(H, -1, -1); the rows' new axis is another. Then torch.cat([…, …], dim=-1),
#    .flatten(0, 1) and .unsqueeze(1).

# %% [raw] mistake="positions/rows_first"
# The two halves are in the wrong order: the row's vector comes first here. Any order could be learned, but the trained
# weights expect the column's vector in the first half.
# ---
# - return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)  # (S, 1, D)
# + return torch.cat([rows, columns], dim=-1).flatten(0, 1).unsqueeze(1)

# %% [raw] mistake="positions/rows_first_column_by_column"
# The row's vector comes first, where the column's belongs, and the tokens run down the columns, where the feature map is
# flattened row by row.
# ---
# - columns = col_embed[:W].unsqueeze(0).expand(H, W, -1)  # (H, W, D/2), the same in every row
# - rows = row_embed[:H].unsqueeze(1).expand(H, W, -1)  # (H, W, D/2), the same in every column
# - return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)  # (S, 1, D)
# + columns, rows = col_embed[:W, None].expand(W, H, -1), row_embed[:H].expand(W, H, -1)
# + return torch.cat([rows, columns], dim=-1).flatten(0, 1).unsqueeze(1)

# %% [raw] mistake="positions/column_by_column"
# The vectors are right, but the tokens run down the columns. The feature map is flattened row by row, so almost every
# cell would get the position of another one: let the column change fastest.
# ---
# - columns = col_embed[:W].unsqueeze(0).expand(H, W, -1)  # (H, W, D/2), the same in every row
# - rows = row_embed[:H].unsqueeze(1).expand(H, W, -1)  # (H, W, D/2), the same in every column
# + columns, rows = col_embed[:W, None].expand(W, H, -1), row_embed[:H].expand(W, H, -1)

# %% [raw] mistake="positions/swapped_sizes"
# H and W are swapped: the column table was cut to H entries and the row table to W. There is one column vector for each
# of the W columns.
# ---
# - columns = col_embed[:W].unsqueeze(0).expand(H, W, -1)  # (H, W, D/2), the same in every row
# - rows = row_embed[:H].unsqueeze(1).expand(H, W, -1)  # (H, W, D/2), the same in every column
# + columns, rows = col_embed[:H].expand(W, H, -1), row_embed[:W, None].expand(W, H, -1)

# %% [raw] mistake="positions/swapped_tables"
# The tables changed roles: the first half holds the row table's vectors, chosen by column. Take col_embed for x and
# row_embed for y.
# ---
# - columns = col_embed[:W].unsqueeze(0).expand(H, W, -1)  # (H, W, D/2), the same in every row
# - rows = row_embed[:H].unsqueeze(1).expand(H, W, -1)  # (H, W, D/2), the same in every column
# + columns, rows = row_embed[:W].expand(H, W, -1), col_embed[:H, None].expand(H, W, -1)

# %% [raw] mistake="positions/summed"
# The two vectors were added, so the result is half as wide as the tokens it is for. Put them side by side: each keeps
# its own half of the channels.
# ---
# - return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)  # (S, 1, D)
# + return (columns + rows).flatten(0, 1).unsqueeze(1)

# %% [raw] mistake="positions/interleaved"
# The two vectors were interleaved number by number, as a stack on a new last axis gives it. The column's vector is the
# first half, the row's the second: concatenate them.
# ---
# - return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)  # (S, 1, D)
# + return torch.stack([columns, rows], dim=-1).flatten(2).flatten(0, 1).unsqueeze(1)

# %% [raw] mistake="positions/no_batch_axis"
# The axis for the batch is missing: (S, D) instead of (S, 1, D). Without it the positions would be added along the wrong
# axis of (S, B, D).
# ---
# - return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)  # (S, 1, D)
# + return torch.cat([columns, rows], dim=-1).flatten(0, 1)

# %% [raw] mistake="positions/batch_axis_in_front"
# The axis for the batch stands in front, (1, S, D). The transformer takes the tokens first, so it belongs in the middle:
# (S, 1, D).
# ---
# - return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)  # (S, 1, D)
# + return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(0)

# %% [raw] mistake="positions/not_flattened"
# The map still has its two axes H and W. The transformer takes a sequence: make one axis of them, row by row, and add
# the axis for the batch.
# ---
# - return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)  # (S, 1, D)
# + return torch.cat([columns, rows], dim=-1)

# %% [raw] mistake="positions/wrong_axes_flattened"
# Columns and channels were made one axis, so a token is a whole row. The two axes of space are to become one: the first
# two.
# ---
# - return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)  # (S, 1, D)
# + return torch.cat([columns, rows], dim=-1).flatten(1).unsqueeze(1)

# %% [raw] mistake="positions/rows_tiled"
# The row vectors were repeated as the column vectors are, all of them one after the other, so they change from cell to
# cell. A row's vector stays the same for W cells.
# ---
# - rows = row_embed[:H].unsqueeze(1).expand(H, W, -1)  # (H, W, D/2), the same in every column
# + rows = row_embed[:H].repeat(W, 1).reshape(H, W, -1)

# %% [raw] mistake="positions/rows_axis_in_front"
# The row table's new axis stands in front, as the column table's does, so its map is (W, H, D/2) and does not fit the
# other, (H, W, D/2). A row's vector is repeated along the columns: its new axis belongs in the middle.
# ---
# - rows = row_embed[:H].unsqueeze(1).expand(H, W, -1)  # (H, W, D/2), the same in every column
# + rows = row_embed[:H].unsqueeze(0).repeat(W, 1, 1)

# %% [raw] mistake="positions/whole_tables"
# The tables were not cut, so there is a position for every pair of their rows. Only their first W and first H rows have
# a column or row of the map.
# ---
# - columns = col_embed[:W].unsqueeze(0).expand(H, W, -1)  # (H, W, D/2), the same in every row
# - rows = row_embed[:H].unsqueeze(1).expand(H, W, -1)  # (H, W, D/2), the same in every column
# + columns = col_embed.unsqueeze(0).expand(len(row_embed), -1, -1)
# + rows = row_embed.unsqueeze(1).expand(-1, len(col_embed), -1)

# %% [raw] mistake="positions/one_based"
# The tables were read from their second row on. Rows and columns of the map are counted from 0, and so are the tables'.
# ---
# - columns = col_embed[:W].unsqueeze(0).expand(H, W, -1)  # (H, W, D/2), the same in every row
# - rows = row_embed[:H].unsqueeze(1).expand(H, W, -1)  # (H, W, D/2), the same in every column
# + columns = col_embed[1 : W + 1].unsqueeze(0).expand(H, W, -1)
# + rows = row_embed[1 : H + 1].unsqueeze(1).expand(H, W, -1)

# %% [raw] mistake="positions/detached"
# The tables were detached. The values are right, but in training no gradient would reach the tables.
# ---
# - return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)  # (S, 1, D)
# + return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1).detach()

# %% [markdown]
# How similar is the position of one cell to those of all others? With random tables, cells of the same row share half
# of the vector, cells of the same column the other half.

# %%
def show_positions(H=10, W=16, y=6, x=4):
    tables = torch.randn(2, 50, 64, generator=torch.Generator().manual_seed(0))
    row_embed, col_embed = nn.functional.normalize(tables, dim=-1)
    pos = position_map(row_embed, col_embed, H, W)[:, 0]  # (S, D)
    similarity = torch.cosine_similarity(pos[y * W + x], pos, dim=-1).reshape(H, W)
    figure = clear_figure((5.4, 3.3))
    axes = figure.subplots()
    image = axes.imshow(similarity.numpy(), cmap="cividis", vmin=0, vmax=1)
    axes.set_xlabel("column x", color=GREY)
    axes.set_ylabel("row y", color=GREY)
    axes.set_title(f"Similarity of each cell's position to cell (x={x}, y={y})", color=GREY)
    scale = figure.colorbar(image)
    scale.set_label("cosine similarity", color=GREY)
    for each in (axes, scale.ax):
        each.tick_params(color=GREY, labelcolor=GREY)
        each.spines[:].set_color(GREY)
    return figure


attempt(show_positions, after="positions")
