"""The training loop: learns, resumes to the bit after kill -9, and ends with a sentence when something is wrong."""

import itertools
import math
import os
import resource
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from detrlab.detr.criterion import set_losses
from detrlab.training.faults import TrainingError
from detrlab.training.recipe import Recipe
from tests.detrlab.training.tiny import RECIPE, batches, tiny_model, tiny_trainer
from tests.imports import ROOT


def first_batch_for_ever(start):
    yield from itertools.repeat(next(batches(0)))


def test_it_learns_what_it_is_shown():
    recipe = replace(RECIPE, steps=67, learning_rate=5e-3, backbone_rate=None)
    trainer = tiny_trainer(recipe=recipe, batches=first_batch_for_ever)
    said = []
    average = trainer.run(report=said.append)
    losses = [report.losses["loss"] for report in said]
    assert losses[-1] < losses[0] / 2
    assert said == trainer.history and said[-1].step == 67 and said[-1].progress == 1
    assert average is trainer.average and not average.training
    assert trainer.run(report=said.append) is average and len(said) == len(trainer.history)  # nothing is left to do


def test_after_kill_9_the_weights_are_those_of_an_undisturbed_run(tmp_path):
    """Another process, which saves after every step, is killed before its end; this one goes on from there."""
    path = tmp_path / "run.pt"
    command = [sys.executable, "-m", "tests.detrlab.training.tiny", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        steps = [int(next(process.stdout)) for _ in range(17)]
        os.kill(process.pid, signal.SIGKILL)
    assert steps[-1] == 17 and process.returncode == -signal.SIGKILL
    resumed = tiny_trainer(path)
    assert 16 <= resumed.step < 41
    resumed.run(report=lambda report: None)
    undisturbed = tiny_trainer()
    undisturbed.run(report=lambda report: None)
    assert resumed.step == undisturbed.step == 41
    for ours, theirs in ((resumed.model, undisturbed.model), (resumed.average, undisturbed.average)):
        for name, tensor in theirs.state_dict().items():
            assert torch.equal(ours.state_dict()[name], tensor), name


def test_rates_rise_fall_and_differ_for_the_backbone():
    recipe = Recipe(name="rates", steps=8, learning_rate=3.0, backbone_rate=0.5, warm_up=4)
    trainer = tiny_trainer(recipe=recipe)
    rates = []
    groups = trainer._optimiser.param_groups
    trainer._optimiser.register_step_pre_hook(lambda *call: rates.append([group["lr"] for group in groups]))
    trainer.run(report=lambda report: None)
    for step, (rest, backbone) in enumerate(rates):
        share = min(1, (step + 1) / 4) * (1 + math.cos(math.pi * step / 8)) / 2
        assert (rest, backbone) == pytest.approx((3.0 * share, 0.5 * share))
    count = sum(p.numel() for p in trainer._optimiser.param_groups[1]["params"])
    assert count == sum(p.numel() for p in trainer.model.backbone.parameters())


def test_the_average_follows_the_weights():
    recipe = Recipe(name="average", steps=3, averaging=0.15)
    trainer = tiny_trainer(recipe=recipe)
    name, values = "query_embed.weight", []
    trainer.run(report=lambda report: values.append(trainer.model.state_dict()[name].clone()))
    a, b, c = values[:3]
    # 2/12 of the first is more than 0.15; so both later steps keep 0.15.
    expected = 0.15 * (0.15 * a + 0.85 * b) + 0.85 * c
    torch.testing.assert_close(trainer.average.state_dict()[name], expected)


def test_minutes_count_computing_alone(monkeypatch):
    trainer = tiny_trainer(recipe=Recipe(name="minutes", minutes=1))
    clock = itertools.count(0, 13)  # each step takes 13 seconds: five of them are 65
    trainer._clock = lambda: next(clock)
    trainer.run(report=lambda report: None)
    assert trainer.step == 5 and trainer.seconds == 65


def test_looking_disturbs_nothing():
    def look(model):
        return {"AP": torch.rand(7).mean().item()}

    looking = tiny_trainer(look=look, look_every=0.0)
    looking.run(until=0.3, report=lambda report: None)
    other = tiny_trainer()
    other.run(until=0.3, report=lambda report: None)
    assert 0 < looking.history[-1].measured["AP"] < 1 and other.history[-1].measured == {}
    for name, tensor in other.model.state_dict().items():
        assert torch.equal(looking.model.state_dict()[name], tensor), name


def test_an_interrupt_waits_for_its_step_and_training_goes_on(tmp_path):
    trainer = tiny_trainer(tmp_path / "run.pt")
    with pytest.raises(KeyboardInterrupt, match="after step 4: it can go on") as stopped:
        trainer.run(report=lambda report: report.step == 3 and os.kill(os.getpid(), signal.SIGINT))
    assert stopped.value._render_traceback_() == ["training stopped after step 4: it can go on from there"]
    assert tiny_trainer(tmp_path / "run.pt").step == 4
    trainer.run(report=lambda report: None)
    assert trainer.step == 41


def test_a_checkpoint_of_another_recipe_or_model_is_refused(tmp_path):
    path = tmp_path / "run.pt"
    tiny_trainer(path).save()
    with pytest.raises(ValueError, match=r"another recipe \(learning_rate 0.001 instead of 0.002\): go on with that"):
        tiny_trainer(path, replace(RECIPE, learning_rate=0.002))
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match="is not a checkpoint of this loop"):
        tiny_trainer(path)


def test_a_full_disk_leaves_the_old_checkpoint(tmp_path, capfd):
    path = tmp_path / "run.pt"
    trainer = tiny_trainer(path, save_every=0.0)
    trainer.save()
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, limits[1]))  # no file may become larger
    try:
        trainer.run(until=0.1, report=lambda report: None)
        with pytest.raises(OSError, match=r"the state after step 5 could not be saved .* make room on the disk"):
            trainer.save()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "after step 1 could not be saved" in capfd.readouterr().err
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["run.pt"]


def poisoned(trainer, step, what):
    """Lets a trainer meet NaN at this step: in its pictures, its predictions, one loss or its gradient."""
    count = itertools.count(1)

    def criterion(outputs, targets, no_object):
        losses = set_losses(outputs, targets, no_object)
        if next(count) == step and what in losses:
            losses[what] = losses[what] * math.nan
        return losses

    def from_number(start):
        for number, (pictures, targets) in enumerate(batches(start), start + 1):
            yield pictures * (math.nan if (number, what) == (step, "pictures") else 1), targets

    trainer._criterion, trainer._batches = criterion, from_number
    if what == "pred_boxes":
        trainer.learner.register_forward_hook(
            lambda module, inputs, out: out | {what: out[what] * (math.nan if trainer.step == step - 1 else 1)}
        )
    if what == "gradient":
        weight = trainer.model.query_embed.weight
        weight.register_hook(lambda gradient: gradient * (math.inf if trainer.step == step - 1 else 1))


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("loss_bbox_0", "loss_bbox_0 is no number"),
        ("pictures", "the pictures are no numbers"),
        ("pred_boxes", "the model's pred_boxes is no number"),
        ("gradient", "the gradient of the loss is no number"),
    ],
)
def test_nan_ends_with_step_batch_and_suspect(tmp_path, what, sentence):
    path = tmp_path / "run.pt"
    trainer = tiny_trainer(path, save_every=0.0)
    poisoned(trainer, 5, what)
    with pytest.raises(TrainingError, match=f"stopped at step 5: {sentence}, in the batch with pictures 8, 9. Lower"):
        trainer.run(report=lambda report: None)
    assert trainer.step == 4
    assert all(tensor.isfinite().all() for tensor in trainer.model.state_dict().values())
    assert tiny_trainer(path).step in (3, 4)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory"), MemoryError()])
def test_too_little_memory_says_what_to_lower(error):
    trainer = tiny_trainer()

    def fail(pictures):
        raise error

    trainer.learner.forward = fail
    with pytest.raises(TrainingError, match="step 1 with a batch of 2 pictures of up to 20 x 28 pixels: give fewer"):
        trainer.run()


def test_what_cannot_be_learnt_changes_nothing():
    def wrong(start):
        for pictures, targets in batches(start):
            targets[1]["labels"][0] = 3
            yield pictures, targets

    trainer = tiny_trainer(batches=wrong)
    with pytest.raises(ValueError, match="picture 1 has the label 3, but the model has 3 classes: labels are 0 to 2"):
        trainer.run()
    for name, tensor in tiny_model().named_parameters():
        assert torch.equal(dict(trainer.model.named_parameters())[name], tensor)
    with pytest.raises(ValueError, match="the data set is empty"):
        tiny_trainer(batches=lambda start: iter(())).run()
    with pytest.raises(ValueError, match=r"the data ended at step 2, before the budget: let batches\(start\) begin"):
        tiny_trainer(batches=lambda start: itertools.islice(batches(start), 2)).run(report=lambda report: None)
