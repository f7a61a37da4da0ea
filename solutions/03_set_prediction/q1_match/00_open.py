# %% [markdown]
# # 1 · Matching and the loss of a set
# 30 points · about 150 minutes · runs offline, on a laptop's processor
#
# **After this notebook you can**
#
# - say which prediction answers for which object, and find the cheapest assignment by hand, by trying all, and by the
#   Hungarian algorithm;
# - write all of DETR's loss, so that its numbers and gradients are those of the official code;
# - measure what greedy matching costs, where the IoU has no gradient, and who pays the class loss.
#
# DETR predicts a set: Q boxes, and the order of the object queries means nothing. To train it, each object has to know
# which query answers for it. This notebook follows section 3.1 (matching, equations 1 and 2) and A.2 of the paper
# (Carion et al. 2020, arXiv:2005.12872). Letters are those of 01_detr: B images, Q object queries, K classes without
# no-object, T targets (the objects of an image). Boxes are (cx, cy, w, h) in 0..1 of the image, or (x0, y0, x1, y1);
# their names say which.
#
# **How it works.** Replace each `____` as a whole; the cell below an exercise checks your answer, as often as you like.
# `hint()` in a cell of your own is the next of three hints. Steps do not wait for each other. If you have the course's
# `solutions/` folder, `solution("match_batch")` shows our answer.

# %% setup
import itertools
import math
import re
import time

import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment

from coursework import attempt, attempted, open_notebook, solution
from detrlab import box_area, box_iou, cxcywh_to_xyxy, draw_scene, generalized_box_iou, load_model, match, new_figure
from detrlab import set_losses, shapes_model, to_input, total_loss, xyxy_to_cxcywh

____, check, hint = open_notebook("q1_match")
GREY = "#7a7f87"  # of words in figures: it can be read on a light page and on a dark one


def told(value, *inputs):
    """A tensor's numbers, and the gradients that flow back from it to the inputs; all else as it is, in both places."""
    if not isinstance(value, torch.Tensor):
        return {"values": value, "gradients": value}
    mixed = (value * torch.arange(1.0, value.numel() + 1).cos().view_as(value)).sum()
    return {"values": value, "gradients": attempted(lambda: torch.autograd.grad(mixed, inputs, retain_graph=True))}


def sorted_pairs(pairs):
    """[(query, target), ...] in the order of the queries, whatever kind of numbers they are."""
    queries, targets = pairs
    return sorted((int(q), int(t)) for q, t in zip(queries, targets, strict=True))


def drawn_matches(draw, Q, sizes):
    """A match for each image: T queries and the T targets that they answer for, in any order; sizes: T of each."""
    return [(draw.permutation(Q)[:T], draw.permutation(T)) for T in sizes]


def drawn_overlaps(draw, N, M):
    """Boxes (N, 4) and (M, 4) as corners, and the intersection and union of every pair; the first of each lie apart."""
    a, b = draw.boxes_xyxy(N, width=9, height=9) + 3, draw.boxes_xyxy(M, width=9, height=9) + 3
    a[0], b[0] = draw.boxes_xyxy(), 14 + draw.boxes_xyxy()
    iou = box_iou(a.requires_grad_(), b.requires_grad_())
    union = (box_area(a)[:, None] + box_area(b)) / (1 + iou)  # the sum of the areas is intersection + union
    return a, b, iou * union, union


def scene_batch(model, seeds):
    """What the model predicts for drawn scenes, in all its decoder layers, and the truth."""
    scenes = [draw_scene(seed, (128, 128)) for seed in seeds]
    model.aux_loss = True
    with torch.no_grad():
        outputs = model(torch.stack([to_input(scene.picture, 128, 128) for scene in scenes]))
    boxes = [xyxy_to_cxcywh(torch.tensor(scene.boxes_xyxy, dtype=torch.float32) / 128) for scene in scenes]
    return outputs, [{"labels": torch.tensor(s.labels), "boxes": b} for s, b in zip(scenes, boxes)]


def one_axes(size):
    """A new figure without a background, and its axes, to be read on a light page and on a dark one."""
    figure = new_figure(size)
    figure.set_facecolor("none")
    axes = figure.subplots()
    axes.set_facecolor("none")
    axes.tick_params(which="both", colors=GREY)
    for edge in axes.spines.values():
        edge.set_color(GREY)
    return figure, axes
