"""What helps only while learning: tokens answer for the right object, queries start at places, every layer
is heard."""

import pytest
import torch
from torch import nn

from detrlab.detr.criterion import set_losses, total_loss
from detrlab.detr.models import load_model
from detrlab.training.learners import (
    LOSS_WEIGHTS,
    PlainLearner,
    ShapesLearner,
    _token_goals,
    _token_loss,
    learning_losses,
)
from tools.train_short.learner import ShortLearner

# nn.Transformer warns that it will not use nested tensors; the homework prescribes its layout.
pytestmark = pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")


def test_tokens_answer_for_the_smallest_object_around_them():
    # A map of 3 x 5 tokens, centres at y 1/6, 1/2, 5/6 and x .1, .3, .5, .7, .9. The large box (class 2) is
    # around the three middle columns of the middle row, the small one (class 4) only around the central
    # token.
    boxes = torch.tensor([[0.5, 0.5, 0.6, 0.6], [0.5, 0.5, 0.2, 0.2]])
    labels, goals = _token_goals({"labels": torch.tensor([2, 4]), "boxes": boxes}, (3, 5))
    assert labels.view(3, 5).tolist() == [[6] * 5, [6, 2, 4, 2, 6], [6] * 5]
    assert torch.equal(goals.view(3, 5, 4)[1, 1], boxes[0])
    assert torch.equal(goals.view(3, 5, 4)[1, 2], boxes[1])


def test_tokens_that_answer_rightly_cost_nothing():
    target = {"labels": torch.tensor([1]), "boxes": torch.tensor([[0.5, 0.5, 0.5, 0.5]])}
    labels, goals = _token_goals(target, (3, 5))
    logits = 50.0 * nn.functional.one_hot(labels, 7)[None]
    tokens = {"pred_logits": logits, "pred_boxes": goals[None], "map_hw": (3, 5)}
    assert _token_loss(tokens, [target]).item() == pytest.approx(0, abs=1e-5)
    moved = {**tokens, "pred_boxes": goals[None] + torch.tensor([0.1, 0, 0, 0])}
    # 5 x L1 of 0.1, and 2 x (1 - GIoU): boxes 0.5 wide, 0.1 apart share 0.4 of 0.6.
    assert _token_loss(moved, [target]).item() == pytest.approx(5 * 0.1 + 2 * (1 - 4 / 6), abs=1e-4)


def test_queries_of_shapes_start_looking_at_their_own_place():
    torch.manual_seed(0)
    model = ShapesLearner().model
    place = model.backbone[1](torch.zeros(1, 40, 50, dtype=torch.bool))[0].flatten(1).T  # (S, D)
    nearest = (model.query_embed.weight @ place.T).argmax(1)  # (Q,)
    expected = [50 * row + column for row in (5, 15, 25, 35) for column in (5, 15, 25, 35, 45)]
    assert nearest.tolist() == expected
    for module in model.modules():
        if isinstance(module, nn.MultiheadAttention):
            q, k, _ = module.in_proj_weight.chunk(3)
            assert torch.equal(q, k)


@pytest.mark.parametrize("learner_class", [ShapesLearner, ShortLearner])
def test_every_decoder_layer_and_every_parameter_learns(learner_class):
    torch.manual_seed(0)
    learner = learner_class()
    targets = [{"labels": torch.tensor([1, 5]), "boxes": torch.rand(2, 4) * 0.3 + 0.3} for _ in range(2)]
    for _ in range(2):  # a second step must not hear the first one's layers
        outputs = learner(torch.randn(2, 3, 40, 56))
    assert len(outputs["aux_outputs"]) == 2 and outputs["tokens"]["map_hw"] == (5, 7)
    assert outputs["pred_logits"].shape == (2, 20, 7)
    assert outputs["tokens"]["pred_boxes"].shape == (2, 5 * 7, 4)
    total_loss(learning_losses(outputs, targets, no_object=0.1), LOSS_WEIGHTS).backward()
    silent = [name for name, p in learner.named_parameters() if p.grad is None]
    assert silent == []


def test_the_short_model_ships_without_helpers_and_learns_without_dropout():
    torch.manual_seed(0)
    model = ShortLearner().model.train()
    x = torch.randn(1, 3, 40, 40)
    torch.testing.assert_close(model(x)["pred_logits"], model(x)["pred_logits"])
    names = {name.split(".")[0] for name in model.state_dict()}
    expected = "backbone conv transformer linear_class linear_bbox query_pos row_embed col_embed"
    assert names == set(expected.split())


def test_the_plain_learner_starts_from_a_trained_backbone_that_stays():
    torch.manual_seed(0)
    learner = PlainLearner().train()
    before = {name: tensor.clone() for name, tensor in learner.model.backbone.state_dict().items()}
    targets = [{"labels": torch.tensor([1, 5]), "boxes": torch.rand(2, 4) * 0.3 + 0.3} for _ in range(2)]
    optimizer = torch.optim.SGD([each for each in learner.parameters() if each.requires_grad], lr=0.1)
    queries = learner.model.query_embed.weight.clone()
    sum(learning_losses(learner(torch.randn(2, 3, 40, 56)), targets, 0.1).values()).backward()
    optimizer.step()
    trained = load_model("shapes").backbone.state_dict()
    for name, tensor in learner.model.backbone.state_dict().items():
        assert torch.equal(tensor, before[name]) and torch.equal(tensor, trained[name])
    assert not torch.equal(learner.model.query_embed.weight, queries)


def test_the_plain_learner_hears_the_decoder_alone():
    torch.manual_seed(0)
    learner = PlainLearner()
    targets = [{"labels": torch.tensor([1, 5]), "boxes": torch.rand(2, 4) * 0.3 + 0.3} for _ in range(2)]
    outputs = learner(torch.randn(2, 3, 40, 56))
    assert "tokens" not in outputs and len(outputs["aux_outputs"]) == 2
    assert learner.state_dict().keys() == {f"model.{name}" for name in learner.model.state_dict()}
    q, k, _ = learner.model.transformer.encoder.layers[0].self_attn.in_proj_weight.chunk(3)
    assert not torch.equal(q, k)
    alone = set_losses(outputs, targets, 0.1)
    assert learning_losses(outputs, targets, no_object=0.1) == alone
