"""What a check draws from its seed: sizes, tensors, boxes, pictures and weights.

Everything comes from one numpy Generator (PCG64), whose numbers are the same on every machine. Weights are filled
by *parameter name*, so a correct module gets the same weights whatever the order it was constructed in. torch is
imported by what gives tensors: a course that needs none never loads it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coursework.marking.values import Sealed

from .blank import BLANK, NotAttempted
from .freezing import attempted

if TYPE_CHECKING:
    import torch
    from torch import nn

_SIZES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47)


class Draw:
    """Random test inputs for one run of one check.

    `jitter` moves every real number drawn by that relative amount. The build runs each check twice, with and without:
    an outcome that changes lies on a tie or a threshold, and its check or seed is refused.
    """

    def __init__(self, seed: int, name: str = "", jitter: float = 0.0):
        self.seed = seed
        self.named: dict[str, int] = {}  # sizes by the letter that messages call them by
        self._generator = np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())]))
        self._jitter = jitter
        self._jitter_generator = np.random.Generator(np.random.PCG64([seed, 1]))

    def _real(self, values: np.ndarray) -> torch.Tensor:
        import torch

        return torch.from_numpy(self._jittered(values))

    def _jittered(self, values: np.ndarray) -> np.ndarray:
        if self._jitter:
            values = values * (1 + self._jitter * self._jitter_generator.uniform(-1, 1, values.shape))
        return np.ascontiguousarray(values, dtype=np.float32)

    def integer(self, low: int, high: int) -> int:
        """One integer, low <= n <= high."""
        return int(self._generator.integers(low, high + 1))

    def choice(self, options):
        """One of the options."""
        return options[int(self._generator.integers(len(options)))]

    def size(self, low: int = 2, high: int = 47) -> int:
        """A prime in low..high: with primes, a swapped or merged axis shows."""
        return self.choice([n for n in _SIZES if low <= n <= high])

    def sizes(self, count: int, low: int = 2, high: int = 47) -> tuple[int, ...]:
        """`count` different primes in low..high."""
        fitting = [n for n in _SIZES if low <= n <= high]
        return tuple(fitting[i] for i in self._generator.permutation(len(fitting))[:count])

    def letters(self, letters: str, low: int = 2, high: int = 47) -> tuple[int, ...]:
        """`sizes`, each with a letter ("Q B D"), so that messages say "(Q, B, D) = (2, 7, 11)"."""
        names = letters.split()
        sizes = self.sizes(len(names), low, high)
        self.name(**dict(zip(names, sizes, strict=True)))
        return sizes

    def name(self, **sizes: int) -> None:
        """Letters for sizes that were drawn or computed otherwise: `draw.name(S=H * W)`."""
        self.named.update(sizes)

    def number(self, low: float = 0.0, high: float = 1.0) -> float:
        """One real number, low <= x < high."""
        return float(self._jittered(self._generator.uniform(low, high, (1,)))[0])

    def sealed(self, call: Callable[[], Any], digits: int | None = None) -> Any:
        """What a check returns of one number that students work out, `call()`, judged rounded to `digits` decimals.

        A message tells what came, and never what was expected. What comes back hangs on the seed, since a drawn number
        is added. For an exception or a blank stands what `attempted` gives.
        """
        added = self.number(1, 9)

        def asked() -> Sealed:
            given = call()
            try:
                number = float(given)
                value = added + (number if digits is None else round(number * 10**digits))  # the last digit counts
            except NotAttempted:
                raise
            except Exception:  # a list, a text, infinity to be rounded: no number is as wrong as another one
                return Sealed(given, "no number")
            return Sealed(given if isinstance(given, int | float) else number, value)

        return attempted(asked)

    def sealed_word(self, call: Callable[[], Any], words: Sequence[str]) -> Any:
        """`sealed` for a word that students choose, `call()` being one of `words`, whatever its case and quotes.

        A message tells the word that came, never the right one. What is none of the words is wrong, and is said to be.
        """
        places = {word.casefold(): place for place, word in enumerate(words)}
        added = self.number(1, 9)

        def asked() -> Sealed:
            given = call()
            if given is BLANK:
                raise NotAttempted("a blank ____ is still to be filled in")
            word = str(given).strip(" \t\n\"'.").casefold()
            if word not in places:
                return Sealed(f"{given} (none of {', '.join(words)})", "no word")
            return Sealed(words[places[word]], added + places[word])

        return attempted(asked)

    def guessed(self, call: Callable[[], Any], low: float, high: float) -> Any:
        """`sealed` for a guess: any number from `low` to `high` is right."""
        added = self.number(1, 9)

        def asked() -> Sealed:
            given = call()
            try:
                number = float(given)
            except NotAttempted:
                raise
            except Exception:
                return Sealed(f"{given} (no number)", "no number")
            if isinstance(given, str | bool):
                return Sealed(f"{given!r} (no number)", "no number")
            if not low <= number <= high:
                return Sealed(f"{number:g} (not from {low:g} to {high:g})", "out of its range")
            return Sealed(number, added)

        return attempted(asked)

    def normal(self, *shape: int) -> torch.Tensor:
        """Standard normal float32 tensor of that shape."""
        return self._real(self._generator.standard_normal(shape))

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> torch.Tensor:
        """Uniform float32 tensor of that shape in low..high."""
        return self._real(self._generator.uniform(low, high, shape))

    def permutation(self, count: int) -> torch.Tensor:
        """A permutation of 0..count-1, never the identity for count > 1; (count,) int64."""
        import torch

        order = self._generator.permutation(count)
        return torch.from_numpy(np.roll(order, 1) if count > 1 and (order == np.arange(count)).all() else order)

    def boxes_cxcywh(self, *shape: int) -> torch.Tensor:
        """Boxes (cx, cy, w, h) in 0..1 that lie inside the picture, wider or taller than 0.05; shape (*shape, 4)."""
        size = self._generator.uniform(0.05, 0.5, (*shape, 2))
        centre = size / 2 + self._generator.uniform(0, 1, (*shape, 2)) * (1 - size)
        return self._real(np.concatenate([centre, size], axis=-1))

    def boxes_xyxy(self, *shape: int, width: float = 1.0, height: float = 1.0) -> torch.Tensor:
        """Boxes (x0, y0, x1, y1) inside a frame of that width and height; shape (*shape, 4)."""
        import torch

        centre, size = self.boxes_cxcywh(*shape).split(2, dim=-1)
        scale = torch.tensor([width, height] * 2, dtype=torch.float32)
        return torch.cat([centre - size / 2, centre + size / 2], dim=-1) * scale

    def attention(self, *shape: int) -> torch.Tensor:
        """Attention weights: positive, rows (last axis) sum to 1, far from uniform; float32."""
        return (3 * self.normal(*shape)).softmax(dim=-1)

    def scene_seed(self) -> int:
        """A seed for `detrlab.scenes.compose.draw_scene`."""
        return self.integer(10**9, 2 * 10**9)

    def fill(self, module: nn.Module, scale: float = 1.0) -> nn.Module:
        """Fill every parameter and buffer of `module` from the seed and its own name; returns the module.

        Matrices and kernels: normal / sqrt(fan_in) * scale; weights of norms: about 1; running variances: above 1/2;
        other vectors: small; tables (2-D parameters that hang on the module itself): normal.
        """
        import torch

        with torch.no_grad():
            for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
                if not tensor.is_floating_point():
                    continue
                generator = np.random.Generator(np.random.PCG64([self.seed, zlib.crc32(name.encode())]))
                z = generator.standard_normal(tuple(tensor.shape))
                leaf = name.rpartition(".")[2]
                if leaf == "running_var":
                    z = 0.5 + np.abs(z)
                elif tensor.ndim == 1:
                    z = 1 + 0.1 * z if leaf == "weight" else 0.1 * z
                elif "." in name:
                    z = z * scale / np.sqrt(np.prod(tensor.shape[1:]))
                tensor.copy_(self._real(z))
        return module
