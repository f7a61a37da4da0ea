"""The image tower: what its frozen stages give, what a colour bin sees, that places count."""

import pytest
import torch

from detrlab.clip.data import captioned_scenes
from detrlab.clip.image import AttentionPool, ColourHistogram, FrozenStages, ImageTower
from detrlab.clip.model import Projection
from detrlab.clip.training import untrained_clip
from detrlab.detr.models import load_model


@pytest.fixture(scope="module")
def tower() -> ImageTower:
    torch.manual_seed(0)
    return ImageTower(width=16, heads=2, projection=Projection(9 * 16, 7), bins=5).eval()


def test_stages_are_those_of_shapes_at_stride_8():
    model = untrained_clip()
    x = torch.randn(2, 3, 64, 48)
    backbone = load_model("shapes").backbone[0].requires_grad_(False)
    layer2, layer4 = backbone.stage_maps(x, ("layer2", "layer4"))
    maps = model.visual.stages(x)
    assert maps.shape == (2, 32 + 64 + 128 + 128, 8, 6)
    torch.testing.assert_close(maps[:, 96:224], layer2)
    torch.testing.assert_close(maps[:, 224:], layer4)


def test_nothing_of_the_stages_learns_even_in_training_mode(tower):
    x = torch.randn(2, 3, 16, 24)
    before = tower.stages(x)
    tower.train()
    tower(x).sum().backward()
    torch.testing.assert_close(tower.stages(x), before)
    assert all(parameter.grad is None for parameter in tower.stages.parameters())
    assert isinstance(tower.stages, FrozenStages)
    tower.eval()


def test_a_colour_bin_is_the_mean_of_what_it_takes_of_each_colour():
    """A bin for red above .5: the left cell is red in one of its two halves, (1 - .5) / 2; the right one is blue."""
    histogram = ColourHistogram(1)
    histogram.bins.weight.data = torch.tensor([1.0, 0.0, 0.0]).view(1, 3, 1, 1)
    histogram.bins.bias.data.fill_(-0.5)
    picture = torch.zeros(1, 3, 8, 16)
    picture[:, 0, :4, :8] = 1
    picture[:, 2, :, 8:] = 1
    torch.testing.assert_close(histogram(picture), torch.tensor([[[[0.25, 0.0]]]]))


def test_pooling_does_not_mind_the_order_of_tokens_but_the_tower_minds_places(tower):
    torch.manual_seed(1)
    pool, tokens = AttentionPool(16, 2, 3).eval(), torch.randn(2, 5, 16)
    torch.testing.assert_close(pool(tokens), pool(tokens.flip(1)))
    assert pool(tokens).shape == (2, 3 * 16)
    maps, x = torch.randn(1, 352, 2, 3), torch.randn(1, 3, 16, 24)
    flat = x[..., :1, :1].expand(x.shape)
    assert (tower.pooled(maps, flat) - tower.pooled(maps.flip(3), flat)).abs().max() > 1e-3


def test_queries_start_by_looking_near_their_places():
    """Nine places, row by row: the middle of what a query looks at moves right along a row and down along a column."""
    tower = untrained_clip().eval().visual
    x = captioned_scenes(8).normalised()
    tokens = tower.tokens(tower.stages(x), x)
    asked = tower.pool.queries.expand(len(x), -1, -1)
    maps = tower.pool.attn(asked, tokens, tokens)[1].mean(0).unflatten(-1, (8, 8))  # (Q, 8, 8), mean over heads
    middle_x, middle_y = (maps.sum(axis) @ torch.arange(8.0) for axis in (1, 2))
    middle_x, middle_y = middle_x.view(3, 3), middle_y.view(3, 3)
    assert (middle_x.diff(dim=1) > 0.5).all()
    assert (middle_y.diff(dim=0) > 0.5).all()


def test_kept_maps_give_the_same_features(tower):
    x = torch.randn(2, 3, 16, 24)
    torch.testing.assert_close(tower(x), tower.pooled(tower.stages(x), x))
    assert tower(x).shape == (2, 7)
