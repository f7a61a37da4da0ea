"""DINO's loss (algorithm 1 of arXiv:2104.14294; `DINOLoss` of facebookresearch/dino): equal to `lightly`'s."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

STUDENT_TEMPERATURE, TEACHER_TEMPERATURE = 0.1, 0.04


class DINOLoss(nn.Module):
    """The student is to say of every view of a picture what the teacher says of another one.

    Two things keep the teacher from saying the same of all pictures. Its logits are centred, so that no prototype is
    likelier than the others for all of them; and they are sharpened by a temperature below the student's, so that not
    all prototypes are equally likely for one of them. Each alone would lead to what the other one prevents (section
    5.3).

    `center` (1, K) is the running mean of the teacher's logits. It is updated after the loss.
    """

    center: Tensor

    def __init__(
        self,
        K: int,
        student_temp: float = STUDENT_TEMPERATURE,
        teacher_temp: float = TEACHER_TEMPERATURE,
        center_momentum: float = 0.9,
    ) -> None:
        super().__init__()
        self.student_temp, self.teacher_temp, self.center_momentum = student_temp, teacher_temp, center_momentum
        self.register_buffer("center", torch.zeros(1, K))

    def forward(self, student: Sequence[Tensor], teacher: Sequence[Tensor]) -> Tensor:
        """The mean cross-entropy over pairs of views: teacher's logits of the G global ones, (B, K) each, and student's
        of all V, the global ones first and in the same order. A view is not compared with itself."""
        # (V, B, K), (G, B, K); a training in bfloat16 gives such logits, and they are judged in float32.
        student_logits, teacher_logits = (torch.stack(list(each)).float() for each in (student, teacher))
        goals = self.goals(teacher_logits)
        said = torch.log_softmax(student_logits / self.student_temp, dim=-1)
        pairs = -torch.einsum("gbk,vbk->gv", goals, said) / said.shape[1]  # (G, V)
        other = ~torch.eye(*pairs.shape, dtype=torch.bool, device=pairs.device)
        loss = pairs[other].mean()
        self.update_center(teacher_logits)
        return loss

    @torch.no_grad()
    def goals(self, teacher_logits: Tensor) -> Tensor:
        """What the teacher says (..., K): probabilities, centred and sharpened, without gradient."""
        return torch.softmax((teacher_logits - self.center) / self.teacher_temp, dim=-1)

    @torch.no_grad()
    def update_center(self, teacher_logits: Tensor) -> None:
        """Moves the centre towards the mean of these logits (..., K)."""
        mean = teacher_logits.flatten(0, -2).mean(0, keepdim=True)  # (1, K)
        self.center.lerp_(mean, 1 - self.center_momentum)


def output_entropies(probabilities: Tensor) -> tuple[Tensor, Tensor]:
    """Of the outputs (N, K) for N pictures, in nats: the mean of their entropies, and the entropy of their mean.

    Both lie between 0 and ln K. The first is small where each output is sure of itself, the second is large where the N
    outputs differ, or where none says anything. So a healthy teacher has a low first and a high second one; both are 0
    where one prototype wins for all pictures, both are ln K where all prototypes are equally likely.
    """
    return _entropy(probabilities).mean(), _entropy(probabilities.mean(0))


def _entropy(p: Tensor) -> Tensor:
    return -torch.xlogy(p, p).sum(-1)
