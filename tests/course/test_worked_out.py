"""What students work out, a number or a word: a wrong one is told as they wrote it, never what it should have been."""

import re

import pytest

from autograder.build.in_process import runner
from autograder.course.registry import SOLUTIONS
from autograder.course.seeds import VISIBLE_SEEDS
from autograder.course.source import read_source
from coursework.checks.notebook import recording
from coursework.marking.feedback import judge_runs
from coursework.marking.stored import StoredCheck

# Exercises in which any guess, or any case that convicts, is right: there is nothing to give away.
ANYTHING_IS_RIGHT = {"prediction", "padding_shows", "parallel", "cost", "predicted_ap", "court", "cut_first"}
GUESSES = {"percent_when_trained", "share_of_brightest", "guessed_shape"}
WORKED_OUT = re.compile(r"^(\w+) = .*# ____$", re.MULTILINE)
WRONG_NUMBER = 76.25
LETTERS = ("A", "B")
COLLAPSES = ("one", "even")


def worked_out():
    """Notebooks, and of each the exercises with the names that students give a value."""
    for folder in sorted(SOLUTIONS.glob("*/q*")):
        found = {
            exercise: [name for name in WORKED_OUT.findall(cell.source) if name not in GUESSES]
            for exercise, cell in read_source(folder).named("exercise").items()
            if exercise not in ANYTHING_IS_RIGHT
        }
        if any(found.values()):
            yield pytest.param(folder, {key: names for key, names in found.items() if names}, id=folder.name)


def wrong(solved):
    if isinstance(solved, list):
        return [WRONG_NUMBER, *solved[1:]]
    if isinstance(solved, str):
        return next(word for word in (LETTERS if len(solved) == 1 else COLLAPSES) if word != solved)
    return WRONG_NUMBER


@pytest.mark.parametrize(("folder", "exercises"), list(worked_out()))
def test_a_message_tells_what_was_written_and_not_what_is_right(folder, exercises, tmp_path):
    source = read_source(folder)
    with runner(tmp_path) as kernel:

        def recorded(exercise):
            with recording(VISIBLE_SEEDS) as record:
                assert kernel.run(source.named("check")[exercise].source).error is None
            return record.get(exercise)

        assert kernel.run(source.code()[0].source).error is None
        for exercise, names in exercises.items():
            assert kernel.run(source.named("exercise")[exercise].source).error is None
            right, check = recorded(exercise), kernel.namespace[exercise]
            stored = StoredCheck(source.named("check")[exercise].points, check.parts, VISIBLE_SEEDS, right, [])
            for name in names:
                solved = kernel.namespace[name]
                kernel.namespace[name] = wrong(solved)
                verdict = judge_runs(recorded(exercise), stored, list)
                kernel.namespace[name] = solved
                assert verdict.state in ("partly", "wrong"), name
                came = WRONG_NUMBER if isinstance(solved, list) else wrong(solved)
                assert any(line.startswith(f"What came: {came!r}") for line in verdict.lines), (name, verdict.lines)
                assert not any("expected" in line for line in (verdict.title, *verdict.lines)), name
            assert judge_runs(recorded(exercise), stored, list).state == "right"
