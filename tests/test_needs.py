"""What is missing is skipped with its reason on a user's machine, and fails in CI; nothing else skips a test."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.needs import need_module, need_program

TESTS = Path(__file__).parent
WAYS_OUT = {"skip", "skipif", "importorskip", "xfail", "SkipTest", "skipTest", "skipUnless", "skipIf", "exit"}


def ways_out(path: Path) -> list[str]:
    """Where a file may take a test out of the run."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        pytests = isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("pytest", "pytest.mark", "unittest")
        named = isinstance(node, ast.ImportFrom) and node.module in ("pytest", "unittest", "_pytest.outcomes")
        names = [node.attr] if pytests else [each.name for each in node.names] if named else []
        found += [f"{path.name}:{node.lineno} {name}" for name in names if name in WAYS_OUT]
    return found


def test_no_other_file_skips():
    students = ("behaviours", "answers")  # notebooks, no tests
    files = [path for path in TESTS.rglob("*.py") if path.relative_to(TESTS).parts[0] not in students]
    assert [line for path in files if path.name not in ("needs.py", "test_needs.py") for line in ways_out(path)] == []
    assert ways_out(TESTS / "needs.py") != [], "the search would find one"


@pytest.mark.parametrize(
    "call", [lambda: need_program("no-such-tool", "no-package"), lambda: need_module("no_such_module")]
)
@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_what_is_missing_fails_in_ci_alone(call, ci, outcome, monkeypatch):
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match=r"no-such-tool is not on the PATH: apt-get install no-package|no_such_module"):
        call()


@pytest.mark.parametrize(("ci", "result"), [("true", "1 error"), ("", "1 skipped")])
def test_a_machine_without_chromium(ci, result, tmp_path):
    """From outside, in a session of its own with the real conftest and an empty PATH."""
    empty = {**os.environ, "CI": ci, "PATH": str(tmp_path), "PYTEST_ADDOPTS": "-p no:cacheprovider -rs"}
    test = f"{TESTS / 'detrlab' / 'explorer' / 'test_scripts.py'}::test_summary_of_a_map"
    command = [sys.executable, "-m", "pytest", test]
    done = subprocess.run(command, env=empty, cwd=TESTS.parent, capture_output=True, text=True)
    assert result in done.stdout and "apt-get install chromium" in done.stdout, done.stdout
