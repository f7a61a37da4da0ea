# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 5 · Which segments are the same · 3 points · 25 min · ●●●●○
# **You will be able to** match the segments of a truth and of a prediction, with void and crowds, as panopticapi does.
#
# A map has ids: 0 is void (nobody says what is there), and 1, 2, ... are its segments. All that PQ needs is one table.
# Write
#
# 1. `shared_pixels(truth_ids, predicted_ids, T, P)` (1 point): two maps (H, W) → the table (T + 1, P + 1). Row t,
#    column p has the number of pixels with the id t in the truth and p in the prediction; row and column 0 are void.
#
# 2. `matched_ious(shared, labels_t, labels_p, crowd)` (1 point): the IoUs (T, P) of the pairs that match, 0 for all
#    others. Two segments match if they have the same label, the true one is no crowd, and their IoU is *above* .5: a
#    half is not enough. (So each segment has at most one partner, since segments do not overlap, and nobody has to
#    choose.) **Void**: nobody knows what is there, so predicted pixels on void of the truth are left out of the union.
#    It is not symmetric: true pixels that the prediction leaves void stay in.
#
# 3. `left_over(shared, labels_t, labels_p, crowd, iou)` (1 point): `missed` (T,) and `invented` (P,), truth values.
#    - A true segment is missed if it matches nothing. A crowd, many objects that nobody told apart, is never missed.
#    - A prediction is invented if it matches nothing, unless *more than* half of its pixels lie on void or on a crowd of
#      its label. Of several crowds of one label only the last counts, as in panopticapi.
#
# `labels_t` (T,), `labels_p` (P,), `crowd` (T,) bool: the segment with the id t has `labels_t[t - 1]`.
#
# *Example.* One row of pixels. Truth `1 1 1 1 0 0`, prediction `1 1 1 2 1 2`, all of one label. The table is
# `[[0, 1, 1], [0, 3, 1]]`. Prediction 1 has 4 pixels, one of them on void: IoU 3 / (4 + 4 − 3 − 1) = .75, a match.
# Prediction 2 has half of its pixels on void, which is not more than half: it is invented.
#
# The library's `match_segments` and `panoptic_quality` may not be used.

# %% exercise="pq_match" forbids="detrlab.panoptic.quality.match_segments, detrlab.panoptic.quality.panoptic_quality, detrlab.panoptic.quality._shared_pixels"
def shared_pixels(truth_ids, predicted_ids, T, P):
    """Two maps of ids (H, W) -> how many pixels each segment shares with each, (T + 1, P + 1)."""
    ### BEGIN SOLUTION
    pairs = truth_ids * (P + 1) + predicted_ids
    return np.bincount(pairs.ravel(), minlength=(T + 1) * (P + 1)).reshape(T + 1, P + 1)
    ### END SOLUTION


def matched_ious(shared, labels_t, labels_p, crowd):
    """IoUs (T, P) of the pairs that match, 0 elsewhere; shared: (T + 1, P + 1)."""
    ### BEGIN SOLUTION
    overlap, on_void = shared[1:, 1:], shared[0, 1:]  # (T, P), (P,)
    area_t, area_p = shared[1:].sum(1), shared[:, 1:].sum(0)  # (T,), (P,)
    iou = overlap / (area_t[:, None] + area_p - overlap - on_void)
    same = (labels_t[:, None] == labels_p) & ~crowd[:, None]
    return np.where(same & (iou > 0.5), iou, 0.0)
    ### END SOLUTION


def left_over(shared, labels_t, labels_p, crowd, iou):
    """missed (T,) and invented (P,), bool; iou: what `matched_ious` gives."""
    ### BEGIN SOLUTION
    missed = (iou == 0).all(1) & ~crowd
    forgiven = shared[0, 1:].copy()  # (P,) pixels on void
    last_crowd = {label: t for t, label in enumerate(labels_t.tolist()) if crowd[t]}
    for p, label in enumerate(labels_p.tolist()):
        if label in last_crowd:
            forgiven[p] += shared[1 + last_crowd[label], 1 + p]
    invented = (iou == 0).all(0) & (2 * forgiven <= shared[:, 1:].sum(0))
    return missed, invented
    ### END SOLUTION

# %% check="pq_match" points=3
@check(parts={"1. shared_pixels": 1, "2. matched_ious": 1, "3. left_over": 1})
def pq_match(draw):
    def table(T, P):
        """A table of pixels: predictions 0 to 3 lie mostly on a segment of their own, the others on void and crowds."""
        shared = (draw.permutation((T + 1) * (P + 1)).numpy() % 3).reshape(T + 1, P + 1)
        for n in range(4):
            shared[1 + n, 1 + n] = 60 + draw.integer(0, 40)
        shared[0, 1:] += draw.permutation(P).numpy() * 7
        labels_t, labels_p = draw.permutation(T).numpy() % 3, draw.permutation(P).numpy() % 3
        labels_p[:3], crowd = labels_t[:3], np.zeros(T, dtype=bool)
        labels_p[3] = (labels_t[3] + 1) % 3  # fits, but has another label
        crowd[-4:] = True
        labels_t[-4:] = [0, 1, 1, 0]
        for p in range(4, P):  # on one of the crowds: its own, another one of its label, or of another label
            shared[1 + T - draw.integer(1, 4), 1 + p] += draw.integer(3, 30)
        return shared, labels_t, labels_p, crowd

    def exact():
        """Predictions of which exactly half is shared or forgiven, and two crowds of one label."""
        n = draw.integer(5, 20)
        shared = np.zeros((7, 9), dtype=int)
        shared[1, 1], shared[1, 5] = n, n  # IoU 1/2
        shared[2, 2], shared[2, 0], shared[0, 2] = n + 1, n, 3 * n  # just above, and much on void
        shared[3, 3], shared[3, 0] = n, 1  # just below a half
        shared[4, 4] = 2 * n  # fits a crowd
        shared[0, 5] = n  # the other half of it lies on the first segment
        shared[6, 6], shared[0, 6], shared[3, 6] = n, 1, n  # just more than half on void and the last crowd
        shared[5, 7] = 3 * n  # all of it on the crowd before
        shared[0, 8], shared[6, 8], shared[3, 8] = 2 * n, 3 * n, n  # more than half only with the crowd
        labels_t, labels_p = np.array([0, 1, 2, 0, 1, 1]), np.array([0, 1, 2, 0, 2, 1, 1, 1])
        return shared, labels_t, labels_p, np.array([0, 0, 0, 1, 1, 1], dtype=bool)

    (H, W), (T, P) = draw.letters("H W", 23, 41), draw.letters("T P", 5, 7)
    truth = (draw.permutation(H * W).numpy() % (T + 1)).reshape(H, W)
    predicted = np.where(draw.uniform(H, W).numpy() < 0.6, truth % (P + 1), draw.integer(0, P))
    predicted[predicted == 1] = 0  # no pixel shows the last true and the first predicted segment
    truth[truth == T] = 0
    first, second, tight = table(11, 13), table(13, 17), exact()

    def matches(case):
        return attempted(lambda: floats(matched_ious(*(each.copy() for each in case))))

    def lost(case):
        def both():
            missed, invented = left_over(*(each.copy() for each in case), known_ious(*case))
            return {"missed": truths(missed), "invented": truths(invented)}
        return attempted(both)

    return {"1. shared_pixels": attempted(lambda: floats(shared_pixels(truth.copy(), predicted.copy(), T, P))),
            "2. matched_ious": {"a table": matches(first), "another": matches(second), "exact halves": matches(tight)},
            "3. left_over": {"a table": lost(first), "another": lost(second), "exact halves": lost(tight)}}


# %% [raw] hints="pq_match"
# 1. One number for each pair of ids, t · (P + 1) + p, can be counted. Areas are sums of rows and columns of the table;
#    void's own row and column belong to them. Which cells of the table are "on void"?
# 2. `np.bincount(pairs.ravel(), minlength=...)`, then `reshape`. `shared[1:].sum(1)` are the areas of the true
#    segments, void included; `shared[0, 1:]` are predicted pixels on void. `labels_t[:, None] == labels_p` is (T, P).
# 3. `union = area_t[:, None] + area_p - overlap - on_void`; `np.where(same & (iou > 0.5), iou, 0.0)`. For each
#    prediction: `forgiven = shared[0, 1 + p]`, plus `shared[1 + t, 1 + p]` of the last crowd t of its label; it is
#    invented if `2 * forgiven <= ...`.

# %% [raw] mistake="pq_match/transposed"
# The table has the prediction in its rows. Rows are true segments, columns predicted ones.
# ---
# - return np.bincount(pairs.ravel(), minlength=(T + 1) * (P + 1)).reshape(T + 1, P + 1)
# + return np.bincount(pairs.ravel(), minlength=(T + 1) * (P + 1)).reshape(T + 1, P + 1).T

# %% [raw] mistake="pq_match/pairs_collide"
# Different pairs of ids got one number: the factor must be the number of columns, P + 1.
# ---
# - pairs = truth_ids * (P + 1) + predicted_ids
# + pairs = truth_ids * P + predicted_ids

# %% [raw] mistake="pq_match/minlength_forgotten"
# Pairs behind the last one that occurs have no entry, so there are too few for the table. Give `np.bincount` a
# `minlength`.
# ---
# - return np.bincount(pairs.ravel(), minlength=(T + 1) * (P + 1)).reshape(T + 1, P + 1)
# + return np.bincount(pairs.ravel()).reshape(T + 1, P + 1)

# %% [raw] mistake="pq_match/without_void"
# The row and the column of void are missing.
# ---
# - return np.bincount(pairs.ravel(), minlength=(T + 1) * (P + 1)).reshape(T + 1, P + 1)
# + return np.bincount(pairs.ravel(), minlength=(T + 1) * (P + 1)).reshape(T + 1, P + 1)[1:, 1:]

# %% [raw] mistake="pq_match/a_half_is_enough"
# An IoU of exactly .5 was a match. It has to be above.
# ---
# - return np.where(same & (iou > 0.5), iou, 0.0)
# + return np.where(same & (iou >= 0.5), iou, 0.0)

# %% [raw] mistake="pq_match/void_in_the_union"
# Predicted pixels on void were left in the union. Nobody knows what is there: take them off.
# ---
# - iou = overlap / (area_t[:, None] + area_p - overlap - on_void)
# + iou = overlap / (area_t[:, None] + area_p - overlap)

# %% [raw] mistake="pq_match/void_both_ways"
# True pixels that the prediction leaves void were taken off the union as well. Only predicted pixels on void of the
# *truth* are: a hole in the prediction costs.
# ---
# - iou = overlap / (area_t[:, None] + area_p - overlap - on_void)
# + iou = overlap / (area_t[:, None] + area_p - overlap - on_void - shared[1:, :1])

# %% [raw] mistake="pq_match/wrong_void"
# The pixels taken off the union are those that the *prediction* leaves void. It is the truth's void that counts.
# ---
# - iou = overlap / (area_t[:, None] + area_p - overlap - on_void)
# + iou = overlap / (area_t[:, None] + area_p - overlap - shared[1:, :1])

# %% [raw] mistake="pq_match/void_taken_off_twice"
# The areas of predictions were counted without void, and their pixels on void were taken off once more. An area is the
# sum of a whole column.
# ---
# - area_t, area_p = shared[1:].sum(1), shared[:, 1:].sum(0)  # (T,), (P,)
# + area_t, area_p = shared[1:].sum(1), overlap.sum(0)

# %% [raw] mistake="pq_match/areas_without_void"
# The areas were counted without void. They are sums of whole rows and columns of the table, the first row and column
# included.
# ---
# - area_t, area_p = shared[1:].sum(1), shared[:, 1:].sum(0)  # (T,), (P,)
# + area_t, area_p = overlap.sum(1), overlap.sum(0)

# %% [raw] mistake="pq_match/shared_counted_twice"
# What two segments share was counted twice in the union. Take it off once.
# ---
# - iou = overlap / (area_t[:, None] + area_p - overlap - on_void)
# + iou = overlap / (area_t[:, None] + area_p - on_void)

# %% [raw] mistake="pq_match/dice"
# This is the dice overlap, twice what is shared over both areas. The IoU has the union below.
# ---
# - iou = overlap / (area_t[:, None] + area_p - overlap - on_void)
# + iou = 2 * overlap / (area_t[:, None] + area_p - on_void)

# %% [raw] mistake="pq_match/any_label"
# Segments of different labels were matched.
# ---
# - same = (labels_t[:, None] == labels_p) & ~crowd[:, None]
# + same = ~crowd[:, None]

# %% [raw] mistake="pq_match/crowd_matched"
# A crowd was matched. It is neither found nor missed.
# ---
# - same = (labels_t[:, None] == labels_p) & ~crowd[:, None]
# + same = labels_t[:, None] == labels_p

# %% [raw] mistake="pq_match/truth_values"
# These are truth values, which pairs match. Return their IoUs.
# ---
# - return np.where(same & (iou > 0.5), iou, 0.0)
# + return same & (iou > 0.5)

# %% [raw] mistake="pq_match/all_ious"
# All IoUs of one label came back. Those that are no match are 0.
# ---
# - return np.where(same & (iou > 0.5), iou, 0.0)
# + return np.where(same, iou, 0.0)

# %% [raw] mistake="pq_match/crowd_missed"
# Crowds were counted as missed. A crowd is never missed.
# ---
# - missed = (iou == 0).all(1) & ~crowd
# + missed = (iou == 0).all(1)

# %% [raw] mistake="pq_match/half_forgiven"
# A prediction with exactly half of its pixels on void or crowd was forgiven. It takes more than half.
# ---
# - invented = (iou == 0).all(0) & (2 * forgiven <= shared[:, 1:].sum(0))
# + invented = (iou == 0).all(0) & (2 * forgiven < shared[:, 1:].sum(0))

# %% [raw] mistake="pq_match/nothing_forgiven"
# Predictions that lie on void or on a crowd of their label were counted as invented.
# ---
# - invented = (iou == 0).all(0) & (2 * forgiven <= shared[:, 1:].sum(0))
# + invented = (iou == 0).all(0)

# %% [raw] mistake="pq_match/table_changed"
# `shared[0, 1:]` is a view of the table: what is added to it changes the table, and so the areas. Take a copy.
# ---
# - forgiven = shared[0, 1:].copy()  # (P,) pixels on void
# + forgiven = shared[0, 1:]

# %% [raw] mistake="pq_match/void_not_forgiven"
# Void was not counted as forgiven, only the crowd.
# ---
# - forgiven = shared[0, 1:].copy()  # (P,) pixels on void
# + forgiven = 0 * shared[0, 1:]

# %% [raw] mistake="pq_match/crowd_not_forgiven"
# The crowd of the prediction's label was not counted as forgiven, only void.
# ---
# - if label in last_crowd:
# + if label in ():

# %% [raw] mistake="pq_match/crowd_of_any_label"
# Crowds of all labels forgave. Only one of the prediction's own label does.
# ---
# - if label in last_crowd:
# -     forgiven[p] += shared[1 + last_crowd[label], 1 + p]
# + forgiven[p] += shared[1:, 1 + p][crowd].sum()

# %% [raw] mistake="pq_match/all_crowds_of_the_label"
# All crowds of the label forgave. In panopticapi only the last one listed does.
# ---
# - if label in last_crowd:
# -     forgiven[p] += shared[1 + last_crowd[label], 1 + p]
# + forgiven[p] += shared[1:, 1 + p][crowd & (labels_t == label)].sum()

# %% [raw] mistake="pq_match/first_crowd"
# Of several crowds of a label the first forgave. In panopticapi it is the last one listed.
# ---
# - last_crowd = {label: t for t, label in enumerate(labels_t.tolist()) if crowd[t]}
# + last_crowd = {label: t for t, label in reversed(list(enumerate(labels_t.tolist()))) if crowd[t]}

# %% [raw] mistake="pq_match/missed_predictions"
# The axes were exchanged: `missed` has a value for each prediction. A row of the IoUs is a true segment.
# ---
# - missed = (iou == 0).all(1) & ~crowd
# + missed = (iou == 0).all(0)

# %% [markdown]
# Is at most one partner above a half a matter of luck? No. Segments of one map do not overlap, so two partners would
# each have more than half of the segment's pixels.
