"""Rows and columns of an attention map from its projected queries and keys, without the whole map.

weights[i, j] = exp(q_i k_j - lse_i) per head, with lse_i = log sum_j exp(q_i k_j): the softmax of "Attention Is
All You Need", section 3.2.1, with q already divided by sqrt(D/M). Once lse is known a column (who looks at j)
costs as little as a row (where i looks). `static/attention_math.js` does the same in the browser.
"""

from __future__ import annotations

from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from detrlab.attention.capture import KINDS, CapturedAttention

Direction = Literal["row", "column"]
Head = int | Literal["mean"]
Layers = dict[str, list["AttentionRows"]]


class AttentionRows:
    """One attention layer of one picture: N tokens that look (cells or queries) at S that are looked at."""

    def __init__(self, q: Tensor, k: Tensor) -> None:
        """q: (M, N, D/M), divided by sqrt(D/M); k: (M, S, D/M)."""
        self.q, self.k = q, k

    @cached_property
    def lse(self) -> Tensor:
        """(M, N) log of the softmax's denominators; head by head, since all scores at once fill a small memory."""
        return torch.stack([(q @ k.T).logsumexp(-1) for q, k in zip(self.q, self.k, strict=True)])

    def weights(self, direction: Direction, index: int, head: Head) -> Tensor:
        """Where token `index` looks ("row", (S,), sums to 1) or who looks at it ("column", (N,)).

        IndexError if there is no such token or head.
        """
        heads = slice(None) if head == "mean" else slice(head, head + 1)
        if head != "mean" and not 0 <= head < len(self.q):
            raise IndexError(f"head {head} of {len(self.q)} heads")
        q, k = self.q[heads], self.k[heads]
        if direction == "row":
            scores = torch.einsum("md,msd->ms", q[:, index], k)
            return scores.softmax(-1).mean(0)
        scores = torch.einsum("mnd,md->mn", q, k[:, index])
        return (scores - self.lse[heads]).exp().mean(0)


def kept_layers(attention: CapturedAttention, sample: int = 0) -> Layers:
    """{"encoder", "cross", "self"}: the layers of each kind that there is, from a capture with lazy=True."""
    return {
        kind: [
            AttentionRows(*(each.float().cpu() for each in attention.projected(kind, layer, sample=sample)))
            for layer in range(attention.layers(kind))
        ]
        for kind in KINDS
        if attention.layers(kind)
    }
