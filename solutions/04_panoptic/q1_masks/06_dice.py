# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 6 · Dice loss · 3 points · 12 min · ●●○○○
# **You will be able to** write the loss of a mask as a whole, in which small objects count as much as large ones.
#
# Focal loss is a mean over pixels: an object of 20 pixels among 4,096 has little say in it. Dice compares the mask with
# the truth as two sets (Milletari et al. 2016): twice what they share, over the sum of their sizes. With probabilities
# $p$ (the sigmoid of the logits) and the truth $t$, 1 or 0, over the pixels of *one* mask:
#
# $$\mathrm{dice} = 1 - \frac{2 \sum p\,t + 1}{\sum p + \sum t + 1}.$$
#
# The 1 above and below keeps an empty mask finite: nothing predicted where nothing is has loss 0.
#
# 1. `dice_of_masks(logits, targets)` (2 points): (N, P) logits and (N, P) bool → (N,), each mask for itself. In the
#    loss they are summed and divided by `num_boxes`, as in step 5.
# 2. `enlarged(logits, size_hw)` (1 point). The head's masks are coarser than the truth. The official code enlarges the
#    *logits* to the size of the truth (`mode="bilinear"`, `align_corners=False`) and leaves the truth as it is: (N, h,
#    w) logits and (H, W) → (N, H·W), as the two losses take them.
#
# *Example.* p = (1, .5, 0), t = (1, 1, 0): shared 1.5, sizes 1.5 and 2. So dice is 1 − (2 · 1.5 + 1) / (1.5 + 2 + 1),
# which is 1 − 4/4.5 = .111.
#
# The library's `dice_loss` may not be used.

# %% exercise="dice" forbids="detrlab.panoptic.losses.dice_loss, detrlab.panoptic.losses.mask_losses"
def dice_of_masks(logits, targets):
    """The dice loss of every mask: (N, P) and (N, P) bool -> (N,)."""
    ### BEGIN SOLUTION
    p, t = logits.sigmoid(), targets.float()
    shared = (p * t).sum(1)
    return 1 - (2 * shared + 1) / (p.sum(1) + t.sum(1) + 1)
    ### END SOLUTION


def enlarged(logits, size_hw):
    """Logits (N, h, w) at the size (H, W) of the truth, one row for each mask: (N, H * W)."""
    ### BEGIN SOLUTION
    larger = F.interpolate(logits[:, None], size=size_hw, mode="bilinear", align_corners=False)  # (N, 1, H, W)
    return larger.flatten(1)
    ### END SOLUTION

# %% check="dice" points=3
@check(parts={"1. dice_of_masks": 2, "2. enlarged": 1})
def dice(draw):
    N, P = draw.letters("N P", 5, 17)
    logits = (2 * draw.normal(N, P)).requires_grad_()
    targets = (draw.permutation(N * P) % 3 == 0).view(N, P)
    targets[0] = False  # an empty truth
    h, w, H, W = *draw.sizes(2, 3, 5), *draw.sizes(2, 7, 13)
    draw.name(h=h, w=w, H=H, W=W)
    small = draw.normal(N, h, w).requires_grad_()
    return {"1. dice_of_masks": {
                "N masks": told(lambda: dice_of_masks(logits * 1, targets.clone()), logits),
                "nothing where nothing is": attempted(lambda: dice_of_masks(
                    torch.full((2, P), -100.0), targets[:1].expand(2, P).clone()) + logits[:2, 0].detach())},
            "2. enlarged": told(lambda: enlarged(small * 1, (H, W)), small)}


# %% [raw] hints="dice"
# 1. Three sums over the pixels of each mask: of p·t, of p and of t. Which axis is it? For the size: `F.interpolate`
#    wants a channel axis.
# 2. `logits.sigmoid()`, `targets.float()`, `.sum(1)`. `logits[:, None]` is (N, 1, h, w); `flatten(1)` leaves one row
#    for each mask.
# 3. `return 1 - (2 * (p * t).sum(1) + 1) / (...)`, and `F.interpolate(logits[:, None], size=size_hw, mode=...,
#    align_corners=False).flatten(1)`.

# %% [raw] mistake="dice/one_below_only"
# The 1 stands below only, so nothing predicted where nothing is has loss 1 instead of 0. It stands above, too.
# ---
# - return 1 - (2 * shared + 1) / (p.sum(1) + t.sum(1) + 1)
# + return 1 - 2 * shared / (p.sum(1) + t.sum(1) + 1)

# %% [raw] mistake="dice/no_ones"
# The 1 above and below is missing. Nothing predicted where nothing is then has loss 1, or 0 / 0.
# ---
# - return 1 - (2 * shared + 1) / (p.sum(1) + t.sum(1) + 1)
# + return 1 - 2 * shared / (p.sum(1) + t.sum(1))

# %% [raw] mistake="dice/tiny_ones"
# Above and below stands a tiny number in place of the 1. It keeps an empty mask finite as well, but it is another loss:
# take 1, as the official code does.
# ---
# - return 1 - (2 * shared + 1) / (p.sum(1) + t.sum(1) + 1)
# + return 1 - (2 * shared + 1e-6) / (p.sum(1) + t.sum(1) + 1e-6)

# %% [raw] mistake="dice/one_doubled"
# The 1 above was doubled along with what is shared. It is 2 · shared + 1.
# ---
# - return 1 - (2 * shared + 1) / (p.sum(1) + t.sum(1) + 1)
# + return 1 - 2 * (shared + 1) / (p.sum(1) + t.sum(1) + 1)

# %% [raw] mistake="dice/not_twice"
# What is shared was counted once. Sizes of both stand below, so it counts twice above.
# ---
# - return 1 - (2 * shared + 1) / (p.sum(1) + t.sum(1) + 1)
# + return 1 - (shared + 1) / (p.sum(1) + t.sum(1) + 1)

# %% [raw] mistake="dice/iou"
# This is 1 − IoU: below stands the union. Dice has the sum of both sizes below, and twice what is shared above.
# ---
# - return 1 - (2 * shared + 1) / (p.sum(1) + t.sum(1) + 1)
# + return 1 - (shared + 1) / (p.sum(1) + t.sum(1) - shared + 1)

# %% [raw] mistake="dice/not_taken_from_one"
# This is the overlap, which is large for a good mask. The loss is 1 less that.
# ---
# - return 1 - (2 * shared + 1) / (p.sum(1) + t.sum(1) + 1)
# + return (2 * shared + 1) / (p.sum(1) + t.sum(1) + 1)

# %% [raw] mistake="dice/squares"
# The sizes are sums of squares, as in the paper by Milletari. The official code of DETR takes plain sums.
# ---
# - return 1 - (2 * shared + 1) / (p.sum(1) + t.sum(1) + 1)
# + return 1 - (2 * shared + 1) / ((p * p).sum(1) + t.sum(1) + 1)

# %% [raw] mistake="dice/logits_for_probabilities"
# The logits were used as probabilities. Take the sigmoid first.
# ---
# - p, t = logits.sigmoid(), targets.float()
# + p, t = logits, targets.float()

# %% [raw] mistake="dice/cut_first"
# The mask was cut at .5 before it was compared. Then no gradient flows: use the probabilities.
# ---
# - p, t = logits.sigmoid(), targets.float()
# + p, t = (logits > 0).float(), targets.float()

# %% [raw] mistake="dice/batch_summed_first"
# The sums run over all masks at once, so a large object counts more than a small one. Sum over the pixels of each mask.
# ---
# - shared = (p * t).sum(1)
# - return 1 - (2 * shared + 1) / (p.sum(1) + t.sum(1) + 1)
# + return 1 - (2 * (p * t).sum() + 1) / (p.sum() + t.sum() + 1)

# %% [raw] mistake="dice/over_masks"
# The sums run over the masks, pixel by pixel. Sum over the pixels, axis 1.
# ---
# - shared = (p * t).sum(1)
# - return 1 - (2 * shared + 1) / (p.sum(1) + t.sum(1) + 1)
# + return 1 - (2 * (p * t).sum(0) + 1) / (p.sum(0) + t.sum(0) + 1)

# %% [raw] mistake="dice/mean_over_pixels"
# Means stand in place of sums. Then the 1 above and below is as large as everything else: take sums.
# ---
# - shared = (p * t).sum(1)
# - return 1 - (2 * shared + 1) / (p.sum(1) + t.sum(1) + 1)
# + return 1 - (2 * (p * t).mean(1) + 1) / (p.mean(1) + t.mean(1) + 1)

# %% [raw] mistake="dice/one_number"
# This is the mean of all masks. Return one number for each.
# ---
# - return 1 - (2 * shared + 1) / (p.sum(1) + t.sum(1) + 1)
# + return (1 - (2 * shared + 1) / (p.sum(1) + t.sum(1) + 1)).mean()

# %% [raw] mistake="dice/summed"
# This is the sum over all masks. Return one number for each.
# ---
# - return 1 - (2 * shared + 1) / (p.sum(1) + t.sum(1) + 1)
# + return (1 - (2 * shared + 1) / (p.sum(1) + t.sum(1) + 1)).sum()

# %% [raw] mistake="dice/nearest"
# The logits were enlarged by "nearest", which leaves steps. Here it is "bilinear"; "nearest" is inside the head.
# ---
# - larger = F.interpolate(logits[:, None], size=size_hw, mode="bilinear", align_corners=False)  # (N, 1, H, W)
# + larger = F.interpolate(logits[:, None], size=size_hw, mode="nearest")

# %% [raw] mistake="dice/corners_aligned"
# The corners were aligned: the centres of the outermost pixels lie on each other then, not the borders. Take
# `align_corners=False`.
# ---
# - larger = F.interpolate(logits[:, None], size=size_hw, mode="bilinear", align_corners=False)  # (N, 1, H, W)
# + larger = F.interpolate(logits[:, None], size=size_hw, mode="bilinear", align_corners=True)

# %% [raw] mistake="dice/probabilities_enlarged"
# Probabilities were enlarged. The losses want logits, and take the sigmoid themselves.
# ---
# - return larger.flatten(1)
# + return larger.sigmoid().flatten(1)

# %% [raw] mistake="dice/width_first"
# The size was read as (W, H). It is (H, W).
# ---
# - larger = F.interpolate(logits[:, None], size=size_hw, mode="bilinear", align_corners=False)  # (N, 1, H, W)
# + larger = F.interpolate(logits[:, None], size=size_hw[::-1], mode="bilinear", align_corners=False)

# %% [raw] mistake="dice/not_flattened"
# These are images, (N, H, W). The losses take one row for each mask: (N, H·W).
# ---
# - return larger.flatten(1)
# + return larger[:, 0]

# %% [markdown]
# **The result**: the smallest and the largest shape of 20 scenes. Both are missed wholly (the logits are −4
# everywhere), or found but for an edge.

# %%
def show_small():
    scenes = [draw_scene(seed, (SIDE, SIDE)) for seed in range(580, 600)]
    masks = [torch.from_numpy(mask[1::2, 1::2]) for scene in scenes for mask in scene.masks]
    masks = sorted(masks, key=lambda mask: int(mask.sum()))
    print("             pixels   missed: focal   dice     found: focal   dice")
    for name, truth in (("the smallest", masks[0]), ("the largest", masks[-1])):
        truth = truth[None]
        missed = torch.full((1, 64 * 64), -4.0)
        found = F.avg_pool2d(8.0 * truth[:, None].float() - 4, 5, 1, 2, count_include_pad=False).flatten(1)
        row = f"{name:12}{int(truth.sum()):7}"
        for logits in (missed, found):
            focal_loss = sigmoid_focal_loss(logits, truth.flatten(1), 1).item()
            row += f"{focal_loss:16.3f}{dice_of_masks(logits, truth.flatten(1)).item():7.3f}"
        print(row)


attempt(show_small, after="dice")

# %% [markdown]
# Missed, the small object costs about a twentieth of the large one in focal loss, and as much in dice. Found, it is
# mostly edge: dice says so, while its focal loss stays near that of the large one.
