# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 2 · Precision and recall · 3 points · 15 min · ●●○○○
# **You will be able to** turn matches in many images into one curve.
#
# A threshold on the score would give one pair: *precision*, the share of the detections that are hits, and *recall*, the
# share of the objects that were found. AP uses no threshold: it sorts the detections of **all images together** by
# score, and takes the pair after each one.
#
# | | | |
# |---|---|---|
# | `scores` | a list of arrays (N_i,), one for each image | |
# | `hits` | the same, bool | matched with an object |
# | `ignored` | the same, bool | matched with a crowd: neither right nor wrong, so they leave no trace |
# | `T` | a number | objects in all images together, without crowds |
# | result | `(precision, recall)`, two arrays | one entry for each detection that is not ignored, best score first |
#
# Equal scores keep their order: earlier images first.
#
# *Example.* Image 0: scores .9, .6, hits yes, no. Image 1: score .8, a hit. T = 4. In order: hit (.9), hit (.8), false
# alarm (.6). Precision 1, 1, 2/3; recall 1/4, 2/4, 2/4.

# %% exercise="precision_recall"
def precision_and_recall(scores, hits, ignored, T):
    """Precision and recall after each detection that is not ignored, best score first.

    scores, hits, ignored: lists with an array (N_i,) for each image. T: how many objects there are in all.
    """
    ### BEGIN SOLUTION
    scores, hits, ignored = (np.concatenate(each) for each in (scores, hits, ignored))
    order = np.argsort(-scores, kind="stable")
    order = order[~ignored[order]]
    found = hits[order].cumsum()
    return found / np.arange(1, len(order) + 1), found / T
    ### END SOLUTION

# %% check="precision_recall" points=3
@check
def precision_recall(draw):
    def curves(same_scores, some_ignored, T=None):
        sizes = draw.sizes(3, 5, 17)
        N = sum(sizes)
        scores = (draw.permutation(N).numpy() // (5 if same_scores else 1) + 1) / (N + 1)
        hits = np.isin(np.arange(N), draw.permutation(N)[: N // 2].numpy())
        ignored = ~hits & np.isin(np.arange(N), draw.permutation(N)[: N // 2].numpy()) & some_ignored
        cuts = np.cumsum(sizes)[:-1]
        parts = [np.split(each, cuts) for each in (scores, hits, ignored)]
        precision, recall = precision_and_recall(*parts, int(hits.sum()) + draw.integer(2, 9))
        return {"precision": floats(precision), "recall": floats(recall)}

    return {"all different": curves(False, False), "equal scores": curves(True, False),
            "with ignored ones": curves(False, True)}


# %% [raw] hints="precision_recall"
# 1. The curve is of the whole data set: what has to happen to the list of images before anything is sorted?
# 2. `np.concatenate` pools the images; `np.argsort(-scores, kind="stable")` sorts; leave out the ignored ones; `cumsum`
#    counts the hits so far.
# 3. With `found = hits[order].cumsum()` the precision is `found / np.arange(1, len(order) + 1)`. What is recall divided
#    by?

# %% [raw] mistake="precision_recall/sorted_per_image"
# The detections were sorted within each image, and the images put one behind the other. A false alarm with .9 in one
# image stands before a hit with .8 in another: pool first, then sort.
# ---
# - order = np.argsort(-scores, kind="stable")
# + order = np.concatenate([start + np.argsort(-part, kind="stable") for start, part in zip(starts, parts)])
# - scores, hits, ignored = (np.concatenate(each) for each in (scores, hits, ignored))
# + parts, starts = scores, np.cumsum([0, *(len(part) for part in scores)])
# + scores, hits, ignored = (np.concatenate(each) for each in (scores, hits, ignored))

# %% [raw] mistake="precision_recall/not_sorted"
# The detections were not sorted by score.
# ---
# - order = np.argsort(-scores, kind="stable")
# + order = np.arange(len(scores))

# %% [raw] mistake="precision_recall/worst_first"
# The detections were sorted from the smallest score to the best. The best one comes first.
# ---
# - order = np.argsort(-scores, kind="stable")
# + order = np.argsort(scores, kind="stable")

# %% [raw] mistake="precision_recall/ties_reversed"
# Equal scores changed their order: reversing a sorted order reverses ties, too. Sort the negative scores with
# kind="stable".
# ---
# - order = np.argsort(-scores, kind="stable")
# + order = np.argsort(scores, kind="stable")[::-1]

# %% [raw] mistake="precision_recall/over_detections"
# Recall was divided by the number of detections. It is the share of the *objects* that were found: divide by T.
# ---
# - return found / np.arange(1, len(order) + 1), found / T
# + return found / np.arange(1, len(order) + 1), found / len(order)

# %% [raw] mistake="precision_recall/over_hits"
# Recall was divided by the number of hits, so it always reaches 1. Objects that nobody found count, too: divide by T.
# ---
# - return found / np.arange(1, len(order) + 1), found / T
# + return found / np.arange(1, len(order) + 1), found / max(found[-1], 1)

# %% [raw] mistake="precision_recall/ignored_as_wrong"
# Detections in a crowd were counted as false alarms. They are ignored: they belong into neither count.
# ---
# - order = order[~ignored[order]]
# + pass

# %% [raw] mistake="precision_recall/ignored_as_hits"
# Detections in a crowd were counted as hits. They are ignored: they belong into neither count.
# ---
# - order = order[~ignored[order]]
# + hits = hits | ignored

# %% [raw] mistake="precision_recall/from_zero"
# The first detection was counted as number 0, so the first precision is infinite or not a number. After the first one
# there is one.
# ---
# - return found / np.arange(1, len(order) + 1), found / T
# + return found / np.maximum(np.arange(len(order)), 1), found / T

# %% [raw] mistake="precision_recall/precision_at_the_end"
# The hits so far were divided by the number of all detections. After the third detection the precision is that of three.
# ---
# - return found / np.arange(1, len(order) + 1), found / T
# + return found / len(order), found / T

# %% [raw] mistake="precision_recall/swapped"
# Precision and recall changed places: precision comes first.
# ---
# - return found / np.arange(1, len(order) + 1), found / T
# + return found / T, found / np.arange(1, len(order) + 1)
