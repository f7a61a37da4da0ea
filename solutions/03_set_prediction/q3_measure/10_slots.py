# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 10 · What each query is in charge of · 2 points · 15 min · ●●○○○
# **You will be able to** measure how far the object queries specialise.
#
# Figure 7 of the paper draws, for each of 20 queries, the centres of all boxes that it predicted on COCO's validation
# images: small boxes, large horizontal ones, large vertical ones, each kind in a colour. All predictions are drawn,
# whatever their score or class. Write the two numbers behind such a figure. `boxes_cxcywh` is (P, Q, 4): P images.
#
# - **`slot_spread(boxes_cxcywh)`** (1 point): (Q,). For each query the root of the mean squared distance of its P centres
#   from their own mean.
# - **`box_kinds(boxes_cxcywh, small)`** (1 point): (P, Q) whole numbers. 0 if both sides are below `small`; else 1 if the
#   box is at least as wide as high, 2 if it is higher than wide. (The paper gives no limit; detrlab takes 1/3.)
#
# *Example.* One query, two images, centres (.2, .5) and (.4, .5). Their mean is (.3, .5), both are .1 away: spread .1. A
# box of .2 × .5 is of kind 2.

# %% exercise="slots"
def slot_spread(boxes_cxcywh):
    """(Q,): how far the centres of each query's boxes lie from their mean, root mean square over the images."""
    ### BEGIN SOLUTION
    centres = boxes_cxcywh[..., :2]  # (P, Q, 2)
    away = centres - centres.mean(0)
    return away.square().sum(-1).mean(0).sqrt()
    ### END SOLUTION


def box_kinds(boxes_cxcywh, small):
    """(P, Q): 0 for small boxes, 1 for large ones at least as wide as high, 2 for large ones that are higher."""
    ### BEGIN SOLUTION
    w, h = boxes_cxcywh[..., 2], boxes_cxcywh[..., 3]
    large = (w >= small) | (h >= small)
    return torch.where(large, torch.where(w >= h, 1, 2), 0)
    ### END SOLUTION

# %% check="slots" points=2
@check(parts={"1. spread": 1, "2. kinds": 1})
def slots(draw):
    P, Q = draw.letters("P Q", 11, 23)
    boxes = draw.boxes_cxcywh(P, Q)
    whole_boxes = torch.tensor([[draw.integer(1, 7), draw.integer(1, 7)] for _ in range(P * Q)]).reshape(P, Q, 2) / 8
    sized = torch.cat([boxes[..., :2], whole_boxes], -1)  # sides of eighths: squares, and sides equal to `small`
    return {"1. spread": attempted(lambda: floats(slot_spread(boxes.clone()))),
            "2. kinds": attempted(lambda: [whole(row) for row in box_kinds(sized.clone(), 0.375)])}


# %% [raw] hints="slots"
# 1. Which axis holds the images, and which the queries? The mean centre is each query's own.
# 2. `centres.mean(0)` is (Q, 2). Squared distances are sums over x and y; their mean goes over the images; the root comes
#    last. For the kinds, small needs *both* sides.
# 3. `(centres - centres.mean(0)).square().sum(-1).mean(0).sqrt()`; and `torch.where(large, torch.where(w >= h, 1, 2), ...)`
#    with `large = (w >= small) | (h >= small)`.

# %% [raw] mistake="slots/one_mean_for_all"
# The distances are from one mean of all queries. Each query has a mean of its own: over the images only.
# ---
# - away = centres - centres.mean(0)
# + away = centres - centres.mean((0, 1))

# %% [raw] mistake="slots/over_queries"
# The mean went over the queries of an image. Asked for is one query in many images: axis 0.
# ---
# - away = centres - centres.mean(0)
# - return away.square().sum(-1).mean(0).sqrt()
# + away = centres - centres.mean(1, keepdim=True)
# + return away.square().sum(-1).mean(1).sqrt()

# %% [raw] mistake="slots/variance"
# The root is missing: this is the mean squared distance.
# ---
# - return away.square().sum(-1).mean(0).sqrt()
# + return away.square().sum(-1).mean(0)

# %% [raw] mistake="slots/mean_over_x_and_y"
# The squares of x and y were averaged. A squared distance is their sum.
# ---
# - return away.square().sum(-1).mean(0).sqrt()
# + return away.square().mean(-1).mean(0).sqrt()

# %% [raw] mistake="slots/mean_distance"
# This is the mean distance. The root is taken after the mean of the squares.
# ---
# - return away.square().sum(-1).mean(0).sqrt()
# + return away.square().sum(-1).sqrt().mean(0)

# %% [raw] mistake="slots/sizes_in_the_centre"
# Width and height were counted as if they were coordinates. The centre is the first two numbers.
# ---
# - centres = boxes_cxcywh[..., :2]  # (P, Q, 2)
# + centres = boxes_cxcywh

# %% [raw] mistake="slots/one_short_side"
# Boxes with one short side were called small. Both have to be below the limit.
# ---
# - large = (w >= small) | (h >= small)
# + large = (w >= small) & (h >= small)

# %% [raw] mistake="slots/at_the_limit"
# A side that equals the limit was taken as below it.
# ---
# - large = (w >= small) | (h >= small)
# + large = (w > small) | (h > small)

# %% [raw] mistake="slots/small_area"
# Small was decided by the area. It is decided by the two sides: a long thin box is large.
# ---
# - large = (w >= small) | (h >= small)
# + large = w * h >= small**2

# %% [raw] mistake="slots/wide_and_high_swapped"
# Wide and high boxes changed places: 1 is at least as wide as high.
# ---
# - return torch.where(large, torch.where(w >= h, 1, 2), 0)
# + return torch.where(large, torch.where(w >= h, 2, 1), 0)

# %% [raw] mistake="slots/squares_as_high"
# A square was called higher than wide. As wide as high is kind 1.
# ---
# - return torch.where(large, torch.where(w >= h, 1, 2), 0)
# + return torch.where(large, torch.where(w > h, 1, 2), 0)

# %% [markdown]
# **The 20 queries of the shapes model** in 60 scenes. As a control, the same boxes with the queries shuffled in each image:
# what a query's spread would be if it were in charge of nothing.

# %%
def show_slots():
    _, _, _, _, boxes_cxcywh = shapes_run()
    P, Q, _ = boxes_cxcywh.shape
    shuffled = boxes_cxcywh[torch.arange(P)[:, None], torch.rand(P, Q, generator=torch.Generator().manual_seed(2)).argsort(1)]
    for name, boxes in (("each query", boxes_cxcywh), ("shuffled", shuffled)):
        spread = floats(slot_spread(boxes))
        print(f"{name:11} spread: smallest {spread.min():.2f}, median {spread.median():.2f}, largest {spread.max():.2f}")
    kinds = torch.tensor([whole(row) for row in box_kinds(boxes_cxcywh, 1 / 3)])
    shares = [(kinds == kind).float().mean(0) for kind in range(3)]
    for name, share in zip(("small", "large, wide", "large, high"), shares):
        print(f"{name:11} boxes: {share.mean():.2f} of all; of one query {share.min():.2f} to {share.max():.2f}")
    return plot_query_slots(boxes_cxcywh)


attempt(show_slots, after="slots")

# %% [markdown]
# Each query's boxes keep to a part of the image, far more closely than in the control, and queries differ in how many large
# boxes they predict. Most of these boxes are of queries that found nothing: the part is theirs whether or not an object lies
# there. These queries *started* as points of a grid (`data/README.md`), so training did not have to find the parts by itself.
