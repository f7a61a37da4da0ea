# %% style="searchsorted among the borders"
# Counts the cell borders that lie at or before the point.
def cell_at(point_xy, size_wh, input_hw, stride):
    found = []
    for place, original, resized in zip(point_xy, size_wh, reversed(input_hw)):
        borders = np.arange(0, resized + stride, stride) * (original / resized)  # in pixels of the original
        found.append(np.searchsorted(borders, place, side="right") - 1)
    return tuple(found[::-1])


# %% style="the two formulas"
def cell_at(point_xy, size_wh, input_hw, stride):
    x, y = point_xy
    width, height = size_wh
    h, w = input_hw
    row = int(y * h / height // stride)
    column = int(x * w / width // stride)
    return row, column


# %% style="math.floor, scale first"
import math


def cell_at(point_xy, size_wh, input_hw, stride):
    scale_x, scale_y = input_hw[1] / size_wh[0], input_hw[0] / size_wh[1]
    return math.floor(point_xy[1] * scale_y / stride), math.floor(point_xy[0] * scale_x / stride)


# %% style="a vector, turned around"
def cell_at(point_xy, size_wh, input_hw, stride):
    point, size = torch.tensor(point_xy, dtype=torch.float64), torch.tensor(size_wh, dtype=torch.float64)
    in_input = point / size * torch.tensor(input_hw).flip(0)
    return tuple((in_input / stride).floor().long().flip(0).tolist())


# %% style="divmod"
def cell_at(point_xy, size_wh, input_hw, stride):
    (x, y), (width, height), (h, w) = point_xy, size_wh, input_hw
    (row, _), (column, _) = divmod(y * h / height, stride), divmod(x * w / width, stride)
    return [int(row), int(column)]


# %% style="the size of a cell in the picture"
def cell_at(point_xy, size_wh, input_hw, stride):
    h, w = input_hw
    cell_width, cell_height = stride * size_wh[0] / w, stride * size_wh[1] / h
    return np.array([point_xy[1] / cell_height, point_xy[0] / cell_width]).astype(int)
