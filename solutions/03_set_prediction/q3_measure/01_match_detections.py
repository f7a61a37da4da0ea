# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 1 · Which detection found which object? · 5 points · 25 min · ●●●○○
# **You will be able to** match detections to objects as COCO does.
#
# DETR's loss matches by the least total cost (01: one to one, the Hungarian algorithm). AP matches **greedily**: the
# detection with the best score chooses first. One image, one class, one threshold of IoU at a time.
#
# **`iou_matrix`** (2 points): the IoU of each detection with each object, (N, T). Some annotations are a **crowd**: one
# box around many objects, where nobody drew the single ones. A small detection inside it should count as "in the crowd",
# so for a crowd COCO divides the intersection by the *detection's* area, not by the union.
#
# *Example.* Detection (0, 0, 4, 2), area 8. Object (2, 0, 6, 4), area 16: intersection 4, union 20, IoU .2. Were it a
# crowd: 4 / 8 = .5.
#
# **`match_greedily`** (3 points). Detections take their turn by score, best first; of equal scores the earlier one
# goes first. Each takes, among the objects that are still free and whose IoU is **at least** the threshold, the one
# with the largest IoU. Of equal IoUs the **later** object wins (this is how pycocotools' loop comes out). A crowd comes
# into question only if no such object is left; it is never used up. Return for each detection, in the order they came
# in, the index of its object or crowd, or −1.
#
# *Example.* Threshold .5, scores .6 and .9, IoUs `[[.8, .4], [.9, .7]]`, no crowd. Detection 1 goes first and takes
# object 0 (.9). Detection 0 would like object 0, which is taken; object 1 is below the threshold. The answer is
# `[-1, 0]`.
#
# | | shape | |
# |---|---|---|
# | `boxes_xyxy`, `true_boxes_xyxy` | (N, 4), (T, 4) | float64; N or T may be 0 |
# | `crowd` | (T,) | bool |
# | `ious` | (N, T) | what `iou_matrix` returns |
# | result | (N,) | whole numbers, −1 to T − 1 |
#
# Ready-made IoUs (of detrlab, torchvision and pycocotools) and `COCOeval` may not be used here.

# %% exercise="match_detections" forbids="detrlab.boxes.box_iou, detrlab.boxes.generalized_box_iou, torchvision.ops.box_iou, torchvision.ops.generalized_box_iou, pycocotools.mask.iou, pycocotools.cocoeval.COCOeval, detrlab.boxes._intersection_and_union, torchvision.ops.boxes._box_inter_union, torchvision.ops.distance_box_iou, torchvision.ops.complete_box_iou, torchvision.ops.generalized_box_iou_loss, torchvision.ops._utils._loss_inter_union, torchvision.ops.diou_loss._diou_iou_loss, torchvision.ops.boxes._box_diou_iou, pycocotools.cocoeval.COCOeval.evaluateImg, pycocotools.cocoeval.COCOeval.evaluate, pycocotools.cocoeval.COCOeval.computeIoU"
def iou_matrix(boxes_xyxy, true_boxes_xyxy, crowd):
    """(N, T): IoU of every detection with every object; for a crowd the intersection over the detection's area."""
    ### BEGIN SOLUTION
    low = np.maximum(boxes_xyxy[:, None, :2], true_boxes_xyxy[None, :, :2])  # (N, T, 2)
    high = np.minimum(boxes_xyxy[:, None, 2:], true_boxes_xyxy[None, :, 2:])
    intersection = (high - low).clip(min=0).prod(axis=2)  # (N, T)
    area = (boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]).prod(axis=1)[:, None]  # (N, 1)
    true_area = (true_boxes_xyxy[:, 2:] - true_boxes_xyxy[:, :2]).prod(axis=1)  # (T,)
    union = area + true_area - intersection
    return intersection / np.where(crowd, area, union)
    ### END SOLUTION


def match_greedily(ious, scores, crowd, threshold):
    """(N,): the index of the object, or crowd, that each detection is matched with; -1 where there is none."""
    ### BEGIN SOLUTION
    rows, matched = ious.tolist(), [-1] * len(scores)  # one by one, a list's items are read faster than an array's
    free = [not each for each in crowd]
    for n in np.argsort(-scores, kind="stable"):
        for allowed in (free, crowd):
            best = threshold
            for t, iou in enumerate(rows[n]):
                if allowed[t] and iou >= best:
                    matched[n], best = t, iou
            if matched[n] >= 0:
                free[matched[n]] = False
                break
    return np.array(matched, dtype=int)
    ### END SOLUTION

# %% check="match_detections" points=5
@check(parts={"1. IoU": 2, "2. matches": 3})
def match_detections(draw):
    N, T = draw.letters("N T", 5, 11)

    def some_boxes(count):
        corner = np.array([[draw.integer(0, 30), draw.integer(0, 30)] for _ in range(count)], dtype=np.float64)
        return np.concatenate([corner, corner + [[draw.integer(11, 29), draw.integer(11, 29)] for _ in range(count)]], 1)

    boxes, objects = some_boxes(N), some_boxes(T)
    objects[0, :2], objects[0, 2:] = (70, 70), (90, 75)  # far from all detections
    none, some = np.zeros(T, dtype=bool), np.isin(np.arange(T), draw.permutation(T)[:2].numpy())

    def matches(levels, threshold, crowd=none, same_scores=False, repeats=4):
        drawn = []
        for _ in range(repeats):
            D = N + T  # detections: more than objects
            values = draw.permutation(D * T).numpy().reshape(D, T)
            ious = np.array(levels)[values % len(levels)] if levels else (values + 0.5) / (D * T)
            scores = (draw.permutation(D).numpy() // (3 if same_scores else 1) + 1) / (D + 1)
            drawn.append((ious, scores, crowd.copy(), threshold))
        return [whole(match_greedily(*each)) for each in drawn]

    def all_matches():
        return {"all different": matches(None, 0.6001), "equal IoUs": matches((0.1, 0.3, 0.6, 0.7, 0.8), 0.5),
                "IoU at the threshold": matches((0.25, 0.5, 0.75, 0.875), 0.75),
                "with crowds": matches((0.3, 0.55, 0.6, 0.7, 0.95), 0.5, some),
                "equal scores": matches(None, 0.4001, same_scores=True)}

    return {"1. IoU": attempted(lambda: {"objects": floats(iou_matrix(boxes, objects, none)),
                                         "with crowds": floats(iou_matrix(boxes, objects, some)),
                                         "shape without objects": list(np.shape(iou_matrix(boxes, objects[:0], none[:0])))}),
            "2. matches": attempted(all_matches)}


# %% [raw] hints="match_detections"
# 1. IoU: the intersection's corners are the larger of the two lower corners and the smaller of the two upper ones. When
#    is there none? Matching: which detection is asked first, and what may it still choose from?
# 2. `boxes_xyxy[:, None]` and `true_boxes_xyxy[None]` broadcast to all pairs; `clip(min=0)` makes sides that would be
#    negative 0. `np.argsort(-scores, kind="stable")` gives the turns. Two loops over the objects: free ones, then crowds.
# 3. Within a turn: `best = threshold`; for each allowed t: `if ious[n, t] >= best: matched[n], best = t, ious[n, t]`.
#    After it `free[matched[n]] = ...`, only where something was matched.

# %% [raw] mistake="match_detections/not_clipped"
# Boxes that do not meet have an intersection: two negative sides multiply to a positive area. Cut the sides off at 0.
# ---
# - intersection = (high - low).clip(min=0).prod(axis=2)  # (N, T)
# + intersection = (high - low).prod(axis=2)

# %% [raw] mistake="match_detections/sum_of_areas"
# The intersection was divided by the sum of both areas, in which it counts twice: subtract it once for the union.
# ---
# - union = area + true_area - intersection
# + union = area + true_area

# %% [raw] mistake="match_detections/crowd_over_union"
# The IoU with a crowd is over the union. A detection inside a large crowd would hardly overlap it: for crowds divide by
# the detection's area.
# ---
# - return intersection / np.where(crowd, area, union)
# + return intersection / union

# %% [raw] mistake="match_detections/crowd_over_itself"
# For crowds the intersection was divided by the crowd's area. It is the detection's area that counts: how much of the
# detection lies inside?
# ---
# - return intersection / np.where(crowd, area, union)
# + return intersection / np.where(crowd, true_area, union)

# %% [raw] mistake="match_detections/all_as_crowds"
# All intersections were divided by the detection's area. That is for crowds only; for an object it is the union.
# ---
# - return intersection / np.where(crowd, area, union)
# + return intersection / (area + 0 * union)

# %% [raw] mistake="match_detections/hull"
# The intersection's corners were taken as the smaller of the lower and the larger of the upper ones: this is the box
# around both. Take the larger of the lower corners and the smaller of the upper ones.
# ---
# - low = np.maximum(boxes_xyxy[:, None, :2], true_boxes_xyxy[None, :, :2])  # (N, T, 2)
# - high = np.minimum(boxes_xyxy[:, None, 2:], true_boxes_xyxy[None, :, 2:])
# + low = np.minimum(boxes_xyxy[:, None, :2], true_boxes_xyxy[None, :, :2])  # (N, T, 2)
# + high = np.maximum(boxes_xyxy[:, None, 2:], true_boxes_xyxy[None, :, 2:])

# %% [raw] mistake="match_detections/first_of_equals"
# Of equal IoUs the earlier object won. In COCO's loop a later object with the same IoU replaces it.
# ---
# - if allowed[t] and iou >= best:
# + if allowed[t] and (iou > best or (matched[n] < 0 and iou == best)):

# %% [raw] mistake="match_detections/above_threshold"
# An IoU that equals the threshold did not count. At least the threshold is asked for: `>=`.
# ---
# - if allowed[t] and iou >= best:
# + if allowed[t] and iou > threshold and iou >= best:

# %% [raw] mistake="match_detections/next_not_tried"
# Each detection looked at its best object only; where that was taken, the next one that is free was not tried.
# ---
# - for allowed in (free, crowd):
# + for allowed in (np.ones_like(crowd) & ~crowd, crowd):
# - if matched[n] >= 0:
# + if matched[n] >= 0 and not allowed is crowd and not free[matched[n]]:
# +     matched[n] = -1
# + elif matched[n] >= 0:

# %% [raw] mistake="match_detections/matched_twice"
# An object was matched more than once. The second detection of an object is a false alarm: an object that was found is no
# longer free.
# ---
# - free[matched[n]] = False
# + pass

# %% [raw] mistake="match_detections/crowd_used_up"
# A crowd was matched once only. It stands for many objects, so any number of detections may fall into it.
# ---
# - for allowed in (free, crowd):
# + crowd = crowd & ~np.isin(np.arange(len(crowd)), matched)
# + for allowed in (free, crowd):

# %% [raw] mistake="match_detections/crowd_competes"
# A crowd won against an object with a smaller IoU. A crowd is asked only where no free object reaches the threshold.
# ---
# - free = [not each for each in crowd]
# + free = np.ones_like(crowd)
# - free[matched[n]] = False
# + free[matched[n]] = crowd[matched[n]]

# %% [raw] mistake="match_detections/no_crowds"
# Detections were never matched with a crowd. They would then count as false alarms, which AP spares them.
# ---
# - for allowed in (free, crowd):
# + for allowed in (free,):

# %% [raw] mistake="match_detections/order_given"
# The detections had their turn in the order in which they came. The one with the best score goes first.
# ---
# - for n in np.argsort(-scores, kind="stable"):
# + for n in range(len(scores)):

# %% [raw] mistake="match_detections/worst_first"
# The detection with the smallest score went first. The best one does.
# ---
# - for n in np.argsort(-scores, kind="stable"):
# + for n in np.argsort(scores, kind="stable"):

# %% [raw] mistake="match_detections/later_score_first"
# Of equal scores the later detection went first: the reverse of a sorted order reverses ties, too. Sort the negative
# scores with kind="stable".
# ---
# - for n in np.argsort(-scores, kind="stable"):
# + for n in np.argsort(scores, kind="stable")[::-1]:

# %% [raw] mistake="match_detections/sorted_result"
# The matches stand in the order of the scores. Return them in the order in which the detections came.
# ---
# - return np.array(matched, dtype=int)
# + return np.array(matched)[np.argsort(-scores, kind="stable")]
