# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 5 · What greedy costs · 2 points · 12 min · ●●○○○
# **You will be able to** measure how far a greedy assignment is from the best.
#
# 1. `greedy(cost)` (1 point): the cheapest pair of the whole table first, then the cheapest that has neither its query
#    nor its target, and so on: min(Q, T) pairs, as (queries, targets).
# 2. `gap(cost, pairs)` (1 point): how much more `pairs` cost than the cheapest assignment, in total. A *count* of
#    different pairs would mislead: two assignments can differ in every pair and cost the same.
#
# *Example.* The table of step 1: greedy takes (2, 0) and (1, 1), total 7. The best costs 5, so the gap is 2.

# %% exercise="greedy_gap"
def greedy(cost):
    """(queries, targets), two sequences of min(Q, T) indices. cost: (Q, T)."""
    ### BEGIN SOLUTION
    left = cost.clone()
    queries, targets = [], []
    for _ in range(min(cost.shape)):
        q, t = divmod(left.argmin().item(), cost.shape[1])
        queries.append(q)
        targets.append(t)
        left[q, :] = math.inf
        left[:, t] = math.inf
    return queries, targets
    ### END SOLUTION


def gap(cost, pairs):
    """The total cost of the pairs, less that of the cheapest assignment. pairs: (queries, targets)."""
    ### BEGIN SOLUTION
    queries, targets = pairs
    total = cost[queries, targets].sum()
    best = cost[linear_sum_assignment(cost)].sum()
    return total - best
    ### END SOLUTION

# %% check="greedy_gap" points=2
@check(parts={"1. greedy": 1, "2. gap": 1})
def greedy_gap(draw):
    Q, T = draw.letters("Q T", 5, 11)
    cost, n = draw.normal(Q, T), min(Q, T)
    # The cheapest pair is a trap: its query and its target are wanted by others, too, and these two cost much together.
    (early, late), (q, other) = draw.permutation(T)[:2].sort().values, draw.permutation(Q)[:2]
    cost[q, late], cost[q, early], cost[other, late] = -9, -draw.number(7, 8), -draw.number(7, 8)
    cost[other, early] = draw.number(6, 7)
    pairs = draw.permutation(Q)[:n].tolist(), draw.permutation(T)[:n].tolist()
    low, step = draw.integer(-9, 9), draw.integer(1, 5)
    ties = torch.tensor([[low, low + step], [low + step, low + 2 * step]]).float()  # both assignments cost the same

    def chosen(cost):
        mine = cost.clone()  # is to be left as it is: the total shows it
        result = greedy(mine)
        if result is ____:
            return result
        found = sorted_pairs(result)
        return {"pairs": found, "total cost": attempted(lambda: sum(mine[q, t] for q, t in found))}

    def gaps():
        return {"any pairs": attempted(lambda: float(gap(cost, pairs))),
                "equal totals": attempted(lambda: [float(gap(ties, ([0, 1], way))) for way in ([0, 1], [1, 0])])}

    tables = {"some costs below 0": cost, "all above 0": 50 * (cost + 20)}  # the same choice in both
    return {"1. greedy": {name: attempted(lambda table=table: chosen(table)) for name, table in tables.items()},
            "2. gap": attempted(gaps)}


# %% [raw] hints="greedy_gap"
# 1. After a pair is taken, its whole row and its whole column are out of the game. What number could you write there,
#    so that they are never the smallest again?
# 2. `left.argmin()` counts through the table row by row: `divmod(..., T)` makes row and column of it.
#    `cost[queries, targets]` picks the costs of pairs.
# 3. In the loop: `left[q, :] = math.inf` and the same for column t. The gap is `cost[queries, targets].sum()` minus
#    `cost[linear_sum_assignment(...)].sum()`.

# %% [raw] mistake="greedy_gap/query_twice"
# Only the column was crossed out, so a query can answer twice. Cross out row and column.
# ---
# - left[q, :] = math.inf
# + left[q, t] = math.inf

# %% [raw] mistake="greedy_gap/target_twice"
# Only the row was crossed out, so a target can be taken twice. Cross out row and column.
# ---
# - left[:, t] = math.inf
# + left[q, t] = math.inf

# %% [raw] mistake="greedy_gap/crossed_out_with_zero"
# What was crossed out got a number that is smaller than other costs, so it was taken again. Costs may be large: write
# math.inf.
# ---
# - left[q, :] = math.inf
# - left[:, t] = math.inf
# + left[q, :] = 0
# + left[:, t] = 0

# %% [raw] mistake="greedy_gap/targets_in_order"
# The targets chose in their order, each its cheapest free query. Greedy begins with the cheapest pair of the whole
# table.
# ---
# - q, t = divmod(left.argmin().item(), cost.shape[1])
# + t = int(left.isinf().all(0).int().argmin())
# + q = left[:, t].argmin().item()

# %% [raw] mistake="greedy_gap/dearest_first"
# The dearest pair was taken first. Greedy begins with the smallest cost.
# ---
# - left = cost.clone()
# + left = -cost

# %% [raw] mistake="greedy_gap/rows_counted_wrong"
# `argmin` counts row by row: row = number // T, column = number % T. Here the length of a column was used for it.
# ---
# - q, t = divmod(left.argmin().item(), cost.shape[1])
# + t, q = divmod(left.argmin().item(), cost.shape[0])

# %% [raw] mistake="greedy_gap/targets_first"
# The two lists changed places: queries first, then targets.
# ---
# - return queries, targets
# + return targets, queries

# %% [raw] mistake="greedy_gap/optimal"
# This is the cheapest assignment. Greedy never goes back on a pair.
# ---
# - return queries, targets
# + return linear_sum_assignment(cost)

# %% [raw] mistake="greedy_gap/pairs_counted"
# This counts the pairs that differ. Assignments with other pairs can cost the same: compare the totals.
# ---
# - return total - best
# + return len(set(zip(queries, targets)) - set(sorted_pairs(linear_sum_assignment(cost))))

# %% [raw] mistake="greedy_gap/sign"
# The sign: nothing costs less than the cheapest assignment, so a gap is not negative. Take the best off the total.
# ---
# - return total - best
# + return best - total

# %% [raw] mistake="greedy_gap/mean"
# This is the gap of the mean cost of a pair. Asked is that of the total.
# ---
# - return total - best
# + return (total - best) / len(queries)

# %% [raw] mistake="greedy_gap/relative"
# This is the gap as a share of the best. Costs may be negative or 0, so a share says little: return the difference.
# ---
# - return total - best
# + return (total - best) / best

# %% [raw] mistake="greedy_gap/total_only"
# This is the total of the pairs. Take that of the cheapest assignment off it.
# ---
# - return total - best
# + return total

# %% [markdown]
# **How often, and how much?** 500 random tables of 20 queries, and the costs of 30 scenes, for the trained shapes model
# and one with random weights. (The cell takes some seconds, and shows all at once.)

# %%
def show_gap():
    def scene_costs(model):
        outputs, targets = scene_batch(model, range(400, 430))
        for logits, boxes, target in zip(outputs["pred_logits"], outputs["pred_boxes"], targets):
            giou = generalized_box_iou(cxcywh_to_xyxy(boxes), cxcywh_to_xyxy(target["boxes"]))
            l1 = torch.cdist(boxes, target["boxes"], p=1)
            yield -logits.softmax(1)[:, target["labels"]] + 5 * l1 - 2 * giou

    torch.manual_seed(5)
    rows = [(f"random, {T} targets", [torch.rand(20, T) for _ in range(500)]) for T in (2, 6, 20)]
    rows += [("scenes, random weights", [*scene_costs(shapes_model().eval())])]
    rows += [("scenes, trained", [*scene_costs(load_model("shapes"))])]
    print("                          greedy is dearer in    mean gap    largest gap")
    for name, costs in rows:
        gaps = torch.tensor([float(gap(cost, greedy(cost))) for cost in costs]).round(decimals=4)
        share = f"{(gaps > 0).sum()} of {len(gaps)}"
        print(f"{name:26}{share:>19}{gaps.mean().abs():12.3f}{gaps.max().abs():15.3f}")


attempt(show_gap, after="greedy_gap")
