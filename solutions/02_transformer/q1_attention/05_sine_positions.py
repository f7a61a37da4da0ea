# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 5 · Sine positions in two dimensions · 4 points · 22 min · ●●●●○
# **You will be able to** encode where a cell lies, for images of any size and with padding.
#
# In step 8 of 01_detr the short DETR learned its positions, which the official code can do as well. The full DETR takes
# fixed sines and cosines, half of the D channels for the row (y), half for the column (x) (A.4, "Spatial positional
# encoding"; `models/position_encoding.py` of the official code). With $n = D / 2$ channels for each half:
#
# 1. **Places.** `places(padding)` (1 point): the row and the column of each cell, two tensors (B, H, W). Count from 1,
#    and only cells that are no padding: a running count, `cumsum`. Then map the last one of each column (for rows), or
#    of each row (for columns), to $2\pi$:
#    $$\mathrm{row} \mapsto \frac{\mathrm{row}}{\mathrm{last\ row} + 10^{-6}} \cdot 2\pi .$$
#    The small number is for columns of nothing but padding, whose last count is 0.
# 2. **Waves.** `waves(place, n)` (2 points): (B, H, W) → (B, H, W, n). Channels come in pairs that share a frequency:
#    channel $2i$ is $\sin(\mathrm{place} / 10000^{2i/n})$, channel $2i + 1$ is $\cos(\mathrm{place} / 10000^{2i/n})$.
#    Sines and cosines alternate.
# 3. **Both.** `join_halves(row_waves, column_waves)` (1 point): the rows' n channels first, then the columns', as a map
#    (B, 2n, H, W). (The learned table of the official code has the columns first.)
#
# *Example.* A row of a padding mask `[False, False, False, True]`: the counts are 1, 2, 3, 3, the columns' places
# $2\pi/3$, $4\pi/3$, $2\pi$, $2\pi$. With $n = 4$ the place $p$ becomes $[\sin p, \cos p, \sin(p/100), \cos(p/100)]$.
#
# The library's `PositionEmbeddingSine` may not be used.

# %% exercise="sine_positions" forbids="detrlab.detr.position.PositionEmbeddingSine, detrlab.detr.position.PositionEmbeddingSine.forward, detrlab.detr.position.PositionEmbeddingSine._waves"
def places(padding):
    """Rows and columns (B, H, W) each, in 0..2π over the image's own cells.

    padding: (B, H, W), True on padding.
    """
    ### BEGIN SOLUTION
    inside = (~padding).float()
    rows = inside.cumsum(1)  # (B, H, W), counted from 1
    columns = inside.cumsum(2)
    rows = rows / (rows[:, -1:, :] + 1e-6) * 2 * math.pi
    columns = columns / (columns[:, :, -1:] + 1e-6) * 2 * math.pi
    return rows, columns
    ### END SOLUTION


def waves(place, n):
    """(B, H, W) -> (B, H, W, n), sine and cosine by turns; n is even."""
    ### BEGIN SOLUTION
    pair = torch.arange(n // 2)  # i of each pair
    angle = place[..., None] / 10000 ** (2 * pair / n)  # (B, H, W, n / 2)
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(-2)
    ### END SOLUTION


def join_halves(row_waves, column_waves):
    """Two tensors (B, H, W, n) -> one map (B, 2n, H, W), the rows' channels first."""
    ### BEGIN SOLUTION
    return torch.cat([row_waves, column_waves], dim=3).permute(0, 3, 1, 2)
    ### END SOLUTION

# %% check="sine_positions" points=4
@check(parts={"1. places": 1, "2. waves": 2, "3. join_halves": 1})
def sine_positions(draw):
    B, H, W = draw.letters("B H W", 3, 7)
    n = 2 * draw.size(2, 3)
    draw.name(n=n)
    padding = torch.zeros(B, H, W, dtype=torch.bool)
    for image in padding[1:]:
        height, width = draw.integer(2, H - 1), draw.integer(2, W - 1)
        image[height:], image[:, width:] = True, True
    place = draw.uniform(2, H, W, low=0.1, high=2 * math.pi)

    def both():
        rows, columns = places(padding.clone())
        return {"rows": rows, "columns": columns}

    def by_kind():
        channels = waves(place.clone(), n)
        return {"even channels": channels[..., 0::2], "odd channels": channels[..., 1::2]}

    return {"1. places": attempted(both),
            "2. waves": attempted(by_kind),
            "3. join_halves": attempted(lambda: join_halves(draw.normal(2, H, W, n), draw.normal(2, H, W, n)))}


# %% [raw] hints="sine_positions"
# 1. `~padding` is True in the image. Summed up along an axis it counts the image's cells; the last count of a row says
#    how many columns the image has there.
# 2. `cumsum(1)` counts along H, `cumsum(2)` along W; `rows[:, -1:, :]` keeps its axis, so it divides all rows. For the
#    waves `place[..., None]` gets an axis for the channels; `torch.stack([sines, cosines], dim=-1).flatten(-2)` lets
#    them alternate.
# 3. `angle = place[..., None] / 10000 ** (2 * torch.arange(n // 2) / n)`. The halves: `torch.cat([..., ...], dim=3)`,
#    then `permute(0, ..., ..., ...)` brings the channels before the rows.

# %% [raw] mistake="sine_positions/from_zero"
# The cells are counted from 0. The official code counts from 1, so the last cell of every image, not the one behind it,
# lies at 2π.
# ---
# - rows = inside.cumsum(1)  # (B, H, W), counted from 1
# - columns = inside.cumsum(2)
# - rows = rows / (rows[:, -1:, :] + 1e-6) * 2 * math.pi
# - columns = columns / (columns[:, :, -1:] + 1e-6) * 2 * math.pi
# + rows, columns = inside.cumsum(1), inside.cumsum(2)
# + rows = (rows - 1) / (rows[:, -1:, :] + 1e-6) * 2 * math.pi
# + columns = (columns - 1) / (columns[:, :, -1:] + 1e-6) * 2 * math.pi

# %% [raw] mistake="sine_positions/padding_counted"
# Padding was counted, too, so a small image in a large batch ends before 2π: the same cell of the same image would get
# another position in another batch.
# ---
# - inside = (~padding).float()
# + inside = torch.ones(padding.shape)

# %% [raw] mistake="sine_positions/only_padding_counted"
# The padding was counted instead of the image: True in the mask is padding.
# ---
# - inside = (~padding).float()
# + inside = padding.float()

# %% [raw] mistake="sine_positions/rows_and_columns_exchanged"
# Rows and columns changed places: a cell's row is counted along H, axis 1 of (B, H, W).
# ---
# - rows = inside.cumsum(1)  # (B, H, W), counted from 1
# - columns = inside.cumsum(2)
# - rows = rows / (rows[:, -1:, :] + 1e-6) * 2 * math.pi
# - columns = columns / (columns[:, :, -1:] + 1e-6) * 2 * math.pi
# + rows, columns = inside.cumsum(2), inside.cumsum(1)
# + rows = rows / (rows[:, :, -1:] + 1e-6) * 2 * math.pi
# + columns = columns / (columns[:, -1:, :] + 1e-6) * 2 * math.pi

# %% [raw] mistake="sine_positions/not_normalised"
# The places are bare counts. Divided by the last one and times 2π, they say where in the image a cell lies, whatever
# the image's size.
# ---
# - rows = rows / (rows[:, -1:, :] + 1e-6) * 2 * math.pi
# - columns = columns / (columns[:, :, -1:] + 1e-6) * 2 * math.pi

# %% [raw] mistake="sine_positions/up_to_one"
# The places end at 1. Multiply by 2π.
# ---
# - rows = rows / (rows[:, -1:, :] + 1e-6) * 2 * math.pi
# - columns = columns / (columns[:, :, -1:] + 1e-6) * 2 * math.pi
# + rows = rows / (rows[:, -1:, :] + 1e-6)
# + columns = columns / (columns[:, :, -1:] + 1e-6)

# %% [raw] mistake="sine_positions/size_of_the_batch"
# The counts were divided by H and W, the size of the padded batch. Divide by the last count, which is the size of the
# image itself.
# ---
# - rows = rows / (rows[:, -1:, :] + 1e-6) * 2 * math.pi
# - columns = columns / (columns[:, :, -1:] + 1e-6) * 2 * math.pi
# + rows = rows / padding.shape[1] * 2 * math.pi
# + columns = columns / padding.shape[2] * 2 * math.pi

# %% [raw] mistake="sine_positions/no_small_number"
# Columns of nothing but padding give 0 / 0, which is NaN. Add 1e-6 to the last count.
# ---
# - rows = rows / (rows[:, -1:, :] + 1e-6) * 2 * math.pi
# - columns = columns / (columns[:, :, -1:] + 1e-6) * 2 * math.pi
# + rows = rows / rows[:, -1:, :] * 2 * math.pi
# + columns = columns / columns[:, :, -1:] * 2 * math.pi

# %% [raw] mistake="sine_positions/two_blocks"
# All sines come first, then all cosines. They alternate: sin, cos, sin, cos, ...
# ---
# - return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(-2)
# + return torch.cat([angle.sin(), angle.cos()], dim=-1)

# %% [raw] mistake="sine_positions/cosine_first"
# Cosines and sines changed places: the even channels, beginning with channel 0, are sines.
# ---
# - return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(-2)
# + return torch.stack([angle.cos(), angle.sin()], dim=-1).flatten(-2)

# %% [raw] mistake="sine_positions/half_the_exponent"
# The exponent is half of what it should be: for pair i it is 2i / n, and n is the width of one half, not of both.
# ---
# - angle = place[..., None] / 10000 ** (2 * pair / n)  # (B, H, W, n / 2)
# + angle = place[..., None] / 10000 ** (pair / n)

# %% [raw] mistake="sine_positions/multiplied"
# The place was multiplied by the power of 10000, so the waves become faster from pair to pair. They become slower:
# divide.
# ---
# - angle = place[..., None] / 10000 ** (2 * pair / n)  # (B, H, W, n / 2)
# + angle = place[..., None] * 10000 ** (2 * pair / n)

# %% [raw] mistake="sine_positions/no_pairs"
# Every channel has a frequency of its own. A sine and the cosine behind it share one, so i counts pairs.
# ---
# - return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(-2)
# + each = place[..., None] / 10000 ** (torch.arange(n) / n)
# + return torch.stack([each[..., 0::2].sin(), each[..., 1::2].cos()], dim=-1).flatten(-2)

# %% [raw] mistake="sine_positions/columns_first"
# The columns' channels come first. That is the order of the learned tables; of the sines, the rows' come first.
# ---
# - return torch.cat([row_waves, column_waves], dim=3).permute(0, 3, 1, 2)
# + return torch.cat([column_waves, row_waves], dim=3).permute(0, 3, 1, 2)

# %% [raw] mistake="sine_positions/channels_last"
# The channels still stand last. A map is (B, channels, H, W).
# ---
# - return torch.cat([row_waves, column_waves], dim=3).permute(0, 3, 1, 2)
# + return torch.cat([row_waves, column_waves], dim=3)

# %% [raw] mistake="sine_positions/added"
# Rows' and columns' channels were added up. They stand side by side: n and n make 2n.
# ---
# - return torch.cat([row_waves, column_waves], dim=3).permute(0, 3, 1, 2)
# + return (row_waves + column_waves).permute(0, 3, 1, 2)

# %% [raw] mistake="sine_positions/map_reshaped"
# The channels were brought forward by a reshape. That keeps the order of the numbers, so channels of many cells got
# mixed up: move the axes by permute.
# ---
# - return torch.cat([row_waves, column_waves], dim=3).permute(0, 3, 1, 2)
# + both = torch.cat([row_waves, column_waves], dim=3)
# + return both.reshape(both.shape[0], -1, *both.shape[1:3])

# %% [raw] mistake="sine_positions/width_before_height"
# The map is (B, channels, W, H). Rows come before columns: (B, channels, H, W).
# ---
# - return torch.cat([row_waves, column_waves], dim=3).permute(0, 3, 1, 2)
# + return torch.cat([row_waves, column_waves], dim=3).permute(0, 3, 2, 1)

# %% [markdown]
# **What they are good for.** The figure shows how similar the position of one cell is to all others (the scalar product
# of their vectors, over its largest value; 256 channels, a map of 25 × 34 cells; the point is the cell). A query can
# ask for "near here" by the position alone. Below: an image of 20 × 27 cells has the same positions alone and padded in
# a batch.

# %%
def show_positions():
    def positions(padding):
        return join_halves(*(waves(place, 128) for place in places(padding)))  # (B, 256, H, W)

    alone = positions(torch.zeros(1, 20, 27, dtype=torch.bool))
    padding = torch.ones(1, 25, 34, dtype=torch.bool)
    padding[:, :20, :27] = False
    padded = positions(padding)[:, :, :20, :27]
    difference = (alone - padded).abs().max()
    print(f"20 x 27 cells, alone and padded to 25 x 34: largest difference {difference:.1e}")
    pos = positions(torch.zeros(1, 25, 34, dtype=torch.bool))[0]  # (256, H, W)
    cells = ((4, 6), (12, 17), (22, 30))
    maps = [torch.einsum("c,cyx->yx", pos[:, y, x], pos) for y, x in cells]
    lowest, highest = min(map_hw.min() for map_hw in maps), max(map_hw.max() for map_hw in maps)
    figure = new_figure((8.4, 2.9))
    figure.set_facecolor("none")
    for axes, (y, x), map_hw in zip(figure.subplots(1, 3), cells, maps):
        axes.imshow(map_hw, cmap="cividis", vmin=lowest, vmax=highest)
        axes.plot(x, y, "o", color="white", markeredgecolor="black")
        axes.set_title(f"to the cell in row {y}, column {x}", fontsize=9.5, color="#7a7f87")
        axes.set(xticks=(), yticks=())
    title = f"Similarity of positions: {lowest / highest:.2f} dark, 1 bright"
    figure.suptitle(title, fontsize=11.5, color="#7a7f87")
    return figure


attempt(show_positions, after="sine_positions")
