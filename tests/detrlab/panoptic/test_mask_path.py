"""What the mask head holds on the way: what it ends in is the masks, and sizes grow as the finer maps come in."""

import pytest
import torch
from torch.testing import assert_close

from detrlab.detr.models import load_model
from detrlab.panoptic.mask_path import mask_path


@pytest.fixture(scope="module")
def model():
    return load_model("shapes_panoptic")


def test_a_way_ends_in_the_models_own_masks(model):
    pixels = torch.randn(3, 64, 88, generator=torch.Generator().manual_seed(3))
    queries = [7, 20, 2]  # the 20 of the detector, then sky and land
    path = mask_path(model, pixels, queries)
    with torch.no_grad():
        seen = model.see(pixels[None])
        maps = model.bbox_attention(seen.hs[-1], seen.memory, seen.mask)[0]
        expected = model(pixels[None])["pred_masks"][0]
    assert_close(path.logits, expected[queries], atol=1e-5, rtol=1e-5)
    assert_close(path.attention, maps[queries])
    assert_close(path.attention.sum((1, 2, 3)), torch.ones(3))  # one softmax over heads and cells
    assert path.attention.shape == (3, 4, 8, 11)
    assert [tuple(each.shape) for each in path.features] == [(3, 8, 11), (3, 16, 22), (3, 32, 44)]
    assert path.channels == (64, 32, 16) and path.logits.shape == (3, 32, 44)
    assert all((each >= 0).all() and each.any() for each in path.features)
    assert not any(module._forward_hooks for module in model.modules())


def test_features_are_the_mean_of_what_the_last_convolution_gets(model):
    pixels = torch.randn(3, 64, 64, generator=torch.Generator().manual_seed(4))
    given = []
    handle = model.mask_head.out_lay.register_forward_pre_hook(lambda module, args: given.append(args[0]))
    path = mask_path(model, pixels, [0, 5])
    handle.remove()
    assert_close(path.features[-1], given[0].mean(1))
