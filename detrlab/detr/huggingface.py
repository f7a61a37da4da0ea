"""DETR's weights as HuggingFace keeps them, under the official names.

`DetrForObjectDetection` of `transformers` holds the same numbers under other names. Three generations are in use:
files with timm's ResNet (`facebook/detr-resnet-50`), files with transformers' own ResNet, and, in memory since
version 5, names without `conv_encoder` and with `mlp` and `o_proj` (files are still written the older way). In all of
them queries, keys and values have a matrix each; nn.MultiheadAttention keeps the three in one, `in_proj_weight`.

`DetrForSegmentation` has all that under `detr.`, as the official model has, and a mask head. Its names in files are the
official ones; in memory, since version 5, they are others.
"""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

# Patterns of HuggingFace's names and what the official code says instead, applied in this order.
_OFFICIAL: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), official)
    for pattern, official in (
        (r"^model\.backbone\.(conv_encoder\.)?model\.", "backbone.0.body."),
        # transformers' own ResNet counts stages and convolutions from 0; timm's has torchvision's names already.
        (r"\.embedder\.embedder\.convolution\.", ".conv1."),
        (r"\.embedder\.embedder\.normalization\.", ".bn1."),
        *((rf"\.encoder\.stages\.{stage}\.layers\.", f".layer{stage + 1}.") for stage in range(4)),
        *((rf"\.layer\.{i}\.convolution\.", f".conv{i + 1}.") for i in range(3)),
        *((rf"\.layer\.{i}\.normalization\.", f".bn{i + 1}.") for i in range(3)),
        (r"\.shortcut\.convolution\.", ".downsample.0."),
        (r"\.shortcut\.normalization\.", ".downsample.1."),
        (r"^model\.query_position_embeddings\.", "query_embed."),
        (r"^model\.input_projection\.", "input_proj."),
        (r"^class_labels_classifier\.", "class_embed."),
        (r"^bbox_predictor\.", "bbox_embed."),
        (r"^model\.decoder\.layernorm\.", "transformer.decoder.norm."),
        (r"^model\.(encoder|decoder)\.layers\.", r"transformer.\1.layers."),
        (r"\.self_attn_layer_norm\.", ".norm1."),
        (r"\.encoder_attn_layer_norm\.", ".norm2."),
        (r"^(transformer\.encoder\..*)\.final_layer_norm\.", r"\1.norm2."),
        (r"^(transformer\.decoder\..*)\.final_layer_norm\.", r"\1.norm3."),
        (r"\.encoder_attn\.", ".multihead_attn."),
        (r"\.o_proj\.", ".out_proj."),
        (r"\.(mlp\.)?fc([12])\.", r".linear\2."),
        (r"^bbox_attention\.([qk])_proj\.", r"bbox_attention.\1_linear."),
        *((rf"^mask_head\.conv{i}\.conv\.", f"mask_head.lay{i}.") for i in (1, 2)),
        *((rf"^mask_head\.conv{i}\.norm\.", f"mask_head.gn{i}.") for i in (1, 2)),
        *((rf"^mask_head\.fpn_stages\.{i}\.fpn_adapter\.", f"mask_head.adapter{i + 1}.") for i in range(3)),
        *((rf"^mask_head\.fpn_stages\.{i}\.refine\.conv\.", f"mask_head.lay{i + 3}.") for i in range(3)),
        *((rf"^mask_head\.fpn_stages\.{i}\.refine\.norm\.", f"mask_head.gn{i + 3}.") for i in range(3)),
        (r"^mask_head\.output_conv\.", "mask_head.out_lay."),
    )
)
MASKED = "detr."  # in front of the detector's names in a model with masks, official or not
_THIRD = re.compile(r"(.*\.)([qkv])_proj\.(weight|bias)")


def is_huggingface(state: Mapping[str, Tensor]) -> bool:
    """Does a state dict have the names of HuggingFace's `DetrForObjectDetection` or `DetrForSegmentation`?"""
    names = ("class_labels_classifier.weight", "bbox_predictor.layers.0.weight")
    return any(all(prefix + name in state for name in names) for prefix in ("", MASKED))


def official_name(name: str) -> str:
    """The official name of one of HuggingFace's; q, k and v stay apart, as `....self_attn.q_proj.weight`."""
    prefix = MASKED if name.startswith(MASKED) else ""
    name = name.removeprefix(prefix)
    for pattern, official in _OFFICIAL:
        name = pattern.sub(official, name)
    return prefix + name


def from_huggingface(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict of HuggingFace's `DetrForObjectDetection` or `DetrForSegmentation` under the official names.

    Names that are not known stay, for `load_weights` to report. Counts of batches are left out: frozen batch norm has
    no use for them, and `facebook/detr-resnet-50` holds four.
    """
    official = {official_name(name): t for name, t in state.items() if not name.endswith(".num_batches_tracked")}
    for name in list(official):
        match = _THIRD.fullmatch(name)
        if match and match[2] == "q":
            thirds = [f"{match[1]}{letter}_proj.{match[3]}" for letter in "qkv"]
            if official.keys() >= set(thirds):
                # (3 D, D), or (3 D,) of the biases: queries first, then keys, then values
                official[f"{match[1]}in_proj_{match[3]}"] = torch.cat([official.pop(third) for third in thirds])
    return official
