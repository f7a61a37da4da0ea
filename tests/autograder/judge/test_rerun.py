"""A cell that stops a notebook costs its own exercise: what the runs gave together, and when there is no other one.

The jobs' cells are named, not run: "loop" stops its run, "once" only the first time; every other one is fine.
"""

from dataclasses import replace

import pytest

from autograder.judge.reference import REFERENCE
from autograder.judge.rerun import get_through
from autograder.sandbox.job import FINISHED, CellResult, CheckRun, Job, JobCell, Limits, Result
from coursework.marking.messages import Note
from coursework.marking.outcome import Outcome
from tests import grader_pool

LIMITS = Limits(cell_cpu_s=7, notebook_cpu_s=31, wall_factor=10)
STOPPED = Note("cell_cpu", {"seconds": "7"})


class Sandbox:
    """Runs jobs in numbers: each cell takes 1 s, one that stops 7 s; a check returns the number of the run."""

    def __init__(self, ended=STOPPED, stops_at=("loop",), wall_s=0.0):
        self.ran, self.limits, self._ended, self._stops_at, self._wall_s = [], [], ended, stops_at, wall_s

    def run_jobs(self, jobs):
        for job in jobs:
            sources = [cell.source for cell in job.cells]
            self.ran.append(sources)
            self.limits.append(job.limits.notebook_cpu_s)
            stop = next((i for i, source in enumerate(sources) if source in self._stops_at), len(sources))
            states = ["ok"] * stop + ["error"] + ["not run"] * len(sources)
            outcomes = {cell.check.name: [Outcome(float(len(self.ran)))] for cell in job.cells[:stop] if cell.check}
            cells = [
                CellResult(cell.index, state, [{"run": len(self.ran)}])
                for cell, state in zip(job.cells, states, strict=False)
            ]
            through = stop == len(sources)
            seconds = stop + (0 if through else 7)
            yield job, Result(outcomes, cells, FINISHED if through else self._ended, seconds, self._wall_s, "level")


def job(*sources, student="ada"):
    """Cells by their names, at the places 10, 11, ...; one that is called "c..." is a check."""
    cells = [
        JobCell(10 + i, source, CheckRun(source, (11,)) if source[0] == "c" else None)
        for i, source in enumerate(sources)
    ]
    return Job(student, "a", "n", tuple(cells), limits=LIMITS)


def through(sandbox, *jobs):
    return [result for _, result in get_through(sandbox.run_jobs, jobs)]


def test_a_notebook_that_gets_through_is_run_once():
    sandbox = Sandbox()
    (result,) = through(sandbox, job("a", "c1"))
    assert result.finished and result.left_out == {} and len(sandbox.ran) == 1


def test_a_cell_that_stops_is_left_out_and_the_rest_is_run():
    sandbox = Sandbox()
    (result,) = through(sandbox, job("a", "c1", "loop", "c2", "c3"))
    assert sandbox.ran[1] == ["a", "c1", "", "c2", "c3"] and len(sandbox.ran) == 2
    assert result.finished and result.left_out == {12: STOPPED}
    # What the first run gave stays: the cells up to the one that stopped, and the check before it.
    assert [cell.outputs[0]["run"] for cell in result.cells] == [1, 1, 1, 2, 2]
    assert [cell.status for cell in result.cells] == ["ok", "ok", "error", "ok", "ok"]
    assert {name: found[0].value for name, found in result.outcomes.items()} == {"c1": 1.0, "c2": 2.0, "c3": 2.0}
    assert result.cpu_s == (2 + 7) + 5


def test_a_check_that_stops_is_left_out_too():
    (result,) = through(Sandbox(stops_at=["c1"]), job("a", "c1", "c2"))
    assert result.left_out == {11: STOPPED} and set(result.outcomes) == {"c2"}


def test_all_runs_together_keep_the_limit_of_one():
    sandbox = Sandbox()
    (result,) = through(sandbox, job("loop", "loop", "loop", "loop", "loop", "c1"))
    # 7 + (1 + 7) + (2 + 7) = 24 s of 31; the fourth run takes 3 + 7 more, which is beyond it.
    assert len(sandbox.ran) == 4 and sandbox.limits == [31, 24, 16, 7]
    assert result.ended == STOPPED and set(result.left_out) == {10, 11, 12} and result.outcomes == {}


def test_waiting_counts_against_the_limit():
    sandbox = Sandbox(Note("cell_wall", {"seconds": "70"}), wall_s=160.0)  # as 16 s of computing
    through(sandbox, job("loop", "loop", "loop", "c1"))
    assert len(sandbox.ran) == 2


@pytest.mark.parametrize("ended", ["notebook_cpu", "notebook_wall", "sandbox_broke", "workers_died"])
def test_what_no_single_cell_brought_about_ends_it(ended):
    sandbox = Sandbox(Note(ended))
    (result,) = through(sandbox, job("loop", "c1"))
    assert len(sandbox.ran) == 1 and result.ended.id == ended


def test_a_notebook_that_is_ended_from_beside_its_cells_is_not_run_for_ever():
    sandbox = Sandbox(stops_at=["loop", ""])  # the second run stops in the place that was left out
    (result,) = through(sandbox, job("loop", "c1"))
    assert len(sandbox.ran) == 2 and result.ended == STOPPED


def test_the_reference_is_run_as_it_is():
    sandbox = Sandbox()
    (result,) = through(sandbox, job("loop", "c1", student=REFERENCE))
    assert len(sandbox.ran) == 1 and not result.finished


def test_others_are_not_held_up():
    names = [job.student for job, _ in get_through(Sandbox().run_jobs, [job("loop"), job("a", student="bob")])]
    assert names == ["bob", "ada"]


def with_measured(*measured):
    """A notebook whose own c1 says something, too; "loop" stops its first run."""
    return replace(job("loop", "c1", "c2"), measured=tuple(job(*sources) for sources in measured))


def test_trained_work_is_measured_last_and_counts_whatever_the_notebook_says():
    sandbox = Sandbox(wall_s=3.0)
    (result,) = through(sandbox, with_measured(("open", "c1"), ("open", "c3")))
    assert sandbox.ran == [["loop", "c1", "c2"], ["", "c1", "c2"], ["open", "c1"], ["open", "c3"]]
    values = {name: [run.value for run in runs] for name, runs in result.outcomes.items()}
    assert values == {"c1": [3.0], "c2": [2.0], "c3": [4.0]}  # by the number of the run
    assert list(result.left_out) == [10] and [cell.index for cell in result.cells] == [10, 11, 12]
    assert (result.cpu_s, result.wall_s) == (7 + 3 + 2 + 2, 12) and result.notes == ()


def test_what_cannot_be_measured_is_said_and_is_never_what_the_notebook_says():
    sandbox = Sandbox(stops_at=("loop", "endless"))
    (result,) = through(sandbox, with_measured(("endless", "c1")))
    (run,) = result.outcomes["c1"]
    assert (run.error, run.message) == ("NotMeasured", str(STOPPED)) and result.outcomes["c2"][0].value == 2.0
    assert [(note.id, str(note)) for note in result.notes] == [
        ("not_measured_here", "c1 could not be measured: a cell used more than 7 s of CPU time")
    ]


def test_measuring_holds_up_no_other_notebook():
    first, second = with_measured(("open", "c1")), job("a", student="bob")
    assert [each.student for each, _ in get_through(Sandbox().run_jobs, [first, second])] == ["bob", "ada"]


SETUP = "from coursework import open_notebook\n____, check, hint = open_notebook('small')"
CHECK = "#check {0}\n@check\ndef {0}(draw):\n    return draw.size(3, 13)\n\n{0}()"


@grader_pool.needs_sandbox
def test_in_the_sandbox_a_loop_and_an_exit_cost_nothing_beside_them():
    cells = (SETUP, CHECK.format("a"), "while True: pass", "import os; os._exit(3)", CHECK.format("b"), "print('end')")
    ((_, result),) = get_through(grader_pool.shared_pool().run, [grader_pool.job(*cells)])
    assert result.finished and set(result.outcomes) == {"a", "b"}
    assert {index: why.id for index, why in result.left_out.items()} == {2: "cell_cpu", 3: "ended_itself"}
    assert [cell.status for cell in result.cells] == ["ok", "ok", "error", "error", "ok", "ok"]
    assert result.cells[5].outputs[0]["text"] == "end\n" and 1.5 <= result.cells[2].cpu_s < 3
