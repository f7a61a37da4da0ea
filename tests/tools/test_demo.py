"""`make demo` from end to end, and parity: without a sandbox stock nbgrader gives the marks that our grader gives."""

from __future__ import annotations

import contextlib
import dataclasses
import html
import io
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autograder.build.stock import Course
from autograder.course.places import project_places
from autograder.course.source import read_source
from autograder.samples.fill_in import STUDENTS, model_answers
from autograder.sandbox.levels import Level, SandboxUnavailable
from tests.grader_pool import needs_sandbox
from tools import demo, three_students

ROOT = Path(__file__).resolve().parents[2]
PLACES = project_places()
SOURCES = [read_source(path) for path in demo.ENTRY.notebooks]
ASSIGNMENT = demo.ENTRY.name


@pytest.fixture(scope="module")
def shown() -> str:
    """What the demonstration prints; it runs once for this file."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("default")  # nbgrader's own; our code is held to warnings-as-errors elsewhere
        assert demo.main() == 0
    return printed.getvalue()


def test_prints_marks_and_paths_that_exist(shown):
    for student in STUDENTS:
        assert student in shown
    paths = [line.split()[-1] for line in shown.splitlines() if line.strip().endswith((".png", ".html", ".db"))]
    assert len(paths) == 6 + 1 + len(STUDENTS) * (len(SOURCES) + 1)
    assert all((ROOT / path).exists() for path in paths)


@needs_sandbox
def test_our_own_grader_is_shown(shown):
    assert "Sandbox: namespaces" in shown and "stock nbgrader" not in shown
    assert "a person should look at stops_halfway" not in shown


def no_sandbox() -> Level:
    raise SandboxUnavailable("No sandbox on this machine: grade in a container.")


def test_where_no_sandbox_is_stock_nbgrader_gives_the_same_marks(shown, tmp_path, monkeypatch, capsys):
    student = "makes_known_mistakes"  # one, since stock nbgrader takes minutes for three
    monkeypatch.setattr(three_students, "STUDENTS", {student: STUDENTS[student]})
    monkeypatch.setattr(
        three_students, "class_places", lambda folder: dataclasses.replace(PLACES, submitted=folder / "submitted")
    )
    monkeypatch.setattr(demo, "found_level", no_sandbox)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        with demo.sandbox() as pool:
            three_students.grade_three(tmp_path, pool)
    said = capsys.readouterr().out
    assert "No sandbox on this machine: grade in a container." in said and "stock nbgrader runs and marks them" in said
    ours, stock = Course(ROOT / "build" / "demo"), Course(tmp_path)
    assert ours.marks(ASSIGNMENT, student) == stock.marks(ASSIGNMENT, student)


def test_the_solved_homework_gets_every_automatic_point(shown):
    course = Course(ROOT / "build" / "demo")
    for cells in course.marks(ASSIGNMENT, "solves_everything").values():
        assert all(points in (None, maximum) for points, maximum in cells.values())


def test_feedback_pages_show_sentences_and_no_hidden_value(shown):
    source = SOURCES[0]
    code = STUDENTS["makes_known_mistakes"](source)[0]
    # The class that puts the steps together equals no single mistake while steps of its own are wrong, too.
    wrong = [name for name, cell in model_answers(source)[0].items() if code[name] != cell and name != "short_detr"]
    page = (ROOT / "build/demo/feedback/makes_known_mistakes" / source.assignment / f"{source.name}.html").read_text()
    mistakes = [mistake for mistake in source.mistakes if mistake.exercise in wrong]
    sentences = [mistake.says for mistake in mistakes if code[mistake.exercise] == mistake.code]
    assert len(sentences) == len(wrong)
    text = html.unescape(page)
    assert [sentence for sentence in sentences if sentence not in text] == []


def test_the_readmes_picture_is_what_the_demo_draws(shown):
    drawn = Image.open(ROOT / "build" / "demo" / "scene" / "decoder.png").convert("RGB")
    kept = Image.open(ROOT / "docs" / "decoder.png").convert("RGB")
    assert kept.size == drawn.size
    # Fonts and processors move single pixels; another scene or another model moves whole regions.
    assert np.abs(np.asarray(kept, dtype=float) - np.asarray(drawn, dtype=float)).mean() < 3
