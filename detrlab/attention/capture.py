"""Capture the attention of a DETR: `with capture_attention(model) as attention: model(pictures)`.

DETR has three kinds (section 3.2 and figure 10 of the paper): the encoder's self-attention among the S =
H*W cells of the feature map, the decoder's self-attention among the Q object queries, and its
cross-attention from queries to cells. Maps are [query, key]: a row says where one token looks, a column who
looks at it.

Works on the library's DETR and the official one, and on models around nn.Transformer, nn.TransformerEncoder
or nn.TransformerDecoder, in which a forward hook only finds None because their layers do not ask for
weights. The capture asks for nothing either: a pre-hook keeps the query and key that each
nn.MultiheadAttention gets, and the softmax is rebuilt from them. So the model takes the same path as
without capture, its outputs stay the same to the last bit, and the maps are those before dropout, with rows
that sum to 1 in training mode, too.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Literal

from torch import Tensor, nn

from detrlab.attention.call import AttentionCall, index_of
from detrlab.attention.grid import FeatureGrid, stride_from_sizes

Head = int | Literal["mean", "all"]
Kind = Literal["encoder", "self", "cross"]
KINDS: dict[Kind, str] = {
    "encoder": "encoder self-attention",
    "self": "decoder self-attention",
    "cross": "decoder cross-attention",
}
SIGNATURE = inspect.signature(nn.MultiheadAttention.forward)


@contextmanager
def capture_attention(
    model: nn.Module, *, grid: tuple[int, int] | None = None, lazy: bool = False
) -> Iterator[CapturedAttention]:
    """Record all attentions of the model's calls inside the `with` block; the maps stay readable after it.

    Of several calls the last one counts. With lazy=True only queries and keys are kept (a tenth of the
    memory) and maps are rebuilt when asked for, one row at a time: read them before the weights change.

    grid: (H, W) of the feature map. Not needed where the model has a 1x1 convolution called `input_proj`
    (DETR) or `conv` (the short DETR) in front of its transformer, since its output has the size that is
    wanted. Raises ValueError if the model has no attention layers that could be captured.
    """
    attention = CapturedAttention(grid)
    handles = [model.register_forward_pre_hook(attention._start, with_kwargs=True)]
    try:
        handles += _hook_layers(model, attention, lazy)
        yield attention
    finally:
        for handle in handles:
            handle.remove()


class CapturedAttention:
    """The attentions of one forward pass. Everywhere: layer counts from 0 (-1 is the last), head is a
    number, "mean" or "all", sample is the picture's place in the batch. ValueError says what is there if
    something else is asked for.
    """

    def __init__(self, grid: tuple[int, int] | None) -> None:
        self._given_grid = grid
        self._layers = dict.fromkeys(KINDS, 0)
        self._forget()

    def layers(self, kind: Kind) -> int:
        """How many layers L the model has of a kind."""
        return self._layers[kind]

    def heads(self, kind: Kind, layer: int = -1) -> int:
        """How many heads M a layer has."""
        return self._call(kind, layer).num_heads

    def encoder(
        self, layer: int = -1, head: Head = "mean", *, sample: int = 0, picture: object = None
    ) -> EncoderAttention:
        """Self-attention among the cells. Points are in pixels of `picture`, or of the model's input
        without one."""
        return EncoderAttention(self._call("encoder", layer), head, sample, self.grid(sample, picture), self._map_hw())

    def decoder_cross(
        self, layer: int = -1, head: Head = "mean", *, sample: int = 0, query: int | None = None
    ) -> Tensor:
        """Where the object queries look: (Q, H, W), or (H, W) for one query; head="all" puts M in front.

        In a padded batch H x W is the part of the map that holds this sample's picture.
        """
        call, (H, W) = self._call("cross", layer), self.grid(sample).cells_hw
        queries = None if query is None else [index_of(query, call.num_queries, "query", "object queries")]
        maps = call.maps(head, sample, queries)  # ([M,] Q, S)
        maps = maps.unflatten(-1, self._map_hw())[..., :H, :W]  # ([M,] Q, H, W)
        return maps if query is None else maps[..., 0, :, :]

    def decoder_self(self, layer: int = -1, head: Head = "mean", *, sample: int = 0) -> Tensor:
        """Which object query looks at which other: (Q, Q) as [query, key]; head="all" puts M in front."""
        return self._call("self", layer).maps(head, sample)

    def projected(self, kind: Kind, layer: int, *, sample: int = 0) -> tuple[Tensor, Tensor]:
        """The queries (M, N, D/M), divided by sqrt(D/M), and keys (M, S, D/M) of a layer: softmax(q k^T) is
        its attention. Of cells only those that hold this sample's picture, row by row.

        ValueError unless captured with lazy=True, or if the layer has an attn_mask.
        """
        call = self._call(kind, layer)
        if call.has_attention_mask:
            raise ValueError(f"The {KINDS[kind]} has an attn_mask: queries and keys alone do not give its weights.")
        q, k = call.projected(sample)  # (M, N, D/M), (M, S, D/M)
        if kind == "self":
            return q, k
        (H, W), map_hw = self.grid(sample).cells_hw, self._map_hw()
        k = k.unflatten(1, map_hw)[:, :H, :W].flatten(1, 2)  # (M, H*W, D/M)
        if kind == "encoder":
            q = q.unflatten(1, map_hw)[:, :H, :W].flatten(1, 2)
        return q, k

    def grid(self, sample: int = 0, picture: object = None) -> FeatureGrid:
        """Where the cells lie in the picture (PIL or array), or in the model's input where none is given.

        A model that is given no pictures, such as an nn.Transformer alone, counts one cell as one pixel.
        """
        H, W = self._map_hw()
        calls = self._calls["encoder"] or self._calls["cross"]
        mask = next(iter(calls.values())).padding(sample) if calls else None  # (S,), True on padding
        if mask is None:
            cells_hw = H, W
        else:
            valid = ~mask.reshape(H, W)
            cells_hw = int(valid.any(1).sum()), int(valid.any(0).sum())
        if self._input_sizes_hw is None:
            grid = FeatureGrid(cells_hw, cells_hw, cells_hw, stride=1)
        else:
            input_hw = self._input_sizes_hw[index_of(sample, len(self._input_sizes_hw), "sample", "pictures")]
            padded_hw = tuple(max(sizes) for sizes in zip(*self._input_sizes_hw, strict=True))
            grid = FeatureGrid(cells_hw, input_hw, input_hw, stride_from_sizes(padded_hw, (H, W)))
        return grid if picture is None else grid.for_picture(picture)

    def _forget(self) -> None:
        self._calls: dict[str, dict[int, AttentionCall]] = {kind: {} for kind in KINDS}
        self._seen_grid: tuple[int, int] | None = None
        self._input_sizes_hw: list[tuple[int, int]] | None = None

    def _start(self, model: nn.Module, args: tuple, kwargs: dict) -> None:
        """Pre-hook of the whole model: forget the call before, note the sizes of the pictures."""
        self._forget()
        pictures = next(iter((*args, *kwargs.values())), None)
        if isinstance(pictures, Tensor) and pictures.ndim == 4:
            self._input_sizes_hw = [tuple(pictures.shape[-2:])] * len(pictures)
        elif isinstance(pictures, list | tuple) and all(isinstance(p, Tensor) and p.ndim == 3 for p in pictures):
            self._input_sizes_hw = [tuple(picture.shape[-2:]) for picture in pictures]

    def _call(self, kind: Kind, layer: int) -> AttentionCall:
        if not self._calls[kind]:
            raise ValueError(
                f"No {KINDS[kind]} was captured: the model has {self._layers[kind]} such layers, and no call of "
                "them was seen in the `with capture_attention(model)` block. Call model(pictures) inside it; a "
                "model compiled by torch.compile before the block hides its calls: use the plain one."
            )
        return self._calls[kind][index_of(layer, self._layers[kind], "layer", f"layers of {KINDS[kind]}")]

    def _map_hw(self) -> tuple[int, int]:
        """(H, W) of the whole feature map, padding included."""
        H, W = self._given_grid or self._seen_grid or (0, 0)
        calls = self._calls["encoder"] or self._calls["cross"]
        if not calls:
            self._call("cross" if self._layers["cross"] else "encoder", -1)  # says that nothing was captured
        S = next(iter(calls.values())).num_keys
        if H * W != S:
            came = f"{H} x {W} = {H * W}" if H else "an unknown feature map"
            raise ValueError(
                f"The attention is over {S} tokens, which do not fit {came}. "
                f"Give the size of the feature map, capture_attention(model, grid=(H, W)) with H * W = {S}."
            )
        return H, W


class EncoderAttention:
    """Self-attention of the encoder over the cells of a picture; cells are indexed [y, x], points are (x,
    y) pixels."""

    def __init__(
        self, call: AttentionCall, head: Head, sample: int, grid: FeatureGrid, map_hw: tuple[int, int]
    ) -> None:
        self.grid = grid
        self._call, self._head, self._sample, self._map_hw = call, head, sample, map_hw
        call.check(head, sample)

    @cached_property
    def weights(self) -> Tensor:
        """(H, W, H, W): [y, x] of the cell that looks, then [y, x] of the cell looked at. head="all" puts M
        in front."""
        H, W = self.grid.cells_hw
        maps = self._call.maps(self._head, self._sample)  # ([M,] S, S)
        maps = maps.unflatten(-1, self._map_hw).unflatten(-3, self._map_hw)  # ([M,] H, W, H, W)
        return maps[..., :H, :W, :H, :W]

    def looks_at(self, point_xy: tuple[float, float]) -> Tensor:
        """Where the cell at the point looks: its row of the attention, ([M,] H, W), which sums to 1."""
        H, W = self.grid.cells_hw
        y, x = self.grid.cell_at(point_xy)
        row = self._call.maps(self._head, self._sample, [y * self._map_hw[1] + x])  # ([M,] 1, S)
        return row[..., 0, :].unflatten(-1, self._map_hw)[..., :H, :W]

    def is_looked_at_from(self, point_xy: tuple[float, float]) -> Tensor:
        """How much every cell looks at the point: its column, ([M,] H, W), which need not sum to 1.

        This is what the official notebook draws (facebookresearch/detr issue 162)."""
        y, x = self.grid.cell_at(point_xy)
        return self.weights[..., y, x]


def _hook_layers(model: nn.Module, attention: CapturedAttention, lazy: bool) -> list:
    """Pre-hooks on every attention, and one hook that reads (H, W) off the convolution before the
    transformer."""
    handles = []
    for name, module in model.named_modules():
        own, cross = getattr(module, "self_attn", None), getattr(module, "multihead_attn", None)
        if isinstance(own, nn.MultiheadAttention):
            in_decoder = isinstance(cross, nn.MultiheadAttention)
            handles.append(_record(own, attention, "self" if in_decoder else "encoder", lazy))
            if in_decoder:
                handles.append(_record(cross, attention, "cross", lazy))
        if name.rpartition(".")[2] in ("input_proj", "conv") and isinstance(module, nn.Conv2d):

            def note_size(module: nn.Module, args: tuple, output: Tensor) -> None:
                attention._seen_grid = tuple(output.shape[-2:])

            handles.append(module.register_forward_hook(note_size))
    if not any(attention._layers.values()):
        raise ValueError(
            f"{type(model).__name__} has no layer with an nn.MultiheadAttention called self_attn, as DETR "
            "and nn.Transformer have. Give the model that holds the transformer."
        )
    return handles


def _record(module: nn.MultiheadAttention, attention: CapturedAttention, kind: Kind, lazy: bool) -> object:
    """Number the attention among its kind and keep what it is called with."""
    layer = attention._layers[kind]
    attention._layers[kind] += 1

    def keep(module: nn.MultiheadAttention, args: tuple, kwargs: dict) -> None:
        given = SIGNATURE.bind(module, *args, **kwargs).arguments  # callers may pass any of them by position
        call = AttentionCall(
            module, given["query"], given["key"], given.get("attn_mask"), given.get("key_padding_mask")
        )
        if not lazy:
            call.compute_all()
        attention._calls[kind][layer] = call

    return module.register_forward_pre_hook(keep, with_kwargs=True)
