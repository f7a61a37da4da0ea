# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 5 · Plain or auxiliary: reading curves · 3 points · 20 min · ●●●○○
# **You will be able to** say which numbers of two trainings can be compared.
#
# Six runs of the tiny DETR are kept in a file: three *plain* ones, with the loss of the last decoder layer only, and three
# *auxiliary* ones, with the losses of both layers (section 3.2 of the paper). The three have the seeds 0, 1 and 2, and each
# run had 110 seconds of computing.
#
# A `Report` says where a run stands: `report.losses` by name, `report.measured` with "AP" and "AP50", `report.progress`,
# the spent share of the budget, from 0 to 1. A run is a list of reports. **Write**
#
# - `comparable(losses)` (1 point). `losses` are named as `set_losses` does: "loss_ce", "loss_bbox" and "loss_giou" of the
#   last decoder layer; those of earlier layers end in "_0", "_1", ... Returns the weighted sum (1, 5, 2) of the last layer
#   only. A sum over six layers is larger than a sum over one, whatever was learnt.
# - `final_ap(reports)` (1 point): the AP50 of the last report, or `None` where that one's progress is below 1. On its way
#   down a cosine the learning rate is still large, so an AP in the middle is not what a run of half the time ends with.
# - `mean_and_spread(values)` (1 point): of the final numbers of several seeds the mean, and the largest less the smallest.
#   A difference between two recipes that is smaller than their spreads says nothing.
#
# *Example.* {"loss_ce": .5, "loss_bbox": .1, "loss_giou": .2, "loss_ce_0": .9} gives .5 + 5 · .1 + 2 · .2 = 1.4.
# [.6, .8, .7] gives (.7, .2).

# %% exercise="plain_or_aux"
def comparable(losses):
    """The weighted sum of the last decoder layer's losses; losses: numbers by name."""
    ### BEGIN SOLUTION
    return losses["loss_ce"] + 5 * losses["loss_bbox"] + 2 * losses["loss_giou"]
    ### END SOLUTION


def final_ap(reports):
    """The AP50 of a finished run, None of an unfinished one."""
    ### BEGIN SOLUTION
    last = reports[-1]
    return last.measured["AP50"] if last.progress >= 1 else None
    ### END SOLUTION


def mean_and_spread(values):
    """The mean of numbers, and the largest less the smallest."""
    ### BEGIN SOLUTION
    return sum(values) / len(values), max(values) - min(values)
    ### END SOLUTION

# %% check="plain_or_aux" points=3
@check(parts={"1. comparable": 1, "2. final AP": 1, "3. mean and spread": 1})
def plain_or_aux(draw):
    L, N = draw.letters("L N", 5, 13)
    kinds = ("loss_ce", "loss_bbox", "loss_giou")
    aux = {f"{kind}_{i}": draw.number(1, 3) for i in range(L - 1) for kind in kinds}
    losses = aux | {kind: draw.number(0.1, 0.9) for kind in kinds} | {"loss": draw.number(20, 40)}
    plain = {kind: draw.number(0.1, 0.9) for kind in kinds}

    def reports(last):
        shares = [(i + 1) / N * last for i in range(N)]
        # The last AP is not the largest, as it happens.
        scores = [draw.number(0.1, 0.5) for _ in range(N - 2)] + [draw.number(0.8, 0.9), draw.number(0.5, 0.7)]
        return [Report(10 * i, share, 9.0 * i, 1.0, 1.0, {"loss": 1.0}, {"AP": score / 2, "AP50": score})
                for i, (share, score) in enumerate(zip(shares, scores))]

    finished, half = reports(1.0), reports(draw.number(0.4, 0.6))
    # The smallest and the largest are neither first nor last.
    values = [draw.number(0.4, 0.6), draw.number(0.1, 0.2), *(draw.number(0.4, 0.6) for _ in range(N - 4)),
              draw.number(3, 4), draw.number(0.4, 0.6)]

    def spread():
        mean, width = mean_and_spread(list(values))
        return {"mean": float(mean), "spread": float(width)}

    return {
        "1. comparable": attempted(lambda: {"several layers": float(comparable(dict(losses))),
                                            "one layer": float(comparable(dict(plain)))}),
        "2. final AP": attempted(lambda: {"finished": final_ap(finished), "half": final_ap(half)}),
        "3. mean and spread": attempted(spread),
    }


# %% [raw] hints="plain_or_aux"
# 1. Three names, three weights. The second asks whether the run was over; the third whether the seeds agree.
# 2. `losses["loss_ce"]` and two more; `reports[-1].progress` and `.measured["AP50"]`; `sum`, `len`, `max`, `min`.
# 3. `return losses["loss_ce"] + 5 * ... + 2 * ...`; `return last.measured["AP50"] if last.progress >= 1 else None`;
#    `return sum(values) / len(values), ...`.

# %% [raw] mistake="plain_or_aux/all_layers"
# This is the sum over all decoder layers. A run with more layers in its sum has a larger one, whatever it learnt: take the
# last layer's.
# ---
# - return losses["loss_ce"] + 5 * losses["loss_bbox"] + 2 * losses["loss_giou"]
# + weights = {"ce": 1, "bbox": 5, "giou": 2}
# + return sum(weights[name.split("_")[1]] * value for name, value in losses.items() if "_" in name)

# %% [raw] mistake="plain_or_aux/unweighted"
# The losses were added without the weights 1, 5 and 2.
# ---
# - return losses["loss_ce"] + 5 * losses["loss_bbox"] + 2 * losses["loss_giou"]
# + return losses["loss_ce"] + losses["loss_bbox"] + losses["loss_giou"]

# %% [raw] mistake="plain_or_aux/weights_exchanged"
# L1 has the weight 5 and GIoU 2; here they changed places.
# ---
# - return losses["loss_ce"] + 5 * losses["loss_bbox"] + 2 * losses["loss_giou"]
# + return losses["loss_ce"] + 2 * losses["loss_bbox"] + 5 * losses["loss_giou"]

# %% [raw] mistake="plain_or_aux/first_layer"
# These are the losses of the first decoder layer, "_0". The last layer's names have no suffix.
# ---
# - return losses["loss_ce"] + 5 * losses["loss_bbox"] + 2 * losses["loss_giou"]
# + end = "_0" if "loss_ce_0" in losses else ""
# + return losses["loss_ce" + end] + 5 * losses["loss_bbox" + end] + 2 * losses["loss_giou" + end]

# %% [raw] mistake="plain_or_aux/unfinished_counts"
# An AP in the middle of the cosine was taken for the final one. Return None where the progress is below 1.
# ---
# - return last.measured["AP50"] if last.progress >= 1 else None
# + return last.measured["AP50"]

# %% [raw] mistake="plain_or_aux/best_ap"
# This is the best AP of the run. Whoever picks the best moment on held-out scenes has used them to choose: take the last.
# ---
# - last = reports[-1]
# - return last.measured["AP50"] if last.progress >= 1 else None
# + return max(each.measured["AP50"] for each in reports) if reports[-1].progress >= 1 else None

# %% [raw] mistake="plain_or_aux/ap_for_ap50"
# This is AP, the mean over ten thresholds. AP50 is asked for.
# ---
# - return last.measured["AP50"] if last.progress >= 1 else None
# + return last.measured["AP"] if last.progress >= 1 else None

# %% [raw] mistake="plain_or_aux/standard_deviation"
# This is the standard deviation. With three seeds the whole range is shown: the largest less the smallest.
# ---
# - return sum(values) / len(values), max(values) - min(values)
# + return np.mean(values), np.std(values)

# %% [raw] mistake="plain_or_aux/median"
# The first number is the median. The mean is asked for.
# ---
# - return sum(values) / len(values), max(values) - min(values)
# + return np.median(values), max(values) - min(values)

# %% [raw] mistake="plain_or_aux/last_less_first"
# The spread is the last value less the first. Take the largest less the smallest.
# ---
# - return sum(values) / len(values), max(values) - min(values)
# + return sum(values) / len(values), values[-1] - values[0]

# %% [markdown]
# **The result**: all runs. The first figure shows the two with seed 0 (their losses are those of the last layer), the second
# the AP50 of all six; then a held-out scene as the runs with seed 0 saw it.

# %%
def show_runs():
    runs = tiny_curves()["runs"]
    for kind, own in runs.items():
        ends = [run["history"][-1] for run in own]
        early = [run["history"][len(run["history"]) // 3 - 1] for run in own]
        print(f"{kind}, seeds 0, 1, 2")
        for when, aps in ((f"after {early[0].seconds:.0f} s", [each.measured["AP50"] for each in early]),
                          ("at the end", [final_ap(run["history"]) for run in own])):
            mean, spread = mean_and_spread(aps)
            print(f"  AP50 {when:<12}", *(f"{each:.2f}" for each in aps), f"  mean {mean:.2f}, spread {spread:.2f}")
        print("  loss, summed     ", *(f"{each.losses['loss']:.2f}" for each in ends))
        print("  of the last layer", *(f"{comparable(each.losses):.2f}" for each in ends))
        print("  steps            ", *(each.step for each in ends))
    means = [mean_and_spread([final_ap(run["history"]) for run in own])[0] for own in runs.values()]
    print(f"The means of the AP50 differ by {abs(means[0] - means[1]):.2f}.")
    display(plot_training({kind: own[0]["history"] for kind, own in runs.items()}, over="seconds"))
    display(plot_seeds({kind: [run["history"] for run in own] for kind, own in runs.items()}))
    x = seen(tiny_scenes(WATCHED + 1, "held_out")).inputs[WATCHED]
    for kind, own in runs.items():
        moments = {f"{kind}, {own[0]['history'][i].seconds:.0f} s": own[0]["moments"][i] for i in (2, 5, 10)}
        display(plot_moments(x, moments, ("circle", "square", "triangle")))


def plot_seeds(runs):
    """The AP50 of several runs of each kind over the seconds of computing."""
    figure, ((axes,),) = clear_subplots(1, 1, (5.2, 3))
    for (kind, histories), colour in zip(runs.items(), ("#d95f02", "#1f9e89")):
        for seed, (history, style) in enumerate(zip(histories, ("-", "--", ":"))):
            axes.plot([each.seconds for each in history], [each.measured["AP50"] for each in history], style,
                      color=colour, label=f"{kind}, seed {seed}")
    axes.set_title("AP50, held-out scenes", fontsize=10)
    axes.set_xlabel("seconds of computing")
    axes.set_ylim(0, 1)
    axes.set_xlim(left=0)
    axes.grid(color=GREY, alpha=0.25, linewidth=0.6)
    axes.legend(frameon=False, labelcolor=GREY, fontsize=8)
    return figure


attempt(show_runs, after="plain_or_aux")

# %% [markdown]
# Which recipe is better? The summed losses of the auxiliary runs are larger with each seed; as sums over two layers they
# would be, had both kinds learnt the same. The AP50 do not say it either: with seed 0 or seed 2 alone you would choose
# plain, with seed 1 alone auxiliary. The means differ by 0.05, and the three auxiliary runs among themselves by 0.27. So
# these runs say nothing on auxiliary losses, but much on seeds: one run of each kind is no comparison.
#
# The paper's runs on COCO take 300 epochs, and its authors report 35.5 against 40.8 AP there
# (github.com/facebookresearch/detr, issue 85). Two minutes on circles, squares and triangles cannot confirm or refute that.
