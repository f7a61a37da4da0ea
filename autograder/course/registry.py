"""The registry of assignments: each is a folder of `solutions/` with an `assignment.toml`, and nothing else lists them.

title = "Set prediction"          # these two are required
order = 3
released = true                   # a draft is built, but never ships
packages = ["torch", "detrlab"]   # what its notebooks import: loaded once, before the sandbox's forks
data = ["shapes.safetensors"]     # files of data/: readable in the sandbox, shipped with the release
kept = ["my_picture.*"]           # the student's own files, by pattern: handed in, never overwritten
[chains]                          # end-to-end checks: the exercises whose own answers each runs together
short_detr = ["stages", "projection"]
"""

from __future__ import annotations

import fnmatch
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from autograder.errors import SourceError
from autograder.sandbox.packages import Needs

FILE = "assignment.toml"
SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"
_KINDS = {  # key: (what fits, as a person writes it; the test)
    "title": ('a text, such as "Set prediction"', lambda value: isinstance(value, str) and bool(value.strip())),
    "order": ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "released": ("true or false", lambda value: isinstance(value, bool)),
    "packages": ('a list of names, such as ["torch", "detrlab"]', lambda value: _texts(value, str.isidentifier, ".")),
    "data": ('a list of files in data/, such as ["shapes.safetensors"]', lambda value: _texts(value, _plain)),
    "kept": ('a list of file names, * allowed, such as ["my_picture.*"]', lambda value: _texts(value, _plain)),
    "chains": (
        'a table of lists, such as short_detr = ["stages", "projection"]',
        lambda value: isinstance(value, dict) and all(_texts(each, str.isidentifier) for each in value.values()),
    ),
}
_REQUIRED = ("title", "order")


@dataclass(frozen=True)
class Entry:
    """One assignment as its folder and its `assignment.toml` say; `notebooks` are its folders of steps, in order."""

    name: str
    title: str
    order: int
    released: bool = False
    packages: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    chains: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notebooks: tuple[Path, ...] = ()

    @property
    def needs(self) -> Needs:
        """What the sandbox gives its notebooks."""
        return Needs(self.packages, self.data)

    def keeps(self, name: str) -> bool:
        """Is a file of this name, beside the notebooks, the student's own?"""
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.kept)

    def public(self) -> dict:
        """What students' own tools need to know: the content of `notebooks/<assignment>/assignment.json`."""
        names = [folder.name for folder in self.notebooks]
        return {"title": self.title, "order": self.order, "notebooks": names, "kept": list(self.kept)}


def read_registry(solutions: Path) -> list[Entry]:
    """Every assignment in `solutions`, in order; raises SourceError where an `assignment.toml` is missing or wrong."""
    found = [read_entry(solutions / name) for name in assignment_names(solutions)]
    for i, entry in enumerate(found):
        for other in found[:i]:
            if entry.order == other.order:
                path = solutions / entry.name / FILE
                raise SourceError(f"{path}: order = {entry.order} is that of {other.name} already: take another number")
    return sorted(found, key=lambda entry: entry.order)


def assignment_names(solutions: Path) -> list[str]:
    """The folders of `solutions`, each of which is an assignment."""
    if not solutions.is_dir():
        return []
    return sorted(path.name for path in solutions.iterdir() if path.is_dir() and path.name[0] not in "._")


def needs(assignment: str | None = None, notebook: str = "") -> Needs:
    """What an assignment of this project needs in the sandbox; without its name: what all do that have this notebook.

    Quick, and silent where there is none: the sandbox starts before the course is read, which will say so.
    """
    if assignment is None:
        entries = read_registry(SOLUTIONS)
        named = [entry for entry in entries if notebook in [folder.name for folder in entry.notebooks]]
        found = [entry.needs for entry in named or entries]
    else:
        found = [read_entry(SOLUTIONS / assignment).needs] if assignment in assignment_names(SOLUTIONS) else []
    packages, data = ([name for each in found for name in getattr(each, kind)] for kind in ("packages", "data"))
    return Needs(tuple(dict.fromkeys(packages)), tuple(dict.fromkeys(data)))


def step_files(folder: Path) -> list[Path]:
    """The steps of a notebook's folder, in their order; the first one opens the notebook."""
    return sorted(path for path in folder.glob("*.py") if not path.name.startswith("."))


def read_entry(folder: Path) -> Entry:
    """One assignment's folder; raises SourceError with the file, what is wrong, and what fits."""
    path = folder / FILE
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SourceError(f'{path} is missing: it holds at least title = "..." and order = (a whole number)') from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} is not TOML: {error}") from error
    if unknown := sorted(set(said) - set(_KINDS)):
        raise SourceError(f"{path}: there is no key {unknown[0]!r}; there are: {', '.join(_KINDS)}")
    if missing := [key for key in _REQUIRED if key not in said]:
        raise SourceError(f"{path}: {missing[0]} is missing; it is {_KINDS[missing[0]][0]}")
    for key, value in said.items():
        fits, test = _KINDS[key]
        if not test(value):
            raise SourceError(f"{path}: {key} = {value!r} does not fit; {key} is {fits}")
    lists = {key: tuple(said.get(key, ())) for key in ("packages", "data", "kept")}
    chains = {check: tuple(exercises) for check, exercises in said.get("chains", {}).items()}
    notebooks = tuple(sorted(each for each in folder.iterdir() if each.is_dir() and step_files(each)))
    return Entry(
        folder.name,
        said["title"],
        said["order"],
        said.get("released", False),
        chains=chains,
        notebooks=notebooks,
        **lists,
    )


def _texts(value: object, fits, between: str = "") -> bool:
    """Is it a list of texts whose parts all fit?"""
    return isinstance(value, list) and all(
        isinstance(each, str) and all(map(fits, each.split(between) if between else [each])) for each in value
    )


def _plain(name: str) -> bool:
    """The name of a file that lies in the folder itself."""
    return bool(name) and not any(letter in "/\\:" for letter in name) and not name.startswith(".")
