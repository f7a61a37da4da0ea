"""Where each object query looks, as maps that a mask can be drawn from: attention without values.

DETR, section 4.4 "DETR for panoptic segmentation" and figure 8;
`MHAttentionMap` in `models/segmentation.py` of the official code, whose parameter names are kept.
"""

import torch
from torch import Tensor, nn


class MHAttentionMap(nn.Module):
    """M attention maps of every object query over the encoder's memory: the softmax alone, multiplied with no value.

    Args:
        query_dim: D, the width of queries and memory.
        hidden_dim: the width of their projections, all heads together.
        num_heads: M, which divides hidden_dim.
        per_head: False is the official form: one softmax over heads *and* cells, so that the M maps of a query sum to 1
            together and a head that sees nothing stays dark. The released weights were trained with it. True is the
            repair: a softmax for each head, so that each map sums to 1.

    Raises:
        ValueError: num_heads does not divide hidden_dim.
    """

    def __init__(self, query_dim: int, hidden_dim: int, num_heads: int, per_head: bool = False) -> None:
        super().__init__()
        if hidden_dim % num_heads:
            raise ValueError(f"{num_heads} heads do not divide the width {hidden_dim}: choose a divisor")
        self.num_heads = num_heads
        self.per_head = per_head
        self.q_linear = nn.Linear(query_dim, hidden_dim)
        self.k_linear = nn.Linear(query_dim, hidden_dim)
        for linear in (self.q_linear, self.k_linear):
            nn.init.xavier_uniform_(linear.weight)
            nn.init.zeros_(linear.bias)

    def forward(self, q: Tensor, k: Tensor, mask: Tensor | None = None) -> Tensor:
        """The attention maps.

        Args:
            q: (B, Q, D), the decoder's outputs.
            k: (B, D, H, W), the encoder's memory.
            mask: (B, H, W) bool, True on padding, where every map becomes 0.

        Returns:
            (B, Q, M, H, W), values 0..1.
        """
        M = self.num_heads
        H, W = k.shape[-2:]
        queries = self.q_linear(q).unflatten(-1, (M, -1))  # (B, Q, M, D/M)
        keys = self.k_linear(k.flatten(2).transpose(1, 2)).unflatten(-1, (M, -1))  # (B, S, M, D/M)
        scores = torch.einsum("bqmd,bsmd->bqms", queries * queries.shape[-1] ** -0.5, keys)  # (B, Q, M, S)
        if mask is not None:
            scores = scores.masked_fill(mask.flatten(1)[:, None, None], -torch.inf)
        maps = scores.softmax(-1) if self.per_head else scores.flatten(2).softmax(-1).view_as(scores)
        return maps.unflatten(-1, (H, W))  # (B, Q, M, H, W)
