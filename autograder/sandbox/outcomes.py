"""Returned values as they come from the untrusted process: read with caps, or not at all.

What cannot be read is an `Outcome` with an error, never an exception: a forged value is worth nothing and stops nobody.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import numpy as np
import safetensors.numpy

from coursework.marking.outcome import Outcome
from coursework.marking.values import (
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_ITEMS,
    MAX_MESSAGE,
    Array,
    Foreign,
    Raised,
    Sealed,
    unpack,
)

_MAX_TEXT = 10_000
_MAX_HEADER = 1 << 20  # bytes of a safetensors header: names, types and shapes
_MAX_ARRAYS = 10_000  # of one check over all seeds
_DTYPES = {
    "float16",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "bool",
}


def read_outcomes(packed: Any, body: bytes, count: int, refusable: Collection[str] = ()) -> list[Outcome]:
    """The outcomes of one check over `count` seeds; none but these names can have been refused to it."""
    if not isinstance(packed, list) or len(packed) != count:
        return [_unreadable("wrong number of outcomes")] * count
    try:
        arrays = _arrays(body) if body else {}
    except Exception as error:
        return [_unreadable(type(error).__name__)] * count
    return [_read_outcome(item, arrays, refusable) for item in packed]


def _arrays(body: bytes) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file; a header beyond the caps is refused before anything is made from it."""
    size = int.from_bytes(body[:8], "little")
    if size > _MAX_HEADER or len(json.loads(body[8 : 8 + size])) > _MAX_ARRAYS:
        raise ValueError("too many arrays")
    arrays: dict[str, np.ndarray] = safetensors.numpy.load(body)
    return arrays


def _unreadable(why: str) -> Outcome:
    return Outcome(error="UnreadableValue", message=why[:300])


def _read_outcome(item: Any, arrays: dict[str, np.ndarray], refusable: Collection[str]) -> Outcome:
    try:
        if "error" in item:
            raised = _raised(item["error"], item["message"], item.get("at", ""), item.get("returned", ()))
            refused = item.get("refused")
            return Outcome(
                error=raised.error,
                message=raised.message,
                at=raised.at,
                refused=refused if refused in refusable else "",
                returned=raised.returned,
            )
        return Outcome(value=_sound(unpack(item["value"], arrays), [MAX_ELEMENTS, MAX_ITEMS], MAX_DEPTH))
    except Exception as error:  # whatever shape the forgery has
        return _unreadable(type(error).__name__)


def _raised(error: Any, message: Any, at: Any, returned: Any) -> Raised:
    words = tuple(clean_text(str(word), MAX_MESSAGE) for word in returned)
    return Raised(
        clean_text(str(error), 100),
        clean_text(str(message), MAX_MESSAGE),
        clean_text(str(at), MAX_MESSAGE),
        words if len(words) == 3 else (),
    )


def _sound(value: Any, budget: list[int], depth: int) -> Any:
    """The value if it is one that `freeze` could have made; raises ValueError otherwise."""
    if depth == 0 or min(budget) < 0:
        raise ValueError("too deep or too large")
    if isinstance(value, Array):
        budget[0] -= value.data.size
        stored = "float32" if value.dtype == "bfloat16" else value.dtype
        if stored not in _DTYPES or str(value.data.dtype) != stored or value.kind not in ("tensor", "ndarray"):
            raise ValueError("an array that is not what it says")
        if budget[0] < 0:
            raise ValueError("too many numbers")
        return value
    if isinstance(value, str):
        return clean_text(value, _MAX_TEXT)
    if isinstance(value, bool | float | None):
        return value
    if isinstance(value, int):
        if abs(value) >= 2**63:
            raise ValueError("an integer beyond 64 bits")
        return value
    if isinstance(value, Foreign):
        return Foreign(clean_text(str(value.type_name), 100))
    if isinstance(value, Raised):
        return _raised(value.error, value.message, value.at, value.returned)
    if isinstance(value, Sealed):
        budget[1] -= 1
        return Sealed(*(_sound(side, budget, depth - 1) for side in (value.given, value.value)))
    if isinstance(value, dict):
        budget[1] -= len(value)
        return {clean_text(key, _MAX_TEXT): _sound(item, budget, depth - 1) for key, item in value.items()}
    if isinstance(value, list):
        budget[1] -= len(value)
        return [_sound(item, budget, depth - 1) for item in value]
    raise ValueError(f"a {type(value).__name__}")


def clean_text(text: str, limit: int) -> str:
    """Text that any file or database takes: no lone surrogates, no NUL, at most `limit` characters."""
    return text[:limit].encode("utf-8", "replace").decode().replace("\0", "\ufffd")
