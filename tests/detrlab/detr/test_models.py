"""Models by name: sizes of the paper, weights from files, and errors that say what fits."""

import json
import math

import pytest
import torch
from safetensors.torch import save_file

from detrlab import weights
from detrlab.detr import models
from detrlab.detr.backbone import SmallResNet
from detrlab.detr.models import OFFICIAL_MODELS, load_model, official_model, shapes_model
from tests.golden_data import golden_file


def count(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(("name", "millions"), [("detr_resnet50", 41), ("detr_resnet101_dc5", 60)])
def test_sizes_of_table_1(name, millions):
    with torch.device("meta"):
        model = official_model(name)
    assert count(model) // 10**6 == millions
    assert len(model.classes) == 91
    assert model.input_size == (800, 1333)


@pytest.mark.parametrize("name", OFFICIAL_MODELS)
def test_dc5_keeps_the_resolution_in_the_last_stage(name):
    with torch.device("meta"):
        last_stage = official_model(name).backbone[0].body.layer4
    assert last_stage[0].conv2.stride == ((1, 1) if name.endswith("_dc5") else (2, 2))


@pytest.mark.parametrize("name", OFFICIAL_MODELS)
def test_parameter_counts_equal_the_official_ones(name):
    golden = json.loads(golden_file("param_counts.json").read_text())[name]
    with torch.device("meta"):
        model = official_model(name)
    assert count(model) == golden["params"]
    assert sum(buffer.numel() for buffer in model.buffers()) == golden["buffers"]


def test_the_shapes_architecture():
    model = shapes_model()
    assert model.classes == ("circle", "square", "triangle", "star", "ring", "cross")
    assert model.input_size == (128, 213)
    out = model.eval()(torch.zeros(1, 3, 128, 150))
    assert out["pred_logits"].shape == (1, 20, 7)
    assert model.transformer.encoder.layers[0].linear1.weight.shape == (256, 128)
    # On 16 columns the last stands at 6 pi, 3 periods; the slow pair of 64 numbers is 30 ** (62 / 64) slower.
    positions = model.backbone[1](torch.zeros(1, 16, 16, dtype=torch.bool))[0, :, 15, 15]
    slow = 6 * math.pi / 30 ** (62 / 64)
    torch.testing.assert_close(positions[-2:], torch.tensor([math.sin(slow), math.cos(slow)]), atol=1e-5, rtol=0)
    assert all(parameter.requires_grad for parameter in model.parameters())


@pytest.fixture
def saved(tmp_path):
    """The state dict of a shapes model and a half-precision file of it, as it is shipped."""
    torch.manual_seed(0)
    state = {key: tensor.half().float() for key, tensor in shapes_model().state_dict().items()}
    path = tmp_path / "mine.safetensors"
    save_file({key: tensor.half() for key, tensor in state.items()}, path)
    return state, path


def test_weights_from_a_half_precision_file(saved):
    state, path = saved
    model = load_model("shapes", path)
    assert not model.training
    for key, tensor in model.state_dict().items():
        assert tensor.dtype in (torch.float32, torch.int64)
        assert tensor.equal(state[key].to(tensor.dtype))


def test_shapes_brings_its_weights(saved, monkeypatch):
    state, path = saved
    monkeypatch.setattr(models, "data_path", {"shapes.safetensors": path}.__getitem__)
    assert load_model("shapes").input_proj.weight.equal(state["input_proj.weight"])


def test_official_weights_are_asked_for_by_name(saved, monkeypatch):
    asked = []
    monkeypatch.setattr(models, "official_file", lambda name: asked.append(name) or saved[1])
    assert models.official_weights("detr_demo").keys() == saved[0].keys()
    with pytest.raises(ValueError, match="another model"):
        load_model("detr_resnet50", "official")
    assert asked == ["detr_demo", "detr_resnet50"]


def test_no_weights_means_no_network(monkeypatch):
    monkeypatch.setattr(weights, "_fetch", lambda url, path: pytest.fail(f"fetched {url}"))
    with torch.device("meta"):
        model = load_model("detr_resnet101")
    assert not model.training


def test_short_weights_fit_the_small_backbone(tmp_path, monkeypatch):
    body = SmallResNet()
    state = {f"backbone.{key}": tensor.half() for key, tensor in body.state_dict().items()}
    save_file(state, tmp_path / "short_detr.safetensors")
    monkeypatch.setattr(models, "data_path", lambda name: tmp_path / name)
    loaded = models.short_weights()
    assert loaded.keys() == state.keys()
    assert loaded["backbone.conv1.weight"].dtype == torch.float32


def test_unknown_names():
    with pytest.raises(
        ValueError, match="no model 'detr', only shapes, shapes_plain, shapes_panoptic, detr_resnet50, "
    ):
        load_model("detr")
    with pytest.raises(ValueError, match="brings its own"):
        load_model("shapes", "official")


def test_weights_of_another_model(saved, tmp_path):
    state, _ = saved
    state = dict(state, extra=torch.zeros(1), **{"query_embed.weight": torch.zeros(100, 128)})
    del state["class_embed.bias"]
    save_file(state, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match=r"other\.safetensors into shapes") as caught:
        load_model("shapes", tmp_path / "other.safetensors")
    message = str(caught.value)
    assert "1 missing (class_embed.bias)" in message
    assert "1 unexpected (extra)" in message
    assert "1 wrong shape (query_embed.weight (100, 128) instead of (20, 128))" in message
