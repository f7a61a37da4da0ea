"""DETR as a whole: HuggingFace's independent model and the official numbers as oracles."""

import json
import re

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from detrlab.detr.backbone import Backbone
from detrlab.detr.detr import DETR, MLP, pad_and_mask
from detrlab.detr.huggingface import official_name
from detrlab.detr.models import OFFICIAL_MODELS, official_model
from detrlab.detr.position import PositionEmbeddingSine
from detrlab.detr.transformer import Transformer
from tests.golden_data import golden_file, recipe_weights
from tests.needs import need_module

ATOL = {"pred_logits": 5e-5, "pred_boxes": 5e-6}


def assert_equal_outputs(ours: dict, logits: torch.Tensor, boxes: torch.Tensor) -> None:
    torch.testing.assert_close(ours["pred_logits"], logits, atol=ATOL["pred_logits"], rtol=0)
    torch.testing.assert_close(ours["pred_boxes"], boxes, atol=ATOL["pred_boxes"], rtol=0)


@pytest.fixture(scope="module")
def resnet50_by_recipe() -> DETR:
    model = official_model("detr_resnet50").eval()
    model.load_state_dict(recipe_weights(model.state_dict()))
    return model


def tiny_detr(aux_loss: bool = False) -> DETR:
    torch.manual_seed(0)
    backbone = Backbone(nn.Conv2d(3, 13, kernel_size=4, stride=4), num_channels=13)
    transformer = Transformer(12, 3, num_encoder_layers=1, num_decoder_layers=3, dim_feedforward=11, dropout=0.0)
    return DETR(backbone, PositionEmbeddingSine(6), transformer, num_classes=5, num_queries=7, aux_loss=aux_loss)


def test_shapes():
    out = tiny_detr()(torch.randn(2, 3, 44, 68))
    assert set(out) == {"pred_logits", "pred_boxes"}
    assert out["pred_logits"].shape == (2, 7, 5 + 1)
    assert out["pred_boxes"].shape == (2, 7, 4)
    assert out["pred_boxes"].min() >= 0
    assert out["pred_boxes"].max() <= 1


def test_auxiliary_outputs_are_the_earlier_decoder_layers():
    pictures = torch.randn(2, 3, 44, 68)
    model = tiny_detr(aux_loss=True)
    out = model(pictures)
    assert len(out["aux_outputs"]) == 2
    model.transformer.decoder.layers = model.transformer.decoder.layers[:1]
    first = model(pictures)
    torch.testing.assert_close(out["aux_outputs"][0]["pred_boxes"], first["pred_boxes"])
    torch.testing.assert_close(out["aux_outputs"][0]["pred_logits"], first["pred_logits"])


def test_mlp_has_no_activation_at_its_end():
    mlp = MLP(2, 3, 4, num_layers=3)
    assert [tuple(layer.weight.shape) for layer in mlp.layers] == [(3, 2), (3, 3), (4, 3)]
    x = torch.randn(5, 2)
    a, b, c = mlp.layers
    torch.testing.assert_close(mlp(x), c(b(a(x).clamp(min=0)).clamp(min=0)))
    assert (mlp(torch.randn(100, 2)) < 0).any()


def test_padding_is_at_the_right_and_bottom():
    batch, mask = pad_and_mask([torch.ones(3, 5, 11), torch.ones(3, 7, 2)])
    assert batch.shape == (2, 3, 7, 11)
    assert batch.sum((1, 2, 3)).tolist() == [3 * 55, 3 * 14]
    assert mask[0, :5].sum() == 0
    assert mask[0, 5:].all()
    assert mask[1, :, :2].sum() == 0
    assert mask[1, :, 2:].all()


def test_a_padded_picture_is_detected_as_alone():
    """With a backbone that does not look over the edge of a cell, padding must not change anything."""
    model = tiny_detr().eval()
    small, large = torch.randn(3, 44, 28), torch.randn(3, 52, 68)
    together, alone = model([small, large]), model(small[None])
    torch.testing.assert_close(together["pred_logits"][:1], alone["pred_logits"], atol=1e-5, rtol=0)
    torch.testing.assert_close(together["pred_boxes"][:1], alone["pred_boxes"], atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        (torch.zeros(3, 44, 68), r"\(B, 3, H, W\).*\(3, 44, 68\).*model\(picture\[None\]\)"),
        (torch.zeros(2, 44, 68, 3), r"\(2, 44, 68, 3\)"),
        ([], "this one holds "),
        ([torch.zeros(1, 44, 68)], r"holds \[\(1, 44, 68\)\]"),
        (["cat.jpg"], "'str'"),
    ],
)
def test_pictures_of_another_shape(pictures, message):
    with pytest.raises(ValueError, match=message):
        tiny_detr()(pictures)


@pytest.mark.parametrize("name", OFFICIAL_MODELS)
def test_parameter_names_are_the_official_ones(name):
    golden = json.loads(golden_file("state_dict_keys.json").read_text())[name]
    with torch.device("meta"):
        state = official_model(name).state_dict()
    ours = {key: (list(tensor.shape), str(tensor.dtype).removeprefix("torch.")) for key, tensor in state.items()}
    assert ours == {key: (shape, dtype) for key, shape, dtype in golden["keys"]}


def test_the_recipe_is_the_golden_one(resnet50_by_recipe):
    golden = load_file(golden_file("e2e_inputs.safetensors"))
    state = resnet50_by_recipe.state_dict()
    conv1 = state["backbone.0.body.conv1.weight"]
    in_proj = state["transformer.encoder.layers.0.self_attn.in_proj_weight"]
    assert conv1[:2].equal(golden["det_check_conv1"])
    assert in_proj[:2].equal(golden["det_check_in_proj"])


def test_equals_the_official_code(resnet50_by_recipe):
    golden = load_file(golden_file("e2e_detr_resnet50_single.safetensors"))
    picture = load_file(golden_file("e2e_inputs.safetensors"))["img1"]
    model, seen = resnet50_by_recipe, {}
    handles = [
        module.register_forward_hook(lambda m, args, output, name=name: seen.update({name: output}))
        for name, module in model.named_modules()
        if isinstance(module, nn.MultiheadAttention) or name == "backbone.0.body.layer4"
    ]
    with torch.no_grad():
        out = model(picture)
    for handle in handles:
        handle.remove()
    assert_equal_outputs(out, golden["pred_logits"], golden["pred_boxes"])
    torch.testing.assert_close(seen.pop("backbone.0.body.layer4"), golden["layer4"], atol=1e-4, rtol=1e-5)
    assert len(seen) == 18
    for name, (_, mean) in seen.items():
        torch.testing.assert_close(mean, golden[f"attn_mean.{name}"], atol=5e-5, rtol=0)


def huggingface_state(ours: dict[str, torch.Tensor], names: list[str]) -> dict[str, torch.Tensor]:
    """Our weights under HuggingFace's `names`; its q, k and v projections are thirds of our in_proj."""
    state = {}
    for name in names:
        key = official_name(name)
        if match := re.fullmatch(r"(.*\.)([qkv])_proj\.(weight|bias)", key):
            third = "qkv".index(match[2])
            state[name] = ours[f"{match[1]}in_proj_{match[3]}"].chunk(3)[third]
        else:
            state[name] = ours[key]
    return state


def test_equals_huggingface(resnet50_by_recipe):
    """Their own code, our weights; one batch of two sizes, so that padding counts."""
    transformers = need_module("transformers")
    backbone = transformers.ResNetConfig(out_features=["stage4"])
    config = transformers.DetrConfig(backbone_config=backbone, use_timm_backbone=False, num_labels=91)
    theirs = transformers.DetrForObjectDetection(config).eval()
    theirs.load_state_dict(huggingface_state(resnet50_by_recipe.state_dict(), list(theirs.state_dict())))
    generator = torch.Generator().manual_seed(0)
    pictures = [torch.randn(3, *size, generator=generator) for size in ((128, 192), (160, 131))]
    pixels, mask = pad_and_mask(pictures)
    with torch.no_grad():
        ours = resnet50_by_recipe(pictures)
        expected = theirs(pixel_values=pixels, pixel_mask=(~mask).long())
    assert_equal_outputs(ours, expected.logits, expected.pred_boxes)
