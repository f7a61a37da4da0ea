"""Returned values from a stranger: read with caps, or worth nothing; never an exception."""

import json

import numpy as np
import safetensors.numpy

from autograder.sandbox.outcomes import read_outcomes
from coursework.marking.outcome import Outcome
from coursework.marking.values import Array, Sealed


def packed(header: dict) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text


def empty(count: int) -> dict:
    return {f"{i:x}": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]} for i in range(count)}


def test_a_value_is_read_with_its_arrays():
    item = {"value": {"$array": "a", "dtype": "float32", "kind": "tensor"}}
    (got,) = read_outcomes([item], safetensors.numpy.save({"a": np.float32([2, 3])}), 1)
    assert isinstance(got.value, Array) and got.value.data.tolist() == [2, 3]


def test_a_number_that_was_worked_out_is_read_with_what_was_given():
    (got,) = read_outcomes([{"value": {"$dict": {"keen": {"$sealed": [{"$float": "inf"}, 3.5]}}}}], b"", 1)
    assert got.value == {"keen": Sealed(float("inf"), 3.5)}
    (worthless,) = read_outcomes([{"value": {"$sealed": [1, 2, 3]}}], b"", 1)
    assert worthless.error == "UnreadableValue"


def test_more_arrays_than_any_check_returns_are_not_made(monkeypatch):
    item = {"value": 7}
    assert read_outcomes([item], packed(empty(10_000)), 1) == [Outcome(7)]
    made = []
    monkeypatch.setattr(safetensors.numpy, "load", made.append)
    (many,) = read_outcomes([item], packed(empty(10_001)), 1)
    (long,) = read_outcomes([item], packed({"x" * (1 << 20): empty(1)["0"]}), 1)
    assert many.error == long.error == "UnreadableValue" and made == []


def test_a_header_that_is_none_is_worth_nothing():
    for body in (b"x", b"\0" * 8, b"\xff" * 8, packed({})[:-1], (200_000).to_bytes(8, "little") + b"[" * 200_000):
        (got,) = read_outcomes([{"value": 7}], body, 1)
        assert got.error == "UnreadableValue"


def test_only_what_can_be_refused_is_taken_for_refused():
    def read(**more):
        return read_outcomes([{"error": "ForbiddenCall", "message": "m", **more}], b"", 1, {"torch.add"})[0]

    assert read(refused="torch.add") == Outcome(error="ForbiddenCall", message="m", refused="torch.add")
    for forged in ({}, {"refused": "Right. 3 / 3"}, {"refused": ""}, {"refused": None}):
        assert read(**forged) == Outcome(error="ForbiddenCall", message="m")
    assert read(refused=["torch.add"]).error == "UnreadableValue"
