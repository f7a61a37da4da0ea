# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 4 · The mean over classes and thresholds · 3 points · 15 min · ●●○○○
# **You will be able to** say what is averaged in an AP, and what is left out.
#
# An image is a dict: `boxes_xyxy` (N, 4), `scores` (N,), `labels` (N,) of the detections; `true_boxes_xyxy` (T, 4),
# `true_labels` (T,), `crowd` (T,) of the objects. Every class is measured by itself, over **all** images.
#
# - **`of_class(image, label, most)`** (1 point): the image's share of one class, a dict of `boxes_xyxy`, `scores`,
#   `true_boxes_xyxy` and `crowd`. Of the detections of this class only the `most` with the best scores are kept (COCO: at
#   most 100 for each image and class); of equal scores the earlier ones.
# - **`mean_over_classes(images, K, class_ap)`** (2 points): the mean over the ten `THRESHOLDS` and the classes 0 .. K − 1. A class
#   without any object is left out of the mean; crowds alone are no object. `class_ap(parts, threshold)` is given: the AP
#   of one class, where `parts` are its shares of all images, at most 100 detections in each.
#
# *Example.* K = 3. Class 0 has AP .8 and .6 at two thresholds, class 1 has .4 and .2, class 2 has no object. The mean is
# (.8 + .6 + .4 + .2) / 4 = .5. Detections of class 2 are false alarms that nobody counts.

# %% exercise="mean_ap"
def of_class(image, label, most):
    """A dict of the image's boxes_xyxy, scores (at most `most` detections), true_boxes_xyxy and crowd of one class."""
    ### BEGIN SOLUTION
    mine, true = image["labels"] == label, image["true_labels"] == label
    best = np.argsort(-image["scores"][mine], kind="stable")[:most]
    return {"boxes_xyxy": image["boxes_xyxy"][mine][best], "scores": image["scores"][mine][best],
            "true_boxes_xyxy": image["true_boxes_xyxy"][true], "crowd": image["crowd"][true]}
    ### END SOLUTION


def mean_over_classes(images, K, class_ap):
    """The mean of class_ap(parts, threshold) over THRESHOLDS and the classes that have an object."""
    ### BEGIN SOLUTION
    aps = []
    for label in range(K):
        parts = [of_class(image, label, 100) for image in images]
        if any((~part["crowd"]).any() for part in parts):
            aps += [class_ap(parts, threshold) for threshold in THRESHOLDS]
    return np.mean(aps)
    ### END SOLUTION

# %% check="mean_ap" points=3
@check(parts={"1. of_class": 1, "2. mean_ap": 2})
def mean_ap(draw):
    K = draw.size(5, 7)
    empty, crowded = draw.permutation(K)[:2].tolist()  # a class without any object, and one with crowds only
    many = (empty + crowded) % K
    while many in (empty, crowded):
        many = (many + 1) % K

    def image(N, T, labels=None):
        labels = np.array([draw.integer(0, K - 1) for _ in range(N)]) if labels is None else labels
        true_labels = (np.arange(T) % (K if T == 2 * K else K // 2) + draw.integer(0, K - 1)) % K
        true_labels[true_labels == empty] = crowded
        crowd = (true_labels == crowded) | (draw.permutation(T).numpy() % 4 == 0)
        return {"boxes_xyxy": draw.boxes_xyxy(N).numpy().astype(np.float64), "labels": labels,
                "scores": (draw.permutation(N).numpy() // 3 + N) / (2 * N),
                "true_boxes_xyxy": draw.boxes_xyxy(T).numpy().astype(np.float64), "true_labels": true_labels, "crowd": crowd}

    full = image(draw.size(41, 47), draw.size(11, 17))
    full["labels"][draw.permutation(len(full["labels"]))[:31].numpy()] = many
    # Of its class: objects and crowds, and other flags than those of the first objects of all.
    rows = 4 + draw.permutation(len(full["crowd"]) - 4)[:4].sort().values.numpy()
    full["true_labels"][:4], full["true_labels"][rows] = empty, many
    full["crowd"][rows] = draw.permutation(4).numpy() < 2
    full["crowd"][:4] = ~full["crowd"][rows]
    images = [image(draw.size(7, 13), draw.size(11, 17)) for _ in range(3)]
    images.append(image(113, 2 * K, np.where(draw.permutation(113).numpy() < 107, many, empty)))
    weights = [draw.integer(1, 9) for _ in images]

    def share(most):
        part = of_class({name: value.copy() for name, value in full.items()}, many, most)
        order = np.lexsort((*np.asarray(part["boxes_xyxy"]).T, -np.asarray(part["scores"])))  # any order is right
        return {"scores": floats(part["scores"])[order], "boxes": floats(part["boxes_xyxy"])[order],
                "objects": floats(part["true_boxes_xyxy"]), "crowd": [bool(each) for each in part["crowd"]],
                "names": sorted({"boxes_xyxy", "scores", "true_boxes_xyxy", "crowd"} & {*part})}  # more do no harm

    def pretended_ap(parts, threshold):  # depends on all that it is given
        found = sum(weight * float(np.sum(part["scores"])) for weight, part in zip(weights, parts))
        true = sum(weight * int((~part["crowd"]).sum()) for weight, part in zip(weights, parts))
        return len(parts) * float(threshold) ** 2 * true / (1 + true + found)

    return {"1. of_class": attempted(lambda: {"all": share(1000), "the best five": share(5), "the best 14": share(14)}),
            "2. mean_ap": attempted(lambda: {"four images": float(mean_over_classes(images, K, pretended_ap)),
                                             "one image": float(mean_over_classes(images[:1], K, pretended_ap))})}


# %% [raw] hints="mean_ap"
# 1. `labels == label` says which detections belong to a class, `true_labels == label` which objects. Which loop is outside:
#    over classes, or over images?
# 2. Keep the best with a stable `np.argsort(-scores, ...)[:most]`. For each class make the list of all images' shares, and
#    go on only if one of them has an object that is no crowd: `(~part["crowd"]).any()`.
# 3. `aps += [class_ap(parts, threshold) for threshold in THRESHOLDS]` for each class that counts. What is returned at the
#    end?

# %% [raw] mistake="mean_ap/empty_class_as_zero"
# Classes without an object counted with an AP of 0. Nothing could be found there: leave them out of the mean.
# ---
# - return np.mean(aps)
# + return np.sum(aps) / (K * len(THRESHOLDS))

# %% [raw] mistake="mean_ap/crowd_as_object"
# A class that has crowds only was counted. Crowds are no objects: leave such a class out.
# ---
# - if any((~part["crowd"]).any() for part in parts):
# + if any(len(part["crowd"]) for part in parts):

# %% [raw] mistake="mean_ap/mean_over_images"
# Each image was measured by itself, and the mean taken over images. The AP of a class pools the detections of all images:
# give class_ap the parts of all of them at once.
# ---
# - parts = [of_class(image, label, 100) for image in images]
# - if any((~part["crowd"]).any() for part in parts):
# -     aps += [class_ap(parts, threshold) for threshold in THRESHOLDS]
# + for image in images:
# +     parts = [of_class(image, label, 100)]
# +     if any((~part["crowd"]).any() for part in parts):
# +         aps += [class_ap(parts, threshold) for threshold in THRESHOLDS]

# %% [raw] mistake="mean_ap/only_images_with_objects"
# Images without an object of the class were left out. Their detections of this class are false alarms, and count.
# ---
# - parts = [of_class(image, label, 100) for image in images]
# + parts = [of_class(image, label, 100) for image in images if label in image["true_labels"]]

# %% [raw] mistake="mean_ap/one_threshold"
# Only IoU .5 was measured: this is AP50. AP is the mean over ten thresholds.
# ---
# - aps += [class_ap(parts, threshold) for threshold in THRESHOLDS]
# + aps += [class_ap(parts, THRESHOLDS[0])]

# %% [raw] mistake="mean_ap/mean_threshold"
# The mean threshold was asked once. The mean of ten APs is not the AP at the mean threshold: ask class_ap for each.
# ---
# - aps += [class_ap(parts, threshold) for threshold in THRESHOLDS]
# + aps += [class_ap(parts, THRESHOLDS.mean())]

# %% [raw] mistake="mean_ap/all_detections"
# All detections of the class were kept. Keep those with the best scores, at most `most`.
# ---
# - best = np.argsort(-image["scores"][mine], kind="stable")[:most]
# + best = np.argsort(-image["scores"][mine], kind="stable")

# %% [raw] mistake="mean_ap/first_detections"
# The first `most` detections were kept, whatever their scores. Keep those with the best scores.
# ---
# - best = np.argsort(-image["scores"][mine], kind="stable")[:most]
# + best = np.arange(mine.sum())[:most]

# %% [raw] mistake="mean_ap/worst_detections"
# The detections with the smallest scores were kept. Keep the best ones.
# ---
# - best = np.argsort(-image["scores"][mine], kind="stable")[:most]
# + best = np.argsort(image["scores"][mine], kind="stable")[:most]

# %% [raw] mistake="mean_ap/most_of_all_classes"
# The best detections of the whole image were kept, and of these the class's. The limit is for each class: choose the class
# first.
# ---
# - best = np.argsort(-image["scores"][mine], kind="stable")[:most]
# + allowed = np.argsort(-image["scores"], kind="stable")[:most]
# + mine = mine & np.isin(np.arange(len(mine)), allowed)
# + best = np.argsort(-image["scores"][mine], kind="stable")

# %% [raw] mistake="mean_ap/crowds_dropped"
# The crowds were left out. They are no objects, but they take what falls into them: keep them, with their flag.
# ---
# - mine, true = image["labels"] == label, image["true_labels"] == label
# + mine, true = image["labels"] == label, (image["true_labels"] == label) & ~image["crowd"]

# %% [raw] mistake="mean_ap/crowds_as_objects"
# No object is marked as a crowd. Keep the flags of the objects of this class.
# ---
# - "true_boxes_xyxy": image["true_boxes_xyxy"][true], "crowd": image["crowd"][true]}
# + "true_boxes_xyxy": image["true_boxes_xyxy"][true], "crowd": np.zeros(true.sum(), dtype=bool)}

# %% [raw] mistake="mean_ap/flags_of_others"
# The crowd flags are those of the image's first objects. Choose them by class, as the boxes.
# ---
# - "true_boxes_xyxy": image["true_boxes_xyxy"][true], "crowd": image["crowd"][true]}
# + "true_boxes_xyxy": image["true_boxes_xyxy"][true], "crowd": image["crowd"][: true.sum()]}

# %% [raw] mistake="mean_ap/all_objects"
# The objects of all classes were kept. Keep those of this class.
# ---
# - mine, true = image["labels"] == label, image["true_labels"] == label
# + mine, true = image["labels"] == label, image["true_labels"] >= 0
