"""Where the class token looks, measured against the truth: the Jaccard index of each head's map (section 4.2.2 of
arXiv:2104.14294; `eval_video_segmentation.py` and `visualize_attention.py` of facebookresearch/dino).

The paper reports, for each object, the head that fits best: chosen by the truth. So the best of many random maps looks
good, too. The figure to trust is that of one head for all objects, chosen on other pictures, beside the controls: a
random network, and the map of another picture.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from detrlab.dino.vision_transformer import VisionTransformer

KEPT = 0.6  # of a map's mass


@dataclass(frozen=True)
class JaccardResult:
    """Means over the test's objects of the Jaccard index, 0..1."""

    fixed_head: float  # of the head that fits best on other pictures
    head: int  # which one it is
    best_head: float  # of the head that fits each object best, chosen by the truth: the paper's
    other_picture: float  # of the same fixed head, on the map of another picture


@torch.no_grad()
def cls_attention(vit: VisionTransformer, pictures: Tensor, batch: int = 256) -> Tensor:
    """Where the class token looks among the patches in the last block: (N, M, H, W) in patches, of normalised pictures.

    A map sums to less than 1: the class token looks at itself, too.
    """
    H, W = (side // vit.patch_embed.patch_size for side in pictures.shape[-2:])
    maps = torch.cat([vit.get_last_selfattention(part)[:, :, 0, 1:] for part in pictures.split(batch)])
    return maps.unflatten(-1, (H, W))


def keep_mass(maps: Tensor, share: float = KEPT) -> Tensor:
    """The fewest cells of each map (..., H, W) that hold this share of its mass, as bool: the largest ones first."""
    flat = maps.flatten(-2)
    values, order = flat.sort(dim=-1, descending=True)
    before = values.cumsum(-1) - values  # the mass of the cells that are larger
    kept = before < share * flat.sum(-1, keepdim=True)
    return torch.zeros_like(kept).scatter(-1, order, kept).unflatten(-1, maps.shape[-2:])


def jaccard(found: Tensor, masks: Tensor) -> Tensor:
    """Intersection over union of bool masks (..., H, W): (...). Two empty ones give 0."""
    intersection, union = (found & masks).flatten(-2).sum(-1), (found | masks).flatten(-2).sum(-1)
    return intersection / union.clamp(min=1)


def head_jaccard(maps: Tensor, masks: Tensor, share: float = KEPT) -> Tensor:
    """The Jaccard index (N, M) of what each head's map (N, M, h, w) keeps, enlarged to masks (N, H, W) in pixels."""
    kept = F.interpolate(keep_mass(maps, share).float(), masks.shape[-2:], mode="nearest").bool()
    return jaccard(kept, masks[:, None])


def measure_jaccard(
    vit: VisionTransformer, pictures: Tensor, masks: Tensor, choosing: tuple[Tensor, Tensor]
) -> JaccardResult:
    """The class token's maps against masks (N, H, W) of normalised pictures (N, 3, H, W); the fixed head is chosen on
    other pictures and masks, `choosing`."""
    head = int(head_jaccard(cls_attention(vit, choosing[0]), choosing[1]).mean(0).argmax())
    maps = cls_attention(vit, pictures)
    found = head_jaccard(maps, masks)  # (N, M)
    other = head_jaccard(maps.roll(1, 0), masks)[:, head]
    return JaccardResult(
        fixed_head=found[:, head].mean().item(),
        head=head,
        best_head=found.max(1).values.mean().item(),
        other_picture=other.mean().item(),
    )


@torch.no_grad()
def pca_rgb(tokens: Tensor) -> Tensor:
    """Patch tokens (N, S, D) as colours (N, S, 3) in 0..1: the three directions in which they differ most, over all
    pictures together, so that equal colours mean similar tokens in different pictures, too."""
    flat = tokens.flatten(0, 1)
    flat = flat - flat.mean(0)
    directions = torch.linalg.svd(flat, full_matrices=False).Vh[:3]  # (3, D)
    # A direction's sign means nothing: its largest number is positive. (The sum may be 0, as after a layer norm.)
    directions = directions * directions.gather(1, directions.abs().argmax(1, keepdim=True)).sign()
    found = flat @ directions.T  # (N * S, 3)
    low, high = found.quantile(0.02, dim=0), found.quantile(0.98, dim=0)
    return ((found - low) / (high - low)).clamp(0, 1).unflatten(0, tokens.shape[:2])
