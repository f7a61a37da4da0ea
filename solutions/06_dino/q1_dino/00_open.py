# %% [markdown]
# # 1 · DINO: a student, a teacher, and no labels
# 26 points · about 140 minutes · runs offline, on a laptop's processor
#
# **After this notebook you can**
#
# - build a vision transformer (ViT) of patches, positions and blocks, and show that it equals the library's;
# - cut an image into large and small views, and say which network sees which of them;
# - write DINO's loss, and the two things that keep it from collapsing: a centre and a sharp teacher;
# - write the teacher, a moving average of the student that no gradient reaches, and its schedule;
# - train such a pair of networks on the course's scenes in minutes, and say what it learned, and what not.
#
# Every network of this course so far was told what it should find: boxes, masks, sentences. DINO (Caron et al. 2021,
# arXiv:2104.14294) is told nothing. A *student* network sees one part of an image, a *teacher* network another part of
# the same image, and the student learns to say what the teacher says. The teacher is no other network: it is the mean
# of what the student was in the steps before. What both could agree on most easily is to say the same of all images.
# A good part of the method keeps them from that.
#
# Letters: B images, H × W patches (rows × columns), S = H·W, P the side of a patch in pixels, D the width of a token, M
# heads, L blocks, V views, of which G = 2 are global ones. K is the number of *prototypes* here, the numbers that the
# head gives; there are no classes.
#
# **The network** is a small ViT: images of 64 × 64 pixels, P = 8, D = 96, M = 6, L = 2. **The images** are scenes of
# one flat shape on plain ground.
#
# **How it works.** Replace each `____` as a whole, and a whole line `return ____` by as many lines as you need. The
# cell below an exercise checks your answer, as often as you like. `hint()` in a cell of your own is the next of three
# hints. Steps do not wait for each other.

# %% setup
import copy
import math
import time
from types import SimpleNamespace

import numpy as np
import torch
import torch._dynamo  # the first optimiser would import it: no check has to wait
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from coursework import attempt, attempted, kept, open_notebook, solution
from detrlab import IMAGENET_MEAN, IMAGENET_STD, View, VisionTransformer, clear_subplots, cls_attention, dino_learner
from detrlab import dino_vit, load_dino, measure_dino, measure_pixels, one_shape_scenes, output_entropies, pca_rgb
from detrlab import multi_crop as crops_of  # an exercise is called multi_crop

____, check, hint = open_notebook("q1_dino")
GREY = "#7a7f87"  # of words in figures: it can be read on a light page and on a dark one
SIDE, P, D, M, L, K = 64, 8, 96, 6, 2, 64  # pixels of an image, of a patch; width, heads, blocks; prototypes
MEAN, STD = (torch.tensor(numbers).view(3, 1, 1) for numbers in (IMAGENET_MEAN, IMAGENET_STD))  # of a network's input


def told(call, *inputs):
    """The numbers of the tensor that `call` gives, and the gradients that flow back from it to the inputs.

    What is no tensor, or an exception, stands for itself.
    """
    value = attempted(call)
    if not isinstance(value, torch.Tensor) or not inputs:
        return value
    mixed = (value * torch.arange(1.0, value.numel() + 1).cos().view_as(value)).sum()
    return {"values": value, "gradients": attempted(lambda: torch.autograd.grad(mixed, inputs, retain_graph=True))}


def unit_images(count, first=0, use="held_out"):
    """Images (count, 3, 64, 64) of scenes of one shape, in 0..1, and their masks (count, 64, 64)."""
    scenes = one_shape_scenes(count, use, first)
    images = torch.from_numpy(scenes.pictures).permute(0, 3, 1, 2).float() / 255
    return images, torch.from_numpy(scenes.masks)


def show(ax, image, title=""):
    """Draws an image (3, H, W) in 0..1, without axes."""
    ax.imshow(image.permute(1, 2, 0).clamp(0, 1).numpy(), interpolation="nearest")
    ax.set_title(title, fontsize=9.5)
    ax.set(xticks=(), yticks=())
