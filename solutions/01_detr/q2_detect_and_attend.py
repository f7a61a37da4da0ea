# %% [markdown]
# # 2. Detect objects, then look inside
#
# In the first notebook you built a DETR. Here you use one. You turn its raw output into labelled boxes, then you open
# it while it works: which parts of the picture talk to each other in the encoder, and where does each object query
# look in the decoder?
#
# **After this notebook you can**
# - turn a picture of any size into DETR's input, and its output into boxes in pixels of that picture;
# - read what happens inside a network with forward hooks, and leave no trace of them;
# - reshape attention into maps over the picture, and say exactly *who looks at what* in each of them;
# - do all of this on a picture of your own.
#
# **34 points, about 2 hours.** You need notebook 1's idea of the architecture, but not your code from it.
#
# | part | steps | minutes |
# |---|---|---|
# | A. From a picture to detections | 11 resize and normalise · 12 scores and labels · 13 kept queries · 14 corners · 15 pixels · 16 drawing | 52 |
# | B. Looking inside | 17 hooks · 18 decoder maps · 19 from pixel to cell · 20 encoder maps · 21 the four-point figure | 56 |
# | C. Your own picture | 22 detect in a file, keep your picture | 12 |
#
# The model here is **"shapes"**: a DETR with a small backbone, trained from scratch on drawn scenes of circles,
# squares, triangles, stars, rings and crosses. It is the same class as the official DETR, with the same names of its
# parts, so whatever you write here runs on the official model as well. It has $Q = 20$ object queries instead of 100,
# $K = 6$ classes instead of COCO's 91 numbers, a width of $D = 128$ instead of 256, and three layers
# in encoder and decoder instead of six.
#
# After each step run its check. It tells you what came, what was expected and, where it can, what your mistake looks
# like. It tries your function on numbers drawn at random; a grader draws others. If you are stuck, ask for a hint,
# for example `hint("corners")`: three for each step, from the idea to nearly the code. If you learn alone and the
# course's `solutions/` folder is there, `solution("corners")` shows how we did it.

# %% setup
import copy
import re
import sys
import tempfile

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import display
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle
from PIL import Image
from torch import Tensor

import detrlab.boxes
from coursework import attempt, open_notebook, solution
from coursework import drawn_axes, drawn_boxes, drawn_circles, drawn_images, drawn_texts
from detrlab import DETR, Backbone, PositionEmbeddingSine, SmallResNet, Transformer
from detrlab import IMAGENET_MEAN, IMAGENET_STD, KEPT_NAME, keep_picture, open_picture, to_input, upload_button
from detrlab import Background, Shape, compose, compose_scene, draw_scene
from detrlab import capture_attention, detect, explore, load_model, stride_from_sizes
from detrlab import new_figure, plot_decoder_attention, plot_encoder_attention

____, check, hint = open_notebook("q2_detect_and_attend")

shapes = load_model("shapes")
sample = draw_scene(11)  # the scene that this notebook looks at: sample.picture is a PIL picture of 512 x 512 pixels
example_shapes = [
    Shape("square", centre_xy=(0.40, 0.45), radius=0.24, colour="blue", angle=20),
    Shape("star", centre_xy=(0.62, 0.60), radius=0.22, colour="yellow", outline_width=0.08),
]


def clear_cut(picture):
    """What "shapes" finds in a picture above the widest gap between its scores: no rounding decides there.

    Returns a threshold in the middle of that gap, and (boxes_xyxy, labels, scores) of what is above it.
    """
    found = detect(shapes, picture, 0.0)  # all queries, best first
    N = int((found.scores[:-1] - found.scores[1:]).argmax()) + 1
    return float(found.scores[N - 1 : N + 1].mean()), (found.boxes_xyxy[:N], found.labels[:N], found.scores[:N])


def as_tensor(values):
    """A tensor from whatever a function returned: a tensor, a numpy array, numbers, or lists of them."""
    if isinstance(values, list | tuple):
        return torch.stack([as_tensor(value) for value in values]) if values else torch.empty(0)
    return torch.as_tensor(values)


def each_once(rows):
    """Rows of a table without those that repeat an earlier one: a box or circle with a halo is drawn twice."""
    new = [all((row - earlier).abs().max() > 0.02 for earlier in rows[:i]) for i, row in enumerate(rows)]
    return rows[torch.tensor(new, dtype=torch.bool)]


def from_left_to_right(boxes_xyxy, labels, values):
    """Detections sorted by their left edge: where two scores are nearly equal, their order is a matter of rounding."""
    boxes_xyxy, labels, values = map(as_tensor, (boxes_xyxy, labels, values))
    order = boxes_xyxy[:, 0].argsort()
    numbers = [int(labels[i]) for i in order]
    return {"boxes": boxes_xyxy[order].float(), "labels": numbers, "scores": values[order].float()}


# %% [markdown]
# ## A. From a picture to detections
#
# This is the scene we work on, and this is all that DETR says about it (section 3.2 of the paper): for each of the
# $Q$ object queries, $K + 1$ class logits and one box.

# %%
with torch.no_grad():
    out = shapes(to_input(sample.picture, *shapes.input_size)[None])
print(sample.caption)
print("classes:    ", shapes.classes)
print("pred_logits:", tuple(out["pred_logits"].shape), "= (B, Q, K + 1): the last class is 'no object'")
print("pred_boxes: ", tuple(out["pred_boxes"].shape), "= (B, Q, 4): (cx, cy, w, h), each in 0..1 of the picture")
print("query 0:    ", [round(value, 2) for value in out["pred_boxes"][0, 0].tolist()], "is the box it predicts")
sample.picture.resize((256, 256))

# %% [markdown]
# Six small functions lead from there to a drawn box. They look harmless, and nearly every DETR demo on the web that
# "does not work" fails in one of them.

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

# %% [markdown]
# ### Step 12 · Scores and labels · 3 points · 10 min · ●●○○○
# **You will be able to** read a class and a score off each query's logits.
#
# The class head gives each query $K + 1$ logits. A softmax *over the classes* makes them probabilities. The last
# class is $\varnothing$, "no object": it takes part in the softmax, since it competes with the others, but it is
# never an answer. A query's **label** is its most probable real class, and its **score** that class's probability.
#
# A tiny example with $K = 2$ and three queries:
#
# | logits | softmax | without the last | label | score |
# |---|---|---|---|---|
# | 2, 0, 0 | .79, .11, .11 | .79, .11 | 0 | .79 |
# | 0, 1, 3 | .04, .11, .84 | .04, .11 | 1 | .11 |
# | 0, 0.5, 0 | .27, .45, .27 | .27, .45 | 1 | .45 |
#
# The second query says "no object" with 84 %. It still gets a label, and a low score: the threshold of the next step
# drops it.
#
# If stuck: `hint("scores")`.

# %% exercise="scores"
def scores_and_labels(logits):
    """Score and label of each query.

    logits: (Q, K + 1), before the softmax, "no object" last.
    Returns (scores, labels), in this order: probabilities (Q,), and class numbers 0..K-1, (Q,).
    """
    ### BEGIN SOLUTION
    probabilities = logits.softmax(-1)[:, :-1]  # (Q, K)
    return probabilities.max(-1)
    ### END SOLUTION


# %% check="scores" points=3
@check
def scores(draw):
    Q, K = draw.sizes(2, 5, 19)
    logits = 2 * draw.normal(Q, K + 1)
    logits[: Q // 2, -1] += 6.0  # about half of the queries see nothing
    values, labels = scores_and_labels(logits)
    return {"scores": torch.as_tensor(values).float(), "labels": [int(label) for label in labels]}


@scores.must("scores are probabilities, between 0 and 1")
def _(value):
    return ((value["scores"] >= 0) & (value["scores"] <= 1)).all()


# %% [raw] hints="scores"
# 1. Three things in this order: probabilities over all K + 1 classes, then forget the last one, then the largest of
#    what is left.
# 2. `softmax` needs to be told the axis of the classes, which is the last. `tensor.max(-1)` gives the largest values
#    and where they are, both at once.
# 3. `probabilities = logits.softmax(-1)[:, :-1]`, and then `probabilities.max(-1)` is the pair (scores, labels).

# %% [raw] mistake="scores/no_object_kept"
# The class "no object" was allowed to win: a query that sees nothing then reports nothing with great confidence. Drop
# the last class after the softmax, before looking for the largest.
# ---
# def scores_and_labels(logits):
#     return logits.softmax(-1).max(-1)

# %% [raw] mistake="scores/over_queries"
# The softmax ran over the queries, so that queries compete for a class. Queries are independent; the classes of one
# query compete: use the last axis.
# ---
# def scores_and_labels(logits):
#     return logits.softmax(0)[:, :-1].max(-1)

# %% [raw] mistake="scores/dropped_too_early"
# "No object" was dropped before the softmax, so the rest adds up to 1 and even a query that sees nothing looks
# confident. Take the softmax over all K + 1 classes first.
# ---
# def scores_and_labels(logits):
#     return logits[:, :-1].softmax(-1).max(-1)

# %% [raw] mistake="scores/sigmoid"
# These are sigmoids, each class for itself. DETR is trained with a cross-entropy over K + 1 classes that exclude each
# other, so its probabilities come from a softmax.
# ---
# def scores_and_labels(logits):
#     return logits.sigmoid()[:, :-1].max(-1)

# %% [raw] mistake="scores/swapped"
# Scores and labels came in the wrong order: the task asks for (scores, labels).
# ---
# def scores_and_labels(logits):
#     values, labels = logits.softmax(-1)[:, :-1].max(-1)
#     return labels, values

# %% [markdown]
# ### Step 13 · Which queries are kept · 2 points · 6 min · ●●○○○
# **You will be able to** keep track of *which* queries found something, which part B depends on.
#
# A detection is a query whose score is **above** the threshold (0.7 in the official notebooks). There is no
# non-maximum suppression: that two queries do not report the same object was learned in training (section 3.1).
#
# Return the **ids** of the kept queries, that is their places $0..Q-1$ in the model's output, best score first. You
# will use them to pick boxes, labels and attention maps of the very same queries.
#
# | scores of queries 0..4 | threshold | answer |
# |---|---|---|
# | .10, .75, .02, .99, .80 | .7 | 3, 4, 1 |
# | .10, .20, .30, .40, .50 | .7 | none: an empty list or tensor |
#
# If stuck: `hint("kept")`.

# %% exercise="kept"
def kept_queries(scores, threshold):
    """Ids of the queries that score above the threshold, best first: (N,) whole numbers, N may be 0.

    scores: (Q,) probabilities. threshold: a number between 0 and 1.
    """
    ### BEGIN SOLUTION
    order = scores.argsort(descending=True)  # (Q,) ids, best first
    return order[scores[order] > threshold]
    ### END SOLUTION


# %% check="kept" points=2
@check
def kept(draw):
    Q, N, threshold = draw.size(11, 29), draw.integer(3, 6), draw.number(0.3, 0.8)
    ids = draw.permutation(Q)
    while ids[:N].diff().sign().unique().numel() == 1:  # kept ids that rise or fall steadily would hide a wrong order
        ids = draw.permutation(Q)
    values = torch.empty(Q)
    values[ids[:N]] = threshold + (1 - threshold) * torch.linspace(0.95, 0.1, N)
    values[ids[N:]] = threshold * torch.linspace(0.9, 0.05, Q - N)
    some = [int(query) for query in kept_queries(values.clone(), threshold)]
    none = [int(query) for query in kept_queries(values.clone(), 0.999)]
    return {"kept": some, "kept above 0.999": none}


# %% [raw] hints="kept"
# 1. Sorting the scores alone loses who had them. Sort the ids by score instead, and then keep those whose score is
#    above the threshold.
# 2. `scores.argsort(descending=True)` are ids, best first. Indexing `scores` with them gives the scores in that
#    order.
# 3. `order = scores.argsort(descending=True)`, then `order[scores[order] > threshold]`.

# %% [raw] mistake="kept/ranks"
# These are ranks 0, 1, 2, ... in the sorted list, not the queries' ids. With ranks you would draw other queries'
# boxes and attention: sort the ids along with the scores.
# ---
# def kept_queries(scores, threshold):
#     ordered = scores.sort(descending=True).values
#     return (ordered > threshold).nonzero().flatten()

# %% [raw] mistake="kept/mask"
# This is a mask, true or false for each of the Q queries. The task asks for the ids of the true ones, best first.
# ---
# def kept_queries(scores, threshold):
#     return scores > threshold

# %% [raw] mistake="kept/not_sorted"
# These are the right queries, in the order of the output. The task asks for the best score first.
# ---
# def kept_queries(scores, threshold):
#     return (scores > threshold).nonzero().flatten()

# %% [raw] mistake="kept/worst_first"
# These are the right queries, but the worst comes first: sort in descending order.
# ---
# def kept_queries(scores, threshold):
#     order = scores.argsort()
#     return order[scores[order] > threshold]

# %% [raw] mistake="kept/scores"
# These are the scores of the kept queries, not their ids (as whole numbers they all become 0). Return where they are,
# not what they are.
# ---
# def kept_queries(scores, threshold):
#     return scores[scores > threshold].sort(descending=True).values

# %% [markdown]
# ### Step 14 · From centre to corners · 3 points · 8 min · ●●○○○
# **You will be able to** convert between the two ways of writing a box, in your sleep.
#
# DETR predicts a box by its **centre and size**, $(c_x, c_y, w, h)$. To draw it or to compare it with another one you
# want the **corners**, $(x_0, y_0, x_1, y_1)$: left, top, right, bottom. $x$ grows to the right, $y$ downwards. The
# unit stays what it was.
#
# For example, a box with its centre at (0.5, 0.4), 0.2 wide and 0.4 high, reaches from 0.5 - 0.1 to 0.5 + 0.1 and
# from 0.4 - 0.2 to 0.4 + 0.2, so its corners are (0.4, 0.2, 0.6, 0.6).
#
# There are functions for this, the library's `detrlab.boxes.cxcywh_to_xyxy` and `torchvision.ops.box_convert`. Write it
# yourself this once: your answer may not call them, nor what converts boxes elsewhere in these libraries (`detect`,
# torchvision's transforms, its detectors' `BoxCoder`, rotated boxes, private helpers).
#
# If stuck: `hint("corners")`.

# %% exercise="corners" library="detrlab.boxes.cxcywh_to_xyxy" forbids="torchvision.ops.box_convert, torchvision.ops._box_convert._box_cxcywh_to_xyxy, torchvision.transforms.v2.functional.convert_bounding_box_format, torchvision.transforms.v2.functional._meta._convert_bounding_box_format, torchvision.transforms.v2.functional._meta._cxcywh_to_xyxy, torchvision.transforms.v2.functional._meta._cxcywh_to_xywh, torchvision.transforms.v2.functional._meta._cxcywhr_to_xywhr, torchvision.transforms.v2.functional._meta._xywhr_to_xyxyxyxy, torchvision.ops._box_convert._box_cxcywhr_to_xywhr, torchvision.ops._box_convert._box_xywhr_to_xyxyxyxy, torchvision.models.detection._utils.BoxCoder.decode, torchvision.models.detection._utils.BoxCoder.decode_single, torchvision.models.detection._utils.BoxLinearCoder.decode, torchvision.transforms.v2.ConvertBoundingBoxFormat, torchvision.transforms.v2.Transform.forward, detrlab.detr.detect.detect"

# %% check="corners" points=3
@check
def corners(draw):
    return cxcywh_to_xyxy(draw.boxes_cxcywh(draw.size(3, 13)))


@corners.must("x0 <= x1 and y0 <= y1 in every box")
def _(boxes_xyxy):
    return (boxes_xyxy[:, :2] <= boxes_xyxy[:, 2:]).all()


@corners.must("every box lies inside the picture, 0..1, since these boxes do")
def _(boxes_xyxy):
    return boxes_xyxy.min() >= -1e-4 and boxes_xyxy.max() <= 1 + 1e-4


# %% [raw] hints="corners"
# 1. A corner lies half a width and half a height away from the centre.
# 2. `boxes_cxcywh.unbind(-1)` gives four tensors cx, cy, w, h. Compute the four new columns and put them side by side
#    on the last axis.
# 3. `torch.stack([cx - w / 2, ..., ..., cy + h / 2], dim=-1)`, with left, top, right, bottom in this order.

# %% [raw] mistake="corners/half_width"
# Width and height were used as if they were half of it, so the boxes came out twice as large: the corner lies half a
# width from the centre.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     cx, cy, w, h = boxes_cxcywh.unbind(-1)
#     return torch.stack([cx - w, cy - h, cx + w, cy + h], dim=-1)

# %% [raw] mistake="corners/centre_as_corner"
# The centre was taken for the upper left corner, as in COCO's files, so that every box is shifted by half its size.
# DETR's first two numbers are the centre.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     cx, cy, w, h = boxes_cxcywh.unbind(-1)
#     return torch.stack([cx, cy, cx + w, cy + h], dim=-1)

# %% [raw] mistake="corners/x_x_y_y"
# The numbers are right, their order is not: left, right, top, bottom. The task asks for left, top, right, bottom.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     cx, cy, w, h = boxes_cxcywh.unbind(-1)
#     return torch.stack([cx - w / 2, cx + w / 2, cy - h / 2, cy + h / 2], dim=-1)

# %% [raw] mistake="corners/unchanged"
# The boxes came back as they were, centre and size: the corners are still to be computed.
# ---
# def cxcywh_to_xyxy(boxes_cxcywh):
#     return boxes_cxcywh

# %% [markdown]
# ### Step 15 · To pixels of the original picture · 2 points · 6 min · ●●○○○
# **You will be able to** say in which frame a box is given, and take it to another one.
#
# The boxes are fractions of the picture, 0..1. Fractions do not care that the picture was resized on its way into the
# model, so there is no way back to compute: multiply $x$ by the width and $y$ by the height of the picture **as it
# was before** the resize, which is the one you want to draw on.
#
# For example, in a picture of 640 x 480 pixels the box (0.25, 0.5, 0.75, 1.0) becomes (160, 240, 480, 480).
#
# `picture.size` of a PIL picture is (width, height); the shape of a tensor or array is (..., height, width). The two
# orders meet in this line, in your code as in everybody's.
#
# Write it yourself: the library's `detrlab.boxes.scale_to_pixels` may not be called in your answer, nor what scales
# boxes elsewhere (`detect`, torchvision's detectors and transforms).
#
# If stuck: `hint("pixels")`.

# %% exercise="pixels" forbids="detrlab.boxes.scale_to_pixels, torchvision.models.detection.transform.resize_boxes, torchvision.models.detection.transform.GeneralizedRCNNTransform.postprocess, torchvision.transforms.v2.functional.resize_bounding_boxes, torchvision.transforms.v2.functional.resize, torchvision.transforms.v2.Transform.forward, detrlab.detr.detect.detect"
def to_pixels(boxes_xyxy, picture):
    """Boxes in pixels of a picture.

    boxes_xyxy: (N, 4) corners in 0..1 of the picture. picture: the original one (PIL).
    Returns (N, 4) float: corners (x0, y0, x1, y1) in pixels of that picture, not rounded.
    """
    ### BEGIN SOLUTION
    width, height = picture.size
    return boxes_xyxy * torch.tensor([width, height, width, height])
    ### END SOLUTION


# %% check="pixels" points=2
@check
def pixels(draw):
    width, height = (10 * side for side in draw.sizes(2, 23, 47))
    return torch.as_tensor(to_pixels(draw.boxes_xyxy(draw.size(2, 7)), Image.new("RGB", (width, height)))).float()


# %% [raw] hints="pixels"
# 1. A fraction of the width times the width is a number of pixels; the same for the height. Columns 0 and 2 of the
#    boxes are x, columns 1 and 3 are y.
# 2. Multiply the (N, 4) boxes by four numbers at once: broadcasting repeats them for each box.
# 3. `width, height = picture.size`, and then `boxes_xyxy * torch.tensor([width, height, width, height])`.

# %% [raw] mistake="pixels/height_first"
# Width and height changed places: x was multiplied by the height. PIL's `picture.size` is (width, height), unlike the
# shape of a tensor.
# ---
# def to_pixels(boxes_xyxy, picture):
#     height, width = picture.size
#     return boxes_xyxy * torch.tensor([width, height, width, height])

# %% [raw] mistake="pixels/resized_frame"
# These are pixels of the resized picture that the model saw. On the original, boxes would be drawn too small and
# shifted to the upper left: multiply by the original's size.
# ---
# def to_pixels(boxes_xyxy, picture):
#     r = min(shapes.input_size[0] / min(picture.size), shapes.input_size[1] / max(picture.size))
#     width, height = (side * r for side in picture.size)
#     return boxes_xyxy * torch.tensor([width, height, width, height])

# %% [raw] mistake="pixels/one_side_for_both"
# All four numbers were multiplied by the width. That works on square pictures only: y goes with the height.
# ---
# def to_pixels(boxes_xyxy, picture):
#     return boxes_xyxy * picture.size[0]

# %% [markdown]
# ### Step 16 · Draw detections · 2 points · 10 min · ●●○○○
# **You will be able to** show detections on a picture, however many there are.
#
# On the `axes` given, show the picture, and for each detection a rectangle and near it a label: one text with **class
# name and score**, two decimals, such as `star 0.93`. Return the axes.
#
# `axes.imshow(picture)` draws in pixels, so nothing has to be scaled any more. `Rectangle((x0, y0), width, height,
# fill=False, edgecolor=...)` wants one corner and the *size*; `axes.add_patch` puts it there and `axes.text(x, y,
# "...")` writes. It has to work for no detection (just the picture) and for a single one as well as for many.
# Colours, line widths and further titles are yours to choose. Draw each rectangle as one: a patch, or a closed line
# through its four corners.
#
# Draw with matplotlib: the library's `plot_detections`, `draw_box` and `draw_labels` may not be called in your answer.
#
# If stuck: `hint("drawing")`.

# %% exercise="drawing" forbids="detrlab.figures.detections.plot_detections, detrlab.figures.drawing.draw_box, detrlab.figures.drawing.draw_labels"
def draw_detections(axes, picture, boxes_xyxy, names, scores):
    """Draw a picture with its detections on matplotlib `axes`, and return the axes.

    picture: PIL. boxes_xyxy: (N, 4) tensor, corners in pixels of the picture. names: N class names.
    scores: (N,) tensor of probabilities. N may be 0.
    """
    ### BEGIN SOLUTION
    axes.imshow(picture)
    axes.set_axis_off()
    for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.tolist(), names, scores.tolist(), strict=True):
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="white", linewidth=4))
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="black", linewidth=1.5))
        axes.text(x0, y0, f"{name} {score:.2f}", color="white", va="bottom", bbox={"facecolor": "black", "pad": 2})
    return axes
    ### END SOLUTION


# %% check="drawing" points=2
def label_in(text):
    """'star 0.93' from a text with one class name and a score, as in '#1 Star: 93 %'; None from all others."""
    names = [name for name in shapes.classes if re.search(rf"(?<![a-z]){name}(?![a-z])", text.lower())]
    score = re.search(r"(\d+)\s*%|(\d*\.\d+)(\s*%)?", text)  # a number with decimals or per cent, not that of a list
    if len(names) != 1 or not score:
        return None
    value = float(score[1] or score[2]) / (100 if score[1] or score[3] else 1)
    return f"{names[0]} {value:.2f}"


def what_is_drawn(draw, N):
    """Boxes, labels and pictures that draw_detections puts on its axes for N drawn detections."""
    width, height = draw.sizes(2, 31, 47)
    picture = Image.new("RGB", (width, height), tuple(draw.integer(0, 255) for _ in range(3)))
    boxes_xyxy = draw.boxes_xyxy(N, width=width, height=height)
    names = [draw.choice(shapes.classes) for _ in range(N)]
    values = (71 + draw.permutation(29)[:N]) / 100  # no score twice, so a label drawn twice, as a shadow, is one label
    axes = Figure().subplots()
    returned = draw_detections(axes, picture, boxes_xyxy, names, values)
    if returned is ____:
        return ____
    return {
        "boxes": each_once(drawn_boxes(axes)),
        "labels": sorted({label for text in axes.texts if (label := label_in(text.get_text()))}),
        "pictures": [list(image["data"].shape) for image in drawn_images(axes)],
        "returned": "the axes" if returned is axes else type(returned).__name__,
    }


@check
def drawing(draw):
    found = {"many detections": what_is_drawn(draw, draw.size(5, 11))}
    for case, N in (("one detection", 1), ("no detection", 0)):
        try:
            found[case] = what_is_drawn(draw, N)
        except Exception as error:
            found[case] = f"stops with {type(error).__name__}"
    return found


# %% [raw] hints="drawing"
# 1. A loop over the detections: each turn takes one box, one name and one score. A loop over nothing draws nothing,
#    which is right for N = 0.
# 2. `zip(boxes_xyxy.tolist(), names, scores.tolist())` gives plain numbers; the rectangle's width is x1 - x0.
# 3. In the loop: `axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red"))` and
#    `axes.text(x0, y0, f"{name} {score:.2f}")`. Do not forget the picture before and `return axes` after it.

# %% [raw] mistake="drawing/corner_as_size"
# The right and lower edge were given as width and height, so every box reaches too far. `Rectangle` wants the size:
# x1 - x0 and y1 - y0.
# ---
# def draw_detections(axes, picture, boxes_xyxy, names, scores):
#     axes.imshow(picture)
#     for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.tolist(), names, scores.tolist(), strict=True):
#         axes.add_patch(Rectangle((x0, y0), x1, y1, fill=False))
#         axes.text(x0, y0, f"{name} {score:.2f}")
#     return axes

# %% [raw] mistake="drawing/squeezed"
# It stops at a single detection: `squeeze` turns (1, 4) into (4,), and the loop then runs over four numbers instead
# of one box. Leave the shape (N, 4) as it is.
# ---
# def draw_detections(axes, picture, boxes_xyxy, names, scores):
#     axes.imshow(picture)
#     for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.squeeze().tolist(), names, scores.tolist()):
#         axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False))
#         axes.text(x0, y0, f"{name} {score:.2f}")
#     return axes

# %% [raw] mistake="drawing/y_first"
# The boxes were drawn with y first, as tensors are indexed. matplotlib wants (x, y), and the width before the height.
# ---
# def draw_detections(axes, picture, boxes_xyxy, names, scores):
#     axes.imshow(picture)
#     for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.tolist(), names, scores.tolist(), strict=True):
#         axes.add_patch(Rectangle((y0, x0), y1 - y0, x1 - x0, fill=False))
#         axes.text(x0, y0, f"{name} {score:.2f}")
#     return axes

# %% [raw] mistake="drawing/no_scores"
# Boxes and names are there, the scores are not: a label such as `star 0.93` shows how sure the model is.
# ---
# def draw_detections(axes, picture, boxes_xyxy, names, scores):
#     axes.imshow(picture)
#     for (x0, y0, x1, y1), name in zip(boxes_xyxy.tolist(), names, strict=True):
#         axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False))
#         axes.text(x0, y0, name)
#     return axes

# %% [raw] mistake="drawing/no_picture"
# Boxes and labels are there, but they hang in the air: show the picture on the same axes first.
# ---
# def draw_detections(axes, picture, boxes_xyxy, names, scores):
#     for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.tolist(), names, scores.tolist(), strict=True):
#         axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False))
#         axes.text(x0, y0, f"{name} {score:.2f}")
#     return axes

# %% [raw] mistake="drawing/no_return"
# Everything is drawn, but the function returns nothing. Whoever calls it wants the axes back, to go on with them: end
# with `return axes`.
# ---
# def draw_detections(axes, picture, boxes_xyxy, names, scores):
#     axes.imshow(picture)
#     for (x0, y0, x1, y1), name, score in zip(boxes_xyxy.tolist(), names, scores.tolist(), strict=True):
#         axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False))
#         axes.text(x0, y0, f"{name} {score:.2f}")

# %% [markdown]
# #### Your six functions, one after the other
# This is the whole way from a picture to its detections. Change the threshold to 0.1 and see what the model was less
# sure about.

# %%
def my_detections(picture, threshold=0.7):
    """Queries (N,), labels (N,), scores (N,) and boxes (N, 4) in pixels, by your own functions."""
    with torch.no_grad():
        out = shapes(prepare(picture, *shapes.input_size)[None])
    probabilities, labels = map(as_tensor, scores_and_labels(out["pred_logits"][0]))
    queries = as_tensor(kept_queries(probabilities, threshold)).long()
    boxes_xyxy = as_tensor(to_pixels(cxcywh_to_xyxy(out["pred_boxes"][0][queries]), picture))
    return queries, labels[queries], probabilities[queries], boxes_xyxy


def show_my_detections(picture, threshold=0.7):
    _, labels, probabilities, boxes_xyxy = my_detections(picture, threshold)
    figure = new_figure((4.2, 4.2))
    names = [shapes.classes[label] for label in labels]
    draw_detections(figure.subplots(), picture, boxes_xyxy, names, probabilities)
    return figure


attempt(lambda: show_my_detections(sample.picture, threshold=0.7))

# %% [markdown]
# ## B. Looking inside
#
# Between the backbone and the boxes lies attention. For every pair of a *query* token that looks and a *key* token
# that is looked at there is one weight, and the weights of one query sum to 1. They are kept as `[query, key]`: **a
# row belongs to the one who looks, a column to what is looked at.**
#
# | attention | who looks | at what | weights |
# |---|---|---|---|
# | encoder self-attention | each of the $S = H \cdot W$ cells of the feature map | all cells | $(B, S, S)$ |
# | decoder self-attention | each of the $Q$ object queries | all object queries | $(B, Q, Q)$ |
# | decoder cross-attention | each object query | all cells | $(B, Q, S)$ |
#
# Each layer has its own, and so does each of its $M$ heads; here we take the last layer and the mean over its heads,
# as the official notebook does. The library can give you any layer and any head: `capture_attention` in part C.

# %% [markdown]
# ### Step 17 · Forward hooks · 4 points · 14 min · ●●●●○
# **You will be able to** read any module's output while a model runs, without changing the model.
#
# `forward` returns boxes and logits and forgets the rest. A **forward hook** is a function that PyTorch calls each
# time a module has computed its output:
#
# ```python
# def note(module, inputs, output):     # called after module.forward; it returns nothing, or it would replace the output
#     ...
# handle = some_module.register_forward_hook(note)
# model(image)                             # note is called in passing
# handle.remove()                          # from here on, it is not
# ```
#
# Collect three outputs in a dict:
#
# | key | module | what its output is | keep |
# |---|---|---|---|
# | `"features"` | `model.backbone[0]` | the feature map | $(1, C, H, W)$ |
# | `"encoder"` | `self_attn` of the last layer of `model.transformer.encoder` | a *pair*: (attended values, attention weights) | the weights, $(1, S, S)$ |
# | `"decoder"` | `multihead_attn` of the last layer of `model.transformer.decoder` | such a pair | the weights, $(1, Q, S)$ |
#
# Two facts save you an hour. A hook only fires when its module is *called*: `model.backbone` is a mere list of the
# convolutions and the position encoding, which are called one by one, so a hook on the list never fires. And hooks
# stay until removed: run the cell three times and you have nine of them. Remove yours **whatever happens**, also when
# the model raises an error, which is what `try: ... finally: ...` is for.
#
# The hooks are to be your own: the library's `capture_attention` and its helpers may not be called in your answer.
#
# If stuck: `hint("hooks")`.

# %% exercise="hooks" forbids="detrlab.attention.capture.capture_attention, detrlab.attention.capture._hook_layers, detrlab.attention.capture._record"
def look_inside(model, image):
    """Run a DETR once and collect with forward hooks what it computes inside.

    No hook is left behind, even on an error.

    image: (1, 3, h, w), prepared.
    Returns (out, seen): what the model returns, and a dict of tensors, detached:
    "features" (1, C, H, W), "encoder" (1, S, S) and "decoder" (1, Q, S): attention as [query, key],
    mean over heads.
    """
    ### BEGIN SOLUTION
    seen = {}

    def keep_features(module, inputs, output):
        seen["features"] = output.detach()

    def keep_weights(name):
        def note(module, inputs, output):
            seen[name] = output[1].detach()

        return note

    transformer = model.transformer
    handles = [
        model.backbone[0].register_forward_hook(keep_features),
        transformer.encoder.layers[-1].self_attn.register_forward_hook(keep_weights("encoder")),
        transformer.decoder.layers[-1].multihead_attn.register_forward_hook(keep_weights("decoder")),
    ]
    try:
        out = model(image)
    finally:
        for handle in handles:
            handle.remove()
    return out, seen
    ### END SOLUTION


# %% check="hooks" points=4
def tiny_detr(num_queries, num_layers):
    """An untrained DETR that is small enough to be filled with drawn weights at once; stride 8."""
    model = DETR(
        Backbone(SmallResNet((5, 7, 11, 11, 13)), num_channels=13),
        PositionEmbeddingSine(8),
        Transformer(16, 2, num_layers, num_layers, dim_feedforward=17, dropout=0.0),
        num_classes=len(shapes.classes),
        num_queries=num_queries,
    )
    return model.eval()


def hooks_left_on(model):
    return sum(len(module._forward_hooks) for module in model.modules())


@check
def hooks(draw):
    model = draw.fill(tiny_detr(draw.size(5, 13), num_layers=draw.integer(2, 4)))
    H, W = draw.sizes(2, 3, 7)
    out, seen = look_inside(model, draw.normal(1, 3, 8 * H, 8 * W))
    found = {name: seen.get(name) for name in ("features", "encoder", "decoder")}
    found["hooks left on"] = hooks_left_on(model)
    try:
        look_inside(model, draw.normal(1, 5, 8 * H, 8 * W))  # five channels: no model takes that
    except Exception:  # whatever it is, only the hooks matter here
        pass
    return {**found, "hooks left on after an error": hooks_left_on(model), "logits": out["pred_logits"]}


@hooks.must("each row of an attention sums to 1")
def _(value):
    return all(torch.allclose(value[name].sum(-1), torch.ones(()), atol=1e-3) for name in ("encoder", "decoder"))


# %% [raw] hints="hooks"
# 1. A hook is an ordinary function; it can put what it gets into a dict that lives outside of it. You need three of
#    them, and must not lose the three handles.
# 2. `nn.MultiheadAttention` returns (attended values, weights), so the hook takes `output[1]`. The last layer is
#    `layers[-1]`. Put the call of the model into a `try`, and the removal into its `finally`.
# 3. `seen = {}`, then a `def note(module, inputs, output): seen["encoder"] = output[1].detach()` for
#    `model.transformer.encoder.layers[-1].self_attn`, likewise for the decoder's `multihead_attn` and, with `output`
#    itself, for `model.backbone[0]`. After `handles = [...]`: `try: out = model(image)`, `finally: for handle in
#    handles: handle.remove()`.

# %% [raw] mistake="hooks/values_not_weights"
# That is the first thing an attention returns, the attended values of width D. The weights, who looks at what, are
# the second: output[1].
# ---
# def look_inside(model, image):
#     seen, transformer = {}, model.transformer
#     modules = {"features": model.backbone[0], "encoder": transformer.encoder.layers[-1].self_attn,
#                "decoder": transformer.decoder.layers[-1].multihead_attn}
#     handles = []
#     for name, module in modules.items():
#         def note(module, inputs, output, name=name):
#             seen[name] = output if name == "features" else output[0]
#         handles.append(module.register_forward_hook(note))
#     try:
#         out = model(image)
#     finally:
#         for handle in handles:
#             handle.remove()
#     return out, seen

# %% [raw] mistake="hooks/whole_pair"
# An attention returns a pair, and the whole pair was kept. Keep its second half, the weights: output[1].
# ---
# def look_inside(model, image):
#     seen, transformer = {}, model.transformer
#     modules = {"features": model.backbone[0], "encoder": transformer.encoder.layers[-1].self_attn,
#                "decoder": transformer.decoder.layers[-1].multihead_attn}
#     handles = []
#     for name, module in modules.items():
#         def note(module, inputs, output, name=name):
#             seen[name] = output
#         handles.append(module.register_forward_hook(note))
#     try:
#         out = model(image)
#     finally:
#         for handle in handles:
#             handle.remove()
#     return out, seen

# %% [raw] mistake="hooks/never_removed"
# Everything is captured, but the hooks were never removed: each further run adds three more, and they fire in
# everything you do with the model afterwards.
# ---
# def look_inside(model, image):
#     seen, transformer = {}, model.transformer
#     modules = {"features": model.backbone[0], "encoder": transformer.encoder.layers[-1].self_attn,
#                "decoder": transformer.decoder.layers[-1].multihead_attn}
#     for name, module in modules.items():
#         def note(module, inputs, output, name=name):
#             seen[name] = output if name == "features" else output[1]
#         module.register_forward_hook(note)
#     return model(image), seen

# %% [raw] mistake="hooks/left_after_error"
# The hooks are removed when all goes well, but stay on when the model raises an error. Put the removal into the
# `finally` of a `try`.
# ---
# def look_inside(model, image):
#     seen, transformer = {}, model.transformer
#     modules = {"features": model.backbone[0], "encoder": transformer.encoder.layers[-1].self_attn,
#                "decoder": transformer.decoder.layers[-1].multihead_attn}
#     handles = []
#     for name, module in modules.items():
#         def note(module, inputs, output, name=name):
#             seen[name] = output if name == "features" else output[1]
#         handles.append(module.register_forward_hook(note))
#     out = model(image)
#     for handle in handles:
#         handle.remove()
#     return out, seen

# %% [raw] mistake="hooks/container"
# The features are missing: `model.backbone` is a list of two modules that are called one by one, so the list itself
# is never called, and its hook never fires. Hook its first module.
# ---
# def look_inside(model, image):
#     seen, transformer = {}, model.transformer
#     modules = {"features": model.backbone, "encoder": transformer.encoder.layers[-1].self_attn,
#                "decoder": transformer.decoder.layers[-1].multihead_attn}
#     handles = []
#     for name, module in modules.items():
#         def note(module, inputs, output, name=name):
#             seen[name] = output if name == "features" else output[1]
#         handles.append(module.register_forward_hook(note))
#     try:
#         out = model(image)
#     finally:
#         for handle in handles:
#             handle.remove()
#     return out, seen

# %% [raw] mistake="hooks/first_layer"
# These are the first layers. The task asks for the last ones, from which the boxes are predicted: layers[-1].
# ---
# def look_inside(model, image):
#     seen, transformer = {}, model.transformer
#     modules = {"features": model.backbone[0], "encoder": transformer.encoder.layers[0].self_attn,
#                "decoder": transformer.decoder.layers[0].multihead_attn}
#     handles = []
#     for name, module in modules.items():
#         def note(module, inputs, output, name=name):
#             seen[name] = output if name == "features" else output[1]
#         handles.append(module.register_forward_hook(note))
#     try:
#         out = model(image)
#     finally:
#         for handle in handles:
#             handle.remove()
#     return out, seen

# %% [raw] mistake="hooks/decoder_self"
# This is the decoder's self-attention, among the object queries, (1, Q, Q). Where queries look in the picture is its
# cross-attention, `multihead_attn`.
# ---
# def look_inside(model, image):
#     seen, transformer = {}, model.transformer
#     modules = {"features": model.backbone[0], "encoder": transformer.encoder.layers[-1].self_attn,
#                "decoder": transformer.decoder.layers[-1].self_attn}
#     handles = []
#     for name, module in modules.items():
#         def note(module, inputs, output, name=name):
#             seen[name] = output if name == "features" else output[1]
#         handles.append(module.register_forward_hook(note))
#     try:
#         out = model(image)
#     finally:
#         for handle in handles:
#             handle.remove()
#     return out, seen

# %% [markdown]
# **Where this does not work.** PyTorch's own `nn.TransformerEncoderLayer` and `nn.TransformerDecoderLayer`, which the
# short DETR of notebook 1 is made of, tell their attention not to compute weights, so the same hook finds `None`. The
# library's `capture_attention` copes with both kinds.
#
# Here is what your hooks find in the sample scene:

# %%
def show_shapes(picture):
    _, seen = look_inside(shapes, prepare(picture, *shapes.input_size)[None])
    for name, tensor in seen.items():
        print(f"{name:9} {tuple(tensor.shape)}")


attempt(lambda: show_shapes(sample.picture))

# %% [markdown]
# ### Step 18 · Where each kept query looks · 4 points · 9 min · ●●●○○
# **You will be able to** turn rows of the decoder's cross-attention into maps over the picture.
#
# A row of the $(1, Q, S)$ cross-attention says how one object query shares its attention among the $S$ cells. The
# model made these $S$ tokens by `flatten`ing the $(H, W)$ feature map, row by row, so a `reshape` to $(H, W)$, in
# this order, undoes it. $H$ and $W$ are the last two sizes of the feature map.
#
# For example with $H = 2$, $W = 3$: the row 0, 1, 2, 3, 4, 5 becomes
#
# $$\begin{pmatrix} 0 & 1 & 2 \\ 3 & 4 & 5 \end{pmatrix} \qquad\text{and not}\qquad \begin{pmatrix} 0 & 2 & 4 \\ 1 & 3 & 5 \end{pmatrix}$$
#
# Return one map for each kept query, in the order in which the ids come. An id such as 17 means row 17 of the
# attention, even if it is the best detection of all.
#
# If stuck: `hint("decoder_maps")`.

# %% exercise="decoder_maps"
def maps_of_queries(cross, queries, features):
    """Maps over the cells: where each of the given queries looks.

    cross: (1, Q, S) cross-attention, [query, key]. queries: (N,) ids of queries.
    features: (1, C, H, W), S = H * W. Returns (N, H, W).
    """
    ### BEGIN SOLUTION
    H, W = features.shape[-2:]
    return cross[0, queries].reshape(-1, H, W)  # (N, S) -> (N, H, W)
    ### END SOLUTION


# %% check="decoder_maps" points=4
@check
def decoder_maps(draw):
    H, W, Q = draw.sizes(3, 3, 13)
    Q += 5
    cross, features = draw.attention(1, Q, H * W), draw.normal(1, 2, H, W)
    several = draw.permutation(Q)[:3]
    while several.tolist() in ([0, 1, 2], sorted(several.tolist())):
        several = draw.permutation(Q)[:3]
    one = torch.tensor([draw.integer(1, Q - 1)])
    return {
        "three queries": as_tensor(maps_of_queries(cross.clone(), several, features)).float(),
        "one query": as_tensor(maps_of_queries(cross.clone(), one, features)).float(),
    }


@decoder_maps.must("each map sums to 1, as a row of attention does")
def _(value):
    return all(torch.allclose(maps.flatten(1).sum(1), torch.ones(()), atol=1e-3) for maps in value.values())


# %% [raw] hints="decoder_maps"
# 1. First pick the rows of the kept queries, then give each row of S numbers the shape of the feature map.
# 2. `cross[0]` takes away the batch, indexing it with the ids picks the rows, and `features.shape[-2:]` are H and W
#    in this order.
# 3. `H, W = features.shape[-2:]`, and then `cross[0, queries].reshape(-1, H, W)`.

# %% [raw] mistake="decoder_maps/width_first"
# The maps came as (W, H). Tensors count rows first, so the shape of a map is (H, W), as in the feature map it was
# flattened from.
# ---
# def maps_of_queries(cross, queries, features):
#     H, W = features.shape[-2:]
#     return cross[0, queries].reshape(-1, W, H)

# %% [raw] mistake="decoder_maps/width_first_turned"
# The shape is right but the numbers are shuffled: they were cut into rows of length H and then turned. Reshaping
# straight to (H, W) undoes the flattening; nothing has to be turned.
# ---
# def maps_of_queries(cross, queries, features):
#     H, W = features.shape[-2:]
#     return cross[0, queries].reshape(-1, W, H).transpose(1, 2)

# %% [raw] mistake="decoder_maps/ranks"
# These are the maps of queries 0, 1, 2, ...: the rank of a detection was used instead of its query's id, so the maps
# belong to other queries than the boxes.
# ---
# def maps_of_queries(cross, queries, features):
#     H, W = features.shape[-2:]
#     return cross[0, : len(queries)].reshape(-1, H, W)

# %% [raw] mistake="decoder_maps/sorted"
# These are the right maps in another order. Keep the order in which the ids come, best detection first, or maps and
# boxes no longer fit together.
# ---
# def maps_of_queries(cross, queries, features):
#     H, W = features.shape[-2:]
#     return cross[0, queries.sort().values].reshape(-1, H, W)

# %% [raw] mistake="decoder_maps/all_queries"
# These are the maps of all Q queries. Most of them found no object: pick the rows of the kept ones.
# ---
# def maps_of_queries(cross, queries, features):
#     H, W = features.shape[-2:]
#     return cross[0].reshape(-1, H, W)

# %% [markdown]
# #### Where do the queries look?
# For each detection, the map of its query above the picture with its box, as in the official notebook. Does a query
# look at the object it reports? And where within it: at the middle, or at the tips and edges? In the paper's figure 6
# the decoder of the large model looks mostly at the extremities of objects, such as heads and feet. Compare.

# %%
def show_decoder_attention(picture, threshold=0.7):
    queries, labels, probabilities, boxes_xyxy = my_detections(picture, threshold)
    image = prepare(picture, *shapes.input_size)[None]
    _, seen = look_inside(shapes, image)
    maps = as_tensor(maps_of_queries(seen["decoder"], queries, seen["features"]))

    # Each cell at its true place over the picture: it covers stride x stride pixels of the model's input.
    stride = stride_from_sizes(image.shape[-2:], maps.shape[-2:])
    width, height = picture.size
    right = maps.shape[-1] * stride * width / image.shape[-1]
    bottom = maps.shape[-2] * stride * height / image.shape[-2]

    N = len(queries)
    if N == 0:
        return "No query scores above the threshold."
    small = picture.copy()
    small.thumbnail((256, 256))  # sharp enough for a panel, and quicker to draw
    figure = new_figure((max(1.7 * N, 4.5), 3.8))
    panels = figure.subplots(2, N, squeeze=False)
    for i in range(N):
        panels[0, i].imshow(maps[i].numpy(), cmap="cividis", extent=(0, right, bottom, 0))
        panels[0, i].set(title=f"query {queries[i]} looks at", xlim=(0, width), ylim=(height, 0))
        panels[1, i].imshow(small, extent=(0, width, height, 0))
        x0, y0, x1, y1 = boxes_xyxy[i]
        for row in (0, 1):
            panels[row, i].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="white", linewidth=3))
            panels[row, i].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="black"))
            panels[row, i].set_axis_off()
        panels[1, i].set_title(f"{shapes.classes[labels[i]]} {probabilities[i]:.2f}")
    figure.suptitle("Decoder cross-attention, last layer, mean of heads")
    return figure


attempt(lambda: show_decoder_attention(sample.picture))

# %% [markdown]
# ### Step 19 · From a pixel to its cell · 3 points · 9 min · ●●●○○
# **You will be able to** find the token that stands for a point of the picture, for any model and any picture size.
#
# To ask what the encoder does at a *point* of the picture we need the *cell* of the feature map that holds it. Two
# steps:
#
# 1. from the original picture to the model's input: the resize multiplied $x$ by $w / \text{width}$ and $y$ by $h /
#    \text{height}$;
# 2. from the input to the cell: a cell stands for a square of `stride` x `stride` pixels of the **input**, so divide
#    and round down.
#
# $$\text{row} = \left\lfloor \frac{y \cdot h / \text{height}}{\text{stride}} \right\rfloor \qquad \text{column} = \left\lfloor \frac{x \cdot w / \text{width}}{\text{stride}} \right\rfloor$$
#
# The stride is 32 for DETR's ResNets, 16 for their DC5 variants and 8 for "shapes", which is why it is an argument
# here and not a number in the code. Points are $(x, y)$, tensors are indexed `[row, column]`, which is `[y, x]`.
#
# An example: a picture of 640 x 480 pixels (width x height) is resized to 171 x 128, with stride 8. The point $(590,
# 100)$ lies at $590 \cdot 171 / 640 = 157.6$ and $100 \cdot 128 / 480 = 26.7$ in the input, so its cell is row 3,
# column 19.
#
# Many figures on the web take a shortcut: they stretch the feature map over the picture. It has $W = \lceil 171 / 8
# \rceil = 22$ columns, and $590 \cdot 22 / 640 = 20.3$ says column 20, the neighbour. The shortcut forgets that the
# last column hangs over the edge: 22 cells of 8 pixels are 176 pixels, not 171.
#
# Write it yourself: the library's `FeatureGrid.cell_at` may not be called in your answer, nor may `looks_at` and
# `is_looked_at_from` of a captured attention, which find the cell for you.
#
# If stuck: `hint("cell")`.

# %% exercise="cell" forbids="detrlab.attention.grid.FeatureGrid.cell_at, detrlab.attention.capture.EncoderAttention.looks_at, detrlab.attention.capture.EncoderAttention.is_looked_at_from"
def cell_at(point_xy, size_wh, input_hw, stride):
    """The cell (row, column), two integers, that holds a point of the picture.

    point_xy: (x, y) in pixels of the original picture, whose size is size_wh = (width, height).
    input_hw: (h, w) of the model's input, the resized picture. stride: input pixels per cell.
    """
    ### BEGIN SOLUTION
    (x, y), (width, height), (h, w) = point_xy, size_wh, input_hw
    return int(y * h / height / stride), int(x * w / width / stride)
    ### END SOLUTION


# %% check="cell" points=3
@check
def cell(draw):
    stride = draw.choice((8, 16))
    whole = draw.sizes(2, 5, 13)  # whole cells along w and h; a last one hangs over the edge
    w, h = (cells * stride + draw.integer(1, stride // 4) for cells in whole)
    factor = draw.number(1.6, 4.0)
    width, height = round(w * factor), round(h * factor)
    cells = []
    for far in (True, False, False):
        column, row = (cells_along - 1 if far else draw.integer(0, cells_along - 1) for cells_along in whole)
        x = (column + draw.number(0.6, 0.7)) * stride * width / w
        y = (row + draw.number(0.6, 0.7)) * stride * height / h
        cells.append([float(index) for index in cell_at((x, y), (width, height), (h, w), stride)])
    return {"cells (row, column) of three points": cells}


# %% [raw] hints="cell"
# 1. There are three frames: the original picture, the resized input, the feature map. Walk from the first to the
#    second and then to the third, with x and y apart.
# 2. x goes with the widths and gives the column, y goes with the heights and gives the row; the answer wants the row
#    first.
# 3. `int(y * h / height / stride)` is the row; write the column likewise, and return (row, column).

# %% [raw] mistake="cell/column_first"
# Row and column changed places. A point is (x, y), but a cell is (row, column), so what comes from y is first.
# ---
# def cell_at(point_xy, size_wh, input_hw, stride):
#     (x, y), (width, height), (h, w) = point_xy, size_wh, input_hw
#     return int(x * w / width / stride), int(y * h / height / stride)

# %% [raw] mistake="cell/rounded"
# These are the nearest whole numbers. Cell 0 holds the pixels from 0 up to `stride`, so a point in its second half
# still belongs to it: round down.
# ---
# def cell_at(point_xy, size_wh, input_hw, stride):
#     (x, y), (width, height), (h, w) = point_xy, size_wh, input_hw
#     return round(y * h / height / stride), round(x * w / width / stride)

# %% [raw] mistake="cell/not_rounded"
# Row and column came with their fractions. A cell is numbered by two integers: round down.
# ---
# def cell_at(point_xy, size_wh, input_hw, stride):
#     (x, y), (width, height), (h, w) = point_xy, size_wh, input_hw
#     return y * h / height / stride, x * w / width / stride

# %% [raw] mistake="cell/always_32"
# 32 is the stride of the official ResNets. Other backbones have others (16 for DC5, 8 for "shapes"): use the stride
# that is given.
# ---
# def cell_at(point_xy, size_wh, input_hw, stride):
#     (x, y), (width, height), (h, w) = point_xy, size_wh, input_hw
#     return int(y * h / height / 32), int(x * w / width / 32)

# %% [raw] mistake="cell/not_resized"
# Pixels of the original picture were divided by the stride. The stride counts pixels of the model's input: take the
# point there first.
# ---
# def cell_at(point_xy, size_wh, input_hw, stride):
#     x, y = point_xy
#     return int(y / stride), int(x / stride)

# %% [raw] mistake="cell/stretched"
# The map was stretched over the picture. Its last row and column hang over the edge, so far from the upper left this
# names a neighbouring cell: divide input pixels by the stride.
# ---
# def cell_at(point_xy, size_wh, input_hw, stride):
#     (x, y), (width, height), (h, w) = point_xy, size_wh, input_hw
#     H, W = -(-h // stride), -(-w // stride)
#     return int(y / height * H), int(x / width * W)

# %% [raw] mistake="cell/sides_swapped"
# The picture's width and height changed places. Sizes come in two orders here, (width, height) of the picture and (h,
# w) of the input: unpack each in its own order.
# ---
# def cell_at(point_xy, size_wh, input_hw, stride):
#     (x, y), (height, width), (h, w) = point_xy, size_wh, input_hw
#     return int(y * h / height / stride), int(x * w / width / stride)

# %% [markdown]
# ### Step 20 · What a point looks at, and who looks at it · 4 points · 12 min · ●●●●○
# **You will be able to** draw the encoder's attention for a point in both directions, and to name each of them right.
#
# The encoder's weights are $(1, S, S)$: every cell looks at every cell. As each $S$ is a flattened $(H, W)$, a
# `reshape` gives the weights four axes, $(H, W, H, W)$: first row and column of the cell that looks, then row and
# column of the cell that is looked at. For the cell $(r, c)$ there are two different maps:
#
# - **"looks at"**: where the cell looks, its *row* of the matrix. It sums to 1.
# - **"is looked at from"**: how much every cell looks at this one, its *column*. It sums to whatever it likes: a cell
#   that everybody looks at has a large sum.
#
# They are not the same. With $S = 2$ cells and the weights $\begin{pmatrix} .9 & .1 \\ .6 & .4 \end{pmatrix}$, the first cell looks at (.9, .1), and
# is looked at from (.9, .6).
#
# The official notebook, and with it nearly every figure on the web, draws the *second* map, often with the caption of
# the first. Both are worth seeing, as long as the label agrees. Return both by name.
#
# If stuck: `hint("encoder_maps")`.

# %% exercise="encoder_maps"
def maps_of_cell(attention, cell, features):
    """The two maps of one cell, a dict {"looks at": (H, W), "is looked at from": (H, W)}.

    attention: (1, S, S) encoder self-attention, [query, key], already the mean over the heads.
    cell: (row, column). features: (1, C, H, W), S = H * W.
    """
    ### BEGIN SOLUTION
    H, W = features.shape[-2:]
    row, column = cell
    weights = attention.reshape(H, W, H, W)  # [row, column] of who looks, then of what is looked at
    return {"looks at": weights[row, column], "is looked at from": weights[:, :, row, column]}
    ### END SOLUTION


# %% check="encoder_maps" points=4
@check
def encoder_maps(draw):
    H, W = draw.sizes(2, 3, 11)
    place = draw.integer(0, H - 1), draw.integer(0, W - 1)
    maps = maps_of_cell(draw.attention(1, H * W, H * W), place, draw.normal(1, 2, H, W))
    return {direction: as_tensor(maps[direction]).float() for direction in ("looks at", "is looked at from")}


@encoder_maps.must("the map of where a cell looks sums to 1")
def _(value):
    return torch.isclose(value["looks at"].sum(), torch.ones(()), atol=1e-3)


# %% [raw] hints="encoder_maps"
# 1. [query, key]: the first axis is who looks, the second what is looked at. Each of the two can be unfolded into
#    rows and columns of the feature map.
# 2. `attention.reshape(H, W, H, W)`; fixing the first two axes leaves where the cell looks, fixing the last two
#    leaves who looks at it.
# 3. `weights = attention.reshape(H, W, H, W)`, then `weights[row, column]` for "looks at", and `weights[:, :, row,
#    column]` for "is looked at from".

# %% [raw] mistake="encoder_maps/directions_swapped"
# The two maps carry each other's names. Attention is [query, key]: the cell's row, weights[row, column], is where it
# looks, its column is who looks at it.
# ---
# def maps_of_cell(attention, cell, features):
#     H, W = features.shape[-2:]
#     row, column = cell
#     weights = attention.reshape(H, W, H, W)
#     return {"looks at": weights[:, :, row, column], "is looked at from": weights[row, column]}

# %% [raw] mistake="encoder_maps/same_map_twice"
# Both maps are the same one, where the cell looks. Attention is not symmetric: who looks at the cell is the other
# pair of axes.
# ---
# def maps_of_cell(attention, cell, features):
#     H, W = features.shape[-2:]
#     row, column = cell
#     weights = attention.reshape(H, W, H, W)
#     return {"looks at": weights[row, column], "is looked at from": weights[row, column]}

# %% [raw] mistake="encoder_maps/averaged_again"
# A mean was taken once more. The weights are already the mean over the heads; the next axis is the cells that look,
# and averaging them makes the same map for every point.
# ---
# def maps_of_cell(attention, cell, features):
#     H, W = features.shape[-2:]
#     return {"looks at": attention[0].mean(0).reshape(H, W), "is looked at from": attention[0].mean(1).reshape(H, W)}

# %% [raw] mistake="encoder_maps/width_first"
# The weights were unfolded as (W, H, W, H), so the maps came out as (W, H) and shuffled. The cells were flattened row
# by row: H comes first.
# ---
# def maps_of_cell(attention, cell, features):
#     H, W = features.shape[-2:]
#     row, column = cell
#     weights = attention.reshape(W, H, W, H)
#     return {"looks at": weights[column, row], "is looked at from": weights[:, :, column, row]}

# %% [raw] mistake="encoder_maps/columns_normalised"
# The column was divided by its sum. It need not sum to 1, and its sum is worth seeing: it tells how much a cell is
# looked at in all. Leave the weights as they are.
# ---
# def maps_of_cell(attention, cell, features):
#     H, W = features.shape[-2:]
#     row, column = cell
#     weights = attention.reshape(H, W, H, W)
#     looked_at = weights[:, :, row, column]
#     return {"looks at": weights[row, column], "is looked at from": looked_at / looked_at.sum()}

# %% [markdown]
# ### Step 21 · The four-point figure · 2 points · 12 min · ●●●○○
# **You will be able to** make the best-known figure of DETR (its figure 3), with nothing shifted, turned or
# mislabelled.
#
# Draw one figure with one picture and, around or beside it, one map for each of four points:
#
# - the picture in pixels, `imshow(picture)`, with a **circle** (or a marker) at each point. The points come as
#   **fractions** of the picture, so that the same four serve for pictures of any size: scale them to pixels;
# - the maps with `imshow`, as they are, in panels of their own;
# - the **direction** in a title, word for word as it is given: "looks at" or "is looked at from".
#
# In a picture of 640 x 480 pixels, for example, the point (0.25, 0.5) is drawn at $x = 160$, $y = 240$.
#
# If stuck: `hint("four_points")`.

# %% exercise="four_points"
def draw_points(picture, points_01, maps, direction):
    """A matplotlib Figure: the picture with a circle at each point, and the map of each point.

    picture: PIL. points_01: four points (x, y), fractions 0..1 of the picture's width and height.
    maps: four (H, W) tensors, one for each point. direction: "looks at" or "is looked at from".
    """
    ### BEGIN SOLUTION
    figure = plt.figure(figsize=(7.0, 3.6), layout="constrained")
    figure.suptitle("Encoder self-attention, last layer, mean of heads")
    panels = figure.subplot_mosaic([[0, "picture", "picture", 2], [1, "picture", "picture", 3]])
    panels["picture"].imshow(picture)
    panels["picture"].set_axis_off()
    width, height = picture.size
    for i, ((x, y), map_hw) in enumerate(zip(points_01, maps, strict=True)):
        x, y = x * width, y * height
        panels["picture"].add_patch(Circle((x, y), 0.02 * width, facecolor="white", edgecolor="black"))
        panels["picture"].text(x + 0.03 * width, y, f"{i + 1}", va="center", bbox={"facecolor": "white", "pad": 1.5})
        panels[i].imshow(np.asarray(map_hw), cmap="cividis")
        panels[i].set(xticks=[], yticks=[])
        panels[i].set_title(f"point {i + 1} {direction}", fontsize=9)
    return figure
    ### END SOLUTION


# %% check="four_points" points=2
@check
def four_points(draw):
    (H, W), (width, height) = draw.sizes(2, 3, 7), draw.sizes(2, 31, 47)
    picture = Image.new("RGB", (width, height))
    points = [(x, y) for x, y in draw.uniform(4, 2, low=0.1, high=0.9).tolist()]
    direction = draw.choice(("looks at", "is looked at from"))
    figure = draw_points(picture, points, list(draw.uniform(4, H, W)), direction)
    if figure is ____:
        return ____
    circles, maps, pictures = [], [], []
    for axes in drawn_axes(figure):
        images = [image["data"] for image in drawn_images(axes)]
        if any(image.ndim == 3 for image in images):
            circles.append(each_once(drawn_circles(axes)))
        maps += [image for image in images if image.ndim == 2]
        pictures += [list(image.shape) for image in images if image.ndim == 3]
    texts = " / ".join(drawn_texts(figure))
    said = [words for words in ("looks at", "is looked at from") if words in texts]
    return {
        "circles (x, y)": circles,
        "maps": sorted(maps, key=lambda map_hw: float(map_hw[0, 0])),  # panels may be arranged in any way
        "pictures": pictures,
        "directions named": said,
    }


# %% [raw] hints="four_points"
# 1. Five panels: one for the picture, four for the maps. Everything that is drawn on the picture is in its pixels, so
#    each point is scaled by the picture's width and height.
# 2. `plt.subplot_mosaic` or `plt.subplots(1, 5)` makes the panels; `Circle((x, y), radius)` with `axes.add_patch`, or
#    `axes.scatter(x, y)`, makes a circle; `figure.suptitle` makes a title.
# 3. For each point: `picture_axes.scatter(x * width, y * height)` and `map_axes.imshow(map_hw, cmap="cividis")`. Put
#    `direction` into `figure.suptitle(...)`, and return the figure.

# %% [raw] mistake="four_points/not_scaled"
# The circles sit in the upper left corner: the points were drawn as fractions. The axes of the picture count pixels,
# so multiply by width and height.
# ---
# def draw_points(picture, points_01, maps, direction):
#     figure = Figure()
#     first, *panels = figure.subplots(1, 5)
#     first.imshow(picture)
#     for (x, y), map_hw, axes in zip(points_01, maps, panels, strict=True):
#         first.scatter(x, y)
#         axes.imshow(map_hw)
#     figure.suptitle(direction)
#     return figure

# %% [raw] mistake="four_points/maps_turned"
# The maps were transposed: what is on the left in the picture would be at the top in the map. `imshow` wants (rows,
# columns), as the maps are.
# ---
# def draw_points(picture, points_01, maps, direction):
#     figure = Figure()
#     first, *panels = figure.subplots(1, 5)
#     first.imshow(picture)
#     for (x, y), map_hw, axes in zip(points_01, maps, panels, strict=True):
#         first.scatter(x * picture.width, y * picture.height)
#         axes.imshow(map_hw.T)
#     figure.suptitle(direction)
#     return figure

# %% [raw] mistake="four_points/y_first"
# The circles were drawn at (y, x). matplotlib wants x first; only indexing into arrays puts y first.
# ---
# def draw_points(picture, points_01, maps, direction):
#     figure = Figure()
#     first, *panels = figure.subplots(1, 5)
#     first.imshow(picture)
#     for (x, y), map_hw, axes in zip(points_01, maps, panels, strict=True):
#         first.scatter(y * picture.height, x * picture.width)
#         axes.imshow(map_hw)
#     figure.suptitle(direction)
#     return figure

# %% [raw] mistake="four_points/points_turned"
# The two numbers of a point changed places. They come as (x, y): the first is a share of the width, the second of the
# height.
# ---
# def draw_points(picture, points_01, maps, direction):
#     figure = Figure()
#     first, *panels = figure.subplots(1, 5)
#     first.imshow(picture)
#     for (y, x), map_hw, axes in zip(points_01, maps, panels, strict=True):
#         first.scatter(x * picture.width, y * picture.height)
#         axes.imshow(map_hw)
#     figure.suptitle(direction)
#     return figure

# %% [raw] mistake="four_points/same_map"
# All four panels show the same map, that of the first point: take the next map in each turn of the loop.
# ---
# def draw_points(picture, points_01, maps, direction):
#     figure = Figure()
#     first, *panels = figure.subplots(1, 5)
#     first.imshow(picture)
#     for (x, y), axes in zip(points_01, panels, strict=True):
#         first.scatter(x * picture.width, y * picture.height)
#         axes.imshow(maps[0])
#     figure.suptitle(direction)
#     return figure

# %% [raw] mistake="four_points/direction_missing"
# No title says the direction, and without it nobody can read the maps: name it word for word as it is given.
# ---
# def draw_points(picture, points_01, maps, direction):
#     figure = Figure()
#     first, *panels = figure.subplots(1, 5)
#     first.imshow(picture)
#     for (x, y), map_hw, axes in zip(points_01, maps, panels, strict=True):
#         first.scatter(x * picture.width, y * picture.height)
#         axes.imshow(map_hw)
#     figure.suptitle("Encoder attention")
#     return figure

# %% [markdown]
# #### Your figure
# Choose your own four points: one on an object, one on its neighbour, one on the background ... Then turn `direction`
# around. Does a cell look at its whole object, at its surroundings, or elsewhere?

# %%
def show_encoder_attention(picture, points_01, direction):
    image = prepare(picture, *shapes.input_size)[None]
    _, seen = look_inside(shapes, image)
    stride = stride_from_sizes(image.shape[-2:], seen["features"].shape[-2:])
    maps = []
    for x, y in points_01:
        point_xy = x * picture.width, y * picture.height
        place = tuple(map(int, cell_at(point_xy, picture.size, image.shape[-2:], stride)))
        maps.append(as_tensor(maps_of_cell(seen["encoder"], place, seen["features"])[direction]))
    figure = draw_points(picture, points_01, maps, direction)
    plt.close(figure)  # the cell shows the figure that it ends in; pyplot would show it a second time
    return figure


points_01 = [(0.35, 0.45), (0.68, 0.15), (0.51, 0.81), (0.15, 0.80)]  # square, cross, star, paper
attempt(lambda: show_encoder_attention(sample.picture, points_01, direction="looks at"))

# %% [markdown]
# ## C. Your own picture
#
# ### Step 22 · Detect in your own picture · 2 points · 12 min · ●●●○○
# **You will be able to** run a detector on any picture file, the way it is meant to be run.
#
# First the function. It gets a path and does everything from opening the file to boxes in pixels. You may call your
# functions from above or the library's: `open_picture(path)`, `to_input(picture, *model.input_size)` (use this one
# here: interpolation differs between libraries), `detrlab.boxes.cxcywh_to_xyxy`. The library's `detect` does the whole
# of it in one call, so it is the one function that you may *not* use here. Two things are new:
#
# - the model you are given may be **in training mode**, where batch norm uses the statistics of the batch at hand and
#   dropout drops: `model.eval()` ends that;
# - nobody wants gradients here: run it under `torch.no_grad()`.
#
# Then your picture. With the shapes model, "your own" means **drawn or composed by you**: a photograph of shapes
# drawn with a thick pen on white paper, a drawing from a paint program, or a scene that you put together below, with
# the mouse or with `compose`. Not one of this notebook's own pictures. Make it one you can learn from: two shapes that overlap, something
# it has never seen, a star drawn badly. For photographs of everyday things you need the official model, see below.
#
# `my_source` returns where the picture comes from: a path, an address (URL), `upload.value`, `composer.picture`, or
# any other PIL picture. It is kept as **`my_picture.png` beside this notebook**, without the camera's place and time, at most 1600 pixels a side.
# Hand it in together with the notebook. When the notebook is run again somewhere else, the kept picture is taken.
#
# If stuck: `hint("own_picture")`.

# %%
# One way: choose a file from your computer, and return upload.value in my_source below.
upload = upload_button()
upload

# %% [markdown]
# Or make one here and now: drag shapes onto the paper, and the model says at each moment what it finds. Hide one behind
# another, shrink one until it is lost. When you like it, let `my_source` return `composer.picture` and run the cell of
# the exercise. It is kept then, so an empty paper after the next start of the kernel does no harm.

# %%
composer = compose_scene(shapes)
composer

# %%
# A third way: describe a scene. `help(Shape)` lists what a shape can have; these two are an example, not yours.
compose(example_shapes, Background("squared"), size=(256, 256)).picture

# %% exercise="own_picture" forbids="detrlab.detr.detect.detect"
def detect_in_file(model, path, threshold=0.7):
    """Detect objects in a picture file; the model comes in any mode.

    Returns (boxes_xyxy, labels, scores), without gradients: (N, 4) corners in pixels of the picture in
    the file, (N,) and (N,). Detections score above the threshold, best first.
    """
    ### BEGIN SOLUTION
    model.eval()
    picture = open_picture(path)
    with torch.no_grad():
        out = model(to_input(picture, *model.input_size)[None])
    probabilities, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)  # (Q,) each
    queries = probabilities.argsort(descending=True)
    queries = queries[probabilities[queries] > threshold]  # (N,)
    boxes_xyxy = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0, queries])  # (N, 4) in 0..1
    return detrlab.boxes.scale_to_pixels(boxes_xyxy, picture.size), labels[queries], probabilities[queries]
    ### END SOLUTION


def my_source():
    """Your own picture: a path, a URL, `upload.value`, `composer.picture` or another PIL picture."""
    ### BEGIN SOLUTION
    mine = [  # the model answers of notebook 3 are about this picture
        Shape("ring", (0.32, 0.36), 0.23, colour="blue", proportion=0.6),
        Shape("star", (0.52, 0.50), 0.19, angle=12, colour="orange", proportion=0.7),
        Shape("square", (0.79, 0.24), 0.14, angle=20, colour="green"),
        Shape("triangle", (0.24, 0.80), 0.15, angle=-8, colour="purple"),
        Shape("cross", (0.80, 0.78), 0.13, angle=30, colour="red"),
    ]
    return compose(mine, Background("gradient", "grey", tint=0.5, seed=3), size=(320, 320)).picture
    ### END SOLUTION


attempt(lambda: keep_picture(my_source()))

# %% check="own_picture" points=2
from torch.nn.modules.module import register_module_forward_pre_hook

# As the library has them, whatever these names stood for above.
from detrlab import detect, open_picture, picture_difference

shown = draw_scene(11).picture, compose(example_shapes, Background("squared"), size=(256, 256)).picture


def runs_inside(function):
    """Is this function among those that are being called right now?"""
    frame, wanted = sys._getframe(), (function.__module__, function.__name__)
    while frame and (frame.f_globals.get("__name__"), frame.f_code.co_name) != wanted:
        frame = frame.f_back
    return frame is not None


@check
def own_picture(draw):
    found, gradients, ran, by_detect = [], [], [], []
    for ending, size in (("png", (256, 192)), ("bmp", (150, 210))):
        picture, model = draw_scene(draw.scene_seed(), size=size).picture, copy.deepcopy(shapes).train()
        parts, called = set(model.modules()), set()

        def note(module, inputs):
            called.add(module)
            if isinstance(module, DETR):  # the given model or any other
                by_detect.append(runs_inside(detect))

        with tempfile.TemporaryDirectory() as folder, register_module_forward_pre_hook(note):
            picture.save(f"{folder}/scene.{ending}")
            # Nobody has looked at this picture before: what comes back is the answer's own work.
            boxes_xyxy, labels, values = detect_in_file(model, f"{folder}/scene.{ending}", draw.number(0.3, 0.7))
        ran.append(not parts.isdisjoint(called))
        found.append(from_left_to_right(boxes_xyxy, labels, values))
        gradients += [bool(getattr(numbers, "requires_grad", False)) for numbers in (boxes_xyxy, values)]
    mine, enough = open_picture(KEPT_NAME), draw.number(5.0, 6.0)
    return {
        "drawn scenes": found,
        "gradients": gradients,
        "the given model ran": ran,
        "model runs that the library's detect began": sum(by_detect),
        "my picture differs from this notebook's own by": [min(picture_difference(mine, one), enough) for one in shown],
    }


@own_picture.must("my_picture.png is a picture of your own, none of this notebook's")
def _(value):
    return min(value["my picture differs from this notebook's own by"]) > 4.9


# %% [raw] hints="own_picture"
# 1. The function is steps 11 to 15 in a row, with the model in evaluation mode and without gradients. For your
#    picture, anything that you drew yourself will do.
# 2. `model.eval()`, then under `torch.no_grad()` the model on `to_input(open_picture(path),
#    *model.input_size)[None]`; after it scores, kept queries, corners, pixels of the opened picture. `my_source`
#    returns, for example, `compose([...]).picture`.
# 3. After the model: `probabilities, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)`, the kept `queries`
#    as in step 13, `detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0, queries])`, times (width, height, width,
#    height). For the picture: draw, save the file beside this notebook, and `return "my_drawing.jpg"`.

# %% [raw] mistake="own_picture/training_mode"
# The model was left in training mode, where batch norm uses the statistics of this one picture instead of those it
# has learned: the detections differ from run to run of other pictures. Put it into evaluation mode first.
# ---
# def detect_in_file(model, path, threshold=0.7):
#     picture = open_picture(path)
#     with torch.no_grad():
#         out = model(to_input(picture, *model.input_size)[None])
#     probabilities, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
#     queries = probabilities.argsort(descending=True)
#     queries = queries[probabilities[queries] > threshold]
#     boxes_xyxy = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0, queries])
#     return detrlab.boxes.scale_to_pixels(boxes_xyxy, picture.size), labels[queries], probabilities[queries]
#
#
# def my_source():
#     return compose([Shape("ring", centre_xy=(0.4, 0.4), radius=0.2)]).picture
#
#
# attempt(lambda: keep_picture(my_source()))

# %% [raw] mistake="own_picture/resized_frame"
# The boxes are in pixels of the resized picture that the model saw. Scale them with the size of the picture in the
# file.
# ---
# def detect_in_file(model, path, threshold=0.7):
#     model.eval()
#     image = to_input(open_picture(path), *model.input_size)
#     with torch.no_grad():
#         out = model(image[None])
#     probabilities, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
#     queries = probabilities.argsort(descending=True)
#     queries = queries[probabilities[queries] > threshold]
#     boxes_xyxy = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0, queries])
#     return detrlab.boxes.scale_to_pixels(boxes_xyxy, image.shape[:0:-1]), labels[queries], probabilities[queries]
#
#
# def my_source():
#     return compose([Shape("ring", centre_xy=(0.4, 0.4), radius=0.2)]).picture
#
#
# attempt(lambda: keep_picture(my_source()))

# %% [raw] mistake="own_picture/gradients"
# The detections are right, but they drag along the whole graph for gradients, with all its memory. Run the model
# under torch.no_grad().
# ---
# def detect_in_file(model, path, threshold=0.7):
#     model.eval()
#     picture = open_picture(path)
#     out = model(to_input(picture, *model.input_size)[None])
#     probabilities, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
#     queries = probabilities.argsort(descending=True)
#     queries = queries[probabilities[queries] > threshold]
#     boxes_xyxy = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0, queries])
#     return detrlab.boxes.scale_to_pixels(boxes_xyxy, picture.size), labels[queries], probabilities[queries]
#
#
# def my_source():
#     return compose([Shape("ring", centre_xy=(0.4, 0.4), radius=0.2)]).picture
#
#
# attempt(lambda: keep_picture(my_source()))

# %% [raw] mistake="own_picture/the_sample"
# The function is right, but the picture is one of this notebook's own. Draw or compose one yourself: it is what you
# will write about in the next notebook.
# ---
# def detect_in_file(model, path, threshold=0.7):
#     model.eval()
#     picture = open_picture(path)
#     with torch.no_grad():
#         out = model(to_input(picture, *model.input_size)[None])
#     probabilities, labels = out["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
#     queries = probabilities.argsort(descending=True)
#     queries = queries[probabilities[queries] > threshold]
#     boxes_xyxy = detrlab.boxes.cxcywh_to_xyxy(out["pred_boxes"][0, queries])
#     return detrlab.boxes.scale_to_pixels(boxes_xyxy, picture.size), labels[queries], probabilities[queries]
#
#
# def my_source():
#     return sample.picture
#
#
# attempt(lambda: keep_picture(my_source()))

# %% [raw] mistake="own_picture/library_detect"
# The detections are right, but they are those of the library's `detect`, called as a whole. Take the steps yourself:
# open, prepare, run the model, scores and labels, kept queries, corners, pixels.
# ---
# def detect_in_file(model, path, threshold=0.7):
#     found = detect(model, path, threshold)
#     return found.boxes_xyxy, found.labels, found.scores
#
#
# def my_source():
#     return compose([Shape("ring", centre_xy=(0.4, 0.4), radius=0.2)]).picture
#
#
# attempt(lambda: keep_picture(my_source()))

# %% [markdown]
# #### Detection and attention on your picture
# One line switches the model. `"shapes"` is for drawings. For a photograph take `"detr_resnet50"`: its official
# weights (160 MB) are fetched once into a cache, so this needs the network the first time, and a detection takes
# seconds instead of milliseconds. The checks above use "shapes" in any case.
#
# These are the library's figures. They do what yours do, and you will use them in the next notebook.

# %%
MODEL = "shapes"  # or "detr_resnet50"
POINTS = None  # or four points (x, y) in pixels of your picture: [(100, 120), (300, 120), ...]


def chosen_model():
    return shapes if MODEL == "shapes" else load_model(MODEL, "official")


def look_at_my_picture():
    model, picture = chosen_model(), open_picture(KEPT_NAME)
    with capture_attention(model) as attention:
        found = detect(model, picture)
    for detection in found:
        print(f"{detection.name:10} {detection.score:.2f}  box", [round(side) for side in detection.box_xyxy])
    return picture, found, attention


mine = attempt(look_at_my_picture)
if mine:
    picture, found, attention = mine
    display(plot_decoder_attention(picture, found, attention))
    display(plot_encoder_attention(picture, attention, POINTS, "looks at"))

# %% [markdown]
# Look for a while before you go on. Did the model find everything? Where two shapes overlap, does each query look at
# its own? Which cells does a point on the background look at? Notebook 3 asks for the answers, and for controls that
# show whether they would hold for any picture.
#
# #### Move around in it
# A figure shows four points; here are all of them. Move the mouse over your picture: the encoder's attention from that
# point floods it at once. Then click a detection to see where its query looks, and walk through layers and heads. Watch
# what changes when you cross the edge of a shape, and turn the direction around: is a point looked at from where it
# looks? (A click holds the point. On the keyboard, Tab reaches the picture and the arrow keys move the point.)

# %%
explorer = attempt(lambda: explore(chosen_model(), KEPT_NAME))
explorer

# %% [markdown]
# `explorer.save("my_explorer.html")` in a cell of your own keeps it as a page that opens anywhere, without Python and
# without a network.

# %% [markdown]
# ### The whole chain
# No points, only the question whether your functions from part A also work together: from a drawn scene to labels,
# scores and boxes.

# %% check="chain" points=0
@check
def chain(draw):
    picture = draw_scene(draw.scene_seed(), size=(170, 128)).picture  # the model's own size: nothing is interpolated
    with torch.no_grad():
        out = shapes(prepare(picture, *shapes.input_size)[None])
    values, labels = map(as_tensor, scores_and_labels(out["pred_logits"][0]))
    queries = [int(query) for query in kept_queries(values, clear_cut(picture)[0])]
    boxes_xyxy = to_pixels(cxcywh_to_xyxy(out["pred_boxes"][0, queries]), picture)
    return from_left_to_right(boxes_xyxy, labels[queries], values[queries])


# %% [markdown]
# ## What you have seen
# - A DETR's output needs no clever post-processing: a softmax, one threshold, and boxes taken from fractions to
#   pixels. No anchors, no non-maximum suppression.
# - Every number lives in a frame: 0..1, the resized input, the original picture, the feature map. Most bugs of
#   detectors are numbers in the wrong frame, or $x$ and $y$ in the wrong order.
# - Forward hooks read what a model computes on its way. They fire for modules that are *called*, and stay until
#   removed.
# - An attention matrix is `[query, key]`. Its rows say where one looks, its columns by whom one is looked at. A
#   figure that does not say which it shows cannot be read.
# - An id is not a rank: maps, boxes and labels belong together through the id of their query.
#
# ## Further reading
# - N. Carion et al., *End-to-End Object Detection with Transformers*, arXiv:2005.12872: section 3.1 why no two
#   queries report the same object; section 3.2 the architecture; figure 3 the encoder's attention for four points;
#   figure 6 the decoder's.
# - A. Vaswani et al., *Attention Is All You Need*, arXiv:1706.03762, section 3.2: queries, keys, values and heads.
# - S. Jain and B. Wallace, *Attention is not Explanation*, arXiv:1902.10186, and S. Wiegreffe and Y. Pinter,
#   *Attention is not not Explanation*, arXiv:1908.04626: what a map of attention does and does not show. You will
#   need both sides in notebook 3.
