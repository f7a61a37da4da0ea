"""Student and teacher: two networks of one architecture, of which the second follows the first (section 3.1 of
arXiv:2104.14294; `MultiCropWrapper` and the loop of `main_dino.py` in facebookresearch/dino)."""

import copy
import math
from collections.abc import Sequence
from itertools import groupby

import torch
from torch import Tensor, nn

from detrlab.detr.matcher import Targets
from detrlab.dino.head import DINOHead, cancel_gradients_last_layer
from detrlab.dino.loss import DINOLoss, output_entropies

# What `DINO.losses` gives; the loss alone is minimised, the rest is watched.
LOSS_WEIGHTS = {"loss_dino": 1.0, "entropy": 0.0, "entropy of the mean": 0.0, "kl": 0.0}
GLOBAL_VIEWS = 2  # the first of all views; the teacher sees these alone


def cosine_momentum(progress: float, start: float = 0.996, end: float = 1.0) -> float:
    """The teacher's momentum after this share of the training, 0..1: from `start` to `end` along half a cosine."""
    return end - (end - start) * (0.5 + 0.5 * math.cos(math.pi * progress))


@torch.no_grad()
def update_teacher(student: nn.Module, teacher: nn.Module, momentum: float) -> None:
    """The teacher's parameters become momentum * teacher + (1 - momentum) * student, in place."""
    own, new = list(teacher.parameters()), list(student.parameters())
    torch._foreach_lerp_(own, new, 1 - momentum)


class BackboneWithHead(nn.Module):
    """A backbone and a head that see crops of several sizes: crops of one size go through the backbone together."""

    def __init__(self, backbone: nn.Module, head: DINOHead) -> None:
        super().__init__()
        self.backbone, self.head = backbone, head

    def forward(self, crops: Sequence[Tensor]) -> list[Tensor]:
        """V crops (B, 3, side, side), those of one side beside each other -> V times logits (B, K)."""
        together = [torch.cat(list(group)) for _, group in groupby(crops, key=lambda crop: crop.shape[-1])]
        features = torch.cat([self.backbone(each) for each in together])  # (V * B, D)
        return list(self.head(features).chunk(len(crops)))


class DINO(nn.Module):
    """Student, teacher and loss in training; what ships is `teacher.backbone`.

    Args:
        backbone, head: the student's, and where the teacher starts: it gets copies.
        loss: holds the centre.
        momentum: the teacher's at the start; it rises to 1.
        frozen: the share of the training in which the last layer stays as it is.
    """

    def __init__(
        self, backbone: nn.Module, head: DINOHead, loss: DINOLoss, momentum: float = 0.996, frozen: float = 0.0
    ) -> None:
        super().__init__()
        self.student = BackboneWithHead(backbone, head)
        self.teacher = copy.deepcopy(self.student).requires_grad_(False)
        self.loss, self.momentum, self.frozen = loss, momentum, frozen

    def forward(self, crops: Sequence[Tensor]) -> dict[str, list[Tensor]]:
        """Logits (B, K): "student", of each crop, and "teacher", of each of the global ones, which are the first."""
        with torch.no_grad():
            teacher = self.teacher(crops[:GLOBAL_VIEWS])
        return {"student": self.student(crops), "teacher": teacher}

    def losses(self, outputs: dict[str, list[Tensor]], targets: Targets, no_object: float = 0.0) -> dict[str, Tensor]:
        """The criterion: "loss_dino", and what shows a collapse, in nats: "entropy" of the teacher's outputs, "entropy
        of the mean" over the batch, and "kl", from the student's outputs to the teacher's. (Targets there are none.)

        The loss is the cross-entropy of the two, so it is entropy + KL.
        """
        said = self.loss.goals(torch.cat(outputs["teacher"]))  # before the loss moves the centre
        loss = self.loss(outputs["student"], outputs["teacher"])
        entropy, of_mean = output_entropies(said)
        return {"loss_dino": loss, "entropy": entropy, "entropy of the mean": of_mean, "kl": loss.detach() - entropy}

    def before_update(self, progress: float) -> None:
        """Between backward and step."""
        if progress < self.frozen:
            cancel_gradients_last_layer(self.student.head)

    def after_update(self, progress: float) -> None:
        """After the step: the teacher follows."""
        update_teacher(self.student, self.teacher, cosine_momentum(progress, self.momentum))
