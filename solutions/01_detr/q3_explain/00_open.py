# %% [markdown]
# # 3 · Explain what DETR looks at
# 42 points · about 180 minutes · runs offline, on a laptop's processor
#
# Almost any bright spot of an attention map can be explained afterwards. So turn maps into numbers, with controls, and
# predict what an experiment will show before you conclude.
#
# **After this notebook you can**
# - say where queries, keys and values of DETR's three attentions come from;
# - measure a map (mass in a box, lift, entropy) against controls;
# - tell a row of an attention map from a column;
# - test an explanation with an experiment.
#
# 23 of the points are given by checks and 19 for your writing.
#
# | part | steps | points | minutes |
# |---|---|---|---|
# | A. Mechanisms as code | 23, 24 | 5 | 14 |
# | B. Numbers for maps | 25, 26 | 5 | 19 |
# | C. Controls and comparison | 27, 28 | 9 | 42 |
# | D. Your analysis | 29 to 32 | 23 | 105 |
#
# `hint()` in a cell of your own is the next of the three hints of the exercise above; `hint("sources")` is that of
# step 23, wherever you ask. A person reads your texts, by the rubric above each; grammar and length are not graded.
# Write in any language your course accepts. If you have the course's `solutions/` folder: `solution("sources")`,
# `solution("claim")`.

# %% setup
import math
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from IPython.display import display
from matplotlib.cbook import get_sample_data
from torch import Tensor

from coursework import attempt, attempted, open_notebook, solution
from detrlab import Background, Shape, TransformerEncoder, compose, draw_scene
from detrlab import CapturedAttention, FeatureGrid, capture_attention, clear_subplots, switch_heads
from detrlab import box_iou, cxcywh_to_xyxy, detect, load_model, open_picture, scale_to_pixels, shapes_model, to_input
from detrlab import plot_attention_heads, plot_decoder_attention, plot_detections, plot_encoder_attention
from detrlab.attention import measures

____, check, hint = open_notebook("q3_explain")


@dataclass(frozen=True)
class Run:
    """What a model did with one picture: Q object queries, K classes, a feature map of H x W cells."""

    maps: Tensor            # (Q, H, W) last cross-attention, mean over heads: where each query looks
    boxes_xyxy: Tensor      # (Q, 4) predicted boxes, pixels of the picture
    probabilities: Tensor   # (Q, K) of the classes, without no-object
    grid: FeatureGrid       # which pixels belong to which cell
    attention: CapturedAttention | None = None      # all other maps of the same forward pass

    @property
    def scores(self) -> Tensor:
        """(Q,) the best class's probability of each query."""
        return self.probabilities.amax(-1)


def observe(model, picture) -> Run:
    """Run the model on a PIL picture and keep what it predicted and where it looked."""
    with torch.no_grad(), capture_attention(model, lazy=True) as attention:
        out = model(to_input(picture, *model.input_size)[None])
    return Run(
        maps=attention.decoder_cross(),
        boxes_xyxy=scale_to_pixels(cxcywh_to_xyxy(out["pred_boxes"][0]), picture.size),
        probabilities=out["pred_logits"][0].softmax(-1)[:, :-1],
        grid=attention.grid(picture=picture),
        attention=attention,
    )


def as_numbers(report):
    """Tensors and arrays inside dicts, lists and tuples as plain numbers, so that a check takes either."""
    if isinstance(report, dict):
        return {key: as_numbers(value) for key, value in report.items()}
    if isinstance(report, list | tuple):
        return [as_numbers(value) for value in report]
    if not hasattr(report, "tolist"):
        return report
    # A tensor of one number stands for that number, whatever its shape.
    return report.item() if math.prod(report.shape) == 1 else report.tolist()
