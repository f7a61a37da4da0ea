"""`autograder gradescope`: the zip that Gradescope makes its autograder of, for one assignment.

In it lie the packages, this assignment's sources and what was built of them, its data, the pins, and the two scripts
that Gradescope asks for. What lies in gradescope_zip/ and how the parts meet there: docs/gradescope.md. Other
assignments, hidden tests, secret.txt, marks and anybody's work stay behind. The same sources give the same bytes.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import nbformat
from nbgrader.preprocessors import ClearHiddenTests, ClearOutput

from autograder.course.assignment import load_assignment
from autograder.course.places import ROOT, Places
from autograder.course.registry import read_entry
from autograder.sandbox.packages import data_files
from coursework.files import whole

_SCRIPTS = Path(__file__).resolve().parent / "gradescope_zip"
_COPIED = ("LICENSE", "nbgrader_config.py", "requirements.lock")
_PACKAGES = ("coursework", "detrlab", "autograder")
_DATE = (1980, 1, 1, 0, 0, 0)


def make_zip(places: Places, name: str, to: Path, root: Path = ROOT) -> Path:
    """Write Gradescope's autograder for one assignment to `to`; raises GradeError where that is not built."""
    load_assignment(places, name)
    files = {path.name: path.read_bytes() for path in sorted(_SCRIPTS.iterdir())}
    runnable = set(files)
    files |= {file: (root / file).read_bytes() for file in _COPIED}
    for package in _PACKAGES:
        files |= _folder(root / package, package)
    files |= {
        f"data/{file}": path.read_bytes() for file, path in data_files(read_entry(places.solutions / name).data).items()
    }
    files |= _folder(places.solutions / name, f"solutions/{name}")
    files |= _built(places.source / name, f"{places.config.CourseDirectory.source_directory}/{name}")
    to.parent.mkdir(parents=True, exist_ok=True)
    with whole(to) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for member_name in sorted(files):
            member = zipfile.ZipInfo(member_name, _DATE)
            mode = 0o755 if member_name in runnable else 0o644
            member.external_attr, member.compress_type = (0o100000 | mode) << 16, zipfile.ZIP_DEFLATED
            archive.writestr(member, files[member_name])
    return to


def _folder(folder: Path, place: str) -> dict[str, bytes]:
    """The files of a folder, but for what is hidden or compiled."""
    found = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in parts):
            found["/".join((place, *parts))] = path.read_bytes()
    return found


def _built(folder: Path, place: str) -> dict[str, bytes]:
    """The built assignment; its hidden tests, which are stock nbgrader's and hang on secret.txt, are cut out."""
    found = _folder(folder, place)
    for name, data in found.items():
        if name.endswith(".ipynb"):
            notebook = nbformat.reads(data.decode(), as_version=4)
            for step in (ClearOutput, ClearHiddenTests):
                notebook, _ = step().preprocess(notebook, {})
            found[name] = nbformat.writes(notebook).encode()
    return found
