"""Fresh seeds and what is expected on them: reproducible, away from ties, and the same where students' code runs."""

from dataclasses import replace

import pytest
import torch

from autograder.build.in_process import runner
from autograder.course.assignment import load_assignment
from autograder.course.seeds import JITTER, VISIBLE_SEEDS
from autograder.course.source import SourceCell, SourceNotebook, read_source
from autograder.errors import GradeError
from autograder.judge.reference import _candidates, run_references
from autograder.sandbox.job import Limits
from coursework.checks.notebook import recording
from coursework.marking.messages import Note
from coursework.marking.outcome import Outcome
from tests.in_process import run, run_jobs
from tests.small_course import ASSIGNMENT, make_course
from tests.small_source import SMALL, write


@pytest.fixture(scope="module")
def assignment(tmp_path_factory):
    return load_assignment(make_course(tmp_path_factory.mktemp("course")), ASSIGNMENT)


def references(assignment, seed, only=None, run_jobs=run_jobs, limits=None):
    return run_references(assignment, seed, run_jobs, limits or Limits(), only)


def test_one_number_gives_the_seeds_of_every_notebook(assignment):
    one, same, other = (references(assignment, seed) for seed in (1, 1, 2))
    assert one["small"].seeds == same["small"].seeds != other["small"].seeds
    assert one["small"].fresh["corners"] != one["wide"].fresh["sizes"]
    assert one["small"].seeds["corners"][:2] == tuple(VISIBLE_SEEDS) and len(set(one["small"].fresh["corners"])) == 3
    assert all(10**6 <= seed < 2**31 for seed in one["small"].fresh["corners"])
    assert list(references(assignment, 1, "wide")) == ["wide"]


def test_no_check_knows_anothers_seeds():
    cells = [SourceCell("check", "", name) for name in ("one", "two")]
    draws = _candidates(SourceNotebook("n", "a", cells), 5)
    assert not {next(draws["one"]) for _ in range(7)} & {next(draws["two"]) for _ in range(7)}


def test_expected_values_and_invariants_are_those_of_the_source(assignment, tmp_path, monkeypatch):
    source = SMALL.replace(
        '# %% [raw] hints="corners"',
        "@corners.must('x0 is below 1')\ndef _(found): return torch.all(found < 1)\n\n# %% [raw] hints=\"corners\"",
    )
    monkeypatch.setitem(assignment.sources, "small", read_source(write(tmp_path, source)))
    found = references(assignment, 1)["small"]
    again = outcomes(assignment.sources["small"], found.fresh["corners"], tmp_path)
    assert len(again) == 3 and all(run.equals(right) for run, right in zip(again, found.expected["corners"]))
    ((sentence, holds),) = found.invariants("corners")
    assert sentence == "x0 is below 1" and holds(torch.zeros(2)) and not holds(torch.ones(2))


def test_seeds_near_a_tie_are_replaced(assignment, tmp_path, monkeypatch):
    """Rounded to 1e-5, about every second draw of ten numbers changes under a jitter of 1e-6."""
    text = SMALL.replace("corner(draw.boxes_cxcywh(5))", "(corner(draw.boxes_cxcywh(5)) * 1e5).round().long()")
    source = read_source(write(tmp_path, text))
    monkeypatch.setitem(assignment.sources, "small", source)
    visible = outcomes(source, VISIBLE_SEEDS, tmp_path)
    check = replace(assignment.checks["small"]["corners"], expected=visible)
    monkeypatch.setitem(assignment.checks["small"], "corners", check)
    replaced = 0
    for seed in range(4):
        found = references(assignment, seed, "small")["small"]
        replaced += found.fresh["corners"] != kept_seeds(assignment, seed)
        moved = outcomes(source, found.fresh["corners"], tmp_path, JITTER)
        assert all(a.equals(b) for a, b in zip(moved, found.expected["corners"], strict=True))
    assert replaced


def outcomes(source, seeds, folder, jitter=0.0):
    """What the solution's corners are on these seeds."""
    with runner(folder) as kernel, recording(list(seeds), jitter) as record:
        for cell in source.code():
            kernel.run(cell.source)
    return record["corners"]


def kept_seeds(assignment, seed):
    """The first three candidates, tie or not."""
    draws = _candidates(assignment.sources["small"], seed)["corners"]
    return tuple(next(draws) for _ in range(3))


def changed(change):
    """A way to run jobs whose results of the notebook "small" are changed."""

    def run_changed(jobs):
        for job in jobs:
            result = run(job)
            yield job, change(result) if job.notebook == "small" else result

    return run_changed


def with_corners(runs):
    return lambda result: replace(result, outcomes={**result.outcomes, "corners": runs(result.outcomes["corners"])})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            with_corners(lambda runs: [Outcome(error="OSError", message="gone"), *runs[1:]]),
            r"corners .*\(OSError: gone\)",
        ),
        (with_corners(lambda _: []), "corners .*did not run"),
        (with_corners(lambda runs: runs[2:4] + runs[2:]), "the values stored for corners are not the solution's"),
        (
            lambda result: replace(result, ended=Note("ended_by_signal", {"signal": "SIGABRT"})),
            r"does not get through .*SIGABRT",
        ),
    ],
)
def test_a_solution_that_gives_something_else_in_the_sandbox_stops_the_run(assignment, change, message):
    with pytest.raises(GradeError, match=message):
        references(assignment, 1, run_jobs=changed(change))


def test_limits_that_the_solution_itself_exceeds_are_refused(assignment):
    with pytest.raises(GradeError, match="allow more than 1e-06 s per cell"):
        references(assignment, 1, limits=Limits(cell_cpu_s=1e-6))


def test_a_solution_that_raises_is_named_with_its_error(assignment, tmp_path, monkeypatch):
    text = SMALL.replace('# %% [raw] hints="corners"', '# %%\n1 / 0\n\n# %% [raw] hints="corners"')
    monkeypatch.setitem(assignment.sources, "small", read_source(write(tmp_path, text)))
    with pytest.raises(GradeError, match="of small stops with ZeroDivisionError: division by zero"):
        references(assignment, 1, "small")
