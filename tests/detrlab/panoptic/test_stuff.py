"""Stuff on a detector of things: learned queries behind the decoder's, and a detector that stays as it is."""

import pytest
import torch

from detrlab.detr.models import head_weights, shapes_model
from detrlab.panoptic.stuff import StuffSegm

NAMES = ("sky", "sea", "land")


@pytest.fixture(scope="module")
def model() -> StuffSegm:
    torch.manual_seed(0)
    return StuffSegm(shapes_model(), NAMES, {"layer1": 64, "relu": 32}, groups=4, map_gain=100.0).eval()


def test_names_and_labels(model):
    assert model.classes == (*shapes_model().classes, *NAMES) and list(model.things) == [0, 1, 2, 3, 4, 5]


@torch.no_grad()
def test_things_are_found_as_by_the_detector_and_stuff_is_certain(model):
    pictures = torch.randn(2, 3, 40, 56)
    out, alone = model(pictures), model.detr(pictures)
    probability, detected = out["pred_logits"].softmax(-1), alone["pred_logits"].softmax(-1)
    assert probability.shape == (2, 20 + 3, 6 + 3 + 1) and out["pred_masks"].shape == (2, 23, 20, 28)
    torch.testing.assert_close(probability[:, :20, [*range(6), 9]], detected)
    assert not probability[:, :20, 6:9].any()
    assert probability[:, 20:].equal(torch.eye(10)[6:9].expand(2, 3, 10))
    assert out["pred_boxes"][:, :20].equal(alone["pred_boxes"])
    assert out["pred_boxes"][:, 20:].equal(torch.tensor([0.5, 0.5, 1.0, 1.0]).expand(2, 3, 4))


@torch.no_grad()
def test_what_is_asked_for_stuff_is_learned(model):
    seen = model.see(torch.randn(2, 3, 40, 56))
    assert seen.hs.shape == (3, 2, 23, 128) and seen.hs[-1, 1, 20:].equal(model.stuff_embed.weight)


@torch.no_grad()
def test_one_picture_of_a_batch(model):
    pictures = [torch.randn(3, 40, 56), torch.randn(3, 48, 32)]
    seen = model.see(pictures)
    every, second = model.masks(seen, seen.hs[-1]), seen.picture(1)
    assert [len(part) for part in (second.memory, second.src, second.mask, *second.fpns)] == [1] * 5
    torch.testing.assert_close(model.masks(second, second.hs[-1])[0], every[1], atol=1e-4, rtol=1e-4)


def test_training_moves_the_head_and_the_queries_of_stuff_and_no_statistics(model):
    """The detector has batch norms: without gradients they would still count what they see in training mode."""
    model.train()
    before = {name: tensor.clone() for name, tensor in model.detr.state_dict().items()}
    assert any("running_mean" in name for name in before)
    seen = model.see(torch.randn(2, 3, 40, 56))
    model.masks(seen, seen.hs[-1][:, 18:]).square().mean().backward()
    assert all(tensor.equal(before[name]) for name, tensor in model.detr.state_dict().items())
    assert {name for name, p in model.named_parameters() if p.grad is not None} == head_weights(model).keys()
    assert model.stuff_embed.weight.grad.any(1).all()
    model.zero_grad()
    model.eval()
