"""Correct answers that are written differently: a check judges what an answer does, not how it is written.

The answers in tests/answers were written from the students' notebooks alone, without the solutions: a file for each
exercise, a cell for each style. What they return has to equal what the solution returns on seen and unseen seeds.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import jupytext
import pytest

from autograder.build.in_process import runner
from autograder.course.seeds import VISIBLE_SEEDS
from autograder.course.source import SourceNotebook, read_source
from autograder.sandbox.job import CheckRun, Job, JobCell, Limits
from coursework.checks.notebook import recording
from coursework.marking.compare import difference
from coursework.marking.mistakes import named_mistakes
from coursework.marking.outcome import Outcome
from tests.course.test_course import FRESH, ROOT, SOURCES, Built, built, chains, key, points, run
from tests.grader_pool import needs_sandbox, shared_pool

HERE = Path(__file__).resolve().parents[1] / "answers"
ANSWERED = [path for path in SOURCES if (HERE / path.parent.name / path.name).is_dir()]
DEMO = sorted(HERE.glob("*/official_demo/*.py"))

# Right answers that a check does not take yet, and why: they should be, and leave this list then.
REFUSED_TODAY: dict[str, str] = {}

# What the official demo's own lines do not earn today, and the known mistakes that say why; None where nothing does.
DEMO_LACKS: dict[str, dict[str, str | None]] = {
    "q1_build": {"sequence": "sequence/one_picture_only", "short_detr": "short_detr/one_picture_only"},
    "q2_detect_and_attend": {
        "kept": "kept/not_sorted",
        "corners": "corners/axis_one",
        "hooks": "hooks/left_after_error",
        "decoder_figure": "decoder_figure/one_column",
        "own_picture": "own_picture/not_sorted",
    },
}


@dataclass(frozen=True)
class Answer:
    """A right answer to one exercise: its style, and the code of the exercise's cell."""

    exercise: str
    style: str
    code: str

    @property
    def name(self) -> str:
        return f"{self.exercise}, {self.style}"


def cells_of(path: Path, tag: str) -> dict[str, str]:
    """{value of the tag: code} of a percent file's cells that have it."""
    cells = jupytext.read(path, fmt="py:percent").cells
    return {cell.metadata[tag]: cell.source for cell in cells if tag in cell.metadata}


@cache
def answers_to(path: Path) -> dict[str, list[Answer]]:
    """Each exercise's right answers, in the notebook's order."""
    folder = HERE / path.parent.name / path.name
    return {
        name: [Answer(name, style, code) for style, code in cells_of(folder / f"{name}.py", "style").items()]
        for name in read_source(path).named("exercise")
    }


def ask(source: SourceNotebook, asked: dict[str, list[Answer]], before: dict[str, str]) -> dict[str, list[Outcome]]:
    """{name of an answer: its check's outcomes}, all in one process.

    An answer finds the notebook's opening and the answers `before` to the exercises above it, and nothing else: an
    import that an earlier style has made is taken away again.
    """
    cells = source.code(before)
    checks = source.named("check")
    found: dict[str, list[Outcome]] = {}
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("default")
        folder = Path(name)
        for file in (ROOT / "notebooks" / source.assignment).glob(f"{source.name}.*"):
            shutil.copy(file, folder)
        with runner(folder) as kernel, recording(VISIBLE_SEEDS + FRESH) as outcomes:
            for cell in cells:
                if cell.kind not in ("setup", "exercise"):
                    continue
                above = dict(kernel.namespace)
                for answer in asked.get(cell.name, ()) if cell.kind == "exercise" else ():
                    error = kernel.run(answer.code).error
                    assert error is None, f"{answer.name}: {error}"
                    error = kernel.run(checks[cell.name].source).error
                    assert error is None, f"{answer.name}: {error}"
                    found[answer.name] = outcomes.pop(cell.name)
                    for new in set(kernel.namespace) - set(above):
                        del kernel.namespace[new]
                    kernel.namespace.update(above)
                error = kernel.run(cell.source).error
                assert error is None, error
    return found


def first_answers(path: Path) -> dict[str, str]:
    return {name: answers[0].code for name, answers in answers_to(path).items()}


@cache
def asked_all(path: Path) -> dict[str, list[Outcome]]:
    return ask(read_source(path), answers_to(path), first_answers(path))


def refusal(notebook: Built, exercise: str, runs: list[Outcome]) -> str:
    """What is wrong with these runs; nothing where they earn every point."""
    for one, right in zip(runs, notebook.reference.outcomes[exercise], strict=True):
        if not one.equals(right):
            return one.message or str(one.error or difference(one.value, right.value))
    earned = points(notebook, {exercise: runs})[exercise]
    return "" if earned == notebook.data[exercise].points else f"{earned} points"


@pytest.mark.parametrize("path", ANSWERED, ids=key)
def test_every_exercise_has_right_answers_in_several_styles(path: Path):
    """So no exercise is left out, and no file has another name than its exercise."""
    files = {file.stem for file in (HERE / path.parent.name / path.name).glob("*.py")}
    assert files == set(read_source(path).named("exercise"))
    assert {name: len(answers) for name, answers in answers_to(path).items() if len(answers) < 3} == {}


@pytest.mark.parametrize("path", ANSWERED, ids=key)
def test_right_answers_work_together_in_the_students_notebook(path: Path, tmp_path: Path):
    """The first of each exercise; the checks that run a student's own steps end to end among them."""
    notebook = built(path)
    answers = first_answers(path)
    answered = run(notebook.source, answers, tmp_path, VISIBLE_SEEDS + FRESH)
    assert answered.errors == {}
    names = set(answers) | set(chains(path)) & set(notebook.data)
    assert {name: why for name in names if (why := refusal(notebook, name, answered.outcomes[name]))} == {}


@pytest.mark.parametrize("path", ANSWERED, ids=key)
def test_a_right_answer_earns_every_point_in_whatever_style_it_is_written(path: Path):
    notebook = built(path)
    refused = {name: refusal(notebook, name.split(",")[0], runs) for name, runs in asked_all(path).items()}
    refused = {name: why for name, why in refused.items() if why}
    known = set(REFUSED_TODAY) & set(asked_all(path))
    assert {name: why for name, why in refused.items() if name not in known} == {}
    assert known - set(refused) == set(), "these are taken now: take them off REFUSED_TODAY"


def test_what_is_refused_today_is_among_the_answers():
    styles = {answer.name for path in ANSWERED for answers in answers_to(path).values() for answer in answers}
    assert set(REFUSED_TODAY) <= styles


@pytest.mark.parametrize("path", DEMO, ids=lambda path: path.stem)
def test_the_official_demo_lacks_what_is_named_and_nothing_else(path: Path):
    """Its class and its post-processing, line by line: batches of one, tables of 50 rows, detections in no order."""
    source = next(each for each in ANSWERED if key(each) == f"{path.parents[1].name}-{path.stem}")
    notebook, demo = built(source), cells_of(path, "exercise")
    asked = {name: [Answer(name, "official demo", code)] for name, code in demo.items()}
    outcomes = ask(notebook.source, asked, first_answers(source))
    lacks = {}
    for name in demo:
        runs = outcomes[f"{name}, official demo"]
        if refusal(notebook, name, runs):
            check = notebook.data[name]
            named = named_mistakes(runs[: len(VISIBLE_SEEDS)], check.expected, check.mistakes)
            lacks[name] = ", ".join(mistake.id for mistake in named) or None
    assert lacks == DEMO_LACKS[path.stem]


@needs_sandbox
@pytest.mark.parametrize("path", ANSWERED, ids=key)
def test_no_right_answer_needs_what_its_exercise_forbids(path: Path):
    """Nor does the solution: all run in the sandbox, where these names are refused, and no check stops."""
    source = read_source(path)
    checks, exercises = source.named("check"), source.named("exercise")
    cells: list[JobCell] = []
    asked = []

    def add(code: str, *rest, locked: bool = False) -> None:
        cells.append(JobCell(len(cells), code, *rest, locked=locked))

    for cell in source.code(first_answers(path)):
        if cell.kind == "setup":
            add(cell.source, locked=True)
        elif cell.kind == "exercise" and cell.forbids:
            solution = Answer(cell.name, "solution", exercises[cell.name].source)
            for answer in [solution, *reversed(answers_to(path)[cell.name])]:  # the first one stays
                add(answer.code, None, cell.forbids)
                run = CheckRun(cell.name, tuple(VISIBLE_SEEDS), variant=answer.name)
                add(checks[cell.name].source, run, cell.forbids, locked=True)
                asked.append(answer.name)
        elif cell.kind == "exercise":
            add(cell.source)
    job = Job("s", source.assignment, source.name, tuple(cells), {}, Limits(notebook_cpu_s=600))
    ((_, result),) = shared_pool().run([job])
    stopped = {name: run.message for name, runs in result.outcomes.items() for run in runs if run.error}
    assert stopped == {} and set(result.outcomes) == set(asked), result.ended
