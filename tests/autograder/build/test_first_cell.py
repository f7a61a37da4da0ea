"""The first cell: it does nothing where the library is, and installs the course's own zip where it is not."""

import importlib.util
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder.build.first_cell import first_cell
from autograder.build.release import NAME
from autograder.course.places import ROOT

ASSIGNMENT = "02_other"
RELEASE = {
    "add_new.py": (ROOT / "autograder" / "build" / "handout" / "add_new.py").read_text(),
    f"release/{ASSIGNMENT}/q1_build.json": "{}",
    "release/start.ipynb": "{}",
}


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """An empty place without the library, where pip is only written down: [its arguments]."""
    commands, real = [], subprocess.run

    def run(command, check, cwd=None):
        return commands.append((command, check)) if cwd is None else real(command, check=check, cwd=cwd)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.chdir(tmp_path)
    return commands


def test_where_the_library_is_nothing_happens(tmp_path, monkeypatch):
    monkeypatch.setattr(subprocess, "run", None)
    monkeypatch.setattr(shutil, "unpack_archive", None)
    before = set(sys.modules)
    exec(first_cell(ASSIGNMENT), {})
    assert set(sys.modules) == before


def test_without_the_zip_it_says_what_to_upload(installed):
    with pytest.raises(FileNotFoundError, match=f"Upload {NAME}.zip"):
        exec(first_cell(ASSIGNMENT), {})
    assert installed == []


def test_the_zip_is_unpacked_and_installed_and_the_data_are_here(installed, tmp_path):
    with zipfile.ZipFile(tmp_path / f"{NAME}.zip", "w") as archive:
        for name, data in RELEASE.items():
            archive.writestr(f"{NAME}/{name}", data)
    exec(first_cell(ASSIGNMENT), {})
    assert Path("q1_build.json").exists() and Path.cwd() == tmp_path / NAME / "notebooks" / ASSIGNMENT
    pip = [sys.executable, "-m", "pip", "install", "--quiet"]
    assert installed == [
        ([*pip, "--no-deps", str(tmp_path / NAME)], True),
        ([*pip, "anywidget", "jupytext"], True),
    ]


def test_a_second_run_does_not_unpack_over_ones_work(installed, tmp_path):
    (tmp_path / NAME / "notebooks" / ASSIGNMENT).mkdir(parents=True)
    mine = tmp_path / NAME / "notebooks" / ASSIGNMENT / "q1_build.json"
    mine.write_bytes(b"mine")
    for name, data in RELEASE.items():
        (tmp_path / NAME / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / NAME / name).write_text(data)
    exec(first_cell(ASSIGNMENT), {})
    assert len(installed) == 2 and mine.read_bytes() == b"mine"


def test_no_address_and_no_magic_is_in_it():
    cell = first_cell(ASSIGNMENT)
    assert "://" not in cell and not re.search(r"^\s*[%!]", cell, re.MULTILINE)
