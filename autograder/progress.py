"""A line that says how far a run is: a bar, counts so far, and when it will be done."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import TextIO


class Progress:
    """Call `step(status)` per submission; on a terminal the line is redrawn, elsewhere it is said every ten seconds."""

    def __init__(self, total: int, stream: TextIO | None = None):
        self._total, self._stream = total, stream or sys.stderr
        self._counts: Counter[str] = Counter()
        self._started = self._said = time.monotonic()
        self._live = self._stream.isatty()

    def step(self, status: str) -> None:
        self._counts[status] += 1
        now = time.monotonic()
        if self._live or now - self._said > 10:
            self._said = now
            self._stream.write(("\r\x1b[K" if self._live else "") + self.line(now) + ("" if self._live else "\n"))
            self._stream.flush()

    def line(self, now: float) -> str:
        done = self._counts.total()
        share = done / self._total if self._total else 1.0
        left = (now - self._started) / done * (self._total - done) if done else 0.0
        bar = "█" * round(20 * share)
        counts = ", ".join(f"{count} {status}" for status, count in sorted(self._counts.items()))
        return f"{bar:░<20} {done}/{self._total}  {counts}  {int(left) // 60}:{int(left) % 60:02} left"

    def close(self) -> None:
        if self._live and self._counts:
            self._stream.write("\n")
