"""One measured number, and how CPU time is measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Figure:
    """One measured number; `target` is a comparison such as "<= 0.75"."""

    value: float
    unit: str
    target: str
    how: str

    @property
    def reached(self) -> str:
        if not self.target:
            return ""
        sign, bound = self.target.split()
        return "yes" if (self.value <= float(bound) if sign == "<=" else self.value >= float(bound)) else "NO"


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this process for one call."""
    started = time.process_time()
    work()
    return time.process_time() - started
