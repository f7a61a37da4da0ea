"""Panoptic quality: how well segments are found, times how well they are outlined.

Kirillov et al. 2019, "Panoptic Segmentation", section 4, equation 1; `evaluation.py` of panopticapi, whose numbers
these are. PQ = SQ * RQ holds class by class: the mean of SQ times the mean of RQ is not the mean of PQ.
"""

import math
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from detrlab.panoptic.segments import VOID, PanopticMap, Segment

TABLE = 256  # ids below it are counted as they are


class Matched(NamedTuple):
    """Two segments of one class that are taken for the same, and their IoU, above 0.5."""

    truth: Segment
    predicted: Segment
    iou: float


class Matching(NamedTuple):
    """How the segments of a truth and of a prediction go together."""

    matched: list[Matched]  # true positives
    missed: list[Segment]  # of the truth: false negatives
    invented: list[Segment]  # of the prediction: false positives


@dataclass
class ClassQuality:
    """What was counted for one class, and its quality, each 0..1."""

    iou_sum: float = 0.0  # over the true positives
    tp: int = 0
    fp: int = 0
    fn: int = 0

    @property
    def sq(self) -> float:
        """Segmentation quality: the mean IoU of what was found; 0 where nothing was."""
        return self.iou_sum / self.tp if self.tp else 0.0

    @property
    def rq(self) -> float:
        """Recognition quality: the F1 score of finding."""
        return self.tp / (self.tp + self.fp / 2 + self.fn / 2)

    @property
    def pq(self) -> float:
        """Panoptic quality, sq * rq."""
        return self.sq * self.rq


class Average(NamedTuple):
    """Means over n classes; nan where n is 0."""

    pq: float
    sq: float
    rq: float
    n: int


@dataclass(frozen=True)
class PanopticQuality:
    """The quality of each class that the truth or the prediction has, by label, and means in which each class counts
    the same: over all, over countable ones, over uncountable ones."""

    classes: dict[int, ClassQuality]
    all: Average
    things: Average
    stuff: Average


def panoptic_quality(pairs: Iterable[tuple[PanopticMap, PanopticMap]], things: Container[int]) -> PanopticQuality:
    """PQ over a data set.

    Args:
        pairs: for each picture the truth and the prediction, in this order, of one size.
        things: the labels of countable classes; the matching itself makes no difference between things and stuff.

    Raises:
        ValueError: two maps of a pair have different sizes.
    """
    classes: dict[int, ClassQuality] = {}
    for truth, predicted in pairs:
        matching = match_segments(truth, predicted)
        for found in matching.matched:
            quality = classes.setdefault(found.truth.label, ClassQuality())
            quality.tp += 1
            quality.iou_sum += found.iou
        for segment in matching.missed:
            classes.setdefault(segment.label, ClassQuality()).fn += 1
        for segment in matching.invented:
            classes.setdefault(segment.label, ClassQuality()).fp += 1
    countable = [quality for label, quality in classes.items() if label in things]
    uncountable = [quality for label, quality in classes.items() if label not in things]
    return PanopticQuality(
        dict(sorted(classes.items())), _average(list(classes.values())), _average(countable), _average(uncountable)
    )


def match_segments(truth: PanopticMap, predicted: PanopticMap) -> Matching:
    """Which segments are the same, which were missed, and which were invented.

    - Two segments match that have one class and an IoU *above* 0.5: exactly half is too little. Since segments do not
      overlap, at most one partner reaches that, and nothing has to be assigned.
    - Pixels of the prediction on void of the truth are left out of the union.
    - A crowd of the truth neither matches nor counts as missed.
    - A prediction without a partner is forgiven if more than half of it lies on void and on a crowd of its class. Of
      two crowds of a class in one picture only the last listed counts, as in panopticapi.

    Raises:
        ValueError: the maps have different sizes.
    """
    if truth.ids.shape != predicted.ids.shape:
        raise ValueError(f"the truth is {truth.ids.shape}, the prediction {predicted.ids.shape}: resize one (nearest)")
    shared = _shared_pixels(truth, predicted)  # (T + 1, P + 1); row and column 0 are void
    on_void = shared[0, 1:]  # (P,)
    area_t, area_p = shared[1:].sum(1), shared[:, 1:].sum(0)  # (T,), (P,)
    overlap = shared[1:, 1:]  # (T, P)
    union = area_t[:, None] + area_p - overlap - on_void  # (T, P)
    label_t = np.array([segment.label for segment in truth.segments], dtype=np.int64)
    label_p = np.array([segment.label for segment in predicted.segments], dtype=np.int64)
    crowd = np.array([segment.crowd for segment in truth.segments], dtype=bool)  # (T,)
    same = (label_t[:, None] == label_p) & ~crowd[:, None]  # (T, P)
    matches = same & (2 * overlap > union)  # in whole numbers, so that a half is a half

    forgiven = on_void.copy()  # (P,)
    crowd_of = {segment.label: t for t, segment in enumerate(truth.segments) if segment.crowd}
    for p, label in enumerate(label_p.tolist()):
        if label in crowd_of:
            forgiven[p] += overlap[crowd_of[label], p]
    invented = ~matches.any(0) & (2 * forgiven <= area_p)
    missed = ~matches.any(1) & ~crowd
    pairs = [(int(t), int(p)) for t, p in np.argwhere(matches)]
    return Matching(
        [Matched(truth.segments[t], predicted.segments[p], float(overlap[t, p] / union[t, p])) for t, p in pairs],
        [truth.segments[t] for t in np.flatnonzero(missed)],
        [predicted.segments[p] for p in np.flatnonzero(invented)],
    )


def _shared_pixels(truth: PanopticMap, predicted: PanopticMap) -> np.ndarray:
    """(T + 1, P + 1): how many pixels each segment of one shares with each of the other; 0 is void, then in order."""
    (ids_t, rows), (ids_p, columns) = _small(truth), _small(predicted)
    wide = int(columns.max()) + 1
    counts = np.bincount((ids_t * wide + ids_p).ravel(), minlength=(int(rows.max()) + 1) * wide)
    return counts.reshape(-1, wide)[np.ix_(rows, columns)]


def _small(map: PanopticMap) -> tuple[np.ndarray, np.ndarray]:
    """Ids (H, W) that are small enough to count in a table, and those of void and of each segment, in order (N + 1,).

    Ids of COCO go up to 2^24: there each becomes its place in the order, which takes a search for every pixel.
    """
    ids = np.array([VOID, *(segment.id for segment in map.segments)])
    if ids.min() >= 0 and ids.max() < TABLE:
        return map.ids.astype(np.int64, copy=False), ids
    order = np.argsort(ids)
    return order[np.searchsorted(ids, map.ids, sorter=order)], np.arange(len(ids))


def _average(classes: list[ClassQuality]) -> Average:
    n = len(classes)
    if not n:
        return Average(math.nan, math.nan, math.nan, 0)
    return Average(
        sum(quality.pq for quality in classes) / n,
        sum(quality.sq for quality in classes) / n,
        sum(quality.rq for quality in classes) / n,
        n,
    )
