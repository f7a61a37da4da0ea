"""Stopping a training between two steps: an interrupt (Ctrl-C, a notebook's stop button) waits for a step's end."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Stopped(KeyboardInterrupt):
    """Somebody stopped a training, which can go on; a notebook shows the sentence without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@contextmanager
def interrupts_wait() -> Iterator[list[int]]:
    """Collects interrupts in a list, so that none falls into the middle of a step."""
    interrupts: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield interrupts  # signals reach the main thread only
        return
    before = signal.signal(signal.SIGINT, lambda number, frame: interrupts.append(number))
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, before)
