"""Self-attention among the cells of a picture: of DETR's encoder, and of a vision transformer, whose class token stands
in front of its cells."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

from torch import Tensor

from detrlab.attention.call import AttentionCall
from detrlab.attention.grid import FeatureGrid

Head = int | Literal["mean", "all"]


class EncoderAttention:
    """Self-attention of one layer over the cells of a picture; cells are indexed [y, x], points are (x, y) pixels.

    A class token is no cell: rows among the cells then sum to 1 less what the cell gives to the class token.
    """

    def __init__(
        self, call: AttentionCall, head: Head, sample: int, grid: FeatureGrid, lead: int, map_hw: tuple[int, int]
    ) -> None:
        """lead: tokens in front of the cells, 1 with a class token. map_hw: (H, W), padding included."""
        self.grid, self.lead = grid, lead
        self._call, self._head, self._sample, self._map_hw = call, head, sample, map_hw
        call.check(head, sample)

    @cached_property
    def weights(self) -> Tensor:
        """(H, W, H, W): [y, x] of the cell that looks, then [y, x] of the cell looked at. head="all" puts M
        in front."""
        H, W = self.grid.cells_hw
        maps = self._call.maps(self._head, self._sample)[..., self.lead :, self.lead :]  # ([M,] H*W, H*W)
        maps = maps.unflatten(-1, self._map_hw).unflatten(-3, self._map_hw)  # ([M,] H, W, H, W)
        return maps[..., :H, :W, :H, :W]

    def looks_at(self, point_xy: tuple[float, float]) -> Tensor:
        """Where the cell at the point looks: its row of the attention, ([M,] H, W), which sums to 1 (with a class
        token: to less)."""
        y, x = self.grid.cell_at(point_xy)
        return self._row(self.lead + y * self._map_hw[1] + x)

    def is_looked_at_from(self, point_xy: tuple[float, float]) -> Tensor:
        """How much every cell looks at the point: its column, ([M,] H, W), which need not sum to 1.

        This is what the official notebook draws (facebookresearch/detr issue 162)."""
        y, x = self.grid.cell_at(point_xy)
        return self.weights[..., y, x]

    @property
    def cls_looks_at(self) -> Tensor:
        """Where the class token looks among the cells: the first row, ([M,] H, W), which sums to 1 less what the class
        token gives to itself. ValueError in a model without one."""
        if self.lead == 0:
            raise ValueError("There is no class token: each of the tokens is a cell of the picture.")
        return self._row(0)

    def _row(self, token: int) -> Tensor:
        """([M,] H, W) of one token's row."""
        H, W = self.grid.cells_hw
        row = self._call.maps(self._head, self._sample, [token])[..., 0, self.lead :]  # ([M,] S)
        return row.unflatten(-1, self._map_hw)[..., :H, :W]
