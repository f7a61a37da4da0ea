"""What the tools have in common that rebuild a file of data/ from runs: several kinds of training, several seeds each.

Every run is kept in a file of its own, so that training goes on where it was stopped; then all are put together.
"""

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch


def part_of(folder: Path, kind: str, seed: int) -> Path:
    """Where one run is kept."""
    return folder / f"{kind.replace(' ', '_')}_{seed}.json"


def read_runs(folder: Path, kinds: Iterable[str], seeds: Iterable[int]) -> dict[str, list[Any]]:
    """All runs, by kind and in the order of the seeds. FileNotFoundError for one that is not there yet."""
    seeds = list(seeds)
    return {kind: [json.loads(part_of(folder, kind, seed).read_text()) for seed in seeds] for kind in kinds}


def run_command(train: Callable[[], None], write: Callable[[], None], usage: str | None) -> None:
    """The command line `train` or `write`, on one thread; another one exits with the usage."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    match sys.argv[1:]:
        case ["train"]:
            train()
        case ["write"]:
            write()
        case _:
            sys.exit(usage)
