"""The whole course, exercise by exercise, on the built notebooks and the quick runner.

Solution: all automatic points, but for trained work: nothing is trained here, and a fresh model earns none (what it
earns after its training, the bench says). Untouched release: none, and no crash. Two known mistakes of each exercise:
they lose its points (and those of the end-to-end check) and show their own sentences. Differently written correct
answers: all points.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
import pytest

from autograder.build.in_process import NotebookRun, run_notebook
from autograder.build.measured import untrained
from autograder.course.registry import SOLUTIONS, read_entry, read_registry
from autograder.course.seeds import VISIBLE_SEEDS
from autograder.course.source import Mistake, SourceNotebook, read_source
from autograder.judge.mark import marks
from autograder.samples.fill_in import fill_in, model_answers
from coursework.checks.notebook import Notebook
from coursework.marking.feedback import judge_runs

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [folder for entry in read_registry(SOLUTIONS) for folder in entry.notebooks]
FRESH = [900_007]  # a seed no student has seen


def key(path: Path) -> str:
    """What a notebook's tests are called by: its assignment and its name."""
    return f"{path.parent.name}-{path.name}"


@dataclass(frozen=True)
class Built:
    """One built notebook: its source, its release folder, its stored data, and the reference's outcomes."""

    source: SourceNotebook
    release: Path
    reference: NotebookRun

    @property
    def data(self) -> dict[str, dict]:
        return Notebook(self.source.name, self.release).data.checks


def run(
    source: SourceNotebook, answers: dict[str, str], folder: Path, seeds: list[int], strict: bool = False
) -> NotebookRun:
    """Run the release with these answers in `folder`; `strict` turns warnings into errors."""
    release = ROOT / "notebooks" / source.assignment
    for path in release.glob(f"{source.name}.*"):
        shutil.copy(path, folder)
    notebook = fill_in(nbformat.read(release / f"{source.name}.ipynb", as_version=4), answers, {})
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    with warnings.catch_warnings():
        warnings.simplefilter("error" if strict else "default")
        with untrained():
            return run_notebook(code, folder, seeds)


@cache
def built(path: Path) -> Built:
    source = read_source(path)
    with tempfile.TemporaryDirectory() as folder:
        reference = run(source, model_answers(source)[0], Path(folder), VISIBLE_SEEDS + FRESH, strict=True)
    return Built(source, ROOT / "notebooks" / source.assignment, reference)


def points(notebook: Built, outcomes: dict) -> dict[str, float]:
    """Marks on the fresh seed."""
    fresh = slice(len(VISIBLE_SEEDS), None)
    return marks(
        {name: runs[fresh] for name, runs in outcomes.items()},
        {name: runs[fresh] for name, runs in notebook.reference.outcomes.items()},
        notebook.data,
    )


def chains(path: Path) -> dict[str, tuple[str, ...]]:
    """The assignment's checks that run a student's own steps end to end, and which."""
    return read_entry(path.parent).chains


@cache
def asked_mistakes(path: Path) -> list[Mistake]:
    """The first two of each exercise: the build proves all of them, each at its own check."""
    mistakes = read_source(path).mistakes
    return [m for m in mistakes if [each for each in mistakes if each.exercise == m.exercise].index(m) < 2]


def each_mistake() -> list:
    cases = [(path, mistake) for path in SOURCES for mistake in asked_mistakes(path)]
    return [pytest.param(path, mistake, id=f"{key(path)}-{mistake.exercise}-{mistake.name}") for path, mistake in cases]


@pytest.mark.parametrize("path", SOURCES, ids=key)
def test_the_minutes_that_a_notebook_names_are_those_of_its_steps(path: Path):
    prose = [cell.source for cell in read_source(path).cells if cell.kind == "prose"]
    headings = re.findall(r"^#+ .*?(\d+) min\b", "\n".join(prose), re.MULTILINE)
    named = re.search(r"about (\d+) minutes", prose[0])
    assert named is None or int(named[1]) == sum(map(int, headings))


@pytest.mark.parametrize("path", SOURCES, ids=key)
def test_solution_earns_every_automatic_point_without_a_warning(path: Path):
    notebook = built(path)
    assert notebook.reference.errors == {}
    automatic = sum(cell.points for cell in notebook.source.named("check").values() if not cell.trained)
    assert sum(points(notebook, notebook.reference.outcomes).values()) == automatic
    for name, stored in notebook.data.items():  # the files beside the notebook agree with this machine
        assert all(
            run.equals(right) for run, right in zip(notebook.reference.outcomes[name], stored.expected, strict=False)
        ), name


@pytest.mark.parametrize("path", SOURCES, ids=key)
def test_untouched_release_earns_nothing_and_does_not_crash(path: Path, tmp_path: Path):
    notebook = built(path)
    untouched = run(notebook.source, {}, tmp_path, VISIBLE_SEEDS + FRESH)
    assert untouched.errors == {}
    assert sum(points(notebook, untouched.outcomes).values()) == 0
    seen = {name: runs[: len(VISIBLE_SEEDS)] for name, runs in untouched.outcomes.items()}
    compared = {name: stored for name, stored in notebook.data.items() if not stored.measured}
    states = {name: judge_runs(seen[name], stored, list).state for name, stored in compared.items()}
    assert states == dict.fromkeys(states, "open")


@cache
def mistaken(path: Path, group: tuple[Mistake, ...]) -> NotebookRun:
    """The release with the solution everywhere but in these exercises, where it has their mistakes."""
    source = built(path).source
    answers = {**model_answers(source)[0], **{mistake.exercise: mistake.code for mistake in group}}
    with tempfile.TemporaryDirectory() as folder:
        return run(source, answers, Path(folder), VISIBLE_SEEDS + FRESH)


@cache
def groups(path: Path) -> list[tuple[Mistake, ...]]:
    """Mistakes that share a run: the first ones of every second exercise, the second ones, and so on.

    So that a mistake is seen to cost its own exercise alone, the exercises between are right. A chain of steps stays
    alone: it hears of every other mistake.
    """
    found: dict[object, list[Mistake]] = {}
    exercises: dict[str, int] = {}  # how many of an exercise's mistakes have been seen
    for mistake in asked_mistakes(path):
        number = exercises.setdefault(mistake.exercise, 0)
        exercises[mistake.exercise] += 1
        half = list(exercises).index(mistake.exercise) % 2
        found.setdefault(mistake if mistake.exercise in chains(path) else (half, number), []).append(mistake)
    return [tuple(group) for group in found.values()]


@pytest.mark.parametrize(("path", "mistake"), each_mistake())
def test_known_mistake_loses_its_points_and_gets_its_sentence(path: Path, mistake: Mistake):
    notebook = built(path)
    (group,) = (group for group in groups(path) if mistake in group)
    outcomes = mistaken(path, group).outcomes
    earned = points(notebook, outcomes)
    lost = {name for name, stored in notebook.data.items() if earned[name] < stored.points and not stored.measured}
    wrong = {each.exercise for each in group}
    chained = {check for check, exercises in chains(path).items() if wrong & set(exercises)}
    assert wrong <= lost <= wrong | chained
    assert earned[mistake.exercise] < notebook.data[mistake.exercise].points
    verdict = judge_runs(outcomes[mistake.exercise][: len(VISIBLE_SEEDS)], notebook.data[mistake.exercise], list)
    assert mistake.says in " ".join(verdict.lines)


@pytest.mark.parametrize("path", SOURCES, ids=key)
def test_a_students_notebook_shows_verdicts_and_plain_points(path: Path, tmp_path: Path):
    from autograder.build.in_process import runner

    notebook = built(path)
    release = nbformat.read(notebook.release / f"{path.name}.ipynb", as_version=4)
    for file in notebook.release.glob(f"{path.name}.*"):
        shutil.copy(file, tmp_path)
    solved = fill_in(release, model_answers(notebook.source)[0], {})
    with runner(tmp_path) as kernel, untrained():
        for cell in solved.cells:
            if cell.cell_type != "code":
                continue
            done = kernel.run(cell.source)
            assert done.error is None
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if cell.metadata.get("nbgrader", {}).get("grade") and not notebook.data[name].measured:
                assert float(done.outputs[-1]["text/plain"]) == cell.metadata.nbgrader.points
                assert "Right." in done.outputs[-1]["text/html"]
