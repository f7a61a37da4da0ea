"""Makes dino_loss.safetensors: what lightly's DINOLoss gives. Prints how far the file that was there is from it.

lightly is no requirement; put it into a folder of its own and run this once:

    pip install --no-deps --target /tmp/lightly lightly==1.6.0
    PYTHONPATH=/tmp/lightly python tests/golden/make_dino_loss.py
"""

from pathlib import Path

import torch
from lightly.loss.dino_loss import DINOLoss
from safetensors.torch import load_file, save_file

FILE = Path(__file__).with_name("dino_loss.safetensors")
VIEWS, TEACHER_VIEWS, B, K, CALLS = 7, 2, 5, 11, 3
SETTINGS = {"usual": (0.1, 0.04, 0.9), "other": (0.2, 0.07, 0.7)}  # student's, teacher's temperature, momentum


def main() -> None:
    torch.manual_seed(0)
    found: dict[str, torch.Tensor] = {
        "student": torch.randn(CALLS, VIEWS, B, K).clamp(-1, 1),  # cosines, as a head gives
        "teacher": torch.randn(CALLS, TEACHER_VIEWS, B, K).clamp(-1, 1),
    }
    for name, (student_temp, teacher_temp, momentum) in SETTINGS.items():
        loss = DINOLoss(K, teacher_temp, teacher_temp, 1, student_temp, momentum)
        losses, centers, gradients = [], [], []
        for student, teacher in zip(found["student"], found["teacher"], strict=True):
            student = student.clone().requires_grad_()
            value = loss(list(teacher), list(student))
            value.backward()
            losses.append(value.detach())
            centers.append(loss.center.clone().flatten())
            gradients.append(student.grad)
        found |= {f"{name}.loss": torch.stack(losses), f"{name}.center": torch.stack(centers)}
        found[f"{name}.gradient"] = torch.stack(gradients)
    if FILE.exists():
        before = load_file(FILE)
        for name, value in found.items():
            print(f"{name:16} differs by {(value - before[name]).abs().max():.1e}")
    save_file(found, FILE)


if __name__ == "__main__":
    main()
