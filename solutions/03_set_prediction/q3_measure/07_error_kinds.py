# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 7 · Which error was it? · 3 points · 20 min · ●●●○○
# **You will be able to** tell what is wrong with a detector, which its AP alone does not.
#
# TIDE (Bolya et al. 2020, arXiv:2008.08115, section 2.2) sorts false alarms by their overlap with the objects: 0.5 is
# enough to find one, below 0.1 is background. `same` is the largest IoU with an object of the detection's class, `other`
# with one of another class (0 where there is none). We ask in this order, and the first that fits is the kind:
#
# | kind | |
# |---|---|
# | `"hit"` | it is matched |
# | `"duplicate"` | `same` ≥ 0.5: the right object, but a better detection has it |
# | `"classification"` | `other` ≥ 0.5: the box is right, the class is not |
# | `"localisation"` | `same` ≥ 0.1: the class is right, the box is not |
# | `"both"` | `other` ≥ 0.1 |
# | `"background"` | none of these |
#
# - **`kinds_of(ious, labels, true_labels, matched)`** (2 points): a list of N kinds for one image. `ious` (N, T), no
#   crowds; `matched` (N,), the object of each hit, or −1.
# - **`count_missed(ious, labels, true_labels, matched)`** (1 point): the objects that nobody found. An object is not
#   *missed* if a `"classification"` or `"localisation"` error is about it: mending that error would find it. Such an
#   error is about the object with the largest IoU, of another class for `"classification"`, of its own class for
#   `"localisation"`.
#
# *Example.* Objects: a circle and a star. Three unmatched detections: a circle with IoUs (.6, 0), while a better one has
# the circle; a square (0, .7); a circle (.3, 0). Kinds: duplicate, classification, localisation. The star is not missed.

# %% exercise="error_kinds"
def kinds_of(ious, labels, true_labels, matched):
    """The kind of each of the N detections of an image: a list of words."""
    ### BEGIN SOLUTION
    own = labels[:, None] == true_labels  # (N, T)
    same = np.where(own, ious, 0).max(axis=1, initial=0)  # (N,)
    other = np.where(own, 0, ious).max(axis=1, initial=0)
    kinds = []
    for n in range(len(labels)):
        if matched[n] >= 0:
            kinds.append("hit")
        elif same[n] >= 0.5:
            kinds.append("duplicate")
        elif other[n] >= 0.5:
            kinds.append("classification")
        elif same[n] >= 0.1:
            kinds.append("localisation")
        elif other[n] >= 0.1:
            kinds.append("both")
        else:
            kinds.append("background")
    return kinds
    ### END SOLUTION


def count_missed(ious, labels, true_labels, matched):
    """How many of the T objects are neither matched nor what a classification or localisation error is about."""
    ### BEGIN SOLUTION
    own = labels[:, None] == true_labels  # (N, T)
    same, other = np.where(own, ious, 0), np.where(own, 0, ious)
    known = set(matched[matched >= 0].tolist())
    for n, kind in enumerate(kinds_of(ious, labels, true_labels, matched)):
        if kind == "classification":
            known.add(int(other[n].argmax()))
        elif kind == "localisation":
            known.add(int(same[n].argmax()))
    return len(true_labels) - len(known)
    ### END SOLUTION

# %% check="error_kinds" points=3
@check(parts={"1. kinds": 2, "2. missed": 1})
def error_kinds(draw):
    N, T = draw.letters("N T", 11, 17)

    def image(on_thresholds):
        ious = ((draw.permutation(N * T).numpy() + 0.5) / (N * T)).reshape(N, T) ** 10  # few of them are large
        if on_thresholds:
            ious[abs(ious - 0.5) < 0.1], ious[abs(ious - 0.1) < 0.03] = 0.5, 0.1
        labels, true_labels = draw.permutation(N).numpy() % 4, draw.permutation(T).numpy() % 3
        matched = np.full(N, -1)
        for t in [0, *draw.permutation(T)[:3].tolist()]:
            free = np.flatnonzero((labels == true_labels[t]) & (matched < 0))
            if len(free):
                matched[free[0]], ious[free[0], t] = t, 0.6 + 0.01 * t
        if on_thresholds:  # three detections with nothing but an IoU of exactly 0.1, or 0.5
            for n in np.flatnonzero((matched < 0) & (labels < 3))[:3]:
                ious[n] = 0.0
                ious[n, np.flatnonzero(true_labels == labels[n])[0]] = draw.choice((0.1, 0.1, 0.5))
        else:  # and one that overlaps an object of its class, and another one more
            n = np.flatnonzero((matched < 0) & (labels < 3))[-1]
            ious[n] = 0.0
            own = true_labels == labels[n]
            ious[n, [np.flatnonzero(own)[0], np.flatnonzero(~own)[0]]] = 0.55, 0.7
        return ious, labels, true_labels, matched

    def kinds(image):
        return [str(kind) for kind in kinds_of(*(each.copy() for each in image))]

    first, second, third = image(True), image(True), image(False)
    nothing = (first[0][:, :0], first[1], first[2][:0], np.full(N, -1))
    others = [image(False) for _ in range(12)]
    return {"1. kinds": attempted(lambda: {"one image": kinds(first), "another": kinds(second), "a third": kinds(third),
                                           "without objects": kinds(nothing)}),
            "2. missed": attempted(lambda: [int(count_missed(*(each.copy() for each in other))) for other in others])}


# %% [raw] hints="error_kinds"
# 1. Two numbers for each detection decide all: the largest IoU with objects of its class, and with objects of another one.
# 2. `own = labels[:, None] == true_labels` is (N, T). `np.where(own, ious, 0).max(axis=1, initial=0)` is `same`, also where
#    there are no objects. Then a chain of if and elif in the order of the table.
# 3. For the missed ones collect a set: the matched objects, and for each classification error `other[n].argmax()`, for each
#    localisation error `same[n].argmax()`. What is left of T?

# %% [raw] mistake="error_kinds/duplicate_as_localisation"
# Duplicates were called localisation errors. Their box fits; the object is another detection's. Ask for `same` ≥ 0.5
# before `same` ≥ 0.1.
# ---
# - kinds.append("duplicate")
# + kinds.append("localisation")

# %% [raw] mistake="error_kinds/classification_before_duplicate"
# A detection that is a duplicate of one object and overlaps one of another class was called a classification error. The
# table asks for duplicates first.
# ---
# - elif same[n] >= 0.5:
# -     kinds.append("duplicate")
# - elif other[n] >= 0.5:
# -     kinds.append("classification")
# + elif other[n] >= 0.5:
# +     kinds.append("classification")
# + elif same[n] >= 0.5:
# +     kinds.append("duplicate")

# %% [raw] mistake="error_kinds/localisation_before_classification"
# A box that fits an object of another class by 0.5, and touches one of its own, was called a localisation error. The table
# asks for the class first.
# ---
# - elif other[n] >= 0.5:
# -     kinds.append("classification")
# - elif same[n] >= 0.1:
# -     kinds.append("localisation")
# + elif same[n] >= 0.1:
# +     kinds.append("localisation")
# + elif other[n] >= 0.5:
# +     kinds.append("classification")

# %% [raw] mistake="error_kinds/same_and_other_swapped"
# The objects of the detection's class and those of the others changed places.
# ---
# - same = np.where(own, ious, 0).max(axis=1, initial=0)  # (N,)
# - other = np.where(own, 0, ious).max(axis=1, initial=0)
# + other = np.where(own, ious, 0).max(axis=1, initial=0)  # (N,)
# + same = np.where(own, 0, ious).max(axis=1, initial=0)

# %% [raw] mistake="error_kinds/no_both"
# A poor box of the wrong class was called background. It touches an object by 0.1 or more: "both".
# ---
# - elif other[n] >= 0.1:
# + elif other[n] >= 0.5:

# %% [raw] mistake="error_kinds/hits_by_overlap"
# Every detection that fits an object of its class was called a hit, duplicates, too. A hit is what is matched.
# ---
# - if matched[n] >= 0:
# + if matched[n] >= 0 or same[n] >= 0.5:

# %% [raw] mistake="error_kinds/all_unmatched_missed"
# All unmatched objects were counted as missed. Those that a classification or localisation error is about are not: they are
# counted as that error already.
# ---
# - if kind == "classification":
# + if kind == "none":
# - elif kind == "localisation":
# + elif kind == "none":

# %% [raw] mistake="error_kinds/classification_missed"
# The objects of classification errors were counted as missed, so a wrong class is counted twice.
# ---
# - if kind == "classification":
# + if kind == "none":

# %% [raw] mistake="error_kinds/localisation_missed"
# The objects of localisation errors were counted as missed, so a poor box is counted twice.
# ---
# - elif kind == "localisation":
# + elif kind == "none":

# %% [raw] mistake="error_kinds/localisation_of_any_class"
# A localisation error was said to be about the object of any class with the largest IoU. It has the right class: take the
# largest among the objects of its own.
# ---
# - known.add(int(same[n].argmax()))
# + known.add(int(ious[n].argmax()))

# %% [raw] mistake="error_kinds/background_missed"
# The number of detections that hit nothing came, not the number of objects that nobody found.
# ---
# - return len(true_labels) - len(known)
# + return sum(kind == "background" for kind in kinds_of(ious, labels, true_labels, matched))

# %% [markdown]
# **The same model, spoilt in four ways**: the shapes model's detections with a score above 0.5 in 60 scenes; each spoilt
# version beside its AP, by your own functions. (The cell takes some seconds, and shows all at once.)

# %%
def spoilt(image, how, rng):
    boxes, scores, labels = image["boxes_xyxy"], image["scores"], image["labels"]
    N, side = len(boxes), (boxes[:, 2:] - boxes[:, :2]).mean(axis=1, keepdims=True)
    if how == "doubled":
        boxes, scores, labels = (np.concatenate([each, each]) for each in (boxes, scores, labels))
        scores[N:] = rng.uniform(0.5, 1, N)
    elif how == "boxes moved":
        boxes = boxes + side * rng.uniform(-0.3, 0.3, (N, 2))[:, [0, 1, 0, 1]]
    elif how == "classes mixed up":
        labels = np.where(rng.uniform(size=N) < 0.4, (labels + 1) % len(SHAPES_CLASSES), labels)
    elif how == "half left out":
        kept = rng.uniform(size=N) < 0.5
        boxes, scores, labels = boxes[kept], scores[kept], labels[kept]
    return image | {"boxes_xyxy": boxes, "scores": scores, "labels": labels}


KINDS = ("hit", "duplicate", "classification", "localisation", "both", "background")


def show_errors():
    _, scenes, _, logits, boxes_cxcywh = shapes_run()
    boxes, scores, labels = best_of_each(logits, boxes_cxcywh)
    images = [as_image(scene, boxes[i][scores[i] > 0.5], scores[i][scores[i] > 0.5], labels[i][scores[i] > 0.5])
              for i, scene in enumerate(scenes)]
    columns = {kind: len(kind) + 2 for kind in (*KINDS, "missed")}
    print(f"{'':18}{'AP':>5} " + "".join(f"{kind:>{width}}" for kind, width in columns.items()))
    for how in ("as it is", "doubled", "boxes moved", "classes mixed up", "half left out"):
        rng, counts, missed = np.random.default_rng(5), dict.fromkeys(KINDS, 0), 0
        now = [spoilt(image, how, rng) for image in images]
        for image in now:
            ious = iou_matrix(image["boxes_xyxy"], image["true_boxes_xyxy"], image["crowd"])
            own = image["labels"][:, None] == image["true_labels"]
            matched = np.array(match_greedily(np.where(own, ious, 0), image["scores"], image["crowd"], 0.5), dtype=int)
            for kind in kinds_of(ious, image["labels"], image["true_labels"], matched):
                counts[kind] += 1
            missed += count_missed(ious, image["labels"], image["true_labels"], matched)
        ap = mean_over_classes(now, len(SHAPES_CLASSES), class_ap)
        numbers = zip((*counts.values(), missed), columns.values())
        print(f"{how:18}{ap:5.2f} " + "".join(f"{count:{width}}" for count, width in numbers))


attempt(show_errors, after=(*AP_STEPS, "error_kinds"))

# %% [markdown]
# Two of the versions lose about as much AP, for quite different reasons: 87 boxes have the wrong class in one, 106 objects are
# missed in the other. And as many duplicates as hits hardly lower the AP: most of them stand behind the hits, where the curve
# has almost reached its end. The kinds say which part to mend: the class head, the box head, what suppresses duplicates, or
# what is not found at all.
