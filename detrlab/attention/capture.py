"""Capture the attention of a model: `with capture_attention(model) as attention: model(pictures)`.

Any nn.MultiheadAttention is captured, under its name in the model: `attention.names` lists them, and
`attention.weights(name)` gives the maps. Maps are [query, key]: a row says where one token looks, a column who looks at
it.

For what DETR has there are words (section 3.2 and figure 10 of the paper): the encoder's self-attention among the S =
H*W cells of the feature map, the decoder's self-attention among the Q object queries, and its cross-attention from
queries to cells. A vision transformer is an encoder alone, with a class token in front of its cells.

Works on the library's models and the official ones, and on models around nn.Transformer, in which a forward hook only
finds None because their layers do not ask for weights. The model takes the same path as without capture, its outputs
stay the same to the last bit, and the maps are those before dropout, with rows that sum to 1 in training mode, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from detrlab.attention.call import AttentionCall, index_of
from detrlab.attention.encoder import EncoderAttention, Head
from detrlab.attention.grid import FeatureGrid, cells_of_tokens, stride_from_sizes
from detrlab.attention.record import Kind, Recording

KINDS: dict[Kind, str] = {
    "encoder": "encoder self-attention",
    "self": "decoder self-attention",
    "cross": "decoder cross-attention",
}
NAMES_SHOWN = 6  # in an error


@contextmanager
def capture_attention(
    model: nn.Module, *, grid: tuple[int, int] | None = None, lazy: bool = False
) -> Iterator[CapturedAttention]:
    """Record all attentions of the model's calls inside the `with` block; the maps stay readable after it.

    Of several calls the last one counts. The maps are those that each nn.MultiheadAttention itself gives when it is
    asked for its weights, to the last bit. With lazy=True only queries and keys are kept (a tenth of the memory) and
    maps are rebuilt when asked for, one row at a time, to float rounding: read them before the weights change.

    grid: (H, W) of the cells. Not needed where the model has a 1x1 convolution called `input_proj` (DETR) or `conv`
    (the short DETR) in front of its transformer, since its output has the size that is wanted, nor where the cells are
    square patches that fill the picture (a vision transformer), with or without a class token in front of them. Raises
    ValueError if the model has no nn.MultiheadAttention, and says what it has instead.
    """
    recording = Recording(model, lazy)
    try:
        yield CapturedAttention(recording, grid)
    finally:
        recording.close()


class CapturedAttention:
    """The attentions of one forward pass. Everywhere: layer counts from 0 (-1 is the last), head is a
    number, "mean" or "all", sample is the picture's place in the batch. ValueError says what is there if
    something else is asked for.
    """

    def __init__(self, recording: Recording, grid: tuple[int, int] | None) -> None:
        self._recording, self._given_grid = recording, grid

    # ---- any nn.MultiheadAttention ----

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all attention layers in the model, as in `model.named_modules()`."""
        return tuple(self._recording.kinds)

    def weights(self, name: str, head: Head = "mean", *, sample: int = 0) -> Tensor:
        """The maps of one of `names`: (N, S), N tokens that look at S; head="all" puts M in front."""
        return self._named(name).maps(head, sample)

    def over_cells(self, name: str, head: Head = "mean", *, sample: int = 0) -> Tensor:
        """The same where the tokens looked at are the cells of the picture: (N, H, W); head="all" puts M in front.

        A class token in front of the cells is left out.
        """
        call = self._named(name)
        return self._over_cells(call, call.maps(head, sample), self._grid_of(call, sample).cells_hw)

    # ---- DETR's words ----

    def layers(self, kind: Kind) -> int:
        """How many layers L the model has of a kind."""
        return len(self._of_kind(kind))

    def heads(self, kind: Kind, layer: int = -1) -> int:
        """How many heads M a layer has."""
        return self._call(kind, layer).num_heads

    def encoder(
        self, layer: int = -1, head: Head = "mean", *, sample: int = 0, picture: object = None
    ) -> EncoderAttention:
        """Self-attention among the cells. Points are in pixels of `picture`, or of the model's input
        without one."""
        call = self._call("encoder", layer)
        return EncoderAttention(call, head, sample, self._grid_of(call, sample, picture), *self._cells(call))

    def cls_looks_at(self, layer: int = -1, head: Head = "mean", *, sample: int = 0) -> Tensor:
        """Where the class token of a vision transformer looks: ([M,] H, W), which sums to 1 less what it gives to
        itself."""
        return self.encoder(layer, head, sample=sample).cls_looks_at

    def decoder_cross(
        self, layer: int = -1, head: Head = "mean", *, sample: int = 0, query: int | None = None
    ) -> Tensor:
        """Where the object queries look: (Q, H, W), or (H, W) for one query; head="all" puts M in front.

        In a padded batch H x W is the part of the map that holds this sample's picture.
        """
        call, cells_hw = self._call("cross", layer), self.grid(sample).cells_hw
        queries = None if query is None else [index_of(query, call.num_queries, "query", "object queries")]
        maps = self._over_cells(call, call.maps(head, sample, queries), cells_hw)  # ([M,] Q, H, W)
        return maps if query is None else maps[..., 0, :, :]

    def decoder_self(self, layer: int = -1, head: Head = "mean", *, sample: int = 0) -> Tensor:
        """Which object query looks at which other: (Q, Q) as [query, key]; head="all" puts M in front."""
        return self._call("self", layer).maps(head, sample)

    def projected(self, kind: Kind, layer: int, *, sample: int = 0) -> tuple[Tensor, Tensor]:
        """The queries (M, N, D/M), divided by sqrt(D/M), and keys (M, S, D/M) of a layer: softmax(q k^T) is
        its attention. Of cells only those that hold this sample's picture, row by row; a class token comes before them.

        ValueError unless captured with lazy=True, or if the layer has an attn_mask.
        """
        call = self._call(kind, layer)
        if call.has_attention_mask:
            raise ValueError(f"The {KINDS[kind]} has an attn_mask: queries and keys alone do not give its weights.")
        q, k = call.projected(sample)  # (M, N, D/M), (M, S, D/M)
        if kind == "self":
            return q, k
        (H, W), (lead, map_hw) = self.grid(sample).cells_hw, self._cells(call)

        def of_picture(x: Tensor) -> Tensor:  # (M, lead + H*W, D/M)
            return torch.cat([x[:, :lead], x[:, lead:].unflatten(1, map_hw)[:, :H, :W].flatten(1, 2)], dim=1)

        return of_picture(q) if kind == "encoder" else q, of_picture(k)

    def grid(self, sample: int = 0, picture: object = None) -> FeatureGrid:
        """Where the cells lie in the picture (PIL or array), or in the model's input where none is given.

        A model that is given no pictures, such as an nn.Transformer alone, counts one cell as one pixel.
        """
        calls = self._recording.calls
        kind: Kind = "encoder" if any(name in calls for name in self._of_kind("encoder")) else "cross"
        return self._grid_of(self._call(kind, -1), sample, picture)

    # ---- which call, and where its cells lie ----

    def _grid_of(self, call: AttentionCall, sample: int, picture: object = None) -> FeatureGrid:
        lead, (H, W) = self._cells(call)
        mask = call.padding(sample)  # (S,), True on padding
        if mask is None:
            cells_hw = H, W
        else:
            valid = ~mask[lead:].reshape(H, W)
            cells_hw = int(valid.any(1).sum()), int(valid.any(0).sum())
        sizes_hw = self._recording.input_sizes_hw
        if sizes_hw is None:
            grid = FeatureGrid(cells_hw, cells_hw, cells_hw, stride=1)
        else:
            input_hw = sizes_hw[index_of(sample, len(sizes_hw), "sample", "pictures")]
            grid = FeatureGrid(cells_hw, input_hw, input_hw, stride_from_sizes(_padded(sizes_hw), (H, W)))
        return grid if picture is None else grid.for_picture(picture)

    def _over_cells(self, call: AttentionCall, maps: Tensor, cells_hw: tuple[int, int]) -> Tensor:
        """(..., S) -> (..., H, W), without the class token and the padded rest of the batch."""
        (lead, map_hw), (H, W) = self._cells(call), cells_hw
        return maps[..., lead:].unflatten(-1, map_hw)[..., :H, :W]

    def _of_kind(self, kind: Kind) -> list[str]:
        """Names in the model's order. An attention that DETR has no word for counts as an encoder's where its call was
        among the cells of a picture."""
        found, calls = [], self._recording.calls
        for name, own in self._recording.kinds.items():
            among_cells = kind == "encoder" and own is None and name in calls and self._is_among_cells(calls[name])
            if own == kind or among_cells:
                found.append(name)
        return found

    def _is_among_cells(self, call: AttentionCall) -> bool:
        """Is it self-attention, as of a vision transformer? Words have a mask, and a text no picture."""
        same = call.num_queries == call.num_keys and not call.has_attention_mask
        pictures = self._recording.input_sizes_hw is not None or self._given_grid is not None
        return same and pictures and self._fitting_cells(call) is not None

    def _call(self, kind: Kind, layer: int) -> AttentionCall:
        names, calls = self._of_kind(kind), self._recording.calls
        if not any(name in calls for name in names):
            raise ValueError(
                f"No {KINDS[kind]} was captured: the model has {len(names)} such layers, and no call of "
                "them was seen in the `with capture_attention(model)` block. Call model(pictures) inside it; a "
                "model compiled by torch.compile before the block hides its calls: use the plain one. Attention of "
                f"every kind: attention.weights(name), with one of {self._known()}."
            )
        return self._named(names[index_of(layer, len(names), "layer", f"layers of {KINDS[kind]}")])

    def _named(self, name: str) -> AttentionCall:
        if name not in self._recording.kinds:
            raise ValueError(f"There is no attention layer {name!r}, only {self._known()}.")
        if name not in self._recording.calls:
            raise ValueError(
                f"{name!r} was not called in the `with capture_attention(model)` block: call the model inside it."
            )
        return self._recording.calls[name]

    def _known(self) -> str:
        more = f" and {len(self.names) - NAMES_SHOWN} more" if len(self.names) > NAMES_SHOWN else ""
        return ", ".join(map(repr, self.names[:NAMES_SHOWN])) + more

    def _cells(self, call: AttentionCall) -> tuple[int, tuple[int, int]]:
        """How many tokens stand in front of the cells that a call looks at, and (H, W) of these, padding included."""
        found = self._fitting_cells(call)
        if found is None:
            S = call.num_keys
            H, W = self._given_grid or self._recording.map_hw or (0, 0)
            came = f"{H} x {W} = {H * W}" if H else "an unknown feature map"
            raise ValueError(
                f"The attention is over {S} tokens, which do not fit {came}. Give the size of the feature map, "
                f"capture_attention(model, grid=(H, W)) with H * W = {S}, or {S - 1} with a class token in front."
            )
        return found

    def _fitting_cells(self, call: AttentionCall) -> tuple[int, tuple[int, int]] | None:
        """The same, or None: the grid that was given, else the map that was seen, else square patches."""
        S = call.num_keys
        known_hw = self._given_grid or self._recording.map_hw
        if known_hw is not None and S - known_hw[0] * known_hw[1] in (0, 1):
            return S - known_hw[0] * known_hw[1], known_hw
        sizes_hw = self._recording.input_sizes_hw
        return None if self._given_grid or sizes_hw is None else cells_of_tokens(_padded(sizes_hw), S)


def _padded(sizes_hw: list[tuple[int, int]]) -> tuple[int, int]:
    return max(height for height, _ in sizes_hw), max(width for _, width in sizes_hw)
