"""Which known mistakes an answer shows: whatever stands in its other parts, and never on weak evidence."""

import time

import numpy as np
import pytest
import torch

from coursework.checks.freezing import freeze
from coursework.marking.compare import difference
from coursework.marking.mistakes import mended, named_mistakes
from coursework.marking.outcome import Outcome
from coursework.marking.stored import KnownMistake
from coursework.marking.values import Raised


def outcomes(*values):
    return [value if isinstance(value, Outcome) else Outcome(freeze(value)) for value in values]


def named(came, expected, **mistakes):
    """The names of the mistakes that one run shows; all are given as values."""
    known = [KnownMistake(name, name, outcomes(value)) for name, value in mistakes.items()]
    return [mistake.id for mistake in named_mistakes(outcomes(came), outcomes(expected), known)]


RIGHT = {"boxes": torch.tensor([0.25, 0.5, 0.75]), "labels": ["ring", "star"], "hooks left": False, "count": 7}
HALF = RIGHT | {"boxes": RIGHT["boxes"] / 2 + 0.01}
LEFT = RIGHT | {"hooks left": True}


def test_the_solution_is_no_mistake_and_a_mistake_is_itself():
    assert named(RIGHT, RIGHT, half=HALF, left=LEFT) == []
    assert named(HALF, RIGHT, half=HALF, left=LEFT) == ["half"]
    assert named(LEFT, RIGHT, half=HALF, left=LEFT) == ["left"]


def test_a_mistake_is_known_whatever_stands_in_the_other_keys():
    for other in ({"labels": ["star"]}, {"count": None}, {"more": 3}, {"labels": torch.ones(3)}):
        assert named(HALF | other, RIGHT, half=HALF, left=LEFT) == ["half"]
    without = {key: item for key, item in HALF.items() if key != "count"}
    assert named(without, RIGHT, half=HALF, left=LEFT) == ["half"]
    assert named(RIGHT | {"count": 8}, RIGHT, half=HALF, left=LEFT) == []


def test_mistakes_at_different_places_are_all_named_in_the_authors_order():
    assert named(HALF | {"hooks left": True}, RIGHT, left=LEFT, half=HALF) == ["left", "half"]
    assert named(HALF | {"hooks left": True, "count": 8}, RIGHT, half=HALF, left=LEFT) == ["half", "left"]


def test_a_mistake_that_explains_part_of_another_is_not_named_beside_it():
    both = HALF | {"hooks left": True}
    came = both | {"count": 8}
    assert named(came, RIGHT, left=LEFT, both=both) == ["both"]
    assert named(both, RIGHT, left=LEFT, both=both) == ["both"]
    assert named(came, RIGHT, one=LEFT, other=LEFT) == ["one"]


def test_rows_of_an_array_are_places():
    right = torch.arange(16.0).reshape(4, 4) + 0.3
    first, last = right.clone(), right.clone()
    first[0] *= 1.7
    last[3] -= 5
    came = torch.cat([first[:2], last[2:]])
    assert named(came, right, first=first, last=last) == ["first", "last"]
    came[1] = 9
    assert named(came, right, first=first, last=last) == ["first", "last"]
    came[0, 0] = 9
    assert named(came, right, first=first, last=last) == ["last"]


def test_an_array_that_is_right_nowhere_must_be_explained_by_more_than_half():
    boxes = torch.rand(3, 2) + 0.5
    right, one_side, swapped = boxes * torch.tensor([30, 50]), boxes * 30, boxes * torch.tensor([50, 30])
    assert named(swapped, right, one_side=one_side) == []
    assert named(one_side, right, swapped=swapped, one_side=one_side) == ["one_side"]
    swapped[0, 0] = right[0, 0]
    assert named(swapped, right, one_side=one_side) == ["one_side"]


def test_another_shape_or_type_is_known_as_a_whole():
    right = {"a": torch.rand(2, 3), "b": 1}
    turned = right | {"a": right["a"].T}
    assert named(turned | {"b": 2}, right, turned=turned) == ["turned"]
    assert named(right | {"a": torch.rand(3, 2), "b": 2}, right, turned=turned) == []
    shapes = {"of": [7, 13, 1, 1], "b": 1}
    assert named({"of": [7, 13, 3, 3], "b": 2}, shapes, kernel={"of": [7, 13, 3, 3], "b": 1}) == ["kernel"]
    assert named({"of": [7, 11, 3, 3], "b": 2}, shapes, kernel={"of": [7, 13, 3, 3], "b": 1}) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (torch.tensor([3.5, 4.5]), torch.zeros(2)),  # zeros come about in many ways
        (torch.tensor([3.5, 4.5]), torch.full((2,), 0.7)),  # and so does one number throughout
        (torch.tensor([15, 16, 17]), torch.tensor([16, 17, 15])),  # three whole numbers
        (torch.tensor([True, False]), torch.tensor([False, True])),
        (3.5, 0.0),
        (7, None),
        ("star", ""),
        (torch.tensor([3.5]), torch.tensor([float("nan")])),
        ([4, 5, 6], [0, 0, 0]),
    ],
)
def test_what_any_wrong_answer_may_have_is_no_evidence(right, wrong):
    """It names a mistake only where all else is right."""
    expected, mistake = {"a": right, "b": 1}, {"a": wrong, "b": 1}
    assert named(mistake, expected, one=mistake) == ["one"]
    assert named(mistake | {"b": 2}, expected, one=mistake) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (False, True),
        (3, 2),
        ("star", "ring"),
        (torch.tensor([3.5]), torch.tensor([4.25])),
        (torch.tensor([11, 12, 13, 14]), torch.tensor([12, 11, 14, 13])),
        (torch.ones(8, dtype=torch.bool), torch.tensor([True, False] * 4)),
        (torch.rand(3), Raised("KeyError", "'star'")),
    ],
)
def test_what_comes_about_in_one_way_is(right, wrong):
    expected, mistake = {"a": right, "b": 1}, {"a": wrong, "b": 1}
    if isinstance(right, torch.Tensor) and right.dtype == torch.bool:
        assert named(mistake | {"b": 2}, expected, one=mistake) == []  # four places that are all False
    else:
        assert named(mistake | {"b": 2}, expected, one=mistake) == ["one"]


def test_a_mistake_must_show_on_every_seed():
    known = [KnownMistake("half", "", outcomes(HALF, LEFT))]
    came = outcomes(HALF | {"count": 8}, RIGHT)
    assert named_mistakes(came, outcomes(RIGHT, RIGHT), known) == []
    assert named_mistakes(outcomes(HALF | {"count": 8}, LEFT), outcomes(RIGHT, RIGHT), known) == known


def test_exceptions_are_known_by_type_and_message():
    def raised(message, error="KeyError"):
        return Outcome(error=error, message=message)

    mistakes = {"one": raised("'encoder'"), "other": raised("'decoder'"), "half": HALF}
    assert named(raised("'encoder'"), RIGHT, **mistakes) == ["one"]
    assert named(raised("'decoder'"), RIGHT, **mistakes) == ["other"]
    assert named(raised("'encodr'"), RIGHT, **mistakes) == []
    assert named(raised("'encoder'", "IndexError"), RIGHT, **mistakes) == []


def test_what_mistakes_do_not_explain_remains():
    came = freeze(HALF | {"count": 8})
    rest = mended(came, freeze(HALF), freeze(RIGHT))
    found = difference(rest, freeze(RIGHT))
    assert (found.path, found.came, found.expected) == (("count",), "8", "7")
    right = {"a": torch.tensor([1.5, 2.5]), "b": [1, [2]]}
    wrong, came = {"a": torch.tensor([1.5, 3.5]), "b": [1, [3]], "c": 4}, {"a": torch.tensor([7.5, 3.5]), "b": [9, [3]]}
    rest = mended(freeze(came | {"c": 4}), freeze(wrong), freeze(right))
    assert rest["a"].data.tolist() == [7.5, 2.5] and rest["b"] == [9, [2]] and "c" not in rest


def test_it_takes_milliseconds():
    """Twelve mistakes on two seeds, a hundred thousand numbers each, as large as what the course's checks return."""
    generator = np.random.default_rng(1)
    right = outcomes(*({"map": generator.normal(size=100_000), "b": 1} for _ in range(2)))
    known = [
        KnownMistake(str(i), "", outcomes(*({"map": run.value["map"].data * (2 + i), "b": 1} for run in right)))
        for i in range(12)
    ]
    came = outcomes(*({"map": run.value["map"].data * 13, "b": 2} for run in right))
    started = time.process_time()
    assert [mistake.id for mistake in named_mistakes(came, right, known)] == ["11"]
    assert time.process_time() - started < 1
