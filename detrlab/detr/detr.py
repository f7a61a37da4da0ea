"""DETR: backbone, transformer and two heads turn pictures into a set of Q boxes with classes.

Carion et al. 2020, "End-to-End Object Detection with Transformers", section 3.2 and figure 2; `models/detr.py`
of the official code. Parameter names equal the official checkpoints', so those load with strict=True.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from detrlab.detr.backbone import Backbone
from detrlab.detr.transformer import Transformer


class DETR(nn.Module):
    """The detector. `num_classes` is K, without no-object, which gets the last logit.

    `position` maps a padding mask (B, h, w) to encodings (B, D, h, w). With `aux_loss` the predictions of all
    decoder layers but the last come out as well, for the auxiliary losses of section 3.2.
    """

    def __init__(
        self,
        backbone: Backbone,
        position: nn.Module,
        transformer: Transformer,
        num_classes: int,
        num_queries: int,
        aux_loss: bool = False,
    ) -> None:
        super().__init__()
        D = transformer.d_model
        # The official code keeps both in one sequence, which makes the names backbone.0.* and backbone.1.*.
        self.backbone = nn.Sequential(backbone, position)
        self.input_proj = nn.Conv2d(backbone.num_channels, D, kernel_size=1)
        self.transformer = transformer
        self.query_embed = nn.Embedding(num_queries, D)
        self.class_embed = nn.Linear(D, num_classes + 1)
        self.bbox_embed = MLP(D, D, 4, num_layers=3)
        self.aux_loss = aux_loss

    def forward(self, pictures: Tensor | Sequence[Tensor]) -> dict[str, Tensor | list[dict[str, Tensor]]]:
        """Detect in a batch of normalised pictures.

        Args:
            pictures: (B, 3, H, W), or a sequence of B pictures (3, H_i, W_i), which are padded and masked.

        Returns:
            pred_logits: (B, Q, K + 1), before the softmax.
            pred_boxes: (B, Q, 4), cxcywh in 0..1 of the picture, without its padding: positions count no padding.
            aux_outputs: with `aux_loss`, the same two for each earlier decoder layer, first layer first.

        Raises:
            ValueError: pictures of another shape.
        """
        pictures, mask = pad_and_mask(pictures)
        backbone, position = self.backbone
        features = backbone(pictures)  # (B, C, h, w)
        mask = F.interpolate(mask[:, None].float(), size=features.shape[-2:])[:, 0].bool()  # (B, h, w)
        src = self.input_proj(features)  # (B, D, h, w)
        hs, _ = self.transformer(src, mask, self.query_embed.weight, position(mask))  # (L, B, Q, D)
        return self.predictions(hs)

    def predictions(self, hs: Tensor) -> dict[str, Tensor | list[dict[str, Tensor]]]:
        """What `forward` returns, from the decoder layers' outputs hs (L, B, Q, D)."""
        logits = self.class_embed(hs)  # (L, B, Q, K + 1)
        boxes_cxcywh = self.bbox_embed(hs).sigmoid()  # (L, B, Q, 4)
        layers = [{"pred_logits": c, "pred_boxes": b} for c, b in zip(logits, boxes_cxcywh, strict=True)]
        out = layers[-1]
        if self.aux_loss:
            out["aux_outputs"] = layers[:-1]
        return out


class MLP(nn.Module):
    """Linear layers with ReLU between them: the box head."""

    def __init__(self, input_dim: int, hidden_dim: int, output_dim: int, num_layers: int) -> None:
        super().__init__()
        widths = [input_dim, *[hidden_dim] * (num_layers - 1), output_dim]
        self.layers = nn.ModuleList(nn.Linear(n, m) for n, m in pairwise(widths))

    def forward(self, x: Tensor) -> Tensor:
        *hidden, last = self.layers
        for layer in hidden:
            x = F.relu(layer(x))
        return last(x)


def pad_and_mask(pictures: Tensor | Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """One batch (B, 3, H, W) padded with zeros at the right and bottom, and its mask (B, H, W), True on padding.

    Raises:
        ValueError: neither a tensor (B, 3, H, W) nor a non-empty sequence of tensors (3, H_i, W_i).
    """
    if isinstance(pictures, Tensor):
        if pictures.dim() != 4 or pictures.shape[1] != 3:
            raise ValueError(
                f"a batch of pictures is (B, 3, H, W), this tensor is {tuple(pictures.shape)}: "
                "for one picture (3, H, W) write model(picture[None])"
            )
        return pictures, torch.zeros_like(pictures[:, 0], dtype=torch.bool)

    pictures = list(pictures)
    if not pictures or not all(isinstance(p, Tensor) and p.dim() == 3 and p.shape[0] == 3 for p in pictures):
        came = [tuple(p.shape) if isinstance(p, Tensor) else type(p).__name__ for p in pictures]
        raise ValueError(f"a list of pictures holds tensors (3, H, W), this one holds {came}: see detrlab.images")
    shapes = [tuple(p.shape) for p in pictures]
    H, W = (max(shape[axis] for shape in shapes) for axis in (1, 2))
    batch = pictures[0].new_zeros(len(pictures), 3, H, W)
    mask = torch.ones(len(pictures), H, W, dtype=torch.bool, device=batch.device)
    for i, (picture, (_, h, w)) in enumerate(zip(pictures, shapes, strict=True)):
        batch[i, :, :h, :w] = picture
        mask[i, :h, :w] = False
    return batch, mask
