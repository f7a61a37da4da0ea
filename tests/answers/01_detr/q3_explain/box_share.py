# %% style="a table of cumulated attention"
# Read at the box's corners by linear interpolation (exact for flat cells).
import numpy as np


def mass_inside(map_hw, box_xyxy, size_wh):
    H, W = map_hw.shape
    table = np.pad(np.asarray(map_hw, dtype=float).cumsum(0).cumsum(1), ((1, 0), (1, 0)))  # (H + 1, W + 1)
    x0, y0, x1, y1 = np.asarray(box_xyxy, dtype=float) / np.tile(size_wh, 2) * [W, H, W, H]

    def up_to(x, y):
        return np.interp(y, np.arange(H + 1), [np.interp(x, np.arange(W + 1), row) for row in table])

    return (up_to(x1, y1) - up_to(x0, y1) - up_to(x1, y0) + up_to(x0, y0)) / table[-1, -1]


def lift_over_area(map_hw, box_xyxy, size_wh):
    even = torch.ones(map_hw.shape)
    return mass_inside(map_hw, box_xyxy, size_wh) / mass_inside(even, box_xyxy, size_wh)


# %% style="shares of rows and columns"
def mass_inside(map_hw, box_xyxy, size_wh):
    H, W = map_hw.shape
    x0, y0, x1, y1 = box_xyxy
    width, height = size_wh

    def share(count, size, low, high):
        edges = torch.arange(count + 1) * (size / count)
        covered = torch.minimum(edges[1:], high) - torch.maximum(edges[:-1], low)
        return covered.clamp(min=0) / (size / count)

    cover = share(H, height, y0, y1)[:, None] * share(W, width, x0, x1)
    return ((cover * map_hw).sum() / map_hw.sum()).item()


def lift_over_area(map_hw, box_xyxy, size_wh):
    x0, y0, x1, y1 = box_xyxy.tolist()
    area = (x1 - x0) * (y1 - y0) / (size_wh[0] * size_wh[1])
    return mass_inside(map_hw, box_xyxy, size_wh) / area


# %% style="two loops over cells"
def mass_inside(map_hw, box_xyxy, size_wh):
    H, W = map_hw.shape
    cell_width, cell_height = size_wh[0] / W, size_wh[1] / H
    x0, y0, x1, y1 = box_xyxy.tolist()
    inside = total = 0.0
    for row, weights in enumerate(map_hw.tolist()):
        for column, weight in enumerate(weights):
            left, top = column * cell_width, row * cell_height
            wide = max(0.0, min(x1, left + cell_width) - max(x0, left))
            high = max(0.0, min(y1, top + cell_height) - max(y0, top))
            inside += weight * wide * high / (cell_width * cell_height)
            total += weight
    return inside / total


def lift_over_area(map_hw, box_xyxy, size_wh):
    (x0, y0, x1, y1), (width, height) = box_xyxy, size_wh
    return mass_inside(map_hw, box_xyxy, size_wh) * width * height / ((x1 - x0) * (y1 - y0))


# %% style="a vector from each side"
# In units of cells, a cell's share is a clamped difference; the sum is a product of vector, matrix, vector.
def mass_inside(map_hw, box_xyxy, size_wh):
    shape = torch.tensor(map_hw.shape).flip(0)  # (W, H)
    low, high = (box_xyxy.double() / torch.tensor(size_wh).repeat(2) * shape.repeat(2)).view(2, 2)
    along_x, along_y = (
        (high[axis] - torch.arange(shape[axis])).clamp(0, 1) - (low[axis] - torch.arange(shape[axis])).clamp(0, 1)
        for axis in (0, 1))
    return float(along_y @ map_hw.double() @ along_x / map_hw.double().sum())


def lift_over_area(map_hw, box_xyxy, size_wh):
    sides = (box_xyxy[2:] - box_xyxy[:2]) / torch.tensor(size_wh)
    return mass_inside(map_hw, box_xyxy, size_wh) / float(sides.prod())


# %% style="boxes of all cells at once"
import torchvision.ops


def mass_inside(map_hw, box_xyxy, size_wh):
    H, W = map_hw.shape
    y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    unit = torch.tensor([size_wh[0] / W, size_wh[1] / H] * 2)
    cells = torch.stack([x, y, x + 1, y + 1], -1).flatten(0, 1) * unit  # (S, 4)
    common = torch.cat([torch.maximum(cells[:, :2], box_xyxy[:2]), torch.minimum(cells[:, 2:], box_xyxy[2:])], 1)
    common[:, 2:] = torch.maximum(common[:, 2:], common[:, :2])
    cover = torchvision.ops.box_area(common) / torchvision.ops.box_area(cells)
    return torch.dot(cover, map_hw.flatten()) / map_hw.sum()


def lift_over_area(map_hw, box_xyxy, size_wh):
    share = torchvision.ops.box_area(box_xyxy[None])[0] / math.prod(size_wh)
    return mass_inside(map_hw, box_xyxy, size_wh) / share
