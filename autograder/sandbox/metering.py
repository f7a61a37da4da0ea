"""What one job has used so far, read from the kernel, and which of its limits that passes."""

from __future__ import annotations

import signal
import time

from coursework.marking.messages import Note

from .cgroup import Group
from .inside.lockdown import PROCESSES
from .job import Limits
from .levels import Level
from .watch import cpu_seconds, memory_mb, process_tree

_MEMORY_LOOK_S = 0.5  # how often memory is looked at


class Meter:
    """Measures the processes below `pid`, which is 0 until `watch` was called."""

    def __init__(self, limits: Limits, level: Level):
        self._limits, self._level = limits, level
        self._group: Group | None = None
        self.pid = 0
        self.started = self._cell_started = time.monotonic()
        self.cpu_s = self._cell_began_at = 0.0
        self._next_memory_look = 0.0

    def watch(self, pid: int) -> None:
        """The job's first process exists: put it into a group of its own, where there are groups."""
        self.pid = pid
        if self._level.grouped:
            self._group = Group(self._limits.memory_mb, PROCESSES + 10)
            self._group.add(self.pid)

    def measure(self) -> None:
        used = self._group.cpu_seconds() if self._group else None
        if used is None:
            # Here a process that ended may take its time along (its parent ignored it); time never runs backwards.
            used = cpu_seconds(process_tree(self.pid))
        self.cpu_s = max(self.cpu_s, used)

    def begin_cell(self) -> None:
        """From here on, time belongs to the next cell."""
        self._cell_started, self._cell_began_at = time.monotonic(), self.cpu_s

    @property
    def cell_cpu_s(self) -> float:
        """CPU seconds of the running cell."""
        return self.cpu_s - self._cell_began_at

    def passed(self) -> Note | None:
        """Measure, and say which limit is passed, if any."""
        limits, now = self._limits, time.monotonic()
        self.measure()
        if self.cell_cpu_s > limits.cell_cpu_s:
            return _seconds("cell_cpu", limits.cell_cpu_s)
        if self.cpu_s > limits.notebook_cpu_s:
            return _seconds("notebook_cpu", limits.notebook_cpu_s)
        if now - self._cell_started > limits.cell_cpu_s * limits.wall_factor:
            return _seconds("cell_wall", limits.cell_cpu_s * limits.wall_factor)
        if now - self.started > limits.notebook_cpu_s * limits.wall_factor:
            return _seconds("notebook_wall", limits.notebook_cpu_s * limits.wall_factor)
        if now > self._next_memory_look:
            self._next_memory_look = now + _MEMORY_LOOK_S
            if self.memory_kills() if self._group else memory_mb(process_tree(self.pid)) > limits.memory_mb:
                return self.too_much_memory()
        return None

    def memory_kills(self) -> bool:
        """Has the kernel killed a process of the job for want of memory?"""
        return self._group is not None and self._group.memory_kills() > 0

    def too_much_memory(self) -> Note:
        return Note("too_much_memory", {"megabytes": self._limits.memory_mb})

    def how_it_died(self, code: int) -> Note:
        """Why a process ended of itself with this exit code (of a signal: negative)."""
        limits = self._limits
        if self.memory_kills():
            return self.too_much_memory()
        if code in (-signal.SIGXCPU, -signal.SIGKILL) and self.cpu_s >= limits.notebook_cpu_s:
            return _seconds("notebook_cpu", limits.notebook_cpu_s)
        if code < 0:
            return Note("ended_by_signal", {"signal": _signal_name(-code)})
        return Note("ended_itself", {"code": code})

    def close(self) -> None:
        """The job is over: its group goes."""
        if self._group:
            self._group.remove()


def _seconds(message: str, most: float) -> Note:
    return Note(message, {"seconds": f"{most:g}"})


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
