"""Training the mask head: what is to be learnt of a scene, which masks are drawn, and that nothing else moves."""

import itertools

import numpy as np
import pytest
import torch

from detrlab.detr.criterion import total_loss
from detrlab.detr.models import head_weights, load_model, shapes_panoptic_model
from detrlab.scenes.compose import compose, draw_scene
from detrlab.scenes.parts import Background, Horizon, Shape
from detrlab.training import masks, shipped
from detrlab.training.masks import MASK_LOSSES, MaskLearner, ShippedHead, panoptic_batches, panoptic_target
from detrlab.training.recipe import Recipe


@pytest.fixture
def learner() -> MaskLearner:
    torch.manual_seed(0)
    return MaskLearner(shapes_panoptic_model()).train()


def batch(count: int) -> tuple[torch.Tensor, list[dict[str, torch.Tensor]]]:
    return next(panoptic_batches(count)(0))


def test_the_target_of_a_scene():
    """A square in the middle of a horizon at half the height: a half of the rest is sky, a half is land."""
    square = Shape("square", (0.5, 0.5), 0.3)
    scene = compose([square], Background(), (200, 100), horizon=Horizon(Background("plain", "red"), 0.5))
    target = panoptic_target(scene, (100, 50))
    assert target["labels"].tolist() == [1, 6, 7]
    _, _, w, h = target["boxes"][0].tolist()
    assert target["boxes"].tolist() == [[0.5, 0.5, w, h], [0.5, 0.5, 1, 1], [0.5, 0.5, 1, 1]]
    assert h == 2 * w and target["masks"].shape == (3, 50, 100) and target["masks"].dtype == torch.bool
    shape, sky, land = target["masks"]
    area = 100 * w * 50 * h
    assert shape.sum().item() == pytest.approx(area, rel=0.1)
    assert sky.sum().item() == land.sum().item() == pytest.approx((5000 - area) / 2, rel=0.02)
    assert not sky[25:].any() and not land[:25].any()


def test_a_scene_without_a_horizon_has_no_stuff_to_learn():
    target = panoptic_target(draw_scene(3, (96, 96)), (64, 64))
    assert (target["labels"] < 6).all() and len(target["labels"]) == len(target["masks"]) == len(target["boxes"])


def test_batches_are_the_same_by_number_and_new_in_each():
    first, second, third = itertools.islice(panoptic_batches(2, seed=5, small=9)(7), 3)
    again = next(panoptic_batches(2, seed=5, small=9)(8))
    assert again[0].equal(second[0]) and all(
        a[key].equal(b[key]) for a, b in zip(again[1], second[1], strict=True) for key in a
    )
    numbers = [target["image_id"].item() for _, targets in (first, second, third) for target in targets]
    assert len(set(numbers)) == 6 and numbers[0] == 50_000_014
    for (pictures, targets), side in ((first, 96), (second, 96), (third, 128)):
        assert pictures.shape == (2, 3, side, side)
        assert all(target["masks"].shape[1:] == (side, side) for target in targets)


def test_only_matched_queries_go_through_the_head(learner):
    pictures, targets = batch(3)
    rows: list[int] = []
    learner.model.mask_head.register_forward_hook(lambda module, inputs, output: rows.append(len(output)))
    losses = learner.losses(learner(pictures), targets, 0.1)
    assert rows == [len(target["labels"]) for target in targets]
    total_loss(losses, MASK_LOSSES).backward()
    heard = {name for name, p in learner.model.named_parameters() if p.grad is not None}
    assert heard == head_weights(learner.model).keys()


def test_the_head_learns_from_a_detector_in_bfloat16(learner):
    pictures, targets = batch(2)
    outputs = learner(pictures)
    whole = learner.losses(outputs, targets, 0.1)
    seen = outputs["seen"]
    halves = [seen.hs.bfloat16(), seen.memory.bfloat16(), seen.src.bfloat16()]
    outputs["seen"] = seen._make([*halves, seen.mask, [fpn.bfloat16() for fpn in seen.fpns]])
    for name, loss in learner.losses(outputs, targets, 0.1).items():
        assert loss.dtype == torch.float32
        assert loss.item() == pytest.approx(whole[name].item(), rel=0.02)


def test_stuff_goes_to_its_own_query(learner):
    """The gradient of a picture with sky alone reaches the query of sky, and not that of land."""
    sky = compose([Shape("ring", (0.4, 0.5), 0.3)], Background("plain", "blue"), (96, 96))
    whole = torch.from_numpy(~sky.masks.any(0))[None]
    target = panoptic_target(sky, (96, 96))
    target = {
        "labels": torch.cat([target["labels"], torch.tensor([6])]),
        "boxes": torch.cat([target["boxes"], torch.tensor([masks.WHOLE_CXCYWH])]),
        "masks": torch.cat([target["masks"], whole]),
    }
    pictures = torch.from_numpy(np.asarray(sky.picture) / 255).permute(2, 0, 1)[None].float()
    total_loss(learner.losses(learner(pictures), [target], 0.1), MASK_LOSSES).backward()
    assert learner.model.stuff_embed.weight.grad.any(1).tolist() == [True, False]


def test_training_writes_the_head_alone_and_leaves_the_detector(tmp_path, monkeypatch, capsys):
    for name in ("CHECKPOINTS", "DATA", "ROOT"):
        monkeypatch.setattr(shipped, name, tmp_path)
    monkeypatch.setattr(masks, "LOOKED_AT", 1)
    monkeypatch.setattr(shipped.os, "nice", lambda by: None)
    recipe = Recipe(name="short", steps=1, learning_rate=1e-3, loss_weights=MASK_LOSSES)
    head = ShippedHead(recipe, batch=2)
    assert head.train(steps=2) == 0
    assert "wrote short.safetensors after 2 steps" in capsys.readouterr().out
    model, shapes = load_model("shapes_panoptic", head.weights), load_model("shapes")
    assert all(tensor.equal(shapes.state_dict()[key]) for key, tensor in model.detr.state_dict().items())
