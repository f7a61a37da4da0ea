"""The convolutional backbones: ResNet with frozen batch norm, and a small one for the shapes model.

DETR, section 3.2 "Backbone", and `models/backbone.py` of the official code, whose parameter names are kept
(`backbone.0.body.layer4.2.conv3.weight`). No weights are ever downloaded here.
"""

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn

RESNET_BLOCKS = {"resnet50": (3, 4, 6, 3), "resnet101": (3, 4, 23, 3)}


class FrozenBatchNorm2d(nn.Module):
    """Batch norm with fixed statistics and a fixed affine map: buffers only, nothing to train.

    DETR keeps those of ImageNet (appendix A.4), as detection trains on too few pictures at a time to estimate
    its own. Input and output: (B, C, H, W).
    """

    def __init__(self, num_features: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.register_buffer("weight", torch.ones(num_features))
        self.register_buffer("bias", torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x: Tensor) -> Tensor:
        scale = self.weight * (self.running_var + self.eps).rsqrt()  # (C,)
        shift = self.bias - self.running_mean * scale  # (C,)
        return x * scale[:, None, None] + shift[:, None, None]


def freeze_batch_norm(module: nn.Module) -> None:
    """Puts `FrozenBatchNorm2d` with the same numbers in the place of every batch norm in a module."""
    for parent in list(module.modules()):
        for name, norm in parent.named_children():
            if isinstance(norm, nn.BatchNorm2d):
                frozen = FrozenBatchNorm2d(norm.num_features, norm.eps)
                frozen.load_state_dict({key: norm.state_dict()[key] for key in frozen.state_dict()})
                setattr(parent, name, frozen)


def resnet_body(name: str, dilation: bool) -> nn.Sequential:
    """The stages conv1 .. layer4 of a ResNet: (B, 3, H, W) -> (B, 2048, ceil(H/32), ceil(W/32)).

    With `dilation` (the "DC5" models) layer4 keeps layer3's resolution: ceil(H/16), ceil(W/16).
    """
    from torchvision.models.resnet import Bottleneck, ResNet  # takes seconds, which the small models need not pay

    resnet = ResNet(
        Bottleneck,
        list(RESNET_BLOCKS[name]),
        norm_layer=FrozenBatchNorm2d,
        replace_stride_with_dilation=[False, False, dilation],
    )
    stages = [(stage, module) for stage, module in resnet.named_children() if stage not in ("avgpool", "fc")]
    return nn.Sequential(OrderedDict(stages))


class SmallResNet(nn.Module):
    """A ResNet in miniature with the same stage names: (B, 3, H, W) -> (B, 128, ceil(H/8), ceil(W/8)).

    One basic block per stage; only conv1, maxpool and layer2 halve the resolution. `widths` are the channels
    after conv1, layer1, layer2, layer3 and layer4.
    """

    def __init__(self, widths: tuple[int, int, int, int, int] = (32, 64, 128, 128, 128)) -> None:
        super().__init__()
        stem, *stages = widths
        self.conv1 = nn.Conv2d(3, stem, kernel_size=3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = _basic_stage(stem, stages[0], stride=1)
        self.layer2 = _basic_stage(stages[0], stages[1], stride=2)
        self.layer3 = _basic_stage(stages[1], stages[2], stride=1)
        self.layer4 = _basic_stage(stages[2], stages[3], stride=1)
        self.out_channels = stages[3]
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))


class TinyResNet(SmallResNet):
    """A classifier small enough to run in a blink: ResNet stages, then `avgpool` and `fc`, as torchvision names them.

    Pictures (B, 3, H, W) -> logits (B, 11). channels: of the last feature map; the other maps have 11.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(widths=(11, 11, 11, 11, channels))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, 11)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.avgpool(super().forward(x)).flatten(1))


def _basic_stage(channels_in: int, channels_out: int, stride: int) -> nn.Sequential:
    """One residual block of two 3x3 convolutions; the shortcut is a 1x1 convolution where the shape changes."""
    shortcut = None
    if stride != 1 or channels_in != channels_out:
        shortcut = nn.Sequential(
            nn.Conv2d(channels_in, channels_out, kernel_size=1, stride=stride, bias=False),
            nn.BatchNorm2d(channels_out),
        )
    return nn.Sequential(BasicBlock(channels_in, channels_out, stride, shortcut))


class BasicBlock(nn.Module):
    """(B, C, H, W) -> (B, C', ceil(H/stride), ceil(W/stride)): relu(two 3x3 convolutions + shortcut).

    He et al. 2015, figure 5 (left); names as in torchvision's. `shortcut` None: the input itself.
    """

    def __init__(self, channels_in: int, channels_out: int, stride: int, shortcut: nn.Module | None) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels_out)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels_out, channels_out, kernel_size=3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels_out)
        self.downsample = shortcut

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        return self.relu(y + (x if self.downsample is None else self.downsample(x)))


class Backbone(nn.Module):
    """A body and the number of channels of its last map; gives the parameters their official prefix `body.`."""

    def __init__(self, body: nn.Module, num_channels: int) -> None:
        super().__init__()
        self.body = body
        self.num_channels = num_channels

    def forward(self, pictures: Tensor) -> Tensor:
        """Normalised pictures (B, 3, H, W) -> feature map (B, num_channels, h, w)."""
        return self.body(pictures)

    def stage_maps(self, pictures: Tensor, stages: Sequence[str]) -> list[Tensor]:
        """The feature maps after these stages, children of the body by name, in the order asked for.

        pictures as in `forward`; "layer4" gives what `forward` returns. The body's children have to run one after the
        other, as those of both ResNets do. Raises ValueError for a stage that is not there.
        """
        wanted = dict.fromkeys(stages)
        if unknown := wanted.keys() - dict(self.body.named_children()).keys():
            there = ", ".join(name for name, _ in self.body.named_children())
            raise ValueError(f"the backbone has no stage {sorted(unknown)[0]!r}, only {there}")
        maps, x = {}, pictures
        for name, stage in self.body.named_children():
            x = stage(x)
            if name in wanted:
                maps[name] = x
        return [maps[name] for name in stages]


def resnet_backbone(name: str, dilation: bool = False) -> Backbone:
    """Backbone "resnet50" or "resnet101" with random weights."""
    return Backbone(resnet_body(name, dilation), num_channels=2048)


def small_backbone() -> Backbone:
    """`SmallResNet` as a DETR backbone, with random weights."""
    body = SmallResNet()
    return Backbone(body, num_channels=body.out_channels)
