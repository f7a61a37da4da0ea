"""Who is graded in a run, and on which seed: whoever is new or has changed, all, or what an earlier run left open."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .course.assignment import Assignment
from .course.fingerprints import Fingerprints
from .course.places import Places
from .errors import GradeError
from .gradebook.log import Log, Run, newest
from .gradebook.releases import changed_cells, marked, refuse_mixed, release_of, say_unknown, written_on
from .intake.collect import fingerprint, students
from .lms.take_in import archive_folder


@dataclass(frozen=True)
class Plan:
    """One run: who is graded (and the fingerprint of what each handed in), on which seed, and its name in the log."""

    run: str
    seed: int
    students: dict[str, str]
    resumed: bool
    may_stand: frozenset[str] = frozenset()  # students whose marks stay if they cannot be graded now
    written_on: Mapping[str, Mapping[str, Fingerprints]] = field(default_factory=dict)  # see releases.py
    unknown: str = ""  # what there is to say of marks that stay and do not say their release
    unchanged: list[str] = field(default_factory=list)  # students who are not graded, since they handed in nothing new


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
            return _resumed(places, assignment, runs, present)
        raise GradeError(f"no run of {assignment.name} was interrupted; there is nothing to resume")
    if open_run is not None and not regrade:
        who = ", ".join(open_run.open[:3]) + (", ..." if len(open_run.open) > 3 else "")
        raise GradeError(
            f"the run of {open_run.start['at']} was interrupted with {len(open_run.open)} to go ({who}): "
            f"--resume goes on with it, --regrade grades everybody anew"
        )
    wanted = _fingerprints(places, assignment, only or present)
    latest = newest(runs)
    unchanged = []
    if not (regrade or only):
        changed = {s: found for s, found in wanted.items() if latest.get(s, {}).get("digest") != found}
        unchanged, wanted = [student for student in wanted if student not in changed], changed
    staying = {student: event for student, event in latest.items() if student not in wanted}
    if only or not regrade:
        refuse_mixed(assignment.name, staying, assignment.fingerprints)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
    return Plan(
        name,
        secrets.randbits(63) if seed is None else seed,
        wanted,
        False,
        _may_stand(latest, assignment),
        written_on(runs),
        say_unknown(assignment.name, staying),
        unchanged,
    )


def _may_stand(latest: Mapping[str, dict], assignment: Assignment) -> frozenset[str]:
    """Those whose marks are of the release that is built: others' would block everybody, and --regrade not help."""
    return frozenset(
        student
        for student in marked(latest)
        if not (release := release_of(latest[student])) or not changed_cells(release, assignment.fingerprints)
    )


def nobody(places: Places, name: str) -> GradeError:
    return GradeError(
        f"no student has handed in {name}: expected {places.submitted}/<student>/{name}/, "
        f"or an LMS's download in {archive_folder(places, name)}/"
    )


def _resumed(places: Places, assignment: Assignment, runs: list[Run], present: list[str]) -> Plan:
    run = runs[-1]
    of_the_run = [student for student in [*run.open, *run.marks] if student in present]
    now = _fingerprints(places, assignment, of_the_run)
    todo = {s: found for s, found in now.items() if s not in run.marks or run.marks[s]["digest"] != found}
    may_stand = _may_stand(newest(runs), assignment)
    return Plan(run.start["run"], run.start["seed"], todo, True, may_stand, written_on(runs))


def _fingerprints(places: Places, assignment: Assignment, students: list[str]) -> dict[str, str]:
    return {student: fingerprint(places.submitted, student, assignment.name) for student in students}
