"""Freezing: a private copy of what a check returned, as plain data (see `coursework.marking.values`).

Tensors and arrays become `Array`, tuples lists, numpy's numbers Python's; what has no plain form becomes `Foreign`.
An exception becomes `Raised`: a check that asks several things of an answer asks each in `attempted`.
"""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from coursework.marking.compare import describe
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
    Sealed,
)

from .blank import Blank, NotAttempted

if TYPE_CHECKING:
    import torch

_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{4,}")
_FOLDERS = re.compile(r"(?<![\w.])(?:[A-Za-z]:)?(?:[\\/][^\s\\/'\"]+)*[\\/](?=[^\s\\/'\"])")
_NO_CELLS = ("<frozen", "<__array_function__", "<string>")
_watch: Watch | None = None


class TooLarge(ValueError):
    """The value has more numbers, entries or levels than a check may return."""


def attempted(call: Callable[[], Any]) -> Any:
    """What `call` returns, or the exception it raised as a value, so that one thing that fails costs no other.

    For checks that return a dict of several things. A blank among them is one part that is not attempted yet. What a
    grader refuses ends the check.
    """
    if _watch:
        _watch.last = ("", "", "")
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
    release = _watch.release if _watch else frozenset[str]()
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_cell(frame.filename)]
    theirs = [frame for frame in frames if frame.filename not in release]
    line = theirs[-1].line.strip() if theirs and theirs[-1].line else ""
    message = _FOLDERS.sub("", _ADDRESS.sub("0x...", message))
    returned = _watch.last if _watch and frames and not theirs else ()
    return Raised(type(error).__name__, message[:MAX_MESSAGE], line, returned)


class Watch:
    """Which function of the student's the release's own code asked last, and what came from it.

    `release`: the files of the cells that hold the setup and the check. Every call is looked at while it watches, so it
    is for a check that was seen to stop by itself.
    """

    def __init__(self, release: frozenset[str]):
        self.release = release
        self.last = ("", "", "")

    def see(self, frame: FrameType, event: str, value: Any) -> None:
        """sys.setprofile calls it."""
        file = frame.f_code.co_filename
        if event != "return" or file in self.release or not _is_cell(file):
            return
        caller = frame.f_back
        while caller is not None and not _is_cell(caller.f_code.co_filename):  # torch calls a module's forward
            caller = caller.f_back
        if caller is None or caller.f_code.co_filename not in self.release:
            return
        try:
            came = describe(freeze(value))
        except (NotAttempted, TooLarge) as error:
            came = type(error).__name__
        about = getattr(frame.f_globals.get(frame.f_code.co_name), "__doc__", None)
        asked = about.strip().partition("\n")[0] if isinstance(about, str) else ""
        self.last = (frame.f_code.co_name, came, asked)


@contextmanager
def watching(release: frozenset[str], *, looks: bool) -> Iterator[None]:
    """While open, `raised` tells the release's own lines from the student's; with `looks` also what came to them."""
    global _watch
    before, profile = _watch, sys.getprofile()
    _watch = Watch(release)
    if looks:
        sys.setprofile(_watch.see)
    try:
        yield
    finally:
        if looks:
            sys.setprofile(profile)
        _watch = before


def stopped_by_itself(value: Any) -> bool:
    """Is there an exception in a frozen value that no line of the student's raised, but one of the check's?"""
    if isinstance(value, dict | list):
        return any(map(stopped_by_itself, value.values() if isinstance(value, dict) else value))
    return isinstance(value, Raised) and bool(value.returned)


def _is_cell(file: str) -> bool:
    return "ipykernel" in file or (file.startswith("<") and not file.startswith(_NO_CELLS))


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
    if isinstance(value, Sealed):
        return Sealed(*(_freeze(side, budget, depth - 1) for side in (value.given, value.value)))
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
