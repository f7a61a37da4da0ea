"""Does a frozen value equal the expected one, and if not, where and how do they part?

Order of the questions: type and keys, shape, dtype, then values. Real numbers are equal within rtol 1e-4 and atol 1e-5
(half precision: 1e-2), integers, truth values and strings exactly. A whole number is accepted where a real one is
expected, and a tensor or array with a single number where a plain number is expected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .values import Array, Foreign, Raised, Sealed

Numbers = np.ndarray | np.float64
Letters = Mapping[str, int]  # sizes by the letter that a check gave them
RTOL, ATOL = 1e-4, 1e-5
HALF_TOLERANCE = 1e-2
_MAX_WORDS = 200  # characters of a value in words
_SHORT = 8  # numbers of a list that is said as a whole
NO_LETTERS: Letters = {}


@dataclass(frozen=True)
class Difference:
    """One difference: its kind ("type", "keys", "shape", "dtype", "value", "raised"), where, and both sides.

    `came` and `expected` are in words, "" where what was expected is not told; `sides` are the two frozen values: whole
    arrays, also where one number differs.
    """

    kind: str
    path: tuple[str | int, ...]
    came: str
    expected: str
    sides: tuple[Any, Any] = (None, None)


def describe(value: Any, letters: Letters = NO_LETTERS) -> str:
    """A frozen value in a few words: kind, shape and dtype, or the number itself; at most 200 characters."""
    words = _in_words(value, letters)
    return words if len(words) <= _MAX_WORDS else words[: _MAX_WORDS - 3] + "..."


def _in_words(value: Any, letters: Letters) -> str:
    if isinstance(value, Array):
        name = "tensor" if value.kind == "tensor" else "numpy array"
        return f"{name} of shape {in_letters(value.shape, letters)}, {value.dtype}"
    if isinstance(value, Foreign):
        return f"something of type {value.type_name}"
    if isinstance(value, Raised):
        return f"{value.error}: {value.message}" if value.message else value.error
    if isinstance(value, Sealed):
        return describe(value.given)
    if isinstance(value, dict):
        return "dict with keys " + ", ".join(map(repr, value)) if value else "empty dict"
    if isinstance(value, list):
        if not is_short(value):
            return f"list of {len(value)}"
        named = in_letters(value, letters) if all(isinstance(item, int) for item in value) else ""
        return named if "=" in named else "[" + ", ".join(map(describe, value)) + "]"
    if isinstance(value, float):
        return f"{value:.6g}"
    return repr(value) if len(repr(value)) <= 80 else repr(value)[:77] + "..."


def in_letters(sizes: Sequence[int], letters: Letters) -> str:
    """A shape with the letters of its axes, "(Q, B, 9) = (2, 7, 9)"; a size that two letters share stays a number."""
    axes = axis_names(sizes, letters)
    plain = repr(tuple(sizes))
    comma = "," if len(axes) == 1 else ""
    return plain if axes == [str(size) for size in sizes] else f"({', '.join(axes)}{comma}) = {plain}"


def axis_names(sizes: Sequence[int], letters: Letters) -> list[str]:
    """Each size's letter, or the number where no letter, or more than one, stands for it."""
    named = [[letter for letter, size in letters.items() if size == wanted] for wanted in sizes]
    return [found[0] if len(found) == 1 else str(size) for found, size in zip(named, sizes, strict=True)]


def is_short(value: Any) -> bool:
    """Is it a list of a few numbers, a shape say, which is said as a whole?"""
    numbers = isinstance(value, list) and 0 < len(value) <= _SHORT
    return numbers and all(isinstance(item, int | float) and not isinstance(item, bool) for item in value)


def difference(came: Any, expected: Any, letters: Letters = NO_LETTERS) -> Difference | None:
    """The first difference of `came` from `expected` (both frozen), or None where they are equal."""
    return next(differences(came, expected, letters), None)


def differences(
    came: Any, expected: Any, letters: Letters = NO_LETTERS, path: tuple[str | int, ...] = ()
) -> Iterator[Difference]:
    """All differences of `came` from `expected`: one for each array, plain value or short list of numbers."""

    def differs(kind: str) -> Difference:
        return Difference(kind, path, describe(came, letters), describe(expected, letters), (came, expected))

    if isinstance(came, Raised) or isinstance(expected, Raised):
        if came != expected:
            yield differs("raised")
        return
    if isinstance(expected, Sealed):
        if not isinstance(came, Sealed) or difference(came.value, expected.value):
            yield Difference("value", path, describe(came), "", (came, expected))
        return
    if isinstance(expected, bool | int | float) and isinstance(came, Array) and came.data.size == 1:
        came = came.data.reshape(()).item()
    if isinstance(expected, Array):
        found = _array_difference(came, expected, letters, path)
        yield from [found] if found else []
    elif isinstance(expected, float):
        if isinstance(came, bool) or not isinstance(came, int | float):
            yield Difference("type", path, describe(came, letters), f"a number, {describe(expected)}", (came, expected))
        elif not _close(np.float64(came), np.float64(expected), RTOL, ATOL):
            yield Difference("value", path, describe(float(came)), describe(expected), (came, expected))
    elif isinstance(expected, dict):
        if not isinstance(came, dict):
            yield differs("type")
            return
        if came.keys() != expected.keys():
            yield differs("keys")
        for key in expected:
            if key in came:
                yield from differences(came[key], expected[key], letters, (*path, key))
    elif isinstance(expected, list):
        if not isinstance(came, list):
            yield differs("type")
        elif len(came) != len(expected):
            yield differs("shape")
        else:
            items = zip(came, expected, strict=True)
            found_inside = (each for i, (a, b) in enumerate(items) for each in differences(a, b, letters, (*path, i)))
            if not (is_short(came) and is_short(expected)):
                yield from found_inside
            elif inner := next(found_inside, None):
                yield differs(inner.kind)
    elif type(came) is not type(expected) or isinstance(expected, Foreign):
        yield differs("type")
    elif came != expected:
        yield differs("value")


def _array_difference(came: Any, expected: Array, letters: Letters, path: tuple[str | int, ...]) -> Difference | None:
    sides = came, expected
    if not isinstance(came, Array) or came.kind != expected.kind:
        return Difference("type", path, describe(came, letters), describe(expected, letters), sides)
    if came.shape != expected.shape:
        here, there = (f"shape {in_letters(side.shape, letters)}" for side in sides)
        return Difference("shape", path, here, there, sides)
    if came.dtype != expected.dtype:
        return Difference("dtype", path, came.dtype, expected.dtype, sides)
    equal = equal_elements(came, expected)
    if np.all(equal):
        return None
    wrong = np.argwhere(~np.atleast_1d(equal))
    index = tuple(int(i) for i in wrong[0]) if came.data.ndim else ()
    share = f" ({len(wrong)} of {came.data.size} numbers differ)" if came.data.size > 1 else ""
    here, there = describe(came.data[index].item()) + share, describe(expected.data[index].item())
    return Difference("value", (*path, *index), here, there, sides)


def alike(one: Any, other: Any) -> bool:
    """Are both arrays of the same kind, shape and dtype, so that they can be compared number by number?"""
    return isinstance(one, Array) and isinstance(other, Array) and _form(one) == _form(other)


def _form(array: Array) -> tuple[str, tuple[int, ...], str]:
    return array.kind, array.shape, array.dtype


def equal_elements(came: Array, expected: Array) -> Any:
    """Truth values of the arrays' shape, for two arrays that are `alike`: where their numbers are equal."""
    if came.data.dtype.kind != "f":
        return came.data == expected.data
    half = came.dtype in ("float16", "bfloat16")
    return _close(came.data, expected.data, *((HALF_TOLERANCE,) * 2 if half else (RTOL, ATOL)))


def _close(came: Numbers, expected: Numbers, rtol: float, atol: float) -> Any:
    return np.isclose(came, expected, rtol=rtol, atol=atol, equal_nan=True)


def apart(one: Any, other: Any, factor: float) -> bool:
    """Are two frozen values different in type or shape, or by more than `factor` times the tolerance somewhere?"""
    found = difference(one, other)
    if found is None:
        return False
    if found.kind != "value":
        return True
    if isinstance(one, Sealed) and isinstance(other, Sealed):
        return apart(one.value, other.value, factor)
    if isinstance(one, dict):
        return any(apart(one[key], other[key], factor) for key in one)
    if isinstance(one, list):
        return any(apart(a, b, factor) for a, b in zip(one, other, strict=True))
    if isinstance(one, Array) and one.data.dtype.kind == "f":
        return not np.all(_close(one.data, other.data, factor * RTOL, factor * ATOL))
    if isinstance(one, float) and isinstance(other, float):
        return not _close(np.float64(one), np.float64(other), factor * RTOL, factor * ATOL)
    return True
