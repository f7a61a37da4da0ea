"""What a student and a class wait for: the slowest check, and the cells of the solved notebooks."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import nbformat

from autograder.build.build import HIDDEN_SEEDS
from autograder.build.in_process import run_notebook, runner
from autograder.course.registry import SOLUTIONS, read_registry
from autograder.course.source import SourceNotebook, read_source
from autograder.samples.fill_in import fill_in, model_answers
from bench.figure import ROOT, Figure

WHOLE_MODEL_S, CHECK_S, NOTEBOOK_S = 2.0, 0.5, 2.5


def measure() -> dict[str, Figure]:
    """`check.slowest_s`, `notebooks.slowest_s` and their mean, on the shipped notebooks with the solution filled in."""
    sources = [read_source(folder) for entry in read_registry(SOLUTIONS) for folder in entry.notebooks]
    checks: dict[str, float] = {}
    notebooks: dict[str, float] = {}
    for source in sources:
        release = ROOT / "notebooks" / source.assignment
        solved = fill_in(nbformat.read(release / f"{source.name}.ipynb", as_version=4), model_answers(source)[0], {})
        checks |= {
            f"{source.name}: {name}": seconds for name, seconds in check_seconds(source, solved, release).items()
        }
        notebooks[source.name] = graded_seconds(source, solved, release)
    slow = max(checks, key=checks.__getitem__)
    slowest = max(notebooks, key=notebooks.__getitem__)
    mean = sum(notebooks.values()) / len(notebooks)
    each = ", ".join(f"{name} {seconds:.2f}" for name, seconds in notebooks.items())
    over = [f"{name} {seconds:.2f}" for name, seconds in checks.items() if seconds > CHECK_S]
    return {
        "check.slowest_s": Figure(
            checks[slow], "CPU s", f"<= {WHOLE_MODEL_S}", f"{slow}; above {CHECK_S}: {', '.join(over) or 'none'}"
        ),
        "notebooks.slowest_s": Figure(
            notebooks[slowest], "CPU s", "", f"{slowest}, solved, {HIDDEN_SEEDS} fresh seeds"
        ),
        "notebooks.mean_s": Figure(mean, "CPU s", f"<= {NOTEBOOK_S}", f"imports aside; {each}"),
    }


def check_seconds(source: SourceNotebook, solved: nbformat.NotebookNode, release: Path) -> dict[str, float]:
    """CPU seconds of each check cell as a student runs it."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for path in release.glob(f"{source.name}.*"):
            shutil.copy(path, folder)
        with runner(Path(folder)) as kernel:
            for cell in solved.cells:
                if cell.cell_type == "code":
                    run = kernel.run(cell.source)
                    if cell.metadata.get("nbgrader", {}).get("grade"):
                        found[cell.metadata.nbgrader.grade_id] = run.cpu_seconds
    return found


def graded_seconds(source: SourceNotebook, solved: nbformat.NotebookNode, release: Path) -> float:
    """CPU seconds of all cells but the setup (imports), checks on fresh seeds."""
    code = [cell.source for cell in solved.cells if cell.cell_type == "code"]
    with tempfile.TemporaryDirectory() as folder:
        run = run_notebook(code, Path(folder), list(range(501, 501 + HIDDEN_SEEDS)))
    return sum(cell.cpu_seconds for cell, text in zip(run.cells, code) if "open_notebook(" not in text)
