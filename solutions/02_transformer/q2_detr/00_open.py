# %% [markdown]
# # 2 · The whole DETR
# 28 points · about 160 minutes · runs offline, on a laptop's processor
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
# Your code of notebook 1 is not needed: the transformer comes from the library.
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
from functools import wraps
from unittest.mock import patch

import torch
import torch.nn.functional as F
from matplotlib.cbook import get_sample_data
from torch import nn

from coursework import Draw, attempt, attempted, open_notebook, shapes_of, solution
from detrlab import COCO_CLASSES, SHAPES_CLASSES, DETR, MLP, Backbone, PositionEmbeddingLearned, PositionEmbeddingSine
from detrlab import SmallResNet, Transformer, box_iou, cxcywh_to_xyxy, detect, draw_scene
from detrlab import first_divergence, is_cached, load_model, official_model, official_weights, open_picture, pad_and_mask
from detrlab import new_figure, plot_detections, scale_to_pixels, shapes_model, short_weights, small_backbone, to_input

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


BUGS = ("1. in a layer", "2. in a module of its own", "3. in a stack of layers", "4. a call left out", "5. in the whole model")


def model_and_images(draw):
    """A tiny DETR with two encoder layers and one decoder layer, and two images of different sizes."""
    model = draw.fill(DETR(*tiny_parts(5, 8, 2, encoder_layers=2, decoder_layers=1), num_classes=3, num_queries=7))
    return model, [draw.normal(3, 17, 13), draw.normal(3, 11, 19)]


def with_bug(reference, kind, draw):
    """A copy of the model with a bug of that kind; where it is, the seed says."""
    mine = copy.deepcopy(reference)
    layers = [*mine.transformer.encoder.layers, *mine.transformer.decoder.layers]
    layer, norm = draw.choice(layers), draw.choice(["norm1", "norm2"])

    def change_call(module, change):
        """From now on the module is given other arguments, as if its caller gave them."""
        module.register_forward_pre_hook(lambda _, args, kwargs: change(*args, **kwargs), with_kwargs=True)

    if kind == BUGS[0]:  # positions reach the values
        attentions = [each for each in mine.modules() if isinstance(each, nn.MultiheadAttention)]
        change_call(draw.choice(attentions), lambda q, k, **more: ((q, k), {**more, "value": k}))
    elif kind == BUGS[1]:  # another number of heads, or another eps
        name = draw.choice(["self_attn", norm])
        setattr(layer, name, nn.LayerNorm(8, eps=1) if name == norm else nn.MultiheadAttention(8, 4, batch_first=True))
    elif kind == BUGS[2]:  # no positions, or no queries, from this layer on
        change_call(layer, lambda *args: ((*args[:-1], 0 * args[-1]), {}))
    elif kind == BUGS[3]:
        forward = layer.forward

        @wraps(forward)
        def without_norm(*args):
            with patch.dict(vars(layer), {norm: lambda x: x}):
                return forward(*args)

        layer.forward = without_norm
    else:
        where = draw.choice(["transformer", "position", "bbox_embed"])
        if where == "transformer":
            change_call(mine.transformer, lambda src, mask, *more: ((src, torch.zeros_like(mask), *more), {}))
        elif where == "position":
            change_call(mine.backbone[1], lambda mask: ((torch.zeros_like(mask),), {}))
        else:
            change_call(mine.bbox_embed, lambda hs: ((hs.relu(),), {}))
    return mine
