"""What each ablation leaves out, by what the model then cannot do; and how a run is measured."""

import pytest
import torch
from torch import Tensor, nn

from detrlab.detr.backbone import Backbone
from detrlab.detr.criterion import WEIGHTS
from detrlab.detr.detr import DETR
from detrlab.detr.position import PositionEmbeddingSine
from detrlab.detr.transformer import Transformer
from detrlab.training.ablations import (
    ABLATIONS,
    SEEDS,
    ablated_detr,
    ablation_recipe,
    ablation_runs,
    measure_ablation,
    without_auxiliary_losses,
    without_encoder,
    without_positions,
    without_self_attention,
)
from detrlab.training.tiny import seen, tiny_scenes


@pytest.fixture
def model() -> DETR:
    """Its backbone looks at each pixel by itself, so that only positions tell where a pixel is."""
    torch.manual_seed(3)
    layers = Transformer(12, 2, num_encoder_layers=2, num_decoder_layers=2, dim_feedforward=17, dropout=0.0)
    return DETR(Backbone(nn.Conv2d(3, 5, 1), 5), PositionEmbeddingSine(6), layers, 2, 7, aux_loss=True)


IMAGES = torch.randn(2, 3, 5, 11, generator=torch.Generator().manual_seed(7))


def boxes(model: DETR, images: Tensor = IMAGES) -> Tensor:
    with torch.no_grad():
        return model(images)["pred_boxes"]


def moved_by_the_first_query(model: DETR) -> list[bool]:
    """Which queries' boxes change when the first query's encoding does?"""
    before = boxes(model)
    with torch.no_grad():
        model.query_embed.weight[0] += torch.randn(12, generator=torch.Generator().manual_seed(1))
    return ((boxes(model) - before).abs() > 1e-6).any(-1).any(0).tolist()


def test_without_self_attention_no_query_hears_of_another(model):
    changed = without_self_attention(model)
    assert all(moved_by_the_first_query(model))
    assert moved_by_the_first_query(changed) == [True] + 6 * [False]


def test_without_positions_the_order_of_cells_is_nothing(model):
    order = torch.randperm(55, generator=torch.Generator().manual_seed(5))
    shuffled = IMAGES.flatten(2)[..., order].unflatten(2, (5, 11))
    changed = without_positions(model)
    torch.testing.assert_close(boxes(changed, shuffled), boxes(changed), atol=1e-5, rtol=0)
    assert (boxes(model, shuffled) - boxes(model)).abs().max() > 1e-3


def test_without_an_encoder_the_decoder_sees_the_projected_map(model):
    changed = without_encoder(model)
    src, mask = torch.randn(2, 12, 3, 5), torch.zeros(2, 3, 5, dtype=torch.bool)
    position = changed.backbone[1](mask)
    _, memory = changed.transformer(src, mask, changed.query_embed.weight, position)
    assert memory.equal(src)


def test_without_auxiliary_losses_one_layer_comes_out(model):
    assert "aux_outputs" not in without_auxiliary_losses(model)(IMAGES)


@pytest.mark.parametrize(
    "leave_out", [without_self_attention, without_positions, without_encoder, without_auxiliary_losses]
)
def test_the_model_that_was_given_stays_as_it_was(model, leave_out):
    before = boxes(model)
    changed = leave_out(model)
    with torch.no_grad():
        for weight in changed.parameters():
            weight.zero_()
    assert boxes(model).equal(before) and "aux_outputs" in model(IMAGES)


def test_ablations_share_their_first_weights():
    states = {}
    for left_out in ABLATIONS:
        torch.manual_seed(11)
        states[left_out] = ablated_detr(left_out).state_dict()
    whole = states["nothing"]
    assert all(weight.equal(whole[name]) for state in states.values() for name, weight in state.items())
    missing = {left_out: {name.split(".")[1] for name in whole.keys() - state} for left_out, state in states.items()}
    assert {left_out for left_out, parts in missing.items() if parts} == {"encoder", "self-attention"}
    assert missing["encoder"] == {"encoder"} and missing["self-attention"] == {"decoder"}


def test_recipes_differ_in_the_losses_alone():
    weights = {left_out: ablation_recipe(left_out, 0).loss_weights for left_out in ABLATIONS}
    assert weights.pop("L1 loss") == WEIGHTS | {"loss_bbox": 0}
    assert weights.pop("GIoU loss") == WEIGHTS | {"loss_giou": 0}
    assert all(each == WEIGHTS for each in weights.values())


def test_what_cannot_be_left_out():
    with pytest.raises(ValueError, match="'decoder'; choose one of nothing, encoder, positions"):
        ablated_detr("decoder")


class Twice(nn.Module):
    """Finds all objects of the first held-out scenes twice, surely and doubtfully, and with its first layer nothing."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.weight, self.aux_loss = nn.Parameter(torch.zeros(1)), False
        held = seen(tiny_scenes(count, "held_out"))
        self.logits = torch.tensor([-30.0, -30, -30, 30]).repeat(count, 6, 1)
        self.boxes = torch.full((count, 6, 4), 0.5)
        for i, (boxes_xyxy, labels) in enumerate(zip(held.boxes_xyxy, held.labels, strict=True)):
            for t, (box, label) in enumerate(zip(boxes_xyxy / 64, labels, strict=True)):
                for query, score in ((2 * t, 0.9), (2 * t + 1, 0.6)):
                    self.boxes[i, query] = torch.cat([(box[:2] + box[2:]) / 2, box[2:] - box[:2]])
                    self.logits[i, query, [label, 3]] = torch.tensor([score, 1 - score]).log()

    def forward(self, pictures: Tensor) -> dict:
        nothing = {"pred_logits": self.logits, "pred_boxes": torch.full_like(self.boxes, 0.01)}
        return {"pred_logits": self.logits, "pred_boxes": self.boxes, "aux_outputs": [nothing]}


def test_a_model_that_finds_all_objects_twice():
    figures = measure_ablation(Twice(11), 11)
    expected = {"AP": 1, "AP50": 1, "AP75": 1, "AP_layer_1": 0, "detections": 2, "duplicates": 0.5}
    assert figures == pytest.approx(expected, abs=1e-6)


def test_the_shipped_runs_are_of_all_ablations_and_seeds():
    runs = ablation_runs()
    assert list(runs) == list(ABLATIONS)
    assert all(len(each) == len(SEEDS) >= 3 for each in runs.values())
    assert all(0 <= run[name] <= 1 for each in runs.values() for run in each for name in ("AP", "AP50", "duplicates"))
