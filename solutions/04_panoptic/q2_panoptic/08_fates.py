# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 8 · What became of each segment · 1 point · 10 min · ●●●○○
# **You will be able to** sort the errors of a panoptic prediction by kind, which PQ does not tell.
#
# Write `fates_of(shared, labels_t, labels_p)`: what became of each true segment, a list of T words, from the table of
# step 5, (T + 1, P + 1). There are no crowds. IoUs are those of step 5 (void of the truth is not in the union). The
# first that fits:
#
# - `"found"`: an IoU above .5 with a prediction of its label;
# - `"wrong class"`: an IoU above .5 with a prediction of another label;
# - `"swallowed"`: more than half of its pixels lie in one prediction of its label or of another *thing*
#   (`label in THINGS`);
# - `"poor outline"`: an IoU above .1 with a prediction of its label;
# - `"gone"`: none of these.
#
# *Example.* A true circle of 4 pixels; a predicted star has 3 of them and 1 more: IoU .6, "wrong class". If the star has
# 3 of them and 6 more, IoU .3: "swallowed". If the sky (label 6) has all 4: "gone".

# %% exercise="fates"
def fates_of(shared, labels_t, labels_p):
    """What became of each of the T true segments: a list of words; shared: (T + 1, P + 1)."""
    ### BEGIN SOLUTION
    overlap = shared[1:, 1:]  # (T, P)
    area_t = shared[1:].sum(1)
    iou = overlap / (area_t[:, None] + overlap.sum(0) - overlap)  # areas without what lies on void
    words = []
    for t, label in enumerate(labels_t):
        own = labels_p == label
        things = np.array([each in THINGS for each in labels_p], dtype=bool)
        if (iou[t][own] > 0.5).any():
            words.append("found")
        elif (iou[t] > 0.5).any():
            words.append("wrong class")
        elif (2 * overlap[t][own | things] > area_t[t]).any():
            words.append("swallowed")
        elif (iou[t][own] > 0.1).any():
            words.append("poor outline")
        else:
            words.append("gone")
    return words
    ### END SOLUTION

# %% check="fates" points=1
@check
def fates(draw):
    def table(T, P):
        """True segments with one large share each, in a prediction of the same or of another label, or on void."""
        shared = np.zeros((T + 1, P + 1), dtype=int)
        labels_t, labels_p = draw.permutation(T).numpy() % 8, draw.permutation(P).numpy() % 8
        for t in range(T):
            p = draw.integer(0, P)
            shared[1 + t, p] += draw.choice((6, 9, 30, 41))
            shared[1 + t, draw.integer(0, P)] += draw.choice((5, 7, 10))
            same = np.flatnonzero(labels_p == labels_t[t])
            if len(same):
                shared[1 + t, 1 + draw.choice(same.tolist())] += draw.choice((1, 4, 12, 30))
        shared[0, 1:] = 3 * draw.permutation(P).numpy()
        return shared, labels_t, labels_p

    def exact():
        """IoUs of exactly a half and a tenth, and exactly half of the pixels in one prediction."""
        n = draw.integer(2, 9)
        shared = np.zeros((7, 8), dtype=int)
        shared[1, 1], shared[1, 0] = n, n  # IoU 1/2 and half of the pixels: a poor outline
        shared[2, 2], shared[2, 0] = n, 9 * n  # IoU 1/10: gone
        shared[3, 3], shared[3, 7] = 10 * n + 1, 10 * n  # just above a half, another label
        shared[4, 4], shared[4, 0], shared[0, 4] = n, n, 5 * n  # half of the pixels in another thing: gone
        shared[5, 5], shared[6, 5] = 2 * n, 5 * n  # sky
        shared[5, 6], shared[6, 6] = 7 * n, 6 * n  # land: a thing in it is gone, the true land is swallowed
        return shared, np.array([0, 1, 2, 3, 4, 7]), np.array([0, 1, 5, 2, 6, 7, 3])

    def said(case):
        words = attempted(lambda: list(fates_of(*(each.copy() for each in case))))
        return [str(word) for word in words] if isinstance(words, list) else words

    cases = [table(11, 7), table(13, 11), table(7, 5), table(17, 13), exact()]
    names = "a table", "a second", "a third", "a fourth", "exact halves"
    return {name: said(each) for name, each in zip(names, cases)}


# %% [raw] hints="fates"
# 1. Ask for each true segment in the order of the list, and stop at the first that fits.
# 2. IoUs as in step 5; `labels_p == label` picks the predictions of the label. In `overlap[t]` stand its shared pixels,
#    and `shared[1 + t].sum()` is its area, with what the prediction leaves void.
# 3. `if (iou[t][own] > 0.5).any()`, `elif (iou[t] > 0.5).any()`, `elif (2 * overlap[t][own | things] > ...).any()`, and
#    so on.

# %% [raw] mistake="fates/void_in_the_union"
# Predicted pixels on void were left in the union, so IoUs are too small. Take them off, as in step 5.
# ---
# - iou = overlap / (area_t[:, None] + overlap.sum(0) - overlap)  # areas without what lies on void
# + iou = overlap / (area_t[:, None] + shared[:, 1:].sum(0) - overlap)

# %% [raw] mistake="fates/holes_left_out"
# True pixels that the prediction leaves void were left out of the area. They belong to the true segment.
# ---
# - area_t = shared[1:].sum(1)
# + area_t = overlap.sum(1)

# %% [raw] mistake="fates/class_ignored"
# Segments with another label were called found. Their IoU is right, their class is not: "wrong class".
# ---
# - if (iou[t][own] > 0.5).any():
# + if (iou[t] > 0.5).any():

# %% [raw] mistake="fates/wrong_class_first"
# Segments that were found were called "wrong class". The list asks for a prediction of the own label first.
# ---
# - if (iou[t][own] > 0.5).any():
# -     words.append("found")
# - elif (iou[t] > 0.5).any():
# -     words.append("wrong class")
# + if (iou[t] > 0.5).any():
# +     words.append("wrong class")

# %% [raw] mistake="fates/no_wrong_class"
# Segments with an IoU above .5 and another label were not called "wrong class".
# ---
# - elif (iou[t] > 0.5).any():
# + elif False:

# %% [raw] mistake="fates/swallowed_by_stuff"
# Segments that lie in stuff were called swallowed. It is no fate of its own to lie in the ground: only things, or a
# prediction of the same label, swallow.
# ---
# - elif (2 * overlap[t][own | things] > area_t[t]).any():
# + elif (2 * overlap[t] > area_t[t]).any():

# %% [raw] mistake="fates/stuff_never_swallowed"
# Stuff whose pixels lie mostly in a prediction of its own label was not called swallowed.
# ---
# - elif (2 * overlap[t][own | things] > area_t[t]).any():
# + elif (2 * overlap[t][things] > area_t[t]).any():

# %% [raw] mistake="fates/other_things_left_out"
# Segments that lie mostly in another thing were not called swallowed. Things of any label swallow.
# ---
# - elif (2 * overlap[t][own | things] > area_t[t]).any():
# + elif (2 * overlap[t][own] > area_t[t]).any():

# %% [raw] mistake="fates/half_swallowed"
# A segment of which exactly half lies in one prediction was called swallowed. It takes more than half.
# ---
# - elif (2 * overlap[t][own | things] > area_t[t]).any():
# + elif (2 * overlap[t][own | things] >= area_t[t]).any():

# %% [raw] mistake="fates/swallowed_by_all"
# The pixels in all predictions together were counted. One prediction must hold more than half.
# ---
# - elif (2 * overlap[t][own | things] > area_t[t]).any():
# + elif 2 * overlap[t][own | things].sum() > area_t[t]:

# %% [raw] mistake="fates/outline_of_any_class"
# A segment with an IoU above .1 with a prediction of another label was called a poor outline. Its own label is asked for.
# ---
# - elif (iou[t][own] > 0.1).any():
# + elif (iou[t] > 0.1).any():

# %% [raw] mistake="fates/outline_before_swallowed"
# A poor outline was asked for before "swallowed". The list asks for "swallowed" first.
# ---
# - elif (2 * overlap[t][own | things] > area_t[t]).any():
# -     words.append("swallowed")
# - elif (iou[t][own] > 0.1).any():
# -     words.append("poor outline")
# + elif (iou[t][own] > 0.1).any():
# +     words.append("poor outline")
# + elif (2 * overlap[t][own | things] > area_t[t]).any():
# +     words.append("swallowed")

# %% [raw] mistake="fates/any_overlap"
# Segments that share a few pixels with a prediction of their label were called a poor outline. The IoU must be above .1.
# ---
# - elif (iou[t][own] > 0.1).any():
# + elif (iou[t][own] > 0).any():

# %% [markdown]
# **Five systems**, A to E, on the same 40 scenes, measured by your own PQ and your fates; things only. What is wrong with
# each? In step 9 you say it.

# %%
def show_systems(letters="ABCDE"):
    kinds = ("found", "wrong class", "swallowed", "poor outline", "gone")
    print("things   PQ     SQ     RQ     FP   FN   " + "  ".join(kinds))
    for letter in letters:
        pairs, told = unknown(letter), dict.fromkeys(kinds, 0)
        counts = own_counts(pairs, K)
        for truth, predicted in pairs:
            (ids_t, labels_t, _), (ids_p, labels_p, _) = parts_of(truth), parts_of(predicted)
            for label, fate in zip(labels_t, fates_of(shared_pixels(ids_t, ids_p, len(labels_t), len(labels_p)),
                                                      labels_t, labels_p)):
                told[fate] += label in THINGS
        pq, sq, rq = mean_quality(qualities(counts), THINGS)
        print(f"{letter:7}{pq:5.2f}  {sq:5.2f}  {rq:5.2f}  {counts[:6, 2].sum():5.0f}{counts[:6, 3].sum():5.0f}   "
              + "  ".join(f"{told[kind]:{len(kind)}}" for kind in kinds))


attempt(show_systems, after=(*PQ_STEPS, "fates"))
