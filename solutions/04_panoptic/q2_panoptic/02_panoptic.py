# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 2 · Every pixel has one owner · 3 points · 20 min · ●●●○○
# **You will be able to** make a panoptic picture of masks that overlap.
#
# Instance masks are cut one by one. In a panoptic picture they compete: a pixel belongs to the query with the largest
# mask logit there, however small it is. Write
#
# 1. `confident(logits, threshold)` (1 point): logits (Q, K + 1), the last class is no-object → the numbers of the
#    queries that count (N,), ascending, and their labels (N,). A query counts if its likeliest class is not no-object,
#    and has a probability above the threshold.
# 2. `owners(masks, smallest)` (2 points): mask logits (N, H, W) → for each pixel the number 0 ... N − 1 of the mask
#    that owns it, (H, W). A mask that owns fewer than `smallest` pixels is dropped, all such masks at once; their pixels
#    go to the largest logit among those that are left. Who is left can only gain pixels, so one round is enough. If no
#    mask is left, all pixels are −1.
#
# (The code drops masks of up to 4 pixels; the paper says fewer than 4.)
#
# *Example.* Three masks of three pixels, `[2, 1, −3]`, `[1, 0, −2]`, `[0, 2, −1]`: owners are 0, 2, 2. With `smallest`
# 2 mask 0 is dropped (1 pixel), and so is mask 1 (0 pixels): 2, 2, 2.
#
# The library's `panoptic_maps` may not be used.

# %% exercise="panoptic" forbids="detrlab.panoptic.postprocess.panoptic_maps, detrlab.panoptic.postprocess._confident, detrlab.panoptic.postprocess._panoptic_map"
def confident(logits, threshold=0.85):
    """Logits (Q, K + 1) -> queries (N,), ascending, and their labels (N,)."""
    ### BEGIN SOLUTION
    scores, labels = logits.softmax(-1).max(-1)
    nothing = logits.shape[-1] - 1
    queries = torch.nonzero((scores > threshold) & (labels != nothing))[:, 0]
    return queries, labels[queries]
    ### END SOLUTION


def owners(masks, smallest=5):
    """Mask logits (N, H, W) -> the number of the mask that owns each pixel, (H, W); -1 if no mask is left."""
    ### BEGIN SOLUTION
    owner = masks.argmax(0)
    areas = torch.bincount(owner.flatten(), minlength=len(masks))
    large = torch.nonzero(areas >= smallest)[:, 0]
    if not len(large):
        return torch.full_like(owner, -1)
    return large[masks[large].argmax(0)]
    ### END SOLUTION

# %% check="panoptic" points=3
@check(parts={"1. confident": 1, "2. owners": 2})
def panoptic(draw):
    (Q,), (K,), (H, W) = draw.letters("Q", 23, 31), draw.letters("K", 3, 5), draw.letters("H W", 7, 13)
    logits = draw.normal(Q, K + 1)
    for query, label in enumerate(draw.permutation(Q).tolist()):
        logits[query, label % (K + 1)] += draw.choice((2.0, 3.0, 5.0, 8.0))
    logits += 9 * draw.normal(Q, 1)  # which changes no probability
    logits[draw.integer(0, Q - 1)] = torch.tensor([0.44, *[0.01] * (K - 1), 0.54]).log()  # a class behind no-object

    def of_queries(threshold):
        queries, labels = confident(logits.clone(), threshold)
        return {"queries": torch.as_tensor(queries), "labels": torch.as_tensor(labels)}

    masks = 0.3 * draw.normal(6, H, W) - 9  # all probabilities are below a half
    masks[0] += 3
    masks[1, :, : W // 2] += 3.5
    masks[2, :3, :3] += 5.5  # nine pixels
    masks[3, 4, 2:6] += 7  # four pixels
    masks[4, 6, 1:6] += 7  # five pixels
    masks[4, 4, 2:6] += 5  # and what comes second at the four
    masks[5] -= 9  # none
    order = draw.permutation(5)
    # The smallest one and the empty one come first, so that dropping them moves numbers.
    masks = masks[[3, 5, *order[order != 3].tolist()]]

    def of_pixels(masks, smallest):
        return attempted(lambda: torch.as_tensor(owners(masks.clone(), smallest)))

    return {"1. confident": {"threshold .85": attempted(lambda: of_queries(0.85)),
                             "threshold .4": attempted(lambda: of_queries(0.4))},
            "2. owners": {"smallest 5": of_pixels(masks, 5), "smallest 1": of_pixels(masks, 1),
                          "smallest 7": of_pixels(masks, 7), "smallest 10": of_pixels(masks, 10),
                          "too small, all": of_pixels(masks, H * W + 1)}}


# %% [raw] hints="panoptic"
# 1. A class and its probability: one call gives both, along the last axis. Which number has no-object? For the owners:
#    count how often each number occurs in the map of owners, also those that occur never.
# 2. `scores, labels = logits.softmax(-1).max(-1)`; `torch.nonzero(condition)[:, 0]`. `masks.argmax(0)`, then
#    `torch.bincount(owner.flatten(), minlength=len(masks))`.
# 3. `large = torch.nonzero(areas >= smallest)[:, 0]` has the numbers that are left; `masks[large].argmax(0)` counts
#    within them, so `large[...]` gives the old numbers back.

# %% [raw] mistake="panoptic/empty_slots_kept"
# Queries that are sure of no-object were kept, too. The likeliest class must not be the last.
# ---
# - queries = torch.nonzero((scores > threshold) & (labels != nothing))[:, 0]
# + queries = torch.nonzero(scores > threshold)[:, 0]

# %% [raw] mistake="panoptic/threshold_ignored"
# Queries below the threshold were kept, too.
# ---
# - queries = torch.nonzero((scores > threshold) & (labels != nothing))[:, 0]
# + queries = torch.nonzero(labels != nothing)[:, 0]

# %% [raw] mistake="panoptic/without_no_object_in_the_softmax"
# No-object was left out of the softmax, so every query looks surer than it is. Take the softmax over all K + 1 classes.
# ---
# - scores, labels = logits.softmax(-1).max(-1)
# + scores, labels = logits[:, :-1].softmax(-1).max(-1)

# %% [raw] mistake="panoptic/second_class"
# Queries whose likeliest class is no-object were kept with the class behind it. Such a query says: nothing here.
# ---
# - scores, labels = logits.softmax(-1).max(-1)
# + scores, labels = logits.softmax(-1)[:, :-1].max(-1)

# %% [raw] mistake="panoptic/sigmoid"
# A sigmoid judges each class by itself. The K + 1 classes share one probability: take a softmax.
# ---
# - scores, labels = logits.softmax(-1).max(-1)
# + scores, labels = logits.sigmoid().max(-1)

# %% [raw] mistake="panoptic/logits_against_the_threshold"
# Logits were compared with the threshold, which is one of probabilities.
# ---
# - scores, labels = logits.softmax(-1).max(-1)
# + scores, labels = logits.max(-1)

# %% [raw] mistake="panoptic/truth_values"
# These are truth values of all Q queries. Return the numbers of those that count.
# ---
# - queries = torch.nonzero((scores > threshold) & (labels != nothing))[:, 0]
# + queries = (scores > threshold) & (labels != nothing)

# %% [raw] mistake="panoptic/all_labels"
# The labels are those of all queries. Return those of the queries that count, in their order.
# ---
# - return queries, labels[queries]
# + return queries, labels

# %% [raw] mistake="panoptic/by_confidence"
# The queries stand in the order of their confidence. Return their numbers ascending.
# ---
# - return queries, labels[queries]
# + queries = queries[scores[queries].argsort(descending=True)]
# + return queries, labels[queries]

# %% [raw] mistake="panoptic/cut_before_argmax"
# The masks were cut at a probability of a half, so where all are below it the pixels went to the first mask. In a
# panoptic picture they compete: the largest logit wins, however small it is.
# ---
# - owner = masks.argmax(0)
# + masks = masks * (masks > 0)
# + owner = masks.argmax(0)

# %% [raw] mistake="panoptic/instance_areas"
# Masks were judged by their own probabilities. What counts are the pixels that they *own* after the competition.
# ---
# - areas = torch.bincount(owner.flatten(), minlength=len(masks))
# + areas = (masks > 0).flatten(1).sum(1)

# %% [raw] mistake="panoptic/nothing_dropped"
# Masks that own too few pixels were not dropped.
# ---
# - large = torch.nonzero(areas >= smallest)[:, 0]
# + large = torch.nonzero(areas >= 1)[:, 0]

# %% [raw] mistake="panoptic/one_by_one"
# Masks were dropped one by one, so one that was too small could gain pixels and stay. All that own too little are
# dropped at once.
# ---
# - owner = masks.argmax(0)
# - areas = torch.bincount(owner.flatten(), minlength=len(masks))
# - large = torch.nonzero(areas >= smallest)[:, 0]
# + large = torch.arange(len(masks))
# + owner = masks.argmax(0)
# + while len(large):
# +     areas = torch.bincount(masks[large].argmax(0).flatten(), minlength=len(large))
# +     if areas.min() >= smallest:
# +         break
# +     large = large[torch.arange(len(large)) != areas.argmin()]

# %% [raw] mistake="panoptic/empty_masks_uncounted"
# Masks that own nothing were left out when the pixels were counted, so each area belongs to a wrong number. Count for
# all N masks.
# ---
# - areas = torch.bincount(owner.flatten(), minlength=len(masks))
# + areas = owner.unique(return_counts=True)[1]

# %% [raw] mistake="panoptic/exactly_smallest_dropped"
# A mask with exactly `smallest` pixels was dropped. Only those with fewer are.
# ---
# - large = torch.nonzero(areas >= smallest)[:, 0]
# + large = torch.nonzero(areas > smallest)[:, 0]

# %% [raw] mistake="panoptic/left_to_nobody"
# The pixels of dropped masks were left to nobody. They go to the largest logit among the masks that are left.
# ---
# - return large[masks[large].argmax(0)]
# + return torch.where(torch.isin(owner, large), owner, -1)

# %% [raw] mistake="panoptic/numbers_after_dropping"
# The numbers count the masks that are left. Return the numbers that they had before.
# ---
# - return large[masks[large].argmax(0)]
# + return masks[large].argmax(0)

# %% [markdown]
# **A panoptic picture of your own**, beside its scene and its truth. Each class has a colour; those of stuff are grey.

# %%
def show_panoptic():
    rows = []
    for scene in scenes_of([606, 612]):
        logits, masks = said_of(scene)
        queries, labels = confident(logits)
        H, W = scene.masks.shape[1:]
        own = owners(F.interpolate(masks[queries][None], (H, W), mode="bilinear")[0])
        found, truth = as_map(own, labels), scene_segments(scene)
        rows.append([("the scene", scene.picture), ("truth", painted(truth)), ("yours", painted(found))])
        classes = np.array([-1, *(s.label for s in found.segments)])[found.ids]
        right = (classes == np.array([-1, *(s.label for s in truth.segments)])[truth.ids]).mean()
        print(f"{len(logits)} queries, {len(queries)} count, {len(found.segments)} segments; "
              f"{right:.3f} of the pixels have the right class")
    return side_by_side(rows)


attempt(show_panoptic, after="panoptic")
