# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 11 · Resize and normalise · 3 points · 12 min · ●●●○○
# **Goal:** turn an image of any size into the input that a DETR was trained on.
#
# The **shorter side becomes `shorter`** pixels (800), unless the longer side would then pass `longest` (1333); in that
# case the **longer side becomes `longest`**. Both new sides of an image of $w \times h$ pixels are the old ones times
#
# $$r = \min\left(\frac{\text{shorter}}{\min(w, h)},\; \frac{\text{longest}}{\max(w, h)}\right)$$
#
# | image (w, h) | $r$ | new size (w, h) |
# |---|---|---|
# | (640, 480) | 800/480 = 1.667 | (1067, 800) |
# | (480, 640) | 800/480 = 1.667 | (800, 1067) |
# | (2000, 500) | 1333/2000 = 0.667, since 800/500 = 1.6 would make 3200 | (1333, 333) |
#
# Rounding differs (the official one gets 1066 above); the check allows for that.
#
# Colours come as integers 0..255, channel last. The model wants channels *first*, in `float32`, scaled to 0..1 and
# standardised per channel with ImageNet's mean and standard deviation (`IMAGENET_MEAN`, `IMAGENET_STD`: red, green,
# blue):
#
# $$x = \frac{p / 255 - \text{mean}}{\text{std}} \qquad\text{e.g. a red of 255:}\quad \frac{1 - 0.485}{0.229} = 2.249$$
#
# Resize with bilinear interpolation, as in training: `picture.resize(size, Image.Resampling.BILINEAR)`; PIL's sizes are
# (width, height).
#
# The library's `to_input`, `resize_picture`, `resized_size`, `normalise` and `detect` may not be called in your answer,
# nor the transform inside torchvision's detectors (`GeneralizedRCNNTransform`). torchvision's ordinary transforms may.

# %% exercise="resize" forbids="detrlab.images.to_input, detrlab.images.resize_picture, detrlab.images.resized_size, detrlab.images.normalise, detrlab.detr.detect.detect, torchvision.models.detection.transform.GeneralizedRCNNTransform, torchvision.models.detection.transform.GeneralizedRCNNTransform.forward, torchvision.models.detection.transform.GeneralizedRCNNTransform.resize, torchvision.models.detection.transform.GeneralizedRCNNTransform.normalize"
def new_size(size_wh, shorter=800, longest=1333):
    """The new size (width, height), two integers, of a picture of size_wh = (width, height) pixels."""
    ### BEGIN SOLUTION
    r = min(shorter / min(size_wh), longest / max(size_wh))
    return round(size_wh[0] * r), round(size_wh[1] * r)
    ### END SOLUTION


def prepare(picture, shorter=800, longest=1333):
    """A PIL picture (RGB) as the model's input: float32 tensor (3, H, W), resized and normalised."""
    ### BEGIN SOLUTION
    resized = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
    colours = torch.from_numpy(np.array(resized)).permute(2, 0, 1) / 255  # (H, W, 3) -> (3, H, W)
    mean, std = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
    return (colours - mean[:, None, None]) / std[:, None, None]
    ### END SOLUTION


# %% check="resize" points=3
@check
def resize(draw):
    sizes = []  # to the nearest 10 pixels, since implementations round differently
    targets = [(10 * draw.integer(95, 128), 800), (800, 10 * draw.integer(95, 128)), (1333, 10 * draw.integer(40, 72))]
    for target in targets:
        factor = draw.number(0.6, 3.0)
        sizes.append(tuple(round(side * factor) for side in target))

    def prepared(w, h):
        """Shape, colours of three flat quarters, and edges of a picture whose last quarter is a fine checkerboard."""
        low, high = (np.array([draw.integer(*ends) for _ in range(3)]) for ends in ((40, 90), (165, 215)))
        other = [draw.integer(95, 160) for _ in range(3)]
        colours = np.zeros((h, w, 3), dtype=np.uint8)
        colours[: h // 2, : w // 2], colours[: h // 2, w // 2 :], colours[h // 2 :, : w // 2] = low, high, other
        colours[h // 2 :, w // 2 :] = 255 * (np.indices((h - h // 2, w - w // 2)).sum(0) % 2)[:, :, None]
        image = prepare(Image.fromarray(colours), 128, 213)
        C, H, W = image.shape
        middles = torch.stack([image[:, y, x] for y, x in ((H // 4, W // 4), (H // 4, 3 * W // 4), (3 * H // 4, W // 4))])
        # Bilinear interpolation makes no colour that is darker or brighter than those it mixes, bicubic does, at edges;
        # and where single pixels are taken, the checkerboard stays black and white. In shares of the areas' contrast:
        darkest, brightest = middles.amin(0), middles.amax(0)
        beyond = torch.stack([darkest - image.amin((1, 2)), image.amax((1, 2)) - brightest])
        beyond = float((beyond / (brightest - darkest).clamp(min=1e-6)).max())
        return {
            "shape of the input": [C, 10 * round(H / 10), 10 * round(W / 10)],
            "colours of three areas": middles,
            "edges and fine lines": "smooth" if beyond < 0.005 else "too bright or too dark" if beyond < 0.2 else "jagged",
        }

    wide, tall = 2 * draw.integer(340, 390), 2 * draw.integer(240, 290)
    return {
        "new sizes": attempted(lambda: [[10 * round(int(side) / 10) for side in new_size(wh, 800, 1333)] for wh in sizes]),
        "a usual picture": attempted(lambda: prepared(wide, 512)),
        "an upright picture": attempted(lambda: prepared(512, wide)),
        "a wide picture, where `longest` decides": attempted(lambda: prepared(852, tall // 2)),
    }


@resize.must("no longer side passes `longest`")
def _(value):
    return not isinstance(value["new sizes"], list) or max(max(size) for size in value["new sizes"]) <= 1340


# %% [raw] hints="resize"
# 1. Two wishes limit the factor by which both sides are multiplied: the shorter side should reach `shorter`, the
#    longer side may not pass `longest`. The smaller of the two factors satisfies both.
# 2. `np.array(resized)` is (height, width, 3) in 0..255. Divide by 255 and permute to (3, height, width); mean and
#    standard deviation need the shape (3, 1, 1) to be broadcast over rows and columns.
# 3. `r = min(shorter / min(size_wh), ... / ...)`, then round both sides times `r`. `prepare` ends in `(colours -
#    mean[:, None, None]) / ...`, with both tables made tensors.

# %% [raw] mistake="resize/longer_side"
# The longer side was brought to `shorter`, so the image comes out too small. It is the shorter side that becomes
# `shorter`; the longer one only has a limit.
# ---
# - r = min(shorter / min(size_wh), longest / max(size_wh))
# + r = shorter / max(size_wh)

# %% [raw] mistake="resize/no_limit"
# The limit on the longer side is missing: a wide panorama becomes far larger than anything the model was trained on.
# Where the longer side would pass `longest`, that side decides.
# ---
# - r = min(shorter / min(size_wh), longest / max(size_wh))
# + r = shorter / min(size_wh)

# %% [raw] mistake="resize/max_for_min"
# The larger of the two factors was taken, so one of the two limits is always passed. The smaller factor satisfies both.
# ---
# - r = min(shorter / min(size_wh), longest / max(size_wh))
# + r = max(shorter / min(size_wh), longest / max(size_wh))

# %% [raw] mistake="resize/limit_on_the_shorter_side"
# Where the limit binds, the *shorter* side was brought to `longest`. It is the longer side that becomes `longest`.
# ---
# - r = min(shorter / min(size_wh), longest / max(size_wh))
# + r = shorter / min(size_wh)
# + if max(size_wh) * r > longest:
# +     r = longest / min(size_wh)

# %% [raw] mistake="resize/squashed"
# Every image became a square, which bends the objects out of shape. Multiply both sides by one and the same factor,
# so that the aspect ratio stays.
# ---
# - r = min(shorter / min(size_wh), longest / max(size_wh))
# - return round(size_wh[0] * r), round(size_wh[1] * r)
# + return shorter, shorter

# %% [raw] mistake="resize/fixed_size"
# Every image became `longest` x `shorter`, whatever its shape. Multiply both sides by one and the same factor.
# ---
# - r = min(shorter / min(size_wh), longest / max(size_wh))
# - return round(size_wh[0] * r), round(size_wh[1] * r)
# + return longest, shorter

# %% [raw] mistake="resize/height_first"
# The new size came as (height, width). Sizes are (width, height) here, as PIL has them.
# ---
# - return round(size_wh[0] * r), round(size_wh[1] * r)
# + return round(size_wh[1] * r), round(size_wh[0] * r)

# %% [raw] mistake="resize/limit_forgotten_in_prepare"
# `prepare` does not pass `longest` on to `new_size`, so its default of 1333 holds for every model.
# ---
# - resized = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
# + resized = picture.resize(new_size(picture.size, shorter), Image.Resampling.BILINEAR)

# %% [raw] mistake="resize/targets_ignored"
# `prepare` passes neither `shorter` nor `longest` on to `new_size`, so the defaults of 800 and 1333 hold for every model.
# ---
# - resized = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
# + resized = picture.resize(new_size(picture.size), Image.Resampling.BILINEAR)

# %% [raw] mistake="resize/not_resized"
# `prepare` does not resize the image. Ask `new_size` for its new size and resize it before the colours are computed.
# ---
# - resized = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
# + resized = picture

# %% [raw] mistake="resize/nearest"
# The resize takes single pixels, the nearest ones say, so fine patterns turn into noise. The task asks for bilinear
# interpolation, as in training: `picture.resize(size, Image.Resampling.BILINEAR)`.
# ---
# - resized = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
# + resized = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.NEAREST)

# %% [raw] mistake="resize/bicubic"
# The resize is bicubic (PIL's default), which overshoots at edges. The task asks for bilinear interpolation, as in
# training: `Image.Resampling.BILINEAR`.
# ---
# - resized = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
# + resized = picture.resize(new_size(picture.size, shorter, longest))

# %% [raw] mistake="resize/sides_swapped"
# The new sizes are right, but in `prepare` width and height changed places, which squeezes the image. PIL's
# `resize` wants (width, height); only tensors and arrays count the height first.
# ---
# - resized = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
# + resized = picture.resize(new_size(picture.size, shorter, longest)[::-1], Image.Resampling.BILINEAR)

# %% [raw] mistake="resize/not_divided"
# The colours were standardised as 0..255. Mean and standard deviation belong to colours in 0..1: divide by 255 first.
# ---
# - colours = torch.from_numpy(np.array(resized)).permute(2, 0, 1) / 255  # (H, W, 3) -> (3, H, W)
# + colours = torch.from_numpy(np.array(resized)).permute(2, 0, 1).float()

# %% [raw] mistake="resize/divided_at_the_end"
# 255 divides only after mean and standard deviation were used, which belong to colours in 0..1: divide first.
# ---
# - colours = torch.from_numpy(np.array(resized)).permute(2, 0, 1) / 255  # (H, W, 3) -> (3, H, W)
# - mean, std = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
# - return (colours - mean[:, None, None]) / std[:, None, None]
# + colours = torch.from_numpy(np.array(resized)).permute(2, 0, 1).float()
# + mean, std = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
# + return (colours - mean[:, None, None]) / std[:, None, None] / 255

# %% [raw] mistake="resize/not_standardised"
# The colours are in 0..1, but mean and standard deviation were left out. The backbone has only ever seen standardised
# colours: subtract the mean of each channel and divide by its standard deviation.
# ---
# - return (colours - mean[:, None, None]) / std[:, None, None]
# + return colours

# %% [raw] mistake="resize/mean_and_std_exchanged"
# Mean and standard deviation changed places: subtract the mean, then divide by the standard deviation.
# ---
# - return (colours - mean[:, None, None]) / std[:, None, None]
# + return (colours - std[:, None, None]) / mean[:, None, None]

# %% [raw] mistake="resize/channels_last"
# The channels still come last, (H, W, 3), as PIL and NumPy have them. PyTorch wants them first: permute to (3, H, W).
# ---
# - colours = torch.from_numpy(np.array(resized)).permute(2, 0, 1) / 255  # (H, W, 3) -> (3, H, W)
# - mean, std = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
# - return (colours - mean[:, None, None]) / std[:, None, None]
# + colours = torch.from_numpy(np.array(resized)) / 255
# + return (colours - torch.tensor(IMAGENET_MEAN)) / torch.tensor(IMAGENET_STD)

# %% [raw] mistake="resize/reshaped"
# The colours were poured into (3, H, W): `reshape` keeps their order in memory, so the channels are mixed with the
# columns. `permute(2, 0, 1)` moves the axis.
# ---
# - colours = torch.from_numpy(np.array(resized)).permute(2, 0, 1) / 255  # (H, W, 3) -> (3, H, W)
# + colours = torch.from_numpy(np.array(resized)).reshape(3, *resized.size[::-1]) / 255

# %% [raw] mistake="resize/transposed"
# The channels are in front, but rows and columns changed places: `permute(2, 0, 1)` keeps the rows before the columns.
# ---
# - colours = torch.from_numpy(np.array(resized)).permute(2, 0, 1) / 255  # (H, W, 3) -> (3, H, W)
# + colours = torch.from_numpy(np.array(resized)).permute(2, 1, 0) / 255

# %% [raw] mistake="resize/bgr"
# The channels were turned to blue, green, red, as OpenCV has them. PIL gives red first, and so do mean and standard
# deviation: leave the order as it is.
# ---
# - colours = torch.from_numpy(np.array(resized)).permute(2, 0, 1) / 255  # (H, W, 3) -> (3, H, W)
# + colours = torch.from_numpy(np.array(resized)).permute(2, 0, 1).flip(0) / 255

# %% [raw] mistake="resize/mean_on_the_last_axis"
# Mean and standard deviation have shape (3,), which is broadcast over the *last* axis, the columns. Give them the shape
# (3, 1, 1).
# ---
# - return (colours - mean[:, None, None]) / std[:, None, None]
# + return (colours - mean) / std

# %% [raw] mistake="resize/batch_axis"
# There is an axis for the batch. Asked for is a single image, (3, H, W); whoever calls this adds that axis.
# ---
# - return (colours - mean[:, None, None]) / std[:, None, None]
# + return ((colours - mean[:, None, None]) / std[:, None, None])[None]

# %% [raw] mistake="resize/float64"
# The numbers are right, in double precision: NumPy computes in float64. The model's weights are float32, and the two
# do not mix: make the result float32.
# ---
# - return (colours - mean[:, None, None]) / std[:, None, None]
# + return (colours.double() - mean[:, None, None]) / std[:, None, None]
