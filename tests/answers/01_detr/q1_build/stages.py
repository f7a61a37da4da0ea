# %% style="torchvision's IntermediateLayerGetter"
# It walks the children up to layer4; the classifier is popped out of its registry.
from torchvision.models._utils import IntermediateLayerGetter


def make_backbone(resnet50):
    resnet = resnet50()
    resnet._modules.pop("fc")
    return resnet


def backbone_features(backbone, pictures):
    return IntermediateLayerGetter(backbone, return_layers={"layer4": "map"})(pictures)["map"]


# %% style="line by line"
def make_backbone(resnet50):
    resnet = resnet50()
    del resnet.fc
    return resnet


def backbone_features(backbone, pictures):
    x = backbone.conv1(pictures)
    x = backbone.bn1(x)
    x = backbone.relu(x)
    x = backbone.maxpool(x)
    x = backbone.layer1(x)
    x = backbone.layer2(x)
    x = backbone.layer3(x)
    x = backbone.layer4(x)
    return x


# %% style="names in a loop"
def make_backbone(resnet50):
    resnet = resnet50()
    delattr(resnet, "fc")
    return resnet


def backbone_features(backbone, pictures):
    for name in ["conv1", "bn1", "relu", "maxpool", *(f"layer{number}" for number in range(1, 5))]:
        pictures = getattr(backbone, name)(pictures)
    return pictures


# %% style="nested calls"
def make_backbone(resnet50):
    resnet = resnet50()
    resnet.__delattr__("fc")
    return resnet


def backbone_features(backbone, pictures):
    b = backbone
    stem = b.maxpool(b.relu(b.bn1(b.conv1(pictures))))
    return b.layer4(b.layer3(b.layer2(b.layer1(stem))))


# %% style="a Sequential of the children before the pooling"
from itertools import takewhile


def make_backbone(resnet50):
    resnet = resnet50()
    del resnet._modules["fc"]
    return resnet


def backbone_features(backbone, pictures):
    before = takewhile(lambda named: named[0] != "avgpool", backbone.named_children())
    return nn.Sequential(*(module for _, module in before))(pictures)
