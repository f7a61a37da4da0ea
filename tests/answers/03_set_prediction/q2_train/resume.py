# %% style="a loop over names"
PARTS = ("model", "optimiser", "schedule", "average")


def state_of(run):
    state = {part: getattr(run, part).state_dict() for part in PARTS}
    return state | {"step": run.step, "rng": torch.random.get_rng_state()}


def restore(run, state):
    for part in PARTS:
        getattr(run, part).load_state_dict(state[part])
    run.step = state["step"]
    torch.random.set_rng_state(state["rng"])


# %% style="deep copies in a list"
def state_of(run):
    parts = [run.model.state_dict(), run.optimiser.state_dict(), run.schedule.state_dict(), run.average.state_dict()]
    return {"parts": copy.deepcopy(parts), "step": int(run.step), "random": torch.get_rng_state().clone()}


def restore(run, state):
    for each, part in zip((run.model, run.optimiser, run.schedule, run.average), state["parts"]):
        each.load_state_dict(part)
    run.step = state["step"]
    torch.set_rng_state(state["random"])


# %% style="weights by name, the average's module and count"
def state_of(run):
    weights = {name: value.clone() for name, value in run.model.state_dict().items()}
    averaged = {name: value.clone() for name, value in run.average.module.state_dict().items()}
    return dict(weights=weights, averaged=averaged, count=run.average.n_averaged.clone(), step=run.step,
                adam=run.optimiser.state_dict(), rate=run.schedule.state_dict(), rng=torch.get_rng_state())


def restore(run, state):
    with torch.no_grad():
        for name, value in run.model.state_dict().items():
            value.copy_(state["weights"][name])
        for name, value in run.average.module.state_dict().items():
            value.copy_(state["averaged"][name])
        run.average.n_averaged.copy_(state["count"])
    run.optimiser.load_state_dict(state["adam"])
    run.schedule.load_state_dict(state["rate"])
    run.step = state["step"]
    torch.set_rng_state(state["rng"])
