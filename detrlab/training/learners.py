"""A model together with what helps only while it learns. What ships is the model alone.

A learner gives predictions of every decoder layer (auxiliary losses, DETR appendix A.4) and of every
token of the encoder's output: a token inside an object is asked for the object's class and box. The last is
ours, not the paper's: it teaches the encoder long before the decoder knows where to look.
"""

import math
from typing import Protocol, Self, runtime_checkable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from detrlab.detr.criterion import WEIGHTS, box_losses, set_losses
from detrlab.detr.detr import MLP
from detrlab.detr.matcher import Targets
from detrlab.detr.models import load_model, shapes_model
from detrlab.detr.position import PositionEmbeddingSine

# A token answers for an object if it lies within this share of the box's width and height of its centre.
CENTRAL = 0.35
LOSS_WEIGHTS = WEIGHTS | {"loss_tokens": 1.0}


@runtime_checkable
class TakesPart(Protocol):
    """A learner that does more in a step than to give outputs, such as DINO's, whose teacher follows the student."""

    def before_update(self, progress: float) -> None:
        """Between backward and the optimiser's step, at this share of the budget, 0..1."""

    def after_update(self, progress: float) -> None:
        """After the optimiser's step."""


class ShapesLearner(nn.Module):
    """The "shapes" DETR with a class and a box head on its encoder's output."""

    def __init__(self) -> None:
        super().__init__()
        self.model = shapes_model()
        self.model.aux_loss = True
        self.heads = TokenHeads(self.model.transformer.d_model, self.model.class_embed.out_features)
        _start_from_places(self.model)

    def forward(self, pictures: Tensor) -> dict:
        """Predictions of the decoder, and under "tokens" those of the tokens."""
        memory: list[Tensor] = []
        with self.model.transformer.encoder.register_forward_hook(lambda *call: memory.append(call[-1])):
            outputs = self.model(pictures)
        return outputs | {"tokens": self.heads(memory[0], pictures)}


class PlainLearner(nn.Module):
    """The "shapes" DETR as the paper trains one: auxiliary losses, nothing on the tokens, a transformer from random
    weights on a trained backbone. That one is of "shapes", and all of it is frozen, batch norm too (appendix A.4)."""

    def __init__(self) -> None:
        super().__init__()
        self.model = shapes_model()
        self.model.aux_loss = True
        backbone = self.model.backbone[0]
        backbone.load_state_dict(load_model("shapes").backbone[0].state_dict())
        backbone.requires_grad_(False)

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        self.model.backbone.eval()
        return self

    def forward(self, pictures: Tensor) -> dict:
        """Predictions of the decoder."""
        return self.model(pictures)


class TokenHeads(nn.Module):
    """A class and a box for every token of a memory (B, S, D), from a backbone of stride 8."""

    def __init__(self, D: int, classes: int) -> None:
        super().__init__()
        self.token_class, self.token_box = nn.Linear(D, classes), MLP(D, D, 4, num_layers=3)

    def forward(self, memory: Tensor, pictures: Tensor) -> dict:
        """ "pred_logits" (B, S, K+1), "pred_boxes" (B, S, 4) cxcywh in 0..1, and "map_hw", with S = H * W."""
        H, W = (math.ceil(side / 8) for side in pictures.shape[-2:])
        boxes_cxcywh = self.token_box(memory).sigmoid()
        return {"pred_logits": self.token_class(memory), "pred_boxes": boxes_cxcywh, "map_hw": (H, W)}


def learning_losses(outputs: dict, targets: Targets, no_object: float) -> dict[str, Tensor]:
    """The set prediction losses of all decoder layers, and "loss_tokens" where there are predictions of tokens."""
    losses = set_losses(outputs, targets, no_object)
    if "tokens" in outputs:
        losses["loss_tokens"] = _token_loss(outputs["tokens"], targets)
    return losses


def _token_loss(tokens: dict, targets: Targets) -> Tensor:
    logits, boxes_cxcywh = tokens["pred_logits"].float(), tokens["pred_boxes"].float()
    classes = logits.shape[-1]  # K + 1
    goal_class, goal_cxcywh = zip(*(_token_goals(target, tokens["map_hw"]) for target in targets), strict=True)
    goal_class, goal_cxcywh = torch.stack(goal_class), torch.stack(goal_cxcywh)  # (B, S), (B, S, 4)
    weights = logits.new_ones(classes)
    weights[-1] = 0.2
    loss = F.cross_entropy(logits.flatten(0, 1), goal_class.flatten(), weights)
    answers = goal_class < classes - 1  # (B, S)
    if answers.any():
        bbox, giou = box_losses(boxes_cxcywh[answers], goal_cxcywh[answers])
        loss = loss + (5 * bbox + 2 * giou) / answers.sum()
    return loss


def _token_goals(target: dict[str, Tensor], map_hw: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Class (S,) and box (S, 4) each token of a picture answers for; class 6 where it answers for none."""
    H, W = map_hw
    no_object = 6
    y, x = torch.meshgrid((torch.arange(H) + 0.5) / H, (torch.arange(W) + 0.5) / W, indexing="ij")
    places = torch.stack([x, y], dim=-1).flatten(0, 1)  # (S, 2)
    boxes = target["boxes"]  # (T, 4)
    places = places.to(boxes.device)
    inside = ((places[:, None] - boxes[:, :2]).abs() <= CENTRAL * boxes[:, 2:]).all(-1)  # (S, T)
    # Of several objects around a token it answers for the smallest, which has the fewest tokens.
    area = torch.where(inside, boxes[:, 2:].prod(-1), torch.inf)  # (S, T)
    smallest, owner = area.min(1)
    return torch.where(smallest < torch.inf, target["labels"][owner], no_object), boxes[owner]


@torch.no_grad()
def _start_from_places(model: nn.Module) -> None:
    """Starts the queries as codes of a 5 x 4 grid of places, and keys' weights equal to queries', so that
    every query looks near its own place from the first step on."""
    position: PositionEmbeddingSine = model.backbone[1]
    code = position(torch.zeros(1, 40, 50, dtype=torch.bool))[0]  # (D, 40, 50)
    model.query_embed.weight.copy_(code[:, 5::10, 5::10].flatten(1).T)  # (Q, D)
    D = model.transformer.d_model
    for module in model.modules():
        if isinstance(module, nn.MultiheadAttention):
            module.in_proj_weight[D : 2 * D] = module.in_proj_weight[:D]
