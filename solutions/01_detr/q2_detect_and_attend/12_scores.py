# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 12 · Scores and labels · 3 points · 10 min · ●●○○○
# **You will be able to** read a class and a score off each query's logits.
#
# The class head gives each query $K + 1$ logits. A softmax *over the classes* makes them probabilities. The last
# class is $\varnothing$, "no object": it takes part in the softmax, since it competes with the others, but it is
# never an answer. A query's **label** is its most probable real class, and its **score** that class's probability.
#
# A tiny example with $K = 2$ and three queries:
#
# | logits | softmax | without the last | label | score |
# |---|---|---|---|---|
# | 2, 0, 0 | .79, .11, .11 | .79, .11 | 0 | .79 |
# | 0, 1, 3 | .04, .11, .84 | .04, .11 | 1 | .11 |
# | 0, 0.5, 0 | .27, .45, .27 | .27, .45 | 1 | .45 |
#
# The second query says "no object" with 84 %. It still gets a label, and a low score: the threshold of the next step
# drops it.
#
# If stuck: `hint("scores")`.

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
    Q, K = draw.sizes(2, 5, 19)
    logits = 2 * draw.normal(Q, K + 1)
    logits[: Q // 2, -1] += 6.0  # about half of the queries see nothing
    values, labels = scores_and_labels(logits)
    return {"scores": torch.as_tensor(values).float(), "labels": [int(label) for label in labels]}


@scores.must("scores are probabilities, between 0 and 1")
def _(value):
    return ((value["scores"] >= 0) & (value["scores"] <= 1)).all()


# %% [raw] hints="scores"
# 1. Three things in this order: probabilities over all K + 1 classes, then forget the last one, then the largest of
#    what is left.
# 2. `softmax` needs to be told the axis of the classes, which is the last. `tensor.max(-1)` gives the largest values
#    and where they are, both at once.
# 3. `probabilities = logits.softmax(-1)[:, :-1]`, and then `probabilities.max(-1)` is the pair (scores, labels).

# %% [raw] mistake="scores/no_object_kept"
# The class "no object" was allowed to win: a query that sees nothing then reports nothing with great confidence. Drop
# the last class after the softmax, before looking for the largest.
# ---
# def scores_and_labels(logits):
#     return logits.softmax(-1).max(-1)

# %% [raw] mistake="scores/over_queries"
# The softmax ran over the queries, so that queries compete for a class. Queries are independent; the classes of one
# query compete: use the last axis.
# ---
# def scores_and_labels(logits):
#     return logits.softmax(0)[:, :-1].max(-1)

# %% [raw] mistake="scores/dropped_too_early"
# "No object" was dropped before the softmax, so the rest adds up to 1 and even a query that sees nothing looks
# confident. Take the softmax over all K + 1 classes first.
# ---
# def scores_and_labels(logits):
#     return logits[:, :-1].softmax(-1).max(-1)

# %% [raw] mistake="scores/sigmoid"
# These are sigmoids, each class for itself. DETR is trained with a cross-entropy over K + 1 classes that exclude each
# other, so its probabilities come from a softmax.
# ---
# def scores_and_labels(logits):
#     return logits.sigmoid()[:, :-1].max(-1)

# %% [raw] mistake="scores/swapped"
# Scores and labels came in the wrong order: the task asks for (scores, labels).
# ---
# def scores_and_labels(logits):
#     values, labels = logits.softmax(-1)[:, :-1].max(-1)
#     return labels, values
