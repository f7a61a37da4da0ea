# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 13 · Which queries are kept · 2 points · 6 min · ●●○○○
# **You will be able to** keep track of *which* queries found something, which part B depends on.
#
# A detection is a query whose score is **above** the threshold (0.7 in the official notebooks). There is no
# non-maximum suppression: that two queries do not report the same object was learned in training (section 3.1).
#
# Return the **ids** of the kept queries, that is their places $0..Q-1$ in the model's output, best score first. You
# will use them to pick boxes, labels and attention maps of the very same queries.
#
# | scores of queries 0..4 | threshold | answer |
# |---|---|---|
# | .10, .75, .02, .99, .80 | .7 | 3, 4, 1 |
# | .10, .20, .30, .40, .50 | .7 | none: an empty list or tensor |
#
# If stuck: `hint("kept")`.

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
    Q, N, threshold = draw.size(11, 29), draw.integer(3, 6), draw.number(0.3, 0.8)
    ids = draw.permutation(Q)
    while ids[:N].diff().sign().unique().numel() == 1:  # kept ids that rise or fall steadily would hide a wrong order
        ids = draw.permutation(Q)
    values = torch.empty(Q)
    values[ids[:N]] = threshold + (1 - threshold) * torch.linspace(0.95, 0.1, N)
    values[ids[N:]] = threshold * torch.linspace(0.9, 0.05, Q - N)
    some = [int(query) for query in kept_queries(values.clone(), threshold)]
    none = [int(query) for query in kept_queries(values.clone(), 0.999)]
    return {"kept": some, "kept above 0.999": none}


# %% [raw] hints="kept"
# 1. Sorting the scores alone loses who had them. Sort the ids by score instead, and then keep those whose score is
#    above the threshold.
# 2. `scores.argsort(descending=True)` are ids, best first. Indexing `scores` with them gives the scores in that
#    order.
# 3. `order = scores.argsort(descending=True)`, then `order[scores[order] > threshold]`.

# %% [raw] mistake="kept/ranks"
# These are ranks 0, 1, 2, ... in the sorted list, not the queries' ids. With ranks you would draw other queries'
# boxes and attention: sort the ids along with the scores.
# ---
# def kept_queries(scores, threshold):
#     ordered = scores.sort(descending=True).values
#     return (ordered > threshold).nonzero().flatten()

# %% [raw] mistake="kept/mask"
# This is a mask, true or false for each of the Q queries. The task asks for the ids of the true ones, best first.
# ---
# def kept_queries(scores, threshold):
#     return scores > threshold

# %% [raw] mistake="kept/not_sorted"
# These are the right queries, in the order of the output. The task asks for the best score first.
# ---
# def kept_queries(scores, threshold):
#     return (scores > threshold).nonzero().flatten()

# %% [raw] mistake="kept/worst_first"
# These are the right queries, but the worst comes first: sort in descending order.
# ---
# def kept_queries(scores, threshold):
#     order = scores.argsort()
#     return order[scores[order] > threshold]

# %% [raw] mistake="kept/scores"
# These are the scores of the kept queries, not their ids (as whole numbers they all become 0). Return where they are,
# not what they are.
# ---
# def kept_queries(scores, threshold):
#     return scores[scores > threshold].sort(descending=True).values
