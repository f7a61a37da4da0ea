"""`make demo` from end to end, and parity: stock nbgrader gives the marks that our runner and judge give."""

from __future__ import annotations

import contextlib
import html
import io
import warnings
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from autograder.build.in_process import run_notebook
from autograder.build.stock import Course
from autograder.course.seeds import VISIBLE_SEEDS
from autograder.course.source import read_source
from autograder.judge.mark import marks
from autograder.samples.fill_in import STUDENTS, model_answers
from coursework.marking.stored import StoredCheck
from tools import demo

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [read_source(path) for path in demo.ENTRY.notebooks]
SEEDS = [*VISIBLE_SEEDS, 900_011]


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
    assert len(paths) == 6 + 1 + len(STUDENTS) * len(SOURCES)
    assert all((ROOT / path).exists() for path in paths)


def test_stock_nbgrader_and_our_runner_give_the_same_marks(shown, tmp_path):
    course = Course(ROOT / "build" / "demo")
    for source in SOURCES:
        checks = {name: StoredCheck(cell.points, None, [], [], []) for name, cell in source.named("check").items()}
        runs = {}
        for student in STUDENTS:
            folder = tmp_path / student / source.name
            folder.mkdir(parents=True)
            handed_in = ROOT / "build" / "demo" / "submitted" / student / source.assignment / f"{source.name}.ipynb"
            code = [cell.source for cell in nbformat.read(handed_in, 4).cells if cell.cell_type == "code"]
            runs[student] = run_notebook(code, folder, SEEDS).outcomes
        for student, outcomes in runs.items():
            ours = marks(outcomes, runs["solves_everything"], checks)
            stock = course.marks(source.assignment, student)[source.name]
            assert {name: stock[name][0] for name in ours} == ours, (student, source.name)


def test_the_solved_homework_gets_every_automatic_point(shown):
    course = Course(ROOT / "build" / "demo")
    for cells in course.marks(demo.ENTRY.name, "solves_everything").values():
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
