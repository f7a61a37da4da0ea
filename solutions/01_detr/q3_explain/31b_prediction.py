# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# #### Claim, rival, prediction
# Write claim and rival for experiment 1, or for one of your own.
#
# **Experiment 1: the most attended cells.** The 10 % of the cells that your followed query looks at most are hidden.
# Controls: the same pattern moved, and as many cells at random. Measured: the score of the query's class, and the IoU
# of its box with the box before.
#
# **Experiment 2: do positions make neighbours merge?** *Claim:* positions draw a cell's weight to a neighbouring
# object. *Rival:* objects are more similar to each other than to background; positions only favour whatever is near.
# Measured in 60 scenes: the weight that an object's cells give to their own and to other objects, relative to
# background **equally far away**, with positions and without (in q and k of one encoder layer only).
#
# **Experiment 3: an object in two pieces.** A black bar covers the middle of a star, at six angles. *Claims:* encoder
# cells of one piece look at the other more than at background equally far away; one query has mass on both pieces.
# *Rival* for the first: cells look at whatever is similar. Then two separate stars beside the bar look at each other as
# much.

# %% [markdown]
# **Criterion 31a · A claim that can fail (1 point)**
# - 1: names an outcome of an experiment that would refute it.
# - 0.5: a claim about this model whose refuting outcome has to be guessed.
# - 0: no possible outcome would refute it.

# %% [markdown] written="claim" points=1
# Claim: the decoder gets this object from the cells it looks at most. If so, hiding the 10 % of cells with the most
# attention of the followed query lowers the score of its class, or the IoU of its box with the earlier box, by more than
# hiding the same pattern elsewhere. If score and box stay as they are, or if the moved pattern does the same harm, the
# claim is refuted.

# %% [markdown]
# **Criterion 31b · A rival explanation (1 point)**
# - 1: another explanation of the same outcome, and a prediction in which it differs from the claim.
# - 0.5: another explanation that predicts the same in every experiment.
# - 0: none.

# %% [markdown] written="rival" points=1
# Rival: any hole in the memory upsets the decoder, because it never saw one in training; the map has nothing to do with
# it. Then as many cells at random should hurt as much. Since one large hole may be worse than many small ones, the fair
# version is the same pattern moved: under the rival it hurts as much as the original, under the claim much less.

# %% [markdown]
# **Your prediction (1 point)**, before you run the cells below: five plain numbers, graded for being there, not for
# being right.

# %% exercise="prediction"
# Experiment 1: the score (0 to 1) of your followed query's class ...
score_with_most_attended_hidden = 0.1  # ____
score_with_the_pattern_moved = 0.9  # ____
# Experiment 2, first encoder layer: weight to other objects, over weight to background equally far away
# (1: no difference).
others_over_background = 2.0  # ____
others_over_background_without_positions = 1.0  # ____
# Experiment 3: at how many of the six angles has one query at least .1 of its mass on each piece of the star?
angles_with_one_query_on_both_pieces = 5  # ____

# %% check="prediction" points=1
@check
def prediction(draw):
    score, ratio, angles = "a number from 0 to 1", "a number of 0 or more", "a whole number from 0 to 6"
    predicted = {
        "score_with_most_attended_hidden": (score_with_most_attended_hidden, score, 1),
        "score_with_the_pattern_moved": (score_with_the_pattern_moved, score, 1),
        "others_over_background": (others_over_background, ratio, math.inf),
        "others_over_background_without_positions": (others_over_background_without_positions, ratio, math.inf),
        "angles_with_one_query_on_both_pieces": (angles_with_one_query_on_both_pieces, angles, 6),
    }
    report = {}
    for name, (value, wanted, most) in predicted.items():
        sealed = draw.integer(1, 10**6)     # any prediction is right: what has to come back hangs on the seed alone
        float(value) if value is ____ else None
        value = as_numbers(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            report[name] = "no plain number"
        elif not (0 <= value <= most and math.isfinite(value)):
            report[name] = "out of its range"
        elif wanted == angles and value != int(value):
            report[name] = "no whole number"
        else:
            report[name] = f"{wanted} (case {sealed})"
    return report

# %% [raw] hints="prediction"
# 1. A guess is enough: what would your claim make of each number, and what would the rival?
# 2. Scores lie between 0 and 1; step 26's mass says how much of the query's attention is at stake. A ratio of 1 means that
#    other objects get as much as background does.
# 3. Write one plain number behind each `=`, such as `score_with_the_pattern_moved = 0.7`; the others likewise.

# %% [raw] mistake="prediction/in_per_cent"
# Both scores are out of their range. A score is a number from 0 to 1, no percentage: write 0.8 for 80 %.
# ---
# score_with_most_attended_hidden = 10
# score_with_the_pattern_moved = 90
# others_over_background = 2.0
# others_over_background_without_positions = 1.0
# angles_with_one_query_on_both_pieces = 5

# %% [raw] mistake="prediction/in_words"
# A prediction in words cannot be compared with a measured number. Write a number for each, without quotes.
# ---
# score_with_most_attended_hidden = "low"
# score_with_the_pattern_moved = "high"
# others_over_background = "more"
# others_over_background_without_positions = "less"
# angles_with_one_query_on_both_pieces = "all"

# %% [raw] mistake="prediction/hidden_out_of_range"
# The score with the most attended cells hidden is out of its range. A score is a number from 0 to 1, neither a percentage
# nor a difference.
# ---
# - score_with_most_attended_hidden = 0.1
# + score_with_most_attended_hidden = -0.8

# %% [raw] mistake="prediction/moved_out_of_range"
# The score with the pattern moved is out of its range. A score is a number from 0 to 1, neither a percentage nor a
# difference.
# ---
# - score_with_the_pattern_moved = 0.9
# + score_with_the_pattern_moved = 90

# %% [raw] mistake="prediction/more_angles_than_six"
# The number of angles is out of its range: six angles are tried, so it is a number from 0 to 6.
# ---
# - angles_with_one_query_on_both_pieces = 5
# + angles_with_one_query_on_both_pieces = 30

# %% [raw] mistake="prediction/no_number_hidden"
# `score_with_most_attended_hidden` is no plain number. A prediction is one: write 0.5, not "0.5".
# ---
# - score_with_most_attended_hidden = 0.1
# + score_with_most_attended_hidden = "0.1"

# %% [raw] mistake="prediction/no_number_moved"
# `score_with_the_pattern_moved` is no plain number. A prediction is one: write 0.5, not "0.5".
# ---
# - score_with_the_pattern_moved = 0.9
# + score_with_the_pattern_moved = "0.9"

# %% [raw] mistake="prediction/no_number_others"
# `others_over_background` is no plain number. A prediction is one: write 1.5, not "1.5".
# ---
# - others_over_background = 2.0
# + others_over_background = "2.0"

# %% [raw] mistake="prediction/no_number_without_positions"
# `others_over_background_without_positions` is no plain number. A prediction is one: write 1.5, not "1.5".
# ---
# - others_over_background_without_positions = 1.0
# + others_over_background_without_positions = "1.0"

# %% [raw] mistake="prediction/no_number_angles"
# `angles_with_one_query_on_both_pieces` is no plain number. A prediction is one: write 3, not "3".
# ---
# - angles_with_one_query_on_both_pieces = 5
# + angles_with_one_query_on_both_pieces = "5"

# %% [raw] mistake="prediction/angles_not_whole"
# The number of angles is a whole number from 0 to 6, such as 3: no share of the six, and no mean.
# ---
# - angles_with_one_query_on_both_pieces = 5
# + angles_with_one_query_on_both_pieces = 0.5
