"""The mask head: the official numbers, and each query by itself."""

import pytest
import torch
from safetensors.torch import load_file

from detrlab.panoptic.mask_head import MaskHeadSmallConv
from tests.golden_data import golden_file


def test_equals_the_official_code():
    golden = load_file(golden_file("mask_heads.safetensors"))
    head = MaskHeadSmallConv(64 + 8, fpn_dims=(32, 16, 8), context_dim=128)
    weights = {key.removeprefix("mh.w."): value for key, value in golden.items() if key.startswith("mh.w.")}
    assert weights.keys() == head.state_dict().keys()
    head.load_state_dict(weights)
    out = head(golden["mh.x"], golden["mh.bbox_mask"], [golden["mh.f0"], golden["mh.f1"], golden["mh.f2"]])
    torch.testing.assert_close(out, golden["mh.out"], atol=1e-4, rtol=1e-4)


def test_the_head_of_the_shapes_detector():
    """Two levels, four groups: 0.262 M parameters, and masks of the finest map."""
    head = MaskHeadSmallConv(128 + 4, fpn_dims=(64, 32), context_dim=128, groups=4)
    convolutions = 9 * (132 * 132 + 132 * 64 + 64 * 32 + 32 * 16 + 16) + (132 + 64 + 32 + 16 + 1)
    adapters = 64 * 64 + 64 + 32 * 32 + 32
    assert sum(p.numel() for p in head.parameters()) == convolutions + adapters + 2 * (132 + 64 + 32 + 16)
    fine = [torch.randn(2, 64, 5, 7), torch.randn(2, 32, 11, 13)]
    assert head(torch.randn(2, 128, 2, 3), torch.randn(2, 3, 4, 2, 3), fine).shape == (2 * 3, 1, 11, 13)


def test_a_query_does_not_depend_on_the_others():
    torch.manual_seed(0)
    head = MaskHeadSmallConv(8 + 3, fpn_dims=(5,), context_dim=8, groups=1)
    x, maps, fine = torch.randn(2, 8, 3, 2), torch.rand(2, 7, 3, 3, 2), [torch.randn(2, 5, 6, 5)]
    together = head(x, maps, fine).view(2, 7, 6, 5)
    alone = head(x, maps[:, 4:5], fine).view(2, 6, 5)
    torch.testing.assert_close(together[:, 4], alone)


def test_what_does_not_fit_is_said():
    with pytest.raises(ValueError, match=r"8 groups do not fit 132 of the channels \[132, 132, 64, 32"):
        MaskHeadSmallConv(132, fpn_dims=(64, 32), context_dim=128)
    head = MaskHeadSmallConv(8 + 3, fpn_dims=(5,), context_dim=8, groups=1)
    with pytest.raises(ValueError, match="2 maps of the backbone came, this head was built for 1"):
        head(torch.randn(1, 8, 3, 2), torch.rand(1, 1, 3, 3, 2), [torch.randn(1, 5, 6, 5)] * 2)
