# %% [markdown]
# # 1 · Build a DETR
# 24 points · about 80 minutes · runs offline, on a laptop's processor
#
# **After this notebook you can**
#
# - say what happens to a picture on its way to a set of boxes, with the shape of every tensor on the way;
# - write that way as a short PyTorch class, whose parameter names fit weights that others have trained;
# - explain what positional encodings, object queries and the no-object class are for.
#
# You build the *short DETR*: the whole detector in a few dozen lines, as its authors print it in the appendix of their
# paper (Carion et al. 2020, arXiv:2005.12872, section A.6). At the end your class loads trained weights and detects.
#
# **How it works.** Wherever you see `____`, something is missing: replace the whole `____`. The cell below each exercise
# checks your answer; run it as often as you like. `hint("grid")` gives a first hint, called again a second and a third.
# Each step stands on its own: if you are stuck, go on with the next one. Learning alone, with the course's `solutions/`
# folder there? Then `solution("grid")` shows how we did it.

# %% setup
import warnings

# nn.Transformer, built exactly as this notebook asks, warns about a speed-up that it cannot use.
warnings.filterwarnings("ignore", message="enable_nested_tensor is True")

from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.cbook import get_sample_data
from torch import nn

from coursework import attempt, open_notebook, solution
from coursework import layer_outputs, output_of, shapes_of, sizes_of
from detrlab import COCO_CLASSES, SHAPES_CLASSES, SmallResNet, TinyResNet, detect, draw_scene, is_cached, load_model
from detrlab import official_weights, open_picture, plot_detections, resized_size, short_weights

____, check, hint = open_notebook("q1_build")
