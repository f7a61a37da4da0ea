"""The models by name: the four official detectors, the three with masks, and those made here, which work
offline.

Sizes follow tables 1 and 5 of the DETR paper and `hubconf.py` of the official code.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, overload

from torch import Tensor, nn

from detrlab.detr.backbone import resnet_backbone, small_backbone
from detrlab.detr.classes import COCO_CLASSES, COCO_PANOPTIC_CLASSES, COCO_THINGS, SHAPES_CLASSES
from detrlab.detr.detr import DETR
from detrlab.detr.huggingface import from_huggingface, is_huggingface
from detrlab.detr.position import PositionEmbeddingSine
from detrlab.detr.transformer import Transformer
from detrlab.panoptic.segmentation import DETRsegm
from detrlab.panoptic.stuff import StuffSegm
from detrlab.scenes.parts import GROUNDS
from detrlab.weights import data_path, hub_file, is_hub_name, metadata, official_file, read_weights

# Of one architecture; the second is its control, trained without what helps the first one.
SHIPPED_MODELS = ("shapes", "shapes_plain")
SHAPES_PANOPTIC = "shapes_panoptic"  # masks on the first: its file holds what is beside the detector
# name: (ResNet, dilated last stage)
OFFICIAL_MODELS = {
    "detr_resnet50": ("resnet50", False),
    "detr_resnet50_dc5": ("resnet50", True),
    "detr_resnet101": ("resnet101", False),
    "detr_resnet101_dc5": ("resnet101", True),
}
PANOPTIC_MODELS = {
    "detr_resnet50_panoptic": ("resnet50", False),
    "detr_resnet50_dc5_panoptic": ("resnet50", True),
    "detr_resnet101_panoptic": ("resnet101", False),
}
# The same weights on HuggingFace's hub.
HUB_NAMES = {
    "facebook/detr-resnet-50": "detr_resnet50",
    "facebook/detr-resnet-50-dc5": "detr_resnet50_dc5",
    "facebook/detr-resnet-101": "detr_resnet101",
    "facebook/detr-resnet-101-dc5": "detr_resnet101_dc5",
    "facebook/detr-resnet-50-panoptic": "detr_resnet50_panoptic",
    "facebook/detr-resnet-50-dc5-panoptic": "detr_resnet50_dc5_panoptic",
    "facebook/detr-resnet-101-panoptic": "detr_resnet101_panoptic",
}

PanopticName = Literal["detr_resnet50_panoptic", "detr_resnet50_dc5_panoptic", "detr_resnet101_panoptic"]


@overload
def load_model(name: PanopticName, weights: str | Path | None = None) -> DETRsegm: ...
@overload
def load_model(name: Literal["shapes_panoptic"], weights: str | Path | None = None) -> StuffSegm: ...
@overload
def load_model(name: str, weights: str | Path | None = None) -> DETR: ...
def load_model(name: str, weights: str | Path | None = None) -> DETR | DETRsegm:
    """A detector in eval mode, with `model.classes` (names by label) and `model.input_size` (shorter, longest).

    Args:
        name: "shapes", "shapes_plain", "detr_resnet50", "detr_resnet50_dc5", "detr_resnet101", "detr_resnet101_dc5";
            or the path of a model.safetensors that `detrlab train --coco` wrote, which brings its own classes. With
            masks, and `model.things` (the labels of countable classes): "shapes_panoptic", "detr_resnet50_panoptic",
            "detr_resnet50_dc5_panoptic", "detr_resnet101_panoptic".
        weights: a path to a .pth or .safetensors file, with official names or HuggingFace's; or, for the official
            models, "official" (fetched once into the cache) or a repository on HuggingFace's hub, such as
            "facebook/detr-resnet-50" (where `huggingface_hub` is installed, into its own cache). None: the shipped
            weights for the "shapes" models, random weights for the others. Those of "shapes_panoptic" are of the mask
            head alone; its detector is the shipped "shapes".

    Raises:
        ValueError: an unknown name, or weights of another model.
        WeightsError: weights that are not there, cannot be fetched or cannot be read.
    """
    if name.endswith(".safetensors"):
        if weights is not None:
            raise ValueError(f"{name} brings its own weights: leave out weights, or give the name of a model")
        return _finetuned(name)
    if name in (*SHIPPED_MODELS, SHAPES_PANOPTIC):
        if weights == "official":
            raise ValueError(f'"{name}" is not an official model: leave out weights, it brings its own')
        model: DETR | DETRsegm = shapes_panoptic_model() if name == SHAPES_PANOPTIC else shapes_model()
        weights = data_path(f"{name}.safetensors") if weights is None else weights
    elif name in OFFICIAL_MODELS:
        _refuse_a_sibling(name, weights)
        model = official_model(name)
    elif name in PANOPTIC_MODELS:
        _refuse_a_sibling(name, weights)
        model = panoptic_model(name)
    else:
        known = ", ".join([*SHIPPED_MODELS, SHAPES_PANOPTIC, *OFFICIAL_MODELS, *PANOPTIC_MODELS])
        raise ValueError(f"there is no model {name!r}, only {known}")
    if weights is not None:
        state = read_weights(_file_of(name, weights))
        if isinstance(model, StuffSegm):
            state |= {key: tensor for key, tensor in model.state_dict().items() if key.startswith("detr.")}
        load_weights(model, from_huggingface(state) if is_huggingface(state) else state, f"{weights} into {name}")
    return model.eval()


def _finetuned(path: str) -> DETR:
    """What `detrlab.training.finetune` wrote: the file says of which model it is, and its classes."""
    state = read_weights(path)
    about = metadata(path)
    if about.get("model") not in [*SHIPPED_MODELS, *OFFICIAL_MODELS] or "classes" not in about:
        raise ValueError(f"{path} does not say of which model it is: write load_model(NAME, {path!r})")
    name, classes = about["model"], json.loads(about["classes"])
    model = shapes_model() if name in SHIPPED_MODELS else official_model(name)
    model.class_embed = nn.Linear(model.class_embed.in_features, len(classes) + 1)
    model.classes = tuple(classes)
    load_weights(model, state, f"{path} into {name}")
    return model.eval()


def _file_of(name: str, weights: str | Path) -> Path:
    """The file that `weights` stands for, fetched where it has to be."""
    official = name in OFFICIAL_MODELS or name in PANOPTIC_MODELS
    if official and weights == "official":
        return official_file(name)
    if official and is_hub_name(weights):
        return hub_file(str(weights))
    return Path(weights)


def _refuse_a_sibling(name: str, weights: str | Path | None) -> None:
    """Weights of a DC5 model have the names and shapes of the plain one's: they would load, and detect worse."""
    whose = HUB_NAMES.get(str(weights), name)
    if whose != name:
        raise ValueError(
            f"{weights} are the weights of {whose}, not of {name}: write load_model({whose!r}, {weights!r})"
        )


def official_model(name: str) -> DETR:
    """One of the official architectures with random weights."""
    return _official_detr(*OFFICIAL_MODELS[name], COCO_CLASSES)


def panoptic_model(name: str) -> DETRsegm:
    """One of the official architectures with masks, with random weights."""
    model = DETRsegm(_official_detr(*PANOPTIC_MODELS[name], COCO_PANOPTIC_CLASSES))
    model.things = COCO_THINGS
    return model


def _official_detr(resnet: str, dilation: bool, classes: tuple[str, ...]) -> DETR:
    model = DETR(
        resnet_backbone(resnet, dilation),
        PositionEmbeddingSine(128),
        Transformer(d_model=256, nhead=8, num_encoder_layers=6, num_decoder_layers=6, dim_feedforward=2048),
        num_classes=len(classes),
        num_queries=100,
    )
    model.classes = classes
    model.input_size = (800, 1333)
    return model


def shapes_model() -> DETR:
    """The architecture of "shapes" with random weights: a small DETR for small pictures of six shapes.

    Positions use higher frequencies than the paper's, up to three periods a picture, which suits a map of 16 x 16.
    """
    model = DETR(
        small_backbone(),
        PositionEmbeddingSine(64, temperature=30.0, scale=6 * math.pi),
        Transformer(d_model=128, nhead=4, num_encoder_layers=3, num_decoder_layers=3, dim_feedforward=256, dropout=0.0),
        num_classes=len(SHAPES_CLASSES),
        num_queries=20,
    )
    model.classes = SHAPES_CLASSES
    model.input_size = (128, 213)
    return model


def shapes_panoptic_model() -> StuffSegm:
    """The trained "shapes", frozen, with a mask head of random weights that draws sky and land, too.

    The attention maps are multiplied by 100 before they enter the head: it is trained for minutes, not for days.
    """
    return StuffSegm(load_model("shapes"), GROUNDS, {"layer1": 64, "relu": 32}, groups=4, map_gain=100.0)


def head_weights(model: DETRsegm) -> dict[str, Tensor]:
    """The state of all but the detector: what is trained where it is frozen."""
    return {name: tensor for name, tensor in model.state_dict().items() if not name.startswith("detr.")}


def official_weights(name: str) -> dict[str, Tensor]:
    """The official state dict of a model, or of the short DETR of the homework's Q1: `official_weights("detr_demo")`.

    Fetched once into the cache; raises like `load_model`.
    """
    return read_weights(official_file(name))


def short_weights() -> dict[str, Tensor]:
    """The shipped float32 state dict of Q1's short DETR with a `SmallResNet` backbone, trained on shapes."""
    return {name: tensor.float() for name, tensor in read_weights(data_path("short_detr.safetensors")).items()}


def load_weights(model: nn.Module, state: Mapping[str, Tensor], what: str) -> None:
    """Load every weight by name, or raise a ValueError that says in a line where the names or shapes differ."""
    own = model.state_dict()
    missing = sorted(own.keys() - state.keys())
    unexpected = sorted(state.keys() - own.keys())
    shapes = [
        f"{key} {tuple(state[key].shape)} instead of {tuple(own[key].shape)}"
        for key in own.keys() & state.keys()
        if state[key].shape != own[key].shape
    ]
    problems = {"missing": missing, "unexpected": unexpected, "wrong shape": sorted(shapes)}
    found = [f"{len(keys)} {kind} ({', '.join(keys[:3])})" for kind, keys in problems.items() if keys]
    if found:
        raise ValueError(f"cannot load {what}: {'; '.join(found)}: these are weights of another model")
    model.load_state_dict(state, strict=True)


def load_small(model: nn.Module, name: str, weights: str | Path | None) -> None:
    """Put `model`, one that is made here, into eval mode with these weights: a .safetensors file, or None for data/'s.

    Raises:
        ValueError: weights of another model.
        WeightsError: weights that are not there or cannot be read.
    """
    path = data_path(f"{name}.safetensors") if weights is None else Path(weights)
    load_weights(model, read_weights(path), f"{path} into {name}")
    model.eval()
