# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 7 · The gap between images and texts · 3 points · 15 min · ●●○○○
# **You will be able to** measure how far the two halves of the space lie apart, and say what that means for retrieval.
#
# Images and texts share a space, but need not share a place in it. Liang et al. 2022 (arXiv:2203.02053) found that in
# large models all images lie in one narrow cone and all texts in another. They call the distance between the two means,
# of features of length 1, the *modality gap*.
#
# **Work out first** (1 point):
#
# - the gap, if all images have the feature `[1, 0]` and all texts `[0, 1]`: two decimals;
# - 500 images each choose among 500 texts by the product of their features. Now the same vector d is added to all texts,
#   and nothing is normalised again. For how many images may the chosen text change?
#
# **Then write**
#
# 1. `gap(images, texts)` (1 point): features (N, E) and (T, E) of *any* length → the distance between the mean of the
#    images and the mean of the texts, after each feature was brought to length 1.
# 2. `closer(images, texts, share)` (1 point): features (N, E) and (T, E) of length 1 → both, moved towards each other:
#    each mean goes half of `share` of the way to the other mean, and each feature with its mean; then each has length 1
#    again. With a share of 1 the means are the same before that.
#
# *Example.* Images `[2, 0]`, `[0, 1]`, text `[1, 0]`: the means are `[.5, .5]` and `[1, 0]`, the gap is √.5 = .71. Images
# `[1, 0]`, text `[0, 1]`, share 1: d = `[−1, 1]`, both go to `[.5, .5]`, which has length 1 as `[.71, .71]`.
#
# The library's `modality_gap` may not be used.

# %% exercise="modality_gap" forbids="detrlab.clip.measures.modality_gap, detrlab.clip.measures.measure_clip"
# Worked out: the gap of images at [1, 0] and texts at [0, 1] ...
gap_of_two = math.sqrt(2)  # ____
# ... and how many of 500 images may choose another text, when all texts are moved by d.
choices_changed = 0  # ____


def gap(images, texts):
    """The distance between the means of features (N, E) and (T, E), which have any length, once each has length 1."""
    ### BEGIN SOLUTION
    means = [F.normalize(features).mean(0) for features in (images, texts)]
    return (means[0] - means[1]).norm().item()
    ### END SOLUTION


def closer(images, texts, share):
    """Features (N, E) and (T, E) of length 1, each moved half of `share` of the way between the means; of length 1."""
    ### BEGIN SOLUTION
    way = share * (texts.mean(0) - images.mean(0)) / 2
    return F.normalize(images + way), F.normalize(texts - way)
    ### END SOLUTION

# %% check="modality_gap" points=3
@check(parts={"1. worked out": 1, "2. gap": 1, "3. closer": 1})
def modality_gap(draw):
    N, T, width = draw.letters("N T E", 5, 23)
    images, texts = draw.normal(N, width) + draw.normal(width), draw.normal(T, width) - draw.normal(width)
    lengths = draw.uniform(N, 1, low=0.3, high=3), draw.uniform(T, 1, low=0.3, high=3)
    long = [F.normalize(each, dim=-1) * length for each, length in zip((images, texts), lengths)]
    distance = attempted(lambda: plain(gap(long[0].clone(), long[1].clone())))
    images, texts = F.normalize(images, dim=-1), F.normalize(texts, dim=-1)

    def moved(share):
        first, second = closer(images.clone(), texts.clone(), share)
        return {"images": first, "texts": second}

    shares = 1.0, round(draw.number(0.3, 0.7), 2)
    worked_out = {"gap of two": draw.sealed(lambda: gap_of_two, digits=2),
                  "changed": draw.sealed(lambda: choices_changed, digits=0)}
    return {"1. worked out": worked_out, "2. gap": distance,
            "3. closer": {f"share {share}": attempted(lambda share=share: moved(share)) for share in shares}}


# %% [raw] hints="modality_gap"
# 1. A distance of means: first the means, then one distance. When every product of an image grows by the same number,
#    which one is the largest? For `closer`: who goes which way, and by how much of the difference of the means?
# 2. `F.normalize(features, dim=-1).mean(0)`, `.norm()`. x · (t + d) = x · t + x · d, and x · d is the same for all texts.
# 3. `way = share * (texts.mean(0) - images.mean(0)) / 2`; images go by `+ way`, texts by `- way`, then `F.normalize`.

# %% [raw] mistake="modality_gap/cosine"
# 0 is the cosine of the two. Their distance is the length of `[1, 0] − [0, 1]`.
# ---
# - gap_of_two = math.sqrt(2)
# + gap_of_two = 0.0

# %% [raw] mistake="modality_gap/squared"
# 2 is the squared distance.
# ---
# - gap_of_two = math.sqrt(2)
# + gap_of_two = 2.0

# %% [raw] mistake="modality_gap/largest_gap"
# 1 would be half of what is possible. Take the root of 1² + 1².
# ---
# - gap_of_two = math.sqrt(2)
# + gap_of_two = 1.0

# %% [raw] mistake="modality_gap/all_change"
# Every product of an image x grows by the same number, x · d. So the order of its texts stays.
# ---
# - choices_changed = 0
# + choices_changed = 500

# %% [raw] mistake="modality_gap/not_normalised"
# The features kept their own lengths, so long ones pull the mean. Bring each to length 1 first.
# ---
# - means = [F.normalize(features).mean(0) for features in (images, texts)]
# + means = [features.mean(0) for features in (images, texts)]

# %% [raw] mistake="modality_gap/mean_pair_distance"
# This is the mean distance of all pairs. It is large even where the two clouds lie on each other: take the distance of
# the means.
# ---
# - return (means[0] - means[1]).norm().item()
# + return torch.cdist(F.normalize(images, dim=-1), F.normalize(texts, dim=-1)).mean().item()

# %% [raw] mistake="modality_gap/means_normalised"
# The means were brought to length 1, too. The gap is between the means as they are.
# ---
# - return (means[0] - means[1]).norm().item()
# + return (F.normalize(means[0], dim=0) - F.normalize(means[1], dim=0)).norm().item()

# %% [raw] mistake="modality_gap/mean_cosine"
# This is the mean cosine of image and text. The gap is a distance.
# ---
# - return (means[0] - means[1]).norm().item()
# + return (means[0] @ means[1]).item()

# %% [raw] mistake="modality_gap/squared_distance"
# This is the squared distance. Take its root.
# ---
# - return (means[0] - means[1]).norm().item()
# + return (means[0] - means[1]).square().sum().item()

# %% [raw] mistake="modality_gap/normalised_after_the_mean"
# The length was taken from the means alone, and the features kept theirs. Each feature gets length 1, then the mean.
# ---
# - means = [F.normalize(features).mean(0) for features in (images, texts)]
# + means = [F.normalize(features.mean(0), dim=0) for features in (images, texts)]

# %% [raw] mistake="modality_gap/further_apart"
# They were moved apart. Images go towards the mean of the texts, texts towards that of the images.
# ---
# - return F.normalize(images + way), F.normalize(texts - way)
# + return F.normalize(images - way, dim=-1), F.normalize(texts + way, dim=-1)

# %% [raw] mistake="modality_gap/same_direction"
# Both went the same way, so the distance stays. The texts go the other way.
# ---
# - return F.normalize(images + way), F.normalize(texts - way)
# + return F.normalize(images + way, dim=-1), F.normalize(texts + way, dim=-1)

# %% [raw] mistake="modality_gap/way_from_the_moved"
# The way of the texts was measured after the images had moved, so it is too short. Measure it once, before both.
# ---
# - way = share * (texts.mean(0) - images.mean(0)) / 2
# - return F.normalize(images + way), F.normalize(texts - way)
# + images = images + share * (texts.mean(0) - images.mean(0)) / 2
# + texts = texts + share * (images.mean(0) - texts.mean(0)) / 2
# + return F.normalize(images), F.normalize(texts)

# %% [raw] mistake="modality_gap/whole_way"
# Each went the whole way, so they changed places. Half of it is enough, as both move.
# ---
# - way = share * (texts.mean(0) - images.mean(0)) / 2
# + way = share * (texts.mean(0) - images.mean(0))

# %% [raw] mistake="modality_gap/images_only"
# Only the images moved. Both go half of the way.
# ---
# - return F.normalize(images + way), F.normalize(texts - way)
# + return F.normalize(images + 2 * way, dim=-1), texts

# %% [raw] mistake="modality_gap/not_of_length_one"
# The moved features were not brought to length 1 again.
# ---
# - return F.normalize(images + way), F.normalize(texts - way)
# + return images + way, texts - way

# %% [raw] mistake="modality_gap/share_ignored"
# They always go as if the share were 1.
# ---
# - way = share * (texts.mean(0) - images.mean(0)) / 2
# + way = (texts.mean(0) - images.mean(0)) / 2

# %% [markdown]
# **The result.** The gap of 300 fresh scenes and their captions, before the training (three random starts) and after it,
# and of the shipped runs. Then the shipped CLIP's features in the two directions in which all 600 vary most (PCA).

# %%
def show_gap():
    known = seen(300)
    for seed in range(3):
        torch.manual_seed(seed)
        start = untrained_clip().eval()
        before = encode_pictures(start, known.scenes.normalised()), encode_texts(start, known.told)
        print(f"before training, start {seed}: {gap(*before):.3f}")
    print(f"the shipped CLIP: {gap(known.images, known.texts):.3f}")
    runs = clip_runs()
    for recipe in ("plain", "temperature 1"):
        print(f"runs {recipe}: {several(runs[recipe], 'modality_gap')}")
    chance = torch.randperm(300, generator=torch.Generator().manual_seed(0))
    print(f"two halves of the images by chance: {gap(known.images[chance[:150]], known.images[chance[150:]]):.3f}")
    closed = closer(known.images.clone(), known.texts.clone(), 1.0)
    print(f"moved together: {gap(*closed):.3f}")
    figure, axes = clear_subplots(1, 2, (8.4, 3.3))
    for ax, name, pair in zip(axes.flat, ("before training", "the shipped CLIP"), (before, (known.images, known.texts))):
        cloud = torch.cat(pair)
        centred = cloud - cloud.mean(0)
        flat = centred @ torch.linalg.svd(centred, full_matrices=False).Vh[:2].T
        for part, marker, colour, label in ((flat[:300], "o", "#d95f02", "images"), (flat[300:], "x", "#8f83e0", "texts")):
            ax.plot(*part.T, marker, color=colour, markersize=4, label=label, alpha=0.8)
        ax.set_title(f"{name}: gap {gap(*pair):.2f}", fontsize=10)
        ax.set(xticks=(), yticks=())
    axes.flat[0].legend(frameon=False, labelcolor=GREY, fontsize=9)
    return figure


attempt(show_gap, after="modality_gap")

# %% [markdown]
# The gap is there before anything was learned: each tower has its own random weights, and puts all its inputs near one
# place. The training of this small CLIP closes it: two halves of the images, drawn by chance, lie no closer together. A
# gap by itself does not spoil retrieval, as you worked out: what is the same for all texts changes no image's order.
