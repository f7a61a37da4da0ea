# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 2 · What a pair costs · 4 points · 20 min · ●●○○○
# **You will be able to** write the cost matrix of DETR's matcher, and say why it has −p and not −log p.
#
# The cost of query q for target t (section 3.1; weights of A.4 and of the official code):
#
# $$\mathrm{cost}(q, t) = -\,p_q(\mathrm{class}_t) + 5 \cdot \lVert \mathrm{box}_q - \mathrm{box}_t \rVert_1
#   - 2 \cdot \mathrm{GIoU}(\mathrm{box}_q, \mathrm{box}_t) .$$
#
# - $p_q$ is the softmax over all K + 1 logits of the query, no-object among them;
# - the L1 distance is the *sum* of the four absolute differences of (cx, cy, w, h);
# - the GIoU is 1 for equal boxes and goes down to −1 for boxes far apart. You write it in step 6; here
#   `generalized_box_iou(a_xyxy, b_xyxy)` of the library gives it for all pairs, (Q, T). It wants corners:
#   `cxcywh_to_xyxy(boxes_cxcywh)`.
#
# | | in | out |
# |---|---|---|
# | `class_cost` (1 point) | `logits` (Q, K+1), `labels` (T,) | (Q, T) |
# | `l1_cost` (1 point) | `boxes_cxcywh` (Q, 4), `goal_cxcywh` (T, 4) | (Q, T) |
# | `pair_costs` (2 points) | the two matrices above, and the boxes | (Q, T) |
#
# *Example.* Logits 0, 0, 0 for two classes and no-object, a target of class 1: the class cost is −1/3. The box
# (.5, .5, .2, .2) and the target (.6, .5, .2, .4): L1 is $.1 + .2 = .3$, and 5 · .3 = 1.5. The intersection is
# $.1 \cdot .2 = .02$, the union .04 + .08 − .02 = .10, the smallest box around both $.3 \cdot .4 = .12$; GIoU is
# $.02/.10 - .02/.12 = .033$. The pair costs $-.333 + 1.5 - .067 = 1.1$.

# %% exercise="cost_matrix" forbids="detrlab.detr.matcher.match, detrlab.detr.criterion.set_losses, detrlab.detr.criterion._layer_losses, detrlab.training.learners.learning_losses"
def class_cost(logits, labels):
    """(Q, T): minus the probability that each query gives to each target's class."""
    ### BEGIN SOLUTION
    p = logits.softmax(dim=1)  # (Q, K+1)
    return -p[:, labels]  # (Q, T)
    ### END SOLUTION


def l1_cost(boxes_cxcywh, goal_cxcywh):
    """(Q, T): the L1 distance of each query's box and each target's box."""
    ### BEGIN SOLUTION
    difference = boxes_cxcywh[:, None] - goal_cxcywh  # (Q, T, 4)
    return difference.abs().sum(dim=2)
    ### END SOLUTION


def pair_costs(by_class, by_l1, boxes_cxcywh, goal_cxcywh):
    """(Q, T): the whole cost. by_class, by_l1: (Q, T), what the two functions above give, without weights."""
    ### BEGIN SOLUTION
    giou = generalized_box_iou(cxcywh_to_xyxy(boxes_cxcywh), cxcywh_to_xyxy(goal_cxcywh))  # (Q, T)
    return by_class + 5 * by_l1 - 2 * giou
    ### END SOLUTION

# %% check="cost_matrix" points=4
@check(parts={"1. class_cost": 1, "2. l1_cost": 1, "3. pair_costs": 2})
def cost_matrix(draw):
    Q, T, K = draw.letters("Q T K", 3, 13)
    logits, labels = 2 * draw.normal(Q, K + 1), torch.tensor([draw.integer(0, K - 1) for _ in range(T)])
    boxes, goal = draw.boxes_cxcywh(Q), draw.boxes_cxcywh(T)
    by_class, by_l1 = draw.normal(Q, T), draw.normal(Q, T)

    def compared(cost):
        """What is added to all pairs changes no assignment: 1 - p is as good as -p."""
        return cost - cost.mean() if isinstance(cost, torch.Tensor) else cost

    return {"1. class_cost": attempted(lambda: compared(class_cost(logits, labels))),
            "2. l1_cost": attempted(lambda: l1_cost(boxes, goal)),
            "3. pair_costs": attempted(lambda: compared(pair_costs(by_class, by_l1, boxes, goal)))}


# %% [raw] hints="cost_matrix"
# 1. Every entry belongs to one query (row) and one target (column). For the class: which of the query's K + 1
#    probabilities is asked? For the boxes: four differences become one number.
# 2. A tensor of indices picks columns: `p[:, labels]` is (Q, T). `boxes_cxcywh[:, None]` is (Q, 1, 4), and minus (T, 4)
#    it gives all pairs, (Q, T, 4).
# 3. `-logits.softmax(dim=1)[:, labels]`; `(...).abs().sum(dim=2)`; `by_class + 5 * by_l1 - ... * giou`, with both boxes
#    turned into corners.

# %% [raw] mistake="cost_matrix/log_probability"
# class_cost: this is −log p. The matcher takes −p, which lies between −1 and 0 and so stays comparable with the box
# costs.
# ---
# - p = logits.softmax(dim=1)  # (Q, K+1)
# + p = logits.log_softmax(dim=1)

# %% [raw] mistake="cost_matrix/probability"
# class_cost: the sign. A query that is sure of the class has to be cheap: minus the probability.
# ---
# - return -p[:, labels]  # (Q, T)
# + return p[:, labels]

# %% [raw] mistake="cost_matrix/logits"
# class_cost: these are logits. Take the softmax first: what counts is the probability.
# ---
# - p = logits.softmax(dim=1)  # (Q, K+1)
# + p = logits

# %% [raw] mistake="cost_matrix/softmax_over_queries"
# class_cost: the softmax runs over the queries. It is the classes of one query that compete: each row sums to 1.
# ---
# - p = logits.softmax(dim=1)  # (Q, K+1)
# + p = logits.softmax(dim=0)

# %% [raw] mistake="cost_matrix/no_object_left_out"
# class_cost: no-object was cut off before the softmax. A query that says "no object" would look sure of some class: the
# softmax runs over all K + 1 logits.
# ---
# - p = logits.softmax(dim=1)  # (Q, K+1)
# + p = logits[:, :-1].softmax(dim=1)

# %% [raw] mistake="cost_matrix/sigmoid"
# class_cost: the sigmoid looks at each class by itself. DETR's classes compete: softmax.
# ---
# - p = logits.softmax(dim=1)  # (Q, K+1)
# + p = logits.sigmoid()

# %% [raw] mistake="cost_matrix/targets_by_queries"
# class_cost: this is (T, Q). Rows are queries, columns are targets.
# ---
# - return -p[:, labels]  # (Q, T)
# + return -p[:, labels].T

# %% [raw] mistake="cost_matrix/on_corners"
# l1_cost: this is the distance of the corners. The paper's L1 is that of (cx, cy, w, h).
# ---
# - difference = boxes_cxcywh[:, None] - goal_cxcywh  # (Q, T, 4)
# + difference = cxcywh_to_xyxy(boxes_cxcywh)[:, None] - cxcywh_to_xyxy(goal_cxcywh)

# %% [raw] mistake="cost_matrix/mean_of_four"
# l1_cost: this is the mean of the four differences. L1 is their sum.
# ---
# - return difference.abs().sum(dim=2)
# + return difference.abs().mean(dim=2)

# %% [raw] mistake="cost_matrix/l1_weighted"
# l1_cost: the weight 5 is in it already. `pair_costs` puts it in: return the distance alone.
# ---
# - return difference.abs().sum(dim=2)
# + return 5 * difference.abs().sum(dim=2)

# %% [raw] mistake="cost_matrix/euclidean"
# l1_cost: this is the L2 distance, a root of squares. L1 is the sum of absolute values.
# ---
# - return difference.abs().sum(dim=2)
# + return difference.square().sum(dim=2).sqrt()

# %% [raw] mistake="cost_matrix/signed"
# l1_cost: the differences have kept their signs, so they cancel each other. Take absolute values before the sum.
# ---
# - return difference.abs().sum(dim=2)
# + return difference.sum(dim=2).abs()

# %% [raw] mistake="cost_matrix/weights_of_one"
# pair_costs: all three weights are 1, the defaults of the official matcher's constructor. Training used 1, 5 and 2.
# ---
# - return by_class + 5 * by_l1 - 2 * giou
# + return by_class + by_l1 - giou

# %% [raw] mistake="cost_matrix/weights_exchanged"
# pair_costs: 5 and 2 changed places. L1 has 5, the GIoU has 2.
# ---
# - return by_class + 5 * by_l1 - 2 * giou
# + return by_class + 2 * by_l1 - 5 * giou

# %% [raw] mistake="cost_matrix/giou_added"
# pair_costs: the sign of the GIoU. It is large where boxes agree, so it is taken off the cost.
# ---
# - return by_class + 5 * by_l1 - 2 * giou
# + return by_class + 5 * by_l1 + 2 * giou

# %% [raw] mistake="cost_matrix/not_corners"
# pair_costs: the GIoU was given centres and sizes, which it takes for corners. Turn both into corners first.
# ---
# - giou = generalized_box_iou(cxcywh_to_xyxy(boxes_cxcywh), cxcywh_to_xyxy(goal_cxcywh))  # (Q, T)
# + giou = generalized_box_iou(boxes_cxcywh, goal_cxcywh)

# %% [raw] mistake="cost_matrix/iou"
# pair_costs: this is the IoU, which is 0 for all boxes that do not overlap. The GIoU tells near ones from far ones.
# ---
# - giou = generalized_box_iou(cxcywh_to_xyxy(boxes_cxcywh), cxcywh_to_xyxy(goal_cxcywh))  # (Q, T)
# + giou = box_iou(cxcywh_to_xyxy(boxes_cxcywh), cxcywh_to_xyxy(goal_cxcywh))

# %% [markdown]
# **Why −p and not −log p?** The paper leaves the logarithm out so that the class has a size comparable with the boxes.
# Below: the smallest and the largest value of each term over all pairs of 16 scenes, for the trained shapes model and
# for one with random weights; and how many matched pairs would be other ones with −log p. (The cell takes some
# seconds, and shows all at once.)

# %%
def show_terms():
    print(" " * 9 + "".join(f"{name:16}" for name in ("class cost", "5·L1", "−2·GIoU", "−log p", "pairs changed by −log p")))
    torch.manual_seed(2)
    for name, model in (("trained", load_model("shapes")), ("random", shapes_model().eval())):
        outputs, targets = scene_batch(model, range(400, 416))
        terms, changed, pairs = [[], [], [], []], 0, 0
        for logits, boxes, target in zip(outputs["pred_logits"], outputs["pred_boxes"], targets):
            by_class, by_l1 = class_cost(logits, target["labels"]), l1_cost(boxes, target["boxes"])
            by_log = -logits.log_softmax(1)[:, target["labels"]]
            whole, with_log = (pair_costs(c, by_l1, boxes, target["boxes"]) for c in (by_class, by_log))
            for term, value in zip(terms, (by_class, 5 * by_l1, whole - by_class - 5 * by_l1, by_log)):
                term.append(value.flatten())
            ours, theirs = (set(sorted_pairs(linear_sum_assignment(cost))) for cost in (whole, with_log))
            changed, pairs = changed + len(ours - theirs), pairs + len(ours)
        ends = [[round(end.item(), 2) + 0.0 for end in torch.cat(term).aminmax()] for term in terms]  # no "-0.00"
        ranges = [f"{low:.2f} to {high:.2f}" for low, high in ends]
        print(f"{name:9}" + "".join(f"{text:16}" for text in (*ranges, f"{changed} of {pairs}")))


attempt(show_terms, after="cost_matrix")
