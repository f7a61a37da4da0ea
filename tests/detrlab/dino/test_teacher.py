"""Student and teacher: the running average, the momentum, the head, and who sees which crops."""

import copy

import pytest
import torch
from torch import nn

from detrlab.dino.head import DINOHead, cancel_gradients_last_layer
from detrlab.dino.loss import DINOLoss
from detrlab.dino.teacher import DINO, cosine_momentum, update_teacher
from detrlab.dino.vision_transformer import VisionTransformer

B, K = 3, 7


def small_dino(**more) -> DINO:
    torch.manual_seed(0)
    return DINO(VisionTransformer(8, 2, 6, 1, 2), DINOHead(6, K, hidden=5, bottleneck=4), DINOLoss(K), **more)


@pytest.fixture
def crops() -> list[torch.Tensor]:
    random = torch.Generator().manual_seed(1)
    return [torch.randn(B, 3, side, side, generator=random) for side in (8, 8, 4, 4, 4)]


def test_the_teacher_moves_towards_the_student():
    """1 * .75 + 5 * .25 = 2."""
    student, teacher = nn.Linear(2, 3), nn.Linear(2, 3)
    for module, value in ((student, 5.0), (teacher, 1.0)):
        for parameter in module.parameters():
            nn.init.constant_(parameter, value)
    update_teacher(student, teacher, 0.75)
    assert {value for p in teacher.parameters() for value in p.flatten().tolist()} == {2.0}
    assert {value for p in student.parameters() for value in p.flatten().tolist()} == {5.0}


def test_buffers_stay():
    student, teacher = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    student.running_mean.fill_(4)
    update_teacher(student, teacher, 0.5)
    assert teacher.running_mean.tolist() == [0, 0]


@pytest.mark.parametrize(("progress", "expected"), [(0.0, 0.9), (0.5, 0.95), (1.0, 1.0)])
def test_momentum_rises_along_half_a_cosine(progress, expected):
    assert cosine_momentum(progress, 0.9) == pytest.approx(expected)
    assert cosine_momentum(0.25, 0.9) - 0.9 < 0.025  # slowly at first


def test_the_teacher_is_a_copy_without_gradient(crops):
    dino = small_dino()
    own = {p.data_ptr() for p in dino.student.parameters()}
    assert not own & {p.data_ptr() for p in dino.teacher.parameters()}
    assert not any(p.requires_grad for p in dino.teacher.parameters())
    found = dino(crops)
    assert [len(found[name]) for name in ("student", "teacher")] == [5, 2]
    for ours, theirs in zip(found["student"], found["teacher"], strict=False):
        torch.testing.assert_close(ours, theirs)  # of the global views, before any step
    assert all(logits.shape == (B, K) for logits in found["student"])


def test_crops_of_one_size_go_through_together(crops):
    dino = small_dino()
    sizes = []
    dino.student.backbone.register_forward_pre_hook(lambda _, args: sizes.append(tuple(args[0].shape)))
    together = dino.student(crops)
    assert sizes == [(2 * B, 3, 8, 8), (3 * B, 3, 4, 4)]
    for crop, logits in zip(crops, together, strict=True):
        torch.testing.assert_close(dino.student([crop])[0], logits)


def test_logits_are_cosines():
    """Features and prototypes have length 1, whatever the features' scale is."""
    torch.manual_seed(0)
    head = DINOHead(6, K, hidden=5, bottleneck=4)
    x = torch.randn(11, 6)
    prototypes = head.last_layer.weight  # (K, bottleneck)
    torch.testing.assert_close(prototypes.norm(dim=1), torch.ones(K))
    features = head.mlp(x)
    expected = nn.functional.cosine_similarity(features[:, None], prototypes, dim=-1)
    torch.testing.assert_close(head(x), expected)


def test_the_gain_is_frozen_and_the_last_layer_at_first(crops):
    dino = small_dino(frozen=0.5, momentum=0.9)
    head: DINOHead = dino.student.head
    weights = head.last_layer.parametrizations.weight
    assert not weights.original0.requires_grad and weights.original1.requires_grad
    for progress, there in ((0.25, False), (0.5, True)):
        found = dino(crops)
        dino.loss(found["student"], found["teacher"]).backward()
        dino.before_update(progress)
        assert (weights.original1.grad is not None) == there
        assert head.mlp[0].weight.grad is not None
    cancel_gradients_last_layer(head)
    assert weights.original1.grad is None


def test_after_a_step_the_teacher_follows(crops):
    dino = small_dino(momentum=0.9)
    before = copy.deepcopy(dino.teacher.state_dict())
    with torch.no_grad():
        dino.student.backbone.cls_token += 1
    dino.after_update(0.0)
    moved = dino.teacher.backbone.cls_token - before["backbone.cls_token"]
    torch.testing.assert_close(moved, torch.full_like(moved, 0.1))
