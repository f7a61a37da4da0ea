"""Values as plain data: a tree of dict (string keys), list, str, int, float, bool, None, `Array` and `Foreign`.

So they can be stored, sent and compared without the code that made them; `coursework.checks.freeze` makes them.
`pack` turns a tree into JSON-ready data and a flat dict of numpy arrays (as safetensors stores them); `unpack`
turns it back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

MAX_ELEMENTS = 5_000_000  # numbers in one value
MAX_ITEMS = 20_000  # entries of lists and dicts in one value
MAX_DEPTH = 20


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


def pack(tree: Any, arrays: dict[str, np.ndarray], prefix: str) -> Any:
    """JSON-ready form of a frozen tree; its arrays are added to `arrays` under names that start with `prefix`."""
    if isinstance(tree, Array):
        name = f"{prefix}#{len(arrays)}"
        arrays[name] = tree.data
        return {"$array": name, "dtype": tree.dtype, "kind": tree.kind}
    if isinstance(tree, Foreign):
        return {"$foreign": tree.type_name}
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
        if "$float" in data:
            return float(data["$float"])
        return {key: unpack(item, arrays) for key, item in data["$dict"].items()}
    return data
