"""A course in which students hand in what they trained: a line of two numbers, so that all is derived and quick.

The line is to be 2 x. Measured is 1 less the mean distance from it, at least 0: with the right slope and a bias of b
that is 1 - |b| for any draw, and a line that nobody trained (|slope| <= 1) is nowhere near a half.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import nbformat
import torch
from safetensors.torch import save

from autograder.build.assemble import instructor_notebook, write_data
from autograder.build.build import prove_registered, write_public
from autograder.build.expected import run_reference
from autograder.course.assignment import load_assignment
from autograder.course.places import Places, places_from
from autograder.course.registry import read_entry
from autograder.course.source import read_source
from tests.small_course import config

NAME, NOTEBOOK, FILE = "04_lines", "line", "my_line.safetensors"
OPENS = "# %%\n# %run -i 00_open.py\n\n"
REGISTERED = """\
title = "Lines"
order = 4
packages = ["torch", "safetensors.torch"]
kept = ["my_line.*"]

[chains]
my_line = ["twice"]
"""
OPENING = '''# %% [markdown]
# # Lines

# %% setup
import torch
from coursework import kept, open_notebook

____, check, hint = open_notebook("line")


def line():
    """A line that nobody has trained."""
    return torch.nn.Linear(1, 1)
'''
STEP = '''# %% exercise="twice"
def doubled(x):
    """What the line is to be."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% check="twice" points=1
@check
def twice(draw):
    return doubled(draw.normal(5))

# %% [raw] hints="twice"
# 1. It doubles.
# 2. Multiply.
# 3. 2 * x

# %% [raw] mistake="twice/half"
# This halves.
# ---
# def doubled(x):
#     return x / 2

# %% [raw] mistake="twice/square"
# This squares.
# ---
# def doubled(x):
#     return x**2

# %%
def train():
    print("training ...")
    trained = line()
    trained.load_state_dict({"weight": torch.tensor([[2.0]]), "bias": torch.tensor([0.0])})
    return trained


mine = kept("my_line.safetensors", train, line())

# %% check="my_line" points=3 trained="my_line.safetensors"
@check(model=line, steps=[(0.5, 1), (0.9, 3)])
def my_line(draw, model):
    x = draw.normal(30, 1)
    return max(0.0, 1 - (model(x) - doubled(x)).abs().mean().item())
'''


def weights(slope: float = 2.0, bias: float = 0.0) -> bytes:
    """A file that fits."""
    return save({"weight": torch.tensor([[slope]]), "bias": torch.tensor([bias])})


def write(root: Path, step: str = STEP, opening: str = OPENING, registered: str = REGISTERED) -> Path:
    """The sources; returns the notebook's folder."""
    folder = root / "solutions" / NAME / NOTEBOOK
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "00_open.py").write_text(opening, encoding="utf-8")
    (folder / "01_line.py").write_text(OPENS + step, encoding="utf-8")
    (folder.parent / "assignment.toml").write_text(registered, encoding="utf-8")
    return folder


@cache
def _built() -> Path:
    root = Path(tempfile.mkdtemp(prefix="trained-course-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    source, entry = read_source(write(root)), read_entry(root / "solutions" / NAME)
    prove_registered(entry, root)
    expected = run_reference(source, [77], lambda _: None, entry.chains)
    folder = places_from(config(), root).source / NAME
    folder.mkdir(parents=True)
    nbformat.write(instructor_notebook(source, expected, [77]), folder / f"{NOTEBOOK}.ipynb")
    write_data(source, expected, folder)
    write_public(entry, folder)
    return root


def make_course(root: Path) -> Places:
    """The built course in `root`; returns its places."""
    shutil.copytree(_built(), root, dirs_exist_ok=True)
    return places_from(config(), root)


RIGHT = {"twice_code": "def doubled(x):\n    return x + x"}


def hand_in(places: Places, student: str, file: bytes | None, answers: dict[str, str] = RIGHT, more: str = "") -> None:
    """A submission: the notebook with these answers by grade id, `more` in the cell that trains, and the file."""
    notebook = load_assignment(places, NAME).releases[NOTEBOOK]
    for cell in notebook.cells:
        cell.source = answers.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
        if cell.source.startswith("def train()"):
            cell.source += more
    folder = places.submitted / student / NAME
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{NOTEBOOK}.ipynb")
    if file is not None:
        (folder / FILE).write_bytes(file)
