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
