# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 8 · Recall against size · 2 points · 10 min · ●●○○○
# **You will be able to** say for which sizes of objects a detector works.
#
# COCO splits its AP by area (small below 32², large above 96² pixels); the paper's table 1 reads 20.5, 45.8 and 61.1 for
# DETR's small, medium and large objects. Write the same for recall.
#
# `recall_of_sizes(areas, found, edges)`: `areas` (T,), `found` (T,) bool, and `edges`, E rising numbers that cut the areas
# into E + 1 classes; an area that equals an edge belongs above it. Returns E + 1 numbers: the share that was found in each
# class, nan where a class is empty.
#
# *Example.* Areas 1, 4, 5, 9, found yes, no, yes, yes; edges 4 and 9. Below 4: 1 of 1. From 4 to below 9: 1 of 2. From 9:
# 1 of 1. The answer is 1, .5, 1.

# %% exercise="recall_by_size"
def recall_of_sizes(areas, found, edges):
    """E + 1 numbers: the recall of the objects in each class of area; nan for an empty class."""
    ### BEGIN SOLUTION
    size = np.searchsorted(edges, areas, side="right")  # (T,), 0 .. E
    count = np.bincount(size, minlength=len(edges) + 1)
    hits = np.bincount(size[found], minlength=len(edges) + 1)
    return [hit / T if T else float("nan") for hit, T in zip(hits, count)]
    ### END SOLUTION

# %% check="recall_by_size" points=2
@check
def recall_by_size(draw):
    T = draw.size(31, 47)
    draw.name(T=T)
    areas = draw.permutation(2 * T)[:T].numpy().astype(np.float64)
    found = draw.permutation(T).numpy() % 3 > 0
    edges = np.sort(areas)[[T // 5, T // 2]]  # two of the areas
    beyond = np.array([*edges, 3.0 * T])
    few = found & (areas >= edges[0])  # none of the smallest
    recalls = [recall_of_sizes(areas.copy(), each.copy(), cuts.copy()) for each, cuts in ((found, edges), (few, beyond))]
    one = recall_of_sizes(areas[:1].copy(), found[:1].copy(), areas[0] + np.arange(5.0))  # one object, six classes
    last = [each + 0.0 for each in recalls[1]]  # a text is no number
    return {"three classes": floats(recalls[0]), "four classes": floats(last[:-1]),
            "an empty class is nan": bool(np.isnan(last[-1])), "classes": len(last),
            "one object": ["nan" if np.isnan(float(each)) else float(each) for each in one]}


# %% [raw] hints="recall_by_size"
# 1. Recall asks about objects: of those of one size, how many were found? Detections do not occur.
# 2. `np.searchsorted(edges, areas, side="right")` gives each object's class, 0 to E. Then count, in each class, all and the
#    found ones.
# 3. In a loop over `range(len(edges) + 1)`: `mine = size == number`; append `found[mine].mean()` if `mine.any()`, else
#    `float("nan")`.

# %% [raw] mistake="recall_by_size/edge_below"
# An area that equals an edge was put below it. It belongs above: side="right".
# ---
# - size = np.searchsorted(edges, areas, side="right")  # (T,), 0 .. E
# + size = np.searchsorted(edges, areas, side="left")

# %% [raw] mistake="recall_by_size/share_of_all"
# The found objects of each class were divided by all objects. Recall is within the class.
# ---
# - return [hit / T if T else float("nan") for hit, T in zip(hits, count)]
# + return [hit / len(areas) if T else float("nan") for hit, T in zip(hits, count)]

# %% [raw] mistake="recall_by_size/share_of_found"
# This is how the found objects are spread over the classes. Recall divides by the objects *in the class*.
# ---
# - return [hit / T if T else float("nan") for hit, T in zip(hits, count)]
# + return [hit / hits.sum() if T else float("nan") for hit, T in zip(hits, count)]

# %% [raw] mistake="recall_by_size/missed_share"
# This is the share that was *not* found.
# ---
# - return [hit / T if T else float("nan") for hit, T in zip(hits, count)]
# + return [1 - hit / T if T else float("nan") for hit, T in zip(hits, count)]

# %% [raw] mistake="recall_by_size/empty_as_zero"
# An empty class got a number. Of no objects no share can be found: nan.
# ---
# - return [hit / T if T else float("nan") for hit, T in zip(hits, count)]
# + return [hit / max(T, 1) for hit, T in zip(hits, count)]

# %% [raw] mistake="recall_by_size/cumulative"
# Each class holds all smaller objects, too. An object belongs to one class only.
# ---
# - hits = np.bincount(size[found], minlength=len(edges) + 1)
# + hits, count = np.bincount(size[found], minlength=len(edges) + 1).cumsum(), count.cumsum()

# %% [raw] mistake="recall_by_size/counts"
# These are counts. Divide by the number of objects in the class.
# ---
# - return [hit / T if T else float("nan") for hit, T in zip(hits, count)]
# + return [float(hit) if T else float("nan") for hit, T in zip(hits, count)]

# %% [markdown]
# **The shapes model**: 60 scenes, their objects in three classes of equal number by area. An object is found if a
# detection of its class, of any score, is matched with it at IoU 0.5, or at 0.9.

# %%
def show_sizes():
    _, scenes, _, logits, boxes_cxcywh = shapes_run()
    boxes, scores, labels = best_of_each(logits, boxes_cxcywh)
    areas, found = [], {0.5: [], 0.9: []}
    for i, scene in enumerate(scenes):
        image = as_image(scene, boxes[i], scores[i], labels[i])
        true = image["true_boxes_xyxy"]
        areas += ((true[:, 2] - true[:, 0]) * (true[:, 3] - true[:, 1])).tolist()
        ious = np.where(image["labels"][:, None] == image["true_labels"],
                        iou_matrix(image["boxes_xyxy"], true, image["crowd"]), 0)
        for threshold, into in found.items():
            matched = match_greedily(ious, image["scores"], image["crowd"], threshold)
            into += np.isin(np.arange(len(true)), matched).tolist()
    areas = np.array(areas)
    edges = np.quantile(areas, [1 / 3, 2 / 3])
    print(f"{len(areas)} objects; share of the image's area: small below {edges[0]:.3f}, large from {edges[1]:.3f}")
    print(f"{'':10}   small  medium   large")
    for threshold, each in found.items():
        recalls = recall_of_sizes(areas, np.array(each), edges)
        print(f"IoU {threshold:.1f}   " + "".join(f"{recall:8.2f}" for recall in recalls))


attempt(show_sizes, after=("match_detections", "recall_by_size"))

# %% [markdown]
# A box that is off by one pixel on each side loses much more IoU if it is small. So part of what "small objects are hard"
# says is arithmetic, and a strict threshold shows it most. What the features of a coarse map add to it is a question for an
# experiment, not for this table.
