"""Steps: which number earns what, and what is said where there is none."""

import math

import numpy as np
import pytest

from coursework.marking.measured import Measured, finite, judge_measured
from coursework.marking.outcome import Outcome
from coursework.marking.stored import Stored, StoredCheck, read_stored, write_stored
from coursework.marking.values import Array

MEASURED = Measured("m.safetensors", ((0.3, 2.0), (0.5, 4.0), (0.7, 6.0)), "abc")


def judged(*values):
    return judge_measured([Outcome(value) for value in values], MEASURED)


@pytest.mark.parametrize(
    ("values", "points", "state"),
    [
        ((0.0,), 0, "wrong"),
        ((0.25, 0.34), 0, "wrong"),  # the mean decides: 0.295
        ((0.25, 0.35), 2, "partly"),
        ((0.5,), 4, "partly"),  # a threshold that is met exactly is reached
        ((0.4999,), 2, "partly"),
        ((0.4, 1.0), 6, "right"),
        ((1,), 6, "right"),
        ((1e300, 1e300), 6, "right"),
    ],
)
def test_points_are_those_of_the_highest_step_that_the_mean_reaches(values, points, state):
    verdict = judged(*values)
    assert (verdict.points, verdict.maximum, verdict.state) == (points, 6, state)
    assert verdict.lines == ("Points: 2 from 0.3 on, 4 from 0.5 on, 6 from 0.7 on.",)


def test_the_number_is_shown_and_never_as_a_threshold_that_was_missed():
    assert judged(0.6996, 0.6996).title == "m.safetensors was measured: 0.699 on average over 2 draws."
    assert "0.750" in judged(0.7499999).title  # of a computation in float32


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None, "0.9", True, [0.9], {"ap": 0.9}])
def test_what_is_no_number_earns_nothing(value):
    for verdict in (judged(value), judged(0.9, value)):
        assert (verdict.points, verdict.state) == (0, "wrong") and "the measure is no number" in verdict.title
    assert judged().points == 0


def test_a_number_may_stand_in_a_tensor_by_itself():
    assert finite(Array(np.array(0.5, np.float32), "float32")) == 0.5 and finite(Array(np.ones(2), "float64")) is None
    assert finite(Array(np.array(True), "bool")) is None and finite(Array(np.array(np.nan), "float64")) is None


@pytest.mark.parametrize(
    ("error", "state", "words"),
    [
        ("NothingKept", "open", "There is none."),
        ("KeptError", "wrong", "There is none."),
        ("NotAttempted", "open", "Not attempted yet: fill in the blank, then run this cell again."),
        ("ValueError", "wrong", "nothing could be measured (ValueError: There is none.)."),
    ],
)  # fmt: skip
def test_a_run_that_failed_is_one_sentence(error, state, words):
    verdict = judge_measured([Outcome(0.9), Outcome(error=error, message="There is none.")], MEASURED)
    assert (verdict.points, verdict.maximum, verdict.state, verdict.lines) == (0, 6, state, ())
    assert verdict.title.endswith(words)


def test_it_is_stored_beside_the_notebook(tmp_path):
    checks = {
        "trained": StoredCheck(6.0, None, [11, 12], [], [], (), MEASURED),
        "other": StoredCheck(1.0, None, [11], [Outcome(1.0)], []),
    }
    write_stored(Stored("q", {}, checks), tmp_path)
    assert read_stored(tmp_path / "q.json").checks == checks
