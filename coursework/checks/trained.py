"""Weights that a student trained, a file beside the notebook: kept once, loaded ever after, and measured by a check.

    detr = kept("my_detr.safetensors", train, small_detr())

A training takes minutes and a grader has seconds, so nothing is ever trained where work is graded: there the file that
was handed in counts, or nothing does. A build trains nothing either (`UNTRAINED`): what hangs on the weights must get
through with those of a fresh model, and whether training works is for the exercises on it, and for `make bench`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursework.files import whole
from coursework.submission import GRADED, MAX_FILE, plain

from .blank import NotAttempted
from .sentences import say

if TYPE_CHECKING:
    from torch import Tensor, nn

    from .draw import Draw

ENDING = ".safetensors"
UNTRAINED = "COURSEWORK_UNTRAINED"  # environment: where there is no file, a fresh model stands for a trained one
_NAMED = 3  # weights in one sentence
_LETTERS = 60  # of each of their names
_PICKLES = (b"PK\x03\x04", b"\x80")  # how torch's files and plain pickles begin


class KeptError(RuntimeError):
    """A file of weights that cannot be used, and why, in one sentence; notebooks show it without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


class NothingKept(KeptError):
    """There is no such file."""


def kept(name: str, train: Callable[[], Any], model: nn.Module) -> nn.Module:
    """`model` with the weights in the file `name` beside the notebook; where there is none, `train()` makes them.

    Args:
        name: a file's name that ends in .safetensors, and is among `kept` in the assignment's `assignment.toml`.
        train: called without arguments, only where there is no file; returns a trained module, or a state dict, with
            the names and shapes of `model`. What it returns is kept as `name`: whole, or not at all.
        model: a fresh module, which gets the weights and is returned, in evaluation mode.

    A file that is there is never written over: to train anew, move it away. Where work is graded (stock nbgrader, our
    sandbox, hand-in) a missing file is an error, and nothing is trained.

    Raises:
        KeptError: the file is damaged, of another model, too large, or holds numbers that are none; or what `train()`
            returned is so.
        NothingKept: the work is graded and there is no file.
    """
    from .notebook import opened  # which imports this module

    if not (plain(name) and name.endswith(ENDING)):
        raise ValueError(f"{name!r} is no name for weights beside the notebook: write one such as 'my_detr{ENDING}'")
    path = opened().folder / name
    if not path.exists() and not {UNTRAINED, GRADED} & os.environ.keys():
        _train(path, train, model)
    else:
        read_into(path, model)
        if path.exists():
            print(say("kept_loaded", file=name))
    return model.eval()


def _train(path: Path, train: Callable[[], Any], model: nn.Module) -> None:
    try:
        result = train()
        weights = result.state_dict() if hasattr(result, "state_dict") else result
    except NotAttempted:
        raise KeptError(say("kept_waits")) from None
    if not isinstance(weights, Mapping):
        raise KeptError(say("kept_no_weights", came=type(result).__name__))
    _put(weights, model, "train()")
    data = encoded(model)
    if path.exists():  # another kernel was quicker
        print(say("kept_appeared", file=path.name))
        return
    try:
        with whole(path) as file:
            file.write(data)
    except OSError as error:  # minutes of work, and the model is still there
        print(say("kept_not_written", file=path.name, error=error.strerror or type(error).__name__))
    else:
        print(say("kept_written", file=path.name))


def encoded(model: nn.Module) -> bytes:
    """The model's weights as safetensors."""
    from safetensors.torch import save

    return save({name: weight.detach().cpu().contiguous().clone() for name, weight in model.state_dict().items()})


def read_into(path: Path, model: nn.Module) -> None:
    """Put the weights in a file into `model`, all of them or none; at most MAX_FILE bytes are read.

    Without the file the model stays as it is where `UNTRAINED` says so, and else NothingKept is raised.

    Raises:
        KeptError: the file does not fit.
    """
    from safetensors.torch import load

    if not path.exists():
        if UNTRAINED in os.environ:
            return
        raise NothingKept(say("kept_missing", file=path.name, megabytes=MAX_FILE >> 20))
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise KeptError(say("kept_not_read", file=path.name, error=error.strerror)) from None
    if len(data) > MAX_FILE:
        raise KeptError(say("kept_too_large", file=path.name, megabytes=MAX_FILE >> 20))
    try:
        weights = load(data)
    except Exception:  # a stranger's bytes may fail in any way
        what = "kept_pickle" if data.startswith(_PICKLES) else "kept_damaged"
        raise KeptError(say(what, file=path.name)) from None
    _put(weights, model, path.name)


def _put(weights: Mapping[str, Tensor], model: nn.Module, whose: str) -> None:
    """Weights into the model, strictly; raises KeptError, with the model as it was, where they do not fit."""
    own = model.state_dict()
    if other := _other_model(weights, own):
        raise KeptError(say("kept_other_model", file=whose, what=other))
    fitting = {name: weight.to(own[name].dtype) for name, weight in weights.items()}
    if bad := [name for name, weight in fitting.items() if not bool(weight.isfinite().all())]:
        raise KeptError(say("kept_no_numbers", file=whose, names=_list(bad)))
    model.load_state_dict(fitting, strict=True)


def _other_model(weights: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> str:
    """What says that these are another model's; "" where they fit."""
    if missing := [name for name in own if name not in weights]:
        return say("other_missing", names=_list(missing))
    if strange := sorted(name for name in weights if name not in own):
        return say("other_strange", names=_list(strange))
    for name, weight in own.items():
        came = weights[name]
        if came.shape != weight.shape:
            return say("other_shape", name=_list([name]), came=tuple(came.shape), own=tuple(weight.shape))
        if (came.is_floating_point(), came.is_complex()) != (weight.is_floating_point(), weight.is_complex()):
            return say("other_kind", name=_list([name]), came=_kind(came), own=_kind(weight))
    return ""


def _kind(weight: Tensor) -> str:
    return str(weight.dtype).removeprefix("torch.")


def _list(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(str(name)[:_LETTERS] for name in names[:_NAMED]) + more


def measuring(function: Callable[[Draw, nn.Module], Any], model: Callable[[], nn.Module], path: Path) -> Callable:
    """A check's function of `draw` alone: `function(draw, the model with the weights in the file, in eval mode)`."""

    def measure(draw: Draw) -> Any:
        import torch

        fresh = model()
        read_into(path, fresh)
        with torch.no_grad():
            return function(draw, fresh.eval())

    return measure
