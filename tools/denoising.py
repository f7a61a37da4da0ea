"""Rebuilds data/denoising.json: the tiny DETR that learnt with denoising queries, for 03_set_prediction/q2_train.

    ONEDNN_MAX_CPU_ISA=AVX2 python -m tools.denoising train     # runs that are not there yet, about a CPU minute each
    python -m tools.denoising write                             # all that is there into data/denoising.json

Runs go to checkpoints/denoising/. Beside each there is one without denoising queries, of the same seed, scenes and
number of steps. The variable keeps a processor that computes in bfloat16 from it: other shipped runs are in float32.
The notebook has the numbers in a cell; a test holds the two equal.
"""

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from itertools import product
from pathlib import Path

from detrlab.training.ablations import HELD_OUT, SEEDS, ablation_trainer, measure_ablation
from detrlab.training.denoising import EXCHANGED, GROUPS, MOVED, RESIZED, denoising_trainer
from detrlab.training.loop import Trainer
from tools.runs import part_of, read_runs, run_command
from tools.tiny_curves import rounded

ROOT = Path(__file__).resolve().parents[1]
PARTS, FILE = ROOT / "checkpoints" / "denoising", ROOT / "data" / "denoising.json"
RUNS: dict[str, Callable[..., Trainer]] = {
    "without": partial(ablation_trainer, "nothing"),
    "denoising": denoising_trainer,
}


def train() -> None:
    """All runs, seed by seed; each is written when it is through, so that the next call goes on from there."""
    PARTS.mkdir(parents=True, exist_ok=True)
    for seed, (kind, begin) in product(SEEDS, RUNS.items()):
        if not _part(kind, seed).exists():
            trainer = begin(seed=seed, report_every=math.inf)
            model = trainer.run(report=partial(print, kind, seed, flush=True))
            run = measure_ablation(model) | {"seconds": trainer.seconds}
            print(kind, seed, run, flush=True)
            _part(kind, seed).write_text(json.dumps(run))


def described() -> dict:
    """What the file says of its runs, as the code has it now."""
    return {
        "seeds": list(SEEDS),
        "held_out": HELD_OUT,
        "groups": GROUPS,
        "noise": {"moved": MOVED, "resized": RESIZED, "exchanged": EXCHANGED},
        "recipes": {kind: {**asdict(begin(seed=0).recipe), "seed": None} for kind, begin in RUNS.items()},
    }


def write() -> None:
    """Puts the runs together.

    Raises:
        FileNotFoundError: a run that is not there yet.
    """
    runs = read_runs(PARTS, RUNS, SEEDS)
    FILE.write_text(json.dumps(described() | {"runs": rounded(runs)}, indent=1) + "\n")
    print(f"wrote {FILE.relative_to(ROOT)}, {FILE.stat().st_size} bytes")


def _part(kind: str, seed: int) -> Path:
    return part_of(PARTS, kind, seed)


if __name__ == "__main__":
    run_command(train, write, __doc__)
