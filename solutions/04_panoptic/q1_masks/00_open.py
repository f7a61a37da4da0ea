# %% [markdown]
# # 1 · Masks: what belongs to the object
# 24 points · about 120 minutes · runs offline, on a laptop's processor
#
# **After this notebook you can**
#
# - turn the output of an object query into attention maps, and the maps into a mask;
# - say what the softmax of the official code runs over, and measure what that changes;
# - freeze a detector so that nothing of it moves, and train a mask head on top of it;
# - write the two losses of masks, and measure masks by their IoU;
# - train a mask head of your own in minutes, and hand it in.
#
# A detector says where an object is, by a box. Which pixels of the box belong to it? DETR answers with one small
# network on top (section 4.4 and figure 8 of the paper, Carion et al. 2020, arXiv:2005.12872; `models/segmentation.py`
# of the official code). Each object query looks once more at the encoder's memory. Where it looks is a coarse mask, and
# a few convolutions make a fine one of it, with the backbone's earlier maps for the edges.
#
# Letters are those of the notebooks before: B images, Q object queries, D the width, M heads, $d = D / M$, H × W the
# feature map, S = H·W. N masks have P pixels each.
#
# **The detector** is the shapes model, and stays as it is: D = 128, M = 4, images of 128 × 128 pixels, a map of 16 × 16
# cells. Masks have 64 × 64 pixels.
#
# **How it works.** Replace each `____` as a whole, and a whole line `return ____` by as many lines as you need. The
# cell below an exercise checks your answer, as often as you like. `hint()` in a cell of your own is the next of three
# hints. Steps do not wait for each other.

# %% setup
import math
import time
from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from coursework import attempt, attempted, kept, open_notebook, solution
from detrlab import DETRsegm, MaskHeadSmallConv, MHAttentionMap, clear_subplots, dice_loss, draw_scene, load_model
from detrlab import match, sigmoid_focal_loss, to_input, xyxy_to_cxcywh

____, check, hint = open_notebook("q1_masks")
GREY = "#7a7f87"  # of words in figures: it can be read on a light page and on a dark one
D, M, SIDE = 128, 4, 128  # of the shapes model: width, heads, pixels of an image
STAGES = {"layer1": 64, "relu": 32}  # its backbone's earlier maps, coarsest first, and their channels
GROUPS = 4  # of the mask head's norms: 8, as in the official code, does not divide D + M = 132


def told(call, *inputs):
    """The numbers of the tensor that `call` gives, and the gradients that flow back from it to the inputs.

    Without inputs the tensor alone. An exception or a blank stands for itself.
    """

    def gradients(value):
        if not isinstance(value, torch.Tensor):
            return "none: no tensor"
        if not value.requires_grad:
            return "none: no gradient flows back"
        mixed = (value * torch.arange(1.0, value.numel() + 1).cos().view_as(value)).sum()
        return torch.autograd.grad(mixed, inputs, retain_graph=True, materialize_grads=True)

    def both():
        value = call()
        if value is ____ or not inputs:
            return value
        return {"values": value, "gradients": attempted(lambda: gradients(value))}

    return attempted(both)


def padded_cells(draw, B, H, W):
    """A padding mask (B, H, W), True on padding: the first image has none, the others have rows and columns of it."""
    padding = torch.zeros(B, H, W, dtype=torch.bool)
    for image in padding[1:]:
        image[draw.integer(2, H - 1) :], image[:, draw.integer(2, W - 1) :] = True, True
    return padding


def frozen_shapes(gain=100.0):
    """The shapes model, frozen, with a mask head of random weights."""
    return DETRsegm(load_model("shapes"), STAGES, groups=GROUPS, map_gain=gain, freeze_detr=True)


def looked_at(model, seeds):
    """What the detector saw of drawn scenes (`seen`), the matches, and the masks (N, 64, 64) of the matched targets."""
    scenes = [draw_scene(seed, (SIDE, SIDE)) for seed in seeds]
    with torch.no_grad():
        seen = model.see(torch.stack([to_input(scene.picture, SIDE, SIDE) for scene in scenes]))
        outputs = model.detr.predictions(seen.hs)
    boxes = [xyxy_to_cxcywh(torch.tensor(scene.boxes_xyxy, dtype=torch.float32) / SIDE) for scene in scenes]
    matches = match(outputs, [{"labels": torch.tensor(s.labels), "boxes": each} for s, each in zip(scenes, boxes)])
    masks = [torch.from_numpy(s.masks[:, 1::2, 1::2])[targets] for s, (_, targets) in zip(scenes, matches)]
    return SimpleNamespace(scenes=scenes, seen=seen, matches=matches, masks=masks)


def mask_parts():
    """What is trained: the attention of masks and the mask head, with random weights; the detector is not among it."""
    model = frozen_shapes()
    return nn.ModuleDict({"bbox_attention": model.bbox_attention, "mask_head": model.mask_head})


def with_parts(parts):
    """The frozen shapes model with these parts of `mask_parts`."""
    model = frozen_shapes()
    model.bbox_attention, model.mask_head = parts["bbox_attention"], parts["mask_head"]
    return model


def masks_of_matched(model, found, images):
    """Logits (N, 64, 64) of the matched queries of these images of `looked_at`, by the library."""
    logits = []
    for i in images:
        one = slice(i, i + 1)
        hs, memory, src, mask, fpns = found.seen
        seen = type(found.seen)(hs[:, one], memory[one], src[one], mask[one], [fpn[one] for fpn in fpns])
        logits.append(model.masks(seen, seen.hs[-1][:, found.matches[i][0]])[0])
    return torch.cat(logits)


def mean_iou(logits, masks):
    """The mean IoU of masks (N, h, w), as a number."""
    found, true = (logits > 0).flatten(1).float(), masks.flatten(1).float()
    shared = (found * true).sum(1)
    return (shared / (found.sum(1) + true.sum(1) - shared)).mean().item()
