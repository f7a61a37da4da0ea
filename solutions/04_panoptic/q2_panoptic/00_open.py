# %% [markdown]
# # 2 · Panoptic: every pixel, and how well
# 22 points · about 150 minutes · runs offline, on a laptop's processor
#
# **After this notebook you can**
#
# - turn mask logits into instance masks, and into a panoptic picture in which every pixel has one owner;
# - find two slips of the official post-processing, reproduce them, measure what they cost, and repair them;
# - write panoptic quality (PQ) so that it equals panopticapi's, with void, crowds and an IoU of exactly a half;
# - say from SQ and RQ what is broken in a model, and which number proves it.
#
# A panoptic picture gives each pixel one segment: a *thing* (one object of a countable class) or *stuff* (all of an
# uncountable class, as the sky). Section 4.4 of the paper (Carion et al. 2020, arXiv:2005.12872) makes it from the
# masks of the object queries; Kirillov et al. 2019, *Panoptic Segmentation* (arXiv:1801.00868), section 4, measures it.
#
# **The scenes** have shapes (things) before a sky and a land (stuff). The masks of this notebook come from no model:
# they are made from the true masks, with a damage that we choose. So you know what is wrong before you measure it. At
# the end a trained head draws some, and your functions measure it.
#
# **Letters.** Q object queries, K classes without no-object, N masks that count, H × W pixels; T true segments, P
# predicted ones. Steps 1 to 4 use torch tensors, the others numpy arrays.
#
# **How it works.** Replace each `____` as a whole, and a whole line `return ____` by as many lines as you need. The
# cell below an exercise checks your answer, as often as you like. `hint()` in a cell of your own is the next of three
# hints. Steps do not wait for each other, but measurements do: they are made with your own functions, and say which
# checks they wait for.

# %% setup
import math

import numpy as np
import torch
import torch.nn.functional as F

from coursework import attempt, attempted, open_notebook, solution
from detrlab import SHAPES_PANOPTIC_CLASSES, SHAPES_THINGS, PanopticMap, Segment, clear_subplots, compose, draw_scene
from detrlab import panoptic_maps, panoptic_quality, scene_segments

____, check, hint = open_notebook("q2_panoptic")
K = len(SHAPES_PANOPTIC_CLASSES)  # six shapes, sky and land
THINGS = SHAPES_THINGS  # labels 0 to 5; 6 and 7 are stuff
SIZE = (128, 96)  # width and height of most scenes


def scenes_of(seeds, size=SIZE):
    """Scenes with a horizon."""
    return [draw_scene(seed, size, horizon=True) for seed in seeds]


def said_of(scene, padded_hw=None, shared_by=1, seed=0):
    """What a model with good masks says of a scene: logits (Q, K + 1) and mask logits (Q, h / 2, w / 2) of the padded batch.

    A query for each segment; with shared_by=2 two queries share each ground, the left and the right part of it. One
    more query is of no object. What comes second at a pixel is left to chance.
    """
    rng, truth = np.random.default_rng(seed), scene_segments(scene)
    masks, labels = [], []
    for segment in truth.segments:
        mask = truth.mask(segment)
        parts = [mask]
        if segment.label not in THINGS and shared_by == 2:
            left = np.arange(mask.shape[1]) < np.quantile(np.nonzero(mask)[1], rng.uniform(0.3, 0.7))
            parts = [each for each in (mask & left, mask & ~left) if each.any()]
        masks, labels = masks + parts, labels + [segment.label] * len(parts)
    H, W = truth.ids.shape
    height, width = padded_hw or (H, W)
    inside = torch.zeros(len(masks) + 1, height, width)
    inside[:-1, :H, :W] = torch.from_numpy(np.stack(masks)).float()
    chance = torch.from_numpy(rng.normal(size=(len(inside), 1, 6, 8))).float()
    chance = F.interpolate(chance, (height // 2, width // 2), mode="bilinear")[:, 0]
    logits = torch.full((len(inside), K + 1), 0.0)
    logits[range(len(inside)), [*labels, K]] = 7.0
    return logits, 16 * F.avg_pool2d(inside[:, None], 2)[:, 0] - 8 + chance


def as_map(owner, labels):
    """A panoptic map of owners (H, W), numbers of masks or -1, and the labels (N,) of the masks."""
    shown = [n for n in owner.unique().tolist() if n >= 0]
    ids = np.zeros(owner.shape, dtype=np.int64)
    for id, n in enumerate(shown, start=1):
        ids[owner.numpy() == n] = id
    return PanopticMap(ids, tuple(Segment(id, int(labels[n])) for id, n in enumerate(shown, start=1)))


def painted(panoptic):
    """The colours (H, W, 3) of a panoptic map: one for each class, black for void."""
    colours = ("#ffb000", "#59c8ff", "#ff7ab6", "#3fe0a1", "#fff06a", "#bda0ff", "#dfe6ea", "#8f9a86")
    picture = np.zeros((*panoptic.ids.shape, 3), dtype=np.uint8)
    for segment in panoptic.segments:
        colour = colours[segment.label]
        picture[panoptic.mask(segment)] = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return picture


def side_by_side(rows, height=1.9):
    """A figure of rows of (title, picture)."""
    figure, axes = clear_subplots(len(rows), len(rows[0]), (2.5 * len(rows[0]), height * len(rows)))
    for ax, (title, picture) in zip(axes.flat, [each for row in rows for each in row]):
        ax.imshow(picture, interpolation="nearest")
        ax.set_title(title, fontsize=9.5)
        ax.set(xticks=(), yticks=())
    return figure


# ---- for the steps on quality ----


def floats(values):
    """An array or tensor of real numbers as a tensor, so that a check takes both."""
    return torch.from_numpy(np.array(values, dtype=np.float64, order="C"))


def truths(values):
    """An array or tensor of truth values as a list."""
    return [bool(value) for value in values]


def numbers(values):
    """Where real numbers are nan, and the others, since nan equals nothing."""
    values = np.array(values, dtype=np.float64)
    return {"is nan": np.isnan(values), "numbers": torch.from_numpy(np.where(np.isnan(values), -1.0, values))}


def parts_of(panoptic):
    """Of a map: ids (H, W), 0 for void, then 1, 2, ... in the order of its segments; labels (N,); crowd (N,) bool."""
    labels = np.array([segment.label for segment in panoptic.segments], dtype=np.int64)
    return panoptic.ids, labels, np.array([segment.crowd for segment in panoptic.segments], dtype=bool)


def sketch(truth, predicted, classes=None):
    """Two maps of one row of pixels, a letter for each: a segment of class 0, or of the class that `classes` gives it; a
    capital in the truth is a crowd, a dot is void."""
    if len(truth) != len(predicted):
        raise ValueError(f"the truth has {len(truth)} pixels, the prediction {len(predicted)}: give both as many")
    maps = []
    for row in (truth, predicted):
        letters = sorted(set(row) - {"."})
        ids = np.array([[letters.index(letter) + 1 if letter != "." else 0 for letter in row]])
        crowds = [letter.isupper() and row is truth for letter in letters]
        labels = [(classes or {}).get(letter, 0) for letter in letters]
        maps.append(PanopticMap(ids, tuple(map(Segment, range(1, len(letters) + 1), labels, crowds))))
    return tuple(maps)


def own_counts(pairs, K):
    """The counts (K, 4) of pairs of maps (truth, prediction), by your functions of steps 5 and 6."""
    images = []
    for truth, predicted in pairs:
        (ids_t, labels_t, crowd), (ids_p, labels_p, _) = parts_of(truth), parts_of(predicted)
        shared = shared_pixels(ids_t, ids_p, len(labels_t), len(labels_p))
        iou = matched_ious(shared, labels_t, labels_p, crowd)
        missed, invented = left_over(shared, labels_t, labels_p, crowd, iou)
        images.append({"matched": [(int(labels_t[t]), float(iou[t, p])) for t, p in np.argwhere(iou > 0)],
                       "missed": labels_t[missed].tolist(), "invented": labels_p[invented].tolist()})
    return class_counts(images, K)


def known_ious(shared, labels_t, labels_p, crowd):
    """The IoUs that a table of step 5 was made to have: its first pairs with one label, and what lies tight at a half."""
    T, P = len(labels_t), len(labels_p)
    iou = np.zeros((T, P))
    for n in range(min(T, P, 3)):
        iou[n, n] = 0.75
    if T == 6:
        iou[:] = 0.0
        iou[1, 1] = 0.6
    return iou


PQ_STEPS = ("pq_match", "pq")  # whose checks a PQ of your own waits for


def damaged(scene, how, rng):
    """A prediction for a scene: its truth moved by a pixel, and damaged."""
    truth = scene_segments(scene)
    H, W = truth.ids.shape
    labels = {segment.id: segment.label for segment in truth.segments}
    things = [id for id, label in labels.items() if label in THINGS]
    behind = np.zeros((H, W), dtype=np.int64)  # the ids of the grounds, as if there were no things
    empty = compose((), scene.background, (W, H), horizon=scene.horizon)
    for name, mask in zip(empty.ground_names, empty.ground_masks):
        label = SHAPES_PANOPTIC_CLASSES.index(name)
        behind[mask] = next((id for id, each in labels.items() if each == label), 0)
    ids = truth.ids.copy()
    for place, id in enumerate(things):
        mask = ids == id
        if how == "swapped" and rng.uniform() < 0.5:
            labels[id] = (labels[id] + int(rng.integers(1, 6))) % 6
        elif how == "missing" and rng.uniform() < 2 / 3:
            ids[mask] = behind[mask]
        elif how == "eroded":
            core = mask
            for _ in range(2):
                core = core & np.roll(core, 1, 0) & np.roll(core, -1, 0) & np.roll(core, 1, 1) & np.roll(core, -1, 1)
            ids[mask & ~core] = behind[mask & ~core]
        elif how == "merged" and place % 2:
            ids[mask] = things[place - 1]
    if how == "squeezed":
        columns = np.arange(W) * 5 // 4
        ids = np.where(columns < W, ids[:, columns.clip(max=W - 1)], behind)
    ids = np.roll(ids, 1, axis=1)
    shown = np.unique(ids[ids > 0]).tolist()
    segments = tuple(Segment(place, labels[id]) for place, id in enumerate(shown, start=1))
    return PanopticMap(np.where(ids > 0, np.searchsorted(shown, ids) + 1, 0), segments)


# Which system has which fault; who reads this does not learn it yet.
FAULTS = dict(zip("ABCDE", np.random.default_rng(362).permutation(["eroded", "merged", "missing", "squeezed", "swapped"]).tolist()))


def unknown(letter, count=40):
    """Pairs (truth, prediction) of the system with this letter."""
    rng = np.random.default_rng(7)
    return [(scene_segments(scene), damaged(scene, FAULTS[letter], rng)) for scene in scenes_of(range(700, 700 + count))]
