"""Running one check on one seed: the student's code runs here, and what it returned is frozen."""

from __future__ import annotations

import contextlib
import io
import random
import sys
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from coursework.marking.outcome import ForbiddenCall, Outcome

from .blank import NotAttempted
from .draw import Draw
from .freezing import freeze


def run_check(function: Callable[[Draw], Any], name: str, seed: int, jitter: float = 0.0) -> Outcome:
    """Run a check's function on one seed and freeze what it returned; never raises but for KeyboardInterrupt.

    Printing, warnings and stderr of the student's code are swallowed; the global random states, torch's default
    dtype and grad mode and matplotlib's open figures are as before afterwards.
    """
    with (
        _untouched_globals(seed),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        try:
            return Outcome(value=freeze(function(Draw(seed, name, jitter))))
        except KeyboardInterrupt:
            raise
        except NotAttempted:
            return Outcome(error="NotAttempted")
        except BaseException as error:  # SystemExit and friends are a student's mistake too
            return Outcome(error=type(error).__name__, message=_where(error), refused=_refused(error))


def _refused(error: BaseException) -> str:
    """The name that a guard refused; nothing of an exception that is only called like the guard's."""
    return error.name if type(error) is ForbiddenCall and isinstance(error.name, str) else ""


def _where(error: BaseException) -> str:
    """The exception's message, with the last line of a notebook cell it passed through."""
    try:
        message = str(error).strip()
    except Exception:
        message = ""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "ipykernel" in frame.filename or frame.filename.startswith("<")
    ]
    line = f' (at "{frames[-1].line.strip()}")' if frames and frames[-1].line else ""
    return (message[:300] + line).strip()


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
