"""What a kernel remembers of a notebook's cells: stale answers are not judged, `hint()` knows the exercise above."""

import os
import time

import nbformat
import pytest

from autograder.build.in_process import runner
from coursework.hand_in.run import run_notebook
from tests.small_release import HALF, RIGHT, answer, make_release

SYNTAX = RIGHT.replace("return", "retrun")


class Lab:
    """A kernel as JupyterLab asks it: each cell by its id, with the text that the front end has."""

    def __init__(self, shell, path):
        self._shell = shell
        self._texts = {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells}

    def run(self, cell_id, source=None):
        """Run a cell, as it is in the file or with another text."""
        self._shell.run_cell(self._texts[cell_id] if source is None else source, store_history=False, cell_id=cell_id)

    def check(self):
        """The verdict that the check's cell ends in."""
        self.run("corners", self._texts["corners"].replace("\ncorners()", "\nverdict = corners()"))
        return self._shell.user_ns["verdict"]

    def hint(self, cell_id="somewhere-new", name=""):
        self.run(cell_id, f"said = hint({name})")
        return self._shell.user_ns["said"].data


@pytest.fixture
def folder(tmp_path, tmp_path_factory):
    return make_release(tmp_path, tmp_path_factory.getbasetemp() / "built")


@pytest.fixture
def lab(folder):
    with runner(folder) as kernel:
        opened = Lab(kernel._shell, folder / "small.ipynb")
        opened.run("setup")
        yield opened


def test_an_answer_that_did_not_run_is_not_judged_by_what_was_there_before(lab):
    lab.run("corners-code", RIGHT)
    assert lab.check().state == "right"
    lab.run("corners-code", SYNTAX)
    verdict = lab.check()
    assert (repr(verdict), verdict.state) == ("0.0", "wrong")
    assert verdict.title.startswith("The cell above did not run: its last run stopped with SyntaxError: invalid syntax")
    lab.run("setup")  # opening the notebook once more forgets nothing
    assert lab.check().state == "wrong"
    lab.run("corners-code", RIGHT)
    assert lab.check().state == "right"


def test_an_answer_that_stops_before_its_definition_is_not_judged_and_one_that_stops_below_it_is(lab):
    lab.run("corners-code", RIGHT)
    lab.run("corners-code", f"1 / 0\n{HALF}")
    assert (
        lab.check().title == "The cell above did not run: its last run stopped with ZeroDivisionError: division by zero"
    )
    lab.run("corners-code", f"{HALF}\n1 / 0")  # a grader judges this, too
    assert "You" not in lab.check().title and lab.check().lines[-1].endswith("The whole size was subtracted: halve it.")
    lab.run("corners-code", f"{RIGHT}\n1 / 0")
    assert lab.check().state == "right"


def test_a_cell_of_ones_own_says_nothing_of_the_answer(lab):
    lab.run("corners-code", RIGHT)
    lab.run("scratch", f"{SYNTAX}\n")
    assert lab.check().state == "right"


def test_a_check_before_its_answer_says_what_to_run(lab):
    assert lab.check().title == "The cell above has not run yet. Run it, then run this one."
    assert lab.check().state == "open"


IN_PARTS = """from coursework import attempted
@check(parts={{"a": 1, "b": 2}})
def corners(draw):
    return {{"a": {call}, "b": 7}}
verdict = corners()"""


@pytest.mark.parametrize("call", ["attempted(lambda: not_there())", '{"inner": attempted(lambda: not_there())}'])
def test_a_check_that_asks_in_parts_says_what_to_run_as_well(lab, call):
    lab.run("corners", IN_PARTS.format(call=call))
    assert lab._shell.user_ns["verdict"].title == "The cell above has not run yet. Run it, then run this one."


def test_an_answer_that_was_changed_and_saved_after_its_run_is_not_judged(lab, folder):
    lab.run("corners-code", RIGHT)
    path = answer(folder, corners_code=HALF)
    os.utime(path, (time.time() - 60, time.time() - 60))
    assert lab.check().state == "right"  # saved before the run: the file is older than what ran
    os.utime(path, (time.time() + 60, time.time() + 60))
    assert lab.check().title == "The cell above was changed after its last run. Run it, then run this one."
    lab.run("corners-code", HALF)
    assert "halve it" in lab.check().lines[-1]


def test_a_copy_of_the_notebook_is_not_held_against_the_file_beside_it(lab, folder, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", str(folder / "small-Copy1.ipynb"))
    lab.run("corners-code", RIGHT)
    path = answer(folder, corners_code=HALF)
    os.utime(path, (time.time() + 60, time.time() + 60))
    assert lab.check().state == "right"


def test_where_no_front_end_names_cells_a_run_is_judged_as_a_grader_judges_it(folder):
    with runner(folder) as kernel:
        texts = {cell.id: cell.source for cell in nbformat.read(folder / "small.ipynb", as_version=4).cells}
        for source in (texts["setup"], RIGHT, SYNTAX):
            kernel.run(source)
        assert kernel.run(texts["corners"]).outputs[-1]["text/plain"] == "3.0"


def test_a_hint_without_a_name_is_that_of_the_exercise_above(lab, folder):
    assert lab.hint() == ('Which exercise? Name it, as in `hint("corners")`; those of this notebook are: corners.')
    notebook = nbformat.read(folder / "small.ipynb", as_version=4)
    at = next(i for i, cell in enumerate(notebook.cells) if cell.id == "corners")
    notebook.cells.insert(at, nbformat.v4.new_code_cell("said = hint()", id="saved"))
    nbformat.write(notebook, folder / "small.ipynb")
    assert lab.hint("saved") == "**Hint 1 of 3 · `corners`.** Where is the centre?"
    lab.run("corners-code", HALF)
    assert lab.hint().startswith("**Hint 2 of 3 · `corners`.**")  # a new cell, not saved yet
    assert lab.hint(name="'corners'").startswith("**Hint 3 of 3.**")


def test_a_hint_without_a_name_in_a_run_from_the_beginning(folder, tmp_path):
    notebook = nbformat.read(folder / "small.ipynb", as_version=4)
    at = next(i for i, cell in enumerate(notebook.cells) if cell.id == "corners-code")
    notebook.cells.insert(at + 1, nbformat.v4.new_code_cell("hint()"))
    work = tmp_path / "work"
    folder.rename(work)
    run = run_notebook(notebook, tmp_path)
    assert run.notebook.cells[at + 1].outputs[0].data["text/markdown"].startswith("**Hint 1 of 3 · `corners`.**")
