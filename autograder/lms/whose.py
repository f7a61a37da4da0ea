"""Whose a downloaded file is: from what an LMS put into its name to a student, or to why nobody can be sure.

A number is the LMS's and one person's; a display name may be anybody's choice. So names are compared as a person reads
them, one student is one number, and a display name is never taken for an id of the gradebook. Where two could be meant,
neither is: a wrong guess would put one student's work in the place of another's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from autograder.gradebook.opened import Book
from coursework.submission import folded

ACCOUNTS = "several accounts of the LMS lead to one student"
AN_ID = "the LMS's display name is another student's id"
UNDERSCORE = "the title or the user name has a _, and not exactly one reading is a student of the gradebook"

BLIND = "participant"  # what Moodle calls everybody where marking is blind; the number is this assignment's


class Owner(NamedTuple):
    """A student, or "" and why not; `perhaps` are students whose file it may be as well."""

    student: str = ""
    why: str = ""
    perhaps: tuple[str, ...] = ()


@dataclass
class _Roster:
    """The gradebook's students; all keys but the LMS's numbers are folded names."""

    ids: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)  # ids that no display name made
    by_user: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=dict)  # the number by id
    by_name: dict[str, str] = field(default_factory=dict)  # "Ada Lovelace", if one student has it
    by_canvas: dict[str, str] = field(default_factory=dict)  # "lovelaceada", the same


def owners(book: Book, files: list[dict[str, str]]) -> list[Owner]:
    """Whose each file is, by the groups of its name: `number` and `name` (Moodle), `user` and `name` (Canvas),
    `owner` (Blackboard: title and user name), `student` or `student_id` (the instructor's own pattern)."""
    roster = _roster(book)
    numbers: dict[str, set[str]] = defaultdict(set)
    for said in files:
        numbers[folded(said.get("name", ""))].add(_number(said))
    found = [_owner(said, roster, len(numbers[folded(said.get("name", ""))]) > 1) for said in files]
    accounts: dict[str, set[str]] = defaultdict(set)
    for said, owner in zip(files, found, strict=True):
        accounts[folded(owner.student)].add(_number(said))
    return [
        Owner("", ACCOUNTS, (owner.student,)) if owner.student and len(accounts[folded(owner.student)]) > 1 else owner
        for owner in found
    ]


def _number(said: dict[str, str]) -> str:
    return said.get("number") or said.get("user", "")


def _owner(said: dict[str, str], roster: _Roster, several: bool) -> Owner:
    """As the gradebook calls the student, where that is known, else as the LMS does; `several` bear this name."""
    full, user = said.get("name", ""), said.get("user", "")
    if "owner" in said:
        return _reading(said["owner"], roster)
    if not full:
        return Owner(said.get("student") or said.get("student_id", ""))
    if user in roster.by_user:
        return Owner(roster.by_user[user])
    known = (roster.by_canvas if user else roster.by_name).get(folded(full), "")
    if not known and not user:  # in Moodle's group mode a name begins with the group's: "Group A-Ada Lovelace"
        parts = full.split("-")
        endings = (folded("-".join(parts[i:])) for i in range(1, len(parts)))
        people = {roster.by_name[ending] for ending in endings if ending in roster.by_name}
        known = people.pop() if len(people) == 1 else ""
    if user and roster.users.get(known):
        known = ""  # whom the gradebook knows by another number
    if several and known and user:
        return Owner("", ACCOUNTS, (known,))
    if not user and not known and folded(full) == BLIND:
        return Owner(f"{full}_{_number(said)}")
    if user or several:
        name = f"{full}_{_number(said)}"
        return Owner(known) if known and not several else Owner(name, "", (known or full,) if several else ())
    if not known and folded(full) in roster.people:
        return Owner("", AN_ID, (roster.people[folded(full)],))
    return Owner(known or full)  # Moodle's number is another one in the next assignment


def _reading(owner: str, roster: _Roster) -> Owner:
    """`Homework 1_ada` is ada's; `hw_x_ada` is ada's or x_ada's, as the title is `hw_x` or `hw`."""
    parts = owner.split("_")
    readings = ["_".join(parts[i:]) for i in range(1, len(parts))]
    known = [reading for reading in readings if folded(reading) in roster.ids]
    if len(readings) > 1 and len(known) != 1:
        return Owner("", UNDERSCORE, tuple(readings))
    return Owner((known or readings)[0])


def _roster(book: Book) -> _Roster:
    roster = _Roster()
    gradebook = book.if_there()
    if gradebook is None:
        return roster
    full: dict[str, list[str]] = defaultdict(list)
    canvas: dict[str, list[str]] = defaultdict(list)
    for student in gradebook.students:
        first, last = student.first_name or "", student.last_name or ""
        roster.ids[folded(student.id)] = student.id
        # Grading makes rows that have nothing but an id, which may be a display name from an earlier download.
        if first or last or student.email or student.lms_user_id or re.fullmatch(r"[!-~]+", student.id):
            roster.people[folded(student.id)] = student.id
        if student.lms_user_id:
            roster.by_user[student.lms_user_id] = student.id
            roster.users[student.id] = student.lms_user_id
        if first and last:
            full[folded(f"{first} {last}")].append(student.id)
            canvas[folded(re.sub(r"[\W_]", "", f"{last}{first}"))].append(student.id)
    gradebook.db.rollback()  # who only reads holds no transaction open while others work
    roster.by_name = {name: found[0] for name, found in full.items() if len(found) == 1}
    roster.by_canvas = {name: found[0] for name, found in canvas.items() if len(found) == 1}
    return roster
