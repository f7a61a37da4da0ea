# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 6 · Does a head find the object? · 4 points · 24 min · ●●●○○
# **You will be able to** measure an attention map against a mask, and choose a head without cheating.
#
# The paper shows where the class token looks in the last block: in a large network, at the object (figures 1 and 3). It
# measures this on labelled masks: each map is cut so that 60 % of its mass is kept, and what is kept is compared with
# the object's mask. The Jaccard index is another name for the IoU, the intersection over the union. Here a map has 8 × 8
# patches for each of the 6 heads.
#
# 1. `keep_most(maps, share=0.6)` (2 points): maps (..., H, W) of weights → bool (..., H, W): the *fewest* cells, largest
#    first, that hold at least this share of the map's mass. A map need not sum to 1.
# 2. `ious(kept, masks)` (1 point): kept cells (N, M, h, w) of M heads and masks (N, H, W) in pixels, all bool → (N, M).
#    H and W are multiples of h and w: each kept cell stands for all its pixels.
# 3. `fixed_and_best(choosing, found)` (1 point): the IoUs of other scenes (N', M) and of those to measure (N, M) → two
#    numbers. *One fixed head*: the one with the highest mean on the other scenes, and its mean on those to measure. *The
#    best head*: for each object whichever fits it best, and the mean of that. The paper reports the second. Who says
#    which head fits best? The mask does, the very thing that is to be found.
#
# *Example.* A map `[[.5, .3], [.15, .05]]`: .5 is too little, .5 + .3 is enough, so two cells are kept. Of a mask with
# 4 of 16 pixels, all of them in the first cell of 2 × 2 (2 × 2 pixels each), two kept cells have 8 pixels: IoU 4/8.
# IoUs `[[.1, .2]]` to choose by, `[[.6, .4], [.3, .5]]` to measure: the fixed head is the second, .45; the best heads
# give .55.
#
# The library's `keep_mass`, `jaccard` and `head_jaccard` may not be used.

# %% exercise="jaccard" forbids="detrlab.dino.attention_maps.keep_mass, detrlab.dino.attention_maps.jaccard, detrlab.dino.attention_maps.head_jaccard, detrlab.dino.attention_maps.measure_jaccard"
def keep_most(maps, share=0.6):
    """The fewest cells of each map (..., H, W), largest first, that hold this share of its mass: bool (..., H, W)."""
    ### BEGIN SOLUTION
    flat = maps.flatten(-2)  # (..., H * W)
    values, order = flat.sort(dim=-1, descending=True)
    before = values.cumsum(-1) - values  # the mass of the larger cells
    kept = before < share * flat.sum(-1, keepdim=True)
    return torch.zeros_like(kept).scatter(-1, order, kept).view(maps.shape)
    ### END SOLUTION


def ious(kept, masks):
    """The IoU (N, M) of the kept cells (N, M, h, w) of each head with masks (N, H, W) in pixels, all bool."""
    ### BEGIN SOLUTION
    found = F.interpolate(kept.float(), size=masks.shape[-2:], mode="nearest").bool()  # (N, M, H, W)
    masks = masks[:, None]
    return (found & masks).sum((2, 3)) / (found | masks).sum((2, 3))
    ### END SOLUTION


def fixed_and_best(choosing, found):
    """IoUs (N', M) to choose a head by, (N, M) to measure: the mean of the fixed head, the mean of each object's best."""
    ### BEGIN SOLUTION
    head = choosing.mean(0).argmax()
    return found[:, head].mean(), found.amax(1).mean()
    ### END SOLUTION

# %% check="jaccard" points=4
@check(parts={"1. keep_most": 2, "2. ious": 1, "3. fixed_and_best": 1})
def jaccard(draw):
    N, M, h, w = draw.letters("N M h w", 3, 11)
    maps = draw.attention(N, M, h * w).view(N, M, h, w) * draw.uniform(N, M, 1, 1, low=0.4, high=0.95)
    single = draw.attention(1, h * w).view(h, w)
    share = draw.number(0.3, 0.4)
    halves = torch.tensor([1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32, 1 / 32])  # the two largest hold 3/4, without rounding
    exact = halves[draw.permutation(6)].view(2, 3)
    kept = draw.permutation(N * M * h * w).view(N, M, h, w) % 3 == 0
    kept[..., 0, 0] = True
    masks = (draw.permutation(N * h * w * 4).view(N, 2 * h, 2 * w) % 5) < 2
    masks[:, 0, 0] = True
    choosing, found = 0.3 * draw.uniform(13, M), 0.3 * draw.uniform(37, M)
    best, other, lucky = draw.permutation(M)[:3].tolist()
    choosing[:, best] += 0.2  # the best on the scenes to choose by, another one on those to measure, a third one once
    choosing[0, lucky] += 0.6
    found[:, other] += 0.15
    found[:, lucky] += 0.07

    def two():
        fixed, best = fixed_and_best(choosing.clone(), found.clone())
        return {"fixed head": numbers_of(fixed), "best head": numbers_of(best)}

    return {"1. keep_most": {"60 %": attempted(lambda: keep_most(maps.clone())),
                             "less": attempted(lambda: keep_most(maps.clone(), share)),
                             "one map": attempted(lambda: keep_most(single.clone())),
                             "exactly 3/4": attempted(lambda: keep_most(exact.clone(), 0.75))},
            "2. ious": attempted(lambda: numbers_of(ious(kept.clone(), masks.clone()))),
            "3. fixed_and_best": attempted(two)}


# %% [raw] hints="jaccard"
# 1. Which cells hold the most with the fewest? Sort them. A cell belongs to the kept ones if those *before* it are not
#    enough yet. Which scenes may be looked at to choose a head?
# 2. `sort(dim=-1, descending=True)` gives values and places, `cumsum(-1)` the mass so far. `scatter(-1, order, kept)`
#    puts truth values back to their places. Cells become pixels by `F.interpolate(..., mode="nearest")` or
#    `repeat_interleave`.
# 3. `before = values.cumsum(-1) - values`, `kept = before < share * total`. `(found & masks).sum((2, 3))` over
#    `(found | masks)....`. `head = choosing.mean(0).argmax()`, `found[:, head].mean()`, `found.amax(1)....`.

# %% [raw] mistake="jaccard/share_of_the_maximum"
# The map was cut at .6 of its largest value. 60 % of the *mass* is to be kept: the sum of what is kept.
# ---
# - before = values.cumsum(-1) - values  # the mass of the larger cells
# - kept = before < share * flat.sum(-1, keepdim=True)
# + kept = values > share * values[..., :1]

# %% [raw] mistake="jaccard/share_of_the_cells"
# 60 % of the *cells* were kept. A map whose mass lies on few cells keeps few.
# ---
# - before = values.cumsum(-1) - values  # the mass of the larger cells
# - kept = before < share * flat.sum(-1, keepdim=True)
# + kept = (torch.arange(flat.shape[-1]) < share * flat.shape[-1]).expand_as(values)

# %% [raw] mistake="jaccard/one_cell_too_few"
# What is kept holds less than the share: the cell that brings the sum above it belongs to it, too. Compare the mass of
# the cells *before* it.
# ---
# - kept = before < share * flat.sum(-1, keepdim=True)
# + kept = before + values < share * flat.sum(-1, keepdim=True)

# %% [raw] mistake="jaccard/one_cell_too_many"
# Where the largest cells hold exactly the share, another one was kept beside them. They are enough: `<` instead of `<=`.
# ---
# - kept = before < share * flat.sum(-1, keepdim=True)
# + kept = before <= share * flat.sum(-1, keepdim=True)

# %% [raw] mistake="jaccard/smallest_first"
# The smallest cells were kept. Sort with the largest first.
# ---
# - values, order = flat.sort(dim=-1, descending=True)
# + values, order = flat.sort(dim=-1)

# %% [raw] mistake="jaccard/the_rest"
# This is what should be dropped: the smallest cells, outside of the kept mass.
# ---
# - return torch.zeros_like(kept).scatter(-1, order, kept).view(maps.shape)
# + return ~torch.zeros_like(kept).scatter(-1, order, kept).view(maps.shape)

# %% [raw] mistake="jaccard/of_one"
# The share was taken of 1. These maps sum to less, since the class token looks at itself, too: take it of the map's sum.
# ---
# - kept = before < share * flat.sum(-1, keepdim=True)
# + kept = before < share

# %% [raw] mistake="jaccard/in_sorted_order"
# The truth values stand in the order of the sorted cells. Put each back to its place.
# ---
# - return torch.zeros_like(kept).scatter(-1, order, kept).view(maps.shape)
# + return kept.view(maps.shape)

# %% [raw] mistake="jaccard/gathered"
# The order was applied once more, not undone: `gather` reads at these places, `scatter` writes to them.
# ---
# - return torch.zeros_like(kept).scatter(-1, order, kept).view(maps.shape)
# + return kept.gather(-1, order).view(maps.shape)

# %% [raw] mistake="jaccard/share_fixed"
# 60 % were kept, whatever the share.
# ---
# - kept = before < share * flat.sum(-1, keepdim=True)
# + kept = before < 0.6 * flat.sum(-1, keepdim=True)

# %% [raw] mistake="jaccard/rows_by_themselves"
# Each row of a map was cut by itself. The mass is that of the whole map.
# ---
# - flat = maps.flatten(-2)  # (..., H * W)
# + flat = maps

# %% [raw] mistake="jaccard/above_the_mean"
# What is above the map's mean was kept. That holds some other share of the mass.
# ---
# - before = values.cumsum(-1) - values  # the mass of the larger cells
# - kept = before < share * flat.sum(-1, keepdim=True)
# + kept = values > flat.mean(-1, keepdim=True)

# %% [raw] mistake="jaccard/numbers"
# The right cells, but as numbers. Return truth values.
# ---
# - return torch.zeros_like(kept).scatter(-1, order, kept).view(maps.shape)
# + return torch.zeros_like(kept).scatter(-1, order, kept).view(maps.shape).float()

# %% [raw] mistake="jaccard/dice"
# This is the dice overlap, twice the shared pixels over both sizes.
# ---
# - return (found & masks).sum((2, 3)) / (found | masks).sum((2, 3))
# + return 2 * (found & masks).sum((2, 3)) / (found.sum((2, 3)) + masks.sum((2, 3)))

# %% [raw] mistake="jaccard/over_the_mask"
# The shared pixels were divided by the mask. A map that keeps everything would be perfect: divide by the union.
# ---
# - return (found & masks).sum((2, 3)) / (found | masks).sum((2, 3))
# + return (found & masks).sum((2, 3)) / masks.sum((2, 3))

# %% [raw] mistake="jaccard/over_the_kept"
# The shared pixels were divided by the kept ones. A single cell inside the object would be perfect: divide by the union.
# ---
# - return (found & masks).sum((2, 3)) / (found | masks).sum((2, 3))
# + return (found & masks).sum((2, 3)) / found.sum((2, 3))

# %% [raw] mistake="jaccard/pixels_right"
# This is the share of pixels that are right. Most of an image is ground, so it is always high.
# ---
# - return (found & masks).sum((2, 3)) / (found | masks).sum((2, 3))
# + return (found == masks).float().mean((2, 3))

# %% [raw] mistake="jaccard/pooled_over_the_scenes"
# The pixels of all scenes were put together, so large objects count for more. Give one IoU for each scene and head.
# ---
# - return (found & masks).sum((2, 3)) / (found | masks).sum((2, 3))
# + return ((found & masks).sum((0, 2, 3)) / (found | masks).sum((0, 2, 3))).expand(found.shape[:2])

# %% [raw] mistake="jaccard/heads_together"
# What any head keeps was taken together. Give one IoU for each head.
# ---
# - found = F.interpolate(kept.float(), size=masks.shape[-2:], mode="nearest").bool()  # (N, M, H, W)
# + found = F.interpolate(kept.float(), size=masks.shape[-2:], mode="nearest").bool()
# + found = found.any(1, keepdim=True).expand_as(found)

# %% [raw] mistake="jaccard/chosen_on_the_test"
# The fixed head was chosen on the scenes that it is measured on. Choose it on the others, and leave it.
# ---
# - head = choosing.mean(0).argmax()
# + head = found.mean(0).argmax()

# %% [raw] mistake="jaccard/measured_where_chosen"
# The head was measured where it was chosen. Measure it on the other scenes, `found`.
# ---
# - return found[:, head].mean(), found.amax(1).mean()
# + return choosing[:, head].mean(), found.amax(1).mean()

# %% [raw] mistake="jaccard/best_called_fixed"
# Both numbers are those of each object's best head. A fixed head is one for all objects.
# ---
# - return found[:, head].mean(), found.amax(1).mean()
# + return found.amax(1).mean(), found.amax(1).mean()

# %% [raw] mistake="jaccard/one_head_called_best"
# Both numbers are those of one head. "Best" means here: for each object another one, whichever fits it best.
# ---
# - return found[:, head].mean(), found.amax(1).mean()
# + return found[:, head].mean(), found.mean(0).max()

# %% [raw] mistake="jaccard/exchanged"
# The two numbers came in the other order: the fixed head first.
# ---
# - return found[:, head].mean(), found.amax(1).mean()
# + return found.amax(1).mean(), found[:, head].mean()

# %% [raw] mistake="jaccard/mean_head"
# This is the mean over all heads. One head is asked for, chosen on the other scenes.
# ---
# - return found[:, head].mean(), found.amax(1).mean()
# + return found.mean(), found.amax(1).mean()

# %% [raw] mistake="jaccard/largest_single"
# The head was chosen by its largest single IoU. One lucky scene decides then: choose by the mean over the scenes.
# ---
# - head = choosing.mean(0).argmax()
# + head = choosing.amax(0).argmax()

# %% [markdown]
# **The result**: 1,000 held-out scenes, heads chosen on 300 others. Beside the trained network stand three random ones,
# and a second control: the map of *another image* against this image's mask. It tells how much a map gains by looking
# where objects mostly are, namely near the middle, whatever is in the image.

# %%
def show_jaccard():
    scenes, others = scenes_of("held_out", 1000), scenes_of("choosing", 300)
    masks, other_masks = torch.from_numpy(scenes.masks), torch.from_numpy(others.masks)
    ground = ious(torch.ones(len(scenes), 1, 8, 8, dtype=torch.bool), masks).mean()
    print(f"{'':12}fixed head   the same, another image's map   best head of each object")
    for name, vit in (("DINO", load_dino()), *((f"random {seed}", random_vit(seed)) for seed in range(3))):
        choosing = ious(keep_most(cls_attention(vit, others.inputs())), other_masks)
        kept = keep_most(cls_attention(vit, scenes.inputs()))
        fixed, best = (float(value) for value in fixed_and_best(choosing, ious(kept, masks)))
        another, _ = fixed_and_best(choosing, ious(kept.roll(1, 0), masks))
        print(f"{name:12}{fixed:10.3f}{float(another):32.3f}{best:27.3f}")
    print(f"the whole image as the map: {float(ground):.3f}")


attempt(show_jaccard, after="jaccard")

# %% [markdown]
# Read it line by line. How far is the fixed head above its own control, the other image's map? How far is it above the
# fixed heads of the random networks? And the last column: of six maps the best one, chosen by the truth, looks good even
# where the network is random.
