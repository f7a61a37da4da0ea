# %% [markdown]
# # 2 · Collapse: what keeps DINO from it, and what was learned
# 24 points · about 140 minutes · runs offline, on a laptop's processor
#
# **After this notebook you can**
#
# - tell from two entropies and a divergence whether a network without labels has collapsed, and how;
# - let DINO collapse on purpose, in three ways, and find planted faults from curves alone;
# - measure what features are worth: nearest neighbours, a linear layer, attention maps against true masks;
# - put each figure beside its controls, and say which claims the figures carry.
#
# A network without labels has nothing that tells it that it is wrong. Student and teacher of DINO (Caron et al. 2021,
# arXiv:2104.14294) agree best when both say the same of every image, and then the loss is low, and nothing was learned.
# Section 5.3 of the paper takes the method apart to see what prevents this. Steps 1 to 3 do so here. Steps 4 to 7 ask
# what a network that did not collapse has learned, which its loss does not say either.
#
# **The networks** are the small ViT of the notebook before (64 × 64 pixels, patches of 8, D = 96, 2 blocks of 6 heads):
# `load_dino()` is a shipped one, trained on 8,000 scenes without labels. **The images** are scenes of one flat shape (of
# 6) in one colour (of 12) on a plain ground (of 12 colours). The labels are used to measure, never to train.
#
# **Letters.** N images or outputs, K prototypes (the numbers of the head: 64 here), D width of a feature, M heads, H × W
# patches. Probabilities are rows that sum to 1. All logarithms are natural: entropies are in *nats*, ln K at most.
#
# **How it works.** Replace each `____` as a whole, and a whole line `return ____` by as many lines as you need. The
# cell below an exercise checks your answer, as often as you like. `hint()` in a cell of your own is the next of three
# hints. Steps do not wait for each other, but measurements do: they are made with your own functions, and say which
# checks they wait for.

# %% setup
import math
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from coursework import attempt, attempted, open_notebook, solution
from detrlab import clear_subplots, cls_attention, collapse_trainer, dino_curves, dino_learner, dino_recipe
from detrlab import linear_probe, load_dino, one_shape_scenes, pca_rgb, pixel_features, plot_collapse, supervised_trainer
from detrlab import untrained_dino

____, check, hint = open_notebook("q2_collapse")
K = 64  # prototypes
PROPERTIES = {"shape": 6, "colour": 12, "ground": 12}  # what differs between the scenes, and how many there are of it
GREY = "#7a7f87"  # of words in figures: it can be read on a light page and on a dark one
THREE_COLOURS = ("#0072b2", "#d55e00", "#009e73")
# Five trainings, three seeds each: a table of step 3. Who reads this does not learn yet which is which.
TRAININGS = ("centre added", "hasty teacher", "nothing", "sharper teacher", "temperatures exchanged")
LETTERS = dict(zip("ABCDE", np.random.default_rng(96).permutation(TRAININGS).tolist()))


@lru_cache(maxsize=4)
def scenes_of(use, count):
    """Scenes of one shape; those of different uses have nothing in common."""
    return one_shape_scenes(count, use)


def labels_of(scenes):
    """What is true of the scenes: by property (N,) numbers."""
    return {name: torch.from_numpy(getattr(scenes, f"{name}s")) for name in PROPERTIES}


def curves_of(letter):
    """The curves of a training of step 3: for each seed a dict of tensors (steps,)."""
    return [{name: torch.tensor(curve) for name, curve in run.items()} for run in dino_curves()[LETTERS[letter]]]


def random_vit(seed):
    """The same network with random weights, as the training of the trained one began."""
    torch.manual_seed(seed)
    return untrained_dino().eval()


@lru_cache(maxsize=1)
def taught_shapes():
    """The control with labels: the same network learns to name the shapes of 2,000 scenes, for some seconds."""
    scenes = scenes_of("training", 2000)
    trainer = supervised_trainer(scenes, labels_of(scenes)["shape"], dino_recipe(150), report_every=math.inf)
    trainer.run(report=lambda report: None)
    return trainer.model.eval()


def numbers_of(values):
    """A tensor, array or list of real numbers as a tensor of float64, so that a check takes each of them."""
    if isinstance(values, torch.Tensor):
        return values.detach().double()
    return torch.from_numpy(np.array(values, dtype=np.float64, order="C"))


def whole(values):
    """A tensor, array or list of whole numbers as a list."""
    return torch.as_tensor(values).tolist()


def shown(ax, image, title="", **how):
    """Draws an image without axes."""
    ax.imshow(image, interpolation="nearest", **how)
    ax.set_title(title, fontsize=9.5)
    ax.set(xticks=(), yticks=())


# ---- what checks draw ----


def tiny_backbone():
    """A network (N, 3, 8, 8) -> (N, 7)."""
    return nn.Sequential(nn.Flatten(), nn.Linear(192, 7), nn.Tanh())
