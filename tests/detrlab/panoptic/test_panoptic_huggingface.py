"""HuggingFace's DetrForSegmentation as oracle: a small one with its mask head, and all names of the large ones."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from detrlab.detr import backbone, models
from detrlab.detr.backbone import resnet_backbone
from detrlab.detr.detr import DETR, pad_and_mask
from detrlab.detr.huggingface import from_huggingface, is_huggingface
from detrlab.detr.models import load_model, panoptic_model
from detrlab.detr.position import PositionEmbeddingSine
from detrlab.detr.transformer import Transformer
from detrlab.panoptic.segmentation import DETRsegm
from tests.huggingface_models import small_model
from tests.needs import need_module

BLOCKS = (1, 1, 1, 1)
STAGES = ["stage1", "stage2", "stage3", "stage4"]


def tiny_model() -> DETRsegm:
    """D 128 and 8 heads: the narrowest whose last layer has the 8 channels that 8 groups need."""
    transformer = Transformer(128, 8, num_encoder_layers=1, num_decoder_layers=2, dim_feedforward=11, dropout=0.0)
    return DETRsegm(DETR(resnet_backbone("tiny"), PositionEmbeddingSine(64), transformer, num_classes=5, num_queries=7))


@pytest.fixture(scope="module")
def theirs() -> torch.nn.Module:
    """HuggingFace's model of the sizes of `tiny_model`."""
    return small_model("DetrForSegmentation", BLOCKS, STAGES, D=128, heads=8, layers=(1, 2))


@pytest.mark.parametrize("names", ["saved", "in memory"])
def test_a_file_of_theirs_gives_their_outputs(theirs, tmp_path, monkeypatch, names):
    """One batch of two sizes, so that padding counts."""
    theirs.save_pretrained(tmp_path)
    path = tmp_path / "model.safetensors"
    assert "mask_head.lay1.weight" in load_file(path)
    if names == "in memory":
        save_file(theirs.state_dict(), path)
        assert "mask_head.conv1.conv.weight" in load_file(path)
    monkeypatch.setitem(backbone.RESNET_BLOCKS, "tiny", BLOCKS)
    monkeypatch.setattr(models, "panoptic_model", lambda name: tiny_model())
    model = load_model("detr_resnet50_panoptic", path)
    generator = torch.Generator().manual_seed(0)
    pictures = [torch.randn(3, *size, generator=generator) for size in ((64, 96), (96, 67))]
    pixels, mask = pad_and_mask(pictures)
    with torch.no_grad():
        out = model(pictures)
        expected = theirs(pixel_values=pixels, pixel_mask=(~mask).long())
    torch.testing.assert_close(out["pred_logits"], expected.logits, atol=5e-5, rtol=0)
    torch.testing.assert_close(out["pred_boxes"], expected.pred_boxes, atol=5e-6, rtol=0)
    assert out["pred_masks"].shape == (2, 7, 24, 24)
    torch.testing.assert_close(out["pred_masks"], expected.pred_masks, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "depths"), [("detr_resnet50_panoptic", [3, 4, 6, 3]), ("detr_resnet101_panoptic", [3, 4, 23, 3])]
)
def test_every_name_has_its_official_one(name, depths):
    transformers = need_module("transformers")
    backbone_config = transformers.ResNetConfig(depths=depths, out_features=STAGES)
    with torch.device("meta"):
        config = transformers.DetrConfig(backbone_config=backbone_config, use_timm_backbone=False, num_labels=250)
        theirs = transformers.DetrForSegmentation(config).state_dict()
        official = panoptic_model(name).state_dict()
    assert is_huggingface(theirs) and not is_huggingface(official)
    converted = from_huggingface(theirs)
    assert {key: value.shape for key, value in converted.items()} == {key: v.shape for key, v in official.items()}
