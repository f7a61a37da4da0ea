"""Demonstrations: called only after a right check, shown whole or not at all; errors of files in their own words."""

import nbformat
import pytest

from autograder.build.in_process import runner
from coursework.checks.notebook import recording
from tests.coursework.checks.test_session import HALF, RIGHT, SYNTAX, Lab, make_release

SETUP = """
from matplotlib import pyplot as plt
from coursework import attempt

class WeightsError(RuntimeError):
    "as detrlab has one"

WeightsError.__module__ = "detrlab.weights"
"""
BLANK = "def corner(boxes_cxcywh):\n    return ____"


@pytest.fixture
def folder(tmp_path, tmp_path_factory):
    return make_release(tmp_path, tmp_path_factory.getbasetemp() / "built")


@pytest.fixture
def kernel(folder):
    with runner(folder) as kernel:
        texts = {cell.id: cell.source for cell in nbformat.read(folder / "small.ipynb", as_version=4).cells}
        kernel.texts = texts
        kernel.lab = Lab(kernel._shell, folder / "small.ipynb")
        kernel.lab.run("setup")
        kernel.run(SETUP)
        yield kernel


def said(run):
    """All that a cell shows, in order, texts alone."""
    assert run.error is None
    return [run.stdout, *(output.get("text/plain", "") for output in run.outputs)]


WAITS = "This appears once the check of Step 1 · Corners says Right: run the cell, its check, then this cell."
DEMO = "attempt(lambda: print('called'), after='corners')"


@pytest.mark.parametrize("mine", [BLANK, HALF, SYNTAX, None])
def test_a_demonstration_is_called_only_after_a_right_check(kernel, mine):
    if mine is not None:
        kernel.lab.run("corners-code", mine)
        kernel.lab.check()
    assert said(kernel.run(DEMO)) == ["", WAITS]


def test_it_waits_again_once_the_answer_ran_anew(kernel):
    kernel.lab.run("corners-code", RIGHT)
    assert said(kernel.run(DEMO)) == ["", WAITS]
    kernel.lab.check()
    assert said(kernel.run(DEMO)) == ["called\n"]
    kernel.lab.run("corners-code", f"{RIGHT}\n")
    assert said(kernel.run(DEMO)) == ["", WAITS]


def test_where_somebody_else_judges_it_is_called(kernel):
    kernel.lab.run("corners-code", HALF)
    with recording([5]):
        kernel.lab.check()
    assert said(kernel.run(DEMO)) == ["called\n"]


def test_a_misspelt_exercise_is_an_error(kernel):
    assert (
        "after names 'corner', which is no check of small: corners"
        in kernel.run("attempt(print, after='corner')").error
    )


@pytest.mark.parametrize(
    "show",
    [
        "lambda: print(____)",
        "lambda: print(f'the corner: {____}')",
        "lambda: (print('a header'), ____ + 1)",
        "lambda: (1, {'corner': [____]})",
        "lambda: (plt.plot([1, 2]), ____ + 1)",
    ],
)
def test_neither_a_blank_nor_half_a_demonstration_is_shown(kernel, show):
    assert said(kernel.run(f"attempt({show})")) == ["", "This appears once the steps above are filled in."]
    assert repr(kernel.namespace["____"]) == "____"


def test_what_is_whole_is_shown_and_returned(kernel):
    assert said(kernel.run("attempt(lambda: (print('a row'), 7)[1])")) == ["a row\n", "7"]
    shown = kernel.run("attempt(lambda: display({'text/html': '<b>a table</b>'}, raw=True))")
    assert shown.outputs == [{"text/html": "<b>a table</b>"}]


def test_a_figure_that_was_begun_is_closed(kernel):
    kernel.run("whole = plt.figure()\nattempt(lambda: (plt.figure(), ____ + 1))")
    assert len(kernel.namespace["plt"].get_fignums()) == 1


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("WeightsError('Run detrlab train.')", "Run detrlab train."),
        ("FileNotFoundError(2, 'No such file', 'a.png')", "[Errno 2] No such file: 'a.png'"),
        ("ModuleNotFoundError('No module named x')", "No module named x"),
        ("ValueError('7')", "This appears once the steps above are right (now: ValueError: 7)."),
    ],
)
def test_errors_that_are_no_answers_are_shown_in_their_own_words(kernel, error, sentence):
    kernel.run(f"def show():\n    raise {error}")
    assert said(kernel.run("attempt(show)")) == ["", sentence]
