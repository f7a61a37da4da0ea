"""The zip that a teacher hands out: notebooks, library, data and environment; nothing to copy from.

Solutions, known mistakes, hidden tests, the secret, the grader and anybody's own work stay behind: what goes in is
listed here, and the notebooks come from the grader's own view of the release, not from a folder somebody works in.
Notebooks lie in `release/`, from where handout/add_new.py puts them where students work: unpacking a newer zip over an
older one replaces no work. The zip is the same, byte for byte, whenever it is made from the same sources.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import nbformat

from autograder.course.assignment import load_assignment
from autograder.course.places import ROOT, Places, project_places
from autograder.course.registry import Entry
from autograder.course.source import read_source
from autograder.errors import GradeError
from coursework.files import whole

from .first_cell import NAME
from .given_away import refuse_released
from .start_page import write_start_page
from .survivors import StepFile, proven_steps, shown

_HANDOUT = Path(__file__).resolve().parent / "handout"  # what students get in place of the instructor's files
_COPIED = ("LICENSE", "environment.yml", "requirements.lock")
_LIBRARY = (".py", ".typed", ".js", ".css", ".json", ".j2")  # kinds of files in our packages
_CUT = (  # what pyproject.toml says of files that stay behind
    ('packages = ["coursework", "detrlab", "autograder"]', 'packages = ["coursework", "detrlab"]'),
    ('autograder = "autograder.__main__:main"\n', ""),
)
_DATE = (1980, 1, 1, 0, 0, 0)


def make_release(out: Path, names: Sequence[str] = (), places: Places | None = None, root: Path = ROOT) -> Path:
    """Write `out`/detrlab-course.zip with the assignments named, or every one that is released; returns its path.

    Raises GradeError where one of these is not built or not there, or where none is released.
    """
    places = places or project_places(root)
    known, entries = places.registry(), _entries(places, names)
    # The start page has the other released ones, too: students have them from an earlier zip, or will.
    course = [entry for entry in known if entry.released or entry in entries]
    files = _library(root, {name for entry in entries for name in entry.data})
    for name, data in _notebooks(places, course).items():
        if name == "start.ipynb" or name.partition("/")[0] in [entry.name for entry in entries]:
            files[f"release/{name}"] = data
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{NAME}.zip"
    with whole(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            member = zipfile.ZipInfo(f"{NAME}/{name}", _DATE)
            member.external_attr, member.compress_type = 0o100644 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(member, files[name])
    return path


def refuse_unproven(names: Sequence[str] = (), root: Path = ROOT) -> None:
    """Raise GradeError where a check of these assignments was not run on its mutants, or one that survived is not
    judged (see survivors.py); nothing is run here."""
    for entry in _entries(project_places(root), names):
        for folder in entry.notebooks:
            notebook = read_source(folder)
            for step in proven_steps(notebook):
                if problems := StepFile(folder, notebook, step, entry.chains).problems():
                    command = f"autograder prove {shown(folder.parent)} --mutants"
                    raise GradeError(f"not released: {problems[0]}; run `{command}` and judge what is left")


def _entries(places: Places, names: Sequence[str]) -> list[Entry]:
    """The assignments named, or every one that is released."""
    known = places.registry()
    if unknown := [name for name in names if name not in [entry.name for entry in known]]:
        there = ", ".join(entry.name for entry in known)
        raise GradeError(f"there is no assignment {unknown[0]!r}; there are: {there}")
    entries = [entry for entry in known if (entry.name in names if names else entry.released)]
    if not entries:
        raise GradeError(f"{places.solutions} holds no assignment that says released = true in its assignment.toml")
    return entries


def _library(root: Path, data: set[str]) -> dict[str, bytes]:
    files = {path.name: path.read_bytes() for path in sorted(_HANDOUT.iterdir()) if path.is_file()}
    files |= {name: (root / name).read_bytes() for name in _COPIED}
    files["pyproject.toml"] = _pyproject((root / "pyproject.toml").read_text(encoding="utf-8")).encode()
    library = {name: lambda path: path.suffix in _LIBRARY for name in ("coursework", "detrlab")}
    for folder, wanted in (*library.items(), ("data", lambda path: path.name in {"README.md", *data})):
        for path in sorted((root / folder).rglob("*")):
            parts = path.relative_to(root).parts
            hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
            if path.is_file() and not path.is_symlink() and wanted(path) and not hidden:
                files["/".join(parts)] = path.read_bytes()
    return files


def _pyproject(text: str) -> str:
    for old, new in _CUT:
        assert old in text, f"pyproject.toml has no {old!r} any more: bring autograder/build/release.py up to date"
        text = text.replace(old, new)
    return text


def _notebooks(places: Places, entries: list[Entry]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        for entry in entries:
            assignment = load_assignment(places, entry.name)
            released = {
                f"{name}.ipynb": f"{nbformat.writes(notebook)}\n".encode()
                for name, notebook in assignment.releases.items()
            }
            refuse_released(assignment.sources.values(), {**released, **assignment.files})
            (course / entry.name).mkdir()
            for file, data in {**released, **assignment.files}.items():
                if not file.startswith("."):
                    (course / entry.name / file).parent.mkdir(parents=True, exist_ok=True)
                    (course / entry.name / file).write_bytes(data)
        write_start_page(places.solutions / "start.py", course)
        return {
            path.relative_to(course).as_posix(): path.read_bytes()
            for path in sorted(course.rglob("*"))
            if path.is_file()
        }
