"""The keeper of forbidden functions: it holds the library's own and decides, call by call, who may still use them.

The keeper is an audit hook, which Python can neither list nor take away, and autograder.sandbox.inside.guards loads this file apart
from every module that a notebook can name. A guarded function has another body, which only asks the keeper. So another
name for it, a partial or a reference taken earlier meets the guard as well, and no module, closure or constant leads
from there to the original. A module of the library that is loaded late, again, or as a copy is guarded when it is.

Two kinds of code may go on calling a forbidden function, by its name: that of its own package, and the functions of a
locked setup cell when the check itself asks them. Both are known by their code, not by the file it claims to come from.

It is no wall, since it stands in the student's own process: whoever climbs from frame to frame up to the runner, or
writes the library's lines down anew, has the function. autograder.review.suspects and autograder.review.copies point a person there.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from importlib import _bootstrap as importing
from importlib.machinery import SourceFileLoader
from os import getpid
from sys import _getframe, addaudithook, audit
from types import CodeType, FrameType, FunctionType
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from coursework.checks.notebook import Check
from coursework.checks.running import run_check
from coursework.marking.messages import say

SEARCHES = ("gc.get_objects", "gc.get_referrers", "gc.get_referents")  # they lead to what no name leads to


class Keeper:
    """Keeps the functions of these names; only the frame `owner` may say what is refused, and whom to trust."""

    def __init__(self, names: list[str], owner: FrameType, refusal: type[Exception], key: str):
        self._names, self._owner, self._refusal, self._key = names, owner, refusal, key
        self._originals: dict[str, Callable] = {}
        self._bodies: dict[CodeType, str] = {}  # of the guards; the name that each stands for
        self._codes: dict[CodeType, str] = {}  # of the originals
        self._lines: dict[tuple, str] = {}  # the same, wherever these lines stand
        self._refused: set[str] = set()
        self._process = getpid()
        self._setup: set[CodeType] = set()  # of locked cells that hold no check
        self._release: set[CodeType] = set()  # of these and of the checks
        self._in_locked_cell = False
        packages = {name.partition(".")[0] for name in names} | {"IPython"}
        self._homes = {package: _home(package) for package in packages}
        self._files: dict[str, set[CodeType]] = {}  # all code that stands in a file
        self._run_check, self._asking = run_check.__code__, set(_within(Check.__call__.__code__))
        self._run_cell, self._load = InteractiveShell.run_code.__code__, importing._call_with_frames_removed.__code__

    def watch(self) -> None:
        """From now on, and to the end of the process."""
        acts: dict[str, Callable] = {
            f"{self._key}.call": self._call,
            f"{self._key}.refuse": self._refuse,
            f"{self._key}.trust": self._trust,
            f"{self._key}.loaded": self._loaded,
            "function.__new__": self._made_of,
            "code.__new__": self._made_of_bytes,
            "object.__setattr__": self._given,
            "exec": self._executed,
        }

        def hook(event: str, arguments: tuple) -> None:
            if event in acts:
                acts[event](*arguments)
            elif event in SEARCHES and _is_running(self._owner):
                raise self._refusal(say("forbidden", name=event))

        self._guard_all()
        addaudithook(hook)
        _tell_what_is_loaded(f"{self._key}.loaded")

    # ------------------------------------------------------------- what the runner says
    def _refuse(self, names: list[str]) -> None:
        if _getframe(3) is self._owner:  # below this frame, the hook's and that of `Guards`
            self._refused, self._in_locked_cell = set(names), False

    def _trust(self, source: str, is_check: bool) -> None:
        if _getframe(3) is not self._owner:
            return
        self._in_locked_cell = True
        try:
            codes = set(_within(compile(source, "<cell>", "exec", dont_inherit=True)))
        except (SyntaxError, ValueError):  # IPython's own syntax: nobody is trusted then
            return
        self._release |= codes
        self._setup |= set() if is_check else codes

    # ------------------------------------------------------------- somebody calls a guarded function
    def _call(self, name: str, arguments: tuple, keywords: dict[str, Any], came: list) -> None:
        guard = _getframe(2)
        meant = self._bodies.get(guard.f_code) == name  # or somebody else asks in the guard's words
        if not meant or (self._is_refused(name) and not self._may_call(name, guard.f_back)):
            self._say_no(name)
        came.append(self._originals[name](*arguments, **keywords))

    def _is_refused(self, name: str) -> bool:
        """By this name or by another one that it has; always in another process, which nobody tells what is asked."""
        if getpid() != self._process:
            return True
        return any(self._originals.get(other) is self._originals[name] for other in self._refused)

    def _may_call(self, name: str, frame: FrameType | None) -> bool:
        """By its name: what calls whatever it is given (a transform, `attempt`) speaks for the one who gave it."""
        if frame is None or name.rpartition(".")[2] not in frame.f_code.co_names:
            return False
        return self._is_of_package(frame.f_code, name.partition(".")[0]) or self._the_check_asks(frame)

    def _is_of_package(self, code: CodeType, package: str) -> bool:
        file = code.co_filename
        if not file.startswith(self._homes[package]):
            return False
        if file not in self._files:
            self._files[file] = _codes_of(file)
        return code in self._files[file]

    def _the_check_asks(self, frame: FrameType) -> bool:
        """Is this a function of a setup cell, with only the release's own code from there up to the locked cell that
        runs the check?"""
        if not self._in_locked_cell or frame.f_code not in self._setup:
            return False
        ran = _above(frame, self._release)
        if ran is None or ran.f_code is not self._run_check:
            return False
        cell = _above(ran.f_back, self._asking)
        above = [] if cell is None else _up_to(cell.f_back, self._owner)
        # IPython runs it, and no cell runs another one (as a student's function could have IPython do).
        return self._run_cell in above[:1] and self._run_cell not in above[1:]

    # ------------------------------------------------------------- guards
    def _guard_all(self) -> None:
        """What nobody has imported yet has its turn when somebody does."""
        for name in self._names:
            target = _imported(name)
            function = target.__init__ if isinstance(target, type) else target
            if isinstance(function, FunctionType):
                self._guard(name, function)
            elif target is not None and name not in self._originals:
                self._stand_in(name, target)

    def _guard(self, name: str, function: FunctionType) -> None:
        """Give the function object another body; every reference to it has it then."""
        if other := self._bodies.get(function.__code__):
            self._originals.setdefault(name, self._originals[other])
            return
        if name not in self._originals:
            original = FunctionType(
                function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
            )
            original.__kwdefaults__ = function.__kwdefaults__
            code = _undecorated(function).__code__
            self._originals[name], self._codes[code], self._lines[_lines_of(code)] = original, name, name
        function.__dict__.pop("__wrapped__", None)  # of a decorated function: a way around the guard
        function.__code__ = self._body(name, function.__code__.co_freevars)

    def _stand_in(self, name: str, target: Callable) -> None:
        """A function in C has no body to change: put a stand-in wherever a module holds it."""
        self._originals[name] = target
        guard = FunctionType(self._body(name, ()), {})
        for module in list(sys.modules.values()):
            for attribute, value in list(getattr(module, "__dict__", {}).items()):
                if value is target:
                    setattr(module, attribute, guard)

    def _body(self, name: str, free: tuple[str, ...]) -> CodeType:
        """A body that asks the keeper; Python wants as many free variables in it as in the one it replaces."""
        source = (
            f"def with_closure({', '.join(free)}):\n"
            "    def guarded(*arguments, **keywords):\n"
            "        ask, came = 'ask', []\n"
            f"        ask('{self._key}.call', {name!r}, arguments, keywords, came)\n"
            "        return came[0]\n"
            f"        {', '.join(free)}\n"
            "    return guarded\n"
        )
        space: dict[str, Any] = {}
        exec(compile(source, "guard", "exec"), space)
        code = space["with_closure"](*free).__code__
        # sys.audit itself, not its name, which a notebook could give to something else.
        code = code.replace(co_consts=tuple(audit if constant == "ask" else constant for constant in code.co_consts))
        self._bodies[code] = name
        return code

    def _loaded(self, module: Any) -> None:
        """A module was executed: perhaps one that was awaited, or a guarded one again, or a copy of its file."""
        self._guard_all()
        for function in _functions_of(module):
            if name := self._codes.get(_undecorated(function).__code__):
                self._guard(name, function)

    # ------------------------------------------------------------- an original's code makes no second function
    def _made_of(self, code: Any) -> None:
        if isinstance(code, CodeType) and (name := self._lines.get(_lines_of(code))):
            self._say_no(name)

    def _given(self, target: Any, attribute: str, value: Any = None) -> None:
        if attribute == "__code__":
            self._made_of(value)

    def _made_of_bytes(self, code: bytes, *_: Any) -> None:
        for lines, name in self._lines.items():
            if code == lines[1]:
                self._say_no(name)

    def _executed(self, code: Any) -> None:
        """Of a text. A module may hold these lines (it is guarded then), and so may a cell, as a right answer."""
        asks = _getframe(2).f_code
        if asks is self._run_cell or asks is self._load or not isinstance(code, CodeType):
            return
        for part in _within(code):
            if _lines_of(part) in self._lines and not self._is_of_package(asks, "IPython"):
                self._made_of(part)

    def _say_no(self, name: str) -> None:
        raise self._refusal(say("forbidden", name=name))


def _is_running(frame: FrameType) -> bool:
    """Has the runner not returned yet? (A frame that runs cannot be cleared.)"""
    try:
        frame.clear()
    except RuntimeError:
        return True
    return False


def _tell_what_is_loaded(event: str) -> None:
    """Each module that is loaded from a file, whatever its name, is shown to the keeper."""
    basics = SourceFileLoader.__mro__[-2]  # of source and of compiled files
    load = basics.exec_module

    def exec_module(self: Any, module: Any) -> None:
        load(self, module)
        audit(event, module)

    basics.exec_module = exec_module


def _imported(name: str) -> Any:
    """What a dotted name stands for, or None as long as its module is not imported."""
    parts = name.split(".")
    for count in range(len(parts) - 1, 0, -1):
        found = sys.modules.get(".".join(parts[:count]))
        if found is not None:
            for part in parts[count:]:
                found = getattr(found, part, None)
            return found
    return None


def _functions_of(module: Any) -> Iterator[FunctionType]:
    for value in list(vars(module).values()):
        within = list(vars(value).values()) if isinstance(value, type) else [value]
        yield from (each for each in within if isinstance(each, FunctionType))


def _undecorated(function: FunctionType) -> FunctionType:
    wrapped = getattr(function, "__wrapped__", None)
    return wrapped if isinstance(wrapped, FunctionType) else function


def _above(frame: FrameType | None, codes: set[CodeType]) -> FrameType | None:
    """The first frame, from this one upwards, that runs none of these."""
    while frame is not None and frame.f_code in codes:
        frame = frame.f_back
    return frame


def _up_to(frame: FrameType | None, last: FrameType) -> list[CodeType]:
    """The code of this frame and of those above it, below `last`; none where that is not among them."""
    codes = []
    while frame is not None and frame is not last:
        codes.append(frame.f_code)
        frame = frame.f_back
    return codes if frame is last else []


def _home(package: str) -> str:
    file = getattr(importlib.import_module(package), "__file__", None)
    return file.rpartition("/")[0] + "/" if file else "\0"  # math has no file: it calls nothing by a name


def _codes_of(file: str) -> set[CodeType]:
    """All code that stands in an installed file (a name that no file has: none)."""
    try:
        with open(file, "rb") as opened:
            return set(_within(compile(opened.read(), file, "exec", dont_inherit=True)))
    except (OSError, ValueError, SyntaxError):
        return set()


def _within(code: CodeType) -> Iterator[CodeType]:
    """This code and that of all functions in it. Code is equal where text and line are, whatever the file."""
    new = [code]
    while new:
        yield (code := new.pop())
        new += [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _lines_of(code: CodeType) -> tuple:
    """What stays the same when the same lines are compiled elsewhere."""
    constants = tuple(constant for constant in code.co_consts if not isinstance(constant, CodeType))
    return code.co_name, code.co_code, code.co_names, code.co_varnames, constants
