# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 12 · Scores and labels · 3 points · 10 min · ●●○○○
# **Goal:** read a class and a score off each query's logits.
#
# A softmax *over the classes* makes a query's $K + 1$ logits probabilities. The last class, "no object", takes part in
# it, but is never an answer. A query's **label** is its most probable real class, and its **score** that class's
# probability.
#
# Three queries, $K = 2$:
#
# | logits | softmax | without the last | label | score |
# |---|---|---|---|---|
# | 2, 0, 0 | .79, .11, .11 | .79, .11 | 0 | .79 |
# | 0, 1, 3 | .04, .11, .84 | .04, .11 | 1 | .11 |
# | 0, 0.5, 0 | .27, .45, .27 | .27, .45 | 1 | .45 |
#
# The second query says "no object" with 84 %, and still gets a label.

# %% exercise="scores"
def scores_and_labels(logits):
    """Score and label of each query.

    logits: (Q, K + 1), before the softmax, "no object" last.
    Returns (scores, labels), in this order: probabilities (Q,), and class numbers 0..K-1, (Q,).
    """
    ### BEGIN SOLUTION
    probabilities = logits.softmax(-1)[:, :-1]  # (Q, K)
    return probabilities.max(-1)
    ### END SOLUTION


# %% check="scores" points=3
@check
def scores(draw):
    Q, K = draw.letters("Q K", 5, 19)
    logits = 2 * draw.normal(Q, K + 1)
    logits[: Q // 2, -1] += 6.0  # about half of the queries see nothing
    logits[-1, K - 1] += 12.0  # and one sees the last class, another the first
    logits[-2, 0] += 12.0
    values, labels = map(as_tensor, scores_and_labels(logits))
    first = "scores"
    if labels.is_floating_point() and not values.is_floating_point():
        first, values, labels = "labels", labels, values
    return {"what comes first": first, "scores": values.float(), "labels": [int(label) for label in labels]}


@scores.must("scores are probabilities, between 0 and 1")
def _(value):
    return ((value["scores"] >= 0) & (value["scores"] <= 1)).all()


# %% [raw] hints="scores"
# 1. Three things in this order: probabilities over all K + 1 classes, then forget the last one, then the largest of
#    what is left.
# 2. `softmax` needs to be told the axis of the classes, which is the last. `tensor.max(-1)` gives the largest values
#    and where they are, both at once.
# 3. `probabilities = logits.softmax(...)[:, :-1]`, and then `probabilities.max(...)` is the pair (scores, labels).

# %% [raw] mistake="scores/no_object_kept"
# The class "no object" was allowed to win: a query that sees nothing then reports nothing with great confidence. Drop
# the last class after the softmax, before looking for the largest.
# ---
# - probabilities = logits.softmax(-1)[:, :-1]  # (Q, K)
# + probabilities = logits.softmax(-1)

# %% [raw] mistake="scores/label_may_be_no_object"
# The labels were looked for among all K + 1 classes, so "no object" may win. Look among the K real ones, as for the
# scores.
# ---
# - return probabilities.max(-1)
# + return probabilities.max(-1).values, logits.argmax(-1)

# %% [raw] mistake="scores/score_may_be_no_object"
# The scores were looked for among all K + 1 classes, so the score of "no object" may stand beside the label of a real
# class. Look among the K real ones, as for the labels.
# ---
# - probabilities = logits.softmax(-1)[:, :-1]  # (Q, K)
# - return probabilities.max(-1)
# + probabilities = logits.softmax(-1)
# + return probabilities.max(-1).values, probabilities[:, :-1].argmax(-1)

# %% [raw] mistake="scores/over_queries"
# The softmax ran over the queries, so that queries compete for a class. Queries are independent; the classes of one
# query compete: use the last axis.
# ---
# - probabilities = logits.softmax(-1)[:, :-1]  # (Q, K)
# + probabilities = logits.softmax(0)[:, :-1]

# %% [raw] mistake="scores/dropped_too_early"
# "No object" was dropped before the softmax, so the rest adds up to 1 and even a query that sees nothing looks
# confident. Take the softmax over all K + 1 classes first.
# ---
# - probabilities = logits.softmax(-1)[:, :-1]  # (Q, K)
# + probabilities = logits[:, :-1].softmax(-1)

# %% [raw] mistake="scores/first_dropped"
# The first class was dropped. "No object" is the last one.
# ---
# - probabilities = logits.softmax(-1)[:, :-1]  # (Q, K)
# + probabilities = logits.softmax(-1)[:, 1:]

# %% [raw] mistake="scores/two_dropped"
# Two classes were dropped, so class K - 1 can never be found. Only the last of the K + 1 is "no object".
# ---
# - probabilities = logits.softmax(-1)[:, :-1]  # (Q, K)
# + probabilities = logits.softmax(-1)[:, :-2]

# %% [raw] mistake="scores/sigmoid"
# These are sigmoids, each class for itself. DETR is trained with a cross-entropy over K + 1 classes that exclude each
# other, so its probabilities come from a softmax.
# ---
# - probabilities = logits.softmax(-1)[:, :-1]  # (Q, K)
# + probabilities = logits.sigmoid()[:, :-1]

# %% [raw] mistake="scores/raw_logits"
# These are logits: the softmax is missing. A logit is no probability, and a threshold on it means nothing.
# ---
# - probabilities = logits.softmax(-1)[:, :-1]  # (Q, K)
# + probabilities = logits[:, :-1]

# %% [raw] mistake="scores/log"
# These are logarithms of probabilities, all below 0: take `softmax`, not `log_softmax`.
# ---
# - probabilities = logits.softmax(-1)[:, :-1]  # (Q, K)
# + probabilities = logits.log_softmax(-1)[:, :-1]

# %% [raw] mistake="scores/max_over_queries"
# The largest was looked for over the queries, which gives K numbers. Each query has its own label: look along the
# classes, the last axis.
# ---
# - return probabilities.max(-1)
# + return probabilities.max(0)

# %% [raw] mistake="scores/argmax_over_all"
# `argmax` without an axis looks through the whole table, so there is a single label for all queries: name the axis of
# the classes.
# ---
# - return probabilities.max(-1)
# + return probabilities.max(-1).values, probabilities.argmax()

# %% [raw] mistake="scores/labels_missing"
# Only one thing came, where the task asks for a pair: (scores, labels). `tensor.max(-1)` gives both at once.
# ---
# - return probabilities.max(-1)
# + return probabilities.max(-1).values

# %% [raw] mistake="scores/swapped"
# Scores and labels came in the wrong order: the task asks for (scores, labels).
# ---
# - return probabilities.max(-1)
# + return tuple(probabilities.max(-1))[::-1]
