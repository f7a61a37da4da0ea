"""Weights in HuggingFace's format: its own code as oracle (ours into theirs: test_detr.py), and files by name."""

import sys

import huggingface_hub
import pytest
import torch
from safetensors.torch import load_file, save_file

from detrlab.detr import backbone, models
from detrlab.detr.backbone import resnet_backbone
from detrlab.detr.detr import DETR, pad_and_mask
from detrlab.detr.huggingface import from_huggingface, is_huggingface, official_name
from detrlab.detr.models import OFFICIAL_MODELS, load_model, official_model
from detrlab.detr.position import PositionEmbeddingSine
from detrlab.detr.transformer import Transformer
from detrlab.weights import WeightsError, is_hub_name
from tests.huggingface_models import small_model
from tests.needs import need_module

BLOCKS = (2, 1, 1, 1)


def tiny_detr() -> DETR:
    transformer = Transformer(12, 3, num_encoder_layers=2, num_decoder_layers=3, dim_feedforward=11, dropout=0.0)
    return DETR(resnet_backbone("tiny"), PositionEmbeddingSine(6), transformer, num_classes=5, num_queries=7)


@pytest.fixture(scope="module")
def theirs() -> torch.nn.Module:
    """HuggingFace's model of the sizes of `tiny_detr`."""
    return small_model("DetrForObjectDetection", BLOCKS, ["stage4"], D=12, heads=3, layers=(2, 3))


@pytest.fixture
def ours(monkeypatch) -> None:
    """`load_model("detr_resnet50")` builds the tiny DETR."""
    monkeypatch.setitem(backbone.RESNET_BLOCKS, "tiny", BLOCKS)
    monkeypatch.setattr(models, "official_model", lambda name: tiny_detr())


def saved(theirs, folder, names: str):
    """A file of their weights: as they save it ("saved"), with the names in memory, or with those of timm's ResNet."""
    theirs.save_pretrained(folder)
    path = folder / "model.safetensors"
    assert any("conv_encoder" in name for name in load_file(path))
    if names == "in memory":
        save_file(theirs.state_dict(), path)
    if names == "timm":
        # timm calls a ResNet's parts as torchvision does; the hub's file counts batches in four of its batch norms.
        here = "model.backbone.conv_encoder.model."
        state = {
            here + official_name(name).removeprefix("backbone.0.body.") if name.startswith(here) else name: tensor
            for name, tensor in load_file(path).items()
        }
        assert f"{here}layer1.0.downsample.1.running_var" in state
        save_file(state | {f"{here}layer1.0.downsample.1.num_batches_tracked": torch.tensor(0)}, path)
    return path


@pytest.mark.parametrize("names", ["saved", "in memory", "timm"])
def test_a_file_of_theirs_gives_their_outputs(theirs, ours, tmp_path, names):
    """One batch of two sizes, so that padding counts."""
    model = load_model("detr_resnet50", saved(theirs, tmp_path, names))
    generator = torch.Generator().manual_seed(0)
    pictures = [torch.randn(3, *size, generator=generator) for size in ((128, 192), (160, 131))]
    pixels, mask = pad_and_mask(pictures)
    with torch.no_grad():
        out = model(pictures)
        expected = theirs(pixel_values=pixels, pixel_mask=(~mask).long())
    torch.testing.assert_close(out["pred_logits"], expected.logits, atol=5e-5, rtol=0)
    torch.testing.assert_close(out["pred_boxes"], expected.pred_boxes, atol=5e-6, rtol=0)


@pytest.mark.parametrize(("name", "depths"), [("detr_resnet50", [3, 4, 6, 3]), ("detr_resnet101", [3, 4, 23, 3])])
def test_every_name_has_its_official_one(name, depths):
    transformers = need_module("transformers")
    backbone_config = transformers.ResNetConfig(depths=depths, out_features=["stage4"])
    with torch.device("meta"):
        config = transformers.DetrConfig(backbone_config=backbone_config, use_timm_backbone=False, num_labels=91)
        theirs = transformers.DetrForObjectDetection(config).state_dict()
        official = official_model(name).state_dict()
    assert is_huggingface(theirs) and not is_huggingface(official)
    converted = from_huggingface(theirs)
    assert {key: value.shape for key, value in converted.items()} == {key: v.shape for key, v in official.items()}


def test_a_missing_matrix_is_named(theirs, ours, tmp_path):
    path = saved(theirs, tmp_path, "saved")
    state = load_file(path)
    del state["model.encoder.layers.1.self_attn.k_proj.weight"]
    save_file(state, path)
    with pytest.raises(ValueError, match=r"1 missing \(transformer\.encoder\.layers\.1\.self_attn\.in_proj_weight\)"):
        load_model("detr_resnet50", path)


def test_another_number_of_classes_is_said(theirs, ours, tmp_path):
    path = saved(theirs, tmp_path, "saved")
    save_file(load_file(path) | {"class_labels_classifier.bias": torch.zeros(3)}, path)
    with pytest.raises(ValueError, match=r"1 wrong shape \(class_embed\.bias \(3,\) instead of \(6,\)\)"):
        load_model("detr_resnet50", path)


@pytest.fixture
def hub_cache(tmp_path, monkeypatch):
    """huggingface_hub without a network, and its cache."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def test_a_repository_comes_from_the_hubs_own_cache(theirs, ours, hub_cache, tmp_path):
    folder = hub_cache / "models--facebook--detr-resnet-50"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("1" * 40)
    (folder / "snapshots" / ("1" * 40)).mkdir(parents=True)
    saved(theirs, tmp_path, "timm").rename(folder / "snapshots" / ("1" * 40) / "model.safetensors")
    model = load_model("detr_resnet50", "facebook/detr-resnet-50")
    assert model.class_embed.weight.equal(theirs.class_labels_classifier.weight)


def test_offline_says_what_to_do(hub_cache):
    with pytest.raises(WeightsError) as caught:
        load_model("detr_resnet50", "facebook/detr-resnet-50")
    message = str(caught.value)
    assert message.startswith("there is no file 'facebook/detr-resnet-50', nor has huggingface_hub one")
    assert "download model.safetensors from https://huggingface.co/facebook/detr-resnet-50" in message


def test_a_repository_without_safetensors(monkeypatch):
    class NotThere(huggingface_hub.errors.EntryNotFoundError):
        def __init__(self) -> None:
            Exception.__init__(self)

    def download(repository: str, name: str) -> str:
        assert (repository, name) == ("somebody/detr", "model.safetensors")  # a pickle is never asked for
        raise NotThere

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    with pytest.raises(WeightsError, match=r"somebody/detr on HuggingFace's hub holds no model\.safetensors, "):
        load_model("detr_resnet50", "somebody/detr")


def test_without_huggingface_hub(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(WeightsError, match="huggingface_hub is missing: pip install huggingface_hub, or download "):
        load_model("detr_resnet50", "facebook/detr-resnet-50")


def test_a_file_is_no_repository(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "detr").touch()
    assert is_hub_name("facebook/detr-resnet-50")
    for name in ("made/detr", "made/none.pth", "made/none.safetensors", "/made/none", "a/b/c", "detr"):
        assert not is_hub_name(name)


def test_weights_of_the_dc5_model_are_refused_for_the_plain_one(hub_cache):
    with pytest.raises(ValueError, match=r"write load_model\('detr_resnet50_dc5', 'facebook/detr-resnet-50-dc5'\)"):
        load_model("detr_resnet50", "facebook/detr-resnet-50-dc5")
    assert set(models.HUB_NAMES.values()) == {*OFFICIAL_MODELS, *models.PANOPTIC_MODELS}
