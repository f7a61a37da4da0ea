"""What the training loop asks of the other processes that train with it: one model, a share of each batch by each;
and of its own process, that an interrupt waits for the end of a step."""

import random
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

PATIENCE = timedelta(minutes=60)  # one process may draw its scenes much faster than the other


class Processes(Protocol):
    """The processes of a run, seen by one of them."""

    rank: int

    def seed(self, seed: int) -> None:
        """Starts this process's random numbers."""

    def average(self, gradients: list[Tensor]) -> None:
        """Makes the gradients those of the whole batch, in place."""

    def agree(self, wishes: Sequence[bool]) -> list[bool]:
        """Which wishes any process has: all then do the same."""

    def gather(self, own: Any) -> list[Any]:
        """What each process has, in the order of their ranks; only rank 0 gets the others'."""


class Alone:
    """A run in one process."""

    rank = 0

    def seed(self, seed: int) -> None:
        _seed(seed)

    def average(self, gradients: list[Tensor]) -> None:
        pass

    def agree(self, wishes: Sequence[bool]) -> list[bool]:
        return list(wishes)

    def gather(self, own: Any) -> list[Any]:
        return [own]


class Together:
    """Some processes on one machine that meet in a file. All tensors that pass between them are on the processor."""

    def __init__(self, rank: int, count: int, meeting: Path) -> None:
        dist.init_process_group("gloo", f"file://{meeting}", PATIENCE, rank=rank, world_size=count)
        self.rank, self.count = rank, count

    def seed(self, seed: int) -> None:
        _seed(seed * self.count + self.rank)

    def average(self, gradients: list[Tensor]) -> None:
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        flat /= self.count
        for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def agree(self, wishes: Sequence[bool]) -> list[bool]:
        counted = torch.tensor(wishes, dtype=torch.int32)
        dist.all_reduce(counted)
        return (counted > 0).tolist()

    def gather(self, own: Any) -> list[Any]:
        everyone: list[Any] | None = [None] * self.count if self.rank == 0 else None
        dist.gather_object(own, everyone)
        return everyone or []

    def share(self, tensors: Sequence[Tensor]) -> None:
        """Gives all processes rank 0's numbers, in place."""
        for tensor in tensors:
            dist.broadcast(tensor, src=0)

    def leave(self) -> None:
        """Waits for the others and ends the meeting."""
        dist.barrier()
        dist.destroy_process_group()


def _seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


@contextmanager
def interrupts_wait() -> Iterator[list[int]]:
    """Collects interrupts in a list, so that none falls into the middle of a step."""
    interrupts: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield interrupts  # signals reach the main thread only
        return
    before = signal.signal(signal.SIGINT, lambda number, frame: interrupts.append(number))
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, before)
