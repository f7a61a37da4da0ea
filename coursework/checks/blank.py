"""`____`, the blank a student fills in.

A blank may be returned, stored or assigned to a module's attribute without harm, so an untouched notebook runs
from top to bottom. Doing anything else with it raises `NotAttempted`, which a check reports as "not attempted"
rather than as a mistake.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


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


@contextmanager
def never_shown() -> Iterator[None]:
    """While open, a blank cannot be printed either: it raises `NotAttempted`."""
    before, Blank.__repr__ = Blank.__repr__, Blank._refuse  # type: ignore[method-assign]
    try:
        yield
    finally:
        Blank.__repr__ = before  # type: ignore[method-assign]
