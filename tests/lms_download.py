"""Downloads as an LMS packs them, for tests of what becomes of them."""

from __future__ import annotations

import zipfile

from autograder.gradebook.opened import Book
from autograder.lms.take_in import archive_folder, take_in
from tests.small_course import ASSIGNMENT

ADA = "Ada Lovelace_4711_assignsubmission_file_"  # Moodle's folders
BO = "Bo Ek_4712_assignsubmission_file_"


def download(places, files: dict[str, bytes], archive="class.zip", assignment=ASSIGNMENT):
    """An LMS's zip of these members; loose files where `archive` is empty."""
    folder = archive_folder(places, assignment)
    folder.mkdir(parents=True, exist_ok=True)
    if archive:
        with zipfile.ZipFile(folder / archive, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, data in files.items():
                packed.writestr(name, data)
        return folder / archive
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def taken(places, assignment=ASSIGNMENT):
    """Take in; returns ({student/file: content}, what was said)."""
    said: list[str] = []
    with Book(places) as book:
        take_in(places, assignment, book, said.append)
    files = {
        path.relative_to(places.submitted).as_posix().replace(f"/{assignment}/", "/"): path.read_bytes()
        for path in sorted(places.submitted.rglob("*"))
        if path.is_file()
    }
    return files, said
