"""Freezing: a private copy of what a check returned, as plain data (see `coursework.marking.values`).

Tensors and arrays become `Array`, tuples lists, numpy's numbers Python's; what has no plain form becomes `Foreign`.
An exception becomes `Raised`: a check that asks several things of an answer asks each in `attempted`.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from coursework.marking.outcome import ForbiddenCall
from coursework.marking.values import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_ITEMS,
    MAX_MESSAGE,
    NOT_ATTEMPTED,
    Array,
    Foreign,
    Raised,
)

from .blank import Blank, NotAttempted

if TYPE_CHECKING:
    import torch

_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{4,}")
_FOLDERS = re.compile(r"(?<![\w.])(?:[A-Za-z]:)?(?:[\\/][^\s\\/'\"]+)*[\\/](?=[^\s\\/'\"])")


class TooLarge(ValueError):
    """The value has more numbers, entries or levels than a check may return."""


def attempted(call: Callable[[], Any]) -> Any:
    """What `call` returns, or the exception it raised as a value, so that one thing that fails costs no other.

    For checks that return a dict of several things. A blank among them is one part that is not attempted yet. What a
    grader refuses ends the check.
    """
    try:
        value = call()
        freeze(value)  # a blank inside of it, or too much of it, belongs to this part, too
    except (KeyboardInterrupt, ForbiddenCall):
        raise
    except BaseException as error:  # SystemExit and friends are a student's mistake too
        return raised(error)
    return value


def raised(error: BaseException) -> Raised:
    """An exception as plain data: addresses and folders, which differ from run to run, are left out of its message."""
    if isinstance(error, NotAttempted):
        return Raised(NOT_ATTEMPTED)
    try:
        message = str(error).strip()[: 2 * MAX_MESSAGE]
    except Exception:
        message = ""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "ipykernel" in frame.filename or frame.filename.startswith("<")
    ]
    line = frames[-1].line.strip() if frames and frames[-1].line else ""
    message = _FOLDERS.sub("", _ADDRESS.sub("0x...", message))
    return Raised(type(error).__name__, message[:MAX_MESSAGE], line)


def freeze(value: Any) -> Any:
    """A frozen copy of `value`; raises NotAttempted for a blank and TooLarge beyond the limits above."""
    budget = [MAX_ELEMENTS, MAX_ITEMS]
    return _freeze(value, budget, MAX_DEPTH)


def _freeze(value: Any, budget: list[int], depth: int) -> Any:
    if depth == 0:
        raise TooLarge(f"the value is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, Blank):
        raise NotAttempted("a blank ____ was returned")
    if isinstance(value, Raised):
        return value
    if value is None or isinstance(value, bool | str):
        return str(value)[:10_000] if isinstance(value, str) else value
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, int):
        return int(value) if abs(int(value)) < 2**63 else Foreign("int beyond 64 bits")
    if isinstance(value, float):
        return float(value)
    torch = sys.modules.get("torch")  # without it, nothing is a tensor
    if torch and isinstance(value, torch.Tensor):
        _spend(budget, 0, value.numel())
        return _freeze_tensor(value)
    if isinstance(value, np.ndarray):
        _spend(budget, 0, value.size)
        if value.dtype.kind not in "biuf":
            return Foreign(f"numpy array of {value.dtype}")
        return Array(np.array(value, order="C"), str(value.dtype), "ndarray")
    if torch and isinstance(value, torch.nn.Module):
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
    import torch

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
