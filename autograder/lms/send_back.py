"""Feedback pages packed as an LMS takes them back: by the names that it gave the files when they were downloaded.

How Moodle and Canvas find a student in such a name was read in their sources (moodle, mod/assign/feedback/file/
importziplib.php; canvas-lms, app/models/abstract_assignment.rb). Canvas shows what it takes back under the name of the
file that the student handed in, so there everybody gets one zip, in the place of the one handed in.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from autograder.course.places import Places
from autograder.errors import GradeError
from autograder.feedback.pages import SomeFailed, write_feedback
from autograder.gradebook.log import Log
from autograder.gradebook.opened import Book
from autograder.gradebook.releases import say_unknown
from autograder.terminal import listed
from coursework.files import whole

from .downloaded import CANVAS, MOODLE, look, outermost
from .take_in import archive_folder

Members = dict[str, bytes]  # of an archive, by name
Handed = list[str]  # the names that an LMS gave a student's files


@dataclass
class Packed:
    """What was written, for how many students, and who is not in it; `renamed`: see `_for_canvas`."""

    to: Path
    students: int = 0
    left_out: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)


def send_back(
    places: Places, assignment: str, students: list[str], way: str | None, say: Callable[[str], None]
) -> None:
    """Write the pages of these students (all, if none is named) and pack them in a way of `pack`, if any.

    Raises GradeError at the end where some students' pages could not be written; the others' are packed by then.
    """
    failed = None
    try:
        pages = write_feedback(places, assignment, students)
    except SomeFailed as error:
        failed, pages = error, error.pages
    say(f"{len(pages)} pages in {places.feedback}")
    if unknown := say_unknown(assignment, Log(places.log).latest(assignment)):
        say(unknown)
    if way and pages:
        packed = pack(places, assignment, way, dict.fromkeys(page.parent.parent.name for page in pages))
        say(f"packed for {packed.students} students: {packed.to}")
        for text, found in (
            (f"not in it, for no file that {way.title()} named is theirs", packed.left_out),
            ("Canvas shows a zip under the name of what was handed in; to open, end it in .zip", packed.renamed),
        ):
            if found:
                say(f"{text}: {listed(found)}")
    if failed:
        raise failed


def pack(places: Places, assignment: str, way: str, students: Iterable[str]) -> Packed:
    """Pack the written pages of these students for "canvas" or "moodle", or for "students", a zip each.

    Raises GradeError where nobody's can be packed.
    """
    pages = {student: _pages(places.feedback / student / assignment) for student in students}
    if way == "students":
        return _one_zip_each(places.records / f"feedback-{assignment}", assignment, pages)
    packed = Packed(places.records / f"feedback-{assignment}-{way}.zip")
    with Book(places) as book:
        download = look(places, archive_folder(places, assignment), book)
    members: Members = {}
    for student, found in pages.items():
        pile = download.piles.get(student)
        handed = [pile.names[key] for key in pile.files] if pile else []
        mine = _FOR[way](student, handed, found, packed)
        packed.students += bool(mine)
        members |= mine
        if not mine:
            packed.left_out.append(student)
    if not members:
        raise GradeError(
            f"nobody's files in {archive_folder(places, assignment)} are named as {way.title()} names them, so no page "
            "can be given back by name: --zip students writes one zip per student"
        )
    with whole(packed.to) as file:
        file.write(_zip(members))
    return packed


def _pages(folder: Path) -> Members:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.html")) if path.is_file()}


def _one_zip_each(folder: Path, assignment: str, pages: dict[str, Members]) -> Packed:
    packed = Packed(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for student, found in pages.items():
        with whole(folder / f"{student}.zip") as file:
            file.write(_zip({f"{assignment}-feedback/{name}": data for name, data in found.items()}))
        packed.students += 1
    return packed


def _for_moodle(_student: str, handed: Handed, pages: Members, _packed: Packed) -> Members:
    """The pages in the student's own folder: `Ada Lovelace_4711_assignsubmission_file_/index.html`."""
    for name in handed:
        if found := outermost(MOODLE, name):
            return {f"{found['folder']}/{page}": data for page, data in pages.items()}
    return {}


def _for_canvas(student: str, handed: Handed, pages: Members, packed: Packed) -> Members:
    """One zip under the whole name of the zip that was handed in.

    Where none was, the zip stands for the first file, whose name Canvas will show: `packed.renamed`.
    """
    known = [found for name in handed if (found := outermost(CANVAS, name))]
    known.sort(key=lambda found: not found["file"].lower().endswith(".zip"))
    if not known:
        return {}
    name = known[0].group()
    if not known[0]["file"].lower().endswith(".zip"):
        name = f"{name.removesuffix(known[0]['file'])}feedback.zip"
        packed.renamed.append(f"{student} ({known[0]['file']})")
    return {name: _zip(pages)}


_FOR: dict[str, Callable[[str, Handed, Members, Packed], Members]] = {"canvas": _for_canvas, "moodle": _for_moodle}


def _zip(members: Members) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()
