"""A check of trained work is proven with a model that nobody trained; each of its author's slips is one sentence."""

import os

import nbformat
import pytest

from autograder.build.build import prove_registered
from autograder.build.expected import Cache, run_reference
from autograder.build.measured import untrained
from autograder.build.mutants import mutate_steps
from autograder.course.registry import read_entry
from autograder.course.source import read_source
from autograder.errors import SourceError
from coursework.checks.trained import UNTRAINED
from coursework.marking.stored import read_stored
from tests.trained_course import FILE, NAME, NOTEBOOK, OPENING, REGISTERED, STEP, make_course, write


def expected(folder, cache=None):
    return run_reference(read_source(folder), [77], lambda _: None, read_entry(folder.parent).chains, cache)


def test_what_is_built_holds_the_steps_and_no_expected_value(tmp_path):
    places = make_course(tmp_path)
    folder = places.source / NAME
    measured = read_stored(folder / f"{NOTEBOOK}.json").checks["my_line"].measured
    assert measured.file == FILE and measured.steps == ((0.5, 1.0), (0.9, 3.0)) and len(measured.model) == 12
    cell = nbformat.read(folder / f"{NOTEBOOK}.ipynb", as_version=4).cells[-1]
    assert cell.source.splitlines()[0] == f"# Check · Lines · measures {FILE} on 2 drawn cases · 3 points"
    assert f'\n\nmy_line("{FILE}")\n### BEGIN HIDDEN TESTS\nmy_line.hidden(' in cell.source
    assert cell.metadata.nbgrader.points == 3 and not list(folder.glob("my_line*"))


def test_a_proven_step_is_kept_and_run_again_where_its_chain_changes(tmp_path, capsys):
    folder, cache = write(tmp_path), Cache(tmp_path / "kept", "packages")
    first = expected(folder, cache)
    assert expected(folder, cache).measured == first.measured and first.checks["my_line"] == {}
    (folder.parent / "assignment.toml").write_text(REGISTERED.replace('["twice"]', "[]"))
    with pytest.raises(SourceError, match="NameError"):
        expected(folder, cache)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.5, 1), (0.9, 3", "0.5, 1), (0.9, 2", "its steps are thresholds and points, both rising, and the last one"),
        ("0.5, 1), (0.9, 3", "0.9, 1), (0.5, 3", "both rising"),
        ("0.5, 1), (0.9, 3", "0.5, 3), (0.9, 3", "both rising"),
        ("[(0.5, 1), (0.9, 3)]", "[]", "both rising"),
        ("(0.5, 1)", "(-0.1, 1)", "a model that nobody trained earns 1 points: begin the steps higher"),
        ("return max(0.0", "return draw.normal(5)  # max(0.0", "it returns no finite number"),
        ("    return max(0.0", "    return float('nan')\n    return max(0.0", "it returns no finite number"),
        ("    return max(0.0", "    return 1 / 0\n    return max(0.0", "raises ZeroDivisionError"),
        (
            "    x = draw.normal(30, 1)",
            "    x = FRESH",
            r"raises NameError.*\(what it uses stands in the opening",
        ),
        ("return max(0.0, 1 -", "return max(0.0, next(tick) -", "two runs with the same weights differ"),
        ("model=line,", "model=lambda: 5,", "model=... gives a int: give a function that makes a fresh module"),
        ("model=line,", "model=lambda: masked(line()),", "a fresh model cannot be kept: .* no finite numbers"),
    ],
)
def test_a_check_that_does_not_measure_is_not_built(tmp_path, old, new, message):
    assert old in STEP
    step = STEP.replace(old, new).replace("# %%\ndef train", "# %%\nFRESH = torch.ones(30, 1)\ndef train")
    opening = OPENING.replace("def line", "from itertools import count\ntick = count()\n\n\ndef line") + (
        "\n\ndef masked(model):\n    model.register_buffer('mask', torch.tensor([float('-inf')]))\n    return model\n"
    )
    with pytest.raises(SourceError, match=message) as caught:
        expected(write(tmp_path, step, opening))
    assert str(caught.value).startswith("line/01_line: my_line")


def test_the_build_trains_nothing_and_leaves_the_environment_as_it_was(tmp_path, monkeypatch):
    monkeypatch.delenv(UNTRAINED, raising=False)
    never = STEP.replace('    print("training ...")\n', "    raise RuntimeError('it trains')\n")
    expected(write(tmp_path, never))
    assert UNTRAINED not in os.environ
    monkeypatch.setenv(UNTRAINED, "mine")
    with pytest.raises(KeyError), untrained():
        raise KeyError
    assert os.environ[UNTRAINED] == "mine"


def test_mutants_of_an_exercise_beside_it_are_run_without_training(tmp_path, monkeypatch):
    monkeypatch.delenv(UNTRAINED, raising=False)
    never = STEP.replace('    print("training ...")\n', "    raise RuntimeError('it trains')\n")
    folder = write(tmp_path, never)
    (file,) = mutate_steps(folder / "01_line.py", tmp_path)
    assert set(file.found) == {"twice"} and file.found["twice"].killed > 0


def test_the_file_must_be_among_those_that_are_handed_in(tmp_path):
    folder = write(tmp_path, registered=REGISTERED.replace("my_line.*", "my_picture.*")).parent
    with pytest.raises(SourceError, match=f"line: my_line measures {FILE}, which no pattern of kept names"):
        prove_registered(read_entry(folder), tmp_path)
