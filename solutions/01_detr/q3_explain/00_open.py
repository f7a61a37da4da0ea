# %% [markdown]
# # 3. Explain what DETR looks at
#
# In notebook 2 you drew where DETR looks. A picture of attention is easy to like and hard to trust: almost
# any bright spot can be given a story. In this notebook you turn the pictures into numbers, put a control
# beside every number, and only then write your analysis.
#
# **After this notebook you can**
# - say for each of DETR's three attentions where queries, keys and values come from and where positions are
#   added;
# - measure an attention map (mass in a box, lift, entropy) and say what chance, habit and plain nearness
#   would have given;
# - read a row and a column of an attention map without mixing them up;
# - test an explanation of your own with an experiment, and conclude no more than it shows.
#
# **Time:** about 110 minutes. **Points:** 42, of which 20 are given by the checks and 22 for your writing.
#
# | part | steps | you | points | minutes |
# |---|---|---|---|---|
# | A. Mechanisms as code | 23, 24 | write down q, k, v; shuffle the tokens | 5 | 14 |
# | B. Numbers for maps | 25, 26 | mass, lift, entropy | 7 | 18 |
# | C. Controls and comparison | 27, 28 | other pictures, other boxes, no training; rows against columns | 8 | 28 |
# | D. Your analysis | 29 to 32 | four short texts with evidence from your own run | 22 | 50 |
#
# Checks answer at once and may be run as often as you like. Your texts are read by a person, who sees the
# rubric that stands above each of them. Write in the language your course accepts; grammar and length are not
# graded. If you learn alone and the course's `solutions/` folder is there, `solution("sources")` shows how we did
# a step, and `solution("claim")` a model answer.

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

from coursework import attempt, open_notebook, solution
from detrlab import Background, Shape, TransformerEncoder, compose, draw_scene
from detrlab import CapturedAttention, FeatureGrid, capture_attention, switch_heads
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
    return report.tolist() if hasattr(report, "tolist") else report
