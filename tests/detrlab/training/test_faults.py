"""Targets that cannot be learnt are named before training, each in one sentence."""

import pytest
import torch

from detrlab.training.faults import check_targets, names_of, not_finite
from detrlab.training.recipe import Recipe

GOOD = {"labels": torch.tensor([0, 4]), "boxes": torch.tensor([[0.5, 0.5, 1.0, 1.0], [0.2, 0.3, 0.1, 0.2]])}
EMPTY = {"labels": torch.zeros(0, dtype=torch.int64), "boxes": torch.zeros(0, 4)}


def test_good_targets_pass():
    check_targets([GOOD, EMPTY], num_classes=5)
    check_targets([EMPTY], num_classes=5)


@pytest.mark.parametrize(
    ("box", "label", "sentence"),
    [
        (
            [0.9, 0.5, 0.3, 0.2],
            0,
            r"picture 17 has the box \(0.9, 0.5, 0.3, 0.2\), which is not inside 0..1: give",
        ),
        ([64.0, 32.0, 10.0, 10.0], 0, "which is not inside 0..1"),
        ([0.5, 0.5, 0.0, 0.2], 0, "which has no area: leave the object out"),
        ([0.5, float("nan"), 0.1, 0.2], 0, "which is no number"),
        ([0.5, 0.5, 0.1, 0.2], 5, "picture 17 has the label 5, but the model has 5 classes: labels are 0 to 4"),
        ([0.5, 0.5, 0.1, 0.2], -1, "picture 17 has the label -1"),
    ],
)
def test_the_picture_and_what_is_wrong_are_named(box, label, sentence):
    wrong = {"labels": torch.tensor([label]), "boxes": torch.tensor([box]), "image_id": torch.tensor(17)}
    with pytest.raises(ValueError, match=sentence):
        check_targets([GOOD, EMPTY, wrong], num_classes=5)


def test_nothing_and_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match="the data set is empty"):
        check_targets([], num_classes=5)
    with pytest.raises(ValueError, match=r"picture 1 has boxes of shape \(2, 4\), expected \(1, 4\)"):
        check_targets([GOOD, GOOD | {"labels": torch.tensor([1])}], num_classes=5)


def test_names_are_short():
    targets = [{"image_id": torch.tensor(3 * i)} for i in range(11)]
    assert names_of(targets) == "pictures 0, 3, 6, 9, 12, 15, 18, 21 and 3 more"
    assert names_of([GOOD, EMPTY]) == "2 pictures"


def test_what_is_no_number_is_found_in_depth():
    nan = torch.tensor([1.0, float("nan")])
    found = not_finite({"a": torch.ones(2), "aux": [{"b": nan}, {"b": torch.ones(1)}], "n": torch.tensor(3)})
    assert list(found) == ["aux.0.b"]


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ({}, "one budget"),
        ({"steps": 7, "minutes": 2.0}, "one budget"),
        ({"steps": 0}, "cannot have steps=0: give a number above 0"),
        ({"steps": 7, "averaging": 1.0}, "averaging=1.0 is no decay"),
    ],
)
def test_a_recipe_that_cannot_be_meant(numbers, sentence):
    with pytest.raises(ValueError, match=sentence):
        Recipe(name="wrong", **numbers)
