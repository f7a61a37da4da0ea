"""A student's progress: what is kept of tries, hints and points, when nothing is kept, and how the page shows it."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from coursework.checks.notebook import open_notebook, recording
from coursework.marking.hidden import pack_hidden
from coursework.progress import progress
from coursework.progress.course_map import CourseNotebook, GradedCell, Step, read_course
from coursework.progress.progress_page import ProgressPage
from tests.small_release import HALF, RIGHT, answer, make_release
from tests.small_source import SMALL

STUB = "def corner(boxes_cxcywh):\n    return ____"


@pytest.fixture
def folder(tmp_path, tmp_path_factory):
    return make_release(tmp_path, tmp_path_factory.getbasetemp() / "built")


def run_check(folder, code):
    """The check of the small notebook on an answer given as code, as its cells run it; and its hints."""
    blank, check, hint = open_notebook("small", folder)
    names = {"____": blank}
    exec(code, names)

    @check
    def corners(draw):
        return names["corner"](draw.boxes_cxcywh(5))

    return corners, hint


def kept(folder):
    return progress.read(folder)["small"]["corners"]


def test_tries_are_counted_up_to_the_first_right_answer(folder):
    for code, tries, points, state in [
        (STUB, 0, 0, "open"),  # an untouched blank is no try
        (HALF, 1, 0, "wrong"),
        ("def corner(b):\n    return 1 / 0", 2, 0, "wrong"),
        (RIGHT, 3, 3, "right"),
        (RIGHT, 3, 3, "right"),  # Run All
        (HALF, 3, 0, "wrong"),  # broken again: the points say so
    ]:
        run_check(folder, code)[0]()
        assert (kept(folder)["tries"], kept(folder)["points"], kept(folder)["state"]) == (tries, points, state)


def test_hints_are_kept_over_a_restart(folder):
    _, hint = run_check(folder, STUB)
    hint("corners"), hint("corners"), hint("nonsense")
    assert kept(folder)["hints"] == 2
    _, hint = run_check(folder, STUB)
    hint("corners")
    assert kept(folder)["hints"] == 2
    assert list(progress.read(folder)["small"]) == ["corners"]


def test_nothing_is_kept_when_a_grader_runs(folder, monkeypatch):
    corners, hint = run_check(folder, HALF)
    with recording([1]):
        corners(), hint("corners")
    assert not (folder / progress.PROGRESS).exists()
    corners.hidden(pack_hidden([], []))
    assert not (folder / progress.PROGRESS).exists()
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    corners(), hint("corners")
    assert not (folder / progress.PROGRESS).exists()


def test_nothing_is_kept_of_a_cell_with_hidden_tests(folder):
    """An instructor runs build/source by hand: that folder must stay free of files, nbgrader copies them on."""
    from autograder.build.in_process import runner

    code = SMALL.split('check="corners" points=3')[1].split("# %%")[0] + "\ncorners()\n"
    with runner(folder) as kernel:
        kernel.run('from coursework import open_notebook\n____, check, hint = open_notebook("small")')
        kernel.run(RIGHT)
        kernel.namespace["In"].append(code + "corners.hidden('')")
        kernel.run(code)
        assert not (folder / progress.PROGRESS).exists()
        kernel.namespace["In"].append(code)
        kernel.run(code)
    assert kept(folder)["points"] == 3


def test_a_check_works_where_nothing_can_be_kept(folder):
    corners, _ = run_check(folder, RIGHT)
    (folder / progress.PROGRESS).mkdir()  # nothing can replace a folder, whoever runs this
    assert repr(corners()) == "3.0"
    assert [path.name for path in folder.iterdir() if path.name.startswith(f"{progress.PROGRESS}.")] == []
    (folder / progress.PROGRESS).rmdir()
    for damaged in (
        "",
        "[]",
        '{"notebooks": {"small": [1, 2]}}',
        '{"notebooks": {"small": {"corners": {"tries": "x"}}}}',
    ):
        (folder / progress.PROGRESS).write_text(damaged)
        assert repr(corners()) == "3.0" and kept(folder)["points"] == 3


def test_a_change_waits_for_another_notebook_and_then_lets_go(folder):
    import fcntl

    corners, _ = run_check(folder, RIGHT)
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    assert repr(corners()) == "3.0" and not (folder / progress.PROGRESS).exists()
    os.close(handle)
    corners()
    assert kept(folder)["points"] == 3


def test_the_map_is_read_from_the_notebooks(folder):
    (notebook,) = read_course(folder.parent)
    found = (notebook.path, notebook.title, notebook.points, notebook.minutes)
    assert found == ("00_small/small.ipynb", "1 · A small notebook", 5, 13)
    assert [(step.title, step.minutes, [cell.name for cell in step.cells]) for step in notebook.steps] == [
        ("Step 1 · Corners", 8, ["corners"]),
        ("Step 2 · Why?", 5, ["why"]),
    ]
    assert notebook.steps[1].cells[0].written and not notebook.steps[1].cells[0].answered
    (folder / "damaged.ipynb").write_text("{")
    said = json.loads((folder / "assignment.json").read_text())
    (folder / "assignment.json").write_text(json.dumps({**said, "notebooks": ["damaged", "missing", "small"]}))
    assert len(read_course(folder.parent)) == 1


def test_a_heading_below_a_step_belongs_to_it_and_one_beside_it_does_not(tmp_path):
    def graded(name, points):
        return {
            "cell_type": "code",
            "source": "",
            "metadata": {"nbgrader": {"grade": True, "grade_id": name, "points": points}},
        }

    def prose(text):
        return {"cell_type": "markdown", "source": text, "metadata": {}}

    cells = [
        prose("# Title\n## Part A"),
        prose("### Step 1 · One · 2 points · 5 min"),
        prose("#### A figure"),
        graded("one", 2),
        prose("#### Another figure"),
        graded("more", 1),
        prose("### The whole chain"),
        graded("chain", 0),
    ]
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "q.ipynb").write_text(json.dumps({"cells": cells}))
    said = {"title": "A", "order": 1, "notebooks": ["q"], "kept": []}
    (tmp_path / "a" / "assignment.json").write_text(json.dumps(said))
    (notebook,) = read_course(tmp_path)
    assert [(step.title, step.points) for step in notebook.steps] == [("Step 1 · One", 3), ("The whole chain", 0)]
    assert "The whole chain: –" in repr(progress.show_progress(tmp_path))


def test_the_page_shows_points_tries_hints_and_what_is_next(folder):
    page = progress.show_progress(folder.parent)
    assert "Next: Step 1 · Corners (about 8 minutes)" in repr(page)
    heading = json.loads((folder / "small.ipynb").read_text())["cells"][0]["id"]
    html = page._repr_html_()
    assert "once it is open, the same link goes to the step" in html
    assert f'href="00_small/small.ipynb#cell-id={heading}"' in html and "0 of 3 points" in html
    corners, hint = run_check(folder, HALF)
    corners(), hint("corners")
    assert "✗ Step 1 · Corners: 0 / 3" in repr(progress.show_progress(folder.parent))
    run_check(folder, RIGHT)[0]()
    page = progress.show_progress(folder.parent)
    assert "✓ Step 1 · Corners: 3 / 3" in repr(page) and "Next: Step 2 · Why? (about 5 minutes)" in repr(page)
    answer(folder, why="Because <b>.")
    page = progress.show_progress(folder.parent)
    assert "1 of 1 texts written" in repr(page) and "Everything here is done" in repr(page)
    assert page._repr_html_().count("<tr") == 3


def test_titles_are_no_html_on_the_page():
    step = Step("Boxes <b> & 'more'", 5, "cell-id=a", [GradedCell("boxes", 2)])
    html = ProgressPage([CourseNotebook("a b/q.ipynb", "<i>Q</i>", [step])], {})._repr_html_()
    assert "<b>" not in html and "<i>" not in html and html.count("Boxes &lt;b&gt; &amp; &#39;more&#39;</a>") == 2
    assert (
        html.count('href="a%20b/q.ipynb#cell-id=a"') == 2 and "Next: <a " in html and "</a> (about 5 minutes)" in html
    )


def test_only_a_page_that_is_shown_waits_for_its_template():
    code = "import sys; from coursework import show_progress; page = show_progress(); repr(page)\n"
    code += "assert 'jinja2' not in sys.modules; page._repr_html_(); assert 'jinja2' in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_progress_can_be_deleted(folder):
    run_check(folder, RIGHT)[0]()
    assert progress.forget_progress(folder.parent) == "Your progress is deleted."
    assert not (folder / progress.PROGRESS).exists() and progress.read(folder) == {}
    assert progress.forget_progress(folder.parent) == "No progress was kept here."


def test_an_empty_folder_says_so(tmp_path):
    assert "No notebook of the course" in repr(progress.show_progress(tmp_path))


def test_solutions_are_shown_only_where_the_sources_are(folder, tmp_path_factory):
    from coursework import solution

    _, hint = run_check(folder, STUB)
    assert "not here" in solution("corners").data
    for _ in range(4):
        last = hint("corners").data
    assert "solution(" not in last
    shutil.copytree(tmp_path_factory.getbasetemp() / "built" / "solutions", folder.parent.parent / "solutions")
    shown = solution("corners").data
    assert "boxes_cxcywh[..., 2:] / 2" in shown and "SOLUTION" not in shown
    assert kept(folder)["solution_seen"] and "solution seen" in progress.show_progress(folder.parent)._repr_html_()
    assert "given by their centre" in solution("why").data
    assert "its exercises are: corners, why" in solution("nonsense").data
    assert "solution('corners')" in hint("corners").data


def test_the_kept_file_holds_numbers_only(folder):
    run_check(folder, HALF)[0]()
    text = (folder / progress.PROGRESS).read_text()
    assert set(json.loads(text)["notebooks"]["small"]["corners"]) == set(progress.NEW)
    assert "boxes" not in text
