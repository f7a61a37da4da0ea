"""Numbers that students of 03 work out: a wrong one is told as they wrote it, and never what it should have been."""

import pytest

from autograder.build.in_process import runner
from autograder.course.registry import SOLUTIONS
from autograder.course.seeds import VISIBLE_SEEDS
from autograder.course.source import read_source
from coursework.checks.notebook import recording
from coursework.marking.feedback import judge_runs
from coursework.marking.stored import StoredCheck

WORKED_OUT = {
    ("q1_match", "by_hand"): ("query_of_target", "cheapest_total", "greedy_total"),
    ("q1_match", "box_gradient"): ("iou_derivative", "giou_moves", "l1_ratio"),
    ("q1_match", "who_pays"): ("percent_if_equally_wrong", "divisor_of_four_images"),
    ("q2_train", "probe_order"): (
        "first_of_keen",
        "first_of_clones",
        "first_of_askew",
        "first_of_hot",
        "first_of_blind",
    ),
}
WRONG = 76.125


@pytest.mark.parametrize(("notebook", "exercise"), WORKED_OUT)
def test_a_message_tells_what_was_written_and_not_what_is_right(notebook, exercise, tmp_path):
    source = read_source(SOLUTIONS / "03_set_prediction" / notebook)
    check = source.named("check")[exercise]
    with runner(tmp_path) as kernel:

        def recorded(cell):
            with recording(VISIBLE_SEEDS) as record:
                assert kernel.run(cell.source).error is None
            return record.get(exercise)

        recorded(source.code()[0])
        recorded(source.named("exercise")[exercise])
        right = recorded(check)
        parts = kernel.namespace[exercise].parts
        stored = StoredCheck(check.points, parts, VISIBLE_SEEDS, right, [])
        for name in WORKED_OUT[notebook, exercise]:
            solved = kernel.namespace[name]
            kernel.namespace[name] = [WRONG, solved[1]] if isinstance(solved, list) else WRONG
            verdict = judge_runs(recorded(check), stored, list)
            kernel.namespace[name] = solved
            assert verdict.state == "partly" and verdict.lines[2] == f"What came: {WRONG}", name
            assert not any("expected" in line for line in (verdict.title, *verdict.lines)), name
        assert judge_runs(recorded(check), stored, list).state == "right"
