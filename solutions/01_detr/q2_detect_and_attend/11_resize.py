# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 11 · Resize and normalise · 3 points · 12 min · ●●●○○
# **You will be able to** turn a picture of any size into the input that a DETR was trained on.
#
# DETR takes pictures of any shape, but it has learned how large objects usually are. The official rule: the **shorter
# side becomes `shorter`** pixels (800), unless the longer side would then pass `longest` (1333); in that case the
# **longer side becomes `longest`**. The aspect ratio stays. For a picture of $w \times h$ pixels both new sides are
# the old ones times
#
# $$r = \min\left(\frac{\text{shorter}}{\min(w, h)},\; \frac{\text{longest}}{\max(w, h)}\right)$$
#
# | picture (w, h) | $r$ | new size (w, h) |
# |---|---|---|
# | (640, 480) | 800/480 = 1.667 | (1067, 800) |
# | (480, 640) | 800/480 = 1.667 | (800, 1067) |
# | (2000, 500) | 1333/2000 = 0.667, since 800/500 = 1.6 would make 3200 | (1333, 333) |
#
# Implementations round differently (the official one gets 1066 above); a pixel or two does not matter, and the check
# allows for it.
#
# The numbers then have to look as in training, too. Colours come as integers 0..255, channel last. The model wants
# channels *first*, in `float32`, scaled to 0..1 and then standardised, per channel, with mean and deviation of ImageNet
# (`IMAGENET_MEAN`, `IMAGENET_STD`, in the order red, green, blue):
#
# $$x = \frac{p / 255 - \text{mean}}{\text{std}} \qquad\text{e.g. a red of 255:}\quad \frac{1 - 0.485}{0.229} = 2.249$$
#
# Write both functions. A model knows its own sizes: `shapes.input_size` is (128, 213), that of the official models
# (800, 1333). `picture.resize(size, Image.Resampling.BILINEAR)` does the resizing; PIL's sizes are (width, height).
#
# The library has all this in `detrlab.images`. Here you write it yourself: `to_input`, `resize_picture`, `resized_size`
# and `normalise` may not be called in your answer, nor may `detect`, which calls them, nor the transform inside
# torchvision's detectors (`GeneralizedRCNNTransform`). torchvision's ordinary transforms may.
#
# If stuck: `hint("resize")`.

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
        size = new_size(tuple(round(side * factor) for side in target), 800, 1333)
        sizes.append([10 * round(int(side) / 10) for side in size])

    # A picture of four flat colours: in the middle of each, no kind of interpolation changes anything.
    width, height = round(10 * draw.integer(14, 20) * 1.7), round(128 * 1.7)
    colours = np.zeros((height, width, 3), dtype=np.uint8)
    for rows in (slice(0, height // 2), slice(height // 2, height)):
        for columns in (slice(0, width // 2), slice(width // 2, width)):
            colours[rows, columns] = [draw.integer(0, 255) for _ in range(3)]
    image = prepare(Image.fromarray(colours), 128, 213)
    C, H, W = image.shape
    middles = torch.stack([image[:, y, x] for y in (H // 4, 3 * H // 4) for x in (W // 4, 3 * W // 4)])
    about = [C, 10 * round(H / 10), 10 * round(W / 10)]
    return {"new sizes": sizes, "shape of the input": about, "colours of the input": middles}


@resize.must("no longer side passes `longest`")
def _(value):
    return max(max(size) for size in value["new sizes"]) <= 1340


@resize.must("normalised colours lie between -2.2 and 2.7")
def _(value):
    return value["colours of the input"].abs().max() < 2.7


# %% [raw] hints="resize"
# 1. Two wishes limit the factor by which both sides are multiplied: the shorter side should reach `shorter`, the
#    longer side may not pass `longest`. The smaller of the two factors satisfies both.
# 2. `np.array(resized)` is (height, width, 3) in 0..255. Divide by 255 and permute to (3, height, width); mean and
#    deviation need the shape (3, 1, 1) to be broadcast over rows and columns.
# 3. `r = min(shorter / min(size_wh), longest / max(size_wh))`, then round both sides times `r`. The last line of
#    `prepare` is `(colours - mean[:, None, None]) / std[:, None, None]`, with both tables made tensors.

# %% [raw] mistake="resize/longer_side"
# The longer side was brought to `shorter`, so the picture comes out too small. It is the shorter side that becomes
# `shorter`; the longer one only has a limit.
# ---
# def new_size(size_wh, shorter=800, longest=1333):
#     r = shorter / max(size_wh)
#     return round(size_wh[0] * r), round(size_wh[1] * r)
#
#
# def prepare(picture, shorter=800, longest=1333):
#     resized = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
#     colours = torch.from_numpy(np.array(resized)).permute(2, 0, 1) / 255
#     mean, std = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
#     return (colours - mean[:, None, None]) / std[:, None, None]

# %% [raw] mistake="resize/no_limit"
# The limit on the longer side is missing: a wide panorama becomes far larger than anything the model was trained on.
# Where the longer side would pass `longest`, that side decides.
# ---
# def new_size(size_wh, shorter=800, longest=1333):
#     r = shorter / min(size_wh)
#     return round(size_wh[0] * r), round(size_wh[1] * r)
#
#
# def prepare(picture, shorter=800, longest=1333):
#     resized = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
#     colours = torch.from_numpy(np.array(resized)).permute(2, 0, 1) / 255
#     mean, std = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
#     return (colours - mean[:, None, None]) / std[:, None, None]

# %% [raw] mistake="resize/squashed"
# Every picture became a square, which bends the objects out of shape. Multiply both sides by one and the same factor,
# so that the aspect ratio stays.
# ---
# def new_size(size_wh, shorter=800, longest=1333):
#     return shorter, shorter
#
#
# def prepare(picture, shorter=800, longest=1333):
#     resized = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
#     colours = torch.from_numpy(np.array(resized)).permute(2, 0, 1) / 255
#     mean, std = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
#     return (colours - mean[:, None, None]) / std[:, None, None]

# %% [raw] mistake="resize/not_divided"
# The colours were standardised as 0..255. Mean and deviation belong to colours in 0..1, so divide by 255 first;
# without it every pixel looks hundreds of times too bright to the model.
# ---
# def new_size(size_wh, shorter=800, longest=1333):
#     r = min(shorter / min(size_wh), longest / max(size_wh))
#     return round(size_wh[0] * r), round(size_wh[1] * r)
#
#
# def prepare(picture, shorter=800, longest=1333):
#     resized = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
#     colours = torch.from_numpy(np.array(resized)).permute(2, 0, 1).float()
#     mean, std = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
#     return (colours - mean[:, None, None]) / std[:, None, None]

# %% [raw] mistake="resize/not_standardised"
# The colours are in 0..1, but mean and deviation were left out. The backbone has only ever seen standardised colours:
# subtract the mean of each channel and divide by its deviation.
# ---
# def new_size(size_wh, shorter=800, longest=1333):
#     r = min(shorter / min(size_wh), longest / max(size_wh))
#     return round(size_wh[0] * r), round(size_wh[1] * r)
#
#
# def prepare(picture, shorter=800, longest=1333):
#     resized = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
#     return torch.from_numpy(np.array(resized)).permute(2, 0, 1) / 255

# %% [raw] mistake="resize/channels_last"
# The colours are right, but the channels still come last, (H, W, 3), as PIL and matplotlib keep them. A convolution
# wants them first: (3, H, W).
# ---
# def new_size(size_wh, shorter=800, longest=1333):
#     r = min(shorter / min(size_wh), longest / max(size_wh))
#     return round(size_wh[0] * r), round(size_wh[1] * r)
#
#
# def prepare(picture, shorter=800, longest=1333):
#     resized = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
#     colours = torch.from_numpy(np.array(resized)) / 255
#     return (colours - torch.tensor(IMAGENET_MEAN)) / torch.tensor(IMAGENET_STD)

# %% [raw] mistake="resize/height_first"
# The new size came as (height, width). PIL counts the width first, in `picture.size` as in `picture.resize(...)`, so
# the size to return is (width, height), too.
# ---
# def new_size(size_wh, shorter=800, longest=1333):
#     r = min(shorter / min(size_wh), longest / max(size_wh))
#     return round(size_wh[1] * r), round(size_wh[0] * r)
#
#
# def prepare(picture, shorter=800, longest=1333):
#     resized = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
#     colours = torch.from_numpy(np.array(resized)).permute(2, 0, 1) / 255
#     mean, std = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
#     return (colours - mean[:, None, None]) / std[:, None, None]

# %% [raw] mistake="resize/sides_swapped"
# The new sizes are right, but in `prepare` width and height changed places, which squeezes the picture. PIL's
# `resize` wants (width, height); only tensors and arrays count the height first.
# ---
# def new_size(size_wh, shorter=800, longest=1333):
#     r = min(shorter / min(size_wh), longest / max(size_wh))
#     return round(size_wh[0] * r), round(size_wh[1] * r)
#
#
# def prepare(picture, shorter=800, longest=1333):
#     resized = picture.resize(new_size(picture.size, shorter, longest)[::-1], Image.Resampling.BILINEAR)
#     colours = torch.from_numpy(np.array(resized)).permute(2, 0, 1) / 255
#     mean, std = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
#     return (colours - mean[:, None, None]) / std[:, None, None]

# %% [raw] mistake="resize/float64"
# The numbers are right, in double precision: NumPy computes in float64. The model's weights are float32, and the two
# do not mix: make the result float32.
# ---
# def new_size(size_wh, shorter=800, longest=1333):
#     r = min(shorter / min(size_wh), longest / max(size_wh))
#     return round(size_wh[0] * r), round(size_wh[1] * r)
#
#
# def prepare(picture, shorter=800, longest=1333):
#     resized = picture.resize(new_size(picture.size, shorter, longest), Image.Resampling.BILINEAR)
#     return torch.from_numpy((np.array(resized) / 255 - IMAGENET_MEAN) / IMAGENET_STD).permute(2, 0, 1)
