"""What `autograder grade` would do: who is new or has changed, what would be left out, and what stops it.

Nothing is run or written. A refusal of the real run is raised at the end, after all that can be said without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from .course.assignment import load_assignment
from .course.places import Places
from .errors import GradeError
from .grade import prepare_one, say_left_out
from .gradebook import extensions
from .gradebook.log import Log
from .gradebook.opened import Book
from .intake.collect import fingerprint, students
from .judge.graded import Graded, graded_from
from .lms.take_in import take_in
from .plan import nobody, plan_run
from .terminal import tell


class News(StrEnum):
    """How what a student handed in differs from what was graded last."""

    DOWNLOADED = "downloaded"  # not in submitted/ yet
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Foreseen:
    """One student; `graded`, what intake makes of it, is None where nothing would be graded or nothing is there yet."""

    student: str
    news: News
    graded: Graded | None = None


def dry_run(
    places: Places,
    name: str,
    only: list[str],
    *,
    resume: bool = False,
    regrade: bool = False,
    say: Callable[[str], None] = tell,
) -> Iterator[Foreseen]:
    """Every student of a run with these options; raises GradeError last, where `grade` would refuse to run."""
    assignment = load_assignment(places, name)
    say_left_out(places, name, say)
    refused: GradeError | None = None
    with Book(places) as book:
        downloaded = take_in(places, name, book, say, dry=True)
        try:
            if gradebook := book.if_there():
                for line in extensions.Extensions(places, gradebook, name).idle:
                    say(line)
            extensions.read(places)
        except GradeError as error:
            refused = error
    present = students(places.submitted, name)
    if not present and not downloaded:
        raise nobody(places, name)
    latest, wanted = Log(places.log).latest(name), None
    named = [student for student in only if student not in downloaded]
    try:
        if named or (present and not only):
            wanted = plan_run(places, assignment, named, None, resume=resume, regrade=regrade).students
    except GradeError as error:
        refused = refused or error
    for student in downloaded:
        if not only or student in only:
            yield Foreseen(student, News.DOWNLOADED)
    for student in present:
        if only and student not in only:
            continue
        digest = fingerprint(places.submitted, student, name)
        before = latest.get(student)
        news = News.NEW if before is None else News.UNCHANGED if before["digest"] == digest else News.CHANGED
        if student in wanted if wanted is not None else news is not News.UNCHANGED:
            graded = graded_from(prepare_one(places, assignment, student), {}, {}, assignment)
            yield Foreseen(student, news, graded)
        else:
            yield Foreseen(student, news)
    if refused is not None:
        raise refused
