"""Does a frozen value equal the expected one, and if not, where and how do they first part?

Order of the questions: type, shape, dtype, then values. Real numbers are equal within rtol 1e-4 and atol 1e-5 (half
precision: 1e-2), integers, truth values and strings exactly. A whole number is accepted where a real one is expected,
and a tensor or array with a single number where a plain number is expected.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .values import Array, Foreign

Numbers = np.ndarray | np.float64
RTOL, ATOL = 1e-4, 1e-5
_MAX_WORDS = 200  # characters of a value in words
HALF_TOLERANCE = 1e-2


@dataclass(frozen=True)
class Difference:
    """The first difference found: its kind ("type", "shape", "dtype", "value"), where, and both sides in words."""

    kind: str
    path: str
    came: str
    expected: str


def describe(value: Any) -> str:
    """A frozen value in a few words: kind, shape and dtype, or the number itself; at most 200 characters."""
    words = _in_words(value)
    return words if len(words) <= _MAX_WORDS else words[: _MAX_WORDS - 3] + "..."


def _in_words(value: Any) -> str:
    if isinstance(value, Array):
        name = "tensor" if value.kind == "tensor" else "numpy array"
        return f"{name} of shape {value.shape}, {value.dtype}"
    if isinstance(value, Foreign):
        return f"something of type {value.type_name}"
    if isinstance(value, dict):
        return "dict with keys " + ", ".join(map(repr, value)) if value else "empty dict"
    if isinstance(value, list):
        return f"list of {len(value)}"
    if isinstance(value, float):
        return f"{value:.6g}"
    return repr(value) if len(repr(value)) <= 80 else repr(value)[:77] + "..."


def difference(came: Any, expected: Any, path: str = "") -> Difference | None:
    """The first difference of `came` from `expected` (both frozen), or None where they are equal."""
    if isinstance(expected, bool | int | float) and isinstance(came, Array) and came.data.size == 1:
        came = came.data.reshape(()).item()
    if isinstance(expected, Array):
        return _array_difference(came, expected, path)
    if isinstance(expected, float):
        if isinstance(came, bool) or not isinstance(came, int | float):
            return Difference("type", path, describe(came), f"a number, {describe(expected)}")
        if not _close(np.float64(came), np.float64(expected), RTOL, ATOL):
            return Difference("value", path, describe(float(came)), describe(expected))
        return None
    if isinstance(expected, dict):
        if not isinstance(came, dict) or set(came) != set(expected):
            return Difference("type", path, describe(came), describe(expected))
        found = (difference(came[key], item, f"{path}[{key!r}]") for key, item in expected.items())
        return next(filter(None, found), None)
    if isinstance(expected, list):
        if not isinstance(came, list):
            return Difference("type", path, describe(came), describe(expected))
        if len(came) != len(expected):
            return Difference("shape", path, describe(came), describe(expected))
        found = (difference(a, b, f"{path}[{i}]") for i, (a, b) in enumerate(zip(came, expected, strict=True)))
        return next(filter(None, found), None)
    if type(came) is not type(expected) or isinstance(expected, Foreign):
        return Difference("type", path, describe(came), describe(expected))
    return None if came == expected else Difference("value", path, describe(came), describe(expected))


def _array_difference(came: Any, expected: Array, path: str) -> Difference | None:
    if not isinstance(came, Array) or came.kind != expected.kind:
        return Difference("type", path, describe(came), describe(expected))
    if came.shape != expected.shape:
        return Difference("shape", path, f"shape {came.shape}", f"shape {expected.shape}")
    if came.dtype != expected.dtype:
        return Difference("dtype", path, came.dtype, expected.dtype)
    half = came.dtype in ("float16", "bfloat16")
    if came.data.dtype.kind == "f":
        equal = _close(came.data, expected.data, *((HALF_TOLERANCE,) * 2 if half else (RTOL, ATOL)))
    else:
        equal = came.data == expected.data
    if np.all(equal):
        return None
    wrong = np.argwhere(~np.atleast_1d(equal))
    index = tuple(int(i) for i in wrong[0]) if came.data.ndim else ()
    place = path + (f"[{', '.join(map(str, index))}]" if index else "")
    share = f" ({len(wrong)} of {came.data.size} numbers differ)" if came.data.size > 1 else ""
    return Difference("value", place, describe(came.data[index].item()) + share, describe(expected.data[index].item()))


def _close(came: Numbers, expected: Numbers, rtol: float, atol: float) -> Any:
    return np.isclose(came, expected, rtol=rtol, atol=atol, equal_nan=True)


def apart(one: Any, other: Any, factor: float) -> bool:
    """Are two frozen values different in type or shape, or by more than `factor` times the tolerance somewhere?"""
    found = difference(one, other)
    if found is None:
        return False
    if found.kind != "value":
        return True
    if isinstance(one, dict):
        return any(apart(one[key], other[key], factor) for key in one)
    if isinstance(one, list):
        return any(apart(a, b, factor) for a, b in zip(one, other, strict=True))
    if isinstance(one, Array) and one.data.dtype.kind == "f":
        return not np.all(_close(one.data, other.data, factor * RTOL, factor * ATOL))
    if isinstance(one, float) and isinstance(other, float):
        return not _close(np.float64(one), np.float64(other), factor * RTOL, factor * ATOL)
    return True
