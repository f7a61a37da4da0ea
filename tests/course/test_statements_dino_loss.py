"""What the second half of 06's first notebook states: its worked examples, by its own answers."""

import math
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from autograder.course.registry import SOLUTIONS
from autograder.course.source import read_source
from detrlab import dino_learner, one_shape_scenes
from detrlab.dino.evaluate import HELD_OUT, REFERENCE, measure_dino, measure_pixels
from detrlab.dino.features import NEIGHBOURS
from detrlab.dino.head import DINOHead
from detrlab.dino.loss import DINOLoss
from detrlab.dino.teacher import cosine_momentum
from detrlab.dino.training import STEPS
from detrlab.dino.vision_transformer import load_dino, untrained_dino

FOLDER = SOLUTIONS / "06_dino" / "q1_dino"


@cache
def answers() -> SimpleNamespace:
    """The functions of all model answers from step 5 on."""
    import copy

    space = {"copy": copy, "math": math, "np": np, "nn": nn, "F": F, "torch": torch, "weight_norm": weight_norm}
    for name in ("dino_loss", "centre", "ema", "schedule", "head"):
        exec(read_source(FOLDER).named("exercise")[name].source, space)
    return SimpleNamespace(**space)


def test_the_probabilities_of_step_5():
    logits, centre = torch.tensor([0.5, 0.3, 0.0]), torch.tensor([0.4, 0.1, 0.0])
    assert (logits - centre).tolist() == pytest.approx([0.1, 0.2, 0])
    for temperature, expected in ((0.1, [0.245, 0.665, 0.090]), (0.04, [0.075, 0.919, 0.006])):
        p = answers().teacher_says(logits.view(1, 1, 3), centre, temperature)
        assert p.flatten().tolist() == pytest.approx(expected, abs=6e-4)
    targets = torch.rand(2, 5, 3).softmax(-1)
    of_even = answers().cross_entropies(targets, torch.full((4, 5, 3), 0.3))
    assert of_even.flatten().tolist() == pytest.approx([math.log(3)] * 8)
    assert round(math.log(3), 3) == 1.099
    assert answers().mean_of_pairs(torch.tensor([[9.0, 1, 2], [3, 9, 4]])).item() == 2.5


def test_what_step_5_says_of_its_untrained_teacher():
    """The temperature leaves the winners; with a centre more prototypes win, the commonest for fewer images."""
    torch.manual_seed(0)
    teacher = dino_learner().teacher
    with torch.no_grad():
        logits = teacher([one_shape_scenes(200, "held_out").inputs()])[0]
    centre, nothing = logits.mean(0), torch.zeros(logits.shape[1])
    warm, cold, centred = (
        answers().teacher_says(logits[None], c, temperature)[0].argmax(-1)
        for c, temperature in ((nothing, 0.1), (nothing, 0.04), (centre, 0.04))
    )
    assert warm.equal(cold)
    assert len(centred.unique()) > 1.3 * len(cold.unique())
    assert centred.bincount().max() < 0.7 * cold.bincount().max()


def test_the_three_functions_and_the_centre_are_the_librarys_loss():
    student, teacher = 0.3 * torch.randn(5, 7, 11), 0.3 * torch.randn(2, 7, 11)
    library, centre = DINOLoss(11), torch.zeros(11)

    def loss(student, teacher, centre):
        own = answers()
        return own.mean_of_pairs(own.cross_entropies(own.teacher_says(teacher, centre), student))

    for _ in range(3):
        value, centre = answers().loss_and_centre(loss, student, teacher, centre)
        torch.testing.assert_close(value, library(list(student), list(teacher)))
        torch.testing.assert_close(centre, library.center[0])


def test_the_centres_of_step_6():
    teacher, centre = torch.tensor([1.0, 0.0]).expand(2, 5, 2), torch.zeros(2)
    used = []
    for expected in ([0.1, 0], [0.19, 0]):
        _, centre = answers().loss_and_centre(lambda *given: used.append(given[2].tolist()), None, teacher, centre)
        assert centre.tolist() == pytest.approx(expected)
    assert used[0] == [0, 0]


def test_the_weights_of_step_7():
    student, teacher = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    nn.init.constant_(student.weight, 5)
    nn.init.constant_(teacher.weight, 1)
    for expected in (2, 2.75):
        answers().follow(teacher, student, 0.75)
        assert teacher.weight.item() == pytest.approx(expected)


def test_the_momenta_of_step_8():
    assert list(answers().momenta(2, 2, start=0.9, end=1)) == pytest.approx([0.9, 0.9146, 0.95, 0.9854], abs=1e-4)
    assert round(math.log(0.5) / math.log(0.996)) == 173
    found = answers().momenta(3, 7, 0.99)
    assert list(found) == pytest.approx([cosine_momentum(t / 21, 0.99) for t in range(21)])


def test_the_logits_of_step_9():
    last = answers().last_layer(2, 2)
    with torch.no_grad():
        last.parametrizations.weight.original1.copy_(torch.tensor([[2.0, 0.0], [0.0, 0.5]]))
    for scale in (1, 10):
        logits = answers().logits_of(nn.Identity(), last, scale * torch.tensor([[3.0, 4.0]]))
        assert logits[0].tolist() == pytest.approx([0.6, 0.8])


def test_the_head_of_step_9_is_the_librarys():
    torch.manual_seed(0)
    theirs, own = DINOHead(5, 7, 11, 3), answers().last_layer(3, 7)
    own.load_state_dict(theirs.last_layer.state_dict())
    x = torch.randn(13, 5)
    torch.testing.assert_close(answers().logits_of(theirs.mlp, own, x), theirs(x))
    free = [[p.requires_grad for p in layer.parameters()] for layer in (own, theirs.last_layer)]
    assert free[0] == free[1]


def test_what_step_10_says_of_the_shipped_vit():
    assert (HELD_OUT, REFERENCE, NEIGHBOURS, STEPS) == (500, 2000, 20, 450)
    uncertain = 2 * (0.5 * 0.5 / HELD_OUT) ** 0.5
    assert round(uncertain, 3) == 0.045 and round(1 / 6, 2) == 0.17
    starts = []
    for seed in range(3):
        torch.manual_seed(seed)
        starts.append(measure_dino(untrained_dino().eval()))
    shipped, pixels = measure_dino(load_dino()), measure_pixels()
    assert all(shipped["knn_colour"] - other["knn_colour"] > 4 * uncertain for other in (*starts, pixels))
    assert abs(shipped["knn_shape"] - 1 / 6) < uncertain
    assert starts[0]["jaccard"] < shipped["jaccard"] < starts[1]["jaccard"]  # by seed
