"""The first code cell of every notebook: on Colab, say, it installs the library; where the library is, it does nothing.

It must work without the library, so it is text that the build puts into notebooks. What it installs is the course's
own zip (see release.py), which the student uploads: no name is looked up in an index, where anybody could register it.
"""

from __future__ import annotations

NAME = "detrlab-course"  # of the zip that students get (release.py makes it), and of its only folder

# Packages the library needs that Colab has not; the others are there, and replacing them would break its runtime.
NOT_ON_COLAB = ("anywidget", "jupytext")

_CELL = """\
# Where the library is installed, this cell does nothing. Elsewhere (on Colab) it takes it from the course's zip.
import importlib.util

if importlib.util.find_spec("detrlab") is None:
    import os
    import pathlib
    import shutil
    import subprocess
    import sys

    course, packed = pathlib.Path("{name}").absolute(), pathlib.Path("{name}.zip")
    if not course.exists():
        if not packed.exists():
            raise FileNotFoundError(f"Upload {{packed}} in the files panel on the left, then run this cell again.")
        shutil.unpack_archive(packed, ".")
    for what in (["--no-deps", str(course)], {packages}):
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *what], check=True)
    subprocess.run([sys.executable, "add_new.py"], cwd=course, check=True)  # as `make lab` does
    importlib.invalidate_caches()
    os.chdir(course / "notebooks" / "{assignment}")  # where this notebook's data lie, and your picture is kept
"""


def first_cell(assignment: str) -> str:
    """The cell's text for a notebook of that assignment."""
    return _CELL.format(name=NAME, assignment=assignment, packages=list(NOT_ON_COLAB)).rstrip()
