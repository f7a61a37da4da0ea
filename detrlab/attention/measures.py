"""Numbers for attention maps: mass in a box, lift over its area, entropy; and what is looked at when distance is equal.

A figure convinces; a number with a control is evidence. The first three work on maps (..., H, W) of non-negative
weights, one map or many (heads, queries) at once, and normalise each map to sum 1 first: a row of attention
has sum 1 already, a column (who looks at a point) has not.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from detrlab.attention.grid import FeatureGrid


def _as_shares(map_hw: Tensor, wanted: str) -> Tensor:
    """(..., H, W) float64 with each map summing to 1; `wanted` says what has to come."""
    map_hw = torch.as_tensor(map_hw).detach().double()
    if map_hw.ndim < 2:
        raise ValueError(f"Got shape {tuple(map_hw.shape)}; expected {wanted}. Reshape the S tokens to H x W first.")
    total = map_hw.sum((-2, -1), keepdim=True)
    if not (torch.isfinite(total).all() and (map_hw >= 0).all() and (total > 0).all()):
        raise ValueError(
            "The map holds negative or undefined numbers, or sums to zero; "
            "expected attention weights after the softmax."
        )
    return map_hw / total


def mass_in_box(map_hw: Tensor, box_xyxy: Tensor | tuple[float, float, float, float], grid: FeatureGrid) -> Tensor:
    """Share of the attention that falls inside a box, 0..1: shape (...) for maps (..., H, W).

    box_xyxy: (x0, y0, x1, y1) in pixels of grid's picture. A cell that the box covers partly counts by the
    covered part.
    """
    shares = _as_shares(map_hw, "maps (..., H, W) over the cells of the grid")
    if tuple(shares.shape[-2:]) != grid.cells_hw:
        raise ValueError(
            f"The map has {shares.shape[-2]}x{shares.shape[-1]} cells (height x width), "
            f"the grid {grid.cells_hw[0]}x{grid.cells_hw[1]}. Take both from the same capture and sample."
        )
    return (shares * grid.cover(box_xyxy)).sum((-2, -1))


def lift(map_hw: Tensor, box_xyxy: Tensor | tuple[float, float, float, float], grid: FeatureGrid) -> Tensor:
    """Mass in the box divided by the box's share of the area: shape (...) for maps (..., H, W).

    1 is what attention spread evenly over all cells would give, 5 means five times as much. The area is
    counted in cells, so that even attention has a lift of exactly 1 where the last cells hang over the
    picture's edge, too.
    """
    return mass_in_box(map_hw, box_xyxy, grid) / grid.cover(box_xyxy).mean()


def entropy(map_hw: Tensor) -> Tensor:
    """Entropy of a map divided by log S, S = H*W: 0 all on one cell, 1 spread evenly. Shape (...) for (...,
    H, W).

    0 * log 0 counts as 0. Divided by log S because maps of different size could not be compared otherwise.
    """
    shares = _as_shares(map_hw, "maps (..., H, W)")
    S = shares.shape[-2] * shares.shape[-1]
    if S < 2:
        raise ValueError("A map of one cell has no entropy to normalise; expected at least two cells.")
    return -torch.xlogy(shares, shares).sum((-2, -1)) / math.log(S)


def at_equal_distance(weights: Tensor, looks: Tensor, kinds: Tensor) -> Tensor:
    """What some cells give to K kinds of cells that are equally far away: (P, K) mean weights, float64.

    One row for each pair of a cell that looks and a distance at which every kind occurs; its entries are the mean
    weights of that cell to the cells of each kind at that distance. The mean over rows compares the kinds: nearness is
    the same for all. P is 0 where the kinds never lie equally far away.

    weights: (H, W, H, W) as [y, x] of the cell that looks, then of the cell looked at. looks: (H, W) bool. kinds:
    (K, H, W) bool. ValueError where shapes do not fit.
    """
    H, W = looks.shape
    if weights.shape != (H, W, H, W) or kinds.shape[1:] != (H, W):
        raise ValueError(
            f"The weights have shape {tuple(weights.shape)}, the cells that look {tuple(looks.shape)}, the kinds "
            f"{tuple(kinds.shape)}; expected (H, W, H, W), (H, W) and (K, H, W)."
        )
    y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    rows, columns = looks.nonzero().T[..., None, None]  # (N, 1, 1) each: the N cells that look
    squared = ((y - rows) ** 2 + (x - columns) ** 2).flatten(1)  # (N, S)
    N, D = len(squared), H * H + W * W  # more than any squared distance
    places = (torch.arange(N)[:, None] * D + squared).flatten()  # (N * S,) of a table (N, D)
    given = weights[looks].flatten(1).double()  # (N, S)
    total, count = torch.zeros(2, len(kinds), N * D, dtype=torch.float64)
    members = kinds.flatten(1).double()[:, None]  # (K, 1, S)
    total.index_add_(1, places, (members * given).flatten(1))
    count.index_add_(1, places, members.expand(-1, N, -1).flatten(1))
    shared = (count > 0).all(0)
    return (total[:, shared] / count[:, shared]).T  # (P, K)
