"""Runs a notebook's code cells in this process, one after the other, as a kernel would: IPython, inline figures.

This is the quick runner behind the build, the tests and (inside a sandbox) the grader. It decides nothing: under
`coursework.recording` the checks return outcomes, and `autograder.judge.mark` compares them elsewhere.
"""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from IPython.core.displayhook import DisplayHook
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from coursework.checks.notebook import recording
from coursework.marking.outcome import Outcome


@dataclass(frozen=True)
class CellRun:
    """What one cell did: the exception's type and message if any, printed text, display outputs, CPU seconds."""

    error: str | None
    stdout: str
    stderr: str
    outputs: list
    cpu_seconds: float


class _Results(DisplayHook):
    """Keeps what a cell ends in as a notebook's output would (text, HTML, image), instead of printing it."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.shown: list[dict] = []

    def __call__(self, result=None):
        if result is not None and not self.quiet():
            self.shown.append(self.shell.display_formatter.format(result)[0])


class Runner:
    """A notebook kernel's state within this process; use `runner(folder)` to open and close one."""

    def __init__(self, shell: InteractiveShell):
        self._shell = shell

    def run(self, source: str) -> CellRun:
        """Run one cell; an exception ends the cell, not the run."""
        started = time.process_time()
        with capture_output() as captured:
            result = self._shell.run_cell(source, store_history=False)
        error = result.error_before_exec or result.error_in_exec
        text = f"{type(error).__name__}: {error}" if error is not None else None
        outputs = [output.data for output in captured.outputs] + self._shell.displayhook.shown
        self._shell.displayhook.shown = []
        return CellRun(text, captured.stdout, captured.stderr, outputs, time.process_time() - started)

    @property
    def namespace(self) -> dict:
        return self._shell.user_ns


@contextmanager
def runner(folder: Path) -> Iterator[Runner]:
    """A fresh namespace whose working directory is `folder`; what it changed in this process is put back."""
    import matplotlib
    from matplotlib import pyplot
    from matplotlib_inline.backend_inline import configure_inline_support

    before = os.getcwd(), sys.modules["__main__"], list(sys.path), matplotlib.get_backend()
    os.chdir(folder)
    matplotlib.use("module://matplotlib_inline.backend_inline")
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(colors="nocolor", displayhook_class=_Results)
    shell.history_manager.enabled = False
    configure_inline_support(shell, "module://matplotlib_inline.backend_inline")
    try:
        yield Runner(shell)
    finally:
        pyplot.close("all")
        shell.atexit_operations()
        atexit.unregister(shell.atexit_operations)  # it may not run twice
        shell.restore_sys_module_state()
        InteractiveShell.clear_instance()
        os.chdir(before[0])
        sys.modules["__main__"] = before[1]
        sys.path[:] = before[2]
        matplotlib.use(before[3])


@dataclass
class NotebookRun:
    """What a whole notebook did: outcomes of its checks by name, the errors of its cells, and its CPU seconds."""

    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)
    cells: list[CellRun] = field(default_factory=list)

    @property
    def cpu_seconds(self) -> float:
        return sum(cell.cpu_seconds for cell in self.cells)


def run_notebook(sources: list[str], folder: Path, seeds: list[int]) -> NotebookRun:
    """Run code cells in order in `folder`; the checks among them run on `seeds` and only return outcomes."""
    with runner(folder) as kernel, recording(seeds) as outcomes:
        cells = [kernel.run(source) for source in sources]
    return NotebookRun(outcomes, {i: cell.error for i, cell in enumerate(cells) if cell.error}, cells)
