"""Training: batches that can be asked for again, hard negatives at the end, and a loop that learns."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from detrlab.clip import training
from detrlab.clip.data import STREAMS, captioned_scenes, measured_scenes
from detrlab.clip.model import clip_model, load_clip
from detrlab.clip.training import CLIPLearner, clip_batches, contrastive_losses, kept_maps, untrained_clip
from detrlab.training import shipped
from detrlab.training.loop import Trainer
from detrlab.training.recipe import Recipe
from detrlab.training.recipes import RECIPES

RECIPE = Recipe(
    name="tiny_clip", steps=12, learning_rate=2e-3, clip_norm=1.0, averaging=0, loss_weights={"loss_clip": 1.0}
)


@pytest.fixture(scope="module")
def scenes():
    return captioned_scenes(60)


@pytest.fixture(scope="module")
def start():
    torch.manual_seed(0)
    return untrained_clip()


@pytest.fixture(scope="module")
def maps(start, scenes):
    return kept_maps(start, scenes)


def test_uses_share_no_scene_and_a_number_gives_the_same_one(scenes):
    again = captioned_scenes(2, first=58)
    assert np.array_equal(scenes.pictures[58:], again.pictures)
    assert [str(each) for each in again.captions(7)] == [str(each) for each in scenes.captions(7)[58:]]
    others = [captioned_scenes(1, use).pictures for use in STREAMS]
    assert len({each.tobytes() for each in others}) == len(STREAMS)
    with pytest.raises(ValueError, match="unknown use 'test'; choose one of training, held_out"):
        captioned_scenes(1, "test")
    with pytest.raises(ValueError, match="0 scenes are too few"):
        captioned_scenes(0)


def test_each_look_at_a_scene_gives_another_caption_as_true(scenes):
    first, second = scenes.captions(0), scenes.captions(1)
    pairs = zip(scenes.truths, first, second, strict=True)
    assert all(one.is_true_of(truth) and other.is_true_of(truth) for truth, one, other in pairs)
    assert sum(str(one) != str(other) for one, other in zip(first, second, strict=True)) > 30


def test_zero_shot_is_measured_on_single_shapes():
    several, single = measured_scenes(30, "fresh")
    assert {len(truth.shapes) for truth in single.truths} == {1}
    assert {len(truth.shapes) for truth in several.truths} == {1, 2, 3}


def test_a_batch_has_no_caption_twice_and_hard_negatives_at_the_end_only(start, scenes, maps):
    batches = clip_batches(start, scenes, maps, 13, RECIPE, plain=0.5)
    (early, targets), (late, _) = next(batches(5)), next(batches(6))
    assert early.keys() == {"pictures", "maps", "tokens"}
    assert len(early["tokens"].unique(dim=0)) == len(targets) == 13
    numbers = [int(target["image_id"]) for target in targets]
    torch.testing.assert_close(early["maps"], maps[numbers])
    torch.testing.assert_close(early["pictures"], scenes.normalised(numbers))
    assert late["negatives"].shape[0] > 5
    told = {tuple(row) for row in late["tokens"].tolist()}
    assert not told & {tuple(row) for row in late["negatives"].tolist()}


def test_a_batch_is_the_same_whenever_it_is_asked_for(start, scenes, maps):
    batches = clip_batches(start, scenes, maps, 13, RECIPE, plain=0.5)
    run = batches(0)
    for _ in range(8):
        eighth = next(run)
    again = next(batches(7))
    assert all(torch.equal(eighth[0][name], again[0][name]) for name in again[0])


def test_the_frozen_stages_are_those_of_shapes_and_the_learner_gives_the_models_logits(start, scenes, maps):
    x = scenes.normalised(slice(0, 5))
    tokens = start.tokenizer([str(each) for each in scenes.captions()[:5]])
    start.eval()
    with torch.no_grad():
        expected = start(x, tokens)[0]
        outputs = CLIPLearner(start)({"pictures": x, "maps": maps[:5], "tokens": tokens[:3], "negatives": tokens[3:]})
    torch.testing.assert_close(outputs["logits"], expected[:, :3], rtol=1e-3, atol=0.02)  # maps are kept as float16
    torch.testing.assert_close(outputs["negative_logits"], expected[:, 3:], rtol=1e-3, atol=0.02)


def test_the_loop_learns_clamps_the_scale_and_leaves_the_stages(start, scenes, maps):
    model = clip_model()
    model.load_state_dict(start.state_dict())
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.logit_scale.data.fill_(9.0)  # far above ln 100
    trainer = Trainer(
        model,
        contrastive_losses,
        clip_batches(model, scenes, maps, 13, RECIPE, plain=0.7),
        RECIPE,
        learner=CLIPLearner(model),
        device="cpu",
    )
    trainer.run(until=0.1, report=lambda report: None)
    first = trainer.history[-1].losses["loss_clip"]
    assert np.log(90) < model.logit_scale.item() <= np.log(100) + 1e-6
    model.logit_scale.data.fill_(np.log(1 / 0.07))
    trainer.run(report=lambda report: None)
    assert trainer.history[-1].losses["loss_clip"] < first
    after = model.state_dict()
    frozen = [name for name in before if ".stages." in name]
    assert frozen and all(torch.equal(before[name], after[name]) for name in frozen)


def test_a_short_run_writes_weights_that_load(tmp_path, monkeypatch):
    for name in ("CHECKPOINTS", "DATA", "ROOT"):
        monkeypatch.setattr(shipped, name, tmp_path)
    monkeypatch.setattr(training, "LOOKED_AT", 40)
    monkeypatch.setattr(shipped.os, "nice", lambda by: 0)
    assert replace(RECIPES["clip"], scenes=40, batch=11).train(steps=2) == 0
    assert load_clip(tmp_path / "clip.safetensors").logit_scale > 2
