"""The two towers together: temperature, clamp, projections."""

import math

import pytest
import torch

from detrlab.clip.model import CLIP, Projection, clamp_logit_scale, clip_logits, clip_model, load_clip
from detrlab.training.checkpoint import export


class Given(torch.nn.Module):
    """A tower that returns what it is given."""

    def forward(self, x):
        return x


def test_logits_are_cosines_over_the_temperature():
    model = CLIP(Given(), Given())
    pictures, texts = torch.tensor([[3.0, 4.0], [0.0, 2.0]]), torch.tensor([[1.0, 0.0], [0.0, 5.0], [-1.0, 0.0]])
    per_image, per_text = model(pictures, texts)
    cosines = torch.tensor([[0.6, 0.8, -0.6], [0.0, 1.0, 0.0]])
    torch.testing.assert_close(per_image, cosines / 0.07)
    torch.testing.assert_close(per_text, cosines.T / 0.07)


def test_the_scale_starts_at_1_over_007_and_is_clamped_outside_of_forward():
    model = CLIP(Given(), Given())
    assert model.logit_scale.item() == pytest.approx(math.log(1 / 0.07))
    model.logit_scale.data.fill_(6.0)
    x = torch.eye(2)
    logits = model(x, x)[0]
    assert logits.max().item() == pytest.approx(math.exp(6), rel=1e-5)
    logits.sum().backward()
    assert model.logit_scale.grad != 0
    clamp_logit_scale(model)
    assert model.logit_scale.exp().item() == pytest.approx(100)
    model.logit_scale.data.fill_(-1.0)
    clamp_logit_scale(model)
    assert model.logit_scale == 0


def test_scale_is_applied_once():
    ones = torch.tensor([[1.0, 0.0]])
    assert clip_logits(ones, ones, torch.tensor(math.log(5)))[0].item() == pytest.approx(5)


def test_the_projection_adds_to_what_is_projected_and_then_normalises():
    """linear2 is 0: layer norm of the projection (3, 1) is (1, -1)."""
    projection = Projection(2, 2)
    projection.linear1.weight.data = torch.tensor([[3.0, 0.0], [0.0, 1.0]])
    projection.linear2.weight.data.zero_()
    torch.testing.assert_close(projection(torch.ones(1, 2)), torch.tensor([[1.0, -1.0]]), atol=1e-4, rtol=0)
    projection.linear2.weight.data = torch.tensor([[0.0, 0.0], [10.0, 0.0]])  # 10 * gelu(3) = 29.96 joins the second
    torch.testing.assert_close(projection(torch.ones(1, 2)), torch.tensor([[-1.0, 1.0]]), atol=1e-4, rtol=0)


def test_linear_projections_are_the_papers():
    model = clip_model(linear=True)
    for tower in (model.visual, model.text):
        assert isinstance(tower.projection, torch.nn.Linear) and tower.projection.bias is None


def test_other_weights_are_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    export({"weight": torch.zeros(1)}, path)
    with pytest.raises(ValueError, match="these are weights of another model"):
        load_clip(path)
