"""Put a release's notebooks where a student works: what is missing is added, and nothing of theirs is ever replaced.

The zip holds `release/<assignment>/`, students work in `notebooks/<assignment>/`. What the student has not touched
becomes the newer one. Where there is work on what the release has changed, the whole newer assignment goes into
`notebooks/<assignment>/new/` (a notebook and its data belong together), and the start page says so. What was put where
is kept in `.released.json`. `make lab` runs this; it needs nothing but Python.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

KEPT = ".released.json"
NEW = "new"
START = "start.ipynb"


def add_new(release: Path, notebooks: Path) -> None:
    """Bring `notebooks` up to date with `release`, both folders with a folder per assignment."""
    for folder in sorted(path for path in release.iterdir() if path.is_dir()):
        _add(folder, notebooks / folder.name)
    _add_start(release / START, notebooks / START)


def _add(release: Path, home: Path) -> None:
    files = {path.relative_to(release).as_posix(): path for path in sorted(release.rglob("*")) if path.is_file()}
    sums = {name: _sum(path.read_bytes()) for name, path in files.items()}
    kept = _read(home / KEPT)
    put, offered = kept.get("put", {}), kept.get("offered")
    if offered == sums:
        return
    newer = [name for name in files if sums[name] != put.get(name)]
    theirs = [
        name
        for name in newer
        if (home / name).exists() and _sum((home / name).read_bytes()) not in (sums[name], put.get(name))
    ]
    if theirs:
        new, count = home / NEW, 1
        while new.exists():  # an earlier new one, which the student may work in
            count += 1
            new = home / f"{NEW}-{count}"
        for name, path in files.items():
            _write(new / name, path.read_bytes())
        _write(home / KEPT, json.dumps({"put": put, "offered": sums, "in": new.name}, indent=1).encode())
        return
    for name, path in files.items():
        if name in newer or not (home / name).exists():
            _write(home / name, path.read_bytes())
    if newer:
        _write(home / KEPT, json.dumps({"put": sums}, indent=1).encode())


def _add_start(release: Path, page: Path) -> None:
    """The start page is ours; where a student wrote in it (and not only ran it), theirs stays beside it."""
    data, kept = release.read_bytes(), page.with_name(KEPT)
    if page.exists():
        found = _sources(page.read_bytes())
        if found == _sources(data):
            return
        if found != _read(kept).get("start"):
            count = 1
            while (aside := page.with_name(f"start.yours-{count}.ipynb")).exists():
                count += 1
            page.replace(aside)
    _write(page, data)
    _write(kept, json.dumps({"start": _sources(data)}).encode())


def _sources(data: bytes) -> str:
    """A fingerprint of what the cells of a notebook say, whatever they put out."""
    try:
        return _sum(json.dumps(["".join(cell["source"]) for cell in json.loads(data)["cells"]]).encode())
    except (ValueError, KeyError, TypeError):
        return _sum(data)


def _read(path: Path) -> dict:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name.removeprefix('.')}.part")
    beside.write_bytes(data)
    beside.replace(path)


if __name__ == "__main__":
    add_new(Path("release"), Path("notebooks"))
