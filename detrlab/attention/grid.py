"""The feature grid: which pixels of the picture belong to which cell of the feature map.

A backbone of stride s turns an input of h x w pixels into H x W cells, and cell (i, j) stands for the input
pixels [i*s, (i+1)*s) x [j*s, (j+1)*s). Where h or w is no multiple of s the last cell hangs over the edge
of the picture. Stretching the map over the picture, as most figures of attention do, moves its far side by
up to one cell; everything here keeps cells at their true places instead. The stride comes from the sizes
(32 for ResNet, 16 with a dilated last stage, 8 for the small model), never from a constant.

A cell's receptive field is much larger than the cell, and its centre is the model's own affair: the grid
says where a token sits, not what it saw.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor


def picture_size_hw(picture: object) -> tuple[int, int]:
    """(height, width) in pixels of a PIL picture or of an array or tensor of shape (height, width[, 3])."""
    if hasattr(picture, "height") and hasattr(picture, "width"):
        return int(picture.height), int(picture.width)
    shape = tuple(getattr(picture, "shape", ()))
    if len(shape) == 2 or (len(shape) == 3 and shape[2] in (3, 4)):
        return int(shape[0]), int(shape[1])
    what = f"shape {shape}" if shape else type(picture).__name__
    raise ValueError(
        f"Got {what} for a picture; expected a PIL picture or an array (height, width, 3). "
        "Open a file with detrlab.images.open_picture first."
    )


def stride_from_sizes(input_hw: tuple[int, int], cells_hw: tuple[int, int]) -> int:
    """The stride that makes an input of (h, w) pixels a map of (H, W) cells.

    Convolutions round each stage up, poolings may round down, so size / cells only lies near the stride.
    The stages of a convolutional network halve, hence a power of two is looked for first; then (patches of
    14 pixels, say) a size that divides both sides exactly. Raises ValueError where nothing fits.
    """
    ratios = [pixels / cells for pixels, cells in zip(input_hw, cells_hw, strict=True)]
    powers = [
        stride
        for stride in (2**exponent for exponent in range(12))
        if all(abs(pixels / stride - cells) < 1 for pixels, cells in zip(input_hw, cells_hw, strict=True))
    ]
    if powers:  # with one or two cells a side several fit: the closest to the ratio
        return min(powers, key=lambda stride: sum(abs(math.log(stride / ratio)) for ratio in ratios))
    if ratios[0] == ratios[1] and ratios[0].is_integer():
        return int(ratios[0])
    raise ValueError(
        f"No stride makes {cells_hw[0]}x{cells_hw[1]} cells (height x width) of an input of "
        f"{input_hw[0]}x{input_hw[1]} pixels. Are height and width swapped? grid is (H, W), in this order."
    )


def cells_of_tokens(input_hw: tuple[int, int], tokens: int) -> tuple[int, tuple[int, int]] | None:
    """(lead, (H, W)) where `tokens` are the H x W square patches that fill (h, w) pixels, and lead 1 if a class token
    stands in front of them, else 0; None where they are not. H / W = h / w, so no number of tokens fits both ways.
    """
    h, w = input_hw
    for lead in (0, 1):
        stride = math.isqrt(h * w // max(tokens - lead, 1))
        if stride and h % stride == 0 and w % stride == 0 and (h // stride) * (w // stride) == tokens - lead:
            return lead, (h // stride, w // stride)
    return None


@dataclass(frozen=True)
class FeatureGrid:
    """H x W cells over a picture. All places are continuous pixels (x, y) of the picture: 0..width,
    0..height.

    cells_hw:   (H, W), the cells that hold picture (the padded rest of a batch is not part of the grid).
    input_hw:   (h, w) of the picture as the model got it, after the resize, without padding.
    picture_hw: (height, width) of the picture that points, boxes and overlays refer to.
    stride:     pixels of the input per cell.
    """

    cells_hw: tuple[int, int]
    input_hw: tuple[int, int]
    picture_hw: tuple[int, int]
    stride: int

    def for_picture(self, picture: object) -> FeatureGrid:
        """The same cells over another size of the same picture: PIL picture or array (height, width, 3)."""
        return replace(self, picture_hw=picture_size_hw(picture))

    @property
    def cell_size_xy(self) -> tuple[float, float]:
        """(width, height) of a whole cell in pixels of the picture."""
        (h, w), (height, width) = self.input_hw, self.picture_hw
        return self.stride * width / w, self.stride * height / h

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """(left, right, bottom, top) for `imshow(map_hw, extent=grid.extent)` over a picture that is drawn
        with extent (0, width, height, 0). The last cells may reach past the picture; let the axes cut them
        off."""
        (H, W), (cell_width, cell_height) = self.cells_hw, self.cell_size_xy
        return 0.0, W * cell_width, H * cell_height, 0.0

    def cell_at(self, point_xy: tuple[float, float]) -> tuple[int, int]:
        """(row, column) of the cell that holds the point (x, y), in pixels of the picture. ValueError if
        outside."""
        (H, W), (h, w), (height, width) = self.cells_hw, self.input_hw, self.picture_hw
        x, y = point_xy
        if not (0 <= x <= width and 0 <= y <= height):
            raise ValueError(
                f"The point (x={x:g}, y={y:g}) lies outside the picture of {width} x {height} pixels. "
                f"Points are (x, y) in pixels with 0 <= x <= {width} and 0 <= y <= {height}."
            )
        row, column = y * h / (height * self.stride), x * w / (width * self.stride)
        # A cell's own edge must not fall to its neighbour by rounding. The far edge of the picture, and pixels
        # that a pooling rounded away, belong to the last cell.
        return min(int(row + 1e-9), H - 1), min(int(column + 1e-9), W - 1)

    def edges_xy(self) -> tuple[Tensor, Tensor]:
        """Cell borders in pixels of the picture: x (W+1,) and y (H+1,), cut off at the picture's edge."""
        (H, W), (height, width), (cell_width, cell_height) = self.cells_hw, self.picture_hw, self.cell_size_xy
        x = (torch.arange(W + 1, dtype=torch.float64) * cell_width).clamp(max=width)
        y = (torch.arange(H + 1, dtype=torch.float64) * cell_height).clamp(max=height)
        x[-1], y[-1] = width, height
        return x, y

    def cell_box_xyxy(self, row: int, column: int) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1) of the visible part of a cell, in pixels of the picture."""
        x, y = self.edges_xy()
        return x[column].item(), y[row].item(), x[column + 1].item(), y[row + 1].item()

    def cover(self, box_xyxy: Tensor | tuple[float, float, float, float]) -> Tensor:
        """(H, W) shares, 0..1: how much of each cell's visible area the box (x0, y0, x1, y1) covers.

        The box is in pixels of the picture. ValueError if its corners are swapped or none of it is in the
        picture.
        """
        x0, y0, x1, y1 = (float(value) for value in box_xyxy)
        height, width = self.picture_hw
        if not (x0 < x1 and y0 < y1):
            raise ValueError(
                f"The box ({x0:g}, {y0:g}, {x1:g}, {y1:g}) has no area; expected (x0, y0, x1, y1) in pixels "
                "with x0 < x1 and y0 < y1. Convert with cxcywh_to_xyxy and scale to pixels first."
            )
        if x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height:
            raise ValueError(
                f"The box ({x0:g}, {y0:g}, {x1:g}, {y1:g}) lies outside the picture of {width} x {height} "
                "pixels. Is it in another frame (0..1, or the resized picture)?"
            )
        x, y = self.edges_xy()
        return _covered(y, y0, y1)[:, None] * _covered(x, x0, x1)[None, :]  # (H, W)


def _covered(edges: Tensor, start: float, stop: float) -> Tensor:
    """Shares (n,) of the n intervals between edges (n+1,) that start..stop covers."""
    inside = (edges[1:].clamp(max=stop) - edges[:-1].clamp(min=start)).clamp(min=0)
    # In a padded batch the rounding of the mask can leave a cell that lies wholly beyond the picture: no
    # box covers it.
    return inside / (edges[1:] - edges[:-1]).clamp(min=1e-9)
