"""One run of a check: a frozen value, or the exception that ended it, or the name that a guard refused to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .compare import apart, difference
from .messages import say
from .values import pack, unpack


class ForbiddenCall(RuntimeError):
    """A grader's guard raises it: the exercise's own subject was called instead of written."""

    def __init__(self, name: str):
        super().__init__(say("forbidden", name=name))
        self.name = name


@dataclass(frozen=True)
class Outcome:
    """What one run of a check gave: `value` where `error` is None, else the exception's type name and message.

    `refused` is the name that a guard refused, and only a guard: an exception of the same type name has none.
    """

    value: Any = None
    error: str | None = None
    message: str = ""
    refused: str = ""

    def equals(self, other: Outcome) -> bool:
        """Same value within tolerance, or the same type of exception."""
        if self.error or other.error:
            return self.error == other.error
        return difference(self.value, other.value) is None

    def clearly_differs(self, other: Outcome, factor: float = 100.0) -> bool:
        """Different by more than `factor` times the tolerance, or in shape, type or exception."""
        if self.error or other.error:
            return self.error != other.error
        return apart(self.value, other.value, factor)

    def pack(self, arrays: dict[str, np.ndarray], prefix: str) -> dict[str, Any]:
        """JSON-ready form; arrays are added to `arrays`."""
        if self.error:
            return {"error": self.error}
        return {"value": pack(self.value, arrays, prefix)}

    @staticmethod
    def unpack(data: dict[str, Any], arrays: dict[str, np.ndarray]) -> Outcome:
        if "error" in data:
            return Outcome(error=data["error"])
        return Outcome(value=unpack(data["value"], arrays))
