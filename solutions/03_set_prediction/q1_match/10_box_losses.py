# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 10 · The box losses · 3 points · 12 min · ●●●○○
# **You will be able to** write DETR's two box losses, and say by what they are divided.
#
# Only matched queries have a box loss: the boxes of all others are free.
#
# 1. `matched_boxes(pred_boxes, goals, matches)` (1 point): the predicted boxes of all pairs of the batch, and beside
#    each the target's box, both (N, 4). `pred_boxes` is (B, Q, 4); `goals` and `matches` hold one entry for each image,
#    (T, 4) and a pair of int64 tensors (queries, targets). Image 0 comes first, its pairs in the order of the match.
# 2. `l1_and_giou(boxes_cxcywh, goal_cxcywh, sizes)` (2 points): the pair (L1 loss, GIoU loss) of such rows: the sum of
#    all |differences|, and the sum of 1 − GIoU of each box *with its own target*. Both are divided by the number of
#    **targets in the whole batch**, `sum(sizes)`, but at least by 1. `sizes` are the numbers of targets of the images.
#
# So a crowded image does not count less for each of its objects, and a batch without targets gives 0 and not NaN.
#
# *Example.* Two pairs, shifted by .1 in cx and by .3 in h; `sizes` [2, 0]. The L1 loss is $(.1 + .3)/2 = .2$: not
# divided by 8 numbers, nor by 2 images.
#
# `generalized_box_iou(a_xyxy, b_xyxy)` gives all pairs, (N, N); those that belong together lie on its diagonal.

# %% exercise="box_losses" forbids="detrlab.detr.criterion.set_losses, detrlab.detr.criterion._layer_losses, detrlab.detr.criterion._indices, detrlab.detr.criterion.box_losses, detrlab.training.learners.learning_losses"
def matched_boxes(pred_boxes, goals, matches):
    """Two tensors (N, 4): the predicted box and the target's box of each of the N pairs of the batch."""
    ### BEGIN SOLUTION
    boxes = torch.cat([pred_boxes[i, queries] for i, (queries, _) in enumerate(matches)])
    own_goals = torch.cat([goals[i][targets] for i, (_, targets) in enumerate(matches)])
    return boxes, own_goals
    ### END SOLUTION


def l1_and_giou(boxes_cxcywh, goal_cxcywh, sizes):
    """The two box losses. boxes_cxcywh, goal_cxcywh: (N, 4), row for row. sizes: each image's number of targets."""
    ### BEGIN SOLUTION
    count = max(sum(sizes), 1)
    l1 = (boxes_cxcywh - goal_cxcywh).abs().sum()
    giou = generalized_box_iou(cxcywh_to_xyxy(boxes_cxcywh), cxcywh_to_xyxy(goal_cxcywh)).diagonal()
    return l1 / count, (1 - giou).sum() / count
    ### END SOLUTION

# %% check="box_losses" points=3
@check(parts={"1. matched_boxes": 1, "2. l1_and_giou": 2})
def box_losses(draw):
    Q, N = draw.letters("Q N", 7, 13)
    sizes = [[2, 0, 5], [0, 5, 3], [3, 5, 0]][draw.integer(0, 2)]
    pred_boxes, goals = draw.boxes_cxcywh(3, Q).requires_grad_(), [draw.boxes_cxcywh(T) for T in sizes]
    matches = drawn_matches(draw, Q, sizes)
    boxes, goal = draw.boxes_cxcywh(N).requires_grad_(), draw.boxes_cxcywh(N)
    more = [N - 2, 0, draw.size(5, 7)]  # with more targets than queries some have no pair
    none = draw.boxes_cxcywh(0).requires_grad_()

    def pairs():
        result = matched_boxes(pred_boxes * 1, goals, matches)
        if result is ____:
            return result
        return {"boxes": attempted(lambda: told(result[0], pred_boxes)), "targets": attempted(lambda: result[1])}

    def ask(boxes, goal, sizes):
        result = l1_and_giou(boxes * 1, goal, sizes)
        if result is ____:
            return result
        return {"L1": attempted(lambda: told(result[0], boxes)), "GIoU": attempted(lambda: told(result[1], boxes))}

    def numbers(result):
        return result if result is ____ else [float(value) for value in result]

    return {"1. matched_boxes": attempted(pairs),
            "2. l1_and_giou": {"all matched": attempted(lambda: ask(boxes, goal, [N - 3, 0, 3])),
                               "more targets than pairs": attempted(lambda: ask(boxes, goal, more)),
                               "one target": attempted(lambda: ask(boxes[:1], goal[:1], [0, 1])),
                               "no targets": attempted(lambda: numbers(l1_and_giou(none, none.detach(), [0, 0])))}}


# %% [raw] hints="box_losses"
# 1. A match says which rows of an image's predictions, and which rows of its targets, belong together. Then all images'
#    rows are put below each other. What the sums are divided by is a number of targets, not of images, rows or
#    coordinates.
# 2. `pred_boxes[i, queries]` and `goals[i][targets]` have the same length; `torch.cat` joins them over the images. The
#    GIoU wants corners; `.diagonal()` keeps each box with its own target.
# 3. `count = max(sum(sizes), ...)`; `(boxes_cxcywh - goal_cxcywh).abs().sum() / count`;
#    `(1 - generalized_box_iou(...).diagonal()).sum() / count`.

# %% [raw] mistake="box_losses/targets_in_their_order"
# matched_boxes: the targets were taken in their own order. The match says which target belongs to which query:
# goals[i][targets].
# ---
# - own_goals = torch.cat([goals[i][targets] for i, (_, targets) in enumerate(matches)])
# + own_goals = torch.cat(goals)

# %% [raw] mistake="box_losses/first_queries"
# matched_boxes: these are the first T queries of each image. The match says which queries they are.
# ---
# - boxes = torch.cat([pred_boxes[i, queries] for i, (queries, _) in enumerate(matches)])
# + boxes = torch.cat([pred_boxes[i, : len(queries)] for i, (queries, _) in enumerate(matches)])

# %% [raw] mistake="box_losses/first_image"
# matched_boxes: all boxes come from image 0. Each image has predictions of its own: pred_boxes[i, queries].
# ---
# - boxes = torch.cat([pred_boxes[i, queries] for i, (queries, _) in enumerate(matches)])
# + boxes = torch.cat([pred_boxes[0, queries] for i, (queries, _) in enumerate(matches)])

# %% [raw] mistake="box_losses/targets_first"
# matched_boxes: the two changed places: predicted boxes first, then targets.
# ---
# - return boxes, own_goals
# + return own_goals, boxes

# %% [raw] mistake="box_losses/boxes_detached"
# matched_boxes: the boxes are detached, so no gradient would reach the model.
# ---
# - return boxes, own_goals
# + return boxes.detach(), own_goals

# %% [raw] mistake="box_losses/mean_of_coordinates"
# l1_and_giou: the L1 was divided by the number of coordinates, four for each box. Divide the sum by the number of
# targets.
# ---
# - l1 = (boxes_cxcywh - goal_cxcywh).abs().sum()
# + l1 = (boxes_cxcywh - goal_cxcywh).abs().sum() / 4

# %% [raw] mistake="box_losses/per_image"
# l1_and_giou: the sums were divided by the number of images. Divide by the number of targets in the batch.
# ---
# - count = max(sum(sizes), 1)
# + count = len(sizes)

# %% [raw] mistake="box_losses/targets_per_image"
# l1_and_giou: the sums were divided by the *mean* number of targets of an image. Divide by the number in the whole
# batch.
# ---
# - count = max(sum(sizes), 1)
# + count = max(sum(sizes), 1) / len(sizes)

# %% [raw] mistake="box_losses/by_pairs"
# l1_and_giou: the sums were divided by the number of pairs. With more targets than queries these are fewer than the
# targets, which is what the official code divides by.
# ---
# - count = max(sum(sizes), 1)
# + count = max(len(boxes_cxcywh), 1)

# %% [raw] mistake="box_losses/not_at_least_1"
# l1_and_giou: a batch without targets divides by 0. The number of targets counts as 1 at least.
# ---
# - count = max(sum(sizes), 1)
# + count = sum(sizes)

# %% [raw] mistake="box_losses/one_too_many"
# l1_and_giou: 1 was added to the number of targets. It is a lower limit: max(sum(sizes), 1).
# ---
# - count = max(sum(sizes), 1)
# + count = sum(sizes) + 1

# %% [raw] mistake="box_losses/not_divided"
# l1_and_giou: these are sums. Divide both by the number of targets in the batch.
# ---
# - return l1 / count, (1 - giou).sum() / count
# + return l1, (1 - giou).sum()

# %% [raw] mistake="box_losses/every_pair"
# l1_and_giou: every box was compared with the targets of all others. Only the diagonal holds boxes with their own
# targets.
# ---
# - giou = generalized_box_iou(cxcywh_to_xyxy(boxes_cxcywh), cxcywh_to_xyxy(goal_cxcywh)).diagonal()
# + giou = generalized_box_iou(cxcywh_to_xyxy(boxes_cxcywh), cxcywh_to_xyxy(goal_cxcywh))

# %% [raw] mistake="box_losses/giou_not_corners"
# l1_and_giou: the GIoU was given centres and sizes, which it takes for corners.
# ---
# - giou = generalized_box_iou(cxcywh_to_xyxy(boxes_cxcywh), cxcywh_to_xyxy(goal_cxcywh)).diagonal()
# + giou = generalized_box_iou(boxes_cxcywh, goal_cxcywh).diagonal()

# %% [raw] mistake="box_losses/giou_itself"
# l1_and_giou: this is the GIoU, which grows as boxes get better. The loss is 1 − GIoU.
# ---
# - return l1 / count, (1 - giou).sum() / count
# + return l1 / count, giou.sum() / count

# %% [raw] mistake="box_losses/l1_on_corners"
# l1_and_giou: the L1 was taken of corners. It is that of (cx, cy, w, h).
# ---
# - l1 = (boxes_cxcywh - goal_cxcywh).abs().sum()
# + l1 = (cxcywh_to_xyxy(boxes_cxcywh) - cxcywh_to_xyxy(goal_cxcywh)).abs().sum()

# %% [raw] mistake="box_losses/squared"
# l1_and_giou: the differences were squared. L1 takes absolute values.
# ---
# - l1 = (boxes_cxcywh - goal_cxcywh).abs().sum()
# + l1 = (boxes_cxcywh - goal_cxcywh).square().sum()

# %% [raw] mistake="box_losses/weighted_already"
# l1_and_giou: the weights 5 and 2 are in already. They come when all losses are added, in the next step.
# ---
# - return l1 / count, (1 - giou).sum() / count
# + return 5 * l1 / count, 2 * (1 - giou).sum() / count
