"""How good the masks of "shapes_panoptic" are, and how fast panoptic quality is counted."""

from __future__ import annotations

from collections import defaultdict
from statistics import median

import numpy as np

from bench.figure import Figure, cpu_seconds
from detrlab.detr.models import load_model
from detrlab.evaluation.evaluate_panoptic import evaluate_panoptic, panoptic_scenes
from detrlab.panoptic.postprocess import segment
from detrlab.panoptic.quality import panoptic_quality
from detrlab.panoptic.segments import PanopticMap, scene_segments

SCENES = 300
TIMED = 60  # scenes that quality is counted of
ROUNDS = 7

Pairs = list[tuple[PanopticMap, PanopticMap]]


def measure() -> dict[str, Figure]:
    """`panoptic.mask_iou`, `panoptic.pq_things`, `panoptic.pq` and `panoptic.pq_cpu_ratio`."""
    model = load_model("shapes_panoptic")
    found = evaluate_panoptic(model, panoptic_scenes(SCENES))
    how = f"{SCENES} held-out scenes with a horizon, drawn at 512 px, in whose pixels it is measured"
    pairs = [(scene_segments(scene), segment(model, scene.picture)) for scene in panoptic_scenes(TIMED)]
    return {
        "panoptic.mask_iou": Figure(found["mask_iou"], "IoU", ">= 0.87", how + "; mean over shapes"),
        "panoptic.pq_things": Figure(found["pq_things"], "PQ", ">= 0.83", how + "; six shapes"),
        "panoptic.pq": Figure(found["pq"], "PQ", ">= 0.80", how + "; six shapes, sky and land"),
        "panoptic.pq_cpu_ratio": _ratio(pairs, model.things),
    }


def _ratio(pairs: Pairs, things: range) -> Figure:
    """Our seconds by those of the plain form; both from the same maps to the same mean."""
    own, plain = [], []
    values: dict[str, float] = {}
    for _ in range(ROUNDS + 1):  # the first round warms up
        own.append(cpu_seconds(lambda: values.update(own=panoptic_quality(pairs, things).all.pq)))
        plain.append(cpu_seconds(lambda: values.update(plain=plain_pq(pairs))))
    if not abs(values["own"] - values["plain"]) < 1e-12:
        raise RuntimeError(f"the two differ: {values}")
    ours, theirs = median(own[1:]), median(plain[1:])
    how = (
        f"{len(pairs)} maps of 512 x 512 against one np.unique of both ids a picture, as panopticapi does; "
        f"{1000 * ours:.0f} against {1000 * theirs:.0f} CPU ms, medians of {ROUNDS}"
    )
    return Figure(ours / theirs, "of its time", "<= 1", how)


def plain_pq(pairs: Pairs) -> float:
    """The mean PQ over classes in the plainest form, for truths without crowds."""
    iou_sum: defaultdict[int, float] = defaultdict(float)
    tp, fp, fn = (defaultdict[int, int](int) for _ in range(3))
    for truth, predicted in pairs:
        label_t, label_p = ({s.id: s.label for s in each.segments} for each in (truth, predicted))
        both, counts = np.unique(truth.ids * 2**32 + predicted.ids, return_counts=True)
        shared = {(int(n >> 32), int(n % 2**32)): int(count) for n, count in zip(both, counts, strict=True)}
        found_t, found_p = set(), set()
        for (t, p), overlap in shared.items():
            if t and p and label_t[t] == label_p[p]:
                union = truth.areas[t] + predicted.areas[p] - overlap - shared.get((0, p), 0)
                if 2 * overlap > union:
                    tp[label_t[t]] += 1
                    iou_sum[label_t[t]] += overlap / union
                    found_t.add(t)
                    found_p.add(p)
        for t in label_t.keys() - found_t:
            fn[label_t[t]] += 1
        for p in label_p.keys() - found_p:
            if 2 * shared.get((0, p), 0) <= predicted.areas[p]:
                fp[label_p[p]] += 1
    classes = tp.keys() | fp.keys() | fn.keys()
    return sum(iou_sum[c] / (tp[c] + fp[c] / 2 + fn[c] / 2) for c in classes) / len(classes)
