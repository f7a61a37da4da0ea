# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 8 · The schedule · 2 points · 8 min · ●●○○○
# **You will be able to** write a cosine schedule, and say how far back a teacher remembers.
#
# With a momentum m the teacher keeps m of itself in every step, so what the student was $n$ steps ago counts
# $m^n$ as much as today's. At .996 that is a half after 173 steps. In the beginning the student changes
# quickly, and the teacher should follow; at the end it should be at rest. So m rises during training, from $m_0$ = .996
# to 1, along half a cosine (section 3.1 of the paper, where m is called λ):
#
# $$m_t = m_1 - (m_1 - m_0)\,\frac{1 + \cos(\pi\, t / T)}{2}, \qquad t = 0, \dots, T - 1.$$
#
# T is the number of *steps* of the whole training, and m changes with every one of them: an epoch is one pass over all
# images and has thousands of steps. As in the official code, the first step has $m_0$, and $m_1$ would be reached in the
# step after the last.
#
# Write `momenta(epochs, steps_per_epoch, start, end)`: the momentum of each step of the whole training, in order (a
# list, an array or a tensor).
#
# *Example.* `momenta(2, 2, start=.9, end=1)` has T = 4 numbers: .9, .9146, .95, .9854.
#
# The library's `cosine_momentum` may not be used.

# %% exercise="schedule" forbids="detrlab.dino.teacher.cosine_momentum, detrlab.training.recipe.Recipe.rate, torch.optim.lr_scheduler.CosineAnnealingLR, torch.optim.lr_scheduler.CosineAnnealingWarmRestarts, torch.optim.lr_scheduler.LambdaLR"
def momenta(epochs, steps_per_epoch, start=0.996, end=1.0):
    """The teacher's momentum in each of the epochs * steps_per_epoch steps, from start towards end."""
    ### BEGIN SOLUTION
    T = epochs * steps_per_epoch
    t = np.arange(T)
    return end - (end - start) * (1 + np.cos(np.pi * t / T)) / 2
    ### END SOLUTION

# %% check="schedule" points=2
@check
def schedule(draw):
    epochs, steps = draw.sizes(2, 3, 13)
    draw.name(epochs=epochs, steps=steps)
    start, end = draw.number(0.2, 0.5), draw.number(0.8, 0.9)

    def numbers(values, scale=1.0):
        if isinstance(values, torch.Tensor):
            values = values.detach().double().numpy()
        return torch.as_tensor(np.asarray([float(m) for m in values]) * scale)

    def missing(scale):
        """What is missing to 1, larger: the usual momenta lie close together."""
        return scale + numbers(momenta(epochs, steps), -scale)

    return {"start and end drawn": attempted(lambda: numbers(momenta(epochs, steps, start, end))),
            "100 (1 - m) of the usual ones": attempted(lambda: missing(100.0))}


# %% [raw] hints="schedule"
# 1. At which share of the training is each step? What is the cosine at share 0, at a half, at 1?
# 2. `T = epochs * steps_per_epoch`, `t = np.arange(T)`; `np.cos(np.pi * t / T)` falls from 1 to −1, so (1 + it) / 2 falls
#    from 1 to 0.
# 3. `return end - (end - start) * (1 + np.cos(...)) / 2`.

# %% [raw] mistake="schedule/falls"
# It falls from the end to the start. It begins with `start`, and rises.
# ---
# - return end - (end - start) * (1 + np.cos(np.pi * t / T)) / 2
# + return start + (end - start) * (1 + np.cos(np.pi * t / T)) / 2

# %% [raw] mistake="schedule/per_epoch"
# All steps of an epoch have the same number. It changes with every step.
# ---
# - return end - (end - start) * (1 + np.cos(np.pi * t / T)) / 2
# + return end - (end - start) * (1 + np.cos(np.pi * (t // steps_per_epoch) / epochs)) / 2

# %% [raw] mistake="schedule/one_per_epoch"
# There is a number for each epoch. There is one for each step.
# ---
# - T = epochs * steps_per_epoch
# + T = epochs

# %% [raw] mistake="schedule/starts_anew"
# The schedule starts anew in each epoch. It rises once, over the whole training.
# ---
# - return end - (end - start) * (1 + np.cos(np.pi * t / T)) / 2
# + return end - (end - start) * (1 + np.cos(np.pi * (t % steps_per_epoch) / steps_per_epoch)) / 2

# %% [raw] mistake="schedule/straight"
# It rises along a straight line. It should rise slowly first, then faster, then slowly again: half a cosine.
# ---
# - return end - (end - start) * (1 + np.cos(np.pi * t / T)) / 2
# + return start + (end - start) * t / T

# %% [raw] mistake="schedule/whole_cosine"
# It rises and falls again: that is a whole cosine, up to 2π. Half of one, up to π, rises only.
# ---
# - return end - (end - start) * (1 + np.cos(np.pi * t / T)) / 2
# + return end - (end - start) * (1 + np.cos(2 * np.pi * t / T)) / 2

# %% [raw] mistake="schedule/quarter"
# This is a quarter of a cosine: it is quickest at the end. Take half of one, from 0 to π.
# ---
# - return end - (end - start) * (1 + np.cos(np.pi * t / T)) / 2
# + return end - (end - start) * np.cos(np.pi * t / T / 2)

# %% [raw] mistake="schedule/not_halved"
# (1 + cos) was not halved. It runs from 2 to 0, so the schedule begins too low, by the whole way from start to end.
# ---
# - return end - (end - start) * (1 + np.cos(np.pi * t / T)) / 2
# + return end - (end - start) * (1 + np.cos(np.pi * t / T))

# %% [raw] mistake="schedule/above_the_end"
# The cosine itself was taken, which falls from 1 to −1, so it rises beyond `end`: a momentum above 1 leads away from the
# student. (1 + cos) / 2 falls from 1 to 0.
# ---
# - return end - (end - start) * (1 + np.cos(np.pi * t / T)) / 2
# + return end - (end - start) * np.cos(np.pi * t / T)

# %% [raw] mistake="schedule/degrees"
# The cosine was given degrees. It takes radians: half a turn is π.
# ---
# - return end - (end - start) * (1 + np.cos(np.pi * t / T)) / 2
# + return end - (end - start) * (1 + np.cos(180 * t / T)) / 2

# %% [raw] mistake="schedule/from_one"
# Steps were counted from 1, so the first one is not `start`. Count from 0.
# ---
# - t = np.arange(T)
# + t = np.arange(1, T + 1)

# %% [raw] mistake="schedule/one_too_many"
# There is one number too many: t runs from 0 to T − 1, and `end` itself would belong to the step after the last.
# ---
# - t = np.arange(T)
# + t = np.arange(T + 1)

# %% [raw] mistake="schedule/last_is_end"
# The last step has `end`: the training was divided by T − 1. Step t of T stands at the share t / T.
# ---
# - return end - (end - start) * (1 + np.cos(np.pi * t / T)) / 2
# + return end - (end - start) * (1 + np.cos(np.pi * t / (T - 1))) / 2

# %% [raw] mistake="schedule/usual_start"
# It always starts at .996. Use the argument.
# ---
# - return end - (end - start) * (1 + np.cos(np.pi * t / T)) / 2
# + return end - (end - 0.996) * (1 + np.cos(np.pi * t / T)) / 2

# %% [raw] mistake="schedule/usual_end"
# It always ends at 1. Use the argument.
# ---
# - return end - (end - start) * (1 + np.cos(np.pi * t / T)) / 2
# + return 1 - (1 - start) * (1 + np.cos(np.pi * t / T)) / 2

# %% [markdown]
# **The result**: after how many steps a half of the old teacher is replaced, at five moments. The second row is the start
# that this course takes for its short runs.

# %%
def show_memory():
    print("share of the training        0       .25        .5       .75       .95")
    for start in (0.996, 0.99):
        m = np.asarray(momenta(1, 100, start), dtype=float)[[0, 25, 50, 75, 95]]
        print(f"from {start:5}: m       " + "".join(f"{value:10.5f}" for value in m))
        print("            half after" + "".join(f"{math.log(0.5) / math.log(value):10.0f}" for value in m) + " steps")


attempt(show_memory, after="schedule")
