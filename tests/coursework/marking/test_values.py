"""Freezing, packing and comparing what a student's code returns."""

import math

import numpy as np
import pytest
import torch

from coursework.checks.blank import BLANK, NotAttempted
from coursework.checks.freezing import TooLarge, freeze
from coursework.checks.running import run_check
from coursework.marking.compare import apart, describe, difference
from coursework.marking.hidden import pack_hidden, unpack_hidden
from coursework.marking.outcome import Outcome
from coursework.marking.values import Array, Foreign


def kind(came, expected):
    found = difference(freeze(came), freeze(expected))
    return found and found.kind


def test_tensors_become_plain_copies():
    tensor = torch.ones(2, 3, requires_grad=True).T
    frozen = freeze(tensor)
    assert (frozen.shape, frozen.dtype, frozen.kind) == ((3, 2), "float32", "tensor")
    with torch.no_grad():
        tensor.mul_(5)
    assert (frozen.data == 1).all()


@pytest.mark.parametrize(
    ("value", "frozen"),
    [
        (None, None),
        (True, True),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        ("x", "x"),
        ((1, [2]), [1, [2]]),
        ({3: 4}, {"3": 4}),
    ],
)
def test_plain_values(value, frozen):
    assert freeze(value) == frozen


@pytest.mark.parametrize(
    "value",
    [
        object(),
        torch.nn.Linear(2, 3),
        torch.zeros(2, device="meta"),
        torch.zeros(2, dtype=torch.complex64),
        np.array(["a"]),
        {1, 2},
        lambda: 0,
        2**70,
    ],
)
def test_what_is_no_plain_value_equals_nothing_not_even_itself(value):
    frozen = freeze(value)
    assert isinstance(frozen, Foreign)
    assert difference(frozen, frozen).kind == "type"


def test_a_blank_anywhere_is_not_attempted():
    with pytest.raises(NotAttempted):
        freeze({"a": [1, BLANK]})


def test_a_subclass_that_lies_about_equality_is_reduced_to_its_numbers():
    class Liar(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            return (
                torch.ones(3)
                if func is torch.Tensor.clone
                else super().__torch_function__(func, types, args, kwargs or {})
            )

        def __eq__(self, other):
            return True

    frozen = freeze(torch.zeros(3).as_subclass(Liar))
    assert difference(frozen, freeze(torch.ones(3))).kind == "value"


def test_limits():
    loop: list = []
    loop.append(loop)
    with pytest.raises(TooLarge):
        freeze(loop)
    with pytest.raises(TooLarge):
        freeze(torch.zeros(1).expand(10**9))
    with pytest.raises(TooLarge):
        freeze([0] * 30_000)


@pytest.mark.parametrize(
    ("came", "expected", "answer"),
    [
        (torch.ones(2), torch.ones(2) * (1 + 5e-5), None),
        (torch.ones(2), torch.ones(2) * 1.001, "value"),
        (torch.ones(2), torch.ones(3), "shape"),
        (torch.ones(2), torch.ones(2, dtype=torch.float64), "dtype"),
        (np.ones(2, dtype=np.float32), torch.ones(2), "type"),
        (torch.tensor([1, 2]), torch.tensor([1, 3]), "value"),
        (torch.tensor(0.5), 0.5, None),
        (2, 2.0, None),
        (2.0, 2, "type"),
        (True, 1, "type"),
        (True, 1.0, "type"),
        (math.nan, 1.0, "value"),
        (math.inf, 1.0, "value"),
        (torch.tensor([math.nan]), torch.ones(1), "value"),
        ([1, 2], [1, 2, 3], "shape"),
        ({"a": 1}, {"b": 1}, "keys"),
        (None, torch.ones(2), "type"),
        ("a", "b", "value"),
    ],
)
def test_difference(came, expected, answer):
    assert kind(came, expected) == answer


def test_difference_says_where_and_what():
    came, expected = torch.zeros(2, 3), torch.zeros(2, 3)
    expected[1, 2] = 0.25
    found = difference(freeze({"map": came}), freeze({"map": expected}))
    assert (found.path, found.came, found.expected) == (("map", 1, 2), "0 (1 of 6 numbers differ)", "0.25")


def test_apart_wants_a_hundred_tolerances():
    one = freeze(torch.ones(3))
    assert not apart(one, freeze(torch.ones(3) * 1.005), 100)  # 0.005 < 100 * (1e-5 + 1e-4)
    assert apart(one, freeze(torch.ones(3) * 1.02), 100)
    assert apart(one, freeze(torch.ones(2)), 100)


def test_hidden_values_survive_packing():
    outcomes = [
        Outcome(value=freeze({"a": torch.arange(5.0), "b": [1, math.inf, "x", None], "c": np.array([True])})),
        Outcome(error="ValueError"),
    ]
    seeds, again = unpack_hidden(pack_hidden([3, 5], outcomes))
    assert seeds == [3, 5]
    assert [a.equals(b) for a, b in zip(outcomes, again, strict=True)] == [True, True]
    assert isinstance(again[0].value["a"], Array)


def test_run_check_is_repeatable_and_leaves_the_process_as_it_was():
    def careless(draw):
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        print("noise")
        return draw.normal(3) + torch.rand(3)

    before = torch.get_rng_state()
    assert run_check(careless, "careless", 1).equals(run_check(careless, "careless", 1))
    assert not run_check(careless, "careless", 1).equals(run_check(careless, "careless", 2))
    assert torch.get_default_dtype() is torch.float32 and torch.is_grad_enabled()
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("function", "error"),
    [
        (lambda draw: 1 / 0, "ZeroDivisionError"),
        (lambda draw: exit(0), "SystemExit"),
        (lambda draw: BLANK + 1, "NotAttempted"),
        (lambda draw: torch.nn.Linear(2, 3)(BLANK), "NotAttempted"),
        (lambda draw: BLANK.shape, "NotAttempted"),
    ],
)
def test_exceptions_are_outcomes(function, error):
    assert run_check(function, "x", 1).error == error


def test_a_description_is_never_long():
    assert describe({"a": 1, "b": 2}) == "dict with keys 'a', 'b'"
    words = describe({"k" * 10_000: 1})
    assert words == "dict with keys '" + "k" * 181 + "..." and len(words) == 200
