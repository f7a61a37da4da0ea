# %% [markdown]
# # 2. The whole DETR
#
# In notebook 1 of this assignment you wrote the attentions and layers of DETR's transformer. Here you write what is left,
# put the whole detector together under the names of its authors' code, and load trained weights into **your own class**.
# Then you take it apart: you find bugs in it, count it, time it, and compare it with the short DETR of the first assignment.
#
# **After this notebook you can**
# - write every part of DETR outside the transformer, and the class that joins them;
# - say what happens to images of different sizes in one batch;
# - find the first layer in which two models differ, and the `forward` that has to be changed;
# - compute DETR's parameters and multiply-adds by hand, and check the numbers of a paper;
# - say what adding positions once, or in every layer, changes.
#
# **28 pts, about 160 minutes.** Your code of notebook 1 is not needed: the transformer comes from the library.
#
# | part | steps | minutes |
# |---|---|---|
# | A. The parts | 11 box head · 12 frozen batch norm · 13 padding · 14 the mask on the map | 50 |
# | B. The whole | 15 the class · 16 where is the bug? | 55 |
# | C. Measured | 17 parameters · 18 cost · 19 short or full · 20 trained weights in your class | 55 |
#
# Sections and tables are those of Carion et al. 2020 (arXiv:2005.12872), called "the paper". Images are normalised tensors
# (3, H, W); boxes are cxcywh in 0..1 of the image. `hint()` in a cell of your own is the next of three hints of the exercise
# above. If you learn alone and have the course's `solutions/` folder, `solution("box_mlp")` shows our answer.

# %% setup
import copy
import math
import time

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib.cbook import get_sample_data
from torch import nn

from coursework import attempt, attempted, open_notebook, shapes_of, solution
from detrlab import COCO_CLASSES, SHAPES_CLASSES, DETR, MLP, Backbone, PositionEmbeddingLearned, PositionEmbeddingSine
from detrlab import Background, Shape, SmallResNet, Transformer, box_iou, compose, cxcywh_to_xyxy, detect, draw_scene
from detrlab import first_divergence, is_cached, load_model, official_model, official_weights, open_picture, pad_and_mask
from detrlab import plot_detections, scale_to_pixels, short_weights, small_backbone, to_input

____, check, hint = open_notebook("q2_detr")


def lets_gradients_through(value, *inputs):
    """Does a gradient flow back from this tensor to each of the inputs? What is no tensor is given back."""
    if not isinstance(value, torch.Tensor):
        return value
    if not value.requires_grad:
        return False
    gradients = torch.autograd.grad(value.sum(), inputs, allow_unused=True, retain_graph=True)
    return all(gradient is not None for gradient in gradients)


def tiny_parts(C, D, M, position=None, encoder_layers=1, decoder_layers=2, feedforward=7):
    """Backbone (stride 4, C channels), positions and transformer of a DETR that runs in a blink."""
    body = nn.Sequential(nn.Conv2d(3, C, kernel_size=3, stride=4, padding=1), nn.ReLU())
    transformer = Transformer(D, M, encoder_layers, decoder_layers, feedforward, dropout=0.0)
    return Backbone(body, C), position or PositionEmbeddingSine(D // 2), transformer
