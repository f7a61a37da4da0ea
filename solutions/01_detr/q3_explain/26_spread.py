# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 26 · Sharp or spread out: entropy · 2 points · 7 min · ●●○○○
# **Goal:** measure how concentrated a map is.
#
# Divided by its largest possible value, $\log S$, entropy lies between 0 (all on one cell) and 1 (even):
# $$H(a) = -\frac{1}{\log S}\sum_{i=1}^{S} a_i \log a_i, \qquad 0\cdot\log 0 := 0 .$$
#
# S counts all cells, those of weight 0 too. Such a cell adds exactly 0: `clamp(min=1e-6)` would make each add a little.
#
# If two heads look sharply at two places, their mean looks at both. Its entropy is never below the mean of theirs.
#
# *Example with M = 2 heads and S = 4 cells.* Head 0 is (1, 0, 0, 0): entropy 0. Head 1 is (½, ½, 0, 0):
# $\log 2 / \log 4 = .5$. Their mean (¾, ¼, 0, 0) has .406, well above the mean of the two, .25.
#
# Write `head_entropies(maps)` (a point for each result) without the library's `measures.entropy`; PyTorch's own
# functions may be used.

# %% exercise="spread" forbids="detrlab.attention.measures.entropy"
def head_entropies(maps):
    """Entropy divided by log S of each head's map, and of the mean map over heads.

    maps: (M, H, W), each head's weights sum to 1; some may be exactly 0. S = H * W.
    Returns (per_head, of_mean): a tensor (M,) and a number.
    """
    ### BEGIN SOLUTION
    _, H, W = maps.shape

    def entropy(weights):       # (..., H, W) -> (...)
        return -torch.xlogy(weights, weights).sum((-2, -1)) / math.log(H * W)

    return entropy(maps), entropy(maps.mean(0)).item()
    ### END SOLUTION

# %% check="spread" points=2
@check(parts={"per head": 1, "of the mean": 1})
def spread(draw):
    M, H, W = draw.sizes(3, 2, 11)
    weights = draw.attention(M, H * W)
    weights[:, draw.permutation(H * W)[: 1 + H * W // 4]] = 0       # masked cells
    weights = weights / weights.sum(-1, keepdim=True)
    per_head, of_mean = head_entropies(weights.reshape(M, H, W))
    return as_numbers({"per head": per_head, "of the mean": of_mean})

@spread.must("every entropy lies between 0 and 1")
def _(entropies):
    return all(0 <= value <= 1 + 1e-4 for value in [*entropies["per head"], entropies["of the mean"]])

@spread.must("the mean of the heads is at least as spread out as the heads are on average")
def _(entropies):
    return entropies["of the mean"] >= sum(entropies["per head"]) / len(entropies["per head"]) - 1e-4

# %% [raw] hints="spread"
# 1. Treat the H x W weights of one head as one distribution over S = H * W cells. A cell without weight adds
#    nothing.
# 2. `torch.xlogy(a, a)` is a * log(a) and gives 0 where a is 0; sum over the last two dimensions, not over
#    heads. For the second result average the maps first and take the entropy of that one map.
# 3. `-torch.xlogy(a, a).sum((-2, -1))` is the sum for `a = maps`, one number per head. What is it divided by, and
#    which `a` gives the second result?

# %% [raw] mistake="spread/log_of_zero"
# Cells with weight 0 made the entropy NaN, since 0 * log(0) is NaN for a computer. Such cells must add 0:
# torch.xlogy does that, or leave them out of the sum.
# ---
# def head_entropies(maps):
#     S = torch.tensor(float(maps[0].numel()))
#     per_head = -(maps * maps.log()).sum((-2, -1)) / S.log()
#     mean = maps.mean(0)
#     return per_head, (-(mean * mean.log()).sum() / S.log()).item()

# %% [raw] mistake="spread/not_divided"
# The entropies are right but not divided by log S, so maps of different sizes cannot be compared.
# ---
# def head_entropies(maps):
#     mean = maps.mean(0)
#     return -torch.xlogy(maps, maps).sum((-2, -1)), -torch.xlogy(mean, mean).sum().item()

# %% [raw] mistake="spread/mean_of_entropies"
# The last number is the mean of the heads' entropies. Asked for is the entropy of the mean map: average the
# maps first, then take the entropy.
# ---
# def head_entropies(maps):
#     S = torch.tensor(float(maps[0].numel()))
#     per_head = -torch.xlogy(maps, maps).sum((-2, -1)) / S.log()
#     return per_head, per_head.mean().item()

# %% [raw] mistake="spread/divided_by_log_heads"
# The sum was divided by the logarithm of the number of heads. The largest entropy of a map over S = H * W
# cells is log S.
# ---
# def head_entropies(maps):
#     M = torch.tensor(float(maps.shape[0]))
#     mean = maps.mean(0)
#     return -torch.xlogy(maps, maps).sum((-2, -1)) / M.log(), (-torch.xlogy(mean, mean).sum() / M.log()).item()

# %% [raw] mistake="spread/sign"
# The sum has the wrong sign: log of a weight below 1 is negative, and the minus in front makes the entropy positive.
# ---
# def head_entropies(maps):
#     S = torch.tensor(float(maps[0].numel()))
#     mean = maps.mean(0)
#     return torch.xlogy(maps, maps).sum((-2, -1)) / S.log(), (torch.xlogy(mean, mean).sum() / S.log()).item()

# %% [raw] mistake="spread/two_logarithms"
# Two logarithms are mixed: the sum is in bits (log2), the divisor is the natural log S. Take one base for both.
# ---
# def head_entropies(maps):
#     S = torch.tensor(float(maps[0].numel()))
#     bits = lambda a: -torch.xlogy(a, a).sum((-2, -1)) / torch.tensor(2.0).log()
#     return bits(maps) / S.log(), (bits(maps.mean(0)) / S.log()).item()

# %% [raw] mistake="spread/divided_by_cells"
# The sum was divided by S, the number of cells. The largest entropy that S cells can have is log S.
# ---
# def head_entropies(maps):
#     S, mean = maps[0].numel(), maps.mean(0)
#     return -torch.xlogy(maps, maps).sum((-2, -1)) / S, (-torch.xlogy(mean, mean).sum() / S).item()

# %% [raw] mistake="spread/sum_of_heads"
# For the second result the heads' maps were added up, not averaged. Their sum is no distribution; divide by the number
# of heads.
# ---
# def head_entropies(maps):
#     S = torch.tensor(float(maps[0].numel()))
#     total = maps.sum(0)
#     return -torch.xlogy(maps, maps).sum((-2, -1)) / S.log(), (-torch.xlogy(total, total).sum() / S.log()).item()

# %% [raw] mistake="spread/summed_over_heads"
# The first result is one number: the sum ran over the heads too. Sum over the last two dimensions only.
# ---
# def head_entropies(maps):
#     S = torch.tensor(float(maps[0].numel()))
#     mean = maps.mean(0)
#     return -torch.xlogy(maps, maps).sum() / S.log(), (-torch.xlogy(mean, mean).sum() / S.log()).item()

# %% [raw] mistake="spread/over_heads"
# The first result is a map: the sum ran over the heads. Sum over the cells of each head, the last two dimensions.
# ---
# - return entropy(maps), entropy(maps.mean(0)).item()
# + return -torch.xlogy(maps, maps).sum(0) / math.log(H * W), entropy(maps.mean(0)).item()

# %% [raw] mistake="spread/mean_over_cells"
# For the second result the mean ran over heads and cells alike, so one number is left of the maps. Average over the
# heads alone, maps.mean(0).
# ---
# - return entropy(maps), entropy(maps.mean(0)).item()
# + mean = maps.mean()
# + return entropy(maps), (-torch.xlogy(mean, mean) / math.log(H * W)).item()

# %% [raw] mistake="spread/log_of_one_side"
# The sum was divided by log W. A map has S = H * W cells, so its largest entropy is log S.
# ---
# - return -torch.xlogy(weights, weights).sum((-2, -1)) / math.log(H * W)
# + return -torch.xlogy(weights, weights).sum((-2, -1)) / math.log(W)

# %% [raw] mistake="spread/log_of_cells_with_weight"
# The sum was divided by the logarithm of the number of cells whose weight is not 0. S counts all H * W cells, so that
# maps with more or fewer masked cells compare.
# ---
# - return -torch.xlogy(weights, weights).sum((-2, -1)) / math.log(H * W)
# + return -torch.xlogy(weights, weights).sum((-2, -1)) / (weights > 0).sum((-2, -1)).log()

# %% [raw] mistake="spread/log_of_the_sum"
# For the second result the logarithm is of the mean map's sum, and log 1 = 0. Take a * log(a) of each cell first, then
# add these up.
# ---
# - return entropy(maps), entropy(maps.mean(0)).item()
# + return entropy(maps), -torch.xlogy(maps.mean(0).sum(), maps.mean(0).sum()).item()

# %% [raw] mistake="spread/one_axis"
# The first result has several numbers for each head: the sum ran along one axis of the map. Sum over both, the last
# two dimensions.
# ---
# - return entropy(maps), entropy(maps.mean(0)).item()
# + return -torch.xlogy(maps, maps).sum(-1) / math.log(H * W), entropy(maps.mean(0)).item()

# %% [raw] mistake="spread/results_swapped"
# The two results have changed places: first one number per head, then that of the mean map.
# ---
# - return entropy(maps), entropy(maps.mean(0)).item()
# + return entropy(maps.mean(0)).item(), entropy(maps)

# %% [markdown]
# The followed query's numbers, and its heads one by one. From here on the library's `measures` are used.

# %%
def numbers_of_my_query():
    """Your measures for the followed query's map in its own box."""
    heads = here.attention.decoder_cross(head="all", query=query)       # (M, H, W)
    width, height = picture.size
    box = here.boxes_xyxy[query].clamp(min=0).minimum(torch.tensor([width, height, width, height]))
    per_head, of_mean = head_entropies(heads)
    print(f"mass in the box {mass_inside(heads.mean(0), box, picture.size):.2f}, "
          f"lift {lift_over_area(heads.mean(0), box, picture.size):.1f}")
    print(f"entropy per head {' '.join(f'{value:.2f}' for value in per_head)}, of the mean {of_mean:.2f}")


attempt(numbers_of_my_query)
plot_attention_heads(picture, here.attention, next(iter(found))) if len(found) else None
