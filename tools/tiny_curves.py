"""Rebuilds data/tiny_curves.json: what trainings of the tiny DETR came to, for the notebook 03_set_prediction/q2_train.

    python -m tools.tiny_curves train plain 0     # one run of 110 CPU seconds; plain or auxiliary, seeds 0, 1, 2
    python -m tools.tiny_curves probes            # the probes of a sound training and of the five faults
    python -m tools.tiny_curves write             # all that is there into data/tiny_curves.json

Parts go to checkpoints/tiny_curves/. How many steps fit into the time hangs on the machine, so another one's curves
differ; the file says how many there were. Under "of" it holds what was trained (`described`): a test compares that with
the code, so that nobody changes the model or the recipe and keeps the old curves.
"""

import json
import math
import sys
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file

from detrlab.detr.criterion import set_losses, total_loss
from detrlab.evaluation.evaluate import average_precision
from detrlab.training.loop import Trainer
from detrlab.training.probes import FAULTS, PROBES, STEPS, Training, probe
from detrlab.training.recipe import Recipe
from detrlab.training.tiny import WATCHED, seen, tiny_detr, tiny_scenes

ROOT = Path(__file__).resolve().parents[1]
PARTS, FILE = ROOT / "checkpoints" / "tiny_curves", ROOT / "data" / "tiny_curves.json"
RUNS, SEEDS = ("plain", "auxiliary"), (0, 1, 2)
SECONDS, REPORTS = 110, 11
SCENES, BATCH, HELD_OUT = 1000, 16, 200


def recipe(kind: str, seed: int) -> Recipe:
    return Recipe(name=kind, minutes=SECONDS / 60, learning_rate=1e-3, warm_up=50, averaging=0.99, seed=seed)


def described() -> dict:
    """What the runs and probes are made of, and the loss of an untrained model: changes of it show other ones."""
    torch.manual_seed(0)
    model = tiny_detr()
    pictures, targets = next(tiny_scenes(BATCH).batches(BATCH, 0)(0))
    with torch.no_grad():
        loss = total_loss(set_losses(model.train()(pictures), targets)).item()
    return {
        "seeds": list(SEEDS),
        "scenes": {"training": SCENES, "batch": BATCH, "held_out": HELD_OUT, "watched": WATCHED},
        "recipe": {name: value for name, value in asdict(recipe("", 0)).items() if name not in ("name", "seed")},
        "parameters": sum(p.numel() for p in model.parameters()),
        "trained_parameters": sum(p.numel() for p in model.parameters() if p.requires_grad),
        "probes": {which: STEPS[which] for which in PROBES},
        "rates": {name: training.learning_rate for name, training in {"sound": Training(), **FAULTS}.items()},
        "untrained_loss": loss,
    }


def train(kind: str, seed: int) -> None:
    """One run; its reports, and what the average says of one held-out scene at each of them."""
    held = seen(tiny_scenes(HELD_OUT, "held_out"))
    torch.manual_seed(seed)
    model = tiny_detr()
    model.aux_loss = kind == "auxiliary"
    trainer = Trainer(
        model,
        set_losses,
        tiny_scenes(SCENES).batches(BATCH, seed),
        recipe(kind, seed),
        look=lambda average: average_precision(average, held),
        report_every=math.inf,
        look_every=math.inf,
        device="cpu",
    )
    moments = []
    for part in range(1, REPORTS + 1):
        trainer.run(part / REPORTS, report=lambda report: print(kind, seed, report, flush=True))
        with torch.no_grad():
            outputs = trainer.average(held.inputs[WATCHED : WATCHED + 1])
        moments.append({name: outputs[name].tolist() for name in ("pred_logits", "pred_boxes")})
    _keep(f"{kind}_{seed}", {"history": [asdict(report) for report in trainer.history], "moments": moments})
    save_file(trainer.average.state_dict(), PARTS / f"{kind}_{seed}.safetensors")


def probes() -> None:
    """The probes of a sound training, and of those with a fault, each up to the first that fails."""
    sound: dict[str, dict] = {}
    for name, training in {"sound": Training(), **FAULTS}.items():
        done: dict[str, dict] = {}
        for which in PROBES:
            if name == "mirror" and which != "data":
                done[which] = sound[which]  # nothing is mirrored there: the very same training
                continue
            probed = probe(training, which)
            done[which] = {each: getattr(probed, each) for each in ("steps", "losses", "found", "objects", "false")}
            done[which] |= {"passed": probed.passed, "seconds": probed.seconds}
            print(name, which, probed.passed, f"{probed.seconds:.1f} s", flush=True)
            if not probed.passed:
                break
        sound = sound or done
        _keep(f"probes_{name}", done)


def write() -> None:
    """Puts the parts together."""
    files = {kind: [PARTS / f"{kind}_{seed}.json" for seed in SEEDS] for kind in RUNS}
    whole = {
        "of": described(),
        "runs": {kind: [json.loads(file.read_text()) for file in own] for kind, own in files.items()},
        "probes": {name: json.loads((PARTS / f"probes_{name}.json").read_text()) for name in ("sound", *FAULTS)},
    }
    FILE.write_text(json.dumps(rounded(whole), separators=(",", ":")) + "\n")
    print(f"wrote {FILE.relative_to(ROOT)}, {FILE.stat().st_size} bytes")


def _keep(name: str, part: dict) -> None:
    PARTS.mkdir(parents=True, exist_ok=True)
    (PARTS / f"{name}.json").write_text(json.dumps(part))


def rounded(value):
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    match sys.argv[1:]:
        case ["train", kind, seed] if kind in RUNS:
            train(kind, int(seed))
        case ["probes"]:
            probes()
        case ["write"]:
            write()
        case _:
            sys.exit(__doc__)
