# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 4 · A batch · 4 points · 20 min · ●●●○○
# **You will be able to** match a batch as DETR does, and say what happens in its border cases.
#
# The cost of a whole batch is computed at once: the targets of all images stand side by side in one long list. For B =
# 2 images with 3 and 2 targets, `cost` is (2, Q, 5) and `sizes` is `[3, 2]`:
#
# | | columns 0, 1, 2 | columns 3, 4 |
# |---|---|---|
# | `cost[0]`, queries of image 0 | **targets of image 0** | not to be matched |
# | `cost[1]`, queries of image 1 | not to be matched | **targets of image 1** |
#
# `match_images(cost, sizes)` returns B pairs (queries, targets), each two sequences of min(Q, T) indices. Targets are
# counted **within their image**, from 0: a match (queries [4, 6], targets [1, 0]) means that query 4 answers for the
# image's target 1.
#
# `linear_sum_assignment(table)` gives (rows, columns) as two arrays, the rows in ascending order. It works without
# gradients; `cost` has some (2 points: each image gets its own columns).
#
# **Border cases.** An image without targets gets a pair of empty sequences; one with more targets than queries leaves
# some targets out (1 point). Where a model has diverged, costs are NaN. Raise a `ValueError` whose text names the image
# by its number in the batch (1 point): SciPy's own error does not say which it was. (The official code stops earlier,
# at an assert in the GIoU.)
#
# *Example.* `cost` (2, 2, 3) with the rows [[1, 2, 9], [3, 9, 9]] for image 0, [[9, 9, 5], [9, 9, 4]] for image 1,
# `sizes` [2, 1]. Image 0: query 0 with target 1, query 1 with target 0 (2 + 3 < 1 + 9). Image 1: query 1 with its
# target 0. Result: ([0, 1], [1, 0]) and ([1], [0]).

# %% exercise="match_batch" forbids="detrlab.detr.matcher.match"
def match_images(cost, sizes):
    """B pairs (queries, targets), targets counted within their image.

    cost: (B, Q, sum of sizes). sizes: the number of targets of each of the B images.

    Raises:
        ValueError: an image's costs hold NaN; the text names it by its number.
    """
    ### BEGIN SOLUTION
    blocks = cost.detach().split(sizes, dim=2)  # B times (B, Q, T)
    matches = []
    for i, block in enumerate(blocks):
        own = block[i]  # (Q, T)
        if own.isnan().any():
            raise ValueError(f"image {i}: some of its costs are NaN")
        queries, targets = linear_sum_assignment(own)
        matches.append((queries, targets))
    return matches
    ### END SOLUTION

# %% check="match_batch" points=4
@check(parts={"1. own columns": 2, "2. no targets, too many targets": 1, "3. NaN": 1})
def match_batch(draw):
    def ask(Q, sizes, *nan):
        cost = draw.normal(len(sizes), Q, sum(sizes)).requires_grad_() * 1
        for i in nan:
            cost[i, draw.integer(0, Q - 1)] = math.nan
        return match_images(cost, sizes)

    def report(Q, sizes):
        matches = ask(Q, sizes)
        if matches is ____:
            return matches
        return {"images": len(matches),
                **{f"image {i}": attempted(lambda i=i: sorted_pairs(matches[i])) for i in range(len(sizes))}}

    def named():
        Q, sizes, bad = draw.size(7, 11), [2] * 5, draw.permutation(5)[:2].tolist()
        cost, query, numbers = draw.normal(5, Q, 10), draw.integer(0, Q - 1), []
        keys = "image that it names", "in another batch"
        for i in bad:  # two batches that differ in the image only
            mine = cost.clone().requires_grad_() * 1
            mine[i, query] = math.nan
            try:
                result = match_images(mine, sizes)
            except ValueError as error:
                numbers.append(re.findall(r"\d+", str(error)))
            else:
                return result if result is ____ else dict.fromkeys(("error", *keys), "none")
        # What both texts say is a shape, or how many images there are, and no image's number.
        alone = [[number for number in own if own.count(number) > others.count(number)] or ["none"]
                 for own, others in zip(numbers, numbers[::-1])]
        named = [str(i) if str(i) in own else own[0] for i, own in zip(bad, alone)]
        return {"error": "ValueError", **dict(zip(keys, named))}

    few, many = draw.size(2, 3), draw.size(7, 11)
    mixed = [[0, many, 1], [many, 0, 1], [1, many, 0]][draw.integer(0, 2)]
    return {"1. own columns": attempted(lambda: report(draw.size(11, 13), [*draw.sizes(3, 3, 7)])),
            "2. no targets, too many targets": attempted(lambda: report(few, mixed)),
            "3. NaN": attempted(named)}


# %% [raw] hints="match_batch"
# 1. Each image is a problem of its own. Which rows of `cost` are its queries, and which columns are its targets? What
#    is the number of its first column, and what should its first target be called?
# 2. `cost.detach()` leaves the gradients behind. `.split(sizes, dim=2)` gives B tensors, one for the columns of each
#    image; of the i-th you need the rows of image i only. `.isnan().any()` finds NaN before SciPy does.
# 3. `for i, block in enumerate(cost.detach().split(sizes, dim=2)):`, then `linear_sum_assignment(block[...])`; a table
#    with no columns is fine for SciPy. Before it: `raise ValueError(f"image {i}: ...")`.

# %% [raw] mistake="match_batch/all_columns"
# Each image was matched with the targets of all images. Its own columns only: targets of other images are not there for
# its queries to find.
# ---
# - own = block[i]  # (Q, T)
# + own = cost.detach()[i]

# %% [raw] mistake="match_batch/first_image"
# Every image used the rows of image 0. Image i has its queries in cost[i].
# ---
# - own = block[i]  # (Q, T)
# + own = block[0]

# %% [raw] mistake="match_batch/columns_from_zero"
# Every image's columns were counted from 0. The targets of image 1 come after those of image 0: split the columns.
# ---
# - own = block[i]  # (Q, T)
# + own = cost.detach()[i, :, : sizes[i]]

# %% [raw] mistake="match_batch/numbers_of_the_batch"
# The targets are counted through the whole batch. Count them within their image, from 0.
# ---
# - matches.append((queries, targets))
# + matches.append((queries, targets + sum(sizes[:i])))

# %% [raw] mistake="match_batch/targets_first"
# The two of each pair changed places: queries first, then targets.
# ---
# - matches.append((queries, targets))
# + matches.append((targets, queries))

# %% [raw] mistake="match_batch/gradients_kept"
# The cost still has gradients, and arrays know none. Matching chooses, and a choice has no gradient: detach the cost
# first.
# ---
# - blocks = cost.detach().split(sizes, dim=2)  # B times (B, Q, T)
# + blocks = cost.split(sizes, dim=2)

# %% [raw] mistake="match_batch/maximised"
# This is the dearest assignment. `linear_sum_assignment` minimises by itself; `maximize=True` is for scores.
# ---
# - queries, targets = linear_sum_assignment(own)
# + queries, targets = linear_sum_assignment(own, maximize=True)

# %% [raw] mistake="match_batch/each_its_best"
# Each target took its cheapest query, so a query can answer twice. The assignment has to be one to one.
# ---
# - queries, targets = linear_sum_assignment(own)
# + queries, targets = own.argmin(0), range(sizes[i])

# %% [raw] mistake="match_batch/empty_skipped"
# An image without targets was skipped, so later images move up. It gets a pair of empty sequences.
# ---
# - matches.append((queries, targets))
# + if sizes[i]:
# +     matches.append((queries, targets))

# %% [raw] mistake="match_batch/too_many_cut"
# Where there are more targets than queries, only the first Q targets were considered. Which ones stay without a query,
# the costs decide: give SciPy the whole block.
# ---
# - own = block[i]  # (Q, T)
# + own = block[i, :, : cost.shape[1]]

# %% [raw] mistake="match_batch/nan_replaced"
# NaN became a number, so a diverged model goes on training without a word. Raise a ValueError that names the image.
# ---
# - if own.isnan().any():
# -     raise ValueError(f"image {i}: some of its costs are NaN")
# + own = own.nan_to_num(100)

# %% [raw] mistake="match_batch/nan_not_named"
# A ValueError was raised, but it does not name the image. In a batch of many that is what one wants to know.
# ---
# - raise ValueError(f"image {i}: some of its costs are NaN")
# + raise ValueError("some costs are NaN")

# %% [raw] mistake="match_batch/nan_counted_from_one"
# The error names the image after the right one. Images are counted from 0, as in cost[0].
# ---
# - raise ValueError(f"image {i}: some of its costs are NaN")
# + raise ValueError(f"image {i + 1}: some of its costs are NaN")

# %% [markdown]
# **Near-duplicates.** Two queries that predict the same object cannot both be matched: the other one is told "no
# object", however good its box. To act on that, a query has to know of the other. In the decoder's self-attention it
# can. Below, the shapes model detects in 30 scenes, as it is and with the decoder's self-attention silenced (its output
# set to zero; the model was not trained that way). A duplicate is a detection above .7 whose box has an IoU above .7
# with a better detection.

# %%
def show_duplicates():
    own = match_images(torch.tensor([[[-2.01], [-2.0], [4.0]]]), [1])
    print("two almost equal boxes and one target:", [(int(q), int(t)) for q, t in zip(*own[0])], "- query 1 is left over")
    model = load_model("shapes")
    silence = lambda module, args, output: (torch.zeros_like(output[0]), output[1])
    for name in ("with self-attention", "self-attention silenced"):
        hooks = []
        if name == "self-attention silenced":
            hooks = [layer.self_attn.register_forward_hook(silence) for layer in model.transformer.decoder.layers]
        outputs, targets = scene_batch(model, range(400, 430))
        for hook in hooks:
            hook.remove()
        found, duplicates = 0, 0
        for logits, boxes in zip(outputs["pred_logits"], outputs["pred_boxes"]):
            scores = logits.softmax(1)[:, :-1].amax(1)
            order = scores.argsort(descending=True)[: (scores > 0.7).sum()]
            overlap = box_iou(*[cxcywh_to_xyxy(boxes[order])] * 2).tril(-1)  # with better detections only
            found, duplicates = found + len(order), duplicates + (overlap > 0.7).any(1).sum().item()
        print(f"{name:24} {sum(len(t['labels']) for t in targets)} objects, {found} detections, {duplicates} duplicates")


attempt(show_duplicates, after="match_batch")
