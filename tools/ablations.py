"""Rebuilds data/ablations.json: the tiny DETR without one part each, for the notebook 03_set_prediction/q3_measure.

    python -m tools.ablations train     # all runs that are not there yet, about 45 CPU seconds each
    python -m tools.ablations write     # all that is there into data/ablations.json

Runs go to checkpoints/ablations/. Their budget is in steps: a slower machine takes longer and sees the same scenes.
"""

import json
import math
from dataclasses import asdict
from functools import partial
from pathlib import Path

from detrlab.training.ablations import (
    ABLATIONS,
    HELD_OUT,
    SEEDS,
    ablated_detr,
    ablation_recipe,
    ablation_trainer,
    measure_ablation,
)
from tools.runs import part_of, read_runs, run_command
from tools.tiny_curves import rounded

ROOT = Path(__file__).resolve().parents[1]
PARTS, FILE = ROOT / "checkpoints" / "ablations", ROOT / "data" / "ablations.json"


def train() -> None:
    """All runs, seed by seed; each is written when it is through, so that the next call goes on from there."""
    PARTS.mkdir(parents=True, exist_ok=True)
    for seed in SEEDS:
        for left_out in ABLATIONS:
            if not _part(left_out, seed).exists():
                trainer = ablation_trainer(left_out, seed, report_every=math.inf)
                model = trainer.run(report=partial(print, left_out, seed, flush=True))
                run = measure_ablation(model) | {"seconds": trainer.seconds}
                print(left_out, seed, run, flush=True)
                _part(left_out, seed).write_text(json.dumps(run))


def described() -> dict:
    """What the file says of its runs, as the code has it now."""
    recipes = {left_out: asdict(ablation_recipe(left_out, 0)) for left_out in ABLATIONS}
    return {
        "seeds": list(SEEDS),
        "held_out": HELD_OUT,
        "recipes": {left_out: {**recipe, "seed": None} for left_out, recipe in recipes.items()},
        "parameters": {left_out: sum(p.numel() for p in ablated_detr(left_out).parameters()) for left_out in ABLATIONS},
    }


def write() -> None:
    """Puts the runs together.

    Raises:
        FileNotFoundError: a run that is not there yet.
    """
    runs = read_runs(PARTS, ABLATIONS, SEEDS)
    FILE.write_text(json.dumps(described() | {"runs": rounded(runs)}, indent=1) + "\n")
    print(f"wrote {FILE.relative_to(ROOT)}, {FILE.stat().st_size} bytes")


def _part(left_out: str, seed: int) -> Path:
    return part_of(PARTS, left_out, seed)


if __name__ == "__main__":
    run_command(train, write, __doc__)
