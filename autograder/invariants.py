"""What a notebook's checks say must hold (`@check.must`), as functions: for the tutor's words, never for points.

They are the instructor's own code, asked in this process about values that came as plain data.
"""

from __future__ import annotations

import tempfile
import types
from pathlib import Path

from detrlab.marking.feedback import Invariant

from .source import SourceNotebook


def read_invariants(notebook: SourceNotebook) -> dict[str, list[Invariant]]:
    """The invariants of every check; runs the setup and the checks on no seed, and imports what they import."""
    from detrlab.checks import recording

    from .run import runner

    with tempfile.TemporaryDirectory() as folder, runner(Path(folder)) as kernel, recording([]):
        for cell in notebook.code():
            if cell.kind in ("setup", "check"):
                kernel.run(cell.source)
        found = {name: kernel.namespace.get(name) for name in notebook.named("check")}
        return {name: _kept(check.invariants) for name, check in found.items() if check is not None}


def _kept(invariants: list[Invariant]) -> list[Invariant]:
    """The functions with a namespace of their own: the runner empties its one when it closes."""
    return [
        (sentence, types.FunctionType(f.__code__, dict(f.__globals__), f.__name__, f.__defaults__, f.__closure__))
        for sentence, f in invariants
    ]
