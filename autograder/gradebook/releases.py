"""Which version of the assignment each mark rests on, by the fingerprints in the log: marks of two never mix.

A mark without fingerprints was written by an earlier version of this program: its release is unknown, and it mixes
with any. So does a submission that could not be graded, which has no marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from autograder.course.fingerprints import Fingerprints
from autograder.errors import GradeError
from autograder.judge.graded import Status
from autograder.terminal import listed

from .log import Run

Events = Mapping[str, dict]  # by student: the newest "mark" event
_SHOWN = 5


def release_of(event: dict) -> Mapping[str, Fingerprints]:
    """The fingerprints of the cells of an event that has marks, by notebook; nothing where they are unknown."""
    return {} if event["status"] == Status.COULD_NOT_GRADE else event.get("fingerprints") or {}


def marked(events: Events) -> frozenset[str]:
    """Students who have marks."""
    return frozenset(student for student, event in events.items() if event["status"] != Status.COULD_NOT_GRADE)


def unknown_release(events: Events) -> list[str]:
    """Students whose marks do not say which release they rest on."""
    return sorted(student for student in marked(events) if not release_of(events[student]))


def say_unknown(name: str, events: Events) -> str:
    """That there are marks of an unknown release, for a person; nothing where there are none."""
    if not (unknown := unknown_release(events)):
        return ""
    return f"{name}: release unknown of {len(unknown)} earlier marks (--regrade puts everybody on this one)"


def written_on(runs: Iterable[Run]) -> dict[str, Mapping[str, Fingerprints]]:
    """The release that what the gradebook holds of each student was written on last, where that is known."""
    return {
        student: event["fingerprints"]
        for run in runs
        for student, event in run.marks.items()
        if event.get("fingerprints")
    }


def changed_cells(release: Mapping[str, Fingerprints], other: Mapping[str, Fingerprints]) -> list[str]:
    """Cells that two releases do not have alike, as "notebook/cell"."""
    ours, theirs = _flat(release), _flat(other)
    return [cell for cell in dict.fromkeys([*ours, *theirs]) if ours.get(cell) != theirs.get(cell)]


def refuse_mixed(name: str, events: Events, built: Mapping[str, Fingerprints] | None = None) -> None:
    """Raise GradeError where these marks rest on different releases, or, if `built` is given, on another than that.

    The sentence says which cells differ, who is on which release since when, and what to do.
    """
    groups: dict[frozenset, list[str]] = {}
    for student, event in events.items():
        if release := release_of(event):
            groups.setdefault(frozenset(_flat(release).items()), []).append(student)
    kinds = [events[students[0]]["fingerprints"] for students in groups.values()]
    if built is not None:
        kinds.append(built)
    changed = list(dict.fromkeys(cell for kind in kinds[1:] for cell in changed_cells(kinds[0], kind)))
    if not changed:
        return
    who = "; ".join(
        f"{len(students)} on that of {min(events[s]['at'] for s in students)[:10]} ({listed(sorted(students), _SHOWN)})"
        for students in groups.values()
    )
    differs = (
        f"{name}: points, check, solution or criterion of {listed(changed, _SHOWN)} changed since some were graded"
    )
    what = f"{differs}; marks rest on these releases: {who}. Marks of two releases never mix"
    raise GradeError(f"{what}: `autograder grade {name} --regrade` grades everybody on the one that is built now")


def _flat(release: Mapping[str, Fingerprints]) -> dict[str, str]:
    return {f"{notebook}/{cell}": mark for notebook, found in release.items() for cell, mark in found.items()}
