"""The fast form against the plain one."""

import pytest
import torch
from torch import nn

from detrlab.detr.backbone import FrozenBatchNorm2d
from detrlab.detr.detr import DETR
from detrlab.detr.fast import fast
from detrlab.detr.models import load_model, official_model, shapes_model
from tests.golden_data import recipe_weights


def by_recipe(model: DETR, dtype: torch.dtype) -> DETR:
    model.load_state_dict(recipe_weights(model.state_dict()))
    return model.eval().to(dtype)


@pytest.mark.parametrize(
    ("build", "dtype", "atol"),
    [(shapes_model, torch.float64, 1e-12), (lambda: official_model("detr_resnet50"), torch.float32, 1e-5)],
    ids=["shapes, but for rounding", "resnet50"],
)
def test_agrees_with_the_plain_form(build, dtype, atol):
    model = by_recipe(build(), dtype)
    quick = fast(model)
    generator = torch.Generator().manual_seed(0)
    pictures = [torch.randn(3, *size, generator=generator, dtype=dtype) for size in ((96, 131), (128, 97))]
    with torch.no_grad():
        for batch in (pictures, pictures[0][None]):
            plain, other = model(batch), quick(batch)
            for key in ("pred_logits", "pred_boxes"):
                torch.testing.assert_close(other[key], plain[key], atol=atol, rtol=0)
    assert quick.classes == model.classes
    assert not any(isinstance(module, FrozenBatchNorm2d | nn.BatchNorm2d) for module in quick.modules())


def test_agrees_on_the_shipped_model():
    model = load_model("shapes")
    pictures = torch.randn(2, 3, 128, 170, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        plain, other = model(pictures), fast(model)(pictures)
    for key in ("pred_logits", "pred_boxes"):
        torch.testing.assert_close(other[key], plain[key], atol=1e-5, rtol=1e-5)


def test_a_hook_gets_its_map_and_the_others_are_fused():
    model = shapes_model().eval()
    quick = fast(model)
    plain, seen, unhooked = [], [], []
    model.transformer.encoder.layers[-1].self_attn.register_forward_hook(lambda m, a, output: plain.append(output))
    quick.transformer.encoder.layers[-1].self_attn.register_forward_hook(lambda m, a, output: seen.append(output))
    first = quick.transformer.encoder.layers[0].self_attn
    real = nn.functional.multi_head_attention_forward

    def watched(*args, **kwargs):
        unhooked.append(kwargs["need_weights"])
        return real(*args, **kwargs)

    picture = torch.randn(1, 3, 64, 72, generator=torch.Generator().manual_seed(0))
    with pytest.MonkeyPatch.context() as patch, torch.no_grad():
        patch.setattr(nn.functional, "multi_head_attention_forward", watched)
        quick(picture)
    with torch.no_grad():
        model(picture)
    assert sorted(unhooked) == [False] * 8 + [True]  # 3 + 3 x 2 attentions, one of them hooked
    torch.testing.assert_close(seen[0][1], plain[0][1], atol=1e-5, rtol=0)
    assert first(*[torch.randn(1, 5, 128)] * 3)[1] is None


def test_the_plain_model_stays_as_it_is():
    model = shapes_model().train()
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    quick = fast(model)
    assert model.training
    assert not quick.training
    assert not any(parameter.requires_grad for parameter in quick.parameters())
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert model.state_dict().keys() == before.keys()
    assert all(tensor.equal(before[key]) for key, tensor in model.state_dict().items())
    assert not model.transformer.encoder.layers[0].self_attn._forward_pre_hooks
