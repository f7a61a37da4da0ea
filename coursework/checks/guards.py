"""Names that an exercise asks students to write themselves: plain use of the library's own is refused, with a sentence.

A guard stands wherever the library's package holds the function, so another name for it, a star import, a partial,
`getattr` or a reference taken earlier meets it as well. Two kinds of code may still call it, by its name, while it is
refused: the library's own modules, on a student's behalf, and the functions of a locked setup cell that a check asks.

This is for honest work: it says at once what is not wanted here, in the student's notebook and where it is graded. It
runs in the student's own process, where nothing can be kept from somebody who wants it; `autograder.review.suspects`
points a person to whoever goes round it.
"""

from __future__ import annotations

import functools
import inspect
import operator
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from coursework.marking.outcome import ForbiddenCall

from . import freezing, running

RUNS_CHECKS = running.__name__
_KERNELS = "torch.ops."
ASKS_PARTS = freezing.__name__  # its `attempted` calls what a check gives it


class Guards:
    """Guards in these functions, methods and classes ("torchvision.ops.box_convert") for the rest of the process.

    All may pass until `refuse` is called. Raises ImportError or AttributeError for a name that stands for nothing.
    """

    def __init__(self, names: Iterable[str]):
        self._refused: frozenset[str] = frozenset()
        self._setup: set[str] = set()  # files of locked cells that hold no check
        self._release: set[str] = set()  # of these and of the checks
        self._names: dict[int, set[str]] = {}  # of each guard, by its id: a function may have several
        stand_ins: dict[int, tuple[Any, Callable[..., Any]]] = {}  # by the original's id
        names = sorted(names, key=_is_kernel)  # a kernel is there once its package is imported
        for name in names:
            inside, _, leaf = name.rpartition(".")
            owner = pkgutil.resolve_name(inside)
            found: Any = getattr(owner, leaf)
            if id(found) in self._names:  # another name of what is guarded already
                self._names[id(found)].add(name)
            elif isinstance(found, type):
                found.__init__ = self._guard(name, found.__init__)  # type: ignore[misc]  # no instance: the class itself
            elif isinstance(owner, type) or _is_kernel(name):
                setattr(owner, leaf, self._guard(name, found))
            elif id(found) in stand_ins:
                self._names[id(stand_ins[id(found)][1])].add(name)
            else:
                stand_ins[id(found)] = found, self._guard(name, found)
        _put_in_place(stand_ins, {_package(name) for name in names})

    def refuse(self, names: Iterable[str]) -> None:
        """From here on these names, and no others, are refused to the student's code."""
        self._refused = frozenset(names)

    def trust(self, file: str, *, is_check: bool) -> None:
        """A locked cell of the release, whose code stands in `file` by its own account: its functions are ours."""
        self._release.add(file)
        if not is_check:
            self._setup.add(file)

    def _guard(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        names = {name}

        @functools.wraps(function)
        def guard(*arguments: Any, **keywords: Any) -> Any:
            if (refused := names & self._refused) and not self._may_call(names, sys._getframe(1)):
                raise ForbiddenCall(min(refused))
            return function(*arguments, **keywords)

        guard.__dict__.pop("__wrapped__", None)
        with suppress(TypeError, ValueError):  # a function in C may have none
            guard.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]  # a function takes any
        self._names[id(guard)] = names
        return guard

    def _may_call(self, names: set[str], caller: FrameType) -> bool:
        """By its name: what calls whatever it is given (a transform, `attempt`) speaks for the one who gave it."""
        if not {name.rpartition(".")[2] for name in names}.intersection(caller.f_code.co_names):
            return False
        package = str(caller.f_globals.get("__name__")).partition(".")[0]
        return package in {_package(name) for name in names} or self._a_check_asks(caller)

    def _a_check_asks(self, caller: FrameType) -> bool:
        """Is this a function of a setup cell, with only the release's own code between it and what runs checks?"""
        frame: FrameType | None = caller
        while frame is not None and (
            frame.f_code.co_filename in self._release or frame.f_globals.get("__name__") == ASKS_PARTS
        ):
            frame = frame.f_back
        asked = frame is not None and frame.f_globals.get("__name__") == RUNS_CHECKS
        return asked and caller.f_code.co_filename in self._setup


class InANotebook:
    """The same in a student's notebook, for as long as a check runs. What is not imported is not refused.

    Nothing is imported for it, since some of it takes seconds: what the answer itself imports is found afterwards, and
    the check has to run again.

    `setup` is the file of the setup cell, by its own account.
    """

    def __init__(self, setup: str):
        self._setup = setup
        self._guarded: frozenset[str] = frozenset()
        self._guards: list[Guards] = []

    @contextmanager
    def refusing(self, names: Iterable[str], check: Callable[..., Any]) -> Iterator[None]:
        """While open, the student's code may not call what these names stand for, and `check` may."""
        names = frozenset(filter(_is_imported, names))
        if not names <= self._guarded:
            self._guards.append(Guards(names - self._guarded))
            self._guards[-1].trust(self._setup, is_check=False)
            self._guarded |= names
        for guards in self._guards:
            guards.trust(check.__code__.co_filename, is_check=True)
            guards.refuse(names)
        try:
            yield
        finally:
            for guards in self._guards:
                guards.refuse(())

    def missed(self, names: Iterable[str]) -> bool:
        """Is one of these names imported by now that had no guard when the check ran?"""
        return any(_is_imported(name) for name in names if name not in self._guarded)


def _is_imported(name: str) -> bool:
    """Is what it stands for there, without importing anything? It may be a method of a class of a module."""
    inside = name.rpartition(".")[0]
    module = inside if inside in sys.modules else inside.rpartition(".")[0]
    if module not in sys.modules:
        return False
    try:
        operator.attrgetter(name[len(module) + 1 :])(sys.modules[module])
    except AttributeError:
        return False
    return True


def _is_kernel(name: str) -> bool:
    """Is it a function in C that a package registers with torch ("torch.ops.torchvision.nms")?"""
    return name.startswith(_KERNELS)


def _package(name: str) -> str:
    """The package of what a name stands for."""
    return name.removeprefix(_KERNELS).partition(".")[0]


def _put_in_place(stand_ins: dict[int, tuple[Any, Callable[..., Any]]], packages: set[str]) -> None:
    """In each module of the packages that holds an original, and in the notebook itself, the guard takes its place."""
    packages = packages | {"__main__"}
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] in packages]
    for module in modules if stand_ins else ():
        for attribute, value in list(getattr(module, "__dict__", {}).items()):
            if id(value) in stand_ins:
                setattr(module, attribute, stand_ins[id(value)][1])
            elif type(value) is dict and not attribute.startswith("__"):  # torchvision looks functions' kernels up
                for original, guard in stand_ins.values():
                    if original in value:
                        value[guard] = value[original]
