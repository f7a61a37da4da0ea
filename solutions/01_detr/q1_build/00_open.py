# %% [markdown]
# # 1 · Build a DETR
# 24 points · about 95 minutes · runs offline, on a laptop's processor
#
# **After this notebook you can**
#
# - say what happens to an image on its way to a set of boxes, with the shape of every tensor;
# - write this way as a short PyTorch class, into which trained weights can be loaded;
# - explain what positional encodings, object queries and the no-object class are for.
#
# You build the *short DETR* of the demo notebook in its authors' repository (section A.6 of their paper, Carion et al.
# 2020, arXiv:2005.12872, prints a still shorter form).
#
# **How it works.** Replace each `____` as a whole; the cell below an exercise checks your answer. `hint()` in a cell of
# your own is the next of the three hints of the exercise above. Steps do not wait for each other. With the course's
# `solutions/` folder, `solution("grid")` shows our answer.

# %% setup
import warnings

# nn.Transformer, built exactly as this notebook asks, warns about a speed-up that it cannot use.
warnings.filterwarnings("ignore", message="enable_nested_tensor is True")

from collections import Counter
from contextlib import ExitStack, contextmanager

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.cbook import get_sample_data
from torch import nn

from coursework import attempt, attempted, open_notebook, solution
from coursework import layer_outputs, output_of, shapes_of, sizes_of
from detrlab import COCO_CLASSES, SHAPES_CLASSES, SmallResNet, TinyResNet, detect, draw_scene, is_cached, load_model
from detrlab import official_weights, open_picture, plot_detections, plot_detr, plot_transformer_layers, resized_size
from detrlab import short_weights

____, check, hint = open_notebook("q1_build")


@contextmanager
def watched(transformer, objects):
    """While open, the decoder gives `objects`, whatever it is given; what encoder and decoder are given first is noted.

    So an error before the transformer is not seen once more behind it.
    """
    given = {}

    def note(*names):
        def before(_, args, kwargs):
            for name, value in (dict(zip(names, args)) | kwargs).items():
                given.setdefault(name, value)
        return before

    def encoded(_, args, output):
        given.setdefault("encoded", output)

    with ExitStack() as stack:
        for module, names in ((transformer, ("src", "tgt")), (transformer.encoder, ("src",)),
                              (transformer.decoder, ("tgt", "memory"))):
            stack.callback(module.register_forward_pre_hook(note(*names), with_kwargs=True).remove)
        stack.callback(transformer.encoder.register_forward_hook(encoded).remove)
        stack.callback(transformer.decoder.register_forward_hook(lambda *_: objects).remove)
        yield given


def lets_gradients_through(value):
    """Can a gradient flow back from this tensor? What is no tensor, an exception say, is given back."""
    return value.requires_grad if isinstance(value, torch.Tensor) else value


def sees_encoded(given, result):
    """Was the decoder given what the encoder gave? Where it was not called, `result`."""
    return given["memory"] is given.get("encoded") if "memory" in given else result
