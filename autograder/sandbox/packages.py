"""The installed copy of our packages that the sandbox sees: `coursework`, `detrlab` with its data, and `inside/`.

A copy, so that neither the checkout with its solutions nor an edit in the middle of a run can be seen from inside.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from . import inside


def install(folder: Path) -> None:
    """Copy what a notebook may import into `folder`, readable by any user."""
    _copy("coursework", folder)
    library = _copy("detrlab", folder)
    data = library.parent / "data"
    if not (library / "data").exists() and data.is_dir():  # a checkout keeps the data beside the package
        shutil.copytree(data, folder / "detrlab" / "data")
    wall = folder.joinpath(*inside.__name__.split("."))
    shutil.copytree(Path(inside.__file__).parent, wall, ignore=shutil.ignore_patterns("__pycache__"))
    for package in wall.relative_to(folder).parents[:-1]:  # without these, another `autograder` on the path would win
        (folder / package / "__init__.py").touch()
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _copy(name: str, folder: Path) -> Path:
    """Copy an installed package; returns where it is installed."""
    found = importlib.util.find_spec(name)
    assert found is not None and found.origin is not None, f"{name} is a package of ours"
    package = Path(found.origin).resolve().parent
    shutil.copytree(package, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return package
