"""DETR with masks: the detector inside stays what it was, frozen if wanted."""

import pytest
import torch

from detrlab.detr.models import shapes_model
from detrlab.panoptic.segmentation import DETRsegm

SHAPES_STAGES = {"layer1": 64, "relu": 32}


def small(**options) -> DETRsegm:
    torch.manual_seed(0)
    return DETRsegm(shapes_model(), SHAPES_STAGES, groups=4, **options)


def test_boxes_and_masks_of_a_padded_batch():
    """72 x 56 and 64 x 88 pixels: padded to 72 x 88, cells of 8 pixels, masks of 2."""
    model = small().eval()
    pictures = [torch.randn(3, 72, 56), torch.randn(3, 64, 88)]
    with torch.no_grad():
        out, boxes = model(pictures), model.detr(pictures)
    assert out["pred_masks"].shape == (2, 20, 36, 44)
    assert out["pred_logits"].equal(boxes["pred_logits"]) and out["pred_boxes"].equal(boxes["pred_boxes"])
    assert model.classes == shapes_model().classes and model.input_size == (128, 213)


def test_masks_of_some_queries_alone():
    model = small().eval()
    with torch.no_grad():
        seen = model.see(torch.randn(2, 3, 64, 48))
        every = model.masks(seen, seen.hs[-1])
        some = model.masks(seen, seen.hs[-1][:, [11, 3]])
    torch.testing.assert_close(some, every[:, [11, 3]], atol=1e-5, rtol=1e-4)


def test_attention_looks_at_the_memory_and_the_head_at_what_the_encoder_was_given():
    model, given = small().eval(), {}
    model.bbox_attention.register_forward_pre_hook(lambda _, args: given.update(attention=args))
    model.mask_head.register_forward_pre_hook(lambda _, args: given.update(head=args))
    with torch.no_grad():
        seen = model.see([torch.randn(3, 64, 48), torch.randn(3, 40, 56)])
        model.masks(seen, seen.hs[-1])
    queries, memory, mask = given["attention"]
    assert queries.equal(seen.hs[-1]) and memory.equal(seen.memory) and mask.equal(seen.mask)
    assert mask.shape == (2, 8, 7) and mask.sum((1, 2)).tolist() == [8, 21]  # a column; three rows
    src, maps, fpns = given["head"]
    assert src.equal(seen.src) and [tuple(fpn.shape[1:]) for fpn in fpns] == [(64, 16, 14), (32, 32, 28)]
    torch.testing.assert_close(maps.sum((2, 3, 4)), torch.ones(2, 20))


def test_the_gain_stands_outside_of_the_softmax():
    plain, loud = small().eval(), small(map_gain=100.0).eval()
    maps = []
    for model in (plain, loud):
        model.mask_head.register_forward_pre_hook(lambda _, args: maps.append(args[1]))
        with torch.no_grad():
            model(torch.ones(1, 3, 32, 32))
    assert plain.state_dict().keys() == loud.state_dict().keys()
    torch.testing.assert_close(maps[1], 100 * maps[0])


def test_a_frozen_detector_stays_as_it_is():
    """Nothing of it gets a gradient, and batch norm counts nothing, although the whole model is in training mode."""
    model = small(freeze_detr=True)
    model.train()
    assert model.training and model.mask_head.training
    assert not any(module.training for module in model.detr.modules())
    before = {key: tensor.clone() for key, tensor in model.detr.state_dict().items()}
    model(torch.randn(2, 3, 64, 48))["pred_masks"].square().mean().backward()
    assert all(tensor.equal(before[key]) for key, tensor in model.detr.state_dict().items())
    assert all(p.grad is None for p in model.detr.parameters())
    assert all(p.grad is not None for name, p in model.named_parameters() if not name.startswith("detr."))


def test_an_unfrozen_detector_is_trained_as_well():
    model = small()
    model.train()
    assert model.detr.backbone[0].body.bn1.training
    model(torch.randn(2, 3, 64, 48))["pred_masks"].square().mean().backward()
    assert model.detr.input_proj.weight.grad.any()


def test_auxiliary_outputs_have_no_masks():
    model = small().eval()
    model.detr.aux_loss = True
    out = model(torch.randn(1, 3, 32, 32))
    assert [set(aux) for aux in out["aux_outputs"]] == [{"pred_logits", "pred_boxes"}] * 2


def test_a_stage_that_is_not_there():
    with pytest.raises(ValueError, match="no stage 'layer7', only conv1, bn1, relu, maxpool, layer1"):
        DETRsegm(shapes_model(), {"layer7": 64, "relu": 32}, groups=4)(torch.zeros(1, 3, 32, 32))
