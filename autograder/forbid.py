"""Names that an exercise asks students to write themselves: calling the library's own is refused while its check runs.

A guard is put into the function itself, not into its module, so that another name for it, a partial or a reference
taken earlier meets it as well. Its own package may go on using it. A pasted copy of the source is another function:
that is for the look-alike report, and for a human.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

_originals: dict[str, Callable] = {}
_refused: set[str] = set()


class ForbiddenCall(RuntimeError):
    """The exercise's own subject was called instead of written."""


def guard(names: list[str]) -> None:
    """Put guards into these functions and classes ("torchvision.ops.box_convert"); they let everybody pass so far."""
    for name in names:
        if name in _originals:
            continue
        module, _, attribute = name.rpartition(".")
        target = getattr(importlib.import_module(module), attribute)
        function = target.__init__ if isinstance(target, type) else target
        if isinstance(function, types.FunctionType) and not function.__code__.co_freevars:
            _guard_function(name, function)
        else:
            _guard_everywhere(name, target)


@contextlib.contextmanager
def refusing(names: list[str]) -> Iterator[None]:
    """While open, these names are refused to everybody but their own package."""
    _refused.update(names)
    try:
        yield
    finally:
        _refused.difference_update(names)


def gate(name: str, arguments: tuple, keywords: dict[str, Any]) -> Any:
    """What a guarded function does instead: refuse, or go on as before."""
    original = _originals[name]
    caller = sys._getframe(2).f_code.co_filename
    package = name.partition(".")[0]
    if name in _refused and f"/{package}/" not in caller:
        raise ForbiddenCall(f"{name} is what this exercise asks you to write yourself")
    return original(*arguments, **keywords)


def _guard_function(name: str, function: types.FunctionType) -> None:
    """Give the function object another body; every reference to it has it then."""
    _originals[name] = types.FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__
    )
    _originals[name].__kwdefaults__ = function.__kwdefaults__
    source = (
        "def guarded(*arguments, **keywords):\n"
        "    from autograder.forbid import gate\n"
        f"    return gate({name!r}, arguments, keywords)\n"
    )
    space: dict[str, Any] = {}
    exec(compile(source, "<guard>", "exec"), space)
    function.__code__ = space["guarded"].__code__


def _guard_everywhere(name: str, target: Callable) -> None:
    """A function in C has no body to change: put a stand-in wherever a module holds it."""
    _originals[name] = target

    def guarded(*arguments, **keywords):
        return gate(name, arguments, keywords)

    for module in list(sys.modules.values()):
        for attribute, value in list(getattr(module, "__dict__", {}).items()):
            if value is target:
                setattr(module, attribute, guarded)
