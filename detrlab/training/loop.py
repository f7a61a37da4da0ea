"""The training loop of the course's models: two CPU processes, one recipe; `detrlab train shapes` calls it.

The learning rate falls over a budget of wall time, so that the run ends well on a slow or busy machine too.
Every few minutes the state goes to checkpoints/NAME.pt; the same command then continues from there. At the
end the averaged weights are written to data/ as float16. How each was trained is in data/README.md.
"""

import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from safetensors.torch import save_file
from torch import Tensor, nn

from detrlab.evaluation.evaluate import average_precision, held_out
from detrlab.training.data import SIZES_WH, TrainingScenes, draw_part
from detrlab.training.heads import restart_flat_heads
from detrlab.training.learners import learning_loss

ROOT = Path(__file__).resolve().parents[2]  # of a checkout
CHECKPOINTS = ROOT / "checkpoints"
DATA = ROOT / "data"

PROCESSES = 2
SCENES = 80_000  # drawn once, half by each process
BATCH = 16  # pictures per process and step
LEARNING_RATE = 6e-4
WARM_UP = 300  # steps
SMALL_SHARE = 0.25  # of the time on pictures of 96 px only: 1.8 times as many per second
SHORTER_SIDES = {
    96: 0.2,
    112: 0.15,
    128: 0.65,
}  # share of the batches after that; long pictures get fewer rows
RESTART_HEADS_AT = 0.45  # of the time, once
AVERAGING = 0.998
SAVE_EVERY, LOOK_EVERY = 180, 300  # seconds


@dataclass(frozen=True)
class Recipe:
    """What differs from model to model; `learner` and `model` are functions of a module, for the processes' sake."""

    name: str  # of the file in data/, and of the checkpoint
    learner: Callable[[], nn.Module]  # has the model as `.model`, returns (outputs, tokens)
    model: Callable[[], nn.Module]
    minutes: float  # of training, after the scenes are drawn
    one_resolution: bool = False
    restart_heads: bool = False
    # The weight of no-object at the start and at the end: first find objects, then learn not to find them twice.
    no_object: tuple[float, float] = (0.1, 0.4)

    @property
    def weights(self) -> Path:
        return DATA / f"{self.name}.safetensors"


def train(recipe: Recipe, minutes: float) -> None:
    """Train into data/, from the last checkpoint where there is one."""
    CHECKPOINTS.mkdir(exist_ok=True)
    meeting = CHECKPOINTS / f"{recipe.name}.meeting"
    meeting.unlink(missing_ok=True)
    mp.spawn(_train, (recipe, minutes * 60, meeting), nprocs=PROCESSES)


def _train(rank: int, recipe: Recipe, budget: float, meeting: Path) -> None:
    os.nice(5)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    patience = timedelta(minutes=60)  # one process may draw its scenes much faster than the other
    dist.init_process_group("gloo", f"file://{meeting}", patience, rank=rank, world_size=PROCESSES)
    _draw(rank)
    torch.manual_seed(0)
    learner = recipe.learner().to(memory_format=torch.channels_last).train()
    average = recipe.model().to(memory_format=torch.channels_last).eval()
    average.load_state_dict(learner.model.state_dict())
    optimiser = torch.optim.AdamW(learner.parameters(), LEARNING_RATE, betas=(0.9, 0.98), weight_decay=1e-4)
    saved = CHECKPOINTS / f"{recipe.name}.pt"
    low, high = recipe.no_object
    step, spent = 0, 0.0
    if saved.exists():
        state = torch.load(saved, weights_only=True)
        learner.load_state_dict(state["learner"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        step, spent = state["step"], state["spent"]
    batches = _batches(recipe, rank, step, lambda: spent / budget)
    clock = last_save = last_look = time.monotonic()
    pictures, loss_sum, since = 0, 0.0, step
    while spent < budget:
        progress = spent / budget
        x, targets = next(batches)
        loss = _learn(learner, x, targets, no_object=low + (high - low) * min(progress, 1))
        now = time.monotonic()
        spent = _average_gradients(learner, spent + now - clock)
        clock = now
        torch.nn.utils.clip_grad_norm_(learner.parameters(), 1.0)
        for group in optimiser.param_groups:
            group["lr"] = (
                LEARNING_RATE * min(1, (step + 1) / WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * min(progress, 1)))
            )
        optimiser.step()
        optimiser.zero_grad()
        step += 1
        _follow(average, learner.model, min(AVERAGING, step / (step + 10)))
        if recipe.restart_heads and progress < RESTART_HEADS_AT <= spent / budget:
            _restart_heads(learner)
        pictures, loss_sum = pictures + BATCH * PROCESSES, loss_sum + loss
        if rank == 0 and now - last_save > SAVE_EVERY:
            last_save = now
            _save(saved, learner, average, optimiser, step, spent)
            print(f"{spent / 60:6.1f} min  step {step}  loss {loss_sum / (step - since):.3f}", flush=True)
            loss_sum, since = 0.0, step
        if rank == 0 and now - last_look > LOOK_EVERY:
            speed = pictures / (now - last_look)
            last_look, pictures = now, 0
            ap = average_precision(average, held_out("held_out", 200))
            print(
                f"{spent / 60:6.1f} min  {speed:.0f} pictures/s  AP {ap['AP']:.3f}  AP50 {ap['AP50']:.3f}",
                flush=True,
            )
    if rank == 0:
        _save(saved, learner, average, optimiser, step, spent)
        export(average.state_dict(), recipe.weights)
        print(f"wrote {recipe.weights.relative_to(ROOT)} after {step} steps", flush=True)
    dist.barrier()
    dist.destroy_process_group()


def export(state: dict[str, Tensor], path: Path) -> None:
    """Writes a state dict as float16 safetensors (whole numbers stay), replacing the file in one go."""
    state = {key: (t.half() if t.is_floating_point() else t).contiguous() for key, t in state.items()}
    part = path.with_suffix(".part")
    save_file(state, part)
    part.chmod(0o644)  # safetensors writes for the owner's eyes only
    os.replace(part, path)


def _draw(rank: int) -> None:
    """Draws this process's half of the training scenes, at all sizes."""
    folder = CHECKPOINTS / "scenes"
    folder.mkdir(exist_ok=True)
    first = rank * SCENES // PROCESSES
    for size_wh, share in SIZES_WH.items():
        count = round(share * SCENES / PROCESSES)
        started = time.monotonic()
        draw_part(folder, size_wh, first, count, rank)
        print(f"process {rank}: {count} scenes {size_wh} in {time.monotonic() - started:.0f} s", flush=True)
        first += count


def _batches(
    recipe: Recipe, rank: int, step: int, progress: Callable[[], float]
) -> Iterator[tuple[Tensor, list[dict[str, Tensor]]]]:
    """Endless batches. Both processes draw sizes from one stream, so that neither waits for the other."""
    common, own = np.random.default_rng((step, 10)), np.random.default_rng((step, 11 + rank))
    scenes = TrainingScenes(CHECKPOINTS / "scenes", rank)
    torch.manual_seed(step * PROCESSES + rank)
    while True:
        size_wh = _one_of(SIZES_WH, common)
        if recipe.one_resolution:
            shorter = 128
        elif progress() < SMALL_SHARE:
            shorter = 96
        else:
            shorter = _one_of(SHORTER_SIDES, common)
        yield scenes.batch(BATCH, size_wh, shorter, own)


def _one_of(shares: dict, rng: np.random.Generator):
    """A random key, each as often as its value says."""
    return list(shares)[rng.choice(len(shares), p=list(shares.values()))]


def _learn(learner: nn.Module, x: Tensor, targets: list[dict[str, Tensor]], no_object: float) -> float:
    """Adds the gradients of one batch and returns its loss."""
    map_hw = tuple(math.ceil(side / 8) for side in x.shape[-2:])  # the backbone's stride
    with torch.autocast("cpu", torch.bfloat16, enabled=_has_bfloat16()):
        outputs, tokens = learner(x.contiguous(memory_format=torch.channels_last))
    loss = learning_loss(outputs, tokens, map_hw, targets, no_object)
    loss.backward()
    return loss.item()


def _has_bfloat16() -> bool:
    """Whether the processor computes in bfloat16 itself: where it does not, a step takes a hundred times as long."""
    return torch.ops.mkldnn._is_mkldnn_bf16_supported()


def _restart_heads(learner: nn.Module) -> None:
    """Restarts flat attention heads, alike in all processes: they look at the same pictures."""
    scenes = TrainingScenes(CHECKPOINTS / "scenes", part=0)
    x, _ = scenes.batch(32, (128, 128), 128, np.random.default_rng(0))
    heads = restart_flat_heads(learner.model, x)
    for parameter in learner.parameters():
        dist.broadcast(parameter.data, src=0)
    print(f"restarted heads {heads} of the last cross-attention", flush=True)


def _average_gradients(learner: nn.Module, spent: float) -> float:
    """Averages the gradients over the processes, and the time spent with them, so that all agree on the
    schedule."""
    gradients = [p.grad for p in learner.parameters()]
    flat = torch.cat([g.flatten() for g in gradients] + [torch.tensor([spent])])
    dist.all_reduce(flat)
    flat /= PROCESSES
    for gradient, part in zip(gradients, flat[:-1].split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(part.view_as(gradient))
    return flat[-1].item()


@torch.no_grad()
def _follow(average: nn.Module, model: nn.Module, keep: float) -> None:
    """Moves the running average of the weights and of batch norm's statistics towards the model."""
    for own, new in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        own.lerp_(new, 1 - keep) if own.is_floating_point() else own.copy_(new)


def _save(
    path: Path,
    learner: nn.Module,
    average: nn.Module,
    optimiser: torch.optim.Optimizer,
    step: int,
    spent: float,
) -> None:
    state = {
        "learner": learner.state_dict(),
        "average": average.state_dict(),
        "optimiser": optimiser.state_dict(),
    }
    torch.save(state | {"step": step, "spent": spent}, path.with_suffix(".part"))
    os.replace(path.with_suffix(".part"), path)
