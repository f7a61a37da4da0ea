"""DINO in the course's training loop: what moves when, what a batch is, and that a run can be repeated and resumed."""

import copy

import pytest
import torch

from detrlab.dino.scenes import one_shape_scenes
from detrlab.dino.teacher import LOSS_WEIGHTS
from detrlab.dino.training import VIEWS, ShippedDINO, crop_batches, dino_recipe, dino_trainer, supervised_trainer
from detrlab.training import shipped
from detrlab.training.learners import TakesPart
from detrlab.weights import read_weights


@pytest.fixture(scope="module")
def scenes():
    return one_shape_scenes(40)


def quiet(report) -> None:
    pass


def test_batches_come_again_and_say_nothing_of_shapes(scenes):
    batches = crop_batches(scenes, batch=5)
    crops, targets = next(batches(3))
    again, _ = next(batches(3))
    other, _ = next(batches(4))
    assert [crop.shape for crop in crops] == [(5, 3, view.size, view.size) for view in VIEWS]
    assert all(torch.equal(a, b) for a, b in zip(crops, again, strict=True))
    assert not torch.equal(crops[0], other[0])
    assert all(list(target) == ["image_id"] for target in targets)
    assert len({int(target["image_id"]) for target in targets}) == 5


def test_a_step_moves_the_student_by_the_loss_and_the_teacher_by_the_student(scenes):
    trainer = dino_trainer(scenes, dino_recipe(2))
    learner = trainer.learner
    assert isinstance(learner, TakesPart)
    before = copy.deepcopy(learner)
    trainer.run(until=0.5, report=quiet)
    for old, student, teacher in zip(
        before.teacher.parameters(), learner.student.parameters(), learner.teacher.parameters(), strict=True
    ):
        torch.testing.assert_close(teacher, 0.99 * old + 0.01 * student)
    assert learner.loss.center.any()
    moved = [not torch.equal(a, b) for a, b in zip(before.student.parameters(), learner.student.parameters())]
    names = [name for name, _ in learner.student.named_parameters()]
    still = {name for name, each in zip(names, moved, strict=True) if not each}
    assert still == {f"head.last_layer.parametrizations.weight.original{i}" for i in (0, 1)}  # frozen: the first 5 %
    assert trainer.history[0].losses.keys() == {"loss", *LOSS_WEIGHTS}
    found = trainer.history[0].losses
    assert found["loss"] == pytest.approx(found["entropy"] + found["kl"])


def test_what_is_measured_and_ships_is_the_teacher(scenes):
    trainer = dino_trainer(scenes, dino_recipe(2))
    found = trainer.run(report=quiet).state_dict()
    teacher = trainer.learner.teacher.backbone.state_dict()
    assert all(torch.equal(found[name], value) for name, value in teacher.items())


def test_a_run_can_go_on(scenes, tmp_path):
    whole = dino_trainer(scenes, dino_recipe(3)).run(report=quiet)
    for until in (0.4, 1.0):
        trainer = dino_trainer(scenes, dino_recipe(3), checkpoint=tmp_path / "dino.pt")
        parted = trainer.run(until, report=quiet)
        trainer.save()
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), parted.parameters(), strict=True))


def test_the_control_learns_labels(scenes):
    labels = torch.from_numpy(scenes.shapes)
    trainer = supervised_trainer(scenes, labels, dino_recipe(2))
    trainer.run(report=quiet)
    assert trainer.history[-1].losses["loss_labels"] < 3  # ln 6 = 1.8 is what says nothing


def test_the_command_writes_weights_and_says_what_went_wrong(tmp_path, monkeypatch, capsys, scenes):
    monkeypatch.setattr("detrlab.dino.training.one_shape_scenes", lambda count: scenes)
    monkeypatch.setattr("os.nice", lambda by: 0)
    for name in ("CHECKPOINTS", "DATA", "ROOT"):
        monkeypatch.setattr(shipped, name, tmp_path)
    vit = ShippedDINO(dino_recipe(9))
    assert vit.train(steps=1) == 0
    state = read_weights(vit.weights)
    assert state["cls_token"].dtype == torch.float16
    assert vit.train(steps=2) == 2  # the checkpoint is of another recipe
    assert "is a checkpoint of another recipe" in capsys.readouterr().err
