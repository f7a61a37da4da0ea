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
# **How it works.** Replace each `____` as a whole, and a whole line `return ____` by as many lines as you need. The cell
# below an exercise checks your answer. `hint()` in a cell of your own is the next of the three hints of the exercise
# above. Steps do not wait for each other. With the course's `solutions/` folder, `solution("grid")` shows our answer.

# %% setup
import warnings

# nn.Transformer, built exactly as this notebook asks, warns about a speed-up that it cannot use.
warnings.filterwarnings("ignore", message="enable_nested_tensor is True")

import textwrap
from collections import Counter
from contextlib import ExitStack, contextmanager

import numpy as np
import torch
from matplotlib.cbook import get_sample_data
from torch import nn

from coursework import attempt, attempted, open_notebook, solution
from coursework import layer_outputs, shapes_of, sizes_of
from detrlab import COCO_CLASSES, SHAPES_CLASSES, SmallResNet, TinyResNet, detect, draw_scene, is_cached, load_model
from detrlab import new_figure, official_weights, open_picture, plot_detections, plot_detr, plot_transformer_layers
from detrlab import resized_size, short_weights

____, check, hint = open_notebook("q1_build")

GREY = "#7a7f87"  # of words and lines that are read on a white page and on a dark one


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


def clear_figure(size):
    """An empty Figure of size (width, height) in inches, without a background of its own."""
    figure = new_figure(size)
    figure.set_facecolor("none")
    return figure


def is_exception(value):
    """Is this what `attempted` gives for a line that raised, or for a blank?"""
    return hasattr(value, "is_open")


def lets_gradients_through(value):
    """Can a gradient flow back from this tensor? What is no tensor is given back."""
    return value.requires_grad if isinstance(value, torch.Tensor) else value


def with_gradients(values):
    """What a function gave, and whether gradients flow back from it; an exception alone where it raised one."""
    return values if is_exception(values) else {"its values": values, "lets gradients through": lets_gradients_through(values)}


def given_to(part, given, result):
    """What the encoder or the decoder was given first. Where it was not called: the exception that `result` is, if any.

    Who forgets the encoder hands the decoder what was meant for it.
    """
    name, instead = {"encoder": ("src", "memory"), "decoder": ("tgt", "tgt")}[part]
    return given.get(name, given.get(instead, result if is_exception(result) else f"the {part} was not called"))


def sees_encoded(given, result):
    """Was the decoder given what the encoder gave? Where one of them was not called, that, or the exception `result`."""
    missing = next((part for part, name in (("decoder", "memory"), ("encoder", "encoded")) if name not in given), None)
    if missing is None:
        return given["memory"] is given["encoded"]
    return result if is_exception(result) else f"the {missing} was not called"
