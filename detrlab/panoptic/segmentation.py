"""DETR with a mask for every object query: the detector, attention maps, and the mask head.

DETR, section 4.4 "DETR for panoptic segmentation" and figure 8; `DETRsegm` in `models/segmentation.py` of the official
code. Parameter names equal the official checkpoints': the detector's begin with `detr.`.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from detrlab.detr.detr import DETR, pad_and_mask
from detrlab.panoptic.attention_map import MHAttentionMap
from detrlab.panoptic.mask_head import MaskHeadSmallConv

RESNET_STAGES: Mapping[str, int] = MappingProxyType({"layer3": 1024, "layer2": 512, "layer1": 256})


class Seen(NamedTuple):
    """What the detector computed of a batch, from which masks are drawn."""

    hs: Tensor  # (L, B, Q, D), the decoder layers' outputs
    memory: Tensor  # (B, D, h, w), the encoder's output
    src: Tensor  # (B, D, h, w), the encoder's input
    mask: Tensor  # (B, h, w) bool, True on padding
    fpns: list[Tensor]  # the backbone's earlier maps (B, C_i, h_i, w_i), coarsest first

    def picture(self, i: int) -> "Seen":
        """The same of picture i alone, a batch of 1."""
        one = slice(i, i + 1)
        hs, memory, src, mask, fpns = self
        return Seen(hs[:, one], memory[one], src[one], mask[one], [fpn[one] for fpn in fpns])

    def float(self) -> "Seen":
        """The same in float32: what a detector sees that computes in bfloat16 has that type."""
        hs, memory, src, mask, fpns = self
        return Seen(hs.float(), memory.float(), src.float(), mask, [fpn.float() for fpn in fpns])


class DETRsegm(nn.Module):
    """A detector with a mask head on top.

    Args:
        detr: the detector.
        stages: which stages of its backbone give finer maps, coarsest first, and their channels; those of the official
            ResNets if not given. Of `SmallResNet`: {"layer1": 64, "relu": 32}.
        groups: of the mask head's GroupNorms; officially 8.
        per_head: see `MHAttentionMap`; officially False.
        map_gain: attention maps are multiplied by it before they enter the mask head; officially 1. The softmax over
            heads and cells makes values near 1 / (M * h * w), which a head that is trained for minutes barely hears.
        freeze_detr: train the head alone: the detector gets no gradients, and stays in eval mode whatever `train` says
            (freezing parameters would not keep batch norms and dropout from what they do in training).

    Raises:
        ValueError: channels that do not fit the groups; when it runs, a stage that the backbone does not have.
    """

    def __init__(
        self,
        detr: DETR,
        stages: Mapping[str, int] = RESNET_STAGES,
        groups: int = 8,
        per_head: bool = False,
        map_gain: float = 1.0,
        freeze_detr: bool = False,
    ) -> None:
        super().__init__()
        D = detr.transformer.d_model
        M = detr.transformer.decoder.layers[0].multihead_attn.num_heads
        self.detr = detr
        self.bbox_attention = MHAttentionMap(D, D, M, per_head)
        self.mask_head = MaskHeadSmallConv(D + M, list(stages.values()), D, groups)
        self.stages = tuple(stages)
        self.map_gain = map_gain
        self.frozen = freeze_detr
        if freeze_detr:
            detr.requires_grad_(False)
            detr.eval()

    @property
    def classes(self) -> tuple[str, ...]:
        """The detector's class names by label."""
        return self.detr.classes

    @property
    def input_size(self) -> tuple[int, int]:
        """What the detector's pictures are resized to: shorter side, longest side, in pixels."""
        return self.detr.input_size

    def train(self, mode: bool = True) -> "DETRsegm":
        super().train(mode)
        if self.frozen:
            self.detr.eval()
        return self

    def forward(self, pictures: Tensor | Sequence[Tensor]) -> dict[str, Any]:
        """Detect and segment in a batch of normalised pictures.

        Args:
            pictures: (B, 3, H, W), or a sequence of B pictures (3, H_i, W_i), which are padded and masked.

        Returns:
            What the detector returns (see `DETR.forward`), and pred_masks: (B, Q, h, w) logits, h and w of the finest
            map (officially a quarter of the padded batch's height and width).

        Raises:
            ValueError: pictures of another shape.
        """
        seen = self.see(pictures)
        return {**self.predictions(seen.hs), "pred_masks": self.masks(seen, seen.hs[-1])}

    def predictions(self, hs: Tensor) -> dict[str, Any]:
        """What `forward` returns beside masks, from the decoder layers' outputs hs (L, B, Q, D)."""
        return self.detr.predictions(hs)

    def see(self, pictures: Tensor | Sequence[Tensor]) -> Seen:
        """Run the detector, up to its decoder's outputs; pictures as in `forward`."""
        batch, mask = pad_and_mask(pictures)
        backbone, position = self.detr.backbone
        *fpns, last = backbone.stage_maps(batch, [*self.stages, "layer4"])  # (B, C_i, h_i, w_i) each
        mask = F.interpolate(mask[:, None].float(), size=last.shape[-2:])[:, 0].bool()  # (B, h, w)
        src = self.detr.input_proj(last)  # (B, D, h, w)
        hs, memory = self.detr.transformer(src, mask, self.detr.query_embed.weight, position(mask))
        return Seen(hs, memory, src, mask, fpns)

    def masks(self, seen: Seen, queries: Tensor) -> Tensor:
        """Masks of some object queries: in training, those of the matched ones are all that is needed.

        seen: from `see`. queries: (B, Q', D), rows of `seen.hs[-1]`. Returns logits (B, Q', h, w).
        """
        B, Q = queries.shape[:2]
        maps = self.bbox_attention(queries, seen.memory, seen.mask)  # (B, Q', M, h, w)
        return self.mask_head(seen.src, self.map_gain * maps, seen.fpns).unflatten(0, (B, Q))[:, :, 0]
