# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 19 · From a pixel to its cell · 3 points · 9 min · ●●●○○
# **Goal:** find the token that stands for a point of the image.
#
# The resize multiplied $x$ by $w / \text{width}$ and $y$ by $h / \text{height}$. A cell stands for a square of `stride`
# x `stride` pixels of the **input**:
#
# $$\text{row} = \left\lfloor \frac{y \cdot h / \text{height}}{\text{stride}} \right\rfloor \qquad \text{column} = \left\lfloor \frac{x \cdot w / \text{width}}{\text{stride}} \right\rfloor$$
#
# The stride is 32 for DETR's ResNets, 16 for their DC5 variants and 8 for "shapes". Points are $(x, y)$, tensors are
# indexed `[row, column]`, which is `[y, x]`.
#
# *Example.* An image of 640 x 480 pixels (width x height) is resized to 171 x 128, with stride 8. The point
# $(590, 100)$ lies at $590 \cdot 171 / 640 = 157.6$ and $100 \cdot 128 / 480 = 26.7$ in the input, so its cell is row
# 3, column 19.
#
# Do not stretch the feature map over the image: with $W = \lceil 171 / 8 \rceil = 22$ columns,
# $590 \cdot 22 / 640 = 20.3$ says column 20, the neighbour, since the last column hangs over the edge.
#
# `FeatureGrid.cell_at` may not be called in your answer, nor `looks_at` and `is_looked_at_from` of a captured
# attention.

# %% exercise="cell" forbids="detrlab.attention.grid.FeatureGrid.cell_at, detrlab.attention.encoder.EncoderAttention.looks_at, detrlab.attention.encoder.EncoderAttention.is_looked_at_from"
def cell_at(point_xy, size_wh, input_hw, stride):
    """The cell (row, column), two integers, that holds a point of the image.

    point_xy: (x, y) in pixels of the original image, whose size is size_wh = (width, height).
    input_hw: (h, w) of the model's input, the resized image. stride: input pixels per cell.
    """
    ### BEGIN SOLUTION
    (x, y), (width, height), (h, w) = point_xy, size_wh, input_hw
    return int(y * h / height / stride), int(x * w / width / stride)
    ### END SOLUTION


# %% check="cell" points=3
@check
def cell(draw):
    found = {}
    for stride in (8, 16, 32):  # all of them in every draw: a stride that stands in the code fits one
        whole = draw.sizes(2, 5, 13)  # whole cells along w and h; a last one hangs over the edge by half
        w, h = (cells * stride + stride // 2 + draw.integer(-1, 1) for cells in whole)
        factor = draw.number(1.6, 4.0)
        width, height = round(w * factor), round(h * factor)
        cells = []
        # How far into its cell each point lies: near its left edge and far to the right a map that is stretched over
        # the image names a neighbour, each way of stretching another; the corner (0, 0) lies in the first cell.
        for into, far in (((0.04, 0.08), True), ((0.7, 0.75), True), ((0.6, 0.9), False), ((0.0, 0.0), None)):
            place = []
            for original, resized, count in ((width, w, whole[0]), (height, h, whole[1])):
                index = 0 if far is None else count - 1 if far else draw.integer(0, count - 2)
                place.append((index + draw.number(*into)) * stride * original / resized)
            cells.append([float(index) for index in cell_at(tuple(place), (width, height), (h, w), stride)])
        found[f"cells (row, column) of four points, stride {stride}"] = cells
    return found


# %% [raw] hints="cell"
# 1. There are three frames: the original image, the resized input, the feature map. Walk from the first to the
#    second and then to the third, with x and y apart.
# 2. x goes with the widths and gives the column, y goes with the heights and gives the row; the answer wants the row
#    first.
# 3. `int(y * h / height / stride)` is the row; write the column likewise, and return (row, column).

# %% [raw] mistake="cell/column_first"
# Row and column changed places. A point is (x, y), but a cell is (row, column), so what comes from y is first.
# ---
# - return int(y * h / height / stride), int(x * w / width / stride)
# + return int(x * w / width / stride), int(y * h / height / stride)

# %% [raw] mistake="cell/rounded"
# These are the nearest whole numbers. Cell 0 holds the pixels from 0 up to `stride`, so a point in its second half
# still belongs to it: round down.
# ---
# - return int(y * h / height / stride), int(x * w / width / stride)
# + return round(y * h / height / stride), round(x * w / width / stride)

# %% [raw] mistake="cell/rounded_up"
# The cell was rounded up. Cell 0 holds the pixels from 0 up to `stride`: round down.
# ---
# - return int(y * h / height / stride), int(x * w / width / stride)
# + return int(np.ceil(y * h / height / stride)), int(np.ceil(x * w / width / stride))

# %% [raw] mistake="cell/one_based"
# One was added. Cells are counted from 0, as tensors are.
# ---
# - return int(y * h / height / stride), int(x * w / width / stride)
# + return int(y * h / height / stride) + 1, int(x * w / width / stride) + 1

# %% [raw] mistake="cell/not_rounded"
# Row and column came with their fractions. A cell is numbered by two integers: round down.
# ---
# - return int(y * h / height / stride), int(x * w / width / stride)
# + return y * h / height / stride, x * w / width / stride

# %% [raw] mistake="cell/always_32"
# 32 is the stride of the official ResNets. Other backbones have others (16 for DC5, 8 for "shapes"): use the stride
# that is given.
# ---
# - return int(y * h / height / stride), int(x * w / width / stride)
# + return int(y * h / height / 32), int(x * w / width / 32)

# %% [raw] mistake="cell/always_8"
# 8 is the stride of the shapes model. Other backbones have others: use the stride that is given.
# ---
# - return int(y * h / height / stride), int(x * w / width / stride)
# + return int(y * h / height / 8), int(x * w / width / 8)

# %% [raw] mistake="cell/not_divided"
# These are pixels of the input, not cells. Divide by the stride.
# ---
# - return int(y * h / height / stride), int(x * w / width / stride)
# + return int(y * h / height), int(x * w / width)

# %% [raw] mistake="cell/not_resized"
# Pixels of the original image were divided by the stride. The stride counts pixels of the model's input: take the
# point there first.
# ---
# - return int(y * h / height / stride), int(x * w / width / stride)
# + return int(y / stride), int(x / stride)

# %% [raw] mistake="cell/inverse_scaling"
# The scaling is the wrong way round. From the original to the input, multiply by w / width (and h / height).
# ---
# - return int(y * h / height / stride), int(x * w / width / stride)
# + return int(y * height / h / stride), int(x * width / w / stride)

# %% [raw] mistake="cell/stretched"
# The map was stretched over the image. Its last row and column hang over the edge, so far from the upper left this
# names a neighbouring cell: divide input pixels by the stride.
# ---
# - return int(y * h / height / stride), int(x * w / width / stride)
# + return int(y / height * -(-h // stride)), int(x / width * -(-w // stride))

# %% [raw] mistake="cell/stretched_floored"
# The map was stretched over the image, and without its last cell, which hangs over the edge. Divide input pixels by the
# stride.
# ---
# - return int(y * h / height / stride), int(x * w / width / stride)
# + return int(y * (h // stride) / height), int(x * (w // stride) / width)

# %% [raw] mistake="cell/sides_swapped"
# The image's width and height changed places. Sizes come in two orders here, (width, height) of the image and (h, w) of
# the input: unpack each in its own order.
# ---
# - (x, y), (width, height), (h, w) = point_xy, size_wh, input_hw
# + (x, y), (height, width), (h, w) = point_xy, size_wh, input_hw

# %% [raw] mistake="cell/input_turned"
# The input's size was taken as (w, h). It comes as (h, w), as the shape of a tensor.
# ---
# - (x, y), (width, height), (h, w) = point_xy, size_wh, input_hw
# + (x, y), (width, height), (w, h) = point_xy, size_wh, input_hw

# %% [raw] mistake="cell/flat_index"
# This is the token's number, one integer. Asked for is the pair (row, column).
# ---
# - return int(y * h / height / stride), int(x * w / width / stride)
# + return int(y * h / height / stride) * (w // stride) + int(x * w / width / stride)
