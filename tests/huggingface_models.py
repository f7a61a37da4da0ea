"""HuggingFace's DETR in small, as an oracle."""

from collections.abc import Sequence

import torch

from tests.needs import need_module


def small_model(
    kind: str, blocks: Sequence[int], stages: Sequence[str], D: int, heads: int, layers: tuple[int, int]
) -> torch.nn.Module:
    """Its class `kind` with K 5, Q 7 and these encoder and decoder layers; no vector is constant."""
    transformers = need_module("transformers")
    config = transformers.DetrConfig(
        backbone_config=transformers.ResNetConfig(depths=blocks, out_features=stages),
        use_timm_backbone=False,
        d_model=D,
        encoder_layers=layers[0],
        decoder_layers=layers[1],
        encoder_attention_heads=heads,
        decoder_attention_heads=heads,
        encoder_ffn_dim=11,
        decoder_ffn_dim=11,
        num_labels=5,
        num_queries=7,
    )
    torch.manual_seed(0)
    model = getattr(transformers, kind)(config).eval()
    with torch.no_grad():
        for vector in model.state_dict().values():
            if vector.dim() == 1:
                vector += torch.empty_like(vector).uniform_(-0.3, 0.3)
    return model
