"""The backbones: torchvision's ResNet is the oracle, stage by stage."""

import pytest
import torch
from torch import nn
from torchvision.models.resnet import BasicBlock as TorchvisionBlock
from torchvision.models.resnet import resnet50
from torchvision.ops.misc import FrozenBatchNorm2d as TorchvisionFrozen

from detrlab.detr.backbone import (
    BasicBlock,
    FrozenBatchNorm2d,
    SmallResNet,
    TinyResNet,
    resnet_backbone,
    small_backbone,
)


def test_frozen_batch_norm_by_hand():
    norm = FrozenBatchNorm2d(1, eps=0.0)
    norm.load_state_dict(
        {
            "weight": torch.tensor([3.0]),
            "bias": torch.tensor([1.0]),
            "running_mean": torch.tensor([5.0]),
            "running_var": torch.tensor([4.0]),
        }
    )
    # (9 - 5) / 2 * 3 + 1
    assert norm(torch.full((1, 1, 1, 1), 9.0)).item() == 7
    assert not list(norm.parameters())
    norm.train()
    assert norm(torch.full((1, 1, 1, 1), 9.0)).item() == 7


def test_frozen_batch_norm_equals_torchvision():
    generator = torch.Generator().manual_seed(0)
    ours, theirs = FrozenBatchNorm2d(5), TorchvisionFrozen(5)
    state = {key: torch.rand(5, generator=generator) for key in ours.state_dict()}
    ours.load_state_dict(state)
    theirs.load_state_dict(state)
    x = torch.randn(2, 5, 3, 7, generator=generator)
    torch.testing.assert_close(ours(x), theirs(x))


def test_resnet_is_torchvisions_without_the_classifier():
    torch.manual_seed(0)
    theirs = resnet50(norm_layer=FrozenBatchNorm2d).eval()
    ours = resnet_backbone("resnet50").eval()
    ours.body.load_state_dict({k: v for k, v in theirs.state_dict().items() if not k.startswith("fc.")})
    maps = []
    theirs.layer4.register_forward_hook(lambda module, args, output: maps.append(output))
    x = torch.randn(1, 3, 65, 97)
    with torch.no_grad():
        theirs(x)
        y = ours(x)
    assert y.shape == (1, ours.num_channels, 3, 4)  # ceil(65 / 32), ceil(97 / 32)
    assert y.equal(maps[0])
    assert not any(isinstance(module, nn.BatchNorm2d) for module in ours.modules())


def test_dilation_keeps_the_resolution_of_layer3_with_the_same_weights():
    plain, dilated = resnet_backbone("resnet50"), resnet_backbone("resnet50", dilation=True)
    dilated.load_state_dict(plain.state_dict())
    sizes = []
    dilated.body.layer3.register_forward_hook(lambda module, args, output: sizes.append(output.shape[-2:]))
    with torch.no_grad():
        sizes.append(dilated(torch.zeros(1, 3, 65, 97)).shape[-2:])
    assert sizes == [(5, 7), (5, 7)]  # ceil(65 / 16), ceil(97 / 16)


@pytest.mark.parametrize(("channels_out", "stride"), [(5, 1), (7, 2)])
def test_basic_block_equals_torchvisions(channels_out, stride):
    torch.manual_seed(0)
    shortcut = nn.Conv2d(5, 7, kernel_size=1, stride=2, bias=False) if stride == 2 else None
    ours, theirs = BasicBlock(5, channels_out, stride, shortcut), TorchvisionBlock(5, channels_out, stride, shortcut)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(3, 5, 11, 13)
    for training in (True, False):
        y = ours.train(training)(x)
        assert y.shape == (3, channels_out, *((11, 13) if stride == 1 else (6, 7)))  # ceil by 2
        assert y.equal(theirs.train(training)(x))


def test_small_resnet_walks_like_a_resnet():
    torch.manual_seed(0)
    body = SmallResNet().eval()
    x = torch.randn(2, 3, 41, 59)
    with torch.no_grad():
        y = body.maxpool(body.relu(body.bn1(body.conv1(x))))
        assert y.shape == (2, 32, 11, 15)  # ceil by 4
        channels = []
        for stage in (body.layer1, body.layer2, body.layer3, body.layer4):
            y = stage(y)
            channels.append(y.shape[1])
        assert channels == [64, 128, 128, 128]
        assert y.shape == (2, body.out_channels, 6, 8)  # ceil by 8
        assert body(x).equal(y)
    assert not hasattr(body, "fc")
    assert sum(isinstance(m, nn.Conv2d) and m.kernel_size == (3, 3) for m in body.modules()) == 9


def test_small_backbone_has_the_official_prefix():
    backbone = small_backbone()
    assert backbone.num_channels == 128
    assert all(key.startswith("body.") for key in backbone.state_dict())


def test_the_tiny_classifier_ends_as_torchvisions_do():
    tiny = TinyResNet(channels=13).eval()
    with torch.device("meta"):
        names = [name for name, _ in resnet50().named_children()]
    assert [name for name, _ in tiny.named_children()] == names
    pictures = torch.randn(2, 3, 29, 37, generator=torch.Generator().manual_seed(0))
    seen = []
    tiny.layer4.register_forward_hook(lambda _, args, output: seen.append(output))
    logits = tiny(pictures)
    assert seen[0].shape == (2, 13, 4, 5)
    torch.testing.assert_close(logits, seen[0].mean((2, 3)) @ tiny.fc.weight.T + tiny.fc.bias)


@pytest.mark.parametrize(
    ("stages", "sizes"),
    [
        (["layer3", "layer2", "layer1", "layer4"], [(1024, 3, 2), (512, 5, 4), (256, 9, 8), (2048, 2, 1)]),
        (["layer4", "conv1"], [(2048, 2, 1), (64, 17, 16)]),
    ],
)
def test_maps_of_stages_come_in_the_order_asked_for(stages, sizes):
    backbone = resnet_backbone("resnet50").eval()
    pictures = torch.randn(1, 3, 34, 32)
    with torch.no_grad():
        maps = backbone.stage_maps(pictures, stages)
        assert [tuple(each.shape[1:]) for each in maps] == sizes
        torch.testing.assert_close(maps[stages.index("layer4")], backbone(pictures))


def test_the_small_backbone_has_finer_maps_too():
    backbone = small_backbone().eval()
    pictures = torch.randn(2, 3, 40, 56)
    last, coarse, fine = backbone.stage_maps(pictures, ["layer4", "layer1", "relu"])
    assert (coarse.shape, fine.shape) == ((2, 64, 10, 14), (2, 32, 20, 28))
    torch.testing.assert_close(last, backbone(pictures))
    with pytest.raises(ValueError, match="no stage 'stem', only conv1, bn1, relu, "):
        backbone.stage_maps(pictures, ["stem"])
