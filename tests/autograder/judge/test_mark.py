"""Marks and outputs from a result that a stranger sent: finite points in range, outputs that show and do not act."""

import math

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from autograder.course.source import SourceNotebook
from autograder.intake.align import Aligned
from autograder.judge.mark import clean_output, mark
from autograder.judge.reference import Reference
from autograder.sandbox.job import FINISHED, CellResult, Result
from coursework.marking.messages import Note
from coursework.marking.outcome import Outcome
from coursework.marking.stored import KnownMistake, StoredCheck

CHECK = StoredCheck(3.0, None, [11, 12], [Outcome(1.0), Outcome(2.0)], [])
REFERENCE = Reference(SourceNotebook("n", "a"), {"c": (11, 12, 7, 8)}, {"c": [Outcome(3.0), Outcome(4.0)]})
TAGS = {"nbgrader": {"grade_id": "c", "grade": True, "solution": False, "locked": True, "points": 3}}


def marked(values, cells=(), ended=FINISHED):
    notebook = new_notebook(cells=[new_code_cell("x = 1"), new_code_cell("c()", metadata=TAGS)])
    outcomes = {"c": [Outcome(value) for value in values]} if values is not None else {}
    return mark(Aligned(notebook), Result(outcomes, list(cells), ended, 0, 0, ""), REFERENCE, {"c": CHECK})


@pytest.mark.parametrize(
    ("values", "points", "words"),
    [
        ([1.0, 2.0, 3.0, 4.0], 3.0, "Right."),
        ([1.0, 2.0, 3.0, 5.0], 0.0, "wrong on others"),
        ([1.0, 9.0, 3.0, 4.0], 3.0, "values differ"),  # the mark rests on fresh seeds alone
        ([3.0, 4.0], 0.0, "did not run"),  # the expected ones and no others: a forged count
        ([1.0, 2.0, 3.0, 4.0, 4.0], 0.0, "did not run"),
        ([1.0, 2.0, math.nan, 4.0], 0.0, "wrong on others"),
        (["3.0"] * 4, 0.0, "kind of value"),
        (None, 0.0, "did not run: the notebook ended its own process (exit code 3)"),
    ],
)
def test_points_rest_on_fresh_seeds_and_words_on_visible_ones(values, points, words):
    got = marked(values, ended=Note("ended_itself", {"code": 3}) if values is None else FINISHED)
    assert got.scores == {"c": points}
    (output,) = got.notebook.cells[1].outputs
    assert output.data["text/plain"] == str(points) and words in output.data["text/html"]
    nbformat.validate(got.notebook)


def test_calling_what_is_to_be_written_is_a_mistake_of_its_own():
    for refused, mistakes in (("f", {"c": ["c/called_instead"]}), ("", {})):  # "": an exception that is only called so
        forbidden = Outcome(error="ForbiddenCall", message="f may not be called here", refused=refused)
        result = Result({"c": [Outcome(1.0), Outcome(2.0), Outcome(3.0), forbidden]}, [], FINISHED, 0, 0, "")
        notebook = new_notebook(cells=[new_code_cell("c()", metadata=TAGS)])
        assert mark(Aligned(notebook), result, REFERENCE, {"c": CHECK}).mistakes == mistakes
    assert marked([1.0, 2.0, 3.0, 5.0]).mistakes == {}


def test_all_mistakes_that_a_check_shows_are_kept_by_id():
    right = [Outcome({"a": 1.5, "b": 2.5, "c": seed}) for seed in range(4)]
    known = [
        KnownMistake(f"c/{key}", f"Look at {key}.", [Outcome(run.value | {key: 0.25}) for run in right[:2]])
        for key in "ab"
    ]
    reference = Reference(REFERENCE.notebook, REFERENCE.seeds, {"c": right[2:]})
    check = StoredCheck(3.0, None, [11, 12], right[:2], known)
    both = [Outcome(run.value | {"a": 0.25, "b": 0.25}) for run in right]
    notebook = new_notebook(cells=[new_code_cell("c()", metadata=TAGS)])
    got = mark(Aligned(notebook), Result({"c": both}, [], FINISHED, 0, 0, ""), reference, {"c": check})
    assert got.mistakes == {"c": ["c/a", "c/b"]}
    assert got.verdicts["c"].lines[-2:] == ("It looks like this: Look at a.", "And like this: Look at b.")


def test_a_check_that_is_none_of_ours_gives_nothing():
    notebook = marked([1.0, 2.0, 3.0, 4.0]).notebook
    result = Result({"c": [Outcome(0.0)] * 4, "bonus": [Outcome(1.0)] * 4}, [], FINISHED, 0, 0, "")
    assert mark(Aligned(notebook), result, REFERENCE, {"c": CHECK}).scores == {"c": 0.0}


def test_results_for_cells_that_are_not_there_are_ignored():
    printed = [{"output_type": "stream", "name": "stdout", "text": "hi"}]
    got = marked([1.0, 2.0, 3.0, 4.0], [CellResult(i, "ok", printed) for i in (0, 1, 99, -1)])
    assert got.notebook.cells[0].outputs == [new_output("stream", name="stdout", text="hi")]
    assert got.notebook.cells[1].outputs[0].data["text/plain"] == "3.0"  # the check's own output is ours


@pytest.mark.parametrize(
    ("output", "kept"),
    [
        ({"output_type": "stream", "name": "stdout", "text": ["a", "b", 3]}, {"text": "ab", "name": "stdout"}),
        ({"output_type": "stream", "name": "stdwhat", "text": "a"}, None),
        ({"output_type": "error", "ename": 5, "evalue": "e", "traceback": "t"}, {"ename": "", "traceback": []}),
        ({"output_type": "display_data", "data": {"application/javascript": "x"}}, None),
        ({"output_type": "display_data", "data": []}, None),
        (
            {
                "output_type": "display_data",
                "data": {"image/png": "AA", "text/plain": "p\ud800", "x/y": "z"},
                "metadata": {"image/png": {"width": 5, "evil": []}, "k": 1},
            },
            {"data": {"image/png": "AA", "text/plain": "p?"}, "metadata": {"image/png": {"width": 5}}},
        ),
        ({"output_type": "update_display_data"}, None),
        ("text", None),
        (None, None),
    ],
)
def test_only_outputs_that_nbformat_knows_and_that_do_nothing_are_kept(output, kept):
    got = clean_output(output, 3)
    assert got is None if kept is None else {key: got[key] for key in kept} == kept
    if got is not None:
        cell = new_code_cell("", outputs=[got])
        nbformat.validate(new_notebook(cells=[cell]))
