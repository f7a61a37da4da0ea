# %% [markdown]
# # 1 · CLIP: which words go with which image
# 26 points · about 130 minutes · runs offline, on a laptop's processor
#
# **After this notebook you can**
#
# - turn captions into tokens, and read them with a causal transformer that speaks at its end token;
# - bring images and texts into one space, where a cosine says how well they fit;
# - write CLIP's loss, and say what it is worth to know nothing;
# - say why its temperature is learned, and where it is clamped;
# - train a small CLIP of your own in minutes, and hand it in.
#
# A detector knows the classes that it was trained for. CLIP (Radford et al. 2021, arXiv:2103.00020) learns from images
# and the texts that were found beside them. Two towers, one for images and one for texts, end in the same space, and
# training asks of each image which text of the batch is its own, and of each text which image (sections 2.3 and 2.4,
# figure 3). Afterwards a class is a sentence.
#
# **The scenes** have one to three shapes, and a caption that names all of them: "a red ring left of a blue star". Their
# images have 64 × 64 pixels, and captions have 36 different words.
#
# **Letters.** B images or texts, T tokens of a text, V ids of the vocabulary, D the width of a tower, M heads, L
# layers, S cells of an image, Q queries, E the size of the shared space. N images and their N texts are a batch of
# training. The small CLIP of this course has T = 20, V = 38, D = 128, M = 4, L = 2, S = 64, Q = 9, E = 128.
#
# **How it works.** Replace each `____` as a whole, and a whole line `return ____` by as many lines as you need. The
# cell below an exercise checks your answer, as often as you like. `hint()` in a cell of your own is the next of three
# hints. Steps do not wait for each other.

# %% setup
import math
import time
from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import detrlab
from coursework import attempt, attempted, kept, open_notebook, solution
from detrlab import CAPTION_WORDS, CLIP, CLIPLearner, ImageTower, Projection, ResidualAttentionBlock, TextTransformer
from detrlab import Tokenizer, captioned_scenes, clamp_logit_scale, clear_subplots, clip_logits
from detrlab import encode_pictures, encode_texts, kept_maps, load_clip, recall_at_k, untrained_clip

____, check, hint = open_notebook("q1_clip")
D, M, L, T, E = 128, 4, 2, 20, 128  # of the small CLIP: width, heads, layers, tokens of a text, the shared space
GREY = "#7a7f87"  # of words in figures: it can be read on a light page and on a dark one


def told(call, *inputs):
    """The numbers of the tensor that `call` gives, and the gradients that flow back from it to the inputs.

    What is no tensor has no gradients; an exception stands for itself.
    """

    def both():
        value = call()
        if not inputs:
            return value
        tensor = torch.as_tensor(value) if isinstance(value, float) else value
        if not isinstance(tensor, torch.Tensor):
            return {"values": value, "gradients": None}
        mixed = (tensor * torch.arange(1.0, tensor.numel() + 1).cos().view_as(tensor)).sum()
        return {"values": value, "gradients": attempted(lambda: torch.autograd.grad(mixed, inputs, retain_graph=True))}

    return attempted(both)


class StandIn(nn.Module):
    """In place of a block, for checks: every token takes a mean of those that the mask lets it see."""

    def __init__(self, D):
        super().__init__()
        self.linear = nn.Linear(D, D)

    def forward(self, x, mask=None):
        T = x.shape[1]
        seen = torch.ones(T, T) if mask is None else mask.exp()
        return x + (seen / seen.sum(1, keepdim=True)) @ self.linear(x).tanh()


def layers_of(block):
    """The four layers of a block of the text tower, without what joins them."""
    return SimpleNamespace(ln_1=block.ln_1, attn=block.attn, ln_2=block.ln_2, mlp=block.mlp)


def drawn_layers(draw, D, M):
    """Such layers with drawn weights."""
    return layers_of(draw.fill(ResidualAttentionBlock(D, M)))


def drawn_tower(draw, V, T, D, L):
    """A text tower for checks: its blocks are stand-ins."""
    parts = nn.ModuleDict({"token_embedding": nn.Embedding(V, D), "ln_final": nn.LayerNorm(D)})
    parts["blocks"] = nn.ModuleList(StandIn(D) for _ in range(L))
    draw.fill(parts, scale=3.0)
    return SimpleNamespace(**parts, positional_embedding=draw.normal(T, D))


def tower_of(text, block):
    """The shipped text tower with blocks that are run by `block(layers, x, mask)`."""
    run = [lambda x, mask, own=layers_of(each): block(own, x, mask) for each in text.transformer["resblocks"]]
    return SimpleNamespace(token_embedding=text.token_embedding, positional_embedding=text.positional_embedding,
                           blocks=run, ln_final=text.ln_final)


def tiny_clip():
    """A CLIP half as wide as the shipped one, with random weights; its frozen stages are not in it (`seen_scenes`)."""
    tokenizer = Tokenizer()
    visual = ImageTower(64, M, Projection(9 * 64, 64))
    visual.stages = nn.Identity()
    text = TextTransformer(tokenizer.vocab_size, T, 64, M, layers=L, projection=Projection(64, 64))
    model = CLIP(visual, text)
    model.tokenizer = tokenizer
    return model


def seen_scenes(count, use, first=0):
    """Scenes of a use, and the maps (N, C, 8, 8) that the frozen stages of "shapes" make of them, computed once."""
    scenes = captioned_scenes(count, use, first)
    captions = [str(caption) for caption in scenes.captions()]
    return SimpleNamespace(scenes=scenes, captions=captions, maps=kept_maps(untrained_clip(), scenes))


def features_of(model, seen, chosen=slice(None)):
    """Features of length 1 of these of `seen_scenes`, (N, E)."""
    return F.normalize(model.visual.pooled(seen.maps[chosen].float(), seen.scenes.normalised(chosen)), dim=-1)


@torch.no_grad()
def lower_recall(model, seen):
    """R@1 of `seen_scenes`, the lower of both ways; equal captions are right."""
    similarity = features_of(model, seen) @ encode_texts(model, seen.captions).T
    return min(recall_at_k(similarity, seen.captions, 1))
