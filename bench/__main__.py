"""`make bench`: every performance figure, ours and the peer's side by side in one run.

`python -m bench` measures all parts (the files of parts/), `python -m bench grade shapes` these. Prints a table
and writes build/bench.json: {"name": {"value", "unit", "target", "how"}}; figures of parts that were not measured stay
there. Ratios are of medians, measured interleaved in one process, since machines are noisy; seconds are CPU seconds on
one thread.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

from bench.figure import ROOT

PARTS = sorted(path.stem for path in (Path(__file__).parent / "parts").glob("[a-z]*.py"))
OUT = ROOT / "build" / "bench.json"


def main(arguments: list[str] | None = None) -> int:
    """Measure the parts, print each figure as it comes, write build/bench.json."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Performance figures, beside their targets.")
    parser.add_argument("parts", nargs="*", metavar="PART", help="of: " + ", ".join(PARTS) + " (all)")
    wanted = parser.parse_args(arguments).parts
    if unknown := set(wanted) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are: {', '.join(PARTS)}")
    import torch

    torch.set_num_threads(1)
    figures = json.loads(OUT.read_text()) if wanted and OUT.exists() else {}
    print(f"{'figure':34}{'value':>10}  {'unit':14}{'target':10}{'reached':8}how", flush=True)
    for part in wanted or PARTS:
        for name, figure in importlib.import_module(f"bench.parts.{part}").measure().items():
            figures[name] = asdict(figure)
            print(
                f"{name:34}{figure.value:>10.4g}  {figure.unit:14}{figure.target:10}{figure.reached:8}{figure.how}",
                flush=True,
            )
        OUT.parent.mkdir(exist_ok=True)
        OUT.write_text(json.dumps(figures, indent=1) + "\n")
    print(f"\nWritten to {OUT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
