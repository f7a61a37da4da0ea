"""Where a similarity comes from: the words that the end of a text looks at, the cells that a text is found in."""

import torch
import torch.nn.functional as F
from torch import Tensor

from detrlab.clip.model import CLIP
from detrlab.clip.text import TextTransformer, causal_mask


@torch.no_grad()
def word_attention(text: TextTransformer, tokens: Tensor) -> Tensor:
    """How much the end token of one text (T,) looks at each token up to itself: (L, M, n), each row sums to 1."""
    n = int((tokens == text.end).int().argmax()) + 1
    x = (text.token_embedding(tokens[:n]) + text.positional_embedding[:n])[None]  # (1, n, D)
    mask, found = causal_mask(n).to(x), []
    for block in text.transformer["resblocks"]:
        y = block.ln_1(x)
        weights = block.attn(y, y, y, attn_mask=mask, average_attn_weights=False)[1]  # (1, M, n, n)
        found.append(weights[0, :, -1])
        x = block(x, mask)
    return torch.stack(found)


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
