"""Files of a training run: its whole state, to go on exactly where it was, and the weights that ship.

A file is written beside its place and then renamed: whatever happens meanwhile, the old one stays whole.
"""

import os
import random
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

from detrlab.training.recipe import Recipe


def save_checkpoint(path: Path, recipe: Recipe, state: dict[str, Any]) -> None:
    """Writes the state of a run of this recipe.

    Raises:
        OSError: it cannot be written, a full disk for one; the checkpoint that was there stays.
    """
    try:
        _replace(path, lambda file: torch.save({"recipe": _numbers(recipe), **state}, file))
    except RuntimeError as error:  # torch's own, where the file fails while it writes
        raise OSError(str(error).splitlines()[0]) from error


def load_checkpoint(path: Path, recipe: Recipe) -> dict[str, Any]:
    """The state of a run of this recipe. Nothing in the file is executed.

    Raises:
        ValueError: it is no checkpoint, or one of another recipe.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        theirs = state.pop("recipe")
    except Exception as error:  # a damaged file leads the unpickler to errors of any kind
        raise ValueError(
            f"{path} is not a checkpoint of this loop ({type(error).__name__}): move it away to start over"
        ) from None
    ours = _numbers(recipe)
    if other := [name for name in ours | theirs if ours.get(name) != theirs.get(name)]:
        differences = ", ".join(f"{name} {theirs.get(name)} instead of {ours.get(name)}" for name in other)
        raise ValueError(
            f"{path} is a checkpoint of another recipe ({differences}): go on with that recipe, or move it away"
        )
    return state


def export(state: dict[str, Tensor], path: Path, about: dict[str, str] | None = None) -> None:
    """Writes a state dict as float16 safetensors (whole numbers stay), with what is to be known `about` it."""
    state = {key: (t.half() if t.is_floating_point() else t).contiguous() for key, t in state.items()}
    _replace(path, lambda file: file.write(save(state, about)))


def random_states() -> dict[str, Any]:
    """Where the random numbers of Python, numpy and torch (processor and GPUs) stand, as plain data."""
    kind, keys, *rest = np.random.get_state()
    numbers = (kind, np.asarray(keys).tolist(), *rest)
    states: dict[str, Any] = {"python": random.getstate(), "numpy": numbers, "torch": torch.get_rng_state()}
    return states | ({"cuda": torch.cuda.get_rng_state_all()} if torch.cuda.is_available() else {})


def restore_random_states(states: dict[str, Any]) -> None:
    """Sets them back to where they stood."""
    random.setstate(states["python"])
    kind, keys, *rest = states["numpy"]
    np.random.set_state((kind, np.array(keys, dtype=np.uint32), *rest))
    torch.set_rng_state(states["torch"])
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(states["cuda"])


def _numbers(recipe: Recipe) -> dict[str, Any]:
    return {name: dict(value) if name == "loss_weights" else value for name, value in asdict(recipe).items()}


def _replace(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Writes a file beside its place, makes sure that it is on the disk, and renames it."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
