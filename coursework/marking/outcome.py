"""One run of a check: a frozen value, or the exception that ended it, or the name that a guard refused to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .compare import apart, difference
from .messages import say
from .values import pack, raised_in, unpack


class ForbiddenCall(RuntimeError):
    """A grader's guard raises it: the exercise's own subject was called instead of written."""

    def __init__(self, name: str):
        super().__init__(say("forbidden", name=name))
        self.name = name


@dataclass(frozen=True)
class Outcome:
    """What one run of a check gave: `value` where `error` is None, else the exception's type name and message.

    `at` is the line of a student's cell that raised it. `refused` is the name that a guard refused, and only a guard:
    an exception of the same type name has none. `returned` is that of `Raised`. `letters` are the sizes that the check
    gave a letter to.
    """

    value: Any = None
    error: str | None = None
    message: str = ""
    at: str = ""
    refused: str = ""
    letters: dict[str, int] = field(default_factory=dict)
    returned: tuple[str, ...] = ()

    @property
    def errors(self) -> set[str]:
        """The type names of all exceptions in it: what ended it, and what stands for values."""
        return {self.error} if self.error else {each.error for each in raised_in(self.value)}

    def equals(self, other: Outcome) -> bool:
        """Same value within tolerance, or the same exception: type and message."""
        if self.error or other.error:
            return (self.error, self.message) == (other.error, other.message)
        return difference(self.value, other.value) is None

    def clearly_differs(self, other: Outcome, factor: float = 100.0) -> bool:
        """Different by more than `factor` times the tolerance, or in shape, type or exception."""
        if self.error or other.error:
            return not self.equals(other)
        return apart(self.value, other.value, factor)

    def pack(self, arrays: dict[str, np.ndarray], prefix: str) -> dict[str, Any]:
        """JSON-ready form, without `at`, `returned` and `refused`; arrays are added to `arrays`."""
        named = {"letters": self.letters} if self.letters else {}
        if self.error:
            return {"error": self.error, "message": self.message, **named}
        return {"value": pack(self.value, arrays, prefix), **named}

    @staticmethod
    def unpack(data: dict[str, Any], arrays: dict[str, np.ndarray]) -> Outcome:
        """What was packed."""
        letters = data.get("letters", {})
        if "error" in data:
            return Outcome(error=data["error"], message=data["message"], letters=letters)
        return Outcome(value=unpack(data["value"], arrays), letters=letters)
