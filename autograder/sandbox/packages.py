"""What the sandbox gives notebooks: our packages, the data that an assignment names, and what is imported before.

Our packages, `coursework`, `detrlab` and `inside/`, are a copy, as the data are.

A copy, so that neither the checkout with its solutions nor an edit in the middle of a run can be seen from inside.
"""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import inside

OURS = ("coursework", "detrlab")


@dataclass(frozen=True)
class Needs:
    """What an assignment's notebooks need: packages that the warm process imports, and files of data/."""

    packages: tuple[str, ...] = ()
    data: tuple[str, ...] = ()


NOTHING = Needs()


def install(folder: Path, data: tuple[str, ...]) -> None:
    """Copy our packages and these files of data/ into `folder`, readable by any user."""
    for name in OURS:
        _copy(name, folder)
    (folder / "data").mkdir()
    for name, path in data_files(data).items():
        shutil.copyfile(path, folder / "data" / name)
    wall = folder.joinpath(*inside.__name__.split("."))
    shutil.copytree(Path(inside.__file__).parent, wall, ignore=shutil.ignore_patterns("__pycache__"))
    for package in (wall.parent, wall.parent.parent):  # else an installed autograder would be found before this one
        (package / "__init__.py").touch()
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def data_files(names: tuple[str, ...]) -> dict[str, Path]:
    """Where these files of data/ lie; raises FileNotFoundError where one does not."""
    library = _installed(OURS[-1])
    # An installed library has its data in it; a checkout keeps them beside the package, and so does the sandbox.
    places = (library / "data", library.parent / "data")
    found = {}
    for name in names:
        path = next((place / name for place in places if (place / name).is_file()), None)
        if path is None:
            raise FileNotFoundError(2, "the assignment names a file of data/ that is not there", f"data/{name}")
        found[name] = path
    return found


def _installed(name: str) -> Path:
    found = importlib.util.find_spec(name)
    assert found is not None and found.origin is not None, f"{name} is a package of ours"
    return Path(found.origin).resolve().parent


def _copy(name: str, folder: Path) -> None:
    package = _installed(name)

    def left_out(place: str, names: list[str]) -> set[str]:
        return {"__pycache__", "data"} if Path(place) == package else {"__pycache__"}

    shutil.copytree(package, folder / name, ignore=left_out)
