"""DINO's loss: lightly's numbers, the order of loss and centre, and pairs of a view with itself."""

import math

import pytest
import torch
from safetensors.torch import load_file

from detrlab.dino.loss import DINOLoss
from tests.golden_data import golden_file


@pytest.mark.parametrize(("name", "settings"), [("usual", (0.1, 0.04, 0.9)), ("other", (0.2, 0.07, 0.7))])
def test_equals_lightly(name, settings):
    """Three calls, in which the centre moves (tests/golden/make_dino_loss.py)."""
    golden = load_file(golden_file("dino_loss.safetensors"))
    loss = DINOLoss(golden["student"].shape[-1], *settings)
    for call, (student, teacher) in enumerate(zip(golden["student"], golden["teacher"], strict=True)):
        student = student.clone().requires_grad_()
        value = loss(list(student), list(teacher))
        value.backward()
        torch.testing.assert_close(value, golden[f"{name}.loss"][call])
        torch.testing.assert_close(loss.center[0], golden[f"{name}.center"][call])
        torch.testing.assert_close(student.grad, golden[f"{name}.gradient"][call])


def test_the_centre_is_updated_after_the_loss():
    """All teachers say (1, 0): with the centre of before, 0, prototype 0 is nearly certain; of a student that says
    nothing the loss is ln 2 either way. With the centre (1, 0) of after, the goals would be even."""
    loss = DINOLoss(2, student_temp=1.0, teacher_temp=1.0, center_momentum=0.0)
    teacher, student = torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0, 0.0]])
    p = math.e / (1 + math.e)
    value = loss([student, student], [teacher, teacher])
    assert value.item() == pytest.approx(-p * math.log(p) - (1 - p) * math.log(1 - p))
    assert loss.center.tolist() == [[1.0, 0.0]]
    assert loss.goals(teacher).tolist() == [[0.5, 0.5]]


def test_a_view_is_not_compared_with_itself():
    """Teacher: view 0 says A, view 1 says B. Students that say the same are wrong in both pairs, those that say the
    other's are right in both; a third view, local, is compared with both."""
    loss = DINOLoss(2, student_temp=0.01, teacher_temp=0.001)
    a, b = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    assert loss([b, a], [a, b]).item() == pytest.approx(0, abs=1e-6)
    loss.center.zero_()
    assert loss([a, b], [a, b]).item() == pytest.approx(100)  # (1 - 0) / 0.01
    loss.center.zero_()
    assert loss([b, a, a], [a, b]).item() == pytest.approx(100 / 4)  # one of four pairs is wrong


def test_logits_of_a_training_in_bfloat16_are_judged_in_float32():
    logits = torch.randn(5, 3, 7, generator=torch.Generator().manual_seed(0)).bfloat16()
    halves, wholes = (DINOLoss(7)(x, x[:2]) for x in (logits, logits.float()))
    assert halves.dtype == torch.float32
    assert halves == wholes


def test_no_gradient_reaches_the_teacher():
    loss = DINOLoss(3)
    teacher, student = torch.randn(2, 5, 3, requires_grad=True), torch.randn(2, 5, 3, requires_grad=True)
    loss(list(student), list(teacher)).backward()
    assert teacher.grad is None and student.grad is not None
    assert not loss.center.requires_grad and "center" in loss.state_dict()


def test_sharpening_lowers_and_centring_evens():
    logits = torch.tensor([[0.5, 0.4, 0.0], [0.5, 0.0, 0.4]])
    sharp, flat = DINOLoss(3, teacher_temp=0.04), DINOLoss(3, teacher_temp=0.4)
    assert (sharp.goals(logits)[:, 0] > flat.goals(logits)[:, 0]).all()
    sharp.update_center(logits)
    for _ in range(100):
        sharp.update_center(logits)
    torch.testing.assert_close(sharp.center, logits.mean(0, keepdim=True), atol=1e-4, rtol=0)
    assert sharp.goals(logits).argmax(-1).tolist() == [1, 2]  # what all say is taken off
