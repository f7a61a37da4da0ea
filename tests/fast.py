"""Which tests are fast enough for `make check`: found from what a test uses, not marked by hand.

A test reaches what its fixtures and its body name: functions and classes of ours, followed from one to the next, and
packages of others. Fast is a test that reaches no browser, no sandbox, no training, no graded class, no run of a whole
notebook and no program outside this process. The one small class that is graded for all tests counts for none of them.
What is only reached through an argument or an attribute is not seen.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from functools import _lru_cache_wrapper, cache
from types import CodeType, FunctionType, ModuleType

import pytest

OURS = ("tests", "coursework", "detrlab", "autograder", "tools", "bench")
SLOW = {
    "subprocess",
    "multiprocessing",
    "nbclient",
    "playwright",
    "torch.optim",
    "autograder.build.in_process.run_notebook",
    "autograder.build.mutants.mutate_steps",
    "autograder.build.stock",
    "autograder.__main__.main",
    "autograder.grade.grade",
    "tests.grader_pool.shared_pool",
}
SHARED = {"tests.small_course._graded"}
SLOW_FIXTURES = {"browser", "sandbox", "landlock_6"}


def uses_the_browser(item: pytest.Item) -> bool:
    return "browser" in getattr(item, "fixturenames", ())


def is_fast(item: pytest.Item) -> bool:
    if not isinstance(item, pytest.Function) or SLOW_FIXTURES.intersection(item.fixturenames):
        return False
    fixtures = item._fixtureinfo.name2fixturedefs.values()
    return not any(_is_slow(function) for function in (item.function, *(found[-1].func for found in fixtures)))


def _is_slow(start: object) -> bool:
    """Does a function or class lead to one of the slow things?"""
    seen: set[int] = set()
    waiting = [start]
    while waiting:
        thing = inspect.unwrap(waiting.pop())
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        names, things = _named(thing)
        if names & SLOW:
            return True
        waiting += things
    return False


@cache
def _named(thing: object) -> tuple[frozenset[str], tuple[object, ...]]:
    """What one function or class of ours names: dotted names, and our functions and classes among them."""
    names: set[str] = set()
    things: list[object] = []
    for function in _functions(thing):
        for code in _codes(function.__code__):
            for found in _resolved(function.__globals__, code):
                if isinstance(found, ModuleType):
                    names |= _with_parents(found.__name__)
                elif isinstance(found, type | FunctionType | _lru_cache_wrapper):
                    name = f"{found.__module__}.{found.__qualname__}"
                    if name not in SHARED:
                        names |= _with_parents(name)
                        things.append(found)
    return frozenset(names), tuple(things)


def _functions(thing: object) -> Iterator[FunctionType]:
    if not str(getattr(thing, "__module__", "")).startswith(OURS):
        return
    if isinstance(thing, type):
        for part in vars(thing).values():
            part = getattr(part, "fget", None) or getattr(part, "func", None) or getattr(part, "__func__", part)
            if isinstance(found := inspect.unwrap(part) if callable(part) else part, FunctionType):
                yield found
    elif isinstance(thing, FunctionType):
        yield thing


def _codes(code: CodeType) -> Iterator[CodeType]:
    """A function's code and that of the functions inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _resolved(scope: dict[str, object], code: CodeType) -> Iterator[object]:
    """What a function's names stand for: global names, what is imported inside, and attributes of modules."""
    modules: list[ModuleType] = []
    package = scope.get("__package__")
    for name in code.co_names:
        places = (scope, *(vars(each) for each in reversed(modules)))
        found = next((place[name] for place in places if name in place), None)
        if found is None:
            found = sys.modules.get(name, sys.modules.get(f"{package}.{name}"))
        if isinstance(found, ModuleType):
            modules.append(found)
        if found is not None:
            yield found


def _with_parents(name: str) -> set[str]:
    parts = name.split(".")
    return {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
