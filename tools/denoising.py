"""Rebuilds data/denoising.json: the tiny DETR that learnt with denoising queries, for 03_set_prediction/q2_train.

    python -m tools.denoising train     # all runs that are not there yet, about 55 CPU seconds each
    python -m tools.denoising write     # all that is there into data/denoising.json

Runs go to checkpoints/denoising/. They are compared with the runs with nothing left out of data/ablations.json, which
have the same seeds, scenes and number of steps. The notebook has the numbers in a cell; a test holds the two equal.
"""

import json
import math
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch

from detrlab.training.ablations import HELD_OUT, SEEDS, measure_ablation
from detrlab.training.denoising import EXCHANGED, GROUPS, MOVED, RESIZED, denoising_trainer
from tools.tiny_curves import rounded

ROOT = Path(__file__).resolve().parents[1]
PARTS, FILE = ROOT / "checkpoints" / "denoising", ROOT / "data" / "denoising.json"


def train() -> None:
    """All runs, seed by seed; each is written when it is through, so that the next call goes on from there."""
    PARTS.mkdir(parents=True, exist_ok=True)
    for seed in SEEDS:
        if not _part(seed).exists():
            trainer = denoising_trainer(seed, report_every=math.inf)
            model = trainer.run(report=partial(print, seed, flush=True))
            run = measure_ablation(model) | {"seconds": trainer.seconds}
            print(seed, run, flush=True)
            _part(seed).write_text(json.dumps(run))


def described() -> dict:
    """What the file says of its runs, as the code has it now."""
    return {
        "seeds": list(SEEDS),
        "held_out": HELD_OUT,
        "groups": GROUPS,
        "noise": {"moved": MOVED, "resized": RESIZED, "exchanged": EXCHANGED},
        "recipe": {**asdict(denoising_trainer().recipe), "seed": None},
    }


def write() -> None:
    """Puts the runs together.

    Raises:
        FileNotFoundError: a run that is not there yet.
    """
    runs = [json.loads(_part(seed).read_text()) for seed in SEEDS]
    FILE.write_text(json.dumps(described() | {"runs": rounded(runs)}, indent=1) + "\n")
    print(f"wrote {FILE.relative_to(ROOT)}, {FILE.stat().st_size} bytes")


def _part(seed: int) -> Path:
    return PARTS / f"{seed}.json"


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    match sys.argv[1:]:
        case ["train"]:
            train()
        case ["write"]:
            write()
        case _:
            sys.exit(__doc__)
