# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 3 · Try them all · 2 points · 12 min · ●●●○○
# **You will be able to** find the cheapest assignment of any small table, and say how the time grows.
#
# `cheapest(cost)` tries every assignment and returns the best as a pair of lists, (queries, targets): their i-th
# entries belong together; the order of the pairs is yours. There are min(Q, T) pairs: with **more targets than
# queries** every query gets a target, and the dearest targets stay without one.
#
# `itertools.permutations(range(Q), T)` gives all ways to choose T of Q queries in order.
#
# *Example.* The table of step 1 gives ([0, 2], [0, 1]). Turned on its side, with 2 queries and 3 targets, it gives
# ([0, 1], [0, 2]).
#
# `linear_sum_assignment` may not be used here: it will be the judge. Neither may other ready-made matching.

# %% exercise="brute_force" forbids="scipy.optimize.linear_sum_assignment, scipy.optimize._lsap.linear_sum_assignment, detrlab.detr.matcher.match, scipy.sparse.csgraph.min_weight_full_bipartite_matching, networkx.min_weight_matching, networkx.max_weight_matching"
def cheapest(cost):
    """(queries, targets), two lists of min(Q, T) indices: the pairs of the cheapest assignment. cost: (Q, T)."""
    ### BEGIN SOLUTION
    Q, T = cost.shape
    if T > Q:  # queries and targets change roles
        targets, queries = cheapest(cost.T)
        return queries, targets
    rows = cost.tolist()
    best = min(itertools.permutations(range(Q), T), key=lambda qs: sum(rows[q][t] for t, q in enumerate(qs)))
    return list(best), list(range(T))
    ### END SOLUTION

# %% check="brute_force" points=2
@check(parts={"1. queries to spare": 1, "2. more targets than queries": 1})
def brute_force(draw):
    few, many = draw.sizes(2, 2, 3)[0], draw.sizes(2, 5, 7)[0]
    wide, tall = draw.normal(few, many), draw.normal(many, few)
    # One that all want, and that is not among the first.
    wide[:, draw.integer(few, many - 1)] -= 3
    tall[draw.integer(few, many - 1)] -= 3
    # The cheapest pair of the wide table is a trap: its query and its target are wanted by others, too.
    late, (q, other) = draw.integer(few, many - 1), draw.permutation(few)[:2]
    early = (late + draw.integer(1, many - 1)) % many
    wide[q, late], wide[q, early], wide[other, late] = -9, -draw.number(7, 8), -draw.number(7, 8)

    def ask(cost):
        pairs = cheapest(cost)
        if pairs is ____:
            return pairs
        pairs = sorted_pairs(pairs)
        return {"pairs": pairs, "total cost": attempted(lambda: sum(cost[q, t] for q, t in pairs))}

    square = draw.normal(5, 5)
    return {"1. queries to spare": {"more": attempted(lambda: ask(tall)), "as many": attempted(lambda: ask(square))},
            "2. more targets than queries": attempted(lambda: ask(wide))}


# %% [raw] hints="brute_force"
# 1. With at least as many queries as targets: write the queries in the order of their targets. Every assignment is then
#    one ordered choice of T different queries. With fewer queries, what could you do to the table first?
# 2. The sum of one choice is `sum(rows[q][t] for t, q in enumerate(choice))` with `rows = cost.tolist()`;
#    `min(..., key=...)` finds the best choice. With T > Q ask yourself about `cost.T`, and exchange the two lists of
#    the answer.
# 3. `if T > Q: targets, queries = cheapest(cost.T)`; otherwise
#    `min(itertools.permutations(range(Q), T), key=lambda qs: ...)` beside `list(range(T))`.

# %% [raw] mistake="brute_force/first_queries_only"
# Only the first T queries were tried. Any T of the Q queries may be chosen: permutations(range(Q), T).
# ---
# - best = min(itertools.permutations(range(Q), T), key=lambda qs: sum(rows[q][t] for t, q in enumerate(qs)))
# + best = min(itertools.permutations(range(T)), key=lambda qs: sum(rows[q][t] for t, q in enumerate(qs)))

# %% [raw] mistake="brute_force/order_ignored"
# Combinations have no order, so most assignments were never tried: which of the chosen queries gets which target
# matters.
# ---
# - best = min(itertools.permutations(range(Q), T), key=lambda qs: sum(rows[q][t] for t, q in enumerate(qs)))
# + best = min(itertools.combinations(range(Q), T), key=lambda qs: sum(rows[q][t] for t, q in enumerate(qs)))

# %% [raw] mistake="brute_force/query_twice"
# A query may answer twice here. `itertools.product` repeats; permutations do not.
# ---
# - best = min(itertools.permutations(range(Q), T), key=lambda qs: sum(rows[q][t] for t, q in enumerate(qs)))
# + best = min(itertools.product(range(Q), repeat=T), key=lambda qs: sum(rows[q][t] for t, q in enumerate(qs)))

# %% [raw] mistake="brute_force/dearest"
# This is the dearest assignment. The smallest sum wins.
# ---
# - best = min(itertools.permutations(range(Q), T), key=lambda qs: sum(rows[q][t] for t, q in enumerate(qs)))
# + best = max(itertools.permutations(range(Q), T), key=lambda qs: sum(rows[q][t] for t, q in enumerate(qs)))

# %% [raw] mistake="brute_force/absolute_costs"
# The absolute values of the costs were added. Costs may be negative: −p and −GIoU are.
# ---
# - best = min(itertools.permutations(range(Q), T), key=lambda qs: sum(rows[q][t] for t, q in enumerate(qs)))
# + best = min(itertools.permutations(range(Q), T), key=lambda qs: sum(abs(rows[q][t]) for t, q in enumerate(qs)))

# %% [raw] mistake="brute_force/greedy"
# This is greedy: the cheapest pair first. The cheapest assignment may do without it; compare whole sums.
# ---
# - Q, T = cost.shape
# - if T > Q:  # queries and targets change roles
# -     targets, queries = cheapest(cost.T)
# -     return queries, targets
# - rows = cost.tolist()
# - best = min(itertools.permutations(range(Q), T), key=lambda qs: sum(rows[q][t] for t, q in enumerate(qs)))
# - return list(best), list(range(T))
# + left, pairs = cost.clone(), []
# + for _ in range(min(cost.shape)):
# +     q, t = divmod(left.argmin().item(), cost.shape[1])
# +     pairs.append((q, t))
# +     left[q], left[:, t] = math.inf, math.inf
# + return [q for q, _ in pairs], [t for _, t in pairs]

# %% [raw] mistake="brute_force/total"
# One number came, the total. Return the pairs: two lists, (queries, targets).
# ---
# - return list(best), list(range(T))
# + return sum(rows[q][t] for t, q in enumerate(best))

# %% [raw] mistake="brute_force/targets_first"
# The two lists changed places: queries first, then targets.
# ---
# - return list(best), list(range(T))
# + return list(range(T)), list(best)

# %% [raw] mistake="brute_force/no_more_targets"
# With more targets than queries there is no way to give every target a query, so nothing was tried. Let the queries
# choose among the targets then.
# ---
# - if T > Q:  # queries and targets change roles
# -     targets, queries = cheapest(cost.T)
# -     return queries, targets

# %% [raw] mistake="brute_force/first_targets_only"
# With more targets than queries only the first Q targets were considered. Any of them may be the cheapest: let the
# queries choose among all targets.
# ---
# - targets, queries = cheapest(cost.T)
# - return queries, targets
# + return cheapest(cost[:, :Q])

# %% [raw] mistake="brute_force/roles_not_exchanged_back"
# With more targets than queries the table was turned on its side, but the answer was not turned back: queries come
# first.
# ---
# - targets, queries = cheapest(cost.T)
# - return queries, targets
# + return cheapest(cost.T)

# %% [markdown]
# **How the time grows.** For n queries and n targets there are n! assignments. SciPy's `linear_sum_assignment` (a
# modified Jonker-Volgenant algorithm, in the family of the Hungarian algorithm) finds the same minimum in about
# $n^3$ steps at most. Measured on this computer, yours against SciPy's. (The cell takes some seconds, and shows all at
# once.)

# %%
def show_time():
    def seconds(solve, n):
        cost = torch.rand(n, n, generator=torch.Generator().manual_seed(n))
        start = time.perf_counter()
        queries, targets = solve(cost)
        return time.perf_counter() - start, cost[list(queries), list(targets)].sum().item()

    small, large = range(2, 9), (2, 4, 8, 16, 32, 64, 128, 256, 512)
    slow = [min(seconds(cheapest, n) for _ in range(3 if n < 7 else 1)) for n in small]
    quick = [min(seconds(linear_sum_assignment, n) for _ in range(3)) for n in large]
    checked = [abs(slow[n - 2][1] - seconds(linear_sum_assignment, n)[1]) for n in small]
    print(f"n = 2 to 8: totals of both ways differ by at most {max(checked):.0e}")
    print(f"n = 8:   {math.factorial(8):,} assignments, {slow[-1][0]:.2f} s; SciPy {quick[2][0] * 1e6:.0f} µs")
    years = math.log10(slow[-1][0] / 3.15e7) + (math.lgamma(101) - math.lgamma(9)) / math.log(10)
    print(f"n = 100: all assignments would take about 10^{years:.0f} years at that speed")
    print(f"n = 512: SciPy {quick[-1][0]:.3f} s")
    figure, axes = one_axes((7.4, 3.4))
    axes.loglog(small, [s for s, _ in slow], "o-", color="#d95f02", label="all assignments, n!")
    axes.loglog(large, [s for s, _ in quick], "s-", color="#1f9e89", label="linear_sum_assignment")
    last = quick[-1][0]
    axes.loglog(large[-5:], [last * (n / 512) ** 3 for n in large[-5:]], ":", color=GREY, label="slope of n³")
    axes.set_xlabel("n queries and n targets", color=GREY)
    axes.set_ylabel("seconds", color=GREY)
    axes.set_title("Time to find the cheapest assignment", color=GREY, fontsize=11.5)
    axes.legend(frameon=False, labelcolor=GREY)
    return figure


attempt(show_time, after="brute_force")
