"""A demonstration of the student's own functions, which may not be written yet, or be wrong in any way.

    attempt(show_tokens, after="grid")

A wrong answer may ask a demonstration for a loop without end or for all memory, and neither can be interrupted. So a
demonstration names the exercises that it runs, and is called only where their checks were right in this kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from IPython.display import display
from IPython.utils.capture import capture_output

from coursework.marking.messages import say
from coursework.marking.verdict import WAITS

from . import sentences
from .blank import BLANK, NotAttempted, never_shown
from .notebook import opened

T = TypeVar("T")
_A_STUDENTS = ("builtins", "__main__", "numpy", "torch")  # where what a wrong answer raises is defined


class Waits(str):
    """The sentence that stands in a demonstration's place."""

    __repr__ = str.__str__


def attempt(show: Callable[[], T], *, after: str | Iterable[str] = ()) -> T | None:
    """Call `show` and return what it returns; where a step is not done yet, say so instead, and go on.

    after: the exercise, or the exercises, whose checks must be right in this kernel before `show` is called at all.
    Where somebody else judges (the build, a grader), it is called once these checks have run.

    What `show` prints and draws appears when it is through, so half a table is never shown, nor a blank in one.
    Raises ValueError for a name in `after` that is no check of the open notebook.
    """
    names = (after,) if isinstance(after, str) else tuple(after)
    if waiting := opened().waiting_for(names):
        display(Waits(sentences.say("waits_for", steps="; ".join(waiting))), metadata=WAITS)
        return None
    before = _open_figures()
    trouble: Exception | None = None
    try:
        with capture_output() as captured, never_shown():
            result = show()
            _ask_for_no_blank(result)
    except Exception as error:  # a wrong answer may break the demonstration in any way; its check says what is wrong
        trouble = error
    except BaseException:  # somebody ended it: what it had to say so far may tell why
        captured.show()
        raise
    if trouble is None:
        captured.show()
        return result
    _close_figures_but(before)
    if isinstance(trouble, NotAttempted):
        display(Waits(say("waits")), metadata=WAITS)
    elif _is_no_answers(trouble):
        display(Waits(str(trouble) or type(trouble).__name__))
    else:
        display(Waits(say("waits_wrong", error=f"{type(trouble).__name__}: {trouble}")), metadata=WAITS)
    return None


def _is_no_answers(error: Exception) -> bool:
    """Is it about a file, a package or weights that are missing, and says so itself?"""
    home = type(error).__module__.partition(".")[0]
    return isinstance(error, OSError | ImportError) or home not in _A_STUDENTS


def _ask_for_no_blank(result: Any) -> None:
    if result is BLANK:
        raise NotAttempted("a blank ____ is still to be filled in")
    if isinstance(result, dict):
        _ask_for_no_blank(list(result.values()))
    elif isinstance(result, list | tuple):
        for item in result:
            _ask_for_no_blank(item)


def _open_figures() -> set[int]:
    from matplotlib import pyplot

    return set(pyplot.get_fignums())


def _close_figures_but(kept: set[int]) -> None:
    """A figure that was begun would be drawn at the cell's end."""
    from matplotlib import pyplot

    for number in _open_figures() - kept:
        pyplot.close(number)
