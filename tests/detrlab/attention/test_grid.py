"""Pixels and cells: numbers by hand for strides 32, 16, 8 and 14, cells over the edge, resized pictures."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.testing import assert_close

from detrlab.attention.grid import FeatureGrid, picture_size_hw, stride_from_sizes

# 50 x 70 pixels (height x width) at stride 32: 2 x 3 cells, of which the last ones show 18 rows and 6
# columns.
GRID = FeatureGrid(cells_hw=(2, 3), input_hw=(50, 70), picture_hw=(50, 70), stride=32)


@pytest.mark.parametrize(
    ("input_hw", "cells_hw", "stride"),
    [
        ((800, 1066), (25, 34), 32),  # 1066 / 32 = 33.3, rounded up at every halving
        ((800, 1066), (50, 67), 16),  # dilated last stage
        ((128, 213), (16, 27), 8),
        ((201, 213), (25, 27), 8),  # a pooling rounds 201 down
        ((33, 470), (2, 15), 32),
        ((64, 33), (2, 2), 32),  # few cells: 64 / 2 decides
        ((224, 322), (16, 23), 14),  # patches
    ],
)
def test_stride_from_sizes(input_hw, cells_hw, stride):
    assert stride_from_sizes(input_hw, cells_hw) == stride


def test_no_stride_fits_a_swapped_grid():
    with pytest.raises(ValueError, match="34x25 cells.*800x1066 pixels.*swapped"):
        stride_from_sizes((800, 1066), (34, 25))


def test_cells_over_the_edge_are_cut():
    assert GRID.extent == (0, 96, 64, 0)  # 3 * 32 and 2 * 32: past the picture
    assert GRID.cell_at((31.9, 32)) == (1, 0)
    assert GRID.cell_at((70, 50)) == (1, 2)  # the far corner still belongs to the last cell
    assert GRID.cell_box_xyxy(1, 2) == (64, 32, 70, 50)
    with pytest.raises(ValueError, match=r"\(x=3, y=51\).*70 x 50 pixels"):
        GRID.cell_at((3, 51))


def test_points_are_in_pixels_of_the_original_picture():
    """A picture of 140 x 200 (width x height), given to the model as 70 x 50: a cell is 64 wide and 128
    high."""
    grid = GRID.for_picture(Image.new("RGB", (140, 200)))
    assert grid.cell_size_xy == (64, 128)
    assert grid.cell_at((63, 129)) == (1, 0)
    assert grid.cell_at((64, 127)) == (0, 1)
    assert grid.extent == (0, 192, 256, 0)
    # Every cell's left edge is its own, however the numbers round.
    wide = FeatureGrid((25, 34), (800, 1066), (853, 1137), 32)
    edges, _ = wide.edges_xy()
    assert [wide.cell_at((edge.item(), 0))[1] for edge in edges[:-1]] == list(range(34))


def test_cover_counts_parts_of_visible_cells():
    cover = GRID.cover((16, 32, 67, 41))
    # x: half of cell 0, all of 1, 3 of the 6 visible columns of 2; y: nothing of row 0, 9 of 18 rows of row
    # 1.
    assert_close(cover, torch.tensor([[0, 0, 0], [0.25, 0.5, 0.25]], dtype=torch.float64))
    assert_close(GRID.cover((-9, -9, 99, 99)), torch.ones(2, 3, dtype=torch.float64))
    with pytest.raises(ValueError, match="no area"):
        GRID.cover((20, 20, 10, 30))
    with pytest.raises(ValueError, match="outside the picture of 70 x 50"):
        GRID.cover((80, 0, 90, 10))


def test_a_cell_beyond_the_picture_is_covered_by_no_box():
    """Rounding of a padded mask leaves a cell whose pixels start where the picture ends."""
    grid = FeatureGrid((1, 3), (32, 60), (32, 60), 32)
    assert grid.cell_box_xyxy(0, 1) == (32, 0, 60, 32)
    assert_close(grid.cover((0, 0, 60, 32)), torch.tensor([[1, 1, 0]], dtype=torch.float64))


def test_pixels_that_a_pooling_rounded_away_belong_to_the_last_cell():
    grid = FeatureGrid(cells_hw=(1, 2), input_hw=(9, 17), picture_hw=(9, 17), stride=8)
    assert grid.cell_at((16.5, 8.5)) == (0, 1)
    assert grid.cell_box_xyxy(0, 1) == (8, 0, 17, 9)


def test_picture_sizes():
    assert picture_size_hw(Image.new("RGB", (5, 3))) == picture_size_hw(np.zeros((3, 5, 3))) == (3, 5)
    with pytest.raises(ValueError, match=r"shape \(3, 5, 7\).*open_picture"):
        picture_size_hw(torch.zeros(3, 5, 7))
    with pytest.raises(ValueError, match="Got str for a picture"):
        picture_size_hw("scene.png")
