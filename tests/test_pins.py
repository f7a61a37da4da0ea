"""Package lists agree: pyproject.toml, conda's environment, the pins that students get and those that tests need."""

from __future__ import annotations

import re
import tomllib

from tests.imports import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]


def package(requirement: str) -> tuple[str, str]:
    """Conda's name of a package, and its bound."""
    name, extra, bound = re.match(r"([A-Za-z0-9_.-]+)(\[\w+\])?(.*)", requirement).groups()
    return {"torch": "pytorch", "bleach[css]": "bleach-with-css"}.get(name + (extra or ""), name), bound


def pins(file: str) -> dict[str, str]:
    """Versions by package; no line holds an address or an option."""
    lines = (ROOT / file).read_text().splitlines()
    return dict(re.fullmatch(r"([a-z0-9.-]+)==(\S+)(?: ; .+)?", line).groups() for line in lines)


def named(requirements: list[str]) -> set[str]:
    return {re.match(r"[A-Za-z0-9_.-]+", requirement).group().lower() for requirement in requirements}


def test_conda_users_get_what_runs():
    wanted = {package(text) for text in PROJECT["dependencies"]} | {("python", PROJECT["requires-python"])}
    text = (ROOT / "environment.yml").read_text()
    listed = {package(line.strip()[2:]) for line in text.splitlines() if re.match(r"  - [a-z]", line)}
    assert listed - {("pip", ""), ("pip", ":"), ("conda-forge", "")} == wanted


def test_students_get_what_runs_and_no_tests():
    runs = pins("requirements.lock")
    assert named(PROJECT["dependencies"]) <= runs.keys()
    assert not named([name for extra in EXTRAS.values() for name in extra]) & runs.keys()


def test_tests_run_on_the_same_versions_with_all_extras():
    runs, tests = pins("requirements.lock"), pins("requirements-dev.lock")
    assert runs.items() <= tests.items()
    assert named([name for extra in EXTRAS.values() for name in extra]) <= tests.keys()


def test_each_makefile_installs_its_pins():
    ours, students = ("Makefile", "requirements-dev.lock"), ("autograder/build/handout/Makefile", "requirements.lock")
    for makefile, lock in (ours, students):
        text = (ROOT / makefile).read_text()
        assert re.findall(r"pip install .* -r (\S+)", text) == [lock]
        assert f"$(READY): {lock} " in text
