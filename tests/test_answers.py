"""Correct answers that are written differently: a check judges what an answer does, not how it is written.

The answers in tests/answers were written from the students' notebooks alone, without the solutions. Each notebook
runs once with all of them; what they return has to equal what the solution returns on seen and unseen seeds.
"""

from __future__ import annotations

from pathlib import Path

import jupytext
import pytest
from test_course import CHAINS, FRESH, SOURCES, built, points, run

from autograder.expected import VISIBLE_SEEDS
from detrlab.checks.compare import difference

ANSWERS = sorted((Path(__file__).parent / "answers").glob("*.py"))


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
