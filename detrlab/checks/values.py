"""Values as plain data: what a check returned, frozen so that it can be stored, sent and compared without its code.

A frozen value is a tree of dict (string keys), list, str, int, float, bool, None and `Array`. Anything else becomes
`Array`, a list or a dict where that is natural, and a `Foreign` (only its type's name) where it is not.
`pack` turns a tree into JSON-ready data and a flat dict of numpy arrays (as safetensors stores them); `unpack`
turns it back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from .blank import Blank, NotAttempted

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

    def tensor(self) -> torch.Tensor:
        return torch.from_numpy(self.data)


@dataclass(frozen=True)
class Foreign:
    """Something that is no plain value; it equals nothing."""

    type_name: str


class TooLarge(ValueError):
    """The value has more numbers, entries or levels than a check may return."""


def freeze(value: Any) -> Any:
    """A frozen copy of `value`; raises NotAttempted for a blank and TooLarge beyond the limits above."""
    budget = [MAX_ELEMENTS, MAX_ITEMS]
    return _freeze(value, budget, MAX_DEPTH)


def _freeze(value: Any, budget: list[int], depth: int) -> Any:
    if depth == 0:
        raise TooLarge(f"the value is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, Blank):
        raise NotAttempted("a blank ____ was returned")
    if value is None or isinstance(value, bool | str):
        return str(value)[:10_000] if isinstance(value, str) else value
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, int):
        return int(value) if abs(int(value)) < 2**63 else Foreign("int beyond 64 bits")
    if isinstance(value, float):
        return float(value)
    if isinstance(value, torch.Tensor):
        _spend(budget, 0, value.numel())
        return _freeze_tensor(value)
    if isinstance(value, np.ndarray):
        _spend(budget, 0, value.size)
        if value.dtype.kind not in "biuf":
            return Foreign(f"numpy array of {value.dtype}")
        return Array(np.array(value, order="C"), str(value.dtype), "ndarray")
    if isinstance(value, nn.Module):
        return Foreign(type(value).__name__)
    if isinstance(value, dict):
        _spend(budget, 1, len(value))
        return {str(key): _freeze(item, budget, depth - 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        _spend(budget, 1, len(value))
        return [_freeze(item, budget, depth - 1) for item in value]
    return Foreign(type(value).__name__)


def _spend(budget: list[int], which: int, amount: int) -> None:
    budget[which] -= amount
    if budget[which] < 0:
        unit, limit = (("numbers", MAX_ELEMENTS), ("entries", MAX_ITEMS))[which]
        raise TooLarge(f"the value has more than {limit:,} {unit}")


def _freeze_tensor(tensor: torch.Tensor) -> Array | Foreign:
    with torch.no_grad(), torch._C.DisableTorchFunctionSubclass():
        # A subclass keeps its tricks in Python; below this line only the numbers count.
        if tensor.device.type == "meta":
            return Foreign("tensor on the meta device (it has no numbers)")
        try:
            plain = tensor.detach().to("cpu")
            if plain.layout is not torch.strided:
                plain = plain.to_dense()
            plain = plain.resolve_conj().resolve_neg().contiguous().clone()
        except (RuntimeError, NotImplementedError) as error:
            return Foreign(f"tensor that cannot be read ({type(error).__name__})")
        dtype = str(plain.dtype).removeprefix("torch.")
        if plain.dtype.is_complex or plain.is_quantized:
            return Foreign(f"{dtype} tensor")
        if plain.dtype is torch.bfloat16:
            plain = plain.float()
        return Array(plain.numpy(), dtype)


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
