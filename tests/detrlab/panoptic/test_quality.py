"""Panoptic quality: panopticapi's numbers, a plain form in numpy, and cases worked out by hand."""

import json
import math

import numpy as np
import pytest
from safetensors.numpy import load_file

from detrlab.panoptic.quality import match_segments, panoptic_quality
from detrlab.panoptic.segments import PanopticMap, Segment
from tests.golden_data import golden_file

GOLDEN = json.loads(golden_file("panoptic_quality.json").read_text())
HOTCOCO = json.loads(golden_file("hotcoco_quality.json").read_text())
GOLDEN_THINGS = [int(label) for label, category in GOLDEN["categories"].items() if category["isthing"]]


def golden_pairs(name: str) -> list[tuple[PanopticMap, PanopticMap]]:
    maps = load_file(golden_file("panoptic_quality.safetensors"))
    pairs = []
    for i, listed in enumerate(GOLDEN["sets"][name]["segments"]):
        truth = [Segment(s["id"], s["category"], bool(s["crowd"])) for s in listed["truth"]]
        predicted = [Segment(s["id"], s["category"]) for s in listed["predicted"]]
        pairs.append(
            (
                PanopticMap(maps[f"{name}.truth"][i], tuple(truth)),
                PanopticMap(maps[f"{name}.predicted"][i], tuple(predicted)),
            )
        )
    return pairs


def assert_equal_counts(quality, expected: dict) -> None:
    assert {str(label) for label in quality.classes} == set(expected)
    for label, counted in quality.classes.items():
        assert (counted.tp, counted.fp, counted.fn) == tuple(expected[str(label)][key] for key in ("tp", "fp", "fn"))
        assert counted.iou_sum == pytest.approx(expected[str(label)]["iou"], abs=1e-9)


@pytest.mark.parametrize("name", GOLDEN["sets"])
def test_equals_panopticapi(name):
    quality = panoptic_quality(golden_pairs(name), GOLDEN_THINGS)
    assert_equal_counts(quality, GOLDEN["sets"][name]["per_category"])
    for kind, expected in GOLDEN["sets"][name]["average"].items():
        average = getattr(quality, kind)
        if expected is None:
            assert average.n == 0 and math.isnan(average.pq)
        else:
            assert average._asdict() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", HOTCOCO["sets"])
def test_equals_hotcoco(name):
    quality = panoptic_quality(golden_pairs(name), GOLDEN_THINGS)
    assert_equal_counts(quality, HOTCOCO["sets"][name]["per_category"])
    for kind, expected in HOTCOCO["sets"][name]["average"].items():
        if expected["n"]:
            assert getattr(quality, kind)._asdict() == pytest.approx(expected, abs=1e-12)


def plain_counts(pairs) -> dict[str, dict]:
    """PQ's counts as its definition says them, mask by mask."""
    counts: dict[str, dict] = {}

    def count(label: int, key: str, by: float = 1) -> None:
        counts.setdefault(str(label), {"iou": 0.0, "tp": 0, "fp": 0, "fn": 0})[key] += by

    for truth, predicted in pairs:
        void = truth.ids == 0
        used = set()
        for t in truth.segments:
            hits = []
            for p in predicted.segments:
                a, b = truth.mask(t), predicted.mask(p)
                iou = (a & b).sum() / ((a | b) & ~(b & void)).sum()
                if t.label == p.label and not t.crowd and iou > 0.5:
                    hits.append((p.id, iou))
            assert len(hits) <= 1
            for id, iou in hits:
                used.add(id)
                count(t.label, "tp")
                count(t.label, "iou", iou)
            if not hits and not t.crowd:
                count(t.label, "fn")
        for p in predicted.segments:
            crowds = [t for t in truth.segments if t.crowd and t.label == p.label]
            excused = void | truth.mask(crowds[-1]) if crowds else void
            if p.id not in used and (predicted.mask(p) & excused).sum() / predicted.mask(p).sum() <= 0.5:
                count(p.label, "fp")
    return counts


def noisy_pair(seed: int) -> tuple[PanopticMap, PanopticMap]:
    """Blocks of segments of 3 classes, void among them, and the same with pixels and classes changed; odd ids."""
    rng = np.random.default_rng(seed)
    places = np.kron(rng.integers(0, 7, (4, 5)), np.ones((5, 4), dtype=np.int64))  # (20, 20)
    changed = np.where(rng.uniform(size=places.shape) < rng.uniform(0, 0.6), rng.integers(0, 7, places.shape), places)
    ids = np.array([0, 70_000, 3, 16_777_215, 12, 5, 900])
    labels = rng.integers(0, 3, 7)
    guesses = np.where(rng.uniform(size=7) < 0.2, rng.integers(0, 3, 7), labels)
    maps = []
    for which, of, crowds in ((places, labels, rng.uniform(size=7) < 0.2), (changed, guesses, np.zeros(7, dtype=bool))):
        shown = [i for i in np.unique(which) if i]
        segments = tuple(Segment(int(ids[i]), int(of[i]), bool(crowds[i])) for i in shown)
        maps.append(PanopticMap(ids[which], segments))
    return maps[0], maps[1]


def test_equals_the_plain_form():
    pairs = [noisy_pair(seed) for seed in range(40)]
    quality = panoptic_quality(pairs, things=(0, 1))
    assert_equal_counts(quality, plain_counts(pairs))
    assert min(min(c.tp, c.fp, c.fn) for c in quality.classes.values()) > 0  # each kind was tried
    assert all(0 <= c.pq <= 1 for c in quality.classes.values())


def test_small_ids_in_small_numbers():
    """Ids in bytes, whose products would not fit into a byte, and in front of them ids as large as COCO's."""
    truth = PanopticMap(np.array([[200] * 6 + [100] * 3], dtype=np.uint8), (Segment(200, 0), Segment(100, 1)))
    for ids in (np.array([7, 250], dtype=np.uint8), np.array([7, 16_777_215])):
        predicted = PanopticMap(np.repeat(ids, (6, 3))[None], (Segment(int(ids[0]), 0), Segment(int(ids[1]), 1)))
        assert panoptic_quality([(truth, predicted)], things=(0,)).all == (1, 1, 1, 2)


def strip(*ids: int, labels: dict[int, int] | None = None, crowd: int = -1) -> PanopticMap:
    """One row of pixels; every segment of class 0 unless said."""
    shown = dict.fromkeys(id for id in ids if id)
    segments = tuple(Segment(id, (labels or {}).get(id, 0), id == crowd) for id in shown)
    return PanopticMap(np.array([ids]), segments)


def quality_of(truth: PanopticMap, predicted: PanopticMap):
    return panoptic_quality([(truth, predicted)], things=(0,)).classes[0]


def test_two_segments_by_hand():
    """Shares of 4/5 and 3/4 of the unions: SQ is their mean, .775, and nothing is missed."""
    truth = strip(1, 1, 1, 1, 1, 2, 2, 2, 2)
    predicted = strip(7, 7, 7, 7, 0, 8, 8, 8, 0)
    found = quality_of(truth, predicted)
    assert (found.sq, found.rq, found.pq) == pytest.approx((0.775, 1, 0.775))


def test_half_is_not_enough():
    """Two halves of one segment: each IoU is exactly .5, so two are invented and one is missed."""
    found = quality_of(strip(1, 1, 1, 1), strip(7, 7, 8, 8))
    assert (found.tp, found.fp, found.fn, found.pq) == (0, 2, 1, 0)


def test_a_fragment_costs_recognition():
    """6 of 8 pixels and a fragment of 2: SQ .75, RQ 1 / 1.5, PQ .5."""
    found = quality_of(strip(*[1] * 8), strip(*[7] * 6, 8, 8))
    assert (found.sq, found.rq, found.pq) == pytest.approx((0.75, 2 / 3, 0.5))


def test_void_of_the_truth_is_no_mistake_but_void_of_the_prediction_is():
    assert quality_of(strip(1, 1, 1, 0, 0, 0), strip(7, 7, 7, 7, 7, 7)).pq == 1
    assert quality_of(strip(1, 1, 1, 1, 1, 1), strip(7, 7, 7, 7, 0, 0)).pq == pytest.approx(2 / 3)


def test_an_invented_segment_is_forgiven_if_more_than_half_lies_on_void():
    labels = {7: 1}
    for void, invented in ((2, 1), (3, 0)):
        matching = match_segments(strip(*[0] * void, *[1] * (9 - void)), strip(*[7] * 4, *[0] * 5, labels=labels))
        assert len(matching.invented) == invented


def test_the_matching_names_segments():
    truth = strip(1, 1, 1, 2, 2, 3, 3, crowd=3)
    predicted = strip(7, 7, 7, 8, 0, 9, 9)
    matching = match_segments(truth, predicted)
    assert [(m.truth.id, m.predicted.id, m.iou) for m in matching.matched] == [(1, 7, 1.0)]
    assert [segment.id for segment in matching.missed] == [2]  # its half is not enough
    assert [segment.id for segment in matching.invented] == [8]  # 9 lies on a crowd


def test_the_mean_of_products_is_not_the_product_of_means():
    labels = {2: 1, 8: 1, 9: 1}
    truth, predicted = strip(1, 1, 1, 1, 2, 2, labels=labels), strip(7, 7, 7, 0, 8, 9, labels=labels)
    quality = panoptic_quality([(truth, predicted)], things=(0,))
    assert quality.all == pytest.approx((0.375, 0.375, 0.5, 2))
    assert quality.things == pytest.approx((0.75, 0.75, 1, 1)) and quality.stuff == (0, 0, 0, 1)


def test_maps_of_two_sizes():
    with pytest.raises(ValueError, match=r"the truth is \(1, 4\), the prediction \(1, 3\)"):
        match_segments(strip(1, 1, 1, 1), strip(1, 1, 1))
