"""Rebuilds data/denoising.json: the tiny DETR with and without denoising queries, for the notebook
03_set_prediction/q2_train.

    python -m tools.denoising train     # all runs that are not there yet, about 100 CPU seconds each
    python -m tools.denoising write     # all that is there into data/denoising.json

Runs go to checkpoints/denoising/. Their budget is in steps: a slower machine takes longer and sees the same scenes. A
notebook is given these numbers in a cell of its own, and a test holds that equal to the file.
"""

import json
import math
import sys
from dataclasses import asdict
from pathlib import Path

import torch

from detrlab.evaluation.evaluate import average_precision
from detrlab.training.denoising import EXCHANGED, GROUPS, MOVED, RESIZED, denoising_trainer
from detrlab.training.tiny import seen, tiny_scenes
from tools.tiny_curves import rounded

ROOT = Path(__file__).resolve().parents[1]
PARTS, FILE = ROOT / "checkpoints" / "denoising", ROOT / "data" / "denoising.json"
RUNS, SEEDS = {"auxiliary": 0, "denoising": GROUPS}, (0, 1, 2)  # groups of each kind of run
REPORTS, HELD_OUT = 10, 200


def train() -> None:
    """All runs, seed by seed; each is written when it is through, so that the next call goes on from there."""
    PARTS.mkdir(parents=True, exist_ok=True)
    held = seen(tiny_scenes(HELD_OUT, "held_out"))
    for seed in SEEDS:
        for kind, groups in RUNS.items():
            if _part(kind, seed).exists():
                continue
            trainer = denoising_trainer(
                groups,
                seed,
                look=lambda average: average_precision(average, held),
                report_every=math.inf,
                look_every=math.inf,
            )
            for part in range(1, REPORTS + 1):
                trainer.run(part / REPORTS, report=lambda report: print(kind, seed, report, flush=True))  # noqa: B023
            _part(kind, seed).write_text(json.dumps([asdict(report) for report in trainer.history]))


def described() -> dict:
    """What the file says of its runs, as the code has it now."""
    recipes = {kind: asdict(denoising_trainer(groups).recipe) for kind, groups in RUNS.items()}
    return {
        "seeds": list(SEEDS),
        "held_out": HELD_OUT,
        "groups": dict(RUNS),
        "noise": {"moved": MOVED, "resized": RESIZED, "exchanged": EXCHANGED},
        "recipes": {kind: {**recipe, "seed": None} for kind, recipe in recipes.items()},
    }


def write() -> None:
    """Puts the runs together.

    Raises:
        FileNotFoundError: a run that is not there yet.
    """
    runs = {
        kind: [[_short(report) for report in json.loads(_part(kind, seed).read_text())] for seed in SEEDS]
        for kind in RUNS
    }
    FILE.write_text(json.dumps(described() | {"runs": rounded(runs)}, separators=(",", ":")) + "\n")
    print(f"wrote {FILE.relative_to(ROOT)}, {FILE.stat().st_size} bytes")


def _short(report: dict) -> dict:
    return {name: report[name] for name in ("step", "seconds", "losses", "measured")}


def _part(kind: str, seed: int) -> Path:
    return PARTS / f"{kind}_{seed}.json"


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
