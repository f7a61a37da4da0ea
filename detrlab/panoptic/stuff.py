"""A mask head that draws stuff, too, on a detector that was trained on things alone.

The official detector is trained on boxes of things *and* stuff (DETR, section 4.4), so its object queries find both.
One that knows things only gets learned queries here, one for each class of stuff, which go to the mask head as they
are: where the sky is, is asked of the encoder's memory without the decoder.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from detrlab.detr.detr import DETR
from detrlab.panoptic.segmentation import DETRsegm, Seen

NEVER, ALWAYS = -1e4, 1e4  # logits of a class that a query cannot have, and of the one that it has


class StuffSegm(DETRsegm):
    """A frozen detector of things, and a mask head that has a learned query (`stuff_embed`) for each class of stuff.

    Labels are those of the detector, then those of stuff; `things` holds the detector's. The queries of stuff come
    last, each with the whole picture as its box and its own class for certain: whether a picture shows it is left to
    its mask.

    Args:
        detr: the detector, with `classes`; see `DETRsegm` for the others.
        stuff: the names of the classes of stuff.
    """

    def __init__(
        self, detr: DETR, stuff: Sequence[str], stages: Mapping[str, int], groups: int = 8, map_gain: float = 1.0
    ) -> None:
        super().__init__(detr, stages, groups, map_gain=map_gain, freeze_detr=True)
        self.stuff = tuple(stuff)
        self.stuff_embed = nn.Embedding(len(stuff), detr.transformer.d_model)

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of things, then of stuff, by label."""
        return (*self.detr.classes, *self.stuff)

    @property
    def things(self) -> range:
        """The labels of things."""
        return range(len(self.detr.classes))

    def see(self, pictures: Tensor | Sequence[Tensor]) -> Seen:
        """As `DETRsegm.see`; behind the decoder's outputs stand the queries of stuff: hs is (L, B, Q + stuff, D)."""
        seen = super().see(pictures)
        L, B = seen.hs.shape[:2]
        stuff = self.stuff_embed.weight.expand(L, B, -1, -1)  # (L, B, stuff, D)
        return seen._replace(hs=torch.cat([seen.hs, stuff], dim=2))

    def predictions(self, hs: Tensor) -> dict[str, Any]:
        """As `DETR.predictions`, with the classes and queries of stuff."""
        n = len(self.stuff)
        out = super().predictions(hs[:, :, :-n])
        things, nothing = out["pred_logits"].split([len(self.things), 1], dim=-1)  # (B, Q, things), (B, Q, 1)
        B, Q = things.shape[:2]
        logits = torch.cat([things, things.new_full((B, Q, n), NEVER), nothing], dim=-1)  # (B, Q, K + 1)
        sure = logits.new_zeros(n, logits.shape[-1])  # (stuff, K + 1)
        sure[range(n), range(len(self.things), len(self.classes))] = ALWAYS
        whole = out["pred_boxes"].new_tensor([0.5, 0.5, 1.0, 1.0])
        return out | {
            "pred_logits": torch.cat([logits, sure.expand(B, -1, -1)], dim=1),
            "pred_boxes": torch.cat([out["pred_boxes"], whole.expand(B, n, -1)], dim=1),
        }
