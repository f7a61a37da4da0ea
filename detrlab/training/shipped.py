"""Training a model that ships; `detrlab train NAME` calls it. Detectors take two CPU processes, on scenes that are
drawn once; the others take one.

Every few minutes the state goes to checkpoints/NAME.pt; the same command then continues from there. At the end the
averaged weights are written to data/ as float16. How each was trained is in data/README.md.
"""

import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import numpy as np
import torch
import torch.multiprocessing as mp
from torch import Tensor, nn

from detrlab.evaluation.evaluate import average_precision, held_out
from detrlab.training.checkpoint import export
from detrlab.training.data import SHORTER, SIZES_WH, Batch, RenderedScenes, draw_part
from detrlab.training.faults import TrainingError
from detrlab.training.heads import restart_flat_heads
from detrlab.training.learners import learning_losses
from detrlab.training.loop import Report, Trainer
from detrlab.training.processes import Together
from detrlab.training.recipe import Recipe

ROOT = Path(__file__).resolve().parents[2]  # of a checkout
CHECKPOINTS = ROOT / "checkpoints"
DATA = ROOT / "data"

PROCESSES = 2
SCENES = 80_000  # drawn once, half by each process
BATCH = 16  # pictures per process and step
# Up to which share of the steps there are pictures of which shorter sides, in pixels, and which share of the batches
# each side has. Small pictures first: a step on 96 px takes 1/1.8 of the time.
Sides = dict[float, dict[int, float]]
SHORTER_SIDES: Sides = {0.25: {96: 1.0}, 1.0: {96: 0.2, 112: 0.15, SHORTER: 0.65}}
RESTART_HEADS_AT = 0.45  # of the steps, once
LOOKED_AT = 200  # held-out scenes, now and then

Scenes = dict[tuple[int, int], RenderedScenes]  # by (width, height) in pixels


@dataclass(frozen=True)
class Shipped:
    """A model of data/ that one process trains."""

    recipe: Recipe  # in steps

    def trainer(self, checkpoint: Path) -> Trainer:
        """Its training, which goes on from the checkpoint where that is there."""
        raise NotImplementedError

    def exported(self, average: nn.Module) -> dict[str, Tensor]:
        """What of the averaged model ships."""
        return average.state_dict()

    @property
    def weights(self) -> Path:
        return DATA / f"{self.recipe.name}.safetensors"

    def in_steps(self, steps: int | None) -> Self:
        """The same with `steps` in place of the recipe's."""
        return self if steps is None else replace(self, recipe=replace(self.recipe, steps=steps))

    def train(self, steps: int | None = None) -> int:
        """Train into data/, from the last checkpoint where there is one; `steps` in place of the recipe's.

        Returns an exit code: 0, also where somebody stopped it, or 2 where training stopped with a sentence on stderr.
        """
        shipped = self.in_steps(steps)
        CHECKPOINTS.mkdir(exist_ok=True)
        os.nice(5)
        torch.set_num_threads(1)
        torch.set_flush_denormal(True)
        try:
            trainer = shipped.trainer(CHECKPOINTS / f"{shipped.recipe.name}.pt")
            trainer.run(report=_say)
            export(shipped.exported(trainer.average), shipped.weights)
        except (TrainingError, ValueError, OSError) as error:
            print(f"detrlab: {error}", file=sys.stderr)
            return 2
        except KeyboardInterrupt as stopped:
            print(f"{stopped}, with the same command")
        else:
            _say_written(shipped.weights, trainer)
        return 0


@dataclass(frozen=True)
class ShippedModel(Shipped):
    """A detector of data/, which two processes train; `learner` is a function of a module, for the processes' sake."""

    learner: Callable[[], nn.Module]  # has the model as `.model`
    shorter_sides: Sides = field(default_factory=lambda: SHORTER_SIDES)
    batch: int = BATCH
    restart_heads: bool = False

    def train(self, steps: int | None = None) -> int:
        shipped = self.in_steps(steps)
        CHECKPOINTS.mkdir(exist_ok=True)
        meeting = CHECKPOINTS / f"{shipped.recipe.name}.meeting"
        meeting.unlink(missing_ok=True)
        context = mp.spawn(_train, (shipped, meeting), nprocs=PROCESSES, join=False)
        while True:
            try:
                if context.join():
                    return 0
            except mp.ProcessExitedException:
                return 2  # it has said why
            except KeyboardInterrupt:
                continue  # the processes got it, too: they end their step and save


def _train(rank: int, shipped: ShippedModel, meeting: Path) -> None:
    os.nice(5)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    processes = Together(rank, PROCESSES, meeting)
    try:
        _train_together(shipped, processes)
    except (TrainingError, ValueError, OSError) as error:
        print(f"detrlab: {error}", file=sys.stderr, flush=True)
        sys.exit(2)  # the other process waits for this one: it is ended, too
    except KeyboardInterrupt as error:
        if rank == 0:
            print(f"{error}, with the same command", flush=True)
    processes.leave()


def _train_together(shipped: ShippedModel, processes: Together) -> None:
    recipe = shipped.recipe
    assert recipe.steps is not None
    scenes = _drawn(processes.rank)
    torch.manual_seed(recipe.seed)
    learner = shipped.learner().to(memory_format=torch.channels_last)
    trainer = Trainer(
        learner.model,
        learning_losses,
        lambda start: batches(shipped, scenes, processes.rank, start),
        recipe,
        learner=learner,
        checkpoint=CHECKPOINTS / f"{recipe.name}.pt",
        look=lambda model: _without_75(average_precision(model, held_out("held_out", LOOKED_AT))),
        device="cpu",
        processes=processes,
    )
    if shipped.restart_heads and trainer.progress < RESTART_HEADS_AT:
        trainer.run(RESTART_HEADS_AT, report=_say)
        _restart_heads(learner, processes)
    trainer.run(report=_say)
    if processes.rank == 0:
        export(trainer.average.state_dict(), shipped.weights)
        _say_written(shipped.weights, trainer)


def _say(report: Report) -> None:
    print(report, flush=True)


def _say_written(weights: Path, trainer: Trainer) -> None:
    print(f"wrote {weights.relative_to(ROOT)} after {trainer.step} steps of {trainer.seconds:.0f} s in all", flush=True)


def _without_75(found: dict[str, float]) -> dict[str, float]:
    return {name: found[name] for name in ("AP", "AP50")}


def _drawn(rank: int) -> Scenes:
    """This process's half of the training scenes, at all sizes, drawn where they are not there yet."""
    folder = CHECKPOINTS / "scenes"
    folder.mkdir(exist_ok=True)
    first, found = rank * SCENES // PROCESSES, {}
    for size_wh, share in SIZES_WH.items():
        count = round(share * SCENES / PROCESSES)
        started = time.monotonic()
        draw_part(folder, size_wh, first, count, rank)
        print(f"process {rank}: {count} scenes {size_wh} in {time.monotonic() - started:.0f} s", flush=True)
        found[size_wh] = RenderedScenes.load(folder, size_wh, first, rank)
        first += count
    return found


def batches(shipped: ShippedModel, scenes: Scenes, rank: int, start: int) -> Iterator[Batch]:
    """Endless batches. All processes draw sizes from one stream, so that none waits for the other."""
    seed = shipped.recipe.seed
    for step in itertools.count(start):
        common, own = np.random.default_rng((seed, step, 10)), np.random.default_rng((seed, step, 11 + rank))
        size_wh = _one_of(SIZES_WH, common)
        progress = shipped.recipe.progress(step, 0.0)
        shares = next(shares for until, shares in shipped.shorter_sides.items() if progress <= until)
        yield scenes[size_wh].batch(shipped.batch, _one_of(shares, common), own)


def _one_of(shares: dict, rng: np.random.Generator):
    """A random key, each as often as its value says."""
    return list(shares)[rng.choice(len(shares), p=list(shares.values()))]


def _restart_heads(learner: nn.Module, processes: Together) -> None:
    """Restarts flat attention heads, alike in all processes: they get what the first one does."""
    if processes.rank == 0:
        scenes = RenderedScenes.load(CHECKPOINTS / "scenes", (SHORTER, SHORTER), 0, part=0)
        x, _ = scenes.batch(32, SHORTER, np.random.default_rng(0))
        heads = restart_flat_heads(learner.model, x)
        print(f"restarted heads {heads} of the last cross-attention", flush=True)
    processes.share([parameter.data for parameter in learner.parameters()])
