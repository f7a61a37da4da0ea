"""Where two models first part: the same weights, the same inputs, compared layer by layer.

    first_divergence(my_model, reference, pictures)

Hooks note what every module is given and what it gives (as the layer debugger in Raschka's LLMs-from-scratch does). A
module is right where it gives the same, whatever its code. Where it does not, it was either given something else, and
the fault lies in the lines before its call, or it does something else itself.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from html import escape
from itertools import groupby
from typing import Any

import torch
from torch import Tensor, nn

RTOL, ATOL = 1e-4, 1e-5
SHOWN = 3  # of a long run of rows with one verdict: how many are shown before and after the others
OUTPUT = "(output)"  # the row of the whole model


@dataclass(frozen=True)
class LayerRow:
    """One call of a module. `by`: the largest absolute difference, where numbers were compared; else None."""

    name: str
    verdict: str  # OK, differs, input differs, missing, never called, raised, not reached, extra
    detail: str = ""
    by: float | None = None

    @property
    def text(self) -> str:
        """The verdict in words, with its detail."""
        between = " " if "differs" in self.verdict else ": "
        return f"{self.verdict}{between}{self.detail}" if self.detail else self.verdict


@dataclass(frozen=True)
class Divergence:
    """What `first_divergence` found: a table in the order of the reference's calls; a notebook shows it.

    rows: all calls. first: the name of the first that is wrong, None where all is equal. after: the last one before it
    that is right, None where there is none. unfit: the weights of which the two models do not have the same.
    """

    rows: tuple[LayerRow, ...]
    first: str | None
    after: str | None
    unfit: tuple[str, ...]

    @property
    def summary(self) -> str:
        """One sentence."""
        if self.first is None:
            return "The two agree in everything that they compute."
        (row,) = [row for row in self.rows if row.name == self.first]
        start = f"They agree up to {self.after}. " if self.after else ""
        if row.verdict == "input differs":
            place = f"between {self.after or 'the start'} and the call of {self.first}"
            return f"{start}What {self.first} is given differs: look at the lines {place} ({row.text})."
        return f"{start}The first difference is at {self.first} ({row.text})."

    def __repr__(self) -> str:
        width = max((len(row.name) for row in self.rows), default=0)
        lines = [self.summary, ""]
        for row in self._shown():
            mark = ">" if row.name == self.first else " "
            lines.append(f"{mark} {row.name:<{width}}  {row.text}")
        return "\n".join(lines + [f"weights: {line}" for line in self.unfit])

    def _repr_html_(self) -> str:
        # Only colours that show on white and on black; the page's own colour for all text.
        cell = 'style="text-align:left;padding:1px 12px"'
        mark = 'style="background:rgba(230,159,0,.3);font-weight:bold"'
        body = "".join(
            f"<tr {mark if row.name == self.first else ''}><td {cell}><code>{escape(row.name)}</code></td>"
            f"<td {cell}>{escape(row.text)}</td></tr>"
            for row in self._shown()
        )
        unfit = "".join(f"<li>{escape(line)}</li>" for line in self.unfit)
        weights = f"<p>Weights that the two do not share:</p><ul>{unfit}</ul>" if unfit else ""
        head = f"<tr><th {cell}>layer</th><th {cell}>mine beside the reference</th></tr>"
        return f"<p>{escape(self.summary)}</p><table>{head}{body}</table>{weights}"

    def _shown(self) -> Iterator[LayerRow]:
        """The rows; of a long run with one verdict the first and last, and how many lie between."""
        for verdict, run in groupby(self.rows, key=lambda row: row.verdict):
            rows = list(run)
            if len(rows) > 2 * SHOWN + 1:
                yield from rows[:SHOWN]
                yield LayerRow("...", verdict, f"{len(rows) - 2 * SHOWN} more")
                yield from rows[-SHOWN:]
            else:
                yield from rows


def first_divergence(mine: nn.Module, reference: nn.Module, inputs: Any) -> Divergence:
    """Run both models with the reference's weights on the same inputs, and compare every call of a module.

    inputs: a tensor, or what else the models take as one argument; a tuple: several arguments; a dict: arguments by
    name. Weights are matched by name; where a name or shape does not fit, `mine` keeps its own, and `unfit` says so.
    Modules are matched by name, and by number where one is called several times ("relu #2"). Both run in eval mode and
    without gradients; afterwards both are as they were, weights and random numbers too. Outputs are equal within rtol
    1e-4 and atol 1e-5. An exception of `mine` becomes a row; one of the reference is raised. What every module is given
    and gives is kept meanwhile: small pictures save memory.
    """
    right = _run(reference, {name: tensor.clone() for name, tensor in _own(reference).items()}, inputs)
    if right.error is not None:
        raise right.error
    weights, unfit = _matched(mine, reference)
    return _compare(_run(mine, weights, inputs), right, set(dict(mine.named_modules())), unfit)


@dataclass
class _Call:
    """One call of a module: what it was given (by parameter name) and gave, and when it began and ended."""

    name: str
    given: dict[str, Any]
    began: int
    gave: Any = None
    ended: int | None = None


@dataclass
class _Run:
    calls: dict[str, _Call] = field(default_factory=dict)  # in the order in which they began
    error: Exception | None = None
    stopped_in: str = ""  # the innermost call that an exception ended


def _run(model: nn.Module, weights: Mapping[str, Tensor], inputs: Any) -> _Run:
    """One forward pass with these weights instead of the model's own."""
    run, open_calls, counts, clock = _Run(), [], {}, iter(range(10**9))  # type: ignore[var-annotated]

    def begin(name: str):
        def hook(module: nn.Module, args: tuple, kwargs: dict) -> None:
            number = counts[name] = counts.get(name, 0) + 1
            full = name if number == 1 else f"{name} #{number}"
            run.calls[full] = _Call(full, _copy(_by_parameter(module, args, kwargs)), next(clock))
            open_calls.append(run.calls[full])

        return hook

    def end(module: nn.Module, args: tuple, output: Any) -> None:
        call = open_calls.pop()
        call.gave, call.ended = _copy(output), next(clock)

    args, kwargs = (inputs, {}) if isinstance(inputs, tuple) else ((inputs,), {})
    if isinstance(inputs, dict):
        args, kwargs = (), inputs
    with ExitStack() as stack:
        stack.enter_context(_as_it_was(model))
        for name, module in model.named_modules():
            pre_hook = module.register_forward_pre_hook(begin(name or OUTPUT), with_kwargs=True)
            stack.callback(pre_hook.remove)
            # Before other hooks: it sees what the module gives, and whatever they make of it counts as what follows.
            stack.callback(module.register_forward_hook(end, prepend=True).remove)
        try:
            torch.func.functional_call(model, dict(weights), _copy(args), _copy(kwargs))
        except Exception as error:
            run.error, run.stopped_in = error, open_calls[-1].name if open_calls else OUTPUT
    return run


@contextmanager
def _as_it_was(model: nn.Module) -> Iterator[None]:
    """Eval mode, no gradients, no fused attention (which passes modules by); all of it, and chance, put back after."""
    modes = {module: module.training for module in model.modules()}
    fused = torch.backends.mha.get_fastpath_enabled()
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()
    try:
        torch.backends.mha.set_fastpath_enabled(False)
        with torch.random.fork_rng(devices), torch.no_grad():
            model.eval()
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
        for module, mode in modes.items():
            module.training = mode


def _own(model: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers by name; what bears two names comes once."""
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def _matched(mine: nn.Module, reference: nn.Module) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """The weights for `mine`, the reference's where they fit, and one line for each that is not shared."""
    every = {**dict(reference.named_parameters(remove_duplicate=False)), **dict(reference.named_buffers())}
    own, weights, unfit = _own(mine), {}, []
    for name, tensor in own.items():
        fits = name in every and every[name].shape == tensor.shape
        weights[name] = (every[name].to(tensor.device) if fits else tensor).detach().clone()
        if name not in every:
            unfit.append(f"{name} {tuple(tensor.shape)} is in mine only")
        elif not fits:
            unfit.append(f"{name} is {tuple(tensor.shape)}, in the reference {tuple(every[name].shape)}")
    tied = dict(mine.named_parameters(remove_duplicate=False))
    for name in _own(reference):
        if name not in own:
            why = "is another parameter's second name in mine" if name in tied else "is in the reference only"
            unfit.append(f"{name} {tuple(every[name].shape)} {why}")
    return weights, tuple(unfit)


def _by_parameter(module: nn.Module, args: tuple, kwargs: dict) -> dict[str, Any]:
    """The arguments by the names of forward's parameters, however they were passed."""
    try:
        bound = inspect.signature(module.forward).bind(*args, **kwargs).arguments
    except (TypeError, ValueError):  # the call is about to fail, and says so itself
        return {str(number): value for number, value in enumerate(args)} | kwargs
    return dict(bound)


def _copy(value: Any) -> Any:
    """Tensors as copies, since later layers may write into them (ReLU(inplace=True)); containers rebuilt."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, Mapping):
        return {key: _copy(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        items = [_copy(item) for item in value]
        return tuple(items) if isinstance(value, tuple) else items
    return value


def _compare(came: _Run, right: _Run, names: set[str], unfit: tuple[str, ...]) -> Divergence:
    timed: list[tuple[float, LayerRow]] = []  # when each row is decided in the reference's run
    for call in right.calls.values():
        row = _row(came, call, names)
        timed.append((_decided(row, call, came, right), row))
    for mine in came.calls.values():
        if mine.name not in right.calls:
            stopped = mine.name == came.stopped_in
            row = LayerRow(mine.name, *(("raised", _in_words(came.error)) if stopped else ("extra", _kinds(mine.gave))))
            timed.append((_reached(mine, came, right), row))
    rows = [row for _, row in sorted(timed, key=lambda pair: pair[0])]
    at = _first_wrong(rows)
    equal = [row.name for row in rows[:at] if row.verdict == "OK"]
    return Divergence(tuple(rows), None if at is None else rows[at].name, equal[-1] if equal else None, unfit)


def _decided(row: LayerRow, call: _Call, came: _Run, right: _Run) -> float:
    """When in the reference's run a row is decided, so that rows in this order part first where the models do.

    What a module is given is known when it begins, what it gives when it ends, which the inner ones do first. An
    exception lies behind the last inner call that went through.
    """
    if row.verdict == "input differs":
        return call.began
    assert call.ended is not None, "the reference went through"
    if row.verdict != "raised":
        return call.ended
    through = [right.calls[name] for name, mine in came.calls.items() if mine.ended is not None and name in right.calls]
    inner = [each.ended for each in through if each.ended is not None and call.began < each.ended < call.ended]
    return max([call.began, *inner]) + 0.25


def _reached(extra: _Call, came: _Run, right: _Run) -> float:
    """When in the reference's run a call would come that only `came` has: behind what began and ended before it."""
    both = [(mine, right.calls[name]) for name, mine in came.calls.items() if name in right.calls]
    begun = [call.began for mine, call in both if mine.began < extra.began]
    ended = [call.ended for mine, call in both if mine.ended is not None and mine.ended < extra.began]
    return max([-1, *begun, *(end for end in ended if end is not None)]) + 0.5


def _row(came: _Run, call: _Call, names: set[str]) -> LayerRow:
    name = call.name
    mine = came.calls.get(name)
    if mine is None:
        if name != OUTPUT and name.partition(" #")[0] not in names:
            return LayerRow(name, "missing")
        return LayerRow(name, "never called" if came.error is None else "not reached")
    gave = None if mine.ended is None else _difference(mine.gave, call.gave)
    if mine.ended is not None and gave is None:
        return LayerRow(name, "OK")
    stop = _in_words(came.error) if came.stopped_in == name else ""
    given = _given_otherwise(mine.given, call.given)
    if given is not None:
        return LayerRow(name, "input differs", "; ".join(filter(None, (given.detail, stop))), given.by)
    if gave is not None:
        return replace(gave, name=name)
    return LayerRow(name, "raised" if stop else "not reached", stop)


def _given_otherwise(mine: dict[str, Any], right: dict[str, Any]) -> LayerRow | None:
    """How what two modules were given first differs. Where their parameters have other names, tensors in order."""
    if set(mine) == set(right):
        return _difference(mine, right)
    a, b = ([value for value in given.values() if isinstance(value, Tensor)] for given in (mine, right))
    if len(a) != len(b):
        return LayerRow("", "differs", f"in number: {len(a)} tensors, reference {len(b)}")
    return _difference(a, b)


def _first_wrong(rows: list[LayerRow]) -> int | None:
    """The first wrong row's index. What is missing or never called is wrong only where what comes next differs."""
    waiting = None
    for index, row in enumerate(rows):
        if row.verdict == "OK":
            waiting = None
        elif row.verdict in ("missing", "never called"):
            waiting = index if waiting is None else waiting
        elif row.verdict not in ("extra", "not reached"):
            return index if waiting is None else waiting
    return waiting


def _difference(came: Any, right: Any, where: str = "") -> LayerRow | None:
    """How two values first differ, or None. None beside a tensor is passed over: attention weights need not be asked
    for."""
    at = f"at {where} " if where else ""
    if isinstance(came, Tensor) and isinstance(right, Tensor):
        if came.shape != right.shape:
            return LayerRow("", "differs", f"{at}in shape: {tuple(came.shape)}, reference {tuple(right.shape)}")
        if came.dtype != right.dtype:
            return LayerRow("", "differs", f"{at}in dtype: {came.dtype}, reference {right.dtype}")
        a, b = came.to("cpu", torch.float64), right.to("cpu", torch.float64)
        if torch.allclose(a, b, RTOL, ATOL, equal_nan=True):
            return None
        by = torch.where(a == b, 0.0, (a - b).abs()).max().item()  # two infinities are equal, their difference is nan
        return LayerRow("", "differs", f"{at}by up to {by:.3g}", by)
    if isinstance(came, dict) and isinstance(right, dict) and set(came) == set(right):
        pairs = [(f"{where}[{key!r}]" if where else str(key), came[key], item) for key, item in right.items()]
    elif isinstance(came, list | tuple) and isinstance(right, list | tuple) and len(came) == len(right):
        pairs = [(f"{where}[{i}]", a, b) for i, (a, b) in enumerate(zip(came, right, strict=True))]
    elif where and (came is None or right is None):
        return None
    elif any(isinstance(side, dict | list | tuple | Tensor) for side in (came, right)):
        return LayerRow("", "differs", f"{at}in kind: {_kinds(came)}, reference {_kinds(right)}")
    else:
        return None  # numbers, flags and names: what they change shows in tensors
    return next((row for place, a, b in pairs if (row := _difference(a, b, place)) is not None), None)


def _in_words(error: BaseException | None) -> str:
    return f"{type(error).__name__}: {error}"


def _kinds(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"tensor of shape {tuple(value.shape)}"
    return f"{type(value).__name__} of {len(value)}" if isinstance(value, list | tuple) else type(value).__name__
