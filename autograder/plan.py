"""Who is graded in a run, and on which seed: whoever is new or has changed, all, or what an earlier run left open."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .course.assignment import Assignment
from .course.places import Places
from .errors import GradeError
from .gradebook.log import Log, Run
from .gradebook.releases import marked, refuse_mixed, unknown_release
from .intake.collect import fingerprint, students
from .lms.take_in import archive_folder


@dataclass(frozen=True)
class Plan:
    """One run: who is graded (and the fingerprint of what each handed in), on which seed, and its name in the log."""

    run: str
    seed: int
    students: dict[str, str]
    resumed: bool
    marked: frozenset[str] = frozenset()  # students who have marks already
    of_unknown_release: list[str] = field(default_factory=list)  # students whose marks stay and do not say theirs


def plan_run(
    places: Places, assignment: Assignment, only: list[str], seed: int | None, *, resume: bool, regrade: bool
) -> Plan:
    """Who is to be graded now: who is new or has changed; with `regrade` all; with `resume` what a run left open.

    Raises GradeError where that cannot be, and where others' marks, which stay, rest on another release.
    """
    present = students(places.submitted, assignment.name)
    if not present:
        raise nobody(places, assignment.name)
    unknown = [student for student in only if student not in present]
    if unknown:
        raise GradeError(f"nothing was handed in for {assignment.name} by: {', '.join(unknown)}")
    log = Log(places.log)
    runs = log.runs(assignment.name)
    open_run = runs[-1] if runs and runs[-1].open else None
    if resume:
        if runs and not runs[-1].ended:  # perhaps killed between the last mark and the end
            refuse_mixed(assignment.name, runs[-1].marks, assignment.fingerprints)
            return _resumed(places, assignment, runs[-1], present, marked(log.latest(assignment.name)))
        raise GradeError(f"no run of {assignment.name} was interrupted; there is nothing to resume")
    if open_run is not None and not regrade:
        who = ", ".join(open_run.open[:3]) + (", ..." if len(open_run.open) > 3 else "")
        raise GradeError(
            f"the run of {open_run.start['at']} was interrupted with {len(open_run.open)} to go ({who}): "
            f"--resume goes on with it, --regrade grades everybody anew"
        )
    wanted = _fingerprints(places, assignment, only or present)
    latest = log.latest(assignment.name)
    if not (regrade or only):
        wanted = {s: found for s, found in wanted.items() if latest.get(s, {}).get("digest") != found}
    staying = {student: event for student, event in latest.items() if student not in wanted}
    if only or not regrade:
        refuse_mixed(assignment.name, staying, assignment.fingerprints)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
    return Plan(
        name, secrets.randbits(63) if seed is None else seed, wanted, False, marked(latest), unknown_release(staying)
    )


def nobody(places: Places, name: str) -> GradeError:
    return GradeError(
        f"no student has handed in {name}: expected {places.submitted}/<student>/{name}/, "
        f"or an LMS's download in {archive_folder(places, name)}/"
    )


def _resumed(places: Places, assignment: Assignment, run: Run, present: list[str], marked: frozenset[str]) -> Plan:
    of_the_run = [student for student in [*run.open, *run.marks] if student in present]
    now = _fingerprints(places, assignment, of_the_run)
    todo = {s: found for s, found in now.items() if s not in run.marks or run.marks[s]["digest"] != found}
    return Plan(run.start["run"], run.start["seed"], todo, True, marked)


def _fingerprints(places: Places, assignment: Assignment, students: list[str]) -> dict[str, str]:
    return {student: fingerprint(places.submitted, student, assignment.name) for student in students}
