"""From `solutions/<assignment>/*.py` to `build/source/` (instructor) and `notebooks/` (students).

The sources are run to learn the expected values, the checks are proven (see expected.py), and nbgrader's own
generate_assignment makes the students' notebooks. What did not change since the last build is not built again.
"""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import nbformat

from autograder.errors import SourceError
from autograder.course.source import read_source
from coursework.marking.stored import StoredCheck
from .start_page import write_start_page

ROOT = Path(__file__).resolve().parents[2]
HIDDEN_SEEDS = 3
_INPUTS = ("coursework/**/*.py", "detrlab/**/*.py", "autograder/**/*.py", "data/shapes.safetensors")  # what every notebook is built with


def assignments() -> list[str]:
    """The assignments that have sources, in order."""
    return sorted(folder.name for folder in (ROOT / "solutions").iterdir() if any(folder.glob("*.py")))


def build(assignment: str, say: Callable[[str], None] = print) -> None:
    """Build one assignment; raises SourceError where a source or a proof fails."""
    sources = sorted((ROOT / "solutions" / assignment).glob("*.py"))
    if not sources:
        raise SourceError(f"there is no assignment {assignment!r}; there are: {', '.join(assignments())}")
    changed = [path for path in sources if not _up_to_date(path)]
    for path in changed:
        build_source(path, say)
    # `prove` builds sources too, so what decides is whether the release was made from the sources as they are now.
    stamp, made_from = _stamp(sources[0]).with_name("release.sha256"), _digest(sorted(_source(assignment).iterdir()))
    if changed or not stamp.exists() or stamp.read_text() != made_from:
        from .stock import Course  # nbgrader is slow to import, and only needed here

        release = Course(ROOT / "build" / "course").release(assignment)
        for name in install(release, ROOT / "notebooks" / assignment):
            say(f"  kept your own work: notebooks/{assignment}/{name}")
        stamp.write_text(made_from)
    write_start_page(ROOT / "solutions" / "start.py", ROOT / "notebooks")
    say(f"{assignment}: {len(changed)} of {len(sources)} notebooks rebuilt, in notebooks/{assignment}")


def build_source(path: Path, say: Callable[[str], None] = print) -> None:
    """One source file -> build/source/<assignment>/: the instructor's notebook and the data beside it."""
    # torch is imported only where something is built: a build with nothing to do is over at once.
    from .assemble import instructor_notebook, write_data
    from .expected import run_reference

    say(f"{path.name}: running the solution and its known mistakes ...")
    notebook = read_source(path)
    hidden = hidden_seeds(notebook.assignment, notebook.name)
    expected = run_reference(notebook, hidden, say)
    folder = _source(notebook.assignment)
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(instructor_notebook(notebook, expected, hidden), folder / f"{notebook.name}.ipynb")
    write_data(notebook, expected, folder)
    say(
        f"{path.name}: {len(notebook.named('exercise'))} exercises, {len(notebook.mistakes)} known mistakes, "
        f"{notebook.points:g} points"
    )
    _stamp(path).parent.mkdir(parents=True, exist_ok=True)
    _stamp(path).write_text(_fingerprint(path))


def install(release: Path, folder: Path) -> list[str]:
    """Copy a release into `folder`; a notebook somebody has worked in is kept under another name. Returns those.

    Expected values that agree within tolerance stay as they are: another processor rounds the last digit otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = []
    same = [path for path in release.iterdir() if data_agrees(path, folder / path.name)]  # while pairs are pairs
    for path in sorted(release.iterdir()):
        target = folder / path.name
        if path in same or (target.exists() and target.read_bytes() == path.read_bytes()):
            continue
        if target.suffix == ".ipynb" and target.exists() and has_answers(target):
            copy = target.with_name(f"{target.stem}.yours-{datetime.now():%Y%m%d-%H%M%S}.ipynb")
            target.rename(copy)
            kept.append(copy.name)
        shutil.copyfile(path, target)
    return kept


def data_agrees(one: Path, other: Path) -> bool:
    """Do the two files belong to notebook data that say the same, numbers within tolerance?"""
    if one.suffix not in (".json", ".safetensors"):
        return False
    from coursework.checks.notebook import Notebook

    try:
        data, again = Notebook(one.stem, one.parent).data, Notebook(other.stem, other.parent).data
    except KeyError:  # values that name arrays which are not there: the two files are of different builds
        return False
    if data is None or again is None or data.hints != again.hints or data.checks.keys() != again.checks.keys():
        return False
    return all(_check_agrees(check, again.checks[name]) for name, check in data.checks.items())


def _check_agrees(one: StoredCheck, other: StoredCheck) -> bool:
    runs, others = ([check.expected, *(known.outcomes for known in check.mistakes)] for check in (one, other))
    return _words(one) == _words(other) and all(
        a.equals(b) for mine, yours in zip(runs, others, strict=True) for a, b in zip(mine, yours, strict=True)
    )


def _words(check: StoredCheck) -> tuple:
    """All of a check but its values."""
    return check.points, check.parts, check.seeds, [(known.id, known.says) for known in check.mistakes]


def has_answers(path: Path) -> bool:
    """Has anybody changed an answer cell of this student's notebook (by nbgrader's own checksums)?"""
    from nbgrader.utils import compute_checksum, is_solution

    try:
        cells = nbformat.read(path, as_version=4).cells
    except Exception:  # a notebook that cannot be read may still hold somebody's work
        return True
    return any(is_solution(cell) and cell.metadata.nbgrader.get("checksum") != compute_checksum(cell) for cell in cells)


def hidden_seeds(assignment: str, notebook: str) -> list[int]:
    """The seeds of nbgrader's hidden tests, from the instructor's secret (secret.txt, made once)."""
    path = ROOT / "secret.txt"
    if not path.exists():
        path.write_text(secrets.token_hex(16) + "\n")
    digest = hashlib.sha256(f"{path.read_text().strip()}/{assignment}/{notebook}".encode()).digest()
    return [10**6 + int.from_bytes(digest[4 * i : 4 * i + 4], "big") for i in range(HIDDEN_SEEDS)]


def _source(assignment: str) -> Path:
    return ROOT / "build" / "source" / assignment


def _stamp(path: Path) -> Path:
    return ROOT / "build" / "stamps" / path.parent.name / f"{path.stem}.sha256"


def _up_to_date(path: Path) -> bool:
    built = _source(path.parent.name) / f"{path.stem}.ipynb"
    return _stamp(path).exists() and built.exists() and _stamp(path).read_text() == _fingerprint(path)


def _fingerprint(path: Path) -> str:
    inputs = [path, ROOT / "secret.txt", *(found for pattern in _INPUTS for found in sorted(ROOT.glob(pattern)))]
    return _digest(inputs)


def _digest(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + (path.read_bytes() if path.exists() else b""))
    return digest.hexdigest()
