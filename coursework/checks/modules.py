"""A torch module as a check sees it: its parameters, what it gives, what its layers are given and give, who called it.

What is returned here is what a check may return: tensors, strings, dicts of them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a course without torch never loads it
    from torch import Tensor, nn


def shapes_of(module: nn.Module) -> dict[str, str]:
    """{parameter name: its shape as text}."""
    return {name: str(tuple(parameter.shape)) for name, parameter in module.named_parameters()}


def sizes_of(module: nn.Module) -> dict[str, int]:
    """{name of a part: the number of its parameters}, of the parts that hang on the module itself."""
    sizes: dict[str, int] = {}
    for name, parameter in module.named_parameters():
        part = name.partition(".")[0]
        sizes[part] = sizes.get(part, 0) + parameter.numel()
    return sizes


def output_of(module: nn.Module, x: Tensor) -> Any:
    """What the module gives for x, or the name of the error if x does not fit it."""
    try:
        return module(x)
    except (RuntimeError, AssertionError) as error:  # attention asserts
        return type(error).__name__


@contextmanager
def layer_outputs(module: nn.Module, *names: str) -> Iterator[dict[str, Any]]:
    """While open, notes what layers give when they are first called; filled when it closes: {"1. conv": tensor, ...}.

    The numbers keep the order of `names` where values are stored, so that the first difference is that of the first
    layer. A layer of which only the weights were used is called in the end, on what the layer named before it gave; for
    one that is not there stands a sentence.
    """
    layers = {name: layer for name, layer in module.named_modules() if name in names}
    noted: dict[str, Any] = {}

    def note(name: str) -> Callable[..., None]:
        def hook(_: nn.Module, args: tuple, output: Any) -> None:
            # A copy, since later layers may write into it.
            noted.setdefault(name, output.detach().clone() if hasattr(output, "detach") else output)

        return hook

    found: dict[str, Any] = {}
    with ExitStack() as stack:
        for name, layer in layers.items():
            stack.callback(layer.register_forward_hook(note(name)).remove)
        yield found
    last = None
    for number, name in enumerate(names, start=1):
        if name in layers and name not in noted and last is not None:
            noted[name] = output_of(layers[name], last)
        last = noted.get(name)
        found[f"{number}. {name}"] = noted.get(name, f"nothing was given by a layer {name}")


def runs_inside(function: Callable) -> bool:
    """Is this function among those that are being called right now?"""
    frame, wanted = sys._getframe(), (function.__module__, function.__name__)
    while frame and (frame.f_globals.get("__name__"), frame.f_code.co_name) != wanted:
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    return frame is not None
