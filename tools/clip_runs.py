"""Rebuilds data/clip_runs.json: small CLIPs trained alike but for one thing, for the notebook 05_clip/q2_understand.

    python -m tools.clip_runs train     # all runs that are not there yet, about a CPU minute each
    python -m tools.clip_runs write     # all that is there into data/clip_runs.json

Runs go to checkpoints/clip_runs/; one that was stopped goes on from its last checkpoint. Their budget is in steps: a
slower machine takes longer and sees the same scenes.
"""

import json
import math
from dataclasses import asdict
from functools import partial
from pathlib import Path

from torch import Tensor

from detrlab.clip.data import CaptionedScenes, captioned_scenes
from detrlab.clip.runs import (
    BINDING,
    CLIP_VARIANTS,
    HELD_OUT,
    SCENES,
    SEEDS,
    clip_run_recipe,
    clip_run_trainer,
    clip_variant,
    measure_clip_run,
)
from detrlab.clip.training import kept_maps, untrained_clip
from detrlab.scenes.captions import SWAPS, swapped
from tools.runs import part_of, read_runs, run_command
from tools.tiny_curves import rounded

ROOT = Path(__file__).resolve().parents[1]
PARTS, FILE = ROOT / "checkpoints" / "clip_runs", ROOT / "data" / "clip_runs.json"


def train() -> None:
    """All runs, seed by seed; each is written when it is through, so that the next call goes on from there."""
    scenes = captioned_scenes(SCENES)
    maps = kept_maps(untrained_clip(), scenes)
    for seed in SEEDS:
        for name in CLIP_VARIANTS:
            if not part(name, seed).exists():
                train_one(name, seed, scenes, maps)


def train_one(name: str, seed: int, scenes: CaptionedScenes, maps: Tensor) -> None:
    """One run, from its checkpoint where there is one."""
    PARTS.mkdir(parents=True, exist_ok=True)
    checkpoint = part(name, seed).with_suffix(".pt")
    trainer = clip_run_trainer(name, seed, scenes, maps, checkpoint=checkpoint, report_every=math.inf, save_every=60)
    model = trainer.run(report=partial(print, name, seed, flush=True))
    run = measure_clip_run(model) | {"seconds": trainer.seconds}
    print(name, seed, run, flush=True)
    part(name, seed).write_text(json.dumps(run))
    checkpoint.unlink()


def described() -> dict:
    """What the file says of its runs, as the code has it now."""
    captions = captioned_scenes(BINDING, "held_out").captions()
    return {
        "seeds": list(SEEDS),
        "scenes": SCENES,
        "held_out": HELD_OUT,
        "pairs": {kind: sum(swapped(each, kind, 0) is not None for each in captions) for kind in SWAPS},
        "variants": {name: asdict(variant) for name, variant in CLIP_VARIANTS.items()},
        "recipe": asdict(clip_run_recipe("plain", 0)) | {"seed": None},
        "parameters": {
            name: sum(p.numel() for p in clip_variant(name).parameters() if p.requires_grad) for name in CLIP_VARIANTS
        },
    }


def write() -> None:
    """Puts the runs together.

    Raises:
        FileNotFoundError: a run that is not there yet.
    """
    runs = read_runs(PARTS, CLIP_VARIANTS, SEEDS)
    FILE.write_text(json.dumps(described() | {"runs": rounded(runs)}, indent=1) + "\n")
    print(f"wrote {FILE.relative_to(ROOT)}, {FILE.stat().st_size} bytes")


def part(name: str, seed: int) -> Path:
    return part_of(PARTS, name, seed)


if __name__ == "__main__":
    run_command(train, write, __doc__)
