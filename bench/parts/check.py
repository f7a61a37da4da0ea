"""One notebook's marks: `autograder check FILE` against running the solution and that notebook once, unprotected."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import nbformat

from autograder.course.registry import SOLUTIONS, read_registry
from autograder.course.source import read_source
from autograder.samples.fill_in import fill_in, makes_known_mistakes
from bench.figure import ROOT, Figure

ROUNDS = 3
_ONCE = """
import sys
from pathlib import Path

import nbformat
import torch

from autograder.build.in_process import run_notebook
from autograder.course.source import read_source

torch.set_num_threads(1)
folder, notebook, work = map(Path, sys.argv[1:])
cells = [cell.source for cell in nbformat.read(notebook, 4).cells if cell.cell_type == "code"]
for code in ([cell.source for cell in read_source(folder).code()], cells):
    run_notebook(code, work, [11, 12, 900_007, 900_011, 900_019])
"""


def measure() -> dict[str, Figure]:
    """`check.wall_ratio` of the slowest notebook, of students with known mistakes; both sides in turns."""
    ratios = {}
    for entry in read_registry(SOLUTIONS):
        for folder in entry.notebooks:
            ratios[folder.name] = _ratio(folder, ROOT / "notebooks" / entry.name)
    slowest = max(ratios, key=lambda name: ratios[name][0])
    ratio, check_s, once_s = ratios[slowest]
    how = f"{slowest}: {check_s:.1f} s against {once_s:.1f} s of importing torch and running solution and student once"
    return {"check.wall_ratio": Figure(ratio, "x", "<= 1.3", how)}


def _ratio(folder: Path, release: Path) -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory() as place:
        notebook = Path(place) / f"{folder.name}.ipynb"
        answers = makes_known_mistakes(read_source(folder))
        nbformat.write(fill_in(nbformat.read(release / notebook.name, as_version=4), *answers), notebook)
        (Path(place) / "work").mkdir()
        checked = [sys.executable, "-m", "autograder", "check", str(notebook)]
        once = [sys.executable, "-c", _ONCE, str(folder), str(notebook), str(Path(place) / "work")]
        times: list[tuple[float, float]] = [(_wall_s(checked), _wall_s(once)) for _ in range(ROUNDS)]
    check_s, once_s = (median(side) for side in zip(*times, strict=True))
    return check_s / once_s, check_s, once_s


def _wall_s(command: list[str]) -> float:
    started = time.monotonic()
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore", "PYTHONPATH": str(ROOT)}
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=environment)
    return time.monotonic() - started
