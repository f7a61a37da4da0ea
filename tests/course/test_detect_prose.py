"""The numbers that notebook 2 states in its prose: examples worked out by hand equal what the solutions give."""

from pathlib import Path

import pytest
import torch

from autograder.build.in_process import runner
from autograder.course.source import read_source
from detrlab import load_model, resized_size
from tests.course.test_course import ROOT

SOURCE = ROOT / "solutions" / "01_detr" / "q2_detect_and_attend"


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """The names of the notebook's opening and of its solutions."""
    with runner(tmp_path_factory.mktemp("solved")) as kernel:
        for cell in read_source(SOURCE).code():
            if cell.kind in ("setup", "exercise"):
                assert kernel.run(cell.source).error is None, cell.name
        yield dict(kernel.namespace)


def said(text: str) -> bool:
    """Does the prose say so, in one of its steps?"""
    steps = [path.read_text(encoding="utf-8").replace("\n# ", " ") for path in Path(SOURCE).glob("*.py")]
    return any(text in step for step in steps)


@pytest.mark.parametrize(
    ("size_wh", "new_wh", "row"),
    [
        ((640, 480), (1067, 800), "| (640, 480) | 800/480 = 1.667 | (1067, 800) |"),
        ((480, 640), (800, 1067), "| (480, 640) | 800/480 = 1.667 | (800, 1067) |"),
        ((2000, 500), (1333, 333), "would make 3200 | (1333, 333) |"),
    ],
)
def test_sizes_of_the_table(solved, size_wh, new_wh, row):
    assert said(row) and tuple(solved["new_size"](size_wh)) == new_wh


def test_the_official_rule_rounds_down(solved):
    assert said("the official one gets 1066 above") and resized_size((640, 480), 800, 1333) == (1066, 800)


def test_a_full_red_standardised(solved):
    red = solved["Image"].new("RGB", (200, 200), (255, 0, 0))
    assert said(r"\frac{1 - 0.485}{0.229} = 2.249")
    assert solved["prepare"](red, 128, 213)[0].mean().item() == pytest.approx(2.249, abs=5e-4)


@pytest.mark.parametrize(
    ("logits", "row"),
    [
        ([2.0, 0, 0], "| 2, 0, 0 | .79, .11, .11 | .79, .11 | 0 | .79 |"),
        ([0.0, 1, 3], "| 0, 1, 3 | .04, .11, .84 | .04, .11 | 1 | .11 |"),
        ([0, 0.5, 0], "| 0, 0.5, 0 | .27, .45, .27 | .27, .45 | 1 | .45 |"),
    ],
)
def test_scores_of_the_table(solved, logits, row):
    scores, labels = solved["scores_and_labels"](torch.tensor([logits]))
    shares = [f"{share:.2f}"[1:] for share in torch.tensor(logits).softmax(-1).tolist()]
    cells = [", ".join(shares), ", ".join(shares[:-1]), str(labels.item()), f"{scores.item():.2f}"[1:]]
    assert said(row) and row.endswith(" | ".join(["", *cells]) + " |")


def test_ids_of_the_table(solved):
    kept = solved["kept_queries"]
    assert said("| .10, .75, .02, .99, .80 | .7 | 3, 4, 1 |")
    assert kept(torch.tensor([0.10, 0.75, 0.02, 0.99, 0.80]), 0.7).tolist() == [3, 4, 1]
    assert len(kept(torch.tensor([0.10, 0.20, 0.30, 0.40, 0.50]), 0.7)) == 0


def test_boxes_of_the_examples(solved):
    assert said("has the corners (0.4, 0.2, 0.6, 0.6)") and said("becomes (160, 240, 480, 480)")
    corners = solved["cxcywh_to_xyxy"](torch.tensor([[0.5, 0.4, 0.2, 0.4]]))
    assert torch.allclose(corners, torch.tensor([[0.4, 0.2, 0.6, 0.6]]))
    picture = solved["Image"].new("RGB", (640, 480))
    assert solved["to_pixels"](torch.tensor([[0.25, 0.5, 0.75, 1.0]]), picture).tolist() == [[160, 240, 480, 480]]


def test_the_cell_of_the_example(solved):
    assert said("so its cell is row 3, column 19") and said("says column 20, the neighbour")
    assert solved["cell_at"]((590, 100), (640, 480), (128, 171), 8) == (3, 19)
    assert resized_size((640, 480), 128, 213) in ((170, 128), (171, 128)) and int(590 * 22 / 640) == 20


def test_the_two_maps_of_the_example(solved):
    assert said("the first cell looks at (.9, .1), and is looked at from (.9, .6)")
    weights = torch.tensor([[[0.9, 0.1], [0.6, 0.4]]])
    maps = solved["maps_of_cell"](weights, (0, 0), torch.zeros(1, 3, 1, 2))
    assert maps["looks at"].flatten().tolist() == pytest.approx([0.9, 0.1])
    assert maps["is looked at from"].flatten().tolist() == pytest.approx([0.9, 0.6])


def test_the_sizes_of_the_shapes_model(solved):
    shapes, transformer = load_model("shapes"), load_model("shapes").transformer
    assert said("$Q = 20$ object queries instead of 100, $K = 6$ classes")
    assert said("a width of $D = 128$ instead of 256")
    assert (shapes.query_embed.weight.shape, len(shapes.classes)) == ((20, 128), 6)
    assert len(transformer.encoder.layers) == len(transformer.decoder.layers) == 3
    assert tuple(shapes.input_size) == (128, 213) and len(solved["COCO_CLASSES"]) == 91
