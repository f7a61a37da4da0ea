"""The training loop of the course: any model and criterion, batches, and a recipe; in a notebook or in two processes.

    trainer = Trainer(model, set_losses, scenes.batches(16), Recipe(name="my_detr", minutes=2, learning_rate=1e-3))
    average = trainer.run(report=print)

Forward and loss, gradients clipped together, AdamW with a rate of its own for the backbone, warm-up and cosine, and a
running average of the weights, which is what is measured and ships (DETR, appendix A.4; `engine.py` and `main.py` of
the official code, which has no average). With a checkpoint a run that ended in any way goes on where it was.
"""

from __future__ import annotations

import math
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel

from detrlab.detr.criterion import total_loss
from detrlab.detr.matcher import Targets
from detrlab.detr.models import load_weights
from detrlab.training.checkpoint import load_checkpoint, random_states, restore_random_states, save_checkpoint
from detrlab.training.data import Batch
from detrlab.training.faults import TrainingError, check_targets, is_out_of_memory, names_of, not_finite
from detrlab.training.learners import TakesPart
from detrlab.training.processes import Alone, Processes, interrupts_wait
from detrlab.training.recipe import Recipe

Criterion = Callable[[dict, Targets, float], dict[str, Tensor]]


@dataclass(frozen=True)
class Report:
    """Where training stands: losses are means over the steps since the last report, "loss" their weighted sum."""

    step: int
    progress: float  # share of the budget, 0..1
    seconds: float  # of computing, as the recipe counts them
    steps_per_second: float  # on the clock on the wall, as are the seconds left
    seconds_left: float
    losses: dict[str, float]
    measured: dict[str, float]  # what `look` found; empty where it did not look

    def __str__(self) -> str:
        minutes = f"{self.seconds_left / 60:.0f} min" if self.seconds_left >= 100 else f"{self.seconds_left:.0f} s"
        speed = f"{self.steps_per_second:.2f} steps/s, {minutes} left"
        numbers = [f"{name.removeprefix('loss_')} {value:.3f}" for name, value in self.losses.items()]
        numbers += [f"{name} {value:.3f}" for name, value in self.measured.items()]
        return f"{100 * self.progress:3.0f} %  step {self.step}  {speed}  {'  '.join(numbers)}"


class Stopped(KeyboardInterrupt):
    """Somebody stopped a training, which can go on; a notebook shows the sentence without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class Trainer:
    """A model in training. `step`, `progress` (0..1) and `history` (all reports) say how far it is.

    Args:
        model: what is to be trained, averaged and shipped; given the pictures of a batch it returns a dict with
            whatever the criterion reads; of a detector "pred_logits" (B, Q, K+1) is among it.
        criterion: `criterion(outputs, targets, no_object)` gives named losses, as `set_losses` does. Their sum,
            weighted by the recipe, is minimised.
        batches: `batches(start)` gives endless batches from number `start` on, each pictures and targets (see
            `check_targets`), the same ones whenever it is asked. So where training stands in its data is the number of
            its step.
        recipe: budget, rates and schedule. Its seed is set here for Python's, numpy's and torch's random numbers.
        learner: a module around the model with what helps only in training (more heads); its outputs go to the
            criterion. It may have a part in each step (`TakesPart`). None: the model by itself.
        checkpoint: a file that the state is saved to every `save_every` seconds and at the end of `run`. Where it is
            there, training goes on from it; on a processor, with a budget in steps, to the same weights bit for bit.
        look: measures the averaged model (in eval mode), every `look_every` seconds; its numbers go into the reports.
        device: None takes a GPU where there is one. There, and on processors that compute in bfloat16, the model runs
            in mixed precision; losses are always in float32.

    Raises:
        ValueError: a checkpoint of another recipe or model.
    """

    def __init__(
        self,
        model: nn.Module,
        criterion: Criterion,
        batches: Callable[[int], Iterator[Batch]],
        recipe: Recipe,
        *,
        learner: nn.Module | None = None,
        checkpoint: Path | None = None,
        look: Callable[[nn.Module], dict[str, float]] | None = None,
        device: str | torch.device | None = None,
        processes: Processes | None = None,
        report_every: float = 30.0,
        look_every: float = 300.0,
        save_every: float = 180.0,
    ) -> None:
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.recipe, self.checkpoint = recipe, checkpoint
        self.model, self.learner = model, (model if learner is None else learner).to(self.device)
        self.step, self.seconds, self.history = 0, 0.0, list[Report]()
        self._criterion, self._batches, self._look = criterion, batches, look
        self._processes = processes or Alone()
        self._every = {"report": report_every, "look": look_every, "save": save_every}
        self._last = dict.fromkeys(self._every, time.monotonic())
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._since = 0, time.monotonic(), 0.0  # step, time and progress at the last report
        # Where the processor only waits for a GPU, its own time says nothing.
        self._clock = time.monotonic if self.device.type == "cuda" else time.thread_time
        self._processes.seed(recipe.seed)
        self._parameters = [p for p in self.learner.parameters() if p.requires_grad]
        self._optimiser = torch.optim.AdamW(
            self._groups(), recipe.learning_rate, betas=recipe.betas, weight_decay=recipe.weight_decay
        )
        self._schedule = LambdaLR(self._optimiser, lambda step: recipe.rate(step, self.progress))
        self._average = AveragedModel(model, multi_avg_fn=self._follow, use_buffers=True).eval()
        if checkpoint is not None and checkpoint.exists():
            self._restore(load_checkpoint(checkpoint, recipe))

    @property
    def progress(self) -> float:
        """The share of the budget that is spent, 0..1."""
        return self.recipe.progress(self.step, self.seconds)

    @property
    def average(self) -> nn.Module:
        """The model with averaged weights, in eval mode."""
        return self._average.module

    def run(self, until: float = 1.0, report: Callable[[Report], object] = print) -> nn.Module:
        """Train until this share of the budget is spent; returns the averaged model in eval mode.

        An interrupt (Ctrl-C, a notebook's stop button) ends after the step it falls into, with a checkpoint; `run` then
        goes on. `report` gets a `Report` now and then, and at the end.

        Raises:
            TrainingError: a loss, gradient or prediction that is no number, or too little memory. The weights are those
                of the step before; a checkpoint stays.
            ValueError: a batch that cannot be learnt from, before it changes anything (see `check_targets`).
            OSError: the last checkpoint cannot be written.
        """
        if self.progress >= until:
            return self.average
        batches = self._batches(self.step)
        self.learner.train()
        self._last = dict.fromkeys(self._every, time.monotonic())
        self._since = self.step, time.monotonic(), self.progress
        stop = save = False
        with interrupts_wait() as interrupts:
            while self.progress < until and not stop:
                if save:
                    self._save_or_say()
                self._step(batches)
                wishes = self._processes.agree([bool(interrupts), self._due("save")])
                stop, save = wishes[0], wishes[1] and self.checkpoint is not None
                if self._processes.rank == 0 and (self._due("report") or self._due("look")):
                    self._report(report, look=self._due("look"))
            if self._processes.rank == 0 and self.step > self._since[0]:
                self._report(report, look=not stop)
            if stop or self.progress >= 1.0:
                self.save()
        if stop:
            raise Stopped(f"training stopped after step {self.step}: it can go on from there")
        return self.average

    def save(self) -> None:
        """Write the checkpoint, where there is one; all processes call it.

        Raises:
            OSError: it cannot be written; the old one stays.
        """
        states = self._processes.gather(random_states())
        self._last["save"] = time.monotonic()
        if self.checkpoint is None or self._processes.rank != 0:
            return
        if bad := sorted(set(not_finite(self.learner.state_dict()))):
            raise TrainingError(
                f"the weights after step {self.step} are no numbers ({bad[0]}): lower the learning rate"
            )
        state = {
            "learner": self.learner.state_dict(),
            "average": self._average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
            "random": states,
            "step": self.step,
            "seconds": self.seconds,
            "history": [asdict(report) for report in self.history],
        }
        try:
            save_checkpoint(self.checkpoint, self.recipe, state)
        except OSError as error:
            raise OSError(
                f"the state after step {self.step} could not be saved ({error}): the last checkpoint, if any, stays at "
                f"{self.checkpoint}; make room on the disk"
            ) from error

    def _restore(self, state: dict[str, Any]) -> None:
        load_weights(self.learner, state["learner"], f"{self.checkpoint} into the model")
        self._average.load_state_dict(state["average"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])
        self.step, self.seconds = state["step"], state["seconds"]
        self.history = [Report(**report) for report in state["history"]]
        self._since = self.step, time.monotonic(), self.progress
        restore_random_states(state["random"][self._processes.rank])

    def _save_or_say(self) -> None:
        """A full disk in the middle of a run is no reason to end it: there may be room at the next try."""
        try:
            self.save()
        except OSError as error:
            print(f"{error}; training goes on", file=sys.stderr, flush=True)

    def _groups(self) -> list[dict[str, Any]]:
        backbone: list[nn.Parameter] = []
        rest: list[nn.Parameter] = []
        for name, parameter in self.learner.named_parameters():
            if parameter.requires_grad:
                (backbone if "backbone" in name.split(".") else rest).append(parameter)
        rate = self.recipe.backbone_rate
        groups: list[dict[str, Any]] = [
            {"params": rest},
            {"params": backbone, "lr": self.recipe.learning_rate if rate is None else rate},
        ]
        return [group for group in groups if group["params"]]

    def _step(self, batches: Iterator[Batch]) -> None:
        started = self._clock()
        try:
            pictures, targets = next(batches)
        except StopIteration:
            raise ValueError(
                "the data set is empty: batches(0) gave none"
                if self.step == 0
                else f"the data ended at step {self.step}, before the budget: let batches(start) begin again at its end"
            ) from None
        try:
            self._learn(pictures, targets)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            largest = max((tuple(picture.shape[-2:]) for picture in pictures), key=math.prod)
            size = f"{len(pictures)} pictures of up to {' x '.join(map(str, largest))} pixels"
            raise TrainingError(
                f"there is too little memory on {self.device} for step {self.step + 1} with a batch of {size}: give "
                "fewer pictures a batch, or smaller ones"
            ) from None
        self._update(targets)
        self.seconds += self._clock() - started
        self._schedule.step()

    def _learn(self, pictures: Tensor | Sequence[Tensor], targets: Targets) -> None:
        """Adds the gradients of one batch."""
        self._optimiser.zero_grad()
        # Before the model sees them: batch norm would keep what is no number.
        self._stop_at_nan("the pictures are no numbers", not_finite([pictures]), targets)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=_has_bfloat16(self.device)):
            outputs = self.learner(self._there(pictures))
        if "pred_logits" in outputs:
            check_targets(targets, outputs["pred_logits"].shape[-1] - 1)
        # Matching would fail on these first, and name nothing.
        self._stop_at_nan("the model's {} is no number", not_finite(outputs), targets)
        there = [{name: value.to(self.device) for name, value in target.items()} for target in targets]
        losses = self._criterion(outputs, there, self.recipe.no_object_weight(self.progress))
        self._stop_at_nan("{} is no number", not_finite(losses), targets)
        loss = total_loss(losses, self.recipe.loss_weights)
        loss.backward()
        for name, value in {"loss": loss, **losses}.items():
            if not name[-1].isdigit():  # those of earlier decoder layers are in the sum
                self._sums[name] += value.item()

    def _there(self, pictures: Tensor | Sequence[Tensor]) -> Tensor | list[Tensor]:
        if isinstance(pictures, Tensor):
            return pictures.to(self.device, memory_format=torch.channels_last)
        return [picture.to(self.device) for picture in pictures]

    def _update(self, targets: Targets) -> None:
        part = self.learner if isinstance(self.learner, TakesPart) else None
        if part:
            part.before_update(self.progress)
        self._processes.average([p.grad for p in self._parameters if p.grad is not None])
        norm = nn.utils.clip_grad_norm_(self._parameters, self.recipe.clip_norm)
        self._stop_at_nan("the gradient of the loss is no number", not_finite(norm), targets)
        self._optimiser.step()
        if part:
            part.after_update(self.progress)
        self._average.update_parameters(self.model)
        self.step += 1

    def _stop_at_nan(self, what: str, found: Iterator[str], targets: Targets) -> None:
        if (name := next(found, None)) is not None:
            kept = f"; {self.checkpoint} holds an earlier step" if self.checkpoint and self.checkpoint.exists() else ""
            raise TrainingError(
                f"training stopped at step {self.step + 1}: {what.format(name)}, in the batch with {names_of(targets)}"
                f". Lower the learning rate, or look at these{kept}"
            )

    def _follow(self, average: list[Tensor], current: list[Tensor], averaged: Tensor) -> None:
        """Moves the average of the weights and of batch norm's statistics towards the model."""
        share = 1 - self.recipe.keep(int(averaged))
        for own, new in zip(average, current, strict=True):
            own.lerp_(new, share) if own.is_floating_point() else own.copy_(new)

    def _due(self, what: str) -> bool:
        return time.monotonic() - self._last[what] > self._every[what]

    def _report(self, report: Callable[[Report], object], look: bool) -> None:
        """Tells where training stands; looking changes nothing that training depends on."""
        states, now = random_states(), time.monotonic()
        step, then, progress = self._since
        elapsed, done = max(now - then, 1e-9), max(self.step - step, 1)
        left = (1 - self.progress) * elapsed / max(self.progress - progress, 1e-9)
        losses = {name: total / done for name, total in self._sums.items()}
        with torch.no_grad():
            measured = self._look(self.average) if look and self._look else {}
        self.history.append(
            Report(self.step, self.progress, self.seconds, done / elapsed, left, losses, dict(measured))
        )
        report(self.history[-1])
        restore_random_states(states)
        self._sums.clear()
        self._since = self.step, time.monotonic(), self.progress
        self._last |= dict.fromkeys(("report", "look") if look else ("report",), time.monotonic())


def _has_bfloat16(device: torch.device) -> bool:
    """Whether the device computes in bfloat16 itself: a processor that does not takes a hundred times as long."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and torch.ops.mkldnn._is_mkldnn_bf16_supported()
