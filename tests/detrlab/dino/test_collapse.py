"""Entropies by hand, and both collapses: they show in the curves, in seconds."""

import math

import pytest
import torch

from detrlab.dino.collapse import (
    COLLAPSES,
    CURVES,
    PLANTED,
    SEEDS,
    STEPS,
    collapse_curves,
    collapse_trainer,
    dino_curves,
)
from detrlab.dino.loss import output_entropies
from detrlab.dino.scenes import one_shape_scenes
from detrlab.dino.training import K


@pytest.fixture(scope="module")
def scenes():
    return one_shape_scenes(200)


def test_entropies_by_hand():
    """Sure outputs that differ: 0 and ln 2. Sure ones that are the same: 0 and 0. Even ones: ln 2 and ln 2. One even
    and one sure output: half of ln 2, and the entropy of (3/4, 1/4)."""
    cases = {
        ((1.0, 0.0), (0.0, 1.0)): (0, math.log(2)),
        ((1.0, 0.0), (1.0, 0.0)): (0, 0),
        ((0.5, 0.5), (0.5, 0.5)): (math.log(2), math.log(2)),
        ((1.0, 0.0), (0.5, 0.5)): (math.log(2) / 2, math.log(4) - 0.75 * math.log(3)),
    }
    for rows, expected in cases.items():
        found = [value.item() for value in output_entropies(torch.tensor(rows))]
        assert found == pytest.approx(expected, abs=1e-6)


def test_what_each_fault_changes(scenes):
    learners = {wrong: collapse_trainer(wrong, scenes).learner for wrong in COLLAPSES}
    losses = {wrong: (each.loss.center_momentum, each.loss.teacher_temp) for wrong, each in learners.items()}
    assert losses == {
        "nothing": (0.9, 0.04),
        "no centring": (1.0, 0.04),
        "no sharpening": (0.9, 0.1),
        "aliased teacher": (0.9, 0.04),
    }
    assert [wrong for wrong, each in learners.items() if each.teacher is each.student] == ["aliased teacher"]
    starts = [each.student.backbone.pos_embed for each in learners.values()]
    assert all(torch.equal(starts[0], start) for start in starts)
    with pytest.raises(ValueError, match="nothing is known of 'no head'"):
        collapse_trainer("no head", scenes)


def test_an_aliased_teacher_has_no_goal_of_its_own(scenes):
    """After a step the teacher is the student, to the last bit, not a mean of many."""
    trainer = collapse_trainer("aliased teacher", scenes, steps=2)
    trainer.run(report=lambda report: None)
    learner = trainer.learner
    assert all(a is b for a, b in zip(learner.student.parameters(), learner.teacher.parameters(), strict=True))


def test_both_collapses_show_within_twenty_steps(scenes):
    """Of ln 64 = 4.16: without centring the mean's entropy falls, without sharpening that of each output is high."""
    ends = {}
    for wrong in ("nothing", "no centring", "no sharpening"):
        trainer = collapse_trainer(wrong, scenes)
        trainer.run(until=20 / STEPS, report=lambda report: None)
        assert len(trainer.history) == 20
        ends[wrong] = {name: sum(report.losses[name] for report in trainer.history[-5:]) / 5 for name in CURVES}
    healthy = ends["nothing"]
    assert ends["no centring"]["entropy of the mean"] < min(1.0, 0.7 * healthy["entropy of the mean"])
    assert healthy["entropy"] < 0.75 * math.log(K) and healthy["kl"] > 0.2
    assert ends["no sharpening"]["entropy"] > 0.9 * math.log(K)
    assert ends["no sharpening"]["kl"] < 0.5 * healthy["kl"]


def test_curves_have_a_point_for_each_step(scenes):
    curves = collapse_curves("aliased teacher", scenes, steps=2)
    assert [report.step for report in curves] == [1, 2]
    assert set(CURVES) < curves[0].losses.keys()


def test_what_each_planted_fault_changes(scenes):
    learners = {wrong: collapse_trainer(wrong, scenes).learner for wrong in PLANTED}
    changed = {
        wrong: (each.loss.student_temp, each.loss.teacher_temp, each.momentum) for wrong, each in learners.items()
    }
    assert changed == {
        "nothing": (0.1, 0.04, 0.9),
        "centre added": (0.1, 0.04, 0.9),
        "temperatures exchanged": (0.04, 0.1, 0.9),
        "hasty teacher": (0.1, 0.04, 0.0),
        "sharper teacher": (0.1, 0.01, 0.9),
    }
    logits, centre = torch.tensor([[0.3, 0.1]]), torch.tensor([[0.2, 0.0]])
    said = {}
    for wrong in ("nothing", "centre added"):
        loss = learners[wrong].loss
        loss.center = torch.nn.functional.pad(centre, (0, K - 2), value=9.0 if wrong == "nothing" else -9.0)
        said[wrong] = loss.goals(torch.nn.functional.pad(logits, (0, K - 2)))[0, 0].item()
    odds = {"nothing": 0.0, "centre added": 0.4 / 0.04}  # 0.3 - 0.2 against 0.1; 0.3 + 0.2 against 0.1
    assert said == pytest.approx({wrong: 1 / (1 + math.exp(-each)) for wrong, each in odds.items()}, rel=1e-4)


def test_the_shipped_curves_are_of_all_planted_faults_and_seeds():
    runs = dino_curves()
    assert list(runs) == list(PLANTED)
    assert all(len(each) == len(SEEDS) >= 3 for each in runs.values())
    for run in (run for each in runs.values() for run in each):
        assert {name: len(curve) for name, curve in run.items()} == dict.fromkeys(CURVES, STEPS)
