"""Numbers that students work out: a wrong one is told as they wrote it, and never what it should have been."""

import pytest

from autograder.build.in_process import runner
from autograder.course.registry import SOLUTIONS
from autograder.course.seeds import VISIBLE_SEEDS
from autograder.course.source import read_source
from coursework.checks.notebook import recording
from coursework.marking.feedback import judge_runs
from coursework.marking.stored import StoredCheck

WORKED_OUT = {
    ("03_set_prediction/q1_match", "by_hand"): ("query_of_target", "cheapest_total", "greedy_total"),
    ("03_set_prediction/q1_match", "box_gradient"): ("iou_derivative", "giou_moves", "l1_ratio"),
    ("03_set_prediction/q1_match", "who_pays"): ("percent_if_equally_wrong", "divisor_of_four_images"),
    ("03_set_prediction/q2_train", "probe_order"): (
        "first_of_keen",
        "first_of_clones",
        "first_of_askew",
        "first_of_hot",
        "first_of_blind",
    ),
    ("04_panoptic/q1_masks", "head_or_space"): ("weights_together", "weights_per_head"),
    ("04_panoptic/q2_panoptic", "stuff_trap"): ("circle_pixels", "sky_pixels"),
    ("04_panoptic/q2_panoptic", "padded_trap"): ("right_end", "iou_of_squeezed"),
}
WRONG = 76.25


@pytest.mark.parametrize(("notebook", "exercise"), WORKED_OUT)
def test_a_message_tells_what_was_written_and_not_what_is_right(notebook, exercise, tmp_path):
    source = read_source(SOLUTIONS / notebook)
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
            assert verdict.state == "partly" and f"What came: {WRONG}" in verdict.lines, name
            assert not any("expected" in line for line in (verdict.title, *verdict.lines)), name
        assert judge_runs(recorded(check), stored, list).state == "right"
