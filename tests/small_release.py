"""A student's course folder with one small notebook, as a release has it: for tests of the student's way."""

from __future__ import annotations

import copy
import io
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
from PIL import Image

from autograder.build.assemble import instructor_notebook, write_data
from autograder.build.build import write_public
from autograder.build.expected import run_reference
from autograder.course.preprocess import StripSolutions
from autograder.course.registry import read_entry
from autograder.course.source import read_source
from tests.small_source import SMALL, write

STEP_1 = "# # 1 · A small notebook\n#\n# ### Step 1 · Corners · 3 points · 8 min · ●●○○○"
STEP_2 = "# %% [markdown]\n# ### Step 2 · Why? · 2 points · 5 min · ●○○○○\n# **Criterion 2a.**\n\n"
WRITTEN = '# %% [markdown] written="why"'
STEPS = SMALL.replace("# # A small notebook", STEP_1).replace(WRITTEN, STEP_2 + WRITTEN)


@cache
def _built(folder: Path):
    source = read_source(write(folder, STEPS))
    return source, run_reference(source, [], lambda _: None)


def make_release(root: Path, built: Path) -> Path:
    """`root`/notebooks/00_small with small.ipynb and its data; `built` is a folder shared by a test session."""
    source, expected = _built(built)
    folder = root / "notebooks" / "00_small"
    folder.mkdir(parents=True)
    notebook = copy.deepcopy(instructor_notebook(source, expected, []))
    StripSolutions().preprocess(notebook, {})
    for cell in notebook.cells:
        cell.source = cell.source.partition("\n### BEGIN HIDDEN TESTS")[0]
    nbformat.write(notebook, folder / "small.ipynb")
    write_data(source, expected, folder)
    write_public(read_entry(built / "solutions" / "00_small"), folder)
    return folder


def answer(folder: Path, **sources: str) -> Path:
    """Put these texts into the cells of small.ipynb by grade id; returns its path."""
    path = folder / "small.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = sources.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
    nbformat.write(notebook, path)
    return path


RIGHT = "def corner(boxes_cxcywh):\n    return boxes_cxcywh[..., :2] - boxes_cxcywh[..., 2:] / 2"
HALF = "def corner(boxes_cxcywh):\n    return boxes_cxcywh[..., :2] - boxes_cxcywh[..., 2:]"


def photo(orientation=6):
    """A JPEG of 13 x 7 pixels, left half red and right half blue, to be turned, with a place in it."""
    pixels = np.zeros((7, 13, 3), np.uint8)
    pixels[:, :6, 0] = pixels[:, 6:, 2] = 255
    picture, exif, file = Image.fromarray(pixels), Image.Exif(), io.BytesIO()
    exif[0x0112], exif[0x010F] = orientation, "SECRETCAM"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    picture.save(file, "JPEG", exif=exif, comment=b"SECRETCAM")
    return file.getvalue()
