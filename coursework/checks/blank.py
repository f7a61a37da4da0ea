"""`____`, the blank a student fills in.

A blank may be returned, stored or assigned to a module's attribute without harm, so an untouched notebook runs
from top to bottom. Doing anything else with it raises `NotAttempted`, which a check reports as "not attempted"
rather than as a mistake.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from IPython.display import display

from coursework.marking.messages import say
from coursework.marking.verdict import WAITS

T = TypeVar("T")


class NotAttempted(Exception):
    """Raised where the value of a blank `____` is needed."""


class Blank:
    """The sentinel behind `____`; there is one, `BLANK`."""

    def __repr__(self) -> str:
        return "____"

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        # torch asks any argument that has this method first, so torch.softmax(____) ends here, not in a TypeError.
        raise NotAttempted("a blank ____ is still to be filled in")

    def __getattr__(self, name: str):
        # IPython and copy probe for such names; a blank must answer "I have none" to them.
        if name.startswith("_"):
            raise AttributeError(name)
        self._refuse()

    def _refuse(self, *_args, **_kwargs):
        raise NotAttempted("a blank ____ is still to be filled in")

    __call__ = __getitem__ = __setitem__ = __iter__ = __len__ = __bool__ = __float__ = __int__ = __index__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __floordiv__ = __rfloordiv__ = __matmul__ = __rmatmul__ = __pow__ = __rpow__ = __mod__ = __rmod__ = _refuse
    __neg__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __array__ = __enter__ = __exit__ = _refuse


BLANK = Blank()


def attempt(show: Callable[[], T]) -> T | None:
    """Call `show`, a demonstration of the student's own functions; where a step is not done yet, say so and go on."""
    try:
        return show()
    except NotAttempted:
        waits = Waits(say("waits"))
    except Exception as error:  # a wrong answer may break the demonstration in any way; its check says what is wrong
        waits = Waits(say("waits_wrong", error=f"{type(error).__name__}: {error}"))
    display(waits, metadata=WAITS)
    return None


class Waits(str):
    """The sentence that stands in a demonstration's place."""

    __repr__ = str.__str__
