"""Fresh seeds and what is expected on them: reproducible, away from ties, and the same where students' code runs."""

import pytest
import torch
from in_process import run_jobs
from small_course import ASSIGNMENT, make_course
from small_source import SMALL

from autograder.assignment import GradeError, load_assignment
from autograder.expected import JITTER, VISIBLE_SEEDS
from autograder.job import Limits
from autograder.reference import adopt, reference_jobs, run_references
from autograder.run import runner
from autograder.source import read_source
from detrlab.checks import recording


@pytest.fixture(scope="module")
def assignment(tmp_path_factory):
    return load_assignment(make_course(tmp_path_factory.mktemp("course")), ASSIGNMENT)


def test_one_number_gives_the_seeds_of_every_notebook(assignment):
    one, same, other = (run_references(assignment, seed) for seed in (1, 1, 2))
    assert one["small"].seeds == same["small"].seeds != other["small"].seeds
    assert one["small"].fresh != one["wide"].fresh
    assert one["small"].seeds[:2] == tuple(VISIBLE_SEEDS) and len(set(one["small"].fresh)) == 3
    assert all(10**6 <= seed < 2**31 for seed in one["small"].fresh)
    assert list(run_references(assignment, 1, ["wide"])) == ["wide"]


def test_expected_values_mistakes_and_invariants_are_those_of_the_source(assignment, tmp_path):
    source = SMALL.replace(
        '# %% [raw] hints="corners"',
        "@corners.must('x0 is below 1')\ndef _(found): return torch.all(found < 1)\n\n# %% [raw] hints=\"corners\"",
    )
    folder = tmp_path / "solutions" / "00_small"
    folder.mkdir(parents=True)
    (folder / "small.py").write_text(source)
    assignment.sources["small"], kept = read_source(folder / "small.py"), assignment.sources["small"]
    found = run_references(assignment, 1, ["small"])["small"]
    assignment.sources["small"] = kept
    ((sentence, holds),) = found.invariants["corners"]
    assert sentence == "x0 is below 1" and holds(torch.zeros(2)) and not holds(torch.ones(2))
    assert [mistake["id"] for mistake in found.mistakes["corners"]] == ["corners/half_width", "corners/centre"]
    for mistake in found.mistakes["corners"]:
        assert len(mistake["outcomes"]) == 3
        assert all(wrong.clearly_differs(right) for wrong, right in zip(mistake["outcomes"], found.expected["corners"]))


def test_seeds_near_a_tie_are_replaced(assignment, tmp_path):
    """Rounded to 1e-5, about every second draw of ten numbers changes under a jitter of 1e-6."""
    text = SMALL.replace("corner(draw.boxes_cxcywh(5))", "(corner(draw.boxes_cxcywh(5)) * 1e5).round().long()")
    folder = tmp_path / "solutions" / "00_small"
    folder.mkdir(parents=True)
    (folder / "small.py").write_text(text)
    source = read_source(folder / "small.py")
    kept, assignment.sources["small"] = assignment.sources["small"], source
    replaced = 0
    try:
        for seed in range(4):
            found = run_references(assignment, seed, ["small"])["small"]
            replaced += found.fresh != kept_seeds(assignment, seed)
            with runner(tmp_path) as kernel, recording(list(found.fresh), JITTER) as moved:
                for cell in source.code():
                    kernel.run(cell.source)
            assert all(a.equals(b) for a, b in zip(moved["corners"], found.expected["corners"], strict=True))
    finally:
        assignment.sources["small"] = kept
    assert replaced


def kept_seeds(assignment, seed):
    """The first three candidates, tie or not."""
    from autograder.reference import _candidates

    draws = _candidates(assignment.sources["small"], seed)
    return tuple(next(draws) for _ in range(3))


def test_a_solution_that_gives_something_else_in_the_sandbox_stops_the_run(assignment):
    references = run_references(assignment, 1)
    jobs = reference_jobs(assignment, references, Limits())
    for job, result in run_jobs(jobs):
        adopt(assignment, references, job, result)
    (job, result), *_ = run_jobs(jobs)
    right = result.outcomes["corners"]
    for wrong, message in (
        (right[:2] + right[:3], "does not earn its points"),
        ([], "does not earn its points"),
        (right[2:4] + right[2:], "the values stored for corners are not the solution's"),
    ):
        result.outcomes["corners"] = wrong
        with pytest.raises(GradeError, match=message):
            adopt(assignment, references, job, result)
