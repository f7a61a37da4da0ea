"""Running one check on one seed: the student's code runs here, and what it returned is frozen."""

from __future__ import annotations

import contextlib
import io
import random
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from coursework.marking.outcome import ForbiddenCall, Outcome
from coursework.marking.values import NOT_ATTEMPTED, Raised

from .draw import Draw
from .freezing import freeze, raised, stopped_by_itself, watching


def run_check(
    function: Callable[[Draw], Any], name: str, seed: int, jitter: float = 0.0, release: frozenset[str] = frozenset()
) -> Outcome:
    """Run a check's function on one seed and freeze what it returned; never raises but for KeyboardInterrupt.

    Printing, warnings and stderr of the student's code are swallowed; the global random states, torch's default
    dtype and grad mode and matplotlib's open figures are as before afterwards.

    `release`: the files of the cells that hold the setup and the check. Where a line of these stopped, and none of the
    student's, what the student's function gave was something else than asked: the check runs once more, to see it.
    """
    outcome = _run(function, name, seed, jitter, release, looks=False)
    if outcome.returned or stopped_by_itself(outcome.value):
        return _run(function, name, seed, jitter, release, looks=True)
    return outcome


def _run(
    function: Callable[[Draw], Any], name: str, seed: int, jitter: float, release: frozenset[str], *, looks: bool
) -> Outcome:
    with (
        _untouched_globals(seed),
        watching(release, looks=looks),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        draw = Draw(seed, name, jitter)
        try:
            value = freeze(function(draw))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit and friends are a student's mistake too
            found = raised(error)
            return Outcome(None, found.error, found.message, found.at, _refused(error), draw.named, found.returned)
    if _is_open(value):
        return Outcome(error=NOT_ATTEMPTED, letters=draw.named)
    return Outcome(value, letters=draw.named)


def _is_open(value: Any) -> bool:
    """Are all things that the check asked for (in `attempted`) still to be written?"""
    return isinstance(value, dict) and all(isinstance(item, Raised) and item.is_open for item in value.values() or [0])


def _refused(error: BaseException) -> str:
    """The name that a guard refused; nothing of an exception that is only called like the guard's."""
    return error.name if type(error) is ForbiddenCall and isinstance(error.name, str) else ""


@contextlib.contextmanager
def _untouched_globals(seed: int):
    from matplotlib import pyplot

    torch = sys.modules.get("torch")  # of a notebook that has no torch, nothing of it can change
    if torch:
        state, dtype, grad = torch.get_rng_state(), torch.get_default_dtype(), torch.is_grad_enabled()
        torch.manual_seed(seed)
    states = np.random.get_state(), random.getstate()
    figures = set(pyplot.get_fignums())
    np.random.seed(seed % 2**32)
    random.seed(seed)
    try:
        yield
    finally:
        if torch:
            torch.set_rng_state(state)
            torch.set_default_dtype(dtype)
            torch.set_grad_enabled(grad)
        np.random.set_state(states[0])
        random.setstate(states[1])
        for number in set(pyplot.get_fignums()) - figures:
            pyplot.close(number)
