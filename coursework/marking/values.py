"""Values as plain data: a tree of dict (string keys), list, str, int, float, bool, None, and the classes below.

So they can be stored, sent and compared without the code that made them; `coursework.checks.freeze` makes them.
`pack` turns a tree into JSON-ready data and a flat dict of numpy arrays (as safetensors stores them); `unpack`
turns it back.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MAX_ELEMENTS = 5_000_000  # numbers in one value
MAX_ITEMS = 20_000  # entries of lists and dicts in one value
MAX_DEPTH = 20
MAX_MESSAGE = 1000  # characters of an exception's message
NOT_ATTEMPTED = "NotAttempted"  # the name of what a blank raises


@dataclass(frozen=True)
class Array:
    """A dense tensor or numpy array: a private copy of its numbers, its dtype's name and where it came from."""

    data: np.ndarray
    dtype: str
    kind: str = "tensor"  # "tensor" | "ndarray"

    @property
    def shape(self) -> tuple[int, ...]:
        return self.data.shape


@dataclass(frozen=True)
class Foreign:
    """Something that is no plain value; it equals nothing."""

    type_name: str


@dataclass(frozen=True)
class Raised:
    """What stands for a value where an exception ended its making: the type's name, the message, and at which line."""

    error: str
    message: str = ""
    at: str = field(default="", compare=False)  # a line of the student's own
    # Where the check itself stopped: the function that it asked last, what came from it, and what its docstring asks
    # for; three empty words where it asked none.
    returned: tuple[str, ...] = field(default=(), compare=False)

    @property
    def is_open(self) -> bool:
        """Was it a blank that is still to be filled in?"""
        return self.error == NOT_ATTEMPTED


@dataclass(frozen=True)
class Sealed:
    """What a student worked out: `value` is judged, and messages tell `given`, but never what was expected."""

    given: Any
    value: Any


def raised_in(tree: Any) -> Iterator[Raised]:
    """Every exception that stands for a value in a frozen tree."""
    if isinstance(tree, Raised):
        yield tree
    elif isinstance(tree, dict | list):
        for item in tree.values() if isinstance(tree, dict) else tree:
            yield from raised_in(item)


def pack(tree: Any, arrays: dict[str, np.ndarray], prefix: str) -> Any:
    """JSON-ready form of a frozen tree; its arrays are added to `arrays` under names that start with `prefix`."""
    if isinstance(tree, Array):
        name = f"{prefix}#{len(arrays)}"
        arrays[name] = tree.data
        return {"$array": name, "dtype": tree.dtype, "kind": tree.kind}
    if isinstance(tree, Foreign):
        return {"$foreign": tree.type_name}
    if isinstance(tree, Raised):
        return {"$raised": [tree.error, tree.message, tree.at, *([list(tree.returned)] if tree.returned else [])]}
    if isinstance(tree, Sealed):
        return {"$sealed": [pack(side, arrays, prefix) for side in (tree.given, tree.value)]}
    if isinstance(tree, float) and not math.isfinite(tree):
        return {"$float": repr(tree)}
    if isinstance(tree, dict):
        return {"$dict": {key: pack(item, arrays, prefix) for key, item in tree.items()}}
    if isinstance(tree, list):
        return [pack(item, arrays, prefix) for item in tree]
    return tree


def unpack(data: Any, arrays: dict[str, np.ndarray]) -> Any:
    """The frozen tree that `pack` was given."""
    if isinstance(data, list):
        return [unpack(item, arrays) for item in data]
    if isinstance(data, dict):
        if "$array" in data:
            return Array(np.asarray(arrays[data["$array"]]), data["dtype"], data["kind"])
        if "$foreign" in data:
            return Foreign(data["$foreign"])
        if "$raised" in data:
            error, message, at, *returned = data["$raised"]
            return Raised(error, message, at, tuple(returned[0]) if returned else ())
        if "$sealed" in data:
            given, value = (unpack(side, arrays) for side in data["$sealed"])
            return Sealed(given, value)
        if "$float" in data:
            return float(data["$float"])
        return {key: unpack(item, arrays) for key, item in data["$dict"].items()}
    return data
