"""The weights of HuggingFace's `ViTModel` (`facebook/dino-vits16` for one) under the names of `VisionTransformer`.

Two generations of names are in use: files have `encoder.layer.0.attention.attention.query`, memory since version 5
`layers.0.attention.q_proj`. In both, queries, keys and values have a matrix each; nn.MultiheadAttention keeps the three
in one. A pooler, which DINO does not have, is left out.
"""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

_OURS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), ours)
    for pattern, ours in (
        (r"^vit\.", ""),
        (r"^embeddings\.patch_embeddings\.projection\.", "patch_embed.proj."),
        (r"^embeddings\.cls_token$", "cls_token"),
        (r"^embeddings\.position_embeddings$", "pos_embed"),
        (r"^(encoder\.)?layers?\.", "blocks."),
        (r"\.attention\.attention\.(query|key|value)\.", r".attention.\1_proj."),
        (r"\.attention\.(q|k|v)(uery|ey|alue)_proj\.", r".attention.\1_proj."),
        (r"\.attention\.(output\.dense|o_proj)\.", ".attn.out_proj."),
        (r"\.layernorm_before\.", ".norm1."),
        (r"\.layernorm_after\.", ".norm2."),
        (r"\.(intermediate\.dense|mlp\.fc1)\.", ".mlp.0."),
        (r"\.(output\.dense|mlp\.fc2)\.", ".mlp.2."),
        (r"^layernorm\.", "norm."),
    )
)
_THIRD = re.compile(r"(.*\.)attention\.([qkv])_proj\.(weight|bias)")


def vit_from_huggingface(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of a `VisionTransformer` from that of a `ViTModel`; only queries, keys, values are copied."""
    found: dict[str, Tensor] = {}
    thirds: dict[str, dict[str, Tensor]] = {}
    for name, tensor in state.items():
        for pattern, ours in _OURS:
            name = pattern.sub(ours, name)
        if third := _THIRD.fullmatch(name):
            block, which, kind = third.groups()
            thirds.setdefault(f"{block}attn.in_proj_{kind}", {})[which] = tensor
        elif not name.startswith("pooler."):
            found[name] = tensor
    return found | {name: torch.cat([parts[which] for which in "qkv"]) for name, parts in thirds.items()}
