# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 13 · Which queries are kept · 2 points · 6 min · ●●○○○
# **Goal:** keep track of *which* queries found something.
#
# A detection is a query whose score is **above** the threshold. The official demo takes 0.7, the official attention
# notebook 0.9. There is no non-maximum suppression: in training, queries learned not to report the same object twice
# (section 3.1).
#
# Return the **ids** of the kept queries, their places $0..Q-1$ in the model's output, best score first.
#
# | scores of queries 0..4 | threshold | answer |
# |---|---|---|
# | .10, .75, .02, .99, .80 | .7 | 3, 4, 1 |
# | .10, .20, .30, .40, .50 | .7 | none: an empty list or tensor |

# %% exercise="kept"
def kept_queries(scores, threshold):
    """Ids of the queries that score above the threshold, best first: (N,) whole numbers, N may be 0.

    scores: (Q,) probabilities. threshold: a number between 0 and 1.
    """
    ### BEGIN SOLUTION
    order = scores.argsort(descending=True)  # (Q,) ids, best first
    return order[scores[order] > threshold]
    ### END SOLUTION


# %% check="kept" points=2
@check
def kept(draw):
    Q, N, threshold = draw.size(11, 29), draw.integer(3, 6), draw.number(0.3, 0.55)
    ids = draw.permutation(Q)
    while ids[:N].diff().sign().unique().numel() == 1:  # kept ids that rise or fall steadily would hide a wrong order
        ids = draw.permutation(Q)
    values = torch.empty(Q)
    values[ids[:N]] = threshold + (1 - threshold) * torch.linspace(0.95, 0.1, N)
    values[ids[N:]] = threshold * torch.linspace(0.9, 0.05, Q - N)
    equal = float(values[ids[1]])  # the second best score is the threshold itself: only the best is above it

    def ids_above(threshold):
        return attempted(lambda: [int(query) for query in kept_queries(values.clone(), threshold)])

    return {
        "kept": ids_above(threshold),
        "kept above 0.999": ids_above(0.999),
        "kept above 0": ids_above(0.0),
        "kept where a score equals the threshold": ids_above(equal),
    }


# %% [raw] hints="kept"
# 1. Sorting the scores alone loses who had them. Sort the ids by score instead, and then keep those whose score is
#    above the threshold.
# 2. `scores.argsort(descending=True)` are ids, best first. Indexing `scores` with them gives the scores in that
#    order.
# 3. `order = scores.argsort(descending=True)`, then `order[... > threshold]`, with the scores *in that order*.

# %% [raw] mistake="kept/ranks"
# These are ranks 0, 1, 2, ... in the sorted list, not the queries' ids. With ranks you would draw other queries'
# boxes and attention: sort the ids along with the scores.
# ---
# - order = scores.argsort(descending=True)  # (Q,) ids, best first
# - return order[scores[order] > threshold]
# + return (scores.sort(descending=True).values > threshold).nonzero().flatten()

# %% [raw] mistake="kept/places_among_the_kept"
# These are places among the kept scores, counted from 0, not ids of queries: sort first, and select from the sorted
# ids.
# ---
# - order = scores.argsort(descending=True)  # (Q,) ids, best first
# - return order[scores[order] > threshold]
# + return scores[scores > threshold].argsort(descending=True)

# %% [raw] mistake="kept/mask"
# This is a mask, true or false for each of the Q queries. The task asks for the ids of the true ones, best first.
# ---
# - return order[scores[order] > threshold]
# + return scores > threshold

# %% [raw] mistake="kept/mask_in_other_order"
# The mask is in the order of the output, but it selects from the *sorted* ids. Both have to be in the same order:
# compare `scores[order]`.
# ---
# - return order[scores[order] > threshold]
# + return order[scores > threshold]

# %% [raw] mistake="kept/not_sorted"
# These are the right queries, in the order of the output. The task asks for the best score first.
# ---
# - order = scores.argsort(descending=True)  # (Q,) ids, best first
# - return order[scores[order] > threshold]
# + return (scores > threshold).nonzero().flatten()

# %% [raw] mistake="kept/worst_first"
# These are the right queries, but the worst comes first: sort in descending order.
# ---
# - order = scores.argsort(descending=True)  # (Q,) ids, best first
# + order = scores.argsort()

# %% [raw] mistake="kept/scores"
# These are the scores of the kept queries, not their ids (as whole numbers they all become 0). Return where they are,
# not what they are.
# ---
# - return order[scores[order] > threshold]
# + return scores[order][scores[order] > threshold]

# %% [raw] mistake="kept/pair"
# Scores and ids came together. Asked for are the ids alone.
# ---
# - return order[scores[order] > threshold]
# + return scores[order][scores[order] > threshold], order[scores[order] > threshold]

# %% [raw] mistake="kept/fixed_number"
# Always five queries were kept. How many there are is decided by the threshold.
# ---
# - return order[scores[order] > threshold]
# + return order[:5]

# %% [raw] mistake="kept/only_the_best"
# Only the best query was kept. All above the threshold are asked for.
# ---
# - return order[scores[order] > threshold]
# + return order[:1][scores[order[:1]] > threshold]

# %% [raw] mistake="kept/fixed_threshold"
# 0.7 stands in the code. The threshold is an argument.
# ---
# - return order[scores[order] > threshold]
# + return order[scores[order] > 0.7]

# %% [raw] mistake="kept/below"
# These are the queries *below* the threshold.
# ---
# - return order[scores[order] > threshold]
# + return order[scores[order] < threshold]

# %% [raw] mistake="kept/at_least"
# A score that equals the threshold was kept. The task asks for scores above it: `>`, not `>=`.
# ---
# - return order[scores[order] > threshold]
# + return order[scores[order] >= threshold]
