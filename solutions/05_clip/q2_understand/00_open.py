# %% [markdown]
# # 2 · What CLIP has understood
# 24 points · about 135 minutes · runs offline, on a laptop's processor
#
# **After this notebook you can**
#
# - measure retrieval both ways, and count a caption as right wherever it says the same;
# - make a classifier out of sentences, with several sentences for each class;
# - say how many "wrong" texts of a batch are not wrong, and what leaving them out changes;
# - test whether a model binds words to each other, against a tower that cannot, with chance and standard error;
# - say what hard negatives do and what they do not, from runs with three seeds;
# - measure the distance between the two halves of CLIP's space.
#
# The shipped CLIP of this course (`load_clip()`) read 24,000 small scenes and their captions. It names shapes it was
# never asked to classify, and it finds scenes by a sentence (Radford et al. 2021, arXiv:2103.00020, section 3.1). What
# has it understood of the sentence? A retrieval that is nearly perfect does not say: you will measure it.
#
# **Letters.** N images, T texts, K classes, P prompts (texts of one class), E the size of the shared space. Features
# have the length 1 unless a step says otherwise, so a product of two is their cosine. Images are rows, texts columns.
#
# **How it works.** Replace each `____` as a whole, and a whole line `return ____` by as many lines as you need. The
# cell below an exercise checks your answer, as often as you like. `hint()` in a cell of your own is the next of three
# hints. Steps do not wait for each other, but what is measured with your functions waits for their checks, and says so.

# %% setup
import math
from collections import Counter
from functools import cache
from itertools import zip_longest
from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F

from coursework import attempt, attempted, open_notebook, solution
from detrlab import CAPTION_WORDS, SWAPS, BagOfWords, captioned_scenes, clear_subplots, clip_runs, encode_pictures
from detrlab import encode_texts, load_clip, plot_clip_runs, similarity_map, swapped, untrained_clip, word_attention

____, check, hint = open_notebook("q2_understand")
COLOURS = ("red", "orange", "yellow", "green", "turquoise", "blue", "purple", "pink", "brown", "black", "grey", "white")
SHAPES = ("circle", "square", "triangle", "star", "ring", "cross")
E = 128  # of the shipped CLIP
GREY = "#7a7f87"  # of words in figures: it can be read on a light page and on a dark one


@cache
def clip():
    """The shipped CLIP, loaded once."""
    return load_clip()


@cache
def seen(count, shapes=None):
    """Fresh scenes, a caption of each, and what the shipped CLIP makes of both."""
    scenes = captioned_scenes(count, "fresh", first=100_000 if shapes else 0, shapes=shapes)
    captions = scenes.captions()
    told = [str(caption) for caption in captions]
    return SimpleNamespace(scenes=scenes, captions=captions, told=told, texts=encode_texts(clip(), told),
                           images=encode_pictures(clip(), scenes.normalised()))


def show_if_known(show):
    """What `show` gives; where a text has a word that no caption has, this is said instead."""
    try:
        return show()
    except ValueError as problem:
        print(problem)
        return None


def swaps_of(captions, kind):
    """Of these captions those that have something of this kind to exchange: their numbers, and the false texts."""
    false = {n: swapped(caption, kind, np.random.default_rng((n, 306))) for n, caption in enumerate(captions)}
    return [n for n in false if false[n] is not None], [str(each) for each in false.values() if each is not None]


def several(runs, measure, digits=3):
    """Of runs with equal recipes: the mean of a figure, and from where to where it goes."""
    values = [run[measure] for run in runs]
    mean, least, most = (f"{each:.{digits}f}" for each in (sum(values) / len(values), min(values), max(values)))
    return f"{mean} ({least} to {most})"


# ---- for the checks ----


def unit(draw, *shape):
    """Drawn features of length 1."""
    return F.normalize(draw.normal(*shape), dim=-1)


def plain(value):
    """A number, or a tensor or array with one number, as a number."""
    return value.item() if isinstance(value, torch.Tensor | np.ndarray | np.generic) else value


def drawn_words(draw):
    """Words of two shapes that differ in kind and colour."""
    colours, shapes = draw.permutation(len(COLOURS)).tolist(), draw.permutation(len(SHAPES)).tolist()
    return COLOURS[colours[0]], SHAPES[shapes[0]], COLOURS[colours[1]], SHAPES[shapes[1]]


def article(words):
    """The same with "a" or "an" in front."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"
