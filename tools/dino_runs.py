"""Rebuilds data/dino_curves.json: curves of trainings with a planted fault, for the notebook 06_dino/q2_collapse.

    python -m tools.dino_runs train     # all runs that are not there yet, about 10 CPU seconds each
    python -m tools.dino_runs write     # all that is there into data/dino_curves.json

Runs go to checkpoints/dino_runs/. Their budget is in steps: a slower machine takes longer and sees the same crops.
Under "of" the file says what was trained (`described`): a test compares that with the code.
"""

import json
from dataclasses import asdict
from pathlib import Path

from detrlab.dino.collapse import CURVES, PLANTED, SCENES, SEEDS, VIEWS, collapse_curves, collapse_trainer
from detrlab.dino.scenes import one_shape_scenes
from detrlab.dino.training import BATCH, K
from tools.runs import part_of, read_runs, run_command
from tools.tiny_curves import rounded

ROOT = Path(__file__).resolve().parents[1]
PARTS, FILE = ROOT / "checkpoints" / "dino_runs", ROOT / "data" / "dino_curves.json"


def train() -> None:
    """All runs, seed by seed; each is written when it is through, so that the next call goes on from there."""
    PARTS.mkdir(parents=True, exist_ok=True)
    scenes = one_shape_scenes(SCENES)
    for seed in SEEDS:
        for wrong in PLANTED:
            if not _part(wrong, seed).exists():
                reports = collapse_curves(wrong, scenes, seed)
                print(wrong, seed, reports[-1], flush=True)
                curves = {name: [report.losses[name] for report in reports] for name in CURVES}
                _part(wrong, seed).write_text(json.dumps(curves))


def described() -> dict:
    """What the file says of its runs, as the code has it now."""
    scenes = one_shape_scenes(BATCH)
    trainers = {wrong: collapse_trainer(wrong, scenes) for wrong in PLANTED}
    learners = {wrong: trainer.learner for wrong, trainer in trainers.items()}
    return {
        "seeds": list(SEEDS),
        "scenes": {"training": SCENES, "batch": BATCH},
        "views": [asdict(view) for view in VIEWS],
        "recipe": asdict(trainers["nothing"].recipe) | {"name": "", "seed": None},
        "prototypes": K,
        "parameters": sum(p.numel() for p in learners["nothing"].student.parameters()),
        "temperatures": {wrong: [each.loss.student_temp, each.loss.teacher_temp] for wrong, each in learners.items()},
        "momenta": {wrong: [each.loss.center_momentum, each.momentum] for wrong, each in learners.items()},
    }


def write() -> None:
    """Puts the runs together.

    Raises:
        FileNotFoundError: a run that is not there yet.
    """
    runs = read_runs(PARTS, PLANTED, SEEDS)
    FILE.write_text(json.dumps(rounded({"of": described(), "runs": runs}), separators=(",", ":")) + "\n")
    print(f"wrote {FILE.relative_to(ROOT)}, {FILE.stat().st_size} bytes")


def _part(wrong: str, seed: int) -> Path:
    return part_of(PARTS, wrong, seed)


if __name__ == "__main__":
    run_command(train, write, __doc__)
