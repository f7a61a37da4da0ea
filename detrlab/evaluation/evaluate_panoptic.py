"""Measures a panoptic model on held-out scenes with a horizon; `detrlab eval shapes_panoptic` calls it."""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor

from detrlab.detr.detect import evaluating
from detrlab.detr.matcher import match
from detrlab.images import to_input
from detrlab.panoptic.postprocess import instance_masks, segment
from detrlab.panoptic.quality import panoptic_quality
from detrlab.panoptic.segments import PanopticMap, scene_segments
from detrlab.panoptic.stuff import StuffSegm
from detrlab.scenes.compose import draw_scene
from detrlab.scenes.parts import Scene
from detrlab.training.data import relative_cxcywh, stream


def panoptic_scenes(
    count: int, use: str = "held_out", first: int = 0, size_wh: tuple[int, int] = (512, 512)
) -> Iterator[Scene]:
    """Scenes with a horizon of a use (a key of `STREAMS`), from number `first` on."""
    return (draw_scene(stream(use, i), size_wh, horizon=True) for i in range(first, first + count))


def evaluate_panoptic(model: StuffSegm, scenes: Iterable[Scene], threshold: float = 0.85) -> dict[str, float]:
    """The quality of masks and of panoptic pictures, in pixels of the drawings.

    Returns "mask_iou", the mean IoU of the masks of all shapes, each by the query that matches its true class and box
    best, whatever its score; and "pq", "pq_things", "pq_stuff", "sq_things", "rq_things" of what `segment` makes.
    """
    ious: list[Tensor] = []

    def pairs() -> Iterator[tuple[PanopticMap, PanopticMap]]:
        for scene in scenes:
            ious.append(_mask_ious(model, scene))
            yield scene_segments(scene), segment(model, scene.picture, threshold)

    quality = panoptic_quality(pairs(), model.things)
    return {
        "mask_iou": torch.cat(ious).mean().item(),
        "pq": quality.all.pq,
        "pq_things": quality.things.pq,
        "pq_stuff": quality.stuff.pq,
        "sq_things": quality.things.sq,
        "rq_things": quality.things.rq,
    }


def _mask_ious(model: StuffSegm, scene: Scene) -> Tensor:
    """The IoU (N,) of the mask of each shape, in the order of their queries."""
    pixels = to_input(scene.picture, *model.input_size)
    boxes_cxcywh = torch.from_numpy(relative_cxcywh(scene.boxes_xyxy, scene.picture.size)).float()
    with evaluating(model):
        seen = model.see(pixels[None])
        [(queries, shapes)] = match(
            model.predictions(seen.hs), [{"labels": torch.from_numpy(scene.labels), "boxes": boxes_cxcywh}]
        )
        logits = model.masks(seen, seen.hs[-1][:, queries])  # (1, N, h, w)
    W, H = scene.picture.size
    [masks] = instance_masks(logits, [tuple(pixels.shape[1:])], [(H, W)])  # (N, H, W)
    truth = torch.from_numpy(scene.masks)[shapes]
    return (masks & truth).sum((1, 2)) / (masks | truth).sum((1, 2))
