"""What a job's processes use, seen from outside: CPU seconds so far and memory now, summed over their tree."""

from __future__ import annotations

import os

_TICKS = os.sysconf("SC_CLK_TCK")


def process_tree(root: int) -> list[int]:
    """`root` and everything below it; orphans come back to the job's init, so nothing of a job is missed."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as file:
                    waiting += map(int, file.read().split())
        except OSError:  # it ended while we looked
            continue
    return found


def cpu_seconds(pids: list[int]) -> float:
    """CPU seconds of these processes and of the children they have waited for."""
    ticks = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(map(int, fields[11:15]))
    return ticks / _TICKS


def memory_mb(pids: list[int]) -> float:
    """Proportional memory of these processes, so that shared pages count once."""
    kilobytes = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup") as file:
                kilobytes += next((int(line.split()[1]) for line in file if line.startswith("Pss:")), 0)
        except OSError:
            continue
    return kilobytes / 1024
