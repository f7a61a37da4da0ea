"""Panoptic pictures: every pixel belongs to one segment, or to none.

Kirillov et al. 2019, "Panoptic Segmentation", section 3.1: a segment is one object of a countable class (a thing), or
all that shows an uncountable one (stuff). Data as in COCO's panoptic format: a map of ids, and a list of segments.
"""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from detrlab.scenes.parts import CLASSES, GROUNDS, Scene

VOID = 0  # the id of pixels that belong to no segment
SHAPES_PANOPTIC_CLASSES: tuple[str, ...] = (*CLASSES, *GROUNDS)
SHAPES_THINGS = range(len(CLASSES))  # the labels of things; the grounds behind them are stuff


class Segment(NamedTuple):
    """One segment: id of its pixels, its class, a crowd of objects that nobody told apart (in truths only), and the
    object queries that made it (in predictions only; several where stuff was merged)."""

    id: int
    label: int
    crowd: bool = False
    queries: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class PanopticMap:
    """A map of ids and what they stand for.

    ids: (H, W) whole numbers, 0 where nothing is known (void). segments: one for each other id in the map. Raises
    ValueError for another map, or where map and segments disagree.
    """

    ids: np.ndarray
    segments: tuple[Segment, ...]

    def __post_init__(self) -> None:
        if self.ids.ndim != 2 or self.ids.dtype.kind not in "iu":
            raise ValueError(f"ids are whole numbers (H, W), these are {self.ids.dtype} {self.ids.shape}")
        named = Counter(segment.id for segment in self.segments)
        if twice := [id for id, count in named.items() if count > 1]:
            raise ValueError(f"two segments have the id {twice[0]}: every segment needs its own")
        if VOID in named:
            raise ValueError("a segment has the id 0, which means void: count segments from 1")
        shown = self.areas.keys() - {VOID}
        if shown != named.keys():
            odd = min(shown ^ named.keys())
            what = "in the map is no segment's" if odd in shown else "of a segment is not in the map"
            raise ValueError(f"the id {odd} {what}: list the segments that are seen, and no others")

    @cached_property
    def areas(self) -> dict[int, int]:
        """Pixels by id, void (0) included where there is any."""
        ids, counts = np.unique(self.ids, return_counts=True)
        return dict(zip(ids.tolist(), counts.tolist(), strict=True))

    def mask(self, segment: Segment) -> np.ndarray:
        """The pixels of a segment, (H, W) bool."""
        return self.ids == segment.id


def scene_segments(scene: Scene) -> PanopticMap:
    """The truth of a scene: a segment for every shape, from the back to the front, then one for each ground.

    Labels are indices into `SHAPES_PANOPTIC_CLASSES`. A scene without a horizon names no ground: what is behind its
    shapes is void.
    """
    H, W = scene.masks.shape[1:]
    ids = np.zeros((H, W), dtype=np.int64)
    labels = [*scene.labels.tolist(), *(len(CLASSES) + GROUNDS.index(name) for name in scene.ground_names)]
    for id, mask in enumerate([*scene.masks, *scene.ground_masks], start=1):
        ids[mask] = id
    return PanopticMap(ids, tuple(Segment(id, label) for id, label in enumerate(labels, start=1)))
