"""From an LMS's download into submitted/: every student's files once, and out again when a student is forgotten.

Nothing in submitted/ is ever replaced: who hands in again is named, and the instructor decides. Intake's limits per
submission hold, and what lies in a student's own archive is intake's to open.
"""

from __future__ import annotations

import shutil
import stat
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path

from autograder.course.places import Places
from autograder.errors import GradeError
from autograder.gradebook.opened import Book
from autograder.intake.basket import Basket, Full
from autograder.intake.collect import TIMESTAMP, closed, find
from autograder.terminal import listed
from coursework.files import whole
from coursework.marking.messages import Note
from coursework.submission import folded, safe_path, shown

from .downloaded import Download, Entry, Pile, entries, file_crc, look

_STAGING = ".taking-in"  # in submitted/; nobody is called so


def take_in(places: Places, assignment: str, book: Book, say: Callable[[str], None], *, dry: bool = False) -> list[str]:
    """Copy what students handed in by way of an LMS; returns who these are. With `dry` it is only said.

    Raises GradeError for an archive that cannot be read.
    """
    folder = archive_folder(places, assignment)
    if not folder.is_dir():
        return []
    download = look(places, folder, book)
    blocked = {student: why for student in download.piles if (why := closed(places.submitted / student))}
    open_to = [student for student in sorted(download.piles) if student not in blocked]
    new = [student for student in open_to if find(places.submitted / student, assignment) is None]
    owners = {key: student for student, pile in download.piles.items() for key in pile.files}
    present = {}
    for known in open_to:
        if known not in new:
            try:
                present[known] = _contents(places.submitted / known, assignment)
            except OSError as error:
                blocked[known] = error.strerror or type(error).__name__
    baskets: dict[str, Basket] = defaultdict(Basket)
    changed = set()
    staging = places.submitted / _STAGING
    try:
        if not dry:
            shutil.rmtree(staging, ignore_errors=True)
        for entry in entries(places, folder):
            student = owners.get(entry.key)
            if student in new:
                to = None if dry else staging / student
                _stage(entry, download.piles[student].files[entry.key], to, baskets[student])
            elif student in present and (entry.size, entry.crc()) not in present[student]:
                changed.add(student)
        for student in () if dry else list(new):
            try:
                _put(staging / student, places.submitted / student / assignment, download.piles[student])
            except OSError as error:
                blocked[student] = error.strerror or type(error).__name__
                new.remove(student)
    finally:
        if not dry:
            shutil.rmtree(staging, ignore_errors=True)
    if not dry:
        users = {student: download.piles[student].user for student in new if download.piles[student].user}
        _keep_users(book, users)
    copied = "would be copied" if dry else "copied"
    _report(copied, folder, places.submitted, assignment, download, new, sorted(changed), blocked, say)
    for student, basket in baskets.items():
        for note in basket.notes:
            say(f"{student}: {note}")
    return new


def archive_folder(places: Places, assignment: str) -> Path:
    """Where nbgrader, too, looks for an LMS's download."""
    return places.downloaded / assignment / "archive"


def _contents(home: Path, assignment: str) -> set[tuple[int, int]]:
    """Sizes and check sums of what a student has in submitted/."""
    path = find(home, assignment)
    paths = [] if path is None else [path, *path.rglob("*")]
    return {(file.stat().st_size, file_crc(file)) for file in paths if stat.S_ISREG(file.lstat().st_mode)}


def _stage(entry: Entry, name: str, folder: Path | None, basket: Basket) -> None:
    """Write one file into the student's new folder, if any, as far as the limits of a submission go."""
    if not safe_path(name):
        basket.leave(name, Note("not_plain_inside"))
        return
    before = len(basket.files)
    try:
        basket.look()
        basket.take(name, entry.read(basket.room() + 1))
        if len(basket.files) > before:
            if folder is not None:
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(basket.files[name])
            basket.files[name] = b""  # its size stays counted, its bytes are on the disk
    except Full as full:
        basket.leave(name, full.why)
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        basket.leave(name, Note("name_of_its_folder"))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        basket.leave(name, Note("not_unpacked", {"error": str(error)}))


def _put(staged: Path, final: Path, pile: Pile) -> None:
    """The complete folder in its place, at once: a run that is killed leaves no half submission."""
    staged.mkdir(parents=True, exist_ok=True)  # who has nothing that could be taken handed in something
    if pile.dates:
        (staged / TIMESTAMP).write_text(max(pile.dates.values()).isoformat(" "))
    final.parent.mkdir(parents=True, exist_ok=True)
    staged.rename(final)


def _keep_users(book: Book, users: dict[str, str]) -> None:
    """Canvas's numbers into the gradebook: the export then names students as Canvas does."""
    for student, user in users.items():
        book.open().update_or_create_student(student, lms_user_id=user)


def _report(
    copied: str,
    folder: Path,
    submitted: Path,
    assignment: str,
    download: Download,
    new: list[str],
    changed: list[str],
    blocked: dict[str, str],
    say: Callable[[str], None],
) -> None:
    late = [student for student in new if download.piles[student].late]
    nobodys = [shown(name) for name in download.nobodys]
    doubtful = [
        (
            f"not taken, for {why}; put it into {submitted}/STUDENT/{assignment}/ yourself",
            [shown(name) for name in names],
        )
        for why, names in download.doubtful.items()
    ]
    for text, found in (
        (f"{copied} from {folder} into {submitted}", new),
        (f"late, says Canvas, and not when; without a {TIMESTAMP} beside the notebooks there is no penalty", late),
        ("a name that several students have; Moodle's number tells them apart in this assignment only", download.alike),
        (f"other files than in {submitted} lie in {folder}; delete STUDENT/{assignment} there to take them", changed),
        (
            f"left in {folder}, for what {submitted} has of them cannot be used",
            [f"{student} ({why})" for student, why in sorted(blocked.items())],
        ),
        (f"left in {folder}, for the file's name does not say whose it is", nobodys),
        *doubtful,
    ):
        if found:
            say(f"{text}: {listed(found)}")


def downloads_of(places: Places, student: str, book: Book) -> list[tuple[str, Callable[[], None]]]:
    """Where a student's files are in the downloads, zip archives included, and what deletes them there.

    Raises GradeError where it is not sure whose a file is, or an archive cannot be changed.
    """
    found: list[tuple[str, Callable[[], None]]] = []
    folders = sorted(places.downloaded.glob("*/archive")) + sorted(places.downloaded.glob("*/extracted"))
    for folder in folders:
        download = look(places, folder, book)
        if unsure := download.perhaps.get(folded(student)):
            raise GradeError(
                f"{folder} holds files that may be those of {student!r} or another's, {shown(unsure[0])} for one: "
                f"delete there what is {student!r}'s, and move away what is not, first"
            )
        pile = download.piles.get(student, Pile())
        members: dict[Path, set[str]] = defaultdict(set)
        for path, member in {*pile.files, *pile.older}:
            members[path].add(member)
        packed = [path for path, names in members.items() if names != {""}]
        if any(not zipfile.is_zipfile(path) for path in packed):
            raise GradeError(f"{packed[0]} holds files of {student!r} and cannot be changed: delete it first")
        for path, names in sorted(members.items()):
            delete = partial(_rewrite, path, names) if path in packed else partial(_remove, path, folder)
            found.append((path.relative_to(places.downloaded.parent).as_posix(), delete))
    return found


def _remove(path: Path, folder: Path) -> None:
    """Delete a file of `folder`, and the folders in between that are empty then: they bear the name as well."""
    path.unlink()
    for parent in path.parents:
        if parent == folder or any(parent.iterdir()):
            break
        parent.rmdir()


def _rewrite(path: Path, without: set[str]) -> None:
    """The archive without these members, by way of a new file that replaces the old one whole."""
    with whole(path) as file, zipfile.ZipFile(path) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            if member.filename not in without:
                with old.open(member) as source, new.open(member, "w") as target:
                    shutil.copyfileobj(source, target)
