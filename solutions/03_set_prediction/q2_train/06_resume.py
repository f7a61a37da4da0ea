# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 6 · Go on exactly · 2 points · 18 min · ●●●○○
# **You will be able to** save a training so that, resumed, it ends with the same weights, bit for bit.
#
# A `Run`, from the setup cell, has all that a training has:
#
# - `run.model`, `run.optimiser` (AdamW, with two averages for each weight), `run.schedule` (of the learning rate) and
#   `run.average` (a running average of the weights, as it is measured and handed in). Each has `state_dict()` and
#   `load_state_dict(state)`.
# - `run.step`, the number of steps made: it decides which batch comes next.
# - Dropout, which asks torch for random numbers: `torch.get_rng_state()` and `torch.set_rng_state(state)`.
#
# **`state_of(run)`** returns a dict of all of it; the check writes it to a file at once. **`restore(run, state)`** puts it
# into a new `Run`. The check trains some steps, saves, makes a new run after other random numbers were drawn, restores
# it, and goes on. A saved model alone is not enough: each part left out gives other weights later.
#
# *Example.* The learning rate falls along a cosine from .1. A run whose schedule is not restored begins that cosine anew.

# %% exercise="resume"
def state_of(run):
    """All that decides how the run goes on, as a dict of plain data and tensors."""
    ### BEGIN SOLUTION
    return {
        "model": run.model.state_dict(),
        "optimiser": run.optimiser.state_dict(),
        "schedule": run.schedule.state_dict(),
        "average": run.average.state_dict(),
        "step": run.step,
        "random": torch.get_rng_state(),
    }
    ### END SOLUTION


def restore(run, state):
    """Puts a state into a new run."""
    ### BEGIN SOLUTION
    run.model.load_state_dict(state["model"])
    run.optimiser.load_state_dict(state["optimiser"])
    run.schedule.load_state_dict(state["schedule"])
    run.average.load_state_dict(state["average"])
    run.step = state["step"]
    torch.set_rng_state(state["random"])
    ### END SOLUTION

# %% check="resume" points=2
@check
def resume(draw):
    seed, first, more = draw.integer(0, 10**6), draw.integer(3, 5), draw.integer(2, 4)
    Q, K = draw.letters("Q K", 3, 7)
    kept = torch.get_rng_state()
    try:
        torch.manual_seed(seed)
        run = Run(draw.fill(MicroDETR(Q, K)))
        run.advance(first)
        file = io.BytesIO()
        torch.save(filled_in(state_of(run)), file)
        file.seek(0)
        saved_step = run.step
        torch.manual_seed(seed + 1)
        other = Run(draw.fill(MicroDETR(Q, K)))
        filled_in(restore(other, torch.load(file, weights_only=True)))
        asked = {"step": other.step, "learning rate": other.optimiser.param_groups[0]["lr"],
                 "average": weights_of(other.average.module), "weights": weights_of(other.model),
                 "next random numbers": torch.rand(3, generator=torch.Generator().set_state(torch.get_rng_state()))}
        other.advance(more)
        return asked | {"weights later": weights_of(other.model), "average later": weights_of(other.average.module),
                        "learning rate later": other.optimiser.param_groups[0]["lr"], "step before": saved_step}
    finally:
        torch.set_rng_state(kept)


# %% [raw] hints="resume"
# 1. What would the next steps be decided by? Go through the list of the task; each item has its own entry.
# 2. Four `state_dict()`, one whole number, and `torch.get_rng_state()`. `restore` is the same list, with
#    `load_state_dict` and `torch.set_rng_state`.
# 3. `return {"model": run.model.state_dict(), ..., "step": run.step, "random": torch.get_rng_state()}`, and in `restore`
#    `run.model.load_state_dict(state["model"])`, ..., `run.step = ...`, `torch.set_rng_state(...)`.

# %% [raw] mistake="resume/no_random_state"
# Dropout went on with other random numbers: torch's generator was not restored. `torch.get_rng_state()` belongs to the
# state.
# ---
# - torch.set_rng_state(state["random"])

# %% [raw] mistake="resume/no_schedule"
# The schedule was not restored, so the learning rate goes on from its beginning.
# ---
# - run.schedule.load_state_dict(state["schedule"])

# %% [raw] mistake="resume/no_optimiser"
# The optimiser was not restored: AdamW's averages of the gradients began anew.
# ---
# - run.optimiser.load_state_dict(state["optimiser"])

# %% [raw] mistake="resume/average_restarted"
# The average began anew from the new run's weights. It has a state of its own.
# ---
# - run.average.load_state_dict(state["average"])

# %% [raw] mistake="resume/average_from_model"
# The average was set to the current weights, so all earlier ones are forgotten. Save and load `run.average`.
# ---
# - run.average.load_state_dict(state["average"])
# + run.average.module.load_state_dict(state["model"])

# %% [raw] mistake="resume/no_step"
# The number of steps was not restored, so the run sees the first batches again.
# ---
# - run.step = state["step"]

# %% [raw] mistake="resume/step_after"
# The step is one too far: a batch is skipped.
# ---
# - run.step = state["step"]
# + run.step = state["step"] + 1

# %% [raw] mistake="resume/raw_for_averaged"
# The model got the averaged weights. Training goes on from the raw ones; the average is for measuring.
# ---
# - run.model.load_state_dict(state["model"])
# + averaged = {name.removeprefix("module."): value for name, value in state["average"].items()}
# + averaged.pop("n_averaged")
# + run.model.load_state_dict(averaged)

# %% [raw] mistake="resume/model_not_loaded"
# The model's weights were not restored.
# ---
# - run.model.load_state_dict(state["model"])

# %% [markdown]
# **The result**: a run of 12 steps, and one that was stopped after 5 and resumed by your functions.

# %%
def show_resume():
    def fresh(seed):
        torch.manual_seed(seed)
        return Run(MicroDETR(5, 3))

    whole = fresh(0)
    whole.advance(12)
    begun = fresh(0)
    begun.advance(5)
    file = io.BytesIO()
    torch.save(state_of(begun), file)
    file.seek(0)
    resumed = fresh(1)
    restore(resumed, torch.load(file, weights_only=True))
    resumed.advance(7)
    same = all(torch.equal(a, b) for a, b in zip(whole.model.parameters(), resumed.model.parameters()))
    print(f"{len(file.getvalue()) // 1000} kB saved after step 5; same weights after step 12, bit for bit: {same}")


attempt(show_resume, after="resume")

# %% [markdown]
# The library's `Trainer` keeps the same parts, and Python's and numpy's random numbers as well; with a budget in steps a run
# that was killed ends with the weights of one that was not.
