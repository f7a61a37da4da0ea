"""A new exercise from its skeleton: two edits, and it is proven; without them it is said what is left to do."""

import pytest

from autograder.__main__ import main
from autograder.build import build
from autograder.course.registry import read_registry
from autograder.course.skeleton import write_skeleton
from autograder.course.source import read_source
from autograder.errors import SourceError
from coursework.progress.course_map import step_of
from tests import second_assignment
from tests.small_source import OPENS, write

TASK = "# The widest value is the one that is furthest from zero: of 101, 350 and 200 it is 350.\n"


def edit(step, solution):
    """The two edits: each marked line gives way to the author's own."""
    text = step.read_text().replace("# EDIT 2 of 2: write the solution here; delete this line", solution)
    lines = [TASK if line.startswith("# EDIT 1 of 2: ") else line for line in text.splitlines(keepends=True)]
    step.write_text("".join(lines))
    assert "EDIT" not in step.read_text()


@pytest.fixture
def root(tmp_path):
    (tmp_path / "secret.txt").write_text("s")
    return tmp_path


@pytest.mark.parametrize("course", ["torch", "none"])
def test_a_new_step_is_proven_after_its_two_edits(root, course):
    folder = write(root) if course == "torch" else second_assignment.write(root / "solutions") / "count"
    before = read_source(folder)
    (step,) = write_skeleton("box_width", folder)
    assert step == folder / ("02_box_width.py" if course == "torch" else "03_box_width.py")
    with pytest.raises(SourceError) as caught:
        build.prove(step, print, root)
    assert str(caught.value) == (
        f"{folder.name}/{step.name}, line 6: left to do: (line 6) say the task here: what comes in, what goes out, an "
        "example worked out by hand; delete this line; (line 14) write the solution here; delete this line"
    )
    edit(step, "return max(values)")
    said = []
    build.prove(step, said.append, root)
    assert said == [f"{folder.name}/{step.name}: box_width proven, with 2 known mistakes"]
    after = read_source(folder)
    assert after.points == before.points + 1 and len(after.hints["box_width"]) == 3
    heading = next(cell.source for cell in after.cells if cell.step == step.stem).splitlines()[0]
    found = step_of(heading.lstrip("# "))
    assert (found.title, found.minutes) == (f"Step {int(step.name[:2])} · Box width", 5)


def test_the_command_says_what_it_wrote_and_what_comes_next(root, capsys, monkeypatch):
    monkeypatch.chdir(root)
    assert main(["exercise", "corners", "solutions/02_boxes/q1"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "wrote solutions/02_boxes/assignment.toml",
        "wrote solutions/02_boxes/q1/00_open.py",
        "wrote solutions/02_boxes/q1/01_corners.py; two edits are marked in it: the task (line 6), "
        "the solution (line 14)",
        "then: autograder prove solutions/02_boxes/q1/01_corners.py",
    ]
    assert main(["exercise", "corners", "solutions/02_boxes/q1"]) == 1
    assert main(["exercise", "corners", "/"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("corners is in use, in ") and said[1].startswith("/ is no place for a notebook: ")


@pytest.mark.parametrize("solution", ["return sum(values)", "return min(values)", "return sorted(values)"])
def test_its_two_mistakes_are_told_from_usual_solutions(root, solution):
    *_, step = write_skeleton("least", root / "solutions" / "01_new" / "q1")
    edit(step, solution)
    build.prove(step, print, root)


def test_a_notebook_and_an_assignment_that_are_new_begin_with_it(root):
    first = write(root)
    written = write_skeleton("corners", root / "solutions" / "08_set_prediction" / "q1_boxes")
    folder = root / "solutions" / "08_set_prediction"
    assert written == [folder / "assignment.toml", folder / "q1_boxes/00_open.py", folder / "q1_boxes/01_corners.py"]
    small, new = read_registry(root / "solutions")
    assert (new.title, new.order, new.released) == ("Set prediction", small.order + 1, False)
    edit(written[-1], "return sum(values)")
    build.prove(folder / "q1_boxes", print, root)  # builds it, too
    assert [path.name for path in write_skeleton("second", folder / "q2")] == ["00_open.py", "01_second.py"]
    assert first.is_dir()


def test_steps_come_before_the_last_one_and_after_those_that_are_there(root):
    folder = write(root)
    for name in ("07b_more.py", "99_close.py"):
        (folder / name).write_text(f"{OPENS}# %% [markdown]\n# More.\n")
    assert [write_skeleton(name, folder)[-1].name for name in ("one", "two")] == ["08_one.py", "09_two.py"]
    (folder / "98_last.py").write_text(f"{OPENS}# %% [markdown]\n# More.\n")
    with pytest.raises(SourceError, match="has no number left before 99"):
        write_skeleton("three", folder)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("corners", "corners is in use, in .*01_step.py: names are those of the gradebook"),
        ("why", "why is in use, in .*01_step.py"),
        ("elsewhere", "elsewhere is in use, in .*other/01_step.py"),
        ("torch", "torch is in use: .*00_open.py gives it another meaning"),
        ("hint", "hint is in use: .*00_open.py gives it another meaning"),
        ("sum", "sum is in use: Python itself gives it another meaning"),
        ("", "'' is no name of an exercise"),
        ("box-share", "'box-share' is no name of an exercise: write it in small letters, such as corners"),
        ("Corners", "'Corners' is no name of an exercise"),
        ("class", "'class' is no name of an exercise"),
    ],
)
def test_a_name_that_does_not_fit_is_refused_and_nothing_written(root, name, message):
    folder = write(root)
    other = write(root, name="other")
    (other / "01_step.py").write_text(f'{OPENS}# %% [markdown] written="elsewhere" points=1\n# Here.\n')
    before = sorted(folder.rglob("*"))
    with pytest.raises(SourceError, match=message):
        write_skeleton(name, folder)
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    "place", ["solutions/q1", "solutions/01_a/q1/deeper", "solutions/01_a/q-1", "notebooks/01_a/q1"]
)
def test_a_place_that_is_no_notebooks_is_refused(root, place):
    with pytest.raises(SourceError, match="is no place for a notebook: name one such as solutions/02_boxes/q1_corners"):
        write_skeleton("corners", root / place)
    assert not (root / place).exists()
