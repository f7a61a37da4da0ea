"""One call of nn.MultiheadAttention: its query and key inputs, and the softmax weights rebuilt from them.

weights = softmax(q k^T / sqrt(D / M) + masks) per head ("Attention Is All You Need", section 3.2), with the
module's own projections. One row costs one projected query against all keys, so a single point's attention
is cheap to rebuild.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class AttentionCall:
    """The inputs of one call, batch first whatever the module's order. Maps are detached: they carry no
    gradient."""

    def __init__(
        self,
        module: nn.MultiheadAttention,
        query: Tensor,
        key: Tensor,
        attn_mask: Tensor | None,
        key_padding_mask: Tensor | None,
    ) -> None:
        if module.bias_k is not None or module.add_zero_attn:
            raise ValueError(
                "This attention has extra keys (add_bias_kv or add_zero_attn), which are no cells of a "
                "picture; only attention without them can be captured."
            )
        self.num_heads = module.num_heads
        self._module = module
        self._attn_mask = attn_mask
        if key.is_nested:  # the fast encoder packs padded batches: the lengths are what is left of the mask
            lengths = torch.tensor([len(tokens) for tokens in key.unbind()])
            query = key = key.to_padded_tensor(0.0)
            key_padding_mask = torch.arange(key.shape[1])[None] >= lengths[:, None]
        elif key.ndim == 2:
            query, key = query[None], key[None]
            key_padding_mask = None if key_padding_mask is None else key_padding_mask[None]
        elif not module.batch_first:
            # Two views of one tensor stay one tensor, so that self-attention keeps its input once.
            query, key = query.transpose(0, 1), key.transpose(0, 1)
        self._query, self._key = query.detach(), key.detach()  # (B, Q, D), (B, S, D)
        self._padding = key_padding_mask
        self._all: Tensor | None = None
        self.batch_size: int = query.shape[0]
        self.num_queries: int = query.shape[1]
        self.num_keys: int = key.shape[1]

    def compute_all(self, arguments: dict[str, Any]) -> None:
        """Keep all maps now, so that they no longer depend on the module's weights, and let go of the inputs.

        arguments: of the call. The maps are what the module itself gives for them when it is asked for its weights, to
        the last bit, but for its dropout.
        """
        if arguments["query"].is_nested:
            # Packed batches have no weights of their own.
            self._all = torch.stack([self._rebuild(sample, None) for sample in range(self.batch_size)])
        else:
            self._all = _own_weights(self._module, arguments).view(self.batch_size, self.num_heads, -1, self.num_keys)
        self._query = self._key = None

    def padding(self, sample: int) -> Tensor | None:
        """(S,) bool, True where the keys of a sample are padding; None without a padding mask."""
        self.check("mean", sample)
        if self._padding is None:
            return None
        padding = self._padding[sample]
        return padding if padding.dtype == torch.bool else padding == -math.inf

    def maps(self, head: int | str, sample: int, queries: list[int] | None = None) -> Tensor:
        """([M,] Q, S) weights of one sample, [query, key]: of one head, their "mean", or "all" with M in
        front.

        queries: only these rows. ValueError for a head or sample that is not there.
        """
        self.check(head, sample)
        if self._all is None:
            heads = self._rebuild(sample, queries)  # (M, Q, S)
        else:
            heads = self._all[sample] if queries is None else self._all[sample][:, queries]
        if head == "all":
            return heads
        return heads.mean(0) if head == "mean" else heads[head]

    def check(self, head: int | str, sample: int) -> None:
        """ValueError if there is no such head or sample."""
        if not (isinstance(head, str) and head in ("mean", "all")):
            index_of(head, self.num_heads, "head", 'heads, "mean" and "all"')
        index_of(sample, self.batch_size, "sample", "pictures in the batch")

    @torch.no_grad()
    def projected(self, sample: int, queries: list[int] | None = None) -> tuple[Tensor, Tensor]:
        """q (M, Q, D/M), divided by sqrt(D/M), and k (M, S, D/M) of one sample: weights = softmax(q k^T + masks).

        queries: only these rows of q. ValueError after compute_all, which lets go of the inputs.
        """
        if self._query is None or self._key is None:
            raise ValueError(
                "Only the maps are left of this capture, not the queries and keys: "
                "use capture_attention(model, lazy=True)."
            )
        module, M = self._module, self.num_heads
        D = module.embed_dim
        if module._qkv_same_embed_dim:
            w_q, w_k = module.in_proj_weight[:D], module.in_proj_weight[D : 2 * D]
        else:
            w_q, w_k = module.q_proj_weight, module.k_proj_weight
        bias = module.in_proj_bias
        b_q, b_k = (None, None) if bias is None else (bias[:D], bias[D : 2 * D])
        query, key = self._query[sample], self._key[sample]  # (Q, D), (S, D)
        if queries is not None:
            query = query[queries]
        q = F.linear(query.to(w_q.dtype), w_q, b_q).unflatten(-1, (M, D // M)).transpose(0, 1)  # (M, Q, D/M)
        k = F.linear(key.to(w_k.dtype), w_k, b_k).unflatten(-1, (M, D // M)).transpose(0, 1)  # (M, S, D/M)
        return q / math.sqrt(D // M), k

    @property
    def has_attention_mask(self) -> bool:
        """Whether the call came with an attn_mask, which is not part of q and k."""
        return self._attn_mask is not None

    @torch.no_grad()
    def _rebuild(self, sample: int, queries: list[int] | None) -> Tensor:
        """(M, Q, S) weights of one sample from its inputs."""
        q, k = self.projected(sample, queries)
        scores = q @ k.transpose(1, 2)  # (M, Q, S)
        for mask in (self._attention_mask_of(sample, queries), self._padding_mask_of(sample)):
            if mask is not None and mask.dtype == torch.bool:
                scores = scores.masked_fill(mask, -math.inf)
            elif mask is not None:
                scores = scores + mask
        return scores.softmax(-1)

    def _attention_mask_of(self, sample: int, queries: list[int] | None) -> Tensor | None:
        """The attn_mask of one sample: (Q, S) for all heads or (M, Q, S)."""
        mask = self._attn_mask
        if mask is None:
            return None
        if mask.ndim == 3:  # (B*M, Q, S)
            mask = mask.unflatten(0, (-1, self.num_heads))[sample]
        return mask if queries is None else mask[..., queries, :]

    def _padding_mask_of(self, sample: int) -> Tensor | None:
        """The padding of one sample's keys, (S,)."""
        return None if self._padding is None else self._padding[sample]


def _own_weights(module: nn.MultiheadAttention, arguments: dict[str, Any]) -> Tensor:
    """([B,] M, Q, S) weights that the module gives for a call's arguments, before dropout; no hook hears of it."""
    was_training = module.training
    module.training = False
    try:
        asked = arguments | {"self": module, "need_weights": True, "average_attn_weights": False}
        return type(module).forward(**asked)[1].detach()
    finally:
        module.training = was_training


def index_of(value: Any, count: int, what: str, of: str) -> int:
    """The index 0..count-1 that a whole number (of any kind) from -count..count-1 means, or a ValueError."""
    try:
        number = operator.index(value)
    except TypeError:
        number = count
    if not -count <= number < count:
        raise ValueError(f"{what}={value!r}, but there are {count} {of}: 0 to {count - 1}, or -1 for the last.")
    return number % count
