# ruff: noqa: E402, F811, F821
"""Differently written correct answers to notebook 3, from its text alone: the checks must take every one of them."""

# %% exercise="sources"
# Named tuples from one function; sums by torch.add, values as copies.
from collections import namedtuple

Inputs = namedtuple("Inputs", "q k v")


def attention_sources(src, pos, tgt, query_pos, memory):
    def inputs(looks, place, at, place_at):
        return Inputs(q=torch.add(looks, place), k=torch.stack([at, place_at]).sum(0), v=at.clone())

    return {
        "decoder cross": inputs(tgt, query_pos, memory, pos),
        "decoder self": inputs(tgt, query_pos, tgt, query_pos),
        "encoder self": inputs(src, pos, src, pos),
    }


# %% exercise="shuffle"
# Shuffles with a permutation matrix, in one batch of both runs, and undoes it with the transposed matrix.
def order_gaps(encode, src, pos, order):
    matrix = torch.eye(len(order))[order]  # (S, S): row i picks token order[i]

    def gap(pos):
        both = encode(torch.cat([src, matrix @ src]), pos.repeat(2, 1, 1))
        as_given, shuffled = both.chunk(2)
        return torch.dist(as_given, matrix.T @ shuffled, p=float("inf"))

    return {"without positions": gap(pos * 0), "with positions": gap(pos)}


# %% exercise="box_share"
# The table of cumulated attention, read at the box's corners by linear interpolation (exact for flat cells).
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


# %% exercise="spread"
# scipy's entropy with S as its base; it takes 0 log 0 as 0 by itself.
import scipy.stats


def head_entropies(maps):
    weights = maps.flatten(start_dim=1).double().numpy()
    per_head = scipy.stats.entropy(weights, base=weights.shape[1], axis=1)
    return torch.from_numpy(per_head), scipy.stats.entropy(weights.mean(axis=0), base=weights.shape[1])


# %% exercise="decoder_controls"
# numpy's quantiles give lowest, median and highest at once; the box as two corners that move together.
import numpy as np


def control_masses(here, elsewhere, untrained, query, shifts):
    box = here.boxes_xyxy[query]

    def mass(run, box=box):
        return measures.mass_in_box(run.maps.index_select(0, torch.tensor([query])), box, run.grid)[0]

    report = {"here": mass(here), "untrained": mass(untrained)}
    report["elsewhere"] = np.array([float(mass(run)) for run in elsewhere])
    report |= zip(("lowest", "median", "highest"), np.quantile(report["elsewhere"], (0, 0.5, 1)))
    corners = box.reshape(2, 2) + torch.tensor(shifts)[:, None, :]  # (shifts, 2, 2)
    report["shifted"] = tuple(mass(here, shifted.flatten()) for shifted in corners)
    return report


# %% exercise="encoder_controls"
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


# %% exercise="comparison"
# Nothing from measures: torch.distributions for the entropy, the grid's cover for the lift.
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    y, x = cell
    S = grid.cells_hw[0] * grid.cells_hw[1]
    matrix, rows = encoder.reshape(S, S), cross.reshape(len(cross), S)
    number, cover = y * grid.cells_hw[1] + x, grid.cover(box_xyxy).flatten()
    table = {
        "encoder looks at": matrix[number], "encoder is looked at from": matrix[:, number],
        "decoder looks at": rows[query], "decoder is looked at from": rows[:, number],
    }
    for name, weights in table.items():
        categories = torch.distributions.Categorical(probs=weights.double())
        table[name] = {"total": weights.sum().item(), "entropy": categories.entropy() / math.log(len(weights))}
        if len(weights) == S and name != "decoder is looked at from":
            table[name]["lift"] = (categories.probs @ cover / cover.mean()).item()
    return table


# %% exercise="intervention"
# Hooks on the decoder layers, which hand the mask on; the control by indices that run round the edges.
def hide_from_decoder(model, hidden):
    def masked(layer, inputs):
        tgt, memory, mask, *rest = inputs
        return (tgt, memory, torch.logical_or(mask, hidden.reshape(1, -1)), *rest)

    return list(map(lambda layer: layer.register_forward_pre_hook(masked), model.transformer.decoder.layers))


def moved_pattern(hidden, dy, dx):
    H, W = hidden.shape
    rows, columns = (torch.arange(H) - dy) % H, (torch.arange(W) - dx) % W
    return hidden[rows[:, None], columns].numpy()


# %% exercise="prediction"
score_with_most_attended_hidden = 0
score_with_the_pattern_moved = 1.0
others_over_background = 1 / 3
others_over_background_without_positions = 12
angles_with_one_query_on_both_pieces = 6
