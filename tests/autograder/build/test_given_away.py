"""What students are to get gives no answer away; what slips through everything else is stopped here."""

import nbformat
import pytest

from autograder.build.build import prove
from autograder.build.given_away import refuse_given_away, refuse_released
from autograder.course.registry import SOLUTIONS, read_registry
from autograder.course.source import read_source
from autograder.errors import SourceError
from tests.small_source import SMALL, write

MODEL = "Because boxes are given by their centre, half of the size lies on each side of it."
TEXT = SMALL.replace("Because boxes are given by their centre.", f"{MODEL} That is all.")


@pytest.fixture
def source(tmp_path):
    return read_source(write(tmp_path, TEXT))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n### BEGIN SOLUTION\ny", "'### BEGIN SOLUTION', the mark of a solution"),
        ("x = 1\n    ### END SOLUTION", "'### END SOLUTION', the mark"),
        ("q = f(x)  # ____", "a line ends in '# ____'"),
        (
            "def c(b):\n    return boxes_cxcywh[..., :2] - boxes_cxcywh[..., 2:] / 2",
            "gives away the solution of corners",
        ),
        ("Write `return boxes_cxcywh[..., :2]-boxes_cxcywh[...,2:]/2` there.", "gives away the solution of corners"),
        (f"*Model:*\n{MODEL}", "gives away the model answer of why"),
    ],
)
def test_what_gives_an_answer_away_is_refused_with_its_place(source, text, said):
    with pytest.raises(SourceError, match="^small.ipynb, cell 2") as found:
        refuse_given_away(source, {"small.ipynb, cell 1": "fine", "small.ipynb, cell 2": text})
    assert said in str(found.value)


def test_what_is_given_anyway_and_what_anybody_writes_is_fine(source):
    stub = 'def corner(boxes_cxcywh):\n    """The corner (x0, y0)."""\n    return ____'
    refuse_given_away(source, {"a": stub, "b": "Half of the size. That is all.", "c": "# ____ stands for a blank"})


def test_cells_and_data_of_files_are_looked_at(source):
    cell = nbformat.v4.new_code_cell("return boxes_cxcywh[..., :2] - boxes_cxcywh[..., 2:] / 2")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("Hello."), cell])
    for name, data in (("small.ipynb", nbformat.writes(notebook)), ("small.json", f'{{"hints": ["{MODEL}"]}}')):
        with pytest.raises(SourceError, match=rf"^{name}.*gives away"):
            refuse_released([source], {name: data.encode(), "values.safetensors": b"\xff\x00"})


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        (
            "# # A small notebook",
            f"# # A small notebook\n# {MODEL}",
            r"small/00_open.py, the cell '# A small notebook'",
        ),
        (
            "# 3. Subtract size / 2.",
            "# 3. return boxes_cxcywh[..., :2] - boxes_cxcywh[..., 2:] / 2",
            "the hints of corners",
        ),
        ("# halve it.", f"# halve it. {MODEL}", "the sentence of corners/half_width"),
        ("import torch\n", "import torch\n# return boxes_cxcywh[..., :2] - boxes_cxcywh[..., 2:] / 2\n", "'setup'"),
    ],
)
def test_a_source_that_would_give_an_answer_away_is_refused_by_each_proof(tmp_path, old, new, where):
    folder = write(tmp_path, TEXT.replace(old, new))
    (tmp_path / "secret.txt").write_text("s")
    for path in (folder, folder / "01_step.py"):
        with pytest.raises(SourceError, match=rf"{where}.*gives away"):
            prove(path, lambda _: None, tmp_path)


@pytest.mark.parametrize("entry", read_registry(SOLUTIONS), ids=lambda entry: entry.name)
def test_each_answer_of_the_course_would_be_noticed(entry):
    """Each solution without its marks, and each model answer: shown as they are, they are refused."""
    for source in map(read_source, entry.notebooks):
        for name, cell in source.named("exercise").items():
            lines = [line.removesuffix("# ____") for line in cell.source.splitlines() if "### " not in line]
            with pytest.raises(SourceError, match=f"the solution of {name}"):
                refuse_given_away(source, {"shown": "\n".join(lines)})
        for name, cell in source.named("written").items():
            with pytest.raises(SourceError, match=f"the model answer of {name}"):
                refuse_given_away(source, {"shown": cell.source})
