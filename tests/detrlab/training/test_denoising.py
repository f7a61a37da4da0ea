"""Denoising queries: who sees whom, what is noised and how far, the losses of a case by hand, and that they learn."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from detrlab.detr.criterion import set_losses, total_loss
from detrlab.training.ablations import STEPS, ablation_trainer
from detrlab.training.denoising import (
    EXCHANGED,
    LOSS_WEIGHTS,
    MOVED,
    RESIZED,
    DenoisingLearner,
    denoising_losses,
    denoising_mask,
    denoising_trainer,
    noised_truth,
    with_noised_truth,
)
from detrlab.training.loop import Trainer
from tests.detrlab.training.tiny import RECIPE, batches, tiny_model

NAMES = ("pred_logits", "pred_boxes")
G = 3


@pytest.fixture(scope="module")
def learner() -> DenoisingLearner:
    torch.manual_seed(0)
    return DenoisingLearner(tiny_model()).eval()


def noised_batch() -> tuple[dict[str, torch.Tensor], list[dict[str, torch.Tensor]]]:
    """Two pictures with three objects and one, and G groups."""
    torch.manual_seed(1)
    return next(with_noised_truth(batches, classes=3, groups=G)(0))


def test_the_mask_of_two_queries_and_two_groups_by_hand():
    # Two object queries, two groups of two; in the second picture each group's second query has no object.
    present = torch.tensor([[[1, 1], [1, 1]], [[1, 0], [1, 0]]]).bool()
    hidden = ["001111", "001111", "000011", "000011", "001100", "001100"]
    fewer = ["001111", "001111", "000111", "000111", "001101", "001101"]
    expected = [[[letter == "1" for letter in row] for row in rows] for rows in (hidden, fewer)]
    assert denoising_mask(present, 2).tolist() == expected


@torch.no_grad()
def test_the_object_queries_do_not_notice_denoising_queries(learner):
    pictures, _ = noised_batch()
    alone, beside = learner.model(pictures["pictures"]), learner(pictures)
    pairs = [(alone, beside), *zip(alone["aux_outputs"], beside["aux_outputs"], strict=True)]
    assert len(pairs) == 2
    for one, other in pairs:
        for name in NAMES:
            torch.testing.assert_close(other[name], one[name], rtol=0, atol=1e-6)


@torch.no_grad()
def test_a_group_does_not_notice_other_groups_nor_places_without_an_object(learner):
    pictures, _ = noised_batch()
    before = learner(pictures)["denoised"]
    boxes, labels = pictures["noised_boxes"].clone(), pictures["noised_labels"].clone()
    boxes[:, 1], labels[:, 1] = 1 - boxes[:, 1] / 2, torch.where(labels[:, 1] < 0, -1, (labels[:, 1] + 1) % 3)
    boxes[1, :, 1:] = 0.5  # the second picture has one object
    after = learner(pictures | {"noised_boxes": boxes, "noised_labels": labels})["denoised"]
    for one, other in zip(before, after, strict=True):
        for name in NAMES:
            torch.testing.assert_close(other[name][:, ::2, :1], one[name][:, ::2, :1], rtol=0, atol=1e-6)
            torch.testing.assert_close(other[name][0, ::2], one[name][0, ::2], rtol=0, atol=1e-6)
            assert (other[name][:, 1, 0] - one[name][:, 1, 0]).abs().max() > 1e-3


@torch.no_grad()
def test_queries_of_one_group_see_each_other_and_the_object_queries(learner):
    pictures, _ = noised_batch()
    before = learner(pictures)["denoised"][0]["pred_logits"]
    boxes = pictures["noised_boxes"].clone()
    boxes[0, 0, 2] = 0.9
    after = learner(pictures | {"noised_boxes": boxes})["denoised"][0]["pred_logits"]
    assert (after - before)[0, 0, 0].abs().max() > 1e-5
    learner.model.query_embed.weight.add_(1)
    moved = learner(pictures)["denoised"][0]["pred_logits"]
    learner.model.query_embed.weight.sub_(1)
    assert (moved - before)[1, 0, 0].abs().max() > 1e-5


def test_noise_is_bounded_and_the_same_for_a_batch_number():
    truth = {"labels": torch.tensor([0, 2]), "boxes": torch.tensor([[0.5, 0.4, 0.2, 0.1], [0.3, 0.6, 0.4, 0.3]])}
    empty = {"labels": truth["labels"][:0], "boxes": truth["boxes"][:0]}
    groups = 500
    noised = noised_truth([truth, empty], 3, groups, np.random.default_rng(0))
    boxes, labels = noised["noised_boxes"], noised["noised_labels"]
    assert boxes.shape == (2, groups, 2, 4) and labels.shape == (2, groups, 2)
    centre, size = truth["boxes"].split(2, dim=-1)
    moves, shares = (boxes[0, ..., :2] - centre) / (size / 2), boxes[0, ..., 2:] / size - 1
    for found, bound in ((moves, MOVED), (shares, RESIZED)):
        assert 0.95 * bound < found.max() <= bound + 1e-5 and -bound - 1e-5 <= found.min() < -0.95 * bound
    # One of three classes is drawn: two thirds of the exchanged labels are others.
    others = (labels[0] != truth["labels"]).float().mean().item()
    assert others == pytest.approx(EXCHANGED * 2 / 3, abs=4 * math.sqrt(0.13 * 0.87 / 1000))
    assert (labels[1] == -1).all()

    def number(n: int) -> dict[str, torch.Tensor]:
        torch.manual_seed(0)
        return next(with_noised_truth(batches, 3, G)(n))[0]

    assert torch.equal(number(4)["noised_boxes"], number(4)["noised_boxes"])
    assert not torch.equal(number(4)["noised_boxes"], number(5)["noised_boxes"])


def test_the_losses_of_a_case_by_hand():
    # One picture with one object of class 1, two groups. The first group's query is sure of the class; its box is the
    # true one, a quarter of the width further right: L1 .1, and the boxes share .3 of .5 of their width. The second
    # knows nothing of three classes and no-object: its cross-entropy is ln 4; its box is right.
    target = {"labels": torch.tensor([1]), "boxes": torch.tensor([[0.5, 0.5, 0.4, 0.2]])}
    logits = torch.stack([50.0 * torch.eye(4)[1], torch.zeros(4)]).view(1, 2, 1, 4)
    boxes = torch.stack([torch.tensor([0.6, 0.5, 0.4, 0.2]), target["boxes"][0]]).view(1, 2, 1, 4)
    earlier = {"pred_logits": 0 * logits, "pred_boxes": boxes}
    outputs = {"pred_logits": torch.zeros(1, 2, 4), "pred_boxes": boxes[:, :, 0]}
    outputs["denoised"] = [{"pred_logits": logits, "pred_boxes": boxes}, earlier]
    losses = denoising_losses(outputs, [target])
    assert losses["loss_dn_ce"].item() == pytest.approx(math.log(4) / 2)
    assert losses["loss_dn_ce_0"].item() == pytest.approx(math.log(4))
    for suffix in ("", "_0"):
        assert losses[f"loss_dn_bbox{suffix}"].item() == pytest.approx(0.1 / 2, abs=1e-6)
        assert losses[f"loss_dn_giou{suffix}"].item() == pytest.approx((1 - 3 / 5) / 2, abs=1e-6)
    own = set_losses(outputs, [target])
    assert {name: losses[name] for name in own} == own
    denoised = 1.5 * math.log(4) + 2 * (5 * 0.05 + 2 * 0.2)
    assert total_loss(losses, LOSS_WEIGHTS).item() == pytest.approx(total_loss(own).item() + denoised, rel=1e-5)


def test_each_denoising_query_learns_its_own_object_in_pictures_of_different_numbers():
    targets = [
        {"labels": torch.tensor([0, 2]), "boxes": torch.tensor([[0.2, 0.2, 0.2, 0.2], [0.7, 0.7, 0.2, 0.2]])},
        {"labels": torch.zeros(0, dtype=torch.int64), "boxes": torch.zeros(0, 4)},
        {"labels": torch.tensor([1]), "boxes": torch.tensor([[0.5, 0.5, 0.4, 0.4]])},
    ]
    logits, boxes = torch.zeros(3, G, 2, 4), torch.full((3, G, 2, 4), 0.9)
    for i, target in enumerate(targets):
        for t, (label, box) in enumerate(zip(target["labels"], target["boxes"], strict=True)):
            logits[i, :, t, label], boxes[i, :, t] = 50, box
    outputs = {"pred_logits": torch.zeros(3, 2, 4), "pred_boxes": torch.full((3, 2, 4), 0.5)}
    losses = denoising_losses(outputs | {"denoised": [{"pred_logits": logits, "pred_boxes": boxes}]}, targets)
    assert all(losses[f"loss_dn_{name}"].item() == pytest.approx(0, abs=1e-5) for name in ("ce", "bbox", "giou"))
    nothing = {name: value[:0] for name, value in targets[0].items()}
    empty = {"pred_logits": logits[:1, :, :0], "pred_boxes": boxes[:1, :, :0]}
    one = {name: value[:1] for name, value in outputs.items()}
    losses = denoising_losses(one | {"denoised": [empty]}, [nothing])
    assert losses["loss_dn_ce"].item() == losses["loss_dn_bbox"].item() == 0


def test_a_few_steps_learn():
    model = tiny_model()
    learner = DenoisingLearner(model)
    embeddings = learner.label_embed.weight.clone(), learner.box_embed.weight.clone()
    recipe = replace(RECIPE, steps=60, learning_rate=3e-3, loss_weights=LOSS_WEIGHTS)
    batch = next(batches(0))
    noised = with_noised_truth(lambda start: itertools.repeat(batch), classes=3, groups=G)
    trainer = Trainer(model, denoising_losses, noised, recipe, learner=learner, device="cpu", report_every=0.0)
    trainer.run(report=lambda report: None)
    for name in ("loss_dn_ce", "loss_dn_bbox", "loss_dn_giou"):
        losses = [report.losses[name] for report in trainer.history]
        assert sum(losses[-10:]) < 0.8 * sum(losses[:10]), name
    assert not torch.equal(learner.label_embed.weight, embeddings[0])
    assert not torch.equal(learner.box_embed.weight, embeddings[1])


def test_the_tiny_detr_begins_alike_with_and_without_and_comes_out_plain():
    trainer, plain = denoising_trainer(seed=3), ablation_trainer("nothing", seed=3)
    weights, expected = trainer.model.state_dict(), plain.model.state_dict()
    assert weights.keys() == expected.keys() and all(torch.equal(weights[name], expected[name]) for name in expected)
    average = trainer.run(2 / STEPS, report=lambda report: None)
    assert trainer.step == 2 and average.state_dict().keys() == expected.keys()
    with torch.no_grad():
        assert set(average(torch.zeros(1, 3, 64, 64))) == {"pred_logits", "pred_boxes", "aux_outputs"}


def test_a_batch_without_any_object_is_learnt_from(learner):
    nothing = [{"labels": torch.zeros(0, dtype=torch.int64), "boxes": torch.zeros(0, 4)}] * 2
    noised = noised_truth(nothing, 3, G, np.random.default_rng(0))
    outputs = learner({"pictures": torch.randn(2, 3, 20, 28), **noised})
    losses = denoising_losses(outputs, nothing)
    assert all(value.isfinite() for value in losses.values())
