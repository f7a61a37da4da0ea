# %% [markdown]
# # 2 · Train: probes, faults, and a DETR of your own
# 26 points · about 150 minutes · runs offline, on a laptop's processor
#
# **After this notebook you can**
#
# - write one step of training, the groups of the optimiser, and a checkpoint that goes on as if nothing had happened;
# - find a fault of a training in seconds, by five probes, before you wait for hours;
# - read curves: which numbers of two runs can be compared, and when;
# - train a small DETR of your own in two minutes of computing, and hand it in.
#
# A detector that does not learn raises no error. Its loss falls at first, since "nothing anywhere" is learnt first, and
# its boxes look alike. This notebook follows section 4 and A.4 of the paper (Carion et al. 2020, arXiv:2005.12872), and
# `engine.py` and `main.py` of the official code. The loss is that of the notebook before: `set_losses` gives its parts
# by name, `total_loss` their weighted sum.
#
# **The tiny DETR.** Images have 64 × 64 pixels, with one to three circles, squares and triangles on light grey:
# `tiny_scenes`. The model, `tiny_detr()`, has D 64, 2 + 2 layers and Q = 9 object queries. As in the paper its backbone
# is a trained one, here that of the shapes model. We froze all of it, so that a step is cheap. The queries do not start
# at random, but as the positions of a 3 × 3 grid; this is not in the paper, and saves time.
#
# **How it works.** Replace each `____` as a whole; the cell below an exercise checks your answer, as often as you like.
# `hint()` in a cell of your own is the next of three hints. Steps do not wait for each other.

# %% setup
import copy
import io
import math
from pathlib import Path

import numpy as np
import scipy.optimize  # the first match would import it, and the first optimiser torch._dynamo: no check has to wait
import torch
import torch._dynamo
from IPython.display import display
from torch import nn
from torch.optim.swa_utils import AveragedModel

from coursework import attempt, attempted, kept, open_notebook, solution
from detrlab import PROBES, LiveTraining, Recipe, Report, Trainer, average_precision, clear_subplots, faulty
from detrlab import plot_moments, plot_training, probe, seen, set_losses, tiny_curves, tiny_detr, tiny_scenes, total_loss

____, check, hint = open_notebook("q2_train")
WATCHED = 5  # the held-out scene that the kept runs show
GREY = "#7a7f87"  # of words in figures: it can be read on a light page and on a dark one


class MicroDETR(nn.Module):
    """Two layers of predictions from images (B, 3, 4, 4), by linear maps alone: for checks, since it takes no time."""

    def __init__(self, Q, K):
        super().__init__()
        self.Q, self.K = Q, K
        self.backbone = nn.Linear(48, 11)
        self.dropout = nn.Dropout(0.2)
        self.layers = nn.ModuleList(nn.Linear(11, Q * (K + 5)) for _ in range(2))

    def forward(self, pictures):
        features = self.dropout(self.backbone(pictures.flatten(1)).tanh())
        layers = []
        for layer in self.layers:
            logits, boxes = layer(features).view(-1, self.Q, self.K + 5).split([self.K + 1, 4], dim=-1)
            layers.append({"pred_logits": logits, "pred_boxes": boxes.sigmoid()})
        return layers[-1] | {"aux_outputs": layers[:-1]}


def micro_batch(draw, B, K):
    """Images (B, 3, 4, 4), and a target for each with one or two objects."""
    targets = []
    for _ in range(B):
        T = draw.integer(1, 2)
        labels = torch.tensor([draw.integer(0, K - 1) for _ in range(T)])
        targets.append({"labels": labels, "boxes": draw.boxes_cxcywh(T)})
    return draw.normal(B, 3, 4, 4), targets


def filled_in(value):
    """The value of an answer; a blank is not attempted yet, also where a check asks for what the answer *did*."""
    if value is ____:
        float(value)
    return value


def weights_of(module):
    """All weights of a module by name."""
    return {name: value.detach().clone() for name, value in module.state_dict().items()}


class Run:
    """Step 6's training of a MicroDETR: AdamW, a cosine over 20 steps, an average of the weights."""

    def __init__(self, model):
        self.model, self.step = model.train(), 0
        # A large eps: else the sign of a gradient that is nearly 0 would decide, and differ between machines.
        self.optimiser = torch.optim.AdamW(model.parameters(), lr=0.1, eps=1e-3)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, lambda step: 0.5 + 0.5 * math.cos(math.pi * min(step / 20, 1)))
        self.average = AveragedModel(model, multi_avg_fn=lambda average, new, n: torch._foreach_lerp_(average, new, 0.3))

    def advance(self, steps):
        for _ in range(steps):
            rng = np.random.default_rng(self.step)  # the batch is that of the step's number
            pictures = torch.from_numpy(rng.normal(size=(2, 3, 4, 4))).float()
            boxes = torch.from_numpy(rng.uniform(0.3, 0.4, (2, 1, 4))).float()
            targets = [{"labels": torch.tensor([i]), "boxes": own} for i, own in enumerate(boxes)]
            loss = total_loss(set_losses(self.model(pictures), targets))
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            self.average.update_parameters(self.model)
            self.schedule.step()
            self.step += 1


def unknown(letter):
    """Step 4's trainings, A to E."""
    return faulty(dict(zip("ABCDE", ("no-object", "mirror", "queries", "learning rate", "image")))[letter])
