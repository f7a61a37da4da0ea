"""A model together with what helps only while it learns. What ships is the model alone.

A learner gives predictions of every decoder layer (auxiliary losses, DETR appendix A.4) and of every
token of the encoder's output: a token inside an object is asked for the object's class and box. The last is
ours, not the paper's: it teaches the encoder long before the decoder knows where to look.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from detrlab.detr.criterion import box_losses, set_losses, total_loss
from detrlab.detr.detr import MLP
from detrlab.detr.matcher import Targets
from detrlab.detr.models import shapes_model
from detrlab.detr.position import PositionEmbeddingSine

# A token answers for an object if it lies within this share of the box's width and height of its centre.
CENTRAL = 0.35


class ShapesLearner(nn.Module):
    """The "shapes" DETR with a class and a box head on its encoder's output."""

    def __init__(self) -> None:
        super().__init__()
        self.model = shapes_model()
        self.model.aux_loss = True
        D, K = self.model.transformer.d_model, self.model.class_embed.out_features - 1
        self.token_class, self.token_box = nn.Linear(D, K + 1), MLP(D, D, 4, num_layers=3)
        self.model.transformer.encoder.register_forward_hook(self._keep_memory)
        _start_from_places(self.model)

    def _keep_memory(self, module: nn.Module, inputs: tuple, memory: Tensor) -> None:
        self.memory = memory  # (B, S, D)

    def forward(self, pictures: Tensor) -> tuple[dict, dict]:
        """Predictions of the decoder, and of the tokens: their classes (B, S, K+1) and boxes (B, S, 4)
        cxcywh."""
        outputs = self.model(pictures)
        tokens = {
            "pred_logits": self.token_class(self.memory),
            "pred_boxes": self.token_box(self.memory).sigmoid(),
        }
        return outputs, tokens


class PlainLearner(nn.Module):
    """The "shapes" DETR as the paper trains one: auxiliary losses, nothing on the tokens, a random start."""

    def __init__(self) -> None:
        super().__init__()
        self.model = shapes_model()
        self.model.aux_loss = True

    def forward(self, pictures: Tensor) -> tuple[dict, None]:
        """Predictions of the decoder; none of the tokens."""
        return self.model(pictures), None


def learning_loss(
    outputs: dict, tokens: dict | None, map_hw: tuple[int, int], targets: Targets, no_object: float
) -> Tensor:
    """The set prediction loss of all decoder layers, plus the loss of the tokens, where there are any, on a map of
    this height and width."""
    loss = total_loss(set_losses(outputs, targets, no_object))
    return loss if tokens is None else loss + _token_loss(tokens, map_hw, targets)


def _token_loss(tokens: dict[str, Tensor], map_hw: tuple[int, int], targets: Targets) -> Tensor:
    logits, boxes_cxcywh = tokens["pred_logits"].float(), tokens["pred_boxes"].float()
    classes = logits.shape[-1]  # K + 1
    goal_class, goal_cxcywh = zip(*(_token_goals(target, map_hw) for target in targets), strict=True)
    goal_class, goal_cxcywh = torch.stack(goal_class), torch.stack(goal_cxcywh)  # (B, S), (B, S, 4)
    weights = torch.ones(classes)
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
