"""The marker `fast` is found from what a test uses."""

from __future__ import annotations

import importlib
import subprocess
from functools import cache

import pytest

from tests import fast
from tests.small_course import graded_course


def starts_a_program():
    subprocess.run(["true"], check=True)


class Starter:
    @property
    def result(self):
        return starts_a_program()


@cache
def keeps_what_it_says():
    return starts_a_program()


def names_a_helper():
    return Starter


def names_it_inside():
    def inside():
        from tests.grader_pool import shared_pool

        return shared_pool()

    return inside


def names_nothing():
    return sorted([graded_course, 3, names_nothing])


@pytest.mark.parametrize("function", [starts_a_program, Starter, names_a_helper, names_it_inside, keeps_what_it_says])
def test_what_leads_to_another_program_is_slow(function):
    assert fast._is_slow(function)


@pytest.mark.parametrize("function", [names_nothing, len, pytest.raises])
def test_what_leads_nowhere_or_to_the_shared_class_is_fast(function):
    assert not fast._is_slow(function)


@pytest.mark.parametrize("name", sorted(fast.SLOW | fast.SHARED))
def test_each_slow_thing_is_there(name):
    """A name that was moved would make its tests fast without a word."""
    try:
        importlib.import_module(name)
    except ModuleNotFoundError:
        module, _, thing = name.rpartition(".")
        assert hasattr(importlib.import_module(module), thing)


def test_the_sandbox_and_the_browser_are_slow(request):
    marks = {item.nodeid: item.get_closest_marker("fast") is not None for item in request.session.items}
    assert marks[request.node.nodeid]
    for path, expected in (("sandbox/test_pool.py", False), ("browser/", False), ("test_values.py", True)):
        found = {fast for name, fast in marks.items() if path in name.partition("::")[0]}
        assert found <= {expected}, path
