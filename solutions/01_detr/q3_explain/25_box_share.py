# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# # B. Numbers for maps
#
# ### Step 25 · Mass in the box, and lift over its area · 3 points · 12 min · ●●●○○
# **Goal:** say how much of a map falls inside a box, and whether that is much.
#
# The **mass** is the share of the attention inside the box,
# $$m = \frac{\sum_{y,x} c_{yx}\,a_{yx}}{\sum_{y,x} a_{yx}},$$
# where $c_{yx}$ is the share of cell (y, x)'s area that the box covers.
#
# A box around the whole image has mass 1 whatever the map. The **lift** compares with attention spread evenly, which
# has lift 1: $\ell = m\,/\,(\text{area of the box} / \text{area of the image})$.
#
# *Example.* An image 80 px wide and 40 px high, a map of 2 × 4 cells of 20 × 20 px:
#
# | | | | |
# |---|---|---|---|
# | .10 | .20 | .10 | .00 |
# | .20 | .30 | .10 | .00 |
#
# The box (10, 0, 40, 20) covers the right half of the first cell and all of the second:
# $m = 0.5 \cdot .10 + .20 = .25$. Its share of the area is 30 · 20 of 80 · 40, .1875; the lift is $.25 / .1875 = 1.33$.
#
# Write both functions (mass 2 points, lift 1) without `measures.mass_in_box`, `measures.lift` and `FeatureGrid.cover`,
# with its helper.

# %% exercise="box_share" forbids="detrlab.attention.measures.mass_in_box, detrlab.attention.measures.lift, detrlab.attention.grid.FeatureGrid.cover, detrlab.attention.grid._covered"
def mass_inside(map_hw, box_xyxy, size_wh):
    """Share of the attention that falls inside the box: a number, 0..1.

    map_hw: (H, W) weights >= 0 of any sum above 0; its cells tile the picture exactly.
    box_xyxy: tensor (4,), x0 y0 x1 y1 in pixels of the picture, inside it.
    size_wh: (width, height) of the picture in pixels.
    A cell that the box covers partly counts by the covered part of its area.
    """
    ### BEGIN SOLUTION
    H, W = map_hw.shape
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()

    def covered(count, start, stop):
        cells = torch.arange(count, dtype=torch.float32)        # cell i reaches from i to i + 1
        return ((cells + 1).clamp(max=stop) - cells.clamp(min=start)).clamp(min=0)

    rows = covered(H, y0 * H / height, y1 * H / height)         # (H,)
    columns = covered(W, x0 * W / width, x1 * W / width)        # (W,)
    cover = rows[:, None] * columns                             # (H, W)
    return ((map_hw * cover).sum() / map_hw.sum()).item()
    ### END SOLUTION


def lift_over_area(map_hw, box_xyxy, size_wh):
    """Mass inside the box divided by the box's share of the picture's area. Arguments as in mass_inside."""
    ### BEGIN SOLUTION
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0) / (width * height))
    ### END SOLUTION

# %% check="box_share" points=3
@check(parts={"mass": 2, "lift": 1})
def box_share(draw):
    H, W = draw.sizes(2, 3, 13)
    size_wh = draw.integer(17, 29), draw.integer(37, 53)     # small: rounding the box to pixels would show
    map_hw = draw.number(1.5, 3.0) * draw.attention(H * W).reshape(H, W)
    boxes = draw.boxes_xyxy(6, width=size_wh[0], height=size_wh[1])
    return as_numbers({
        "mass": [mass_inside(map_hw, box, size_wh) for box in boxes],
        "lift": [lift_over_area(map_hw, box, size_wh) for box in boxes],
    })

@box_share.must("every mass lies between 0 and 1")
def _(shares):
    return all(-1e-4 <= mass <= 1 + 1e-4 for mass in shares["mass"])

# %% [raw] hints="box_share"
# 1. Bring box and map into one frame first: an image of `width` pixels has W cells, so x pixels are x * W /
#    width cells (y likewise with H and height). Then ask for each column and each row how much of it lies
#    between the box's edges.
# 2. Cell i reaches from i to i + 1. What the interval start..stop covers of it is min(i + 1, stop) - max(i,
#    start), or 0 if that is negative. Rows give (H,), columns (W,); their outer product is the covered share
#    of every cell.
# 3. With `i = torch.arange(H)` and y0, y1 in cells, `rows = ((i + 1).clamp(max=y1) - i.clamp(min=y0)).clamp(min=0)`;
#    columns likewise. Which product of the two is the (H, W) cover, and what is the weighted sum divided by?

# %% [raw] mistake="box_share/wrong_frame"
# The box's pixels were used as indices of cells. A map of 16 cells ends long before pixel 200: multiply x by
# W / width and y by H / height first.
# ---
# def mass_inside(map_hw, box_xyxy, size_wh):
#     x0, y0, x1, y1 = (int(value) for value in box_xyxy)
#     return (map_hw[y0:y1, x0:x1].sum() / map_hw.sum()).item()
#
# def lift_over_area(map_hw, box_xyxy, size_wh):
#     x0, y0, x1, y1 = box_xyxy.tolist()
#     return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0) / (size_wh[0] * size_wh[1]))

# %% [raw] mistake="box_share/area_in_pixels"
# The masses are right, but the lift was divided by the area in pixels, so it grows when the image shrinks.
# Divide by the share of the image's area that the box takes.
# ---
# def mass_inside(map_hw, box_xyxy, size_wh):
#     (H, W), (width, height), (x0, y0, x1, y1) = map_hw.shape, size_wh, box_xyxy.tolist()
#     def covered(count, start, stop):
#         cells = torch.arange(count, dtype=torch.float32)
#         return ((cells + 1).clamp(max=stop) - cells.clamp(min=start)).clamp(min=0)
#     cover = covered(H, y0 * H / height, y1 * H / height)[:, None] * covered(W, x0 * W / width, x1 * W / width)
#     return ((map_hw * cover).sum() / map_hw.sum()).item()
#
# def lift_over_area(map_hw, box_xyxy, size_wh):
#     x0, y0, x1, y1 = box_xyxy.tolist()
#     return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0))

# %% [raw] mistake="box_share/not_a_share"
# The weights inside were added up, but not divided by all weights of the map. A column of attention does not
# sum to 1, so without the division its mass means nothing.
# ---
# def mass_inside(map_hw, box_xyxy, size_wh):
#     (H, W), (width, height), (x0, y0, x1, y1) = map_hw.shape, size_wh, box_xyxy.tolist()
#     def covered(count, start, stop):
#         cells = torch.arange(count, dtype=torch.float32)
#         return ((cells + 1).clamp(max=stop) - cells.clamp(min=start)).clamp(min=0)
#     cover = covered(H, y0 * H / height, y1 * H / height)[:, None] * covered(W, x0 * W / width, x1 * W / width)
#     return (map_hw * cover).sum().item()
#
# def lift_over_area(map_hw, box_xyxy, size_wh):
#     x0, y0, x1, y1 = box_xyxy.tolist()
#     return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0) / (size_wh[0] * size_wh[1]))

# %% [raw] mistake="box_share/whole_cells"
# Cells on the border of the box were counted whole or not at all: by their centres, or by a box rounded to cells, which
# is the same. On a coarse map that moves the mass a lot: let each cell count by the part of its area that the box covers.
# ---
# def mass_inside(map_hw, box_xyxy, size_wh):
#     (H, W), (width, height), (x0, y0, x1, y1) = map_hw.shape, size_wh, box_xyxy.tolist()
#     y = (torch.arange(H) + 0.5) * height / H
#     x = (torch.arange(W) + 0.5) * width / W
#     cover = ((y > y0) & (y < y1))[:, None] & ((x > x0) & (x < x1))
#     return ((map_hw * cover).sum() / map_hw.sum()).item()
#
# def lift_over_area(map_hw, box_xyxy, size_wh):
#     x0, y0, x1, y1 = box_xyxy.tolist()
#     return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0) / (size_wh[0] * size_wh[1]))

# %% [raw] mistake="box_share/touched_cells"
# Every cell that the box touches was counted whole, so the mass comes out too large, most of all for small boxes.
# Let each cell count by the part of its area that the box covers.
# ---
# def mass_inside(map_hw, box_xyxy, size_wh):
#     (H, W), (width, height), (x0, y0, x1, y1) = map_hw.shape, size_wh, box_xyxy.tolist()
#     rows = slice(math.floor(y0 * H / height), math.ceil(y1 * H / height))
#     columns = slice(math.floor(x0 * W / width), math.ceil(x1 * W / width))
#     return (map_hw[rows, columns].sum() / map_hw.sum()).item()
#
# def lift_over_area(map_hw, box_xyxy, size_wh):
#     x0, y0, x1, y1 = box_xyxy.tolist()
#     return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0) / (size_wh[0] * size_wh[1]))

# %% [raw] mistake="box_share/rounded_to_pixels"
# The map was enlarged to pixels and the box rounded to whole ones. That is nearly right for large boxes only: a box
# ends between pixels, so compute the covered part of each cell from the box as it is.
# ---
# def mass_inside(map_hw, box_xyxy, size_wh):
#     size_hw = size_wh[1], size_wh[0]
#     pixels = torch.nn.functional.interpolate(map_hw[None, None], size=size_hw, mode="nearest-exact")[0, 0]
#     x0, y0, x1, y1 = (round(value) for value in box_xyxy.tolist())
#     return (pixels[y0:y1, x0:x1].sum() / pixels.sum()).item()
#
# def lift_over_area(map_hw, box_xyxy, size_wh):
#     x0, y0, x1, y1 = box_xyxy.tolist()
#     return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0) / (size_wh[0] * size_wh[1]))

# %% [raw] mistake="box_share/swapped_sides"
# Rows and columns are swapped: x was scaled with H / height or y with W / width. The map is indexed [y, x],
# the box is written x first.
# ---
# def mass_inside(map_hw, box_xyxy, size_wh):
#     (H, W), (width, height), (x0, y0, x1, y1) = map_hw.shape, size_wh, box_xyxy.tolist()
#     def covered(count, start, stop):
#         cells = torch.arange(count, dtype=torch.float32)
#         return ((cells + 1).clamp(max=stop) - cells.clamp(min=start)).clamp(min=0)
#     cover = covered(H, x0 * H / width, x1 * H / width)[:, None] * covered(W, y0 * W / height, y1 * W / height)
#     return ((map_hw * cover).sum() / map_hw.sum()).item()
#
# def lift_over_area(map_hw, box_xyxy, size_wh):
#     x0, y0, x1, y1 = box_xyxy.tolist()
#     return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0) / (size_wh[0] * size_wh[1]))

# %% [raw] mistake="box_share/floored_cells"
# The box's edges were cut to whole cells by int(): the cell where the box begins counts whole, the one where it ends
# not at all. Let each cell count by the part of its area that the box covers.
# ---
# def mass_inside(map_hw, box_xyxy, size_wh):
#     (H, W), (width, height), (x0, y0, x1, y1) = map_hw.shape, size_wh, box_xyxy.tolist()
#     inside = map_hw[int(y0 * H / height):int(y1 * H / height), int(x0 * W / width):int(x1 * W / width)]
#     return (inside.sum() / map_hw.sum()).item()
#
# def lift_over_area(map_hw, box_xyxy, size_wh):
#     x0, y0, x1, y1 = box_xyxy.tolist()
#     return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0) / (size_wh[0] * size_wh[1]))

# %% [raw] mistake="box_share/upside_down_lift"
# The masses are right, but the lift was turned round: it is the mass divided by the share of the area, so that more
# attention gives a larger lift.
# ---
# def mass_inside(map_hw, box_xyxy, size_wh):
#     (H, W), (width, height), (x0, y0, x1, y1) = map_hw.shape, size_wh, box_xyxy.tolist()
#     def covered(count, start, stop):
#         cells = torch.arange(count, dtype=torch.float32)
#         return ((cells + 1).clamp(max=stop) - cells.clamp(min=start)).clamp(min=0)
#     cover = covered(H, y0 * H / height, y1 * H / height)[:, None] * covered(W, x0 * W / width, x1 * W / width)
#     return ((map_hw * cover).sum() / map_hw.sum()).item()
#
# def lift_over_area(map_hw, box_xyxy, size_wh):
#     x0, y0, x1, y1 = box_xyxy.tolist()
#     return (x1 - x0) * (y1 - y0) / (size_wh[0] * size_wh[1]) / mass_inside(map_hw, box_xyxy, size_wh)

# %% [raw] mistake="box_share/lift_multiplied"
# The masses are right, but for the lift they were multiplied by the box's share of the area. Divide by it.
# ---
# - return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0) / (width * height))
# + return mass_inside(map_hw, box_xyxy, size_wh) * ((x1 - x0) * (y1 - y0) / (width * height))

# %% [raw] mistake="box_share/area_over_cells"
# The masses are right, but for the lift the box's area in pixels was divided by the number of cells. Divide it by the
# image's area in pixels.
# ---
# - return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0) / (width * height))
# + return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0) / map_hw.numel())

# %% [raw] mistake="box_share/lift_is_mass"
# The lift is the mass itself. Divide it by the share of the image's area that the box takes.
# ---
# - return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0) / (width * height))
# + return mass_inside(map_hw, box_xyxy, size_wh)

# %% [raw] mistake="box_share/mean_inside"
# This is the mean weight inside the box, over the total. The mass is the sum of the weights inside over the total.
# ---
# - return ((map_hw * cover).sum() / map_hw.sum()).item()
# + return ((map_hw * cover).sum() / cover.sum() / map_hw.sum()).item()

# %% [raw] mistake="box_share/not_clamped"
# Cells outside the box count with a negative part. What is not covered counts 0: clamp each part from below.
# ---
# - return ((cells + 1).clamp(max=stop) - cells.clamp(min=start)).clamp(min=0)
# + return (cells + 1).clamp(max=stop) - cells.clamp(min=start)

# %% [raw] mistake="box_share/box_as_centre"
# For the mass the box was read as centre and size. It comes as corners, (x0, y0, x1, y1).
# ---
# - x0, y0, x1, y1 = box_xyxy.tolist()
# - 
# - def covered(count, start, stop):
# + x0, y0, x1, y1 = box_xyxy.tolist()
# + x0, y0, x1, y1 = x0 - x1 / 2, y0 - y1 / 2, x0 + x1 / 2, y0 + y1 / 2
# + 
# + def covered(count, start, stop):

# %% [raw] mistake="box_share/outer_product_turned"
# Rows and columns have changed places in the outer product. Rows belong to dimension 0 of the map: rows[:, None] *
# columns.
# ---
# - cover = rows[:, None] * columns                             # (H, W)
# - return ((map_hw * cover).sum() / map_hw.sum()).item()
# + cover = rows[None, :] * columns[:, None]
# + return ((map_hw * cover).sum() / map_hw.sum()).item()

# %% [raw] mistake="box_share/size_turned"
# x was scaled with the image's height and y with its width. The size comes as (width, height): x is multiplied by W /
# width, y by H / height.
# ---
# - H, W = map_hw.shape
# - width, height = size_wh
# + H, W = map_hw.shape
# + height, width = size_wh
