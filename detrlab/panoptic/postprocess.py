"""From mask logits to instance masks, and to a panoptic picture.

DETR, section 4.4 "DETR for panoptic segmentation": queries below a confidence are dropped, every pixel goes to the
query with the largest mask logit, stuff of one class is merged, and segments that are too small are dropped.
`PostProcessSegm` and `PostProcessPanoptic` in `models/segmentation.py` of the official code.
"""

from collections.abc import Container, Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from detrlab.detr.detect import evaluating
from detrlab.images import Source, open_picture, to_input
from detrlab.panoptic.segments import PanopticMap, Segment

SMALLEST = 5  # pixels: the official code drops 4 and fewer, the paper says fewer than 4

Sizes = Sequence[tuple[int, int]]  # per picture (height, width) in pixels


def instance_masks(
    pred_masks: Tensor, input_sizes_hw: Sizes, original_sizes_hw: Sizes, threshold: float = 0.5
) -> list[Tensor]:
    """A mask for every object query, in pixels of the original pictures, as `PostProcessSegm` makes it.

    Logits are enlarged to the padded batch (bilinear), cut at the threshold, cropped to the picture without padding,
    and resized to the original (nearest).

    Args:
        pred_masks: (B, Q, h, w) logits.
        input_sizes_hw: (height, width) of each picture as the model got it, without padding; the batch was padded to
            the largest.
        original_sizes_hw: (height, width) of each original picture.
        threshold: of the probability, 0..1.

    Returns:
        B tensors (Q, H, W) bool. Masks may overlap.
    """
    padded_hw = _padded(input_sizes_hw)
    masks = []
    for logits, (height, width), original_hw in zip(pred_masks, input_sizes_hw, original_sizes_hw, strict=True):
        inside = _enlarged(logits, padded_hw)[:, :height, :width].sigmoid() > threshold  # (Q, height, width)
        masks.append(F.interpolate(inside[:, None].float(), size=original_hw, mode="nearest")[:, 0].bool())
    return masks


def panoptic_maps(
    outputs: Mapping[str, Tensor],
    input_sizes_hw: Sizes,
    original_sizes_hw: Sizes,
    things: Container[int],
    threshold: float = 0.85,
    official: bool = False,
) -> list[PanopticMap]:
    """The panoptic picture of each picture of a batch, in pixels of the original.

    Args:
        outputs: "pred_logits" (B, Q, K + 1) and "pred_masks" (B, Q, h, w).
        input_sizes_hw: (height, width) of each picture as the model got it, without padding; the batch was padded to
            the largest.
        original_sizes_hw: (height, width) of each original picture.
        things: the labels of countable classes. Masks of one other class (stuff) are merged.
        threshold: queries count whose class is no no-object and has a probability above it.
        official: True does what `PostProcessPanoptic` does, its two slips included; False mends them.

            1. *Merged stuff falls apart.* After merging, the first mask of a stuff class has all its pixels, and those
               merged into it have none. The filter for small areas deletes these as too small, logits and all, so in
               the next round their pixels go to whatever comes second there; and from that round on nothing is merged.
               Mended: a merged mask is as large as what it was merged into, and every round merges.
            2. *The padded mask is squeezed into the picture.* Mask logits cover the padded batch, and are resized to
               the size without padding as a whole. So in a batch of several sizes masks shrink towards the upper left.
               Mended: they are enlarged to the padded size and cropped, as instance masks are.

    Returns:
        B maps; ids count from 1 in the order of the queries (officially from 0, which means void in COCO's format). If
        no query counts, all is void. A segment holds the queries whose masks it was merged of.
    """
    padded_hw = _padded(input_sizes_hw)
    rows = zip(outputs["pred_logits"], outputs["pred_masks"], input_sizes_hw, original_sizes_hw, strict=True)
    maps = []
    for logits, masks, (height, width), original_hw in rows:
        queries, labels = _confident(logits, threshold)  # (N,) each
        if official:
            kept = _enlarged(masks[queries], (height, width))
        else:
            kept = _enlarged(masks[queries], padded_hw)[:, :height, :width]  # (N, height, width)
        maps.append(_panoptic_map(kept, labels, queries, original_hw, things, official))
    return maps


def segment(model: nn.Module, picture: Source, threshold: float = 0.85) -> PanopticMap:
    """The panoptic picture of one picture, in its pixels.

    Args:
        model: a panoptic one from `load_model`; labels are indices into `model.classes`.
        picture: anything `open_picture` takes.
        threshold: object queries count whose class has a probability above it, 0..1.

    Raises:
        ValueError: a threshold outside 0..1, or a model without masks.
        PictureError: the picture cannot be opened.
    """
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold is {threshold}, a probability 0..1 is expected")
    if not hasattr(model, "things"):
        raise ValueError(f'{type(model).__name__} makes no masks: load_model("shapes_panoptic") does')
    picture = open_picture(picture)
    pixels = to_input(picture, *model.input_size)
    with evaluating(model):
        seen = model.see(pixels[None].to(next(model.parameters()).device))
        queries, labels = _confident(model.predictions(seen.hs)["pred_logits"][0], threshold)  # (N,) each
        # The mask head works query by query, so it is run for these alone.
        masks = model.masks(seen, seen.hs[-1][:, queries])[0]  # (N, h, w)
    kept = _enlarged(masks, (pixels.shape[1], pixels.shape[2]))
    return _panoptic_map(kept, labels, queries, (picture.height, picture.width), model.things, official=False)


def _confident(logits: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
    """The N queries that count, ascending, and their labels, from logits (Q, K + 1); the last class is no-object."""
    scores, labels = logits.softmax(-1).max(-1)  # (Q,) each
    queries = torch.nonzero((labels != logits.shape[-1] - 1) & (scores > threshold))[:, 0]  # (N,)
    return queries, labels[queries]


def _panoptic_map(
    masks: Tensor, labels: Tensor, queries: Tensor, size_hw: tuple[int, int], things: Container[int], official: bool
) -> PanopticMap:
    """The map in pixels of the original from N masks of logits (N, h, w); labels, queries: (N,)."""
    merging = True
    while len(queries):
        N = len(queries)
        group = _merged(labels, things) if merging else torch.arange(N)  # (N,): which of the N masks each belongs to
        owner = _nearest(group[masks.argmax(0).cpu()], size_hw)  # (H, W)
        area = torch.bincount(owner.flatten(), minlength=N)  # (N,)
        small = (area if official else area[group]) < SMALLEST
        if not small.any():
            return _numbered(owner, group, labels.tolist(), queries.tolist())
        keep = ~small.to(masks.device)
        masks, labels, queries = masks[keep], labels[keep], queries[keep]
        merging = not official
    return PanopticMap(np.zeros(size_hw, dtype=np.int64), ())


def _merged(labels: Tensor, things: Container[int]) -> Tensor:
    """For each of N masks the index of the first one with its stuff class; for things its own index."""
    first: dict[int, int] = {}
    group = [i if label in things else first.setdefault(label, i) for i, label in enumerate(labels.tolist())]
    return torch.tensor(group)


def _numbered(owner: Tensor, group: Tensor, labels: list[int], queries: list[int]) -> PanopticMap:
    """The map whose ids count the groups from 1, from the map (H, W) of their masks' indices."""
    groups = group.unique()  # ascending
    segments = []
    for id, index in enumerate(groups.tolist(), start=1):
        members = torch.nonzero(group == index)[:, 0].tolist()
        segments.append(Segment(id, labels[index], queries=tuple(queries[i] for i in members)))
    return PanopticMap(torch.searchsorted(groups, owner).numpy() + 1, tuple(segments))


def _padded(sizes_hw: Sizes) -> tuple[int, int]:
    return max(height for height, _ in sizes_hw), max(width for _, width in sizes_hw)


def _enlarged(logits: Tensor, size_hw: tuple[int, int]) -> Tensor:
    """(Q, h, w) -> (Q, height, width), bilinear."""
    return F.interpolate(logits[:, None], size=size_hw, mode="bilinear", align_corners=False)[:, 0]


def _nearest(ids: Tensor, size_hw: tuple[int, int]) -> Tensor:
    """(h, w) -> (H, W): each pixel takes the value at its centre, as Pillow does; torch's "nearest" takes a corner."""
    (h, w), (H, W) = ids.shape, size_hw
    rows = (2 * torch.arange(H) + 1) * h // (2 * H)
    columns = (2 * torch.arange(W) + 1) * w // (2 * W)
    return ids[rows[:, None], columns]
