"""Restarts attention heads that have gone flat, once, in the middle of training.

A head of the last decoder layer can settle on looking at everything and nothing, and then adds the same
vector for every object: a constant. It is given the sharpest head's queries and keys, so that it looks
somewhere, keeps its own values, and has to learn anew what to make of them; its constant moves into the
bias. Nothing here knows where objects are: no box is used.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from detrlab.detr.detr import DETR

FLAT = 0.75  # of the entropy of a uniform map
SURE = 0.5  # probability of its class from which a query counts


@torch.no_grad()
def restart_flat_heads(model: DETR, pictures: Tensor) -> list[int]:
    """Restarts the flat heads of the last cross-attention and returns their numbers.

    pictures: (B, 3, H, W), normalised; entropies are means over the queries that are sure of an object in
    them.
    """
    attention: nn.MultiheadAttention = model.transformer.decoder.layers[-1].multihead_attn
    D, M = attention.embed_dim, attention.num_heads
    d = D // M
    maps, memory, sure = _look(model, attention, pictures)  # (B, M, Q, S), (B, S, D), (B, Q)
    if not sure.any():
        return []
    per_query = maps.transpose(1, 2)[sure]  # (sure queries, M, S)
    entropy = -(per_query * per_query.clamp_min(1e-12).log()).sum(-1).mean(0)  # (M,)
    flat = torch.nonzero(entropy > FLAT * math.log(maps.shape[-1])).flatten().tolist()
    source = int(entropy.argmin()) * d
    values = F.linear(memory, attention.in_proj_weight[2 * D :], attention.in_proj_bias[2 * D :])  # (B, S, D)
    for head in flat:
        own = slice(head * d, head * d + d)
        said = (maps[:, head] @ values[..., own])[sure].mean(0)  # (d,)
        attention.out_proj.bias += attention.out_proj.weight[:, own] @ said
        attention.out_proj.weight[:, own] = 0
        for start in (0, D):  # rows of the queries, then of the keys
            for rows in (attention.in_proj_weight, attention.in_proj_bias):
                rows[start + head * d : start + head * d + d] = rows[start + source : start + source + d]
    return flat


def _look(model: DETR, attention: nn.MultiheadAttention, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Maps per head (B, M, Q, S), the attended memory (B, S, D), and which queries are sure of an object (B,
    Q)."""
    caught: dict[str, Tensor] = {}

    def per_head(module: nn.Module, inputs: tuple, keywords: dict) -> tuple[tuple, dict]:
        caught["memory"] = keywords["value"]
        return inputs, keywords | {"average_attn_weights": False}

    def keep(module: nn.Module, inputs: tuple, output: tuple) -> None:
        caught["maps"] = output[1]

    handles = [
        attention.register_forward_pre_hook(per_head, with_kwargs=True),
        attention.register_forward_hook(keep),
    ]
    training = model.training
    model.eval()
    try:
        logits = model(pictures)["pred_logits"]
    finally:
        model.train(training)
        for handle in handles:
            handle.remove()
    return caught["maps"], caught["memory"], logits.softmax(-1)[..., :-1].amax(-1) > SURE
