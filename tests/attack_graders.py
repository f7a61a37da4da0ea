"""Our grader in small, and the same grader with one defence taken out: what the attacks are tried on.

Each answers with the points an attack gains on an exercise whose answer is wrong (3 points in all).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import nbformat
import numpy as np
import safetensors.numpy
import torch

from autograder.build.in_process import run_notebook, runner
from autograder.course.seeds import VISIBLE_SEEDS
from autograder.judge.mark import marks
from autograder.review.copies import pasted
from autograder.review.suspects import suspects
from autograder.sandbox import supervise
from autograder.sandbox.job import CheckRun, Job, JobCell, Limits, Result
from coursework.marking.outcome import Outcome
from coursework.marking.stored import StoredCheck
from tests.autograder.sandbox.test_pool import ANSWER, CHECK, SETUP
from tests.grader_pool import SEEDS, shared_pool

LIMITS = Limits(cell_cpu_s=4, notebook_cpu_s=8, wall_factor=15, memory_mb=1500, file_mb=16, output_mb=1)
WRONG = "def corner(boxes):\n    return boxes[..., :2]\n"
CHECKS = {"corners": StoredCheck(3.0, None, [], [], [])}
FORBIDDEN = ("torchvision.ops.box_convert", "torch.sub")


def reference() -> list[Outcome]:
    with tempfile.TemporaryDirectory() as folder:
        return run_notebook([SETUP, ANSWER, CHECK], Path(folder), list(SEEDS)).outcomes["corners"]


EXPECTED = reference()
# What the release shows of the right answers: those on the seeds that students see.
PUBLIC = {
    "visible.safetensors": safetensors.numpy.save(
        {str(seed): outcome.value.data for seed, outcome in zip(SEEDS, EXPECTED, strict=True) if seed in VISIBLE_SEEDS}
    )
}
HIDDEN = {
    "hidden.safetensors": safetensors.numpy.save({str(SEEDS[-1]): EXPECTED[-1].value.data}),
    "solution.py": ANSWER.encode(),
}


def run(code: str, last: str = CHECK, files: dict[str, bytes] = PUBLIC, forbidden: tuple[str, ...] = ()) -> Result:
    """Setup, the attack as an answer, and a last cell (the check), in the sandbox."""
    check = CheckRun("corners", SEEDS) if last == CHECK else None
    own, answer, handed_in = parts_of(code)
    cells = [JobCell(0, SETUP, locked=True), *(JobCell(i, source) for i, source in enumerate(own, start=1))]
    cells.append(JobCell(len(cells), WRONG + answer, forbidden=forbidden))
    cells.append(JobCell(len(cells), last, check, forbidden, locked=True))
    job = Job("attacker", "00_small", "small", tuple(cells), files | handed_in, LIMITS)
    return next(iter(shared_pool().run([job])))[1]


def parts_of(code: str) -> tuple[list[str], str, dict[str, bytes]]:
    """An attack's own cells, its answer and its files (tests/attacks/ways_round.py says how they are marked)."""
    own: list[str] = []
    answer, files = "", {}
    for part in ("#: answer\n" + code).split("#: ")[1:]:
        head, _, text = part.partition("\n")
        kind, _, name = head.partition(" ")
        if kind == "own":
            own.append(text)
        elif kind == "file":
            files[name] = text.encode()
        elif text.strip():
            answer = text
    return own, answer, files


def pointers(code: str) -> list[str]:
    """What a person is told of the same submission, its own cells and files included."""
    own, answer, files = parts_of(code)
    make = nbformat.v4.new_code_cell
    setup = make(SETUP, metadata={"nbgrader": _TAGS | {"grade_id": "setup", "locked": True}})
    stub, answered = (
        make(text, metadata={"nbgrader": _TAGS | {"grade_id": "corners_code", "solution": True}})
        for text in ("def corner(boxes):\n    return ____", WRONG + answer)
    )
    mine = [make(text, id=f"own-{i}") for i, text in enumerate(own)]
    release = nbformat.v4.new_notebook(cells=[setup, stub])
    submitted = nbformat.v4.new_notebook(cells=[setup, *mine, answered])
    forbidden = {"corners": FORBIDDEN, "corners_code": FORBIDDEN}
    return suspects(submitted, forbidden, files, release) + pasted(submitted, release, files)


_TAGS = {"schema_version": 3, "grade": False, "locked": False, "solution": False}


def was_refused(result: Result) -> bool:
    """Did a guard say no, in the answer's own cell or while its check ran?"""
    shown = [output.get("ename") for cell in result.cells for output in cell.outputs]
    return "ForbiddenCall" in [*shown, *(one.error for runs in result.outcomes.values() for one in runs)]


FRESH = slice(len(VISIBLE_SEEDS), None)


def points(outcomes: dict[str, list[Outcome]], seeds: slice = FRESH) -> float:
    if len(outcomes.get("corners", [])) != len(SEEDS):
        return 0.0
    return marks({"corners": outcomes["corners"][seeds]}, {"corners": EXPECTED[seeds]}, CHECKS)["corners"]


def ours(code: str) -> float:
    """The real thing: fresh seeds, values compared outside, forbidden names refused."""
    return points(run(code, forbidden=FORBIDDEN).outcomes)


# ---------------------------------------------------------------------- one defence taken out
def judged_inside(code: str) -> float:
    """The verdict is reached in the student's own process, as nbgrader's hidden tests do."""
    hidden = (
        "boxes = torch.rand(5, 4)\nexpected = boxes[..., :2] - boxes[..., 2:] / 2\n"
        "assert torch.allclose(corner(boxes), expected), 'wrong'"
    )
    return 3.0 if run(code, hidden).cells[2].status == "ok" else 0.0


def status_believed(code: str) -> float:
    """A check cell that is reported as done without an error earns its points (the check asserts inside)."""
    return 3.0 if run(code, "raise AssertionError('wrong')").cells[2].status == "ok" else 0.0


def visible_seeds_only(code: str) -> float:
    """Marks rest on the seeds whose answers students have."""
    return points(run(code).outcomes, slice(0, len(VISIBLE_SEEDS)))


def expected_in_reach(code: str) -> float:
    """The right answers lie beside the notebook, as in an instructor's folder."""
    return points(run(code, files=PUBLIC | HIDDEN).outcomes)


def names_allowed(code: str) -> float:
    """No name is forbidden."""
    return points(run(code).outcomes)


def reader_believes(code: str) -> float:
    """What comes over the channel is taken as it says: any count, any claim of a type."""

    def naive(packed, body, *_):
        arrays = safetensors.numpy.load(body) if body else {}
        return [Outcome.unpack(item, arrays) for item in packed]

    kept, supervise.read_outcomes = supervise.read_outcomes, naive
    try:
        outcomes = run(code).outcomes.get("corners", [])
    finally:
        supervise.read_outcomes = kept
    fresh = outcomes[len(VISIBLE_SEEDS) :] if len(outcomes) == len(SEEDS) else outcomes
    known = "corners" in run(code).outcomes
    if not known:
        return 0.0
    return 3.0 if all(a.equals(b) for a, b in zip(fresh, EXPECTED[len(VISIBLE_SEEDS) :], strict=False)) else 0.0


def one_process_for_all(code: str) -> float:
    """The attacker's notebook and the next student's run in one process and folder; the next student gains."""
    test = "boxes = torch.rand(5, 4)\nassert torch.allclose(corner(boxes), boxes[..., :2] - boxes[..., 2:] / 2)"
    allclose = torch.allclose
    try:
        with tempfile.TemporaryDirectory() as folder, runner(Path(folder)) as kernel:
            done = [kernel.run(source) for source in (SETUP, WRONG + code, WRONG, test)][-1]
    finally:
        torch.allclose = allclose  # this process is the tests' own
    return 0.0 if done.error else 3.0


def next_student(code: str) -> float:
    """Our grader: the attacker's notebook, then an honest but wrong one, in the same worker."""
    run(code, forbidden=FORBIDDEN)
    return points(run("").outcomes)


def values_kept_by_reference(code: str) -> float:
    """What a check returned is looked at when the notebook is over, and compared by its own ==."""
    with tempfile.TemporaryDirectory() as folder, runner(Path(folder)) as kernel:
        kernel.run(SETUP)
        kernel.run(WRONG + code)
        kernel.run("boxes = torch.rand(5, 4)\nreturned = corner(boxes)\nright = boxes[..., :2] - boxes[..., 2:] / 2")
        kernel.run("revealed = right")
        kernel.run("import time; time.sleep(0.3)")
        try:
            equal = bool(np.all(np.asarray(kernel.namespace["returned"] == kernel.namespace["right"])))
        except Exception:
            equal = False
    return 3.0 if equal else 0.0
