"""What a capture hears: every call of a model's attention layers, by the layer's name in the model.

A forward hook on an attention layer only finds None for its weights where the model does not ask for them. So a
pre-hook keeps the query and key that each nn.MultiheadAttention gets: the model takes the same path as without it.
"""

from __future__ import annotations

import inspect
from collections import Counter
from typing import Any, Literal

from torch import Tensor, nn

from detrlab.attention.call import AttentionCall

Kind = Literal["encoder", "self", "cross"]
SIGNATURE = inspect.signature(nn.MultiheadAttention.forward)
INPUT_CONVOLUTIONS = ("input_proj", "conv")  # in front of the transformer: DETR's, and the short DETR's


class Recording:
    """The last call of every nn.MultiheadAttention in a model, and the sizes of what goes in.

    kinds: {name: kind} of all that there are, in the model's order; None where DETR has no word for it.
    calls: {name: call}.
    input_sizes_hw: (h, w) of each picture of the batch as the model got it, or None.
    map_hw: (H, W) of the map in front of the transformer, or None.

    Raises:
        ValueError: a model without nn.MultiheadAttention.
    """

    def __init__(self, model: nn.Module, lazy: bool) -> None:
        self._lazy = lazy
        self._in_call = False
        self._handles: list[Any] = []
        self.kinds = kinds_of(model)
        if not self.kinds:
            raise ValueError(_nothing_found(model))
        self._forget()
        self._listen(model)

    def close(self) -> None:
        """Take all hooks away."""
        for handle in self._handles:
            handle.remove()

    def _forget(self) -> None:
        self.calls: dict[str, AttentionCall] = {}
        self.input_sizes_hw: list[tuple[int, int]] | None = None
        self.map_hw: tuple[int, int] | None = None

    def _listen(self, model: nn.Module) -> None:
        def start(model: nn.Module, args: tuple, kwargs: dict) -> None:
            self._forget()
            self._in_call = True
            self._note_pictures(args, kwargs)

        def end(model: nn.Module, args: tuple, output: object) -> None:
            self._in_call = False

        self._handles.append(model.register_forward_pre_hook(start, with_kwargs=True))
        self._handles.append(model.register_forward_hook(end, always_call=True))
        for name, module in model.named_modules():
            if name in self.kinds:
                self._record(module, name)
            elif name and any(of.startswith(f"{name}.") for of in self.kinds):
                self._handles.append(module.register_forward_pre_hook(self._enter_part, with_kwargs=True))
            elif name.rpartition(".")[2] in INPUT_CONVOLUTIONS and isinstance(module, nn.Conv2d):
                self._handles.append(module.register_forward_hook(self._note_map))

    def _record(self, module: nn.Module, name: str) -> None:
        def keep(module: nn.MultiheadAttention, args: tuple, kwargs: dict) -> None:
            given = SIGNATURE.bind(module, *args, **kwargs).arguments  # callers may pass any of them by position
            call = AttentionCall(
                module, given["query"], given["key"], given.get("attn_mask"), given.get("key_padding_mask")
            )
            if not self._lazy:
                call.compute_all(given)
            self.calls[name] = call

        self._handles.append(module.register_forward_pre_hook(keep, with_kwargs=True))

    def _enter_part(self, part: nn.Module, args: tuple, kwargs: dict) -> None:
        """A tower may be called by itself, as `clip.encode_image` does: then it is the one that gets the pictures."""
        first = next(iter((*args, *kwargs.values())), None)
        if not self._in_call and isinstance(first, Tensor) and first.ndim == 4 and first.shape[1] == 3:
            self._note_pictures(args, kwargs)

    def _note_pictures(self, args: tuple, kwargs: dict) -> None:
        pictures = next(iter((*args, *kwargs.values())), None)
        if isinstance(pictures, Tensor) and pictures.ndim == 4:
            self.input_sizes_hw = [tuple(pictures.shape[-2:])] * len(pictures)
        elif isinstance(pictures, list | tuple) and all(isinstance(p, Tensor) and p.ndim == 3 for p in pictures):
            self.input_sizes_hw = [tuple(picture.shape[-2:]) for picture in pictures]

    def _note_map(self, module: nn.Module, args: tuple, output: Tensor) -> None:
        self.map_hw = tuple(output.shape[-2:])


def kinds_of(model: nn.Module) -> dict[str, Kind | None]:
    """{name: kind} of every nn.MultiheadAttention, in the model's order. nn.Transformer's names tell what DETR has: a
    self_attn beside a multihead_attn is the decoder's, one without it the encoder's."""
    kinds: dict[str, Kind | None] = {}
    for name, module in model.named_modules():
        if not isinstance(module, nn.MultiheadAttention):
            continue
        parent, _, own = name.rpartition(".")
        beside = getattr(model.get_submodule(parent), "multihead_attn", None)
        in_decoder = isinstance(beside, nn.MultiheadAttention)
        if own == "self_attn":
            kinds[name] = "self" if in_decoder else "encoder"
        else:
            is_cross = own == "multihead_attn" and hasattr(model.get_submodule(parent), "self_attn")
            kinds[name] = "cross" if is_cross else None
    return kinds


def _nothing_found(model: nn.Module) -> str:
    """What there is instead of an nn.MultiheadAttention."""
    names = (type(module).__name__ for module in model.modules())
    others = Counter(name for name in names if "attention" in name.lower())
    said = f"{type(model).__name__} has no nn.MultiheadAttention"
    if not others:
        return f"{said}, nor any other module called attention. Give the model that holds the transformer."
    found = ", ".join(f"{count} {name}" for name, count in others.items())
    return (
        f"{said}, but attention of its own ({found}), into which no hook can look. Ask the model itself for its maps "
        "(in transformers: output_attentions=True), or bring its weights into a model around nn.MultiheadAttention "
        "(as vit_from_huggingface does)."
    )
