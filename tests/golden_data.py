"""The golden data of the official code, and the recipe by which its full-size weights are made.

The data lie in tests/golden; README.md there says what each file holds.
"""

import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

FOLDER = Path(__file__).parent / "golden"


def golden_file(name: str) -> Path:
    return FOLDER / name


def recipe_weights(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A tensor for every key of `state`, drawn from the key's name; see tests/golden/README.md."""
    return {key: _recipe(key, tensor) for key, tensor in state.items()}


def _recipe(key: str, like: Tensor) -> Tensor:
    if key.endswith("num_batches_tracked"):
        return torch.zeros_like(like)
    shape = tuple(like.shape)
    z = np.random.RandomState(zlib.crc32(key.encode())).standard_normal(shape)
    name = key.rpartition(".")[2]
    fan_in = int(np.prod(shape[1:]))
    if name == "running_var":
        z = 1 + 0.1 * np.abs(z)
    elif name == "running_mean":
        z = 0.1 * z
    elif any(part in key for part in ("query_embed", "query_pos", "row_embed", "col_embed")):
        pass
    elif len(shape) == 1 and name == "weight":
        z = (1 + 0.1 * z) * (0.2 if ".bn3." in key else 1)
    elif len(shape) == 1:
        z = 0.1 * z
    elif name == "in_proj_weight":
        z = z / np.sqrt(fan_in)
        z[: 2 * shape[0] // 3] *= 2.5
    elif key.endswith(("out_proj.weight", "linear2.weight")):
        z = z / np.sqrt(fan_in) * 0.5
    elif key in ("input_proj.weight", "conv.weight"):
        z = (z - z.mean(axis=1, keepdims=True)) * np.sqrt(2 / fan_in)
    elif len(shape) == 4:
        z = z * np.sqrt(2 / fan_in)
    else:
        z = z / np.sqrt(fan_in)
    return torch.from_numpy(z).to(like.dtype)
