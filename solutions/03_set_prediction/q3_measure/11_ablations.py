# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 11 · What each part is worth · 4 points · 30 min · ●●○○○
# **You will be able to** read an ablation: a model trained without one part, beside the spread of equal runs.
#
# The paper trains DETR again and again, each time without one part, and gives the AP (tables 2 to 4). Below are such
# trainings of the tiny DETR of the notebook before. Each ran for 500 steps of 16 scenes, with the seeds 0, 1 and 2, and
# was measured on 200 held-out scenes. For one seed all variants begin with the same weights in the parts that they
# share, and see the same scenes. One thing is left out in each:
#
# | left out | what is done without it |
# |---|---|
# | encoder | the decoder looks at the backbone's map, projected to D channels |
# | positions | the spatial positions are zero, in encoder and decoder; object queries keep their encodings |
# | self-attention | in the decoder no object query sees another |
# | auxiliary losses | only the last decoder layer has losses |
# | L1 loss, GIoU loss | its weight in the loss is 0; the *matching* still uses both |
#
# **Predict first** (1 point): the mean AP of the three runs without each part. Six plain numbers, graded for being
# there, not for being right. With nothing left out the mean is printed here:

# %%
RUNS = ablation_runs()  # by what was left out, three runs


def mean_ap_of(left_out):
    """The mean AP of the shipped runs without a part."""
    return sum(run["AP"] for run in RUNS[left_out]) / len(RUNS[left_out])


print(f"nothing left out: AP {mean_ap_of('nothing'):.2f}, the mean of {len(RUNS['nothing'])} runs")

# %% exercise="predicted_ap"
ap_without_encoder = 0.15  # ____
ap_without_positions = 0.1  # ____
ap_without_self_attention = 0.15  # ____
ap_without_auxiliary_losses = 0.15  # ____
ap_without_l1_loss = 0.2  # ____
ap_without_giou_loss = 0.1  # ____

# %% check="predicted_ap" points=1
@check
def predicted_ap(draw):
    predicted = {"encoder": ap_without_encoder, "positions": ap_without_positions,
                 "self-attention": ap_without_self_attention, "auxiliary losses": ap_without_auxiliary_losses,
                 "L1 loss": ap_without_l1_loss, "GIoU loss": ap_without_giou_loss}
    report = {}
    for left_out, value in predicted.items():
        sealed = draw.integer(1, 10**6)  # any prediction is right: what has to come back hangs on the seed alone
        float(value) if value is ____ else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            report[left_out] = "no plain number"
        elif not 0 <= value <= 1:
            report[left_out] = "out of its range"
        else:
            report[left_out] = f"a number from 0 to 1 (case {sealed})"
    return report


# %% [raw] hints="predicted_ap"
# 1. A guess is enough. What does the part do, and what could stand in for it?
# 2. An AP lies between 0 and 1. A part without use leaves the AP of "nothing"; and leaving a part out may even help in so
#    short a training.
# 3. Write one plain number behind each `=`, such as `ap_without_encoder = 0.3`; the others likewise.

# %% [raw] mistake="predicted_ap/in_per_cent"
# All numbers are out of their range. An AP is a number from 0 to 1, no percentage: write 0.15 for 15 %.
# ---
# ap_without_encoder = 15
# ap_without_positions = 10
# ap_without_self_attention = 15
# ap_without_auxiliary_losses = 15
# ap_without_l1_loss = 20
# ap_without_giou_loss = 10

# %% [raw] mistake="predicted_ap/in_words"
# A prediction in words cannot be compared with a measured number. Write a number for each, without quotes.
# ---
# ap_without_encoder = "less"
# ap_without_positions = "less"
# ap_without_self_attention = "less"
# ap_without_auxiliary_losses = "less"
# ap_without_l1_loss = "less"
# ap_without_giou_loss = "less"

# %% [raw] mistake="predicted_ap/range_encoder"
# `ap_without_encoder` is out of its range. An AP is a number from 0 to 1, neither a percentage nor a difference.
# ---
# - ap_without_encoder = 0.15
# + ap_without_encoder = -0.2

# %% [raw] mistake="predicted_ap/no_number_encoder"
# `ap_without_encoder` is no plain number. A prediction is one: write 0.5, not "0.5".
# ---
# - ap_without_encoder = 0.15
# + ap_without_encoder = "0.15"

# %% [raw] mistake="predicted_ap/range_positions"
# `ap_without_positions` is out of its range. An AP is a number from 0 to 1, neither a percentage nor a difference.
# ---
# - ap_without_positions = 0.1
# + ap_without_positions = -0.2

# %% [raw] mistake="predicted_ap/no_number_positions"
# `ap_without_positions` is no plain number. A prediction is one: write 0.5, not "0.5".
# ---
# - ap_without_positions = 0.1
# + ap_without_positions = "0.1"

# %% [raw] mistake="predicted_ap/range_self_attention"
# `ap_without_self_attention` is out of its range. An AP is a number from 0 to 1, neither a percentage nor a difference.
# ---
# - ap_without_self_attention = 0.15
# + ap_without_self_attention = -0.2

# %% [raw] mistake="predicted_ap/no_number_self_attention"
# `ap_without_self_attention` is no plain number. A prediction is one: write 0.5, not "0.5".
# ---
# - ap_without_self_attention = 0.15
# + ap_without_self_attention = "0.15"

# %% [raw] mistake="predicted_ap/range_auxiliary"
# `ap_without_auxiliary_losses` is out of its range. An AP is a number from 0 to 1, neither a percentage nor a difference.
# ---
# - ap_without_auxiliary_losses = 0.15
# + ap_without_auxiliary_losses = -0.2

# %% [raw] mistake="predicted_ap/no_number_auxiliary"
# `ap_without_auxiliary_losses` is no plain number. A prediction is one: write 0.5, not "0.5".
# ---
# - ap_without_auxiliary_losses = 0.15
# + ap_without_auxiliary_losses = "0.15"

# %% [raw] mistake="predicted_ap/range_l1"
# `ap_without_l1_loss` is out of its range. An AP is a number from 0 to 1, neither a percentage nor a difference.
# ---
# - ap_without_l1_loss = 0.2
# + ap_without_l1_loss = -0.2

# %% [raw] mistake="predicted_ap/no_number_l1"
# `ap_without_l1_loss` is no plain number. A prediction is one: write 0.5, not "0.5".
# ---
# - ap_without_l1_loss = 0.2
# + ap_without_l1_loss = "0.2"

# %% [raw] mistake="predicted_ap/range_giou"
# `ap_without_giou_loss` is out of its range. An AP is a number from 0 to 1, neither a percentage nor a difference.
# ---
# - ap_without_giou_loss = 0.1
# + ap_without_giou_loss = -0.2

# %% [raw] mistake="predicted_ap/no_number_giou"
# `ap_without_giou_loss` is no plain number. A prediction is one: write 0.5, not "0.5".
# ---
# - ap_without_giou_loss = 0.1
# + ap_without_giou_loss = "0.1"

# %% [markdown]
# **The runs.** A dot is one run, the bar the mean of three, the grey band reaches from the smallest to the largest run with
# nothing left out. On the right the share of duplicates: of the detections above 0.5 those that find an object once more.

# %%
def against_the_band(values, band):
    """Where three runs lie: all on one side of the runs with nothing left out, or not."""
    if max(values) < min(band):
        return "all below"
    return "all above" if min(values) > max(band) else "mixed"


def show_ablations():
    predicted = {"encoder": ap_without_encoder, "positions": ap_without_positions,
                 "self-attention": ap_without_self_attention, "auxiliary losses": ap_without_auxiliary_losses,
                 "L1 loss": ap_without_l1_loss, "GIoU loss": ap_without_giou_loss}
    columns = ("AP", "AP50", "AP75", "AP_layer_1", "detections", "duplicates")
    base = [run["AP"] for run in RUNS["nothing"]]
    print("means of three    " + "".join(f"{name:>11}" for name in columns) + "   AP of the three        predicted")
    for left_out, runs in RUNS.items():
        means = [sum(run[name] for run in runs) / len(runs) for name in columns]
        aps = [run["AP"] for run in runs]
        verdict = "" if left_out == "nothing" else against_the_band(aps, base)
        guess = f"{predicted[left_out]:.2f}" if left_out in predicted else ""
        print(f"{left_out:18}" + "".join(f"{mean:11.3f}" for mean in means)
              + f"   {min(aps):.3f} to {max(aps):.3f} {verdict:10}{guess:>6}")
    return plot_ablations(RUNS, marks={"predicted": predicted})


attempt(show_ablations, after="predicted_ap")

# %% [markdown]
# `AP_layer_1` is the AP of the first decoder layer's predictions, `detections` how many detections above 0.5 there are for
# each object.
#
# **How to read it.** Runs that differ in their seed alone differ, too. Compare a difference with that spread first:
#
# - *All below* the band: if the part were worth nothing, all six runs would be draws of the same kind, and the three without
#   it would be the three smallest with a chance of 3! 3! / 6! = 1/20. With six parts to look at, this is a sign, not a proof.
# - *Mixed*: these runs do not show a difference. They do not show that there is none, either.
#
# Here the runs without positions lie all below. The other five parts are mixed: with nothing left out, seed 0 has nearly
# twice the AP of seed 2. One run of each would have told a story about every part.
#
# **The paper's numbers** stand for one training each, 300 epochs on COCO; no spread is given. With nothing left out the AP
# is 40.6.
#
# | left out | AP | source |
# |---|---|---|
# | encoder | 36.7 | table 2 |
# | positions | 32.8 | table 3; in this row the queries' encodings enter at the decoder's input only: two changes |
# | L1 loss | 39.9 | table 4 |
# | GIoU loss | 35.8 | table 4 |
# | auxiliary losses | 35.5, against 40.8 | issue 85 of the official code |
#
# A decoder without self-attention is not in it. Figure 4 (step 9) says what the paper takes self-attention to be for: after
# the first decoder layer, where queries cannot know of each other's answers, NMS helps.
#
# **Do not carry one over to the other.** The tiny DETR has a frozen backbone that was trained on such shapes, 8 × 8 cells,
# at most three objects, and queries that start as the codes of places. Its training is short: in 500 steps it has not seen
# all it could learn, so a part that makes learning *faster* counts here, even if a long training would do without it.
# Where positions are left out, the backbone's zero padding still tells cells at the edge from others.
