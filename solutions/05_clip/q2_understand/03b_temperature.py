# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### An experiment · Temperature and batch size · 8 min
# **You will be able to** read trainings that differ in one thing, three runs of each, and say what they do not show.
#
# The runs of this notebook ship with the course (`clip_runs()`, made by `python -m tools.clip_runs`): CLIPs of half the
# width of the shipped one, trained with the seeds 0, 1 and 2 on 6,000 scenes, and measured on 500 held-out ones (swaps
# on 1,000). *plain* makes 400 steps of 128. Where the temperature is 1 and stays there, no cosine can tell much: the
# largest probability that N = 128 texts allow is that of one cosine of 1 among 127 of −1. So the loss has a floor:

# %%
N = 128
print(f"temperature 1, N = {N}: the loss cannot fall below ln(1 + {N - 1} e^-2) = {math.log(1 + (N - 1) * math.exp(-2)):.2f}; "
      f"knowing nothing gives ln {N} = {math.log(N):.2f}")

# %% [markdown]
# Batches of 32 and of 512 were given as many steps as take about as long as *plain* (1,450 and 95). `loss_128` is the
# loss of one batch of 128 held-out scenes, so it can be compared. In the figure each dot is a run, and a bar is the mean
# of three; the grey band goes from the lowest to the highest run of *plain*.

# %%
RUNS = clip_runs()
SHOWN = ("plain", "temperature 1", "batch 32", "batch 512")
print("mean of three (smallest to largest)")
print(f"{'':15}" + "".join(f"{name:24}" for name in ("R@1 image to text", "72 coloured shapes", "loss_128", "seconds")))
for recipe in SHOWN:
    print(f"{recipe:15}" + "".join(f"{several(RUNS[recipe], name):24}" for name in (
        "image_to_text_1", "zero_shot_72", "loss_128")) + several(RUNS[recipe], "seconds", digits=0))
plot_clip_runs(RUNS, SHOWN, ("image_to_text_1", "text_to_image_1", "zero_shot_72"))

# %% [markdown]
# **What it does not show.** A batch is not good or bad in itself: at equal seconds a larger one makes fewer steps, each
# with a rate that was chosen for another batch. The paper's batch of 32,768 has other reasons, and other machines.
