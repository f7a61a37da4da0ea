# %% [markdown]
# # 2 · Detect objects, then look inside
# 34 points · about 140 minutes · runs offline, on a laptop's processor
#
# **After this notebook you can**
# - turn any image into DETR's input, and its output into boxes in pixels of that image;
# - read what happens inside a network with forward hooks;
# - reshape attention into maps over the image, and say *who looks at what* in each.
#
# Your code of notebook 1 is not needed.
#
# | part | steps | minutes |
# |---|---|---|
# | A. From an image to detections | 11 to 16 | 52 |
# | B. Looking inside | 17 to 21 | 74 |
# | C. Your own image | 22 | 14 |
#
# The model here is **"shapes"**: a DETR with a small backbone, trained on drawn scenes. It has $Q = 20$ object queries
# instead of 100, $K = 6$ classes instead of COCO's 91 numbers, a width of $D = 128$ instead of 256, and three layers in
# encoder and decoder instead of six. Your code also runs on `load_model("detr_resnet50", "official")`.
#
# **Its training had help** that the paper's has not, such as a class and box loss on encoder tokens inside an object
# (all of it: notebook 3 and `data/README.md`).
#
# A check draws numbers at random; a grader draws others. `hint()` gives the next of a step's three hints. If you have
# the course's `solutions/` folder, `solution("corners")` shows our answer.

# %% setup
import copy
import re
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from IPython.display import display
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle
from PIL import Image
from torch import Tensor

import detrlab.boxes
from coursework import NotAttempted, attempt, attempted, open_notebook, solution
from coursework import drawn_axes, drawn_boxes, drawn_circles, drawn_colours, drawn_images, drawn_labels, drawn_texts
from detrlab import COCO_CLASSES, DETR, Backbone, PositionEmbeddingSine, SmallResNet, Transformer
from detrlab import IMAGENET_MEAN, IMAGENET_STD, KEPT_NAME, keep_picture, open_picture, to_input, upload_button
from detrlab import Background, Shape, compose, compose_scene, draw_scene
from detrlab import capture_attention, detect, explore, first_divergence, load_model, stride_from_sizes
from detrlab import new_figure, plot_box_frames, plot_decoder_attention, plot_detr, plot_encoder_attention
from detrlab import plot_row_and_column

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


def four_colours(draw, width, height):
    """A picture of four quarters, each of a colour of its own: which way round it is drawn shows."""
    colours = np.zeros((height, width, 3), dtype=np.uint8)
    for i, (x, y) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1))):
        rows = slice(y * height // 2, (y + 1) * height // 2)
        columns = slice(x * width // 2, (x + 1) * width // 2)
        colours[rows, columns] = [draw.integer(60 * i, 60 * i + 40), draw.integer(0, 255), draw.integer(0, 255)]
    return Image.fromarray(colours)


def quarters(width, height):
    """The middles of the four quarters (x, y) in pixels."""
    return [(x * width, y * height) for y in (0.25, 0.75) for x in (0.25, 0.75)]


def number_of(one, given):
    """Which of the given tensors this is; -1 where it is none."""
    return next((i for i, other in enumerate(given) if one.shape == other.shape and torch.allclose(one, other)), -1)


def as_read(numbered):
    """The numbers of panels [(axes, number), ...] in reading order: row by row, if they do not rise in another one."""
    places = [axes.get_position() for axes, _ in numbered]
    rows = sorted(range(len(places)), key=lambda i: (-round(places[i].y1, 2), round(places[i].x0, 2)))
    columns = sorted(range(len(places)), key=lambda i: (round(places[i].x0, 2), -round(places[i].y1, 2)))
    read = [[numbered[i][1] for i in order] for order in (rows, columns, range(len(places)))]
    return next((numbers for numbers in read if numbers == sorted(numbers)), read[0])


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
