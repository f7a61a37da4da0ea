"""The installed copy of our packages that the sandbox sees: `detrlab` with its data and the runner's own modules.

A copy, so that neither the checkout with its solutions nor an edit in the middle of a run can be seen from inside.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

AUTOGRADER = Path(__file__).resolve().parent.parent
RUNNER = ("__init__.py", "bounded_json.py", "wire.py", "shell.py", "forbid.py", "keeper.py", "inside.py", "warm.py")


def install(folder: Path) -> None:
    """Copy what a notebook may import into `folder`, readable by any user."""
    package = Path(importlib.util.find_spec("detrlab").origin).resolve().parent
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(package, folder / "detrlab", ignore=skip)
    data = package.parent / "data"
    if not (package / "data").exists() and data.is_dir():  # a checkout keeps the data beside the package
        shutil.copytree(data, folder / "detrlab" / "data", ignore=skip)
    (folder / "autograder").mkdir()
    for name in RUNNER:
        shutil.copy(AUTOGRADER / name, folder / "autograder" / name)
    shutil.copytree(AUTOGRADER / "sandbox", folder / "autograder" / "sandbox", ignore=skip)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
