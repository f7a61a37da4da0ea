# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 6 · PQ = SQ · RQ, class by class · 2 points · 15 min · ●●○○○
# **You will be able to** compute panoptic quality over a data set, and say why a table's SQ · RQ is not its PQ.
#
# What is counted, over all images, for each class: the true positives (TP) are the matched pairs, false negatives (FN)
# the missed segments, false positives (FP) the invented ones. Then
#
# $$\mathrm{PQ} = \underbrace{\frac{\sum_{\mathrm{TP}} \mathrm{IoU}}{\mathrm{TP}}}_{\mathrm{SQ}} \cdot
# \underbrace{\frac{\mathrm{TP}}{\mathrm{TP} + \frac12 \mathrm{FP} + \frac12 \mathrm{FN}}}_{\mathrm{RQ}}$$
#
# SQ, segmentation quality, says how well the found ones are outlined; RQ, recognition quality, how well they are found.
# Where a class has no TP, all three are 0. A class of which nothing was counted, TP + FP + FN = 0, has none of them:
# `nan`. Write
#
# 1. `class_counts(images, K)` (1 point): a list of images → (K, 4): for each class the sum of IoUs, TP, FP, FN. An
#    image is a dict: `"matched"`, pairs (label, IoU); `"missed"` and `"invented"`, lists of labels.
# 2. `qualities(counts)` (½ point): (K, 4) → (K, 3): PQ, SQ, RQ of each class.
# 3. `mean_quality(quality, labels)` (½ point): (K, 3) → (3,): the mean over those classes of `labels` that have a
#    quality; three times `nan` if there are none.
#
# *Example.* Class 0: IoUs .9 and .7, one FP, one FN: SQ .8, RQ 2/3, PQ .533. Class 1: no TP, two FN: 0, 0, 0. Class 2:
# nothing. The mean over 0, 1 and 2: PQ .267, SQ .4, RQ .333; and .4 · .333 = .133 is not the PQ.
#
# So it is in table 5 of the paper: DETR (R50) has SQ 79.3, RQ 53.8 and PQ 43.4; the product of the means is 42.7.
#
# The library's `panoptic_quality` may not be used.

# %% exercise="pq" forbids="detrlab.panoptic.quality.panoptic_quality, detrlab.panoptic.quality.match_segments, detrlab.panoptic.quality.ClassQuality, detrlab.panoptic.quality._average"
def class_counts(images, K):
    """Sum of IoUs, TP, FP, FN of each class: (K, 4)."""
    ### BEGIN SOLUTION
    counts = np.zeros((K, 4))
    for image in images:
        for label, iou in image["matched"]:
            counts[label, :2] += iou, 1
        for column, name in ((2, "invented"), (3, "missed")):
            for label in image[name]:
                counts[label, column] += 1
    return counts
    ### END SOLUTION


def qualities(counts):
    """Counts (K, 4) -> PQ, SQ, RQ of each class, (K, 3); nan for a class of which nothing was counted."""
    ### BEGIN SOLUTION
    rows = []
    for iou_sum, tp, fp, fn in counts:
        if tp + fp + fn == 0:
            rows.append((np.nan, np.nan, np.nan))
        else:
            sq, rq = iou_sum / max(tp, 1), tp / (tp + fp / 2 + fn / 2)
            rows.append((sq * rq, sq, rq))
    return np.array(rows)
    ### END SOLUTION


def mean_quality(quality, labels):
    """PQ, SQ, RQ (3,): the mean over those of the labels that have a quality."""
    ### BEGIN SOLUTION
    chosen = quality[list(labels)]
    known = chosen[~np.isnan(chosen[:, 0])]
    return known.mean(0) if len(known) else np.full(3, np.nan)
    ### END SOLUTION

# %% check="pq" points=2
@check(parts={"1. class_counts": 1, "2. qualities": 0.5, "3. mean_quality": 0.5})
def pq(draw):
    K = draw.size(7, 13)
    draw.name(K=K)

    def image(n):
        labels = draw.permutation(K).tolist()[:4]
        return {"matched": [(labels[each % 3], draw.number(0.5, 1)) for each in range(n)],
                "missed": [labels[each % 4] for each in range(draw.integer(1, 5))],
                "invented": [labels[(each + 1) % 4] for each in range(draw.integer(1, 7))]}

    images = [image(n) for n in (5, 4, 0, 3)]
    counts = np.array([[draw.number(0.5, 1) * n, n, draw.integer(0, 5), draw.integer(0, 5)]
                       for n in (draw.permutation(K) % 4 + 1).tolist()])
    counts[0], counts[2], counts[3] = 0.0, (0.0, 0.0, 0.0, 3.0), (0.0, 0.0, 2.0, 0.0)
    counts[1] = (0.75 * 3, 3.0, 0.0, 0.0)
    quality = draw.uniform(K, 3).numpy().astype(np.float64)
    quality[draw.permutation(K).numpy()[:2]], quality[0], quality[3] = np.nan, np.nan, (0.0, 0.0, 0.0)
    quality[4] = draw.uniform(3).numpy()
    groups = range(K), [4, 0, 3, 5], [0]
    return {"1. class_counts": attempted(lambda: floats(class_counts(images, K))),
            "2. qualities": attempted(lambda: numbers(qualities(counts.copy()))),
            "3. mean_quality": [attempted(lambda labels=labels: numbers(mean_quality(quality.copy(), labels)))
                                for labels in groups]}


# %% [raw] hints="pq"
# 1. Counts of all images come first, the division last, class by class. Which classes does a mean leave out, and which
#    count as 0?
# 2. `counts[label, :2] += iou, 1` counts a matched pair. `np.isnan(quality[:, 0])` says which classes have no quality.
# 3. `sq = iou_sum / max(tp, 1)`, `rq = tp / (tp + fp / 2 + fn / 2)`, and PQ is ...; `known.mean(0)` for the mean.

# %% [raw] mistake="pq/fp_and_fn_swapped"
# FP and FN changed columns. What was invented is a false positive, what was missed a false negative.
# ---
# - for column, name in ((2, "invented"), (3, "missed")):
# + for column, name in ((3, "invented"), (2, "missed")):

# %% [raw] mistake="pq/once_for_each_image"
# A label counted once for each image. Each segment counts.
# ---
# - for label in image[name]:
# + for label in set(image[name]):

# %% [raw] mistake="pq/last_image"
# These are the counts of the last image. Add up all of them.
# ---
# - for image in images:
# + for image in images[-1:]:

# %% [raw] mistake="pq/ious_without_count"
# The IoUs were added up, but the pairs were not counted: TP is the number of matched pairs.
# ---
# - counts[label, :2] += iou, 1
# + counts[label, :2] += iou, iou

# %% [raw] mistake="pq/whole_errors"
# FP and FN count a half each: RQ is an F1 score.
# ---
# - sq, rq = iou_sum / max(tp, 1), tp / (tp + fp / 2 + fn / 2)
# + sq, rq = iou_sum / max(tp, 1), tp / (tp + fp + fn)

# %% [raw] mistake="pq/recall"
# This RQ is the recall: invented segments cost nothing. FP count a half each, too.
# ---
# - sq, rq = iou_sum / max(tp, 1), tp / (tp + fp / 2 + fn / 2)
# + sq, rq = iou_sum / max(tp, 1), tp / max(tp + fn, 1)

# %% [raw] mistake="pq/precision"
# This RQ is the precision: missed segments cost nothing. FN count a half each, too.
# ---
# - sq, rq = iou_sum / max(tp, 1), tp / (tp + fp / 2 + fn / 2)
# + sq, rq = iou_sum / max(tp, 1), tp / max(tp + fp, 1)

# %% [raw] mistake="pq/absent_class_as_zero"
# A class of which nothing was counted got 0. It has no quality: nan, so that the mean leaves it out.
# ---
# - rows.append((np.nan, np.nan, np.nan))
# + rows.append((0.0, 0.0, 0.0))

# %% [raw] mistake="pq/nothing_over_nothing"
# SQ and PQ of a class without TP are nan, 0 / 0. It was missed or invented, so all three are 0.
# ---
# - sq, rq = iou_sum / max(tp, 1), tp / (tp + fp / 2 + fn / 2)
# + sq, rq = iou_sum / tp if tp else np.nan, tp / (tp + fp / 2 + fn / 2)

# %% [raw] mistake="pq/never_found_as_absent"
# A class without TP was taken for absent. It was missed or invented: its PQ is 0, and lowers the mean.
# ---
# - if tp + fp + fn == 0:
# + if tp == 0:

# %% [raw] mistake="pq/sq_over_the_truth"
# The IoUs were divided by all true segments. SQ is the mean IoU of those that were *found*.
# ---
# - sq, rq = iou_sum / max(tp, 1), tp / (tp + fp / 2 + fn / 2)
# + sq, rq = iou_sum / max(tp + fn, 1), tp / (tp + fp / 2 + fn / 2)

# %% [raw] mistake="pq/order"
# The columns are SQ, RQ, PQ. PQ comes first.
# ---
# - rows.append((sq * rq, sq, rq))
# + rows.append((sq, rq, sq * rq))

# %% [raw] mistake="pq/product_of_means"
# The PQ is the mean of SQ times the mean of RQ. PQ = SQ · RQ holds class by class: take the mean of the classes' PQ.
# ---
# - return known.mean(0) if len(known) else np.full(3, np.nan)
# + means = known.mean(0) if len(known) else np.full(3, np.nan)
# + return np.array([means[1] * means[2], means[1], means[2]])

# %% [raw] mistake="pq/absent_classes_in_the_mean"
# Classes without a quality were counted in the mean as 0. Leave them out.
# ---
# - return known.mean(0) if len(known) else np.full(3, np.nan)
# + return np.nan_to_num(chosen).mean(0)

# %% [raw] mistake="pq/nan_in_the_mean"
# The mean is nan as soon as one class is. Leave out the classes without a quality.
# ---
# - return known.mean(0) if len(known) else np.full(3, np.nan)
# + return chosen.mean(0)

# %% [raw] mistake="pq/zeros_left_out"
# Classes with PQ 0 were left out of the mean. Leave out only those that are nan.
# ---
# - known = chosen[~np.isnan(chosen[:, 0])]
# + known = chosen[chosen[:, 0] > 0]

# %% [raw] mistake="pq/all_classes"
# The mean is that of all classes. Take those in `labels`.
# ---
# - chosen = quality[list(labels)]
# + chosen = quality

# %% [markdown]
# **Your PQ at work**: masks moved to the right by ever more pixels, with nothing else wrong, in 30 scenes (what leaves
# at the right comes back at the left). First SQ falls; when IoUs go below a half, segments are not found any more, each
# counts twice (FN and FP), and RQ falls fast.

# %%
def show_moved():
    pairs_of, rows = {}, []
    for moved in (0, 1, 2, 4, 8, 16):
        pairs_of[moved] = []
        for scene in scenes_of(range(640, 670)):
            truth = scene_segments(scene)
            ids = np.roll(truth.ids, moved, axis=1)
            pairs_of[moved].append((truth, PanopticMap(ids, truth.segments)))
    print("moved by      things PQ, SQ, RQ          stuff PQ, SQ, RQ     SQ · RQ of things")
    for moved, pairs in pairs_of.items():
        quality = qualities(own_counts(pairs, K))
        things, stuff = mean_quality(quality, THINGS), mean_quality(quality, (6, 7))
        print(f"{moved:8}", *(f"{value:8.3f}" for value in things), "  ", *(f"{value:8.3f}" for value in stuff),
              f"{things[1] * things[2]:17.3f}")
    truth, moved = pairs_of[8][0]
    scene = scenes_of([640])[0]
    return side_by_side([[("the scene", scene.picture), ("truth", painted(truth)), ("moved by 8", painted(moved))]])


attempt(show_moved, after=("pq_match", "pq"))
