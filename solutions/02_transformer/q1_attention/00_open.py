# %% [markdown]
# # 1 · Attention, and the layers made of it
# 32 points · about 160 minutes · runs offline, on a laptop's processor
#
# **After this notebook you can**
#
# - write multi-head attention from matrix products, with a padding mask, so that it equals PyTorch's;
# - say where positions enter an encoder layer and a decoder layer of DETR, and where they do not;
# - predict what a mask, the decoder's zero start and the order of the object queries change, and measure it.
#
# In 01_detr you used a transformer; here you write every line of one: sections 3.2, A.1 and A.3 of the paper (Carion et
# al. 2020, arXiv:2005.12872). Letters are those of 01_detr: B images, S tokens, Q object queries, D the width, M heads,
# and $d = D / M$ channels for each head. The batch comes first.
#
# **How it works.** Replace each `____` as a whole, and a whole line `return ____` by as many lines as you need. The cell
# below an exercise checks your answer, as often as you like. `hint()` in a cell of your own is the next of three hints.
# Steps do not wait for each other. If you have the course's `solutions/` folder, `solution("scaled_attention")` shows
# our answer.
#
# Dropout is left out in this notebook. The official layers have it after every attention and in the feed-forward
# network; outside of training it does nothing.

# %% setup
import math
import time
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from torch import nn

from coursework import attempt, attempted, open_notebook, solution
from detrlab import TransformerDecoderLayer, TransformerEncoderLayer, draw_scene, load_model, new_figure, pad_and_mask
from detrlab import plot_transformer_layers, to_input

____, check, hint = open_notebook("q1_attention")
# The first padding mask that an attention is given makes torch import sympy, which takes seconds: here, so that no check
# waits for it.
nn.MultiheadAttention(1, 1)(*torch.zeros(3, 1, 1, 1), key_padding_mask=torch.zeros(1, 1, dtype=torch.bool))


class LayerParts(nn.Module):
    """The parts of an encoder layer or, with `cross`, of a decoder layer, under their official names; no forward."""

    def __init__(self, D, M, hidden, cross=False):
        super().__init__()
        self.self_attn = nn.MultiheadAttention(D, M, batch_first=True)
        if cross:
            self.multihead_attn = nn.MultiheadAttention(D, M, batch_first=True)
            self.norm3 = nn.LayerNorm(D)
        self.linear1, self.linear2 = nn.Linear(D, hidden), nn.Linear(hidden, D)
        self.norm1, self.norm2 = nn.LayerNorm(D), nn.LayerNorm(D)


def told(call):
    """The numbers of the tensor that `call` gives, and whether a gradient can flow back from it.

    For what is no tensor, or an exception, stands that itself in the place of the numbers.
    """
    value = attempted(call)
    if getattr(value, "is_open", False):
        return value  # the blank
    return {"values": value, "lets gradients through": value.requires_grad if isinstance(value, torch.Tensor) else None}


def prediction(name, highest, case):
    """What comes of a prediction: any number from 0 to `highest` is right, and what comes back hangs on the seed alone."""
    value = globals()[name]
    float(value) if value is ____ else None
    number = attempted(value.item) if hasattr(value, "item") else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        return "no number"
    return f"a number from 0 to {highest} (case {case})" if 0 <= number <= highest else "out of its range"


@contextmanager
def attention_gives(attention, output):
    """While open, an nn.MultiheadAttention gives `output`; what it is given at its first call is noted.

    So an error before it is not seen once more behind it. Where the axes are arranged otherwise, so is the output.
    """
    given, names = {}, ("query", "key", "value", "key_padding_mask", "need_weights", "attn_mask")

    def before(_, args, kwargs):
        for name, value in ({"key_padding_mask": None, "attn_mask": None} | dict(zip(names, args)) | kwargs).items():
            given.setdefault(name, value)

    def after(_, args, result):
        return output.view_as(result[0]) if output.numel() == result[0].numel() else output, result[1]

    handles = [attention.register_forward_pre_hook(before, with_kwargs=True), attention.register_forward_hook(after)]
    try:
        yield given
    finally:
        for handle in handles:
            handle.remove()


def or_not_called(result, name, given):
    """The result, an exception too; but where the attention was not called, a sentence that says so."""
    return result if given or hasattr(result, "is_open") else f"{name} was not called"


def noted(given, result, *names):
    """What an attention was given; where it was not called, `result`: an exception, or `or_not_called`'s sentence."""
    return {name: attempted(lambda name=name: given.get(name, result)) for name in names}
