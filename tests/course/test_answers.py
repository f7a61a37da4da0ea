"""Correct answers that are written differently: a check judges what an answer does, not how it is written.

The answers in tests/answers were written from the students' notebooks alone, without the solutions. Each notebook
runs once with all of them; what they return has to equal what the solution returns on seen and unseen seeds.
"""

from __future__ import annotations

from pathlib import Path

import jupytext
import pytest

from autograder.course.seeds import VISIBLE_SEEDS
from autograder.course.source import read_source
from autograder.sandbox.job import Job, JobCell, Limits
from coursework.marking.compare import difference
from tests.course.test_course import CHAINS, FRESH, SOURCES, built, points, run
from tests.grader_pool import needs_sandbox, shared_pool

ANSWERS = sorted((Path(__file__).resolve().parents[1] / "answers").glob("*.py"))


def read_answers(path: Path) -> dict[str, str]:
    """{exercise: code} of a percent file whose cells name their exercise."""
    cells = jupytext.read(path, fmt="py:percent").cells
    return {cell.metadata["exercise"]: cell.source for cell in cells if "exercise" in cell.metadata}


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.stem)
def test_a_differently_written_correct_answer_earns_every_point(path: Path, tmp_path: Path):
    notebook = built(next(source for source in SOURCES if source.stem == path.stem))
    answers = read_answers(path)
    assert set(answers) == set(notebook.source.named("exercise"))  # none is left out, none has another name
    answered = run(notebook.source, answers, tmp_path, VISIBLE_SEEDS + FRESH)
    assert answered.errors == {}
    for name in set(answers) | CHAINS & set(notebook.data):  # the answers also work together
        for one, right in zip(answered.outcomes[name], notebook.reference.outcomes[name], strict=True):
            assert one.equals(right), f"{name}: {one.error or difference(one.value, right.value)} {one.message}"
    earned = points(notebook, answered.outcomes)
    assert {name: earned[name] for name in answers} == {name: notebook.data[name]["points"] for name in answers}


@needs_sandbox
@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.stem)
def test_no_right_answer_needs_what_its_exercise_forbids(path: Path):
    """Nor does the solution: both run in the sandbox, where these names are refused, and no check stops."""
    source = read_source(next(source for source in SOURCES if source.stem == path.stem))
    forbids = {name: cell.forbids for name, cell in source.named("exercise").items() if cell.forbids}
    for answers in ({}, read_answers(path)) if forbids else ():
        cells = tuple(
            JobCell(
                i,
                cell.source,
                cell.name if cell.kind == "check" else "",
                forbids.get(cell.name, ()),
                locked=cell.kind != "exercise",
            )
            for i, cell in enumerate(source.code(answers))
            if cell.kind == "setup" or cell.name in forbids
        )
        job = Job("s", source.assignment, source.name, cells, tuple(VISIBLE_SEEDS), {}, Limits())
        ((_, result),) = shared_pool().run([job])
        stopped = {name: run.message for name, runs in result.outcomes.items() for run in runs if run.error}
        assert stopped == {} and set(result.outcomes) == set(forbids), result.ended
