"""Names that an exercise asks students to write themselves: calling the library's own is refused while its check runs.

A guard is put into the function itself, not into its module, so that another name for it, a partial or a reference
taken earlier meets it as well. Two kinds of code may go on calling it, by its name: that of its own package, and the
functions of a locked setup cell when the check itself asks them. Both are known by their code, not by the file it
claims to come from. A pasted or reloaded copy of the source is another function: that is for the look-alike report,
and for a human.
"""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import sys
import types
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from detrlab.checks import run_check
from detrlab.marking.messages import say

_originals: dict[str, Callable] = {}
_refused: set[str] = set()
_setup: set[types.CodeType] = set()  # of locked cells that hold no check
_release: set[types.CodeType] = set()  # of these and of the checks


class ForbiddenCall(RuntimeError):
    """The exercise's own subject was called instead of written."""


def guard(names: list[str]) -> None:
    """Put guards into these functions, methods and classes ("torchvision.ops.box_convert"); all may pass so far."""
    for name in names:
        if name in _originals:
            continue
        target = pkgutil.resolve_name(name)
        function = target.__init__ if isinstance(target, type) else target
        if isinstance(function, types.FunctionType):
            _guard_function(name, function)
        else:
            _guard_everywhere(name, target)


def trust(source: str, *, is_check: bool) -> None:
    """A locked cell of the release is about to run: its functions are not the student's."""
    with contextlib.suppress(SyntaxError):  # IPython's own syntax: nobody is trusted then
        codes = _codes_in(source, "<cell>")
        _release.update(codes)
        _setup.update(() if is_check else codes)


@contextlib.contextmanager
def refusing(names: list[str]) -> Iterator[None]:
    """While open, these names are refused to the student's code."""
    _refused.update(names)
    try:
        yield
    finally:
        _refused.difference_update(names)


def gate(name: str, arguments: tuple, keywords: dict[str, Any]) -> Any:
    """What a guarded function does instead: refuse, or go on as before."""
    if name in _refused and not _may_call(name, sys._getframe(2)):
        raise ForbiddenCall(say("forbidden", name=name))
    return _originals[name](*arguments, **keywords)


def _may_call(name: str, frame: types.FrameType) -> bool:
    """By its name: what calls whatever it is given (a transform, `attempt`) speaks for the one who gave it."""
    if name.rpartition(".")[2] not in frame.f_code.co_names:
        return False
    return _is_of_package(frame.f_code, name.partition(".")[0]) or _the_check_asks(frame)


def _is_of_package(code: types.CodeType, package: str) -> bool:
    home = Path(importlib.import_module(package).__file__).parent
    return code.co_filename.startswith(f"{home}/") and code in _codes_of(code.co_filename)


def _the_check_asks(frame: types.FrameType) -> bool:
    """Is this a function of a setup cell, with nothing but the release's own code between it and the check's run?"""
    if frame.f_code not in _setup:
        return False
    caller: types.FrameType | None = frame
    while caller is not None and caller.f_code in _release:
        caller = caller.f_back
    return caller is not None and caller.f_code is run_check.__code__


@cache
def _codes_of(file: str) -> set[types.CodeType]:
    """All code that stands in an installed file (a name that no file has: none)."""
    try:
        return _codes_in(Path(file).read_text(encoding="utf-8"), file)
    except (OSError, ValueError, SyntaxError):
        return set()


def _codes_in(source: str, file: str) -> set[types.CodeType]:
    """Code objects of a text and of all functions in it; they are equal where text and line are, whatever the file."""
    found, new = set(), [compile(source, file, "exec", dont_inherit=True)]
    while new:
        code = new.pop()
        found.add(code)
        new += [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return found


def _guard_function(name: str, function: types.FunctionType) -> None:
    """Give the function object another body; every reference to it has it then."""
    original = types.FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    original.__kwdefaults__ = function.__kwdefaults__
    _originals[name] = original
    function.__dict__.pop("__wrapped__", None)  # of a decorated function: a way around the guard
    free = ", ".join(function.__code__.co_freevars)  # Python wants as many of them in the new body as in the old
    source = (
        f"def with_closure({free}):\n"
        "    def guarded(*arguments, **keywords):\n"
        "        from autograder.forbid import gate\n"
        f"        return gate({name!r}, arguments, keywords)\n"
        f"        {free}\n"
        "    return guarded\n"
    )
    space: dict[str, Any] = {}
    exec(compile(source, "guard", "exec"), space)
    guarded = space["with_closure"](*function.__code__.co_freevars)
    function.__code__ = guarded.__code__


def _guard_everywhere(name: str, target: Callable) -> None:
    """A function in C has no body to change: put a stand-in wherever a module holds it."""
    _originals[name] = target

    def guarded(*arguments, **keywords):
        return gate(name, arguments, keywords)

    for module in list(sys.modules.values()):
        for attribute, value in list(getattr(module, "__dict__", {}).items()):
            if value is target:
                setattr(module, attribute, guarded)
