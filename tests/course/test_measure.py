"""What q3_measure of 03_set_prediction teaches as average precision is pycocotools', and what its prose says is so."""

import re
from pathlib import Path

import numpy as np
import pytest

from autograder.build.in_process import run_notebook, runner
from autograder.build.measured import untrained
from autograder.course.source import read_source
from tests.course.test_course import ROOT
from tests.course.test_prose_numbers import unsupported

SOURCE = ROOT / "solutions" / "03_set_prediction" / "q3_measure"

WORKED_OUT = {  # examples, which no cell prints, and what is cited
    "20.5", "45.8", "61.1",  # AP by size, paper, table 1
    "0.7000000000000001",  # np.linspace(0, 1, 101)[70]
    ".01",  # the step of the 101 recalls
    ".9", "0.9",  # an example's probability, a threshold of IoU
    "40.6", "36.7", "32.8", "39.9", "35.8",  # AP of the paper's ablations, tables 2 to 4
    "35.5", "40.8",  # without and with auxiliary losses, issue 85 of the official code
}  # fmt: skip


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """The names of the notebook's opening and of its solutions."""
    with runner(tmp_path_factory.mktemp("solved")) as kernel:
        for cell in read_source(SOURCE).code():
            if cell.kind in ("setup", "exercise"):
                assert kernel.run(cell.source).error is None, cell.name
        yield dict(kernel.namespace)


def hard_images(seed: int, K: int) -> list[dict[str, np.ndarray]]:
    """Images full of ties: few different boxes and scores, crowds, classes without objects, empty images."""
    rng = np.random.default_rng(seed)

    def boxes(count):
        corner = rng.integers(0, 4, (count, 2)) * 5.0
        return np.concatenate([corner, corner + rng.integers(2, 5, (count, 2)) * 5.0], axis=1)

    images = []
    for i in range(7):
        N, T = (0 if i == 1 else int(rng.integers(20, 40))), (0 if i == 2 else int(rng.integers(3, 12)))
        if i == 3:
            N = 350  # more than 100 of a class
        images.append(
            {
                "boxes_xyxy": boxes(N),
                "scores": rng.integers(1, 20, N) / 20,
                "labels": rng.integers(0, K, N),
                "true_boxes_xyxy": boxes(T),
                "true_labels": rng.integers(0, K - 1, T),  # the last class has no object
                "crowd": rng.integers(0, 4, T) == 0,
            }
        )
    return images


@pytest.mark.parametrize("seed", range(6))
def test_the_solutions_ap_is_that_of_pycocotools(solved, seed: int):
    images = hard_images(seed, K=3)
    right = solved["coco_ap"](images, 3)
    assert 0.01 < right < 0.95
    assert solved["mean_over_classes"](images, 3, solved["class_ap"]) == pytest.approx(right, abs=1e-9)


def test_the_grid_that_the_text_warns_of(solved):
    recalls = solved["RECALLS"]
    assert str(recalls[70]) == "0.7000000000000001"
    assert sum(recalls != np.arange(101) / 100) == 10  # "at ten places"


def test_examples_worked_out_by_hand(solved):
    of = np.array
    box, other = of([[0.0, 0, 4, 2]]), of([[2.0, 0, 6, 4]])
    assert solved["iou_matrix"](box, other, of([False])).item() == pytest.approx(0.2)
    assert solved["iou_matrix"](box, other, of([True])).item() == pytest.approx(0.5)
    ious, scores = of([[0.8, 0.4], [0.9, 0.7]]), of([0.6, 0.9])
    assert solved["match_greedily"](ious, scores, of([False, False]), 0.5).tolist() == [-1, 0]
    no = [of([False, False]), of([False])]
    precision, recall = solved["precision_and_recall"](
        [of([0.9, 0.6]), of([0.8])], [of([True, False]), of([True])], no, 4
    )
    assert precision == pytest.approx([1, 1, 2 / 3]) and recall == pytest.approx([1 / 4, 2 / 4, 2 / 4])
    example = solved["case"](
        [[0, 0, 9, 9], [0, 0, 9, 9], [20, 0, 29, 9]], [0.9, 0.8, 0.7], [[0, 0, 9, 9], [20, 0, 29, 9]]
    )
    assert solved["coco_ap"]([example]) == pytest.approx(0.835, abs=5e-4)
    kinds = solved["kinds_of"](of([[0.6, 0], [0, 0.7], [0.3, 0]]), of([0, 1, 0]), of([0, 2]), of([-1, -1, -1]))
    assert kinds == ["duplicate", "classification", "localisation"]
    assert solved["recall_of_sizes"](of([1, 4, 5, 9]), of([True, False, True, True]), of([4, 9])) == [1, 0.5, 1]


LISTS = """
def in_lists(function):
    def answer(*given):
        came = function(*given)
        return came.tolist() if hasattr(came, "tolist") else came
    return answer

envelope, match_greedily, box_kinds, slot_spread = map(in_lists, (envelope, match_greedily, box_kinds, slot_spread))
found_at = precision_at_recalls
precision_at_recalls = lambda envelope, recall: found_at(np.array(envelope), recall)
attempt = lambda show, after=(): show()
"""


def test_measurements_take_what_the_checks_take(tmp_path: Path):
    """A list in an array's place: the checks make tensors of both, so what is shown has to take both."""
    with runner(tmp_path) as kernel:
        cells = read_source(SOURCE).code()
        for cell in cells:
            if cell.kind in ("setup", "exercise"):
                assert kernel.run(cell.source).error is None, cell.name
        assert kernel.run(LISTS).error is None
        shows = {"show_example": "AP 0.835", "show_errors": "classification", "show_slots": "each query"}
        for name, says in shows.items():
            shown = kernel.run(next(cell.source for cell in cells if f"def {name}()" in cell.source))
            assert shown.error is None and says in shown.stdout, name


def test_near_duplicates_go_away_where_queries_see_each_other(tmp_path: Path):
    """What the text says of the three rows, and that layer 0 is the same whichever layers are silenced behind it."""
    source = read_source(SOURCE)
    cells = [cell for cell in source.code() if cell.kind == "setup" or cell.step.startswith("09b")]
    run = run_notebook([cell.source for cell in cells], tmp_path, seeds=[])
    assert run.errors == {}
    rows = re.findall(
        r"(as trained|silenced everywhere|silenced in layer 0) +(\d+) +(\d+) +(\d+) +(\d+)", run.cells[-1].stdout
    )
    trained, everywhere, first = ([int(number) for number in row[1:4]] for row in rows)
    assert trained[0] > trained[1] > trained[2]  # "loses its near-duplicates from layer to layer"
    assert min(everywhere[1:]) >= everywhere[0]  # "they stay in all three"
    assert first[0] == everywhere[0] and first[0] - first[2] > first[0] / 2  # "as many", "most of them"
    text = " ".join("\n".join(cell.source for cell in source.cells if cell.step.startswith("09b")).split())
    said = (
        "from layer to layer. With self-attention silenced everywhere they stay in all three",
        "take most of them away",
    )
    assert all(each in text for each in said)


def test_every_number_after_a_measurement_is_printed_by_it(tmp_path: Path):
    notebook = read_source(SOURCE)
    with untrained():
        run = run_notebook([cell.source for cell in notebook.code()], tmp_path, seeds=[])
    assert run.errors == {}
    outputs, printed, wrong = iter(run.cells), "", {}
    for cell in notebook.cells:
        if cell.kind == "prose":
            text = re.sub(r"\*Example\.\*.*?(?=\n\n|\Z)", "", cell.source, flags=re.DOTALL)
            found = [number for number in unsupported(text, printed, decimals_only=True) if number not in WORKED_OUT]
            if found:
                wrong[cell.step] = wrong.get(cell.step, []) + found
        elif cell.kind != "written":
            printed += next(outputs).stdout
    assert wrong == {}
