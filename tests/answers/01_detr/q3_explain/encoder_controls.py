# %% style="cdist and bincount"
# All distances by scipy's cdist, their means by bincount; rows of the S x S matrix in place of four axes.
import numpy as np
from scipy.spatial.distance import cdist


def same_distance_map(weights, cell):
    H, W = weights.shape[:2]
    cells = np.argwhere(np.ones((H, W)))
    _, group = np.unique(cdist(cells, cells, "sqeuclidean"), return_inverse=True)
    means = np.bincount(group.ravel(), weights.double().numpy().ravel()) / np.bincount(group.ravel())
    return means[group.reshape(H, W, H, W)[tuple(cell)]]


def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
    number = np.ravel_multi_index(cell, grid.cells_hw)
    rows = [weights.flatten(0, 1)[number] for weights in (here, *elsewhere)]
    rows.append(torch.from_numpy(same_distance_map(here, cell)))
    first, *others, last = measures.mass_in_box(torch.stack(rows), box_xyxy, grid).tolist()
    return {"here": first, "elsewhere": others, "equal distance": last}


# %% style="masks of each distance"
def same_distance_map(weights, cell):
    H, W = weights.shape[:2]
    y, x = torch.arange(H), torch.arange(W)
    dy = (y[:, None] - y[None, :]) ** 2  # (H, H)
    dx = (x[:, None] - x[None, :]) ** 2  # (W, W)
    squared = dy[:, None, :, None] + dx[None, :, None, :]  # (H, W, H, W)
    control = torch.zeros(H, W)
    for distance in squared.unique():
        control[squared[cell[0], cell[1]] == distance] = weights[squared == distance].mean()
    return control


def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
    y, x = cell

    def mass(map_hw):
        return measures.mass_in_box(map_hw, box_xyxy, grid).item()

    return {"here": mass(here[y, x]), "elsewhere": [mass(other[y, x]) for other in elsewhere],
            "equal distance": mass(same_distance_map(here, cell))}


# %% style="dictionaries of sums and counts"
from collections import defaultdict


def same_distance_map(weights, cell):
    H, W = weights.shape[:2]
    cells = [(y, x) for y in range(H) for x in range(W)]
    found = defaultdict(list)
    for (y, x), row in zip(cells, weights.reshape(H * W, H * W).tolist()):
        for (v, u), weight in zip(cells, row):
            found[(y - v) ** 2 + (x - u) ** 2].append(weight)
    means = {squared: sum(each) / len(each) for squared, each in found.items()}
    return [[means[(y - cell[0]) ** 2 + (x - cell[1]) ** 2] for x in range(W)] for y in range(H)]


def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
    control = torch.tensor(same_distance_map(here, cell))
    report = {"equal distance": float(measures.mass_in_box(control, box_xyxy, grid)), "elsewhere": []}
    report["here"] = float(measures.mass_in_box(here[tuple(cell)], box_xyxy, grid))
    for weights in elsewhere:
        report["elsewhere"].append(float(measures.mass_in_box(weights[tuple(cell)], box_xyxy, grid)))
    return report


# %% style="unique and index_add"
def same_distance_map(weights, cell):
    H, W, _, _ = weights.shape
    places = torch.cartesian_prod(torch.arange(H), torch.arange(W))  # (S, 2)
    squared = (places[:, None] - places[None]).square().sum(-1)  # (S, S)
    _, group = squared.unique(return_inverse=True)
    sums = torch.zeros(int(group.max()) + 1).index_add(0, group.flatten(), weights.flatten())
    means = sums / group.flatten().bincount()
    return means[group[cell[0] * W + cell[1]]].view(H, W)


def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
    looks_at = torch.stack([weights[cell[0], cell[1]] for weights in [here, *elsewhere]])
    masses = measures.mass_in_box(looks_at, box_xyxy, grid)
    control = measures.mass_in_box(same_distance_map(here, cell), box_xyxy, grid)
    return {"here": masses[0], "equal distance": control, "elsewhere": masses[1:]}


# %% style="shift by shift"
# All pairs with the same (dy, dx) are a slice of the weights' diagonals; those of equal length are put together.
def same_distance_map(weights, cell):
    H, W = weights.shape[:2]
    sums, counts = torch.zeros((H * H + W * W,)), torch.zeros((H * H + W * W,))
    for dy in range(1 - H, H):
        lines = weights.diagonal(dy, 0, 2)  # (W, W, rows)
        for dx in range(1 - W, W):
            pairs = lines.diagonal(dx, 0, 1)  # (rows, columns)
            sums[dy * dy + dx * dx] += pairs.sum()
            counts[dy * dy + dx * dx] += pairs.numel()
    y, x = torch.arange(H) - cell[0], torch.arange(W) - cell[1]
    squared = y[:, None] ** 2 + x**2
    return sums[squared] / counts[squared]


def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
    maps = {"here": here[cell], "equal distance": same_distance_map(here, cell)}
    masses = {name: measures.mass_in_box(map_hw, box_xyxy, grid) for name, map_hw in maps.items()}
    return {**masses, "elsewhere": tuple(measures.mass_in_box(each[cell], box_xyxy, grid) for each in elsewhere)}
