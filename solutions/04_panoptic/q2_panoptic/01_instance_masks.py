# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 1 · Instance masks · 2 points · 15 min · ●●○○○
# **You will be able to** bring mask logits back to the pixels of the picture they belong to.
#
# Images of several sizes go through the model as one batch: each is padded at the right and at the bottom to the
# largest. The mask head gives coarse logits of the *padded* batch. Write `picture_masks`, for one image of it, as the
# official `PostProcessSegm` does:
#
# 1. enlarge the logits to the padded size (bilinear, `align_corners=False`);
# 2. a pixel belongs to the mask where the *probability* is above `threshold`;
# 3. cut the padding off: `input_hw` is the image without it;
# 4. resize the masks to the original picture (`mode="nearest"`, which neither mixes nor rounds).
#
# | | shape |
# |---|---|
# | `logits` | (Q, h, w) |
# | `padded_hw`, `input_hw`, `original_hw` | (height, width) in pixels each |
# | masks | (Q, H, W), bool, of the original |
#
# *Example.* One row of logits `[4, −4]` for a padded width of 4, an input width of 2 and an original of 6. Enlarged:
# 4, 2, −2, −4. Above .5: True, True, False, False. Without padding: True, True. In the original: six times True.
#
# The library's `instance_masks` may not be used.

# %% exercise="instance_masks" forbids="detrlab.panoptic.postprocess.instance_masks, detrlab.panoptic.postprocess._enlarged"
def picture_masks(logits, padded_hw, input_hw, original_hw, threshold=0.5):
    """Mask logits (Q, h, w) of a padded image -> masks (Q, H, W) bool of the original picture."""
    ### BEGIN SOLUTION
    height, width = input_hw
    enlarged = F.interpolate(logits[:, None], size=padded_hw, mode="bilinear")  # (Q, 1, padded height, padded width)
    inside = enlarged.sigmoid() > threshold
    cropped = inside[:, :, :height, :width].float()
    return F.interpolate(cropped, size=original_hw, mode="nearest")[:, 0].bool()
    ### END SOLUTION

# %% check="instance_masks" points=2
@check
def instance_masks(draw):
    (Q,), (h, w) = draw.letters("Q", 2, 3), draw.letters("h w", 5, 7)
    padded_hw = 3 * h, 4 * w
    input_hw = 3 * h - draw.integer(4, 6), 4 * w - draw.integer(7, 9)
    logits = 3 * draw.normal(Q, h, w)

    def masks(input_hw, original_hw, threshold):
        return attempted(lambda: picture_masks(logits.clone(), padded_hw, input_hw, original_hw, threshold))

    return {"a padded image": masks(input_hw, (23, 31), 0.5),
            "with another threshold": masks(input_hw, (17, 41), draw.number(0.75, 0.9)),
            "the largest image": masks(padded_hw, padded_hw, 0.5)}


# %% [raw] hints="instance_masks"
# 1. Which picture do the logits cover: the image, or the padded batch? A resizing needs a batch and a channel axis.
# 2. `F.interpolate(logits[:, None], size=padded_hw, mode="bilinear")`, then a sigmoid and a comparison. Slices cut the
#    padding. Truth values have to be numbers to be resized: `.float()`.
# 3. `inside[:, :, :height, :width].float()`, then `F.interpolate(..., size=original_hw, mode="nearest")[:, 0]....`

# %% [raw] mistake="instance_masks/padding_resized_along"
# The padding was resized along with the image, so masks shrink towards the upper left. Cut it off before you resize.
# ---
# - cropped = inside[:, :, :height, :width].float()
# + cropped = inside.float()

# %% [raw] mistake="instance_masks/straight_to_the_original"
# The logits were resized to the original picture in one step, padding and all, so masks shrink towards the upper left.
# They cover the padded image: enlarge to that, cut the padding off, then resize.
# ---
# - enlarged = F.interpolate(logits[:, None], size=padded_hw, mode="bilinear")  # (Q, 1, padded height, padded width)
# - inside = enlarged.sigmoid() > threshold
# - cropped = inside[:, :, :height, :width].float()
# - return F.interpolate(cropped, size=original_hw, mode="nearest")[:, 0].bool()
# + return F.interpolate(logits[:, None], size=original_hw, mode="bilinear")[:, 0].sigmoid() > threshold

# %% [raw] mistake="instance_masks/width_first"
# `input_hw` was read as (width, height). It is (height, width).
# ---
# - height, width = input_hw
# + width, height = input_hw

# %% [raw] mistake="instance_masks/enlarged_to_the_image"
# The logits were enlarged to the size without padding. They cover the padded image: enlarge to that, then crop.
# ---
# - enlarged = F.interpolate(logits[:, None], size=padded_hw, mode="bilinear")  # (Q, 1, padded height, padded width)
# + enlarged = F.interpolate(logits[:, None], size=input_hw, mode="bilinear")

# %% [raw] mistake="instance_masks/wrong_corner_cropped"
# The image was cut out at the lower right. Padding stands at the right and at the bottom.
# ---
# - cropped = inside[:, :, :height, :width].float()
# + cropped = inside[:, :, -height:, -width:].float()

# %% [raw] mistake="instance_masks/logits_cut"
# The logits were compared with the threshold. It is one of probabilities: a sigmoid comes first.
# ---
# - inside = enlarged.sigmoid() > threshold
# + inside = enlarged > threshold

# %% [raw] mistake="instance_masks/threshold_ignored"
# The masks were cut at .5, whatever the threshold.
# ---
# - inside = enlarged.sigmoid() > threshold
# + inside = enlarged > 0

# %% [raw] mistake="instance_masks/cut_before_enlarged"
# The coarse logits were cut first, and truth values enlarged, so the borders are those of the coarse cells, smoothed.
# Enlarge the logits.
# ---
# - enlarged = F.interpolate(logits[:, None], size=padded_hw, mode="bilinear")  # (Q, 1, padded height, padded width)
# - inside = enlarged.sigmoid() > threshold
# + inside = F.interpolate((logits.sigmoid() > threshold)[:, None].float(), size=padded_hw, mode="bilinear") > 0.5

# %% [raw] mistake="instance_masks/probabilities_enlarged"
# Probabilities were enlarged. The official code enlarges logits, and takes the sigmoid of what comes out: borders move.
# ---
# - enlarged = F.interpolate(logits[:, None], size=padded_hw, mode="bilinear")  # (Q, 1, padded height, padded width)
# - inside = enlarged.sigmoid() > threshold
# + inside = F.interpolate(logits[:, None].sigmoid(), size=padded_hw, mode="bilinear") > threshold

# %% [raw] mistake="instance_masks/nearest_logits"
# The logits were enlarged by nearest, so the masks have steps as large as a cell. Logits are enlarged by bilinear.
# ---
# - enlarged = F.interpolate(logits[:, None], size=padded_hw, mode="bilinear")  # (Q, 1, padded height, padded width)
# + enlarged = F.interpolate(logits[:, None], size=padded_hw, mode="nearest")

# %% [raw] mistake="instance_masks/corners_aligned"
# The corners were aligned. `align_corners=False` is asked for, the default.
# ---
# - enlarged = F.interpolate(logits[:, None], size=padded_hw, mode="bilinear")  # (Q, 1, padded height, padded width)
# + enlarged = F.interpolate(logits[:, None], size=padded_hw, mode="bilinear", align_corners=True)

# %% [raw] mistake="instance_masks/truth_values_resized"
# `F.interpolate` resizes no truth values. Make numbers of them: `.float()`, and `.bool()` at the end.
# ---
# - cropped = inside[:, :, :height, :width].float()
# + cropped = inside[:, :, :height, :width]

# %% [raw] mistake="instance_masks/masks_smoothed"
# The masks were resized by bilinear, and cut a second time, so their borders move. Truth values are resized by nearest.
# ---
# - return F.interpolate(cropped, size=original_hw, mode="nearest")[:, 0].bool()
# + return F.interpolate(cropped, size=original_hw, mode="bilinear")[:, 0] > 0.5

# %% [raw] mistake="instance_masks/masks_mixed"
# The masks were resized by bilinear, and every pixel with a share of the mask belongs to it: the masks grew. Truth
# values are resized by nearest.
# ---
# - return F.interpolate(cropped, size=original_hw, mode="nearest")[:, 0].bool()
# + return F.interpolate(cropped, size=original_hw, mode="bilinear")[:, 0].bool()

# %% [raw] mistake="instance_masks/numbers"
# The masks are right, but numbers. Return truth values.
# ---
# - return F.interpolate(cropped, size=original_hw, mode="nearest")[:, 0].bool()
# + return F.interpolate(cropped, size=original_hw, mode="nearest")[:, 0]

# %% [raw] mistake="instance_masks/input_size"
# The masks have the pixels of the model's input. The last step resizes them to the original picture.
# ---
# - return F.interpolate(cropped, size=original_hw, mode="nearest")[:, 0].bool()
# + return cropped[:, 0].bool()

# %% [markdown]
# **What it looks like**: three masks of a scene that was padded at the right, each cut out by itself. Instance masks
# may overlap, and may leave pixels to nobody. In this notebook they hardly do, since they are made from the truth.

# %%
def show_instances():
    scene = scenes_of([603])[0]
    logits, masks = said_of(scene, padded_hw=(96, 160))
    mine = picture_masks(masks, (96, 160), (96, 128), (96, 128))
    picture = np.asarray(scene.picture)
    row = [("the scene", picture)]
    for mask, label in list(zip(mine, logits.argmax(-1).tolist()))[-4:-1]:
        row.append((SHAPES_PANOPTIC_CLASSES[label], np.where(mask.numpy()[..., None], picture, 60)))
    print(f"pixels with no mask {int((mine.sum(0) == 0).sum())}, with more than one {int((mine.sum(0) > 1).sum())}, "
          f"of {mine[0].numel()}")
    return side_by_side([row])


attempt(show_instances, after="instance_masks")
