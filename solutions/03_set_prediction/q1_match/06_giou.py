# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 6 · Generalised IoU · 4 points · 18 min · ●●●○○
# **You will be able to** write IoU and GIoU for all pairs of boxes.
#
# The IoU is 0 for all boxes that do not overlap, near or far. Rezatofighi et al. 2019 (arXiv:1902.09630) take off the
# share of the **hull** that neither box covers; the hull is the smallest box around both:
#
# $$\mathrm{GIoU} = \frac{|a \cap b|}{|a \cup b|} - \frac{|\mathrm{hull}| - |a \cup b|}{|\mathrm{hull}|} .$$
#
# For `a_xyxy` (N, 4) and `b_xyxy` (M, 4), corners (x0, y0, x1, y1), in any unit:
#
# - `areas(a_xyxy, b_xyxy)` (2 points): the pair (intersection, union), each (N, M), for every pair of boxes;
# - `generalised_iou(a_xyxy, b_xyxy, intersection, union)` (2 points): (N, M); the two areas are given.
#
# *Example.* a = (0, 0, 2, 2), b = (3, 0, 5, 4). They do not overlap: the intersection is 0, the union 4 + 8 = 12. The
# hull is (0, 0, 5, 4), area 20. GIoU = $0/12 - (20 - 12)/20 = -.4$.
#
# Gradients have to flow back to the boxes. The library's and torchvision's functions for IoU may not be used.

# %% exercise="giou" forbids="detrlab.boxes.box_iou, detrlab.boxes.generalized_box_iou, detrlab.boxes._intersection_and_union, torchvision.ops.box_iou, torchvision.ops.generalized_box_iou, torchvision.ops.generalized_box_iou_loss, torchvision.ops.distance_box_iou, torchvision.ops.complete_box_iou, torchvision.ops.boxes._box_inter_union, torchvision.ops._utils._loss_inter_union, torchvision.ops.diou_loss._diou_iou_loss, torchvision.ops.boxes._box_diou_iou, detrlab.detr.criterion.box_losses, detrlab.detr.criterion._layer_losses, detrlab.detr.criterion.set_losses, detrlab.training.learners.learning_losses"
def areas(a_xyxy, b_xyxy):
    """(intersection, union), each (N, M), of every pair of boxes (N, 4) and (M, 4)."""
    ### BEGIN SOLUTION
    a, b = a_xyxy[:, None], b_xyxy  # (N, 1, 4), (M, 4)
    low = torch.maximum(a[..., :2], b[..., :2])  # (N, M, 2)
    high = torch.minimum(a[..., 2:], b[..., 2:])
    intersection = (high - low).clamp(min=0).prod(2)  # (N, M)
    area_a = (a[..., 2:] - a[..., :2]).prod(2)  # (N, 1)
    area_b = (b[:, 2:] - b[:, :2]).prod(1)  # (M,)
    return intersection, area_a + area_b - intersection
    ### END SOLUTION


def generalised_iou(a_xyxy, b_xyxy, intersection, union):
    """GIoU (N, M) of every pair; intersection, union: (N, M)."""
    ### BEGIN SOLUTION
    first, second = a_xyxy[:, None], b_xyxy
    top = torch.minimum(first[..., :2], second[..., :2])  # (N, M, 2)
    bottom = torch.maximum(first[..., 2:], second[..., 2:])
    hull = (bottom - top).prod(2)  # (N, M)
    return intersection / union - (hull - union) / hull
    ### END SOLUTION

# %% check="giou" points=4
@check(parts={"1. areas": 2, "2. generalised_iou": 2})
def giou(draw):
    N, M = draw.letters("N M", 3, 7)
    # The first box of each lies far from all others, in both directions.
    a = draw.boxes_xyxy(N, width=9, height=9) + 3
    b = draw.boxes_xyxy(M, width=9, height=9) + 3
    a[0], b[0] = draw.boxes_xyxy(), 14 + draw.boxes_xyxy()
    a.requires_grad_()
    b.requires_grad_()

    def both():
        result = areas(a, b)
        if result is ____:
            return result
        names = ("intersection", "union")
        return {name: attempted(lambda i=i: told(result[i], a, b)) for i, name in enumerate(names)}

    def beyond():
        others = drawn_overlaps(draw, N, M)
        return told(generalised_iou(*others), *others[:2])

    return {"1. areas": attempted(both), "2. generalised_iou": attempted(beyond)}


# %% [raw] hints="giou"
# 1. The intersection of two boxes begins where the later one begins and ends where the earlier one ends. If it ends
#    before it begins, there is none. For the hull it is the other way round.
# 2. `a_xyxy[:, None]` is (N, 1, 4): with (M, 4) every operation gives all pairs. `torch.maximum` of the upper left
#    corners, `torch.minimum` of the lower right ones, the difference at least 0 *before* width and height are
#    multiplied.
# 3. `(high - low).clamp(min=...).prod(2)`; `area_a + area_b - intersection`; the hull from `torch.minimum` of the upper
#    left and `torch.maximum` of the lower right corners; `intersection / union - (hull - union) / ...`.

# %% [raw] mistake="giou/no_clamp"
# areas: boxes apart in both directions have a negative width and a negative height, and their product is positive.
# Clamp the differences at 0 before you multiply.
# ---
# - intersection = (high - low).clamp(min=0).prod(2)  # (N, M)
# + intersection = (high - low).prod(2)

# %% [raw] mistake="giou/clamped_after"
# areas: the clamp came after the product. Two negative sides make a positive area: clamp the sides.
# ---
# - intersection = (high - low).clamp(min=0).prod(2)  # (N, M)
# + intersection = (high - low).prod(2).clamp(min=0)

# %% [raw] mistake="giou/intersection_is_hull"
# areas: minimum and maximum changed places: this is the hull. The intersection begins at the larger of the two x0.
# ---
# - low = torch.maximum(a[..., :2], b[..., :2])  # (N, M, 2)
# - high = torch.minimum(a[..., 2:], b[..., 2:])
# + low = torch.minimum(a[..., :2], b[..., :2])
# + high = torch.maximum(a[..., 2:], b[..., 2:])

# %% [raw] mistake="giou/intersection_twice"
# areas: the union is the sum of both areas, so what both cover counts twice. Take the intersection off once.
# ---
# - return intersection, area_a + area_b - intersection
# + return intersection, area_a + area_b

# %% [raw] mistake="giou/pixels_counted"
# areas: 1 was added to widths and heights, as if corners were numbers of pixels. Here x1 is where the box ends.
# ---
# - area_a = (a[..., 2:] - a[..., :2]).prod(2)  # (N, 1)
# - area_b = (b[:, 2:] - b[:, :2]).prod(1)  # (M,)
# + area_a = (a[..., 2:] - a[..., :2] + 1).prod(2)
# + area_b = (b[:, 2:] - b[:, :2] + 1).prod(1)

# %% [raw] mistake="giou/centre_and_size"
# areas: the last two numbers were read as width and height. They are the lower right corner: x1 − x0 is the width.
# ---
# - area_a = (a[..., 2:] - a[..., :2]).prod(2)  # (N, 1)
# - area_b = (b[:, 2:] - b[:, :2]).prod(1)  # (M,)
# + area_a = a[..., 2:].prod(2)
# + area_b = b[:, 2:].prod(1)

# %% [raw] mistake="giou/areas_other_order"
# areas: intersection and union changed places.
# ---
# - return intersection, area_a + area_b - intersection
# + return area_a + area_b - intersection, intersection

# %% [raw] mistake="giou/areas_detached"
# areas: the numbers are right, but they are detached, so no gradient flows back to the boxes.
# ---
# - return intersection, area_a + area_b - intersection
# + return intersection.detach(), (area_a + area_b - intersection).detach()

# %% [raw] mistake="giou/iou_only"
# generalised_iou: this is the IoU. Take the share of the hull that neither box covers off it.
# ---
# - return intersection / union - (hull - union) / hull
# + return intersection / union

# %% [raw] mistake="giou/over_union"
# generalised_iou: what the hull has beyond the union was divided by the union. It is a share of the hull.
# ---
# - return intersection / union - (hull - union) / hull
# + return intersection / union - (hull - union) / union

# %% [raw] mistake="giou/added"
# generalised_iou: the uncovered share was added. Boxes far apart have a large hull, and should get a small GIoU.
# ---
# - return intersection / union - (hull - union) / hull
# + return intersection / union + (hull - union) / hull

# %% [raw] mistake="giou/hull_without_intersection"
# generalised_iou: the share that is not covered *twice* was taken off: hull − intersection. It is hull − union.
# ---
# - return intersection / union - (hull - union) / hull
# + return intersection / union - (hull - intersection) / hull

# %% [raw] mistake="giou/hull_is_intersection"
# generalised_iou: the hull was made of the intersection's corners. It begins at the smaller of the two x0 and ends at
# the larger x1.
# ---
# - top = torch.minimum(first[..., :2], second[..., :2])  # (N, M, 2)
# - bottom = torch.maximum(first[..., 2:], second[..., 2:])
# + top = torch.maximum(first[..., :2], second[..., :2])
# + bottom = torch.minimum(first[..., 2:], second[..., 2:])

# %% [raw] mistake="giou/loss"
# generalised_iou: this is 1 − GIoU, the loss. Return the GIoU.
# ---
# - return intersection / union - (hull - union) / hull
# + return 1 - (intersection / union - (hull - union) / hull)

# %% [markdown]
# **Near and far.** A box of side 2 is moved away from one like it: IoU and GIoU of yours, and of the library.

# %%
def show_apart():
    print("distance of the centres    IoU     GIoU    GIoU of the library")
    still = torch.tensor([[0.0, 0.0, 2.0, 2.0]])
    for distance in (0, 1, 2, 3, 6, 20, 1000):
        moved = still + torch.tensor([distance, 0.0, distance, 0.0])
        intersection, union = areas(moved, still)
        ours, theirs = generalised_iou(moved, still, intersection, union), generalized_box_iou(moved, still)
        print(f"{distance:14}{(intersection / union).item():18.3f}{ours.item():9.3f}{theirs.item():14.3f}")


attempt(show_apart, after="giou")
