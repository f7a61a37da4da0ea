"""What the page for written answers asks and does, as plain data without names: students are pseudonyms in it.

An answer has a version: of its mark (score, comment, whether it waits), and of the file that it stands in. What is
saved says which version was looked at; where somebody else has saved since, or the answer was graded anew, `Changed`
is raised with what stands there now, and nothing is written. Where it was graded anew on another release, its criterion
may be another one, too: nothing is saved until the page is loaded again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from autograder.course.assignment import Assignment, load_assignment
from autograder.course.fingerprints import Fingerprints
from autograder.course.places import Places
from autograder.errors import GradeError
from autograder.gradebook import by_hand
from autograder.gradebook.log import Log, News
from autograder.gradebook.opened import Book
from autograder.gradebook.pseudonyms import pseudonyms
from autograder.gradebook.releases import changed_cells, refuse_mixed, release_of
from autograder.gradebook.written import Mark, Stale, WrittenMarks

from . import kept_comments
from .answers import Kind, file_version, kind_of, safe_html, shown
from .criteria import Written, criteria

LONGEST = 20_000  # characters of a comment
_LONGEST_ID = 64


class BadRequest(ValueError):
    """What was asked for is not there, or is no mark; the message says what."""


class Changed(Exception):
    """Somebody else was faster; `now` is the answer as it stands."""

    def __init__(self, says: str, now: dict[str, Any]):
        super().__init__(says)
        self.now = now


class Marking:
    """One assignment's written answers. `book` stays open as long as this is used; raises GradeError where nothing is
    graded, or marks of two releases would mix."""

    def __init__(self, places: Places, assignment: str, book: Book):
        self._places, self._log = places, Log(places.log)
        self._news, self._releases = News(places.log, "mark"), dict[str, Mapping[str, Fingerprints]]()
        events = self._log.latest(assignment)
        gradebook = book.if_there()
        if not events or gradebook is None:
            raise GradeError(f"nothing of {assignment} is graded yet: run `autograder grade {assignment}` first")
        self._open(load_assignment(places, assignment), events)
        if not self._criteria:
            raise GradeError(f"{assignment} has no written answers")
        by_hand.notice_in(places, gradebook, assignment)
        self._marks = WrittenMarks(gradebook, self._log, places.config, assignment)
        self._saved: dict[str, list[tuple[str, str, Mark, Mark]]] = {}  # by page: criterion, student, before, after

    def _open(self, assignment: Assignment, events: Mapping[str, dict]) -> None:
        refuse_mixed(assignment.name, events, assignment.fingerprints)
        self._assignment, self._events = assignment, events
        self._criteria = {"/".join(each.id): each for each in criteria(assignment)}
        self._codes = pseudonyms(self._places, events)
        self._students = {code: student for student, code in self._codes.items()}

    def overview(self) -> dict[str, Any]:
        """All criteria, each with its rubric, levels, kept comments and where each answer stands, as of now."""
        assignment, events = self._assignment, self._log.latest(self._assignment.name)
        releases = filter(None, map(release_of, events.values()))
        if any(changed_cells(release, assignment.fingerprints) for release in releases):
            # All were graded anew on another release; else it is not read again, which takes seconds.
            assignment = load_assignment(self._places, assignment.name)
        self._open(assignment, events)
        comments = kept_comments.kept(self._places, self._assignment.name)
        return {
            "assignment": self._assignment.name,
            "criteria": [
                {
                    "id": name,
                    "name": criterion.name,
                    "step": criterion.step,
                    "points": criterion.points,
                    "rubric": safe_html(criterion.rubric),
                    "levels": [
                        {"points": level.points, "text": level.text, "html": safe_html(level.text)}
                        for level in criterion.levels
                    ],
                    "comments": comments.get(name, []),
                    "answers": self._states(name),
                }
                for name, criterion in self._criteria.items()
            ],
        }

    def answer(self, criterion: str, code: str) -> dict[str, Any]:
        """One answer: its state, comment, text and outputs."""
        student = self._student(code)
        mark = self._marks.of(self._criterion(criterion).id, student).get(student)
        if mark is None:
            raise BadRequest(f"{code} has no such answer")
        return self._answer(criterion, student, mark)

    def save(
        self, criterion: str, code: str, version: str, score: object, comment: object, page: object
    ) -> dict[str, Any]:
        """Set points and comment; returns {"answer": its state, "answers": those of the whole criterion}.

        `page` is the id that an opened page has given itself: what it saved, it alone can take back.
        """
        wanted, student = self._criterion(criterion), self._student(code)
        if isinstance(score, bool) or not isinstance(score, int | float) or not math.isfinite(score):
            raise BadRequest("choose points first")
        if not 0 <= score <= wanted.points:
            raise BadRequest(f"points lie between 0 and {wanted.points:g}")
        if not isinstance(comment, str) or len(comment) > LONGEST:
            raise BadRequest(f"a comment has at most {LONGEST} characters")
        saved = self._saved_by(page)
        self._refuse_another_release(student)
        old = self._marks.of(wanted.id, student).get(student)
        if old is None or self._version(wanted, student, old) != version:
            raise self._changed(criterion, student)
        new = Mark(float(score), old.extra, comment.strip(), waits=False, automatic=old.automatic)
        self._put(criterion, student, old, new)
        saved.append((criterion, student, old, new))
        return self._after(criterion, student)

    def undo(self, page: object) -> dict[str, Any]:
        """Take back what this page saved last and has not taken back yet; returns what `save` does."""
        if not (saved := self._saved_by(page)):
            raise BadRequest("there is nothing to undo")
        criterion, student, before, after = saved.pop()
        self._put(criterion, student, after, before)
        return self._after(criterion, student)

    def keep_comment(self, criterion: str, text: object, keep: object) -> list[str]:
        """Keep a comment for later, or drop it; returns those that are kept then."""
        wanted = self._criterion(criterion)
        if not isinstance(text, str) or not 0 < len(text.strip()) <= kept_comments.LONGEST:
            raise BadRequest(f"a comment to keep has 1 to {kept_comments.LONGEST} characters")
        return kept_comments.change(self._places, self._assignment.name, wanted.id, text.strip(), keep is True)

    def _saved_by(self, page: object) -> list[tuple[str, str, Mark, Mark]]:
        if not isinstance(page, str) or not 0 < len(page) <= _LONGEST_ID:
            raise BadRequest("the page does not say which it is")
        return self._saved.setdefault(page, [])

    def _refuse_another_release(self, student: str) -> None:
        anew, events = self._news.read()
        if anew:
            self._releases = {}
        mine = (event for event in events if event.get("assignment") == self._assignment.name)
        self._releases |= {event["student"]: release_of(event) for event in mine}
        release = self._releases.get(student)
        if release and changed_cells(release, self._assignment.fingerprints):
            raise GradeError(
                "Points, a criterion or a check were changed, and this answer was graded anew: nothing was saved. "
                "Load the page again."
            )

    def _put(self, criterion: str, student: str, old: Mark, new: Mark) -> None:
        try:
            self._marks.save(self._criterion(criterion).id, student, old, new)
        except Stale:
            raise self._changed(criterion, student) from None

    def _changed(self, criterion: str, student: str) -> Changed:
        says = "This answer was marked or graded elsewhere meanwhile. Nothing was saved: look at it again."
        return Changed(says, {"criterion": criterion, **self.answer(criterion, self._codes[student])})

    def _after(self, criterion: str, student: str) -> dict[str, Any]:
        answers = self._states(criterion)
        mine = next(each for each in answers if each["code"] == self._codes[student])
        return {"criterion": criterion, "answer": mine, "answers": answers}

    def _states(self, criterion: str) -> list[dict[str, Any]]:
        """Where each answer of a criterion stands, in the order of the pseudonyms, which is nobody's alphabet."""
        wanted = self._criterion(criterion)
        found = [
            self._state(wanted, student, mark)
            for student, mark in self._marks.of(wanted.id).items()
            if student in self._codes
        ]
        return sorted(found, key=lambda each: each["code"])

    def _state(self, criterion: Written, student: str, mark: Mark) -> dict[str, Any]:
        kind = kind_of(self._events[student], criterion.id[0], mark)
        return {
            "code": self._codes[student],
            "kind": kind,
            "score": mark.score,
            "extra": mark.extra,
            "unread": mark.waits and kind is Kind.WRITTEN,
            "comment": mark.comment,
            "version": self._version(criterion, student, mark),
        }

    def _version(self, criterion: Written, student: str, mark: Mark) -> str:
        try:
            return f"{mark.version}-{file_version(self._places, self._assignment, student, criterion)}"
        except FileNotFoundError:  # while the student is graded anew
            return mark.version

    def _answer(self, criterion: str, student: str, mark: Mark) -> dict[str, Any]:
        wanted = self._criterion(criterion)
        state = self._state(wanted, student, mark)
        if state["kind"] is not Kind.WRITTEN:
            return {**state, "html": "", "outputs": []}
        try:
            return {**state, **shown(self._places, self._assignment, student, wanted)}
        except FileNotFoundError:
            raise GradeError("this answer is being graded at this moment: open it again") from None

    def _criterion(self, name: str) -> Written:
        if name not in self._criteria:
            raise BadRequest("there is no such criterion")
        return self._criteria[name]

    def _student(self, code: str) -> str:
        if code not in self._students:
            raise BadRequest("there is no such answer")
        return self._students[code]
