"""`make bench`: every performance figure, ours and the peer's side by side in one run.

Prints a table and writes build/bench.json: {"name": {"value", "unit", "target", "how"}}. Ratios are of medians,
measured interleaved in one process, since machines are noisy; seconds are CPU seconds on one thread.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# tools/bench_<part>.py
PARTS = ("imports", "notebooks", "detect", "explorer", "grade", "class", "homework", "parity", "shapes")


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


def main() -> int:
    """Measure everything, print it as it comes, write build/bench.json."""
    import torch

    torch.set_num_threads(1)
    figures: dict[str, Figure] = {}
    print(f"{'figure':34}{'value':>10}  {'unit':14}{'target':10}{'reached':8}how", flush=True)
    for part in PARTS:
        for name, figure in importlib.import_module(f"tools.bench_{part}").measure().items():
            figures[name] = figure
            print(
                f"{name:34}{figure.value:>10.4g}  {figure.unit:14}{figure.target:10}{figure.reached:8}{figure.how}",
                flush=True,
            )
    path = ROOT / "build" / "bench.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({name: asdict(figure) for name, figure in figures.items()}, indent=1) + "\n")
    print(f"\nWritten to {path.relative_to(ROOT)}")
    return 0


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this process for one call."""
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    # Run as a module of its own name, so that the measuring files and this one share one `Figure`.
    from tools.bench import main as run

    sys.exit(run())
