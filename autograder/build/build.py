"""From `solutions/<assignment>/` to `build/source/` (instructor) and `notebooks/` (students).

The sources are run to learn the expected values, the checks are proven (see expected.py), and nbgrader's own
generate_assignment makes the students' notebooks. What did not change since the last build is not built again.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import multiprocessing
import os
import secrets
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import nbformat

from autograder.course.registry import FILE, Entry, assignment_names, read_entry, read_registry, step_files
from autograder.course.source import SourceNotebook, read_source
from autograder.errors import SourceError
from coursework.assignment import FILE as PUBLIC
from coursework.files import write_whole
from coursework.marking.stored import StoredCheck
from coursework.submission import plain_id

from .given_away import refuse_released, refuse_source
from .start_page import write_start_page

ROOT = Path(__file__).resolve().parents[2]
HIDDEN_SEEDS = 3
NEW = "new"  # as handout/add_new.py calls it, and the start page knows it
_PACKAGES = (  # what every notebook is built with
    "coursework/**/*.py", "detrlab/**/*.py", "autograder/course/*.py", "autograder/build/*.py", "autograder/errors.py",
)  # fmt: skip


def assignments(root: Path = ROOT) -> list[str]:
    """The assignments that have sources, in order."""
    return [entry.name for entry in read_registry(root / "solutions")]


def build(assignment: str, say: Callable[[str], None] = print, root: Path = ROOT) -> None:
    """Build one assignment; raises SourceError where a source or a proof fails."""
    if assignment not in assignment_names(root / "solutions"):
        raise SourceError(f"there is no assignment {assignment!r}; there are: {', '.join(assignments(root))}")
    entry = read_entry(root / "solutions" / assignment)
    if not entry.notebooks:
        raise SourceError(f"{assignment} has no notebook yet: one is a folder of steps, such as q1_build/00_open.py")
    changed = [folder for folder in entry.notebooks if not _up_to_date(folder, entry, root)]
    if changed:
        prove_registered(entry, root)
    _build_notebooks(changed, say, root)
    source = root / "build" / "source" / assignment
    drop_withdrawn(entry, source)
    write_public(entry, source)
    # `prove` builds sources too, so what decides is whether the release was made from the sources as they are now.
    stamp, made_from = _stamps(root, assignment) / "release.sha256", _digest(sorted(source.iterdir()), root)
    if changed or not stamp.exists() or stamp.read_text() != made_from:
        from .stock import Course  # nbgrader is slow to import, and only needed here

        release = Course(root / "build" / "course", root).release(assignment)
        files = {path.name: path.read_bytes() for path in release.iterdir() if path.is_file()}
        refuse_released(map(read_source, entry.notebooks), files)
        if new := install(release, root / "notebooks" / assignment):
            here = f"notebooks/{assignment}"
            say(f"  your work in {here} stays as it is; the newer release lies beside it, in {here}/{new}")
        stamp.write_text(made_from)
    write_start_page(root / "solutions" / "start.py", root / "notebooks")
    say(f"{assignment}: {len(changed)} of {len(entry.notebooks)} notebooks rebuilt, in notebooks/{assignment}")


def _build_notebooks(folders: list[Path], say: Callable[[str], None], root: Path) -> None:
    """Build these notebooks, several at a time where the machine has the cores."""
    if len(folders) < 2 or (os.cpu_count() or 1) < 2:
        for folder in folders:
            build_notebook(folder, say, root)
        return
    hidden_seeds(folders[0].parent.name, folders[0].name, root)  # makes the secret, where there is none yet
    workers = min(len(folders), os.cpu_count() or 1)
    context = multiprocessing.get_context("spawn")  # torch's threads do not live through a fork
    with ProcessPoolExecutor(workers, context, initializer=_begin_worker) as pool:
        say(f"{', '.join(folder.name for folder in folders)}: running the solutions and their known mistakes ...")
        for done in as_completed([pool.submit(_build_apart, folder, root) for folder in folders]):
            for line in done.result():
                say(line)


def _begin_worker() -> None:
    os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported; two processes' threads wait for each other
    threading.Thread(target=_end_with_the_build, daemon=True).start()


def _end_with_the_build() -> None:
    """A build that is killed tells its processes nothing: they would compute on for minutes."""
    build = multiprocessing.parent_process()
    assert build is not None
    build.join()
    os._exit(1)


def _build_apart(folder: Path, root: Path) -> list[str]:
    said: list[str] = []
    build_notebook(folder, said.append, root)
    return said[1:]  # the first one says that it begins


def build_notebook(folder: Path, say: Callable[[str], None] = print, root: Path = ROOT) -> None:
    """A notebook's folder of steps -> build/source/<assignment>/: the instructor's notebook and the data beside it."""
    # torch is imported only where something is built: a build with nothing to do is over at once.
    from .assemble import instructor_notebook, write_data
    from .expected import run_reference

    say(f"{folder.name}: running the solution and its known mistakes ...")
    notebook, entry = read_source(folder), read_entry(folder.parent)
    refuse_source(notebook)
    hidden = hidden_seeds(notebook.assignment, notebook.name, root)
    expected = run_reference(notebook, hidden, say, entry.chains, _cache(notebook, entry, root))
    built = root / "build" / "source" / notebook.assignment
    built.mkdir(parents=True, exist_ok=True)
    nbformat.write(instructor_notebook(notebook, expected, hidden), built / f"{notebook.name}.ipynb")
    write_data(notebook, expected, built)
    say(
        f"{folder.name}: {len(notebook.named('exercise'))} exercises, {len(notebook.mistakes)} known mistakes, "
        f"{notebook.points:g} points"
    )
    _stamps(root, entry.name).mkdir(parents=True, exist_ok=True)
    _stamp(folder, root).write_text(_fingerprint(folder, entry, root))


def prove(path: Path, say: Callable[[str], None] = print, root: Path = ROOT) -> None:
    """Prove one step, or build and prove a notebook's folder; raises SourceError where a proof fails."""
    if path.is_dir():
        prove_registered(read_entry(path.parent), root)
        return build_notebook(path, say, root)
    path.stat()  # raises where there is none
    from .expected import run_step

    notebook, entry = read_source(path.parent), read_entry(path.parent.parent)
    refuse_source(notebook)
    if path not in step_files(path.parent):
        raise SourceError(f"{path} is no step: a step is a file such as {step_files(path.parent)[0]}")
    checks = [cell.name for cell in notebook.cells if cell.step == path.stem and cell.kind == "check"]
    if not checks:
        return say(f"{path.parent.name}/{path.name}: no check, so nothing to prove; `autograder build` runs its cells")
    hidden = hidden_seeds(notebook.assignment, notebook.name, root)
    run_step(notebook, path.stem, hidden, say, entry.chains, _cache(notebook, entry, root))
    mistakes = sum(mistake.exercise in checks for mistake in notebook.mistakes)
    say(f"{path.parent.name}/{path.name}: {', '.join(checks)} proven, with {mistakes} known mistakes")


def prove_registered(entry: Entry, root: Path) -> None:
    """What the registry says of an assignment must be there: its data, its chains' checks and exercises, and the files
    of trained work among those that are handed in."""
    path = root / "solutions" / entry.name / FILE
    for name in entry.data:
        if not (root / "data" / name).is_file():
            raise SourceError(f"{path}: data names {name}, but there is no data/{name}")
    sources = [read_source(folder) for folder in entry.notebooks]
    for each in sources:
        for name, cell in each.named("check").items():
            if cell.trained and not entry.keeps(cell.trained):
                what = f"{each.name}: {name} measures {cell.trained}, which no pattern of kept names"
                raise SourceError(f"{path}: {what}: it would not be handed in")
    for check, exercises in entry.chains.items():
        source = next((other for other in sources if check in other.named("check")), None)
        if source is None:
            raise SourceError(f"{path}: [chains] names {check}, which is no check of any notebook")
        if unknown := [name for name in exercises if name not in source.named("exercise")]:
            raise SourceError(f"{path}: the chain {check} names {unknown[0]}, which is no exercise of {source.name}")


def drop_withdrawn(entry: Entry, folder: Path) -> None:
    """Delete what was built of notebooks that the assignment no longer has: they would be released again."""
    names = {each.name for each in entry.notebooks}
    for built in folder.glob("*.ipynb"):
        if built.stem not in names:
            for path in folder.glob(f"{built.stem}.*"):
                path.unlink()


def write_public(entry: Entry, folder: Path) -> None:
    """`<folder>/assignment.json`: what students' own tools read of the registry."""
    text = json.dumps(entry.public(), indent=1, ensure_ascii=False) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / PUBLIC).exists() or (folder / PUBLIC).read_text(encoding="utf-8") != text:
        (folder / PUBLIC).write_text(text, encoding="utf-8")


def install(release: Path, folder: Path) -> str:
    """Copy a release into `folder`, but never over work: where the release changes a notebook that holds some, all of
    it goes into `folder`/new (or new-2, where there is work in that). Returns the name of that folder, or "".

    Expected values that agree within tolerance stay as they are: another processor rounds the last digit otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = sorted(path for path in release.iterdir() if path.is_file())
    places = (folder / name for name in itertools.chain(("", NEW), (f"{NEW}-{count}" for count in itertools.count(2))))
    for place in places:
        newer = [path for path in files if not _is_there(path, place / path.name)]  # all of them, while pairs are pairs
        if any(path.suffix == ".ipynb" and holds_work(place / path.name) for path in newer):
            continue
        place.mkdir(exist_ok=True)
        for path in newer:
            shutil.copyfile(path, place / path.name)
        return place.name if newer and place != folder else ""
    raise AssertionError("places do not end")


def _is_there(built: Path, target: Path) -> bool:
    """Is a release's file there as it is, but for what was written into it and for the last digits of numbers?"""
    if not target.exists():
        return False
    if target.read_bytes() == built.read_bytes() or data_agrees(built, target):
        return True
    return built.suffix == ".ipynb" and holds_work(target) and _made_from(built, target)


def _made_from(built: Path, target: Path) -> bool:
    """Has a notebook somebody works in every cell of this release? Ids stand for texts, checksums for answers."""

    def given(path: Path) -> set[tuple[str, str]]:
        cells = nbformat.read(path, as_version=4).cells
        return {(cell.get("id", ""), cell.metadata.get("nbgrader", {}).get("checksum", "")) for cell in cells}

    try:
        return given(built) <= given(target)
    except Exception:  # nothing can be said of it, so what is newer is offered
        return False


def data_agrees(one: Path, other: Path) -> bool:
    """Do the two files belong to notebook data that say the same, numbers within tolerance?"""
    if one.suffix not in (".json", ".safetensors"):
        return False
    from coursework.checks.notebook import Notebook

    try:
        data, again = Notebook(one.stem, one.parent).data, Notebook(other.stem, other.parent).data
    except (KeyError, ValueError):  # arrays that are not there, for the files are of two builds; or no data at all
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
    known = [(each.id, each.says) for each in check.mistakes]
    return check.points, check.parts, check.seeds, check.forbids, check.measured, known


def holds_work(path: Path) -> bool:
    """Is there anything in this student's notebook that a build did not put there: a text, an output?

    The build derives the ids of plain cells from their texts, and nbgrader keeps a checksum of each of the others.
    """
    from nbgrader.utils import compute_checksum

    if not path.exists():
        return False
    try:
        cells = nbformat.read(path, as_version=4).cells
    except Exception:  # a notebook that cannot be read may still hold somebody's work
        return True
    return any(
        cell.get("outputs")
        or cell.get("execution_count")
        or (
            cell.metadata.nbgrader.get("checksum") != compute_checksum(cell)
            if "nbgrader" in cell.metadata
            else not cell.get("id", "").startswith(plain_id(cell.source))
        )
        for cell in cells
    )


def hidden_seeds(assignment: str, notebook: str, root: Path = ROOT) -> list[int]:
    """The seeds of nbgrader's hidden tests, from the instructor's secret (secret.txt, made once)."""
    path = root / "secret.txt"
    if not path.exists():
        write_whole(path, secrets.token_hex(16) + "\n", mode=0o600)
    secret = path.read_bytes().strip()
    if not secret or not all(33 <= letter < 127 for letter in secret):
        raise SourceError(
            f"{path} must hold one line of plain letters and digits, and does not: delete it, and the next build makes "
            "a new one (hidden tests of stock nbgrader then have other seeds)"
        )
    digest = hashlib.sha256(f"{secret.decode()}/{assignment}/{notebook}".encode()).digest()
    return [10**6 + int.from_bytes(digest[4 * i : 4 * i + 4], "big") for i in range(HIDDEN_SEEDS)]


def _stamps(root: Path, assignment: str) -> Path:
    return root / "build" / "stamps" / assignment


def _stamp(folder: Path, root: Path) -> Path:
    return _stamps(root, folder.parent.name) / f"{folder.name}.sha256"


def _up_to_date(folder: Path, entry: Entry, root: Path) -> bool:
    built = root / "build" / "source" / entry.name / f"{folder.name}.ipynb"
    stamp = _stamp(folder, root)
    return stamp.exists() and built.exists() and stamp.read_text() == _fingerprint(folder, entry, root)


def _fingerprint(folder: Path, entry: Entry, root: Path) -> str:
    """Of all that the notebook is built from."""
    steps = _digest([*step_files(folder), root / "secret.txt"], root)
    return hashlib.sha256(f"{_packages(entry, root)}{steps}{entry.chains}".encode()).hexdigest()


def _cache(notebook: SourceNotebook, entry: Entry, root: Path):
    from .expected import Cache

    return Cache(root / "build" / "expected" / entry.name / notebook.name, _packages(entry, root))


def _packages(entry: Entry, root: Path) -> str:
    """A fingerprint of the code and data that all steps of an assignment run with."""
    code = _digest([path for pattern in _PACKAGES for path in sorted(ROOT.glob(pattern))], ROOT)
    return code + _digest([root / "data" / name for name in entry.data], root)


def _digest(paths: list[Path], root: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(root)}\0".encode() + (path.read_bytes() if path.exists() else b""))
    return digest.hexdigest()
