"""What 04's second notebook states: its worked examples, by its own answers, and panopticapi's numbers."""

import json
import re
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from autograder.course.registry import SOLUTIONS
from autograder.course.source import read_source
from detrlab.panoptic.postprocess import panoptic_maps
from detrlab.panoptic.quality import panoptic_quality
from tests.golden_data import golden_file

FOLDER = SOLUTIONS / "04_panoptic" / "q2_panoptic"
GOLDEN = json.loads(golden_file("panoptic_quality.json").read_text())


@cache
def answers() -> SimpleNamespace:
    """The setup's names, the functions and predictions of all model answers, and the hard cases of the trial."""
    notebook = read_source(FOLDER)
    (setup,) = (cell for cell in notebook.cells if cell.kind == "setup")
    (trial,) = (cell for cell in notebook.code() if "HARD_CASES = (" in cell.source)
    space: dict = {}
    exec(setup.source, space)
    for cell in notebook.named("exercise").values():
        exec(cell.source, space)
    exec(trial.source.split("\n\n\ndef ")[0], space)
    return SimpleNamespace(**space)


def test_the_row_of_step_1():
    masks = answers().picture_masks(torch.tensor([[[4.0, -4.0]]]), (1, 4), (1, 2), (1, 6))
    assert masks.tolist() == [[[True] * 6]]


def test_the_owners_of_step_2():
    masks = torch.tensor([[2.0, 1, -3], [1, 0, -2], [0, 2, -1]])[:, None]
    assert answers().owners(masks, 1).tolist() == [[0, 2, 2]]
    assert answers().owners(masks, 2).tolist() == [[2, 2, 2]]


def sky_and_circle() -> torch.Tensor:
    """The three masks of step 3's sketch, (3, 6, 6)."""
    masks = torch.full((3, 6, 6), -9.0)
    masks[2] = 1.0
    masks[0, :3, :3], masks[1, 3:], masks[2, :3, 3:] = 5.0, 5.0, 5.0
    return masks


def test_the_sketch_of_step_3():
    masks, labels = sky_and_circle(), torch.tensor([6, 6, 0])
    out = {"pred_logits": torch.nn.functional.one_hot(labels, 9)[None] * 9.0, "pred_masks": masks[None]}
    official = panoptic_maps(out, [(6, 6)], [(6, 6)], answers().THINGS, official=True)[0]
    areas = {segment.label: official.areas[segment.id] for segment in official.segments}
    assert areas == {0: answers().circle_pixels, 6: answers().sky_pixels}
    owner = answers().merged_owners(masks, answers().first_of_stuff(labels, answers().THINGS))
    assert torch.bincount(owner.flatten()).tolist() == [27, 0, 9]
    assert answers().first_of_stuff(torch.tensor([7, 3, 7, 3]), range(6)).tolist() == [0, 1, 0, 3]


def test_the_columns_of_step_4():
    row = torch.tensor([[[1.0, 2, 3, 4]]])
    assert answers().squeezed(row, (1, 2)).tolist() == [[[1.5, 3.5]]]
    assert answers().fitted(row, (1, 4), (1, 2)).tolist() == [[[1, 2]]]
    padded = torch.full((1, 1, 64), -1.0)
    padded[..., 16:32] = 1.0
    squeezed = torch.nonzero(answers().squeezed(padded, (1, 48))[0, 0] > 0)[:, 0].tolist()
    assert (squeezed[0], squeezed[-1] + 1) == (12, answers().right_end)
    shared, union = set(squeezed) & set(range(16, 32)), set(squeezed) | set(range(16, 32))
    assert len(shared) / len(union) == answers().iou_of_squeezed


def test_the_row_of_step_5():
    truth, predicted = np.array([[1, 1, 1, 1, 0, 0]]), np.array([[1, 1, 1, 2, 1, 2]])
    shared = answers().shared_pixels(truth, predicted, 1, 2)
    assert shared.tolist() == [[0, 1, 1], [0, 3, 1]]
    label, nobody = np.array([0]), np.array([False])
    iou = answers().matched_ious(shared, label, np.array([0, 0]), nobody)
    assert iou.tolist() == [[0.75, 0]]
    missed, invented = answers().left_over(shared, label, np.array([0, 0]), nobody, iou)
    assert missed.tolist() == [False] and invented.tolist() == [False, True]


def test_the_classes_of_step_6():
    counts = np.array([[1.6, 2, 1, 1], [0, 0, 0, 2], [0, 0, 0, 0]])
    quality = answers().qualities(counts)
    assert quality[0].tolist() == pytest.approx([0.8 * 2 / 3, 0.8, 2 / 3])
    assert quality[1].tolist() == [0, 0, 0] and np.isnan(quality[2]).all()
    mean = answers().mean_quality(quality, range(3))
    assert mean.tolist() == pytest.approx([0.8 / 3, 0.4, 1 / 3])
    facts = json.loads(golden_file("paper_facts.json").read_text())["table5_panoptic"]
    row = next(dict(zip(facts["columns"], row)) for row in facts["rows"] if row[:2] == ["DETR", "R50"])
    assert (row["SQ"], row["RQ"], row["PQ"]) == (79.3, 53.8, 43.4)
    assert (row["PQth"], row["PQst"]) == (48.2, 36.3)
    assert round(row["SQ"] * row["RQ"] / 100, 1) == 42.7


def test_the_case_of_step_7():
    pairs = [answers().sketch("aaaa", "abbb")]
    assert panoptic_quality(pairs, range(6)).classes[0].pq == 0.5


def totals(counts: dict) -> list[float]:
    return [sum(row[name] for row in counts.values()) for name in ("iou", "tp", "fp", "fn")]


@pytest.mark.parametrize("n", range(10))
def test_the_hard_cases_are_panopticapis(n: int):
    """The same shares of pixels, and the numbers that panopticapi gave."""
    _, truth, predicted, classes, right = answers().HARD_CASES[n]
    golden = GOLDEN["sets"][f"hand_{n}"]
    assert list(right) == totals(golden["per_category"])
    maps = load_file(golden_file("panoptic_quality.safetensors"))
    theirs = [maps[f"hand_{n}.{which}"].astype(int).ravel() for which in ("truth", "predicted")]
    ours = [each.ids.ravel() for each in answers().sketch(truth, predicted, classes)]
    assert shares(*ours) == shares(*theirs)
    assert answers().own_counts([answers().sketch(truth, predicted, classes)], 2).sum(0).tolist() == list(right)


def shares(truth: np.ndarray, predicted: np.ndarray) -> list[float]:
    """The shares of the picture that each pair of segments has, sorted; void apart."""
    pairs, counts = np.unique(np.stack([truth, predicted]), axis=1, return_counts=True)
    kinds = [(bool(t), bool(p)) for t, p in pairs.T]
    return sorted((*kind, round(count / truth.size, 6)) for kind, count in zip(kinds, counts, strict=True))


@pytest.mark.parametrize("name", ["random", "random_crowd", "void_rich"])
def test_the_answers_equal_panopticapi_on_random_maps(name: str):
    golden, maps = GOLDEN["sets"][name], load_file(golden_file("panoptic_quality.safetensors"))
    images = []
    for i, listed in enumerate(golden["segments"]):
        sides = []
        for which in ("truth", "predicted"):
            ids = [0, *(segment["id"] for segment in listed[which])]
            sides.append(np.searchsorted(ids, maps[f"{name}.{which}"][i].astype(int)))
        labels_t, labels_p = (np.array([s["category"] for s in listed[which]]) for which in ("truth", "predicted"))
        crowd = np.array([bool(segment["crowd"]) for segment in listed["truth"]])
        shared = answers().shared_pixels(*sides, len(labels_t), len(labels_p))
        iou = answers().matched_ious(shared, labels_t, labels_p, crowd)
        missed, invented = answers().left_over(shared, labels_t, labels_p, crowd, iou)
        matched = [(labels_t[t], iou[t, p]) for t, p in np.argwhere(iou)]
        images.append({"matched": matched, "missed": labels_t[missed], "invented": labels_p[invented]})
    counts = answers().class_counts(images, 9)
    for label, row in golden["per_category"].items():
        assert counts[int(label)].tolist() == pytest.approx([row[each] for each in ("iou", "tp", "fp", "fn")])
    mean = answers().mean_quality(answers().qualities(counts), range(9))
    assert mean.tolist() == pytest.approx([golden["average"]["all"][each] for each in ("pq", "sq", "rq")])


def test_the_fates_of_step_8():
    star = np.array([[0, 0, 0], [1, 3, 0], [0, 1, 9]])  # one more pixel, of another segment
    assert answers().fates_of(star, np.array([0, 1]), np.array([3, 1]))[0] == "wrong class"
    large = np.array([[0, 0, 0], [1, 3, 0], [0, 6, 9]])
    assert answers().fates_of(large, np.array([0, 1]), np.array([3, 1]))[0] == "swallowed"
    sky = np.array([[0, 0], [0, 4], [0, 50]])
    assert answers().fates_of(sky, np.array([0, 6]), np.array([6]))[0] == "gone"


def test_the_letters_of_step_9():
    faults = {name: letter for letter, name in answers().FAULTS.items()}
    said = answers()
    assert faults == {
        "swapped": said.swapped,
        "missing": said.missing,
        "eroded": said.eroded,
        "merged": said.merged,
        "squeezed": said.squeezed_left,
    }


def shown(name: str) -> list[list[float]]:
    """The numbers in the rows that the cell which defines this demonstration prints, by the model answers."""
    (cell,) = (cell for cell in read_source(FOLDER).code() if f"def {name}(" in cell.source)
    space = dict(vars(answers()))
    exec(cell.source.split("\n\n\nattempt(")[0], space)
    with redirect_stdout(StringIO()) as said:
        space[name]()
    return [[float(number) for number in re.findall(r"\d*\.?\d+", line)] for line in said.getvalue().splitlines()[1:]]


def test_the_costs_of_steps_3_and_4():
    official, yours = shown("show_stuff")
    assert official[0] > 10 * yours[0] and official[1] < yours[1] and official[2] < yours[2]
    squeezed = [row[1] for row in shown("show_padding")]
    assert squeezed == sorted(squeezed, reverse=True) and squeezed[1] < squeezed[0] / 2


def test_the_moved_masks_of_step_6():
    rows = shown("show_moved")
    sq, rq = [row[2] for row in rows], [row[3] for row in rows]
    assert sq[1] < 0.9 and rq[1] == 1
    assert sq[4] > 0.5 and rq[4] < 0.2


def test_the_systems_of_step_8_bear_out_step_9():
    A, B, C, D, E = shown("show_systems")
    PQ, SQ, RQ, FP, FN, _, wrong_class, swallowed, poor_outline, gone = range(10)
    assert all(abs(A[each] - C[each]) < 0.05 for each in (PQ, SQ, RQ))
    assert A[SQ] > B[SQ] + 0.15 and A[FP] == 0 and A[gone] == A[FN]
    assert C[FP] == C[FN] == C[wrong_class] and E[swallowed] == max(row[swallowed] for row in (A, B, C, D, E))
    assert min(B[poor_outline], D[poor_outline]) > 50 and D[RQ] < B[RQ]
