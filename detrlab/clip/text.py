"""CLIP's text tower: a causal transformer, and what it says at the end token.

CLIP (arXiv:2103.00020), section 2.4; `clip/model.py` of the official code, whose parameter names are kept
(`transformer.resblocks.0.attn.in_proj_weight`).
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn


class QuickGELU(nn.Module):
    """x * sigmoid(1.702 x), nearly GELU: what the official weights were trained with."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


class ResidualAttentionBlock(nn.Module):
    """Self-attention and a two-layer perceptron, each on normalised inputs and added to them ("pre-norm").

    d_model: D. n_head: M.
    """

    def __init__(self, d_model: int, n_head: int) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(d_model, n_head, batch_first=True)
        self.ln_1 = nn.LayerNorm(d_model)
        layers = [
            ("c_fc", nn.Linear(d_model, 4 * d_model)),
            ("gelu", QuickGELU()),
            ("c_proj", nn.Linear(4 * d_model, d_model)),
        ]
        self.mlp = nn.Sequential(OrderedDict(layers))
        self.ln_2 = nn.LayerNorm(d_model)

    def forward(self, x: Tensor, attn_mask: Tensor | None = None) -> Tensor:
        """x: (B, T, D), and so the result; attn_mask: (T, T), added to the scores before the softmax."""
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, attn_mask=attn_mask, need_weights=False)[0]
        return x + self.mlp(self.ln_2(x))


def causal_mask(T: int) -> Tensor:
    """(T, T) float: 0 where a token (row) may look, -inf above the diagonal: no token sees those behind it."""
    return torch.full((T, T), -torch.inf).triu(1)


class TextTransformer(nn.Module):
    """Tokens -> features (B, D) at the end token.

    Args:
        vocab_size: how many ids there are; the end token has the last.
        context_length: the longest row of tokens.
        width: D.
        heads, layers: of the transformer.
        projection: brings features to the shared space, (B, D) -> (B, E); None leaves them.
    """

    def __init__(
        self,
        vocab_size: int,
        context_length: int,
        width: int,
        heads: int,
        layers: int,
        projection: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(vocab_size, width)
        self.positional_embedding = nn.Parameter(torch.empty(context_length, width))
        self.transformer = nn.ModuleDict(
            {"resblocks": nn.ModuleList(ResidualAttentionBlock(width, heads) for _ in range(layers))}
        )
        self.ln_final = nn.LayerNorm(width)
        self.projection = nn.Identity() if projection is None else projection
        self.end = vocab_size - 1
        nn.init.normal_(self.token_embedding.weight, std=0.02)
        nn.init.normal_(self.positional_embedding, std=0.01)

    def forward(self, tokens: Tensor) -> Tensor:
        """Features of texts (B, T), T at most context_length: (B, E). Raises ValueError for a row without end token."""
        ends = tokens == self.end  # (B, T)
        if not ends.any(1).all():
            raise ValueError(f"a row of tokens has no end token ({self.end}): use the tokenizer of these weights")
        place = ends.int().argmax(1)  # (B,)
        # What lies behind the last end token is padding, which no end token sees.
        T = int(place.max()) + 1
        x = self.token_embedding(tokens[:, :T]) + self.positional_embedding[:T]  # (B, T, D)
        mask = causal_mask(T).to(x)
        for block in self.transformer["resblocks"]:
            x = block(x, mask)
        x = self.ln_final(x)
        return self.projection(x[torch.arange(len(x)), place])


class BagOfWords(nn.Module):
    """A text tower that is blind to the order of words, as a control: tokens (B, T) -> (B, E).

    It adds up an embedding for each word of a text. Texts of the same words get equal features, to the last bit: words
    are counted first, so that no rounding depends on their order.
    """

    def __init__(self, vocab_size: int, width: int, projection: nn.Module | None = None) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(vocab_size, width)
        self.projection = nn.Identity() if projection is None else projection

    def forward(self, tokens: Tensor) -> Tensor:
        """Features of texts; padding (0) does not count."""
        counts = torch.zeros(len(tokens), self.token_embedding.num_embeddings, device=tokens.device)
        counts.scatter_add_(1, tokens, (tokens != 0).to(counts))
        return self.projection(counts @ self.token_embedding.weight)
