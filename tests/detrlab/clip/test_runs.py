"""Runs that differ in one thing: models, what learns in them, a step of each, and their figures."""

import math

import pytest
import torch

from detrlab.clip.data import captioned_scenes
from detrlab.clip.runs import (
    CLIP_VARIANTS,
    SEEDS,
    LearnedStages,
    clip_run_trainer,
    clip_runs,
    clip_variant,
    measure_clip_run,
)
from detrlab.clip.training import kept_maps, untrained_clip


@pytest.fixture(scope="module")
def scenes():
    return captioned_scenes(40)


@pytest.fixture(scope="module")
def maps(scenes):
    return kept_maps(untrained_clip(), scenes)


def test_what_learns():
    learns = {name: dict(clip_variant(name).named_parameters()) for name in CLIP_VARIANTS}
    frozen = {name: {key for key, p in own.items() if not p.requires_grad} for name, own in learns.items()}
    assert all(key.startswith("visual.stages.") for key in frozen["plain"]) and frozen["plain"]
    assert frozen["temperature 1"] == frozen["plain"] | {"logit_scale"} and not frozen["from scratch"]
    assert learns["temperature 1"]["logit_scale"].item() == 0
    assert learns["plain"]["logit_scale"].item() == pytest.approx(math.log(1 / 0.07))
    with pytest.raises(ValueError, match="'none'; choose one of plain, hard negatives"):
        clip_variant("none")


@pytest.mark.parametrize("name", ["hard negatives", "from scratch", "bag of words", "temperature 1"])
def test_a_step_changes_what_learns_and_nothing_else(name, scenes, maps, monkeypatch):
    monkeypatch.setitem(
        CLIP_VARIANTS,
        name,
        CLIP_VARIANTS[name].__class__(**vars(CLIP_VARIANTS[name]) | {"steps": 2, "batch": 7, "plain": 0.0}),
    )
    trainer = clip_run_trainer(name, 0, scenes, maps, report_every=math.inf)
    before = {key: value.clone() for key, value in trainer.model.named_parameters()}
    trainer.run(report=lambda report: None)
    for key, value in trainer.model.named_parameters():
        # The temperature may stay where it is: it moves by little at first.
        assert value.requires_grad or torch.equal(value, before[key]), key
    moved = "visual.stages.backbone.body.layer4.0.conv1.weight" if name == "from scratch" else "visual.cells.weight"
    assert not torch.equal(dict(trainer.model.named_parameters())[moved], before[moved])


def test_learned_stages_start_from_random_weights_and_take_a_batchs_statistics():
    stages = LearnedStages().train()
    pictures = torch.randn(2, 3, 16, 16)
    assert stages(pictures).requires_grad
    assert any(isinstance(module, torch.nn.BatchNorm2d) for module in stages.modules())


def test_figures_of_a_run():
    figures = measure_clip_run(clip_variant("bag of words").eval(), held_out=20, swaps=60)
    assert figures["binding_colours"] == figures["binding_order"] == 0.5
    assert figures["loss_128"] > 0


def test_the_shipped_runs_are_of_all_variants_and_seeds():
    runs = clip_runs()
    assert list(runs) == list(CLIP_VARIANTS)
    assert all(len(each) == len(SEEDS) >= 3 for each in runs.values())
    assert all(run[f"binding_{kind}"] == 0.5 for run in runs["bag of words"] for kind in ("colours", "order"))
