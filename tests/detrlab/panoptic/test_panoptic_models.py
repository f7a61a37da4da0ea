"""The official models with masks: sizes, names of weights, and files of them."""

import json

import pytest
import torch

from detrlab.detr import models
from detrlab.detr.classes import COCO_PANOPTIC_CLASSES, COCO_THINGS
from detrlab.detr.models import HUB_NAMES, PANOPTIC_MODELS, load_model, panoptic_model
from detrlab.weights import OFFICIAL_FILES, WeightsError, official_file
from tests.golden_data import golden_file

KEYS = {"detr_resnet50_panoptic": 490, "detr_resnet50_dc5_panoptic": 490, "detr_resnet101_panoptic": 745}
MILLIONS = {"detr_resnet50_panoptic": 42.9, "detr_resnet50_dc5_panoptic": 42.9, "detr_resnet101_panoptic": 61.8}

every_model = pytest.mark.parametrize("name", PANOPTIC_MODELS)


@every_model
def test_names_shapes_and_sizes_are_the_official_ones(name):
    golden = json.loads(golden_file("state_dict_keys.json").read_text())[name]
    with torch.device("meta"):
        model = panoptic_model(name)
    state = model.state_dict()
    ours = {key: (list(tensor.shape), str(tensor.dtype).removeprefix("torch.")) for key, tensor in state.items()}
    assert ours == {key: (shape, dtype) for key, shape, dtype in golden["keys"]}
    count = sum(parameter.numel() for parameter in model.parameters())
    assert (len(state), round(count / 1e6, 1)) == (KEYS[name], MILLIONS[name])
    assert count == json.loads(golden_file("param_counts.json").read_text())[name]["params"]


@every_model
def test_dc5_keeps_the_resolution_in_the_last_stage(name):
    with torch.device("meta"):
        model = panoptic_model(name)
        assert model.detr.backbone[0].body.layer4[0].conv2.stride == ((1, 1) if "dc5" in name else (2, 2))
    assert model.classes is COCO_PANOPTIC_CLASSES and model.things is COCO_THINGS
    assert model.input_size == (800, 1333)


def official_state(name: str) -> dict[str, torch.Tensor]:
    """Random weights under the official names, in the official shapes: a number each, which makes small files."""
    golden = json.loads(golden_file("state_dict_keys.json").read_text())[name]
    generator = torch.Generator().manual_seed(0)
    return {key: torch.rand((), generator=generator).expand(shape) for key, shape, _ in golden["keys"]}


@every_model
def test_an_official_file_loads_strictly(name, tmp_path, monkeypatch):
    """As the authors saved them: a training checkpoint, its weights under "model"."""
    state = official_state(name)
    path = tmp_path / OFFICIAL_FILES[name]
    torch.save({"model": state}, path)
    monkeypatch.setattr(models, "official_file", {name: path}.__getitem__)
    model = load_model(name, "official")
    assert not any(module.training for module in model.modules())
    assert all(tensor.equal(state[key]) for key, tensor in model.state_dict().items())


def test_a_file_that_lacks_a_weight_or_has_one_more_is_refused(tmp_path):
    state = official_state("detr_resnet50_panoptic")
    del state["mask_head.gn3.weight"]
    state["mask_head.lay6.weight"] = torch.zeros(1)
    torch.save({"model": state}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"1 missing \(mask_head\.gn3\.weight\); 1 unexpected \(mask_head\.lay6\."):
        load_model("detr_resnet50_panoptic", tmp_path / "other.pth")


def test_the_files_are_asked_for_by_their_official_names(tmp_path, monkeypatch):
    """In a cache where each holds something else, each is refused for its hash, which its name ends in."""
    monkeypatch.setenv("DETRLAB_CACHE", str(tmp_path))
    for name, ending in zip(PANOPTIC_MODELS, ("00ce5173", "da08f1b1", "40021d53"), strict=True):
        (tmp_path / OFFICIAL_FILES[name]).write_bytes(b"something else")
        with pytest.raises(WeightsError, match=f"{ending} was expected"):
            official_file(name)


def test_weights_of_the_dc5_model_are_refused_for_the_plain_one():
    with pytest.raises(
        ValueError, match=r"write load_model\('detr_resnet50_dc5_panoptic', 'facebook/detr-resnet-50-dc"
    ):
        load_model("detr_resnet50_panoptic", "facebook/detr-resnet-50-dc5-panoptic")
    assert set(PANOPTIC_MODELS) < set(HUB_NAMES.values())


def test_unknown_names_say_the_panoptic_ones():
    with pytest.raises(ValueError, match="no model 'panoptic', only shapes, .*, detr_resnet50_panoptic, "):
        load_model("panoptic")


def test_coco_panoptic_counts_stuff_behind_things():
    assert len(COCO_PANOPTIC_CLASSES) == 250
    known = {label: name for label, name in enumerate(COCO_PANOPTIC_CLASSES) if name != "N/A"}
    assert sum(label in COCO_THINGS for label in known) == 80 and len(known) == 80 + 53
    assert known[1] == "person" and known[90] == "toothbrush"
    assert known[92] == "banner" and known[187] == "sky-other-merged" and max(known) == 200
