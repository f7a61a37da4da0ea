"""Where a similarity comes from: the words that the end of a text looks at, the cells that a text is found in."""

import torch
import torch.nn.functional as F
from torch import Tensor

from detrlab.attention.capture import capture_attention
from detrlab.clip.model import CLIP
from detrlab.clip.text import TextTransformer


@torch.no_grad()
def word_attention(text: TextTransformer, tokens: Tensor) -> Tensor:
    """How much the end token of one text (T,) looks at each token up to itself: (L, M, n), each row sums to 1."""
    with capture_attention(text) as attention:
        text(tokens[None])
    return torch.stack([attention.weights(name, "all")[:, -1] for name in attention.names])


def similarity_map(model: CLIP, pictures: Tensor, text_features: Tensor) -> Tensor:
    """Which cells of each picture (B, 3, H, W) its similarity to a text comes from: (B, h, w), none negative.

    Grad-CAM (Selvaraju et al. 2017) on the tokens that attention pooling looks at: what a token contributes along the
    gradient of the cosine, where that is positive. text_features: (B, E) or (E,), of length 1; the mean of prompts that
    share a word stands for that word.
    """
    visual = model.visual
    with torch.enable_grad():
        maps = visual.stages(pictures)
        tokens = visual.tokens(maps, pictures).detach().requires_grad_()  # (B, S, D)
        features = F.normalize(visual.projection(visual.pool(tokens)), dim=-1)
        gradient = torch.autograd.grad((features * text_features).sum(), tokens)[0]
    return F.relu((gradient * tokens.detach()).sum(-1)).unflatten(-1, maps.shape[-2:])
