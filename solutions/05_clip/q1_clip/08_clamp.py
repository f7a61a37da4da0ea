# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 8 · Where the scale is clamped · 2 points · 10 min · ●●○○○
# **You will be able to** bound a learned number without losing its gradient.
#
# Once the pairs of a batch are told apart, a lower temperature always lowers the loss, so nothing stops the scale from
# growing. The paper lets it scale the logits by no more than 100, for a training that stays stable (section 2.5). The
# question is *where*. A clamp has the gradient 0 wherever it holds its input back. In the forward pass, therefore, a
# scale that has once gone too far no longer learns, and never comes back. Between two steps of training, as a change of
# the parameter itself, the same clamp stops no gradient.
#
# 1. `scaled(cosines, log_scale)` (1 point), the end of the forward pass: fill in the scale. Here $t$ may be anything.
# 2. `keep_scale(log_scale)` (1 point), which the loop calls after `optimiser.step()`: it changes the parameter in place,
#    so that the scale $e^t$ lies in 1..100. It returns nothing. The optimiser holds the parameter that it was given, so
#    a new one would not be trained.
#
# *Example.* A step leaves t = 4.8, a scale of 121.5. After `keep_scale` t = ln 100 = 4.605. From t = −.2 it makes 0.
#
# The library's `clamp_logit_scale` may not be used.

# %% exercise="clamp" forbids="detrlab.clip.model.clamp_logit_scale, detrlab.clip.training.CLIPLearner.after_update"
def scaled(cosines, log_scale):
    """The logits of cosines (B, N), from log_scale, a parameter of one number."""
    scale = log_scale.exp()  # ____
    return scale * cosines


def keep_scale(log_scale):
    """Keeps the scale, e to the power of this parameter, in 1..100: changes the parameter in place."""
    ### BEGIN SOLUTION
    with torch.no_grad():
        log_scale.clamp_(0, math.log(100))
    ### END SOLUTION

# %% check="clamp" points=2
@check(parts={"1. scaled": 1, "2. keep_scale": 1})
def clamp(draw):
    B, N = draw.letters("B N", 3, 13)
    cosines = draw.uniform(B, N, low=-1, high=1)
    starts = {"inside": draw.number(1, 4), "too large": draw.number(4.8, 5.5), "too small": draw.number(-1, -0.2)}

    def ends(start):
        log_scale = nn.Parameter(torch.tensor(start))
        logits = told(lambda: scaled(cosines.clone(), log_scale), log_scale)
        return {"logits": logits, "t afterwards": log_scale.item()}

    def after(moves):
        log_scale = nn.Parameter(torch.tensor(starts["inside"]))
        optimiser, path = torch.optim.SGD([log_scale], lr=1.0), []
        for move in moves:
            optimiser.zero_grad()
            (-move * log_scale).backward()  # so a step adds `move`
            optimiser.step()
            done = keep_scale(log_scale)
            float(done) if done is ____ else None  # a blank says so
            path.append(log_scale.item())
        return path

    out, back, little = draw.number(6, 8), draw.number(1, 3), draw.number(0.1, 0.3)
    paths = {"upwards": (out, -back, 100 + out), "downwards": (-out, back, -out), "inside": (little, -2 * little, little)}
    paths = {name: attempted(lambda moves=moves: after(moves)) for name, moves in paths.items()}
    return {"1. scaled": {name: attempted(lambda start=start: ends(start)) for name, start in starts.items()},
            "2. keep_scale": paths}


# %% [raw] hints="clamp"
# 1. What the forward pass computes should be smooth, so that every t has a gradient. Which bounds has t, if e to the
#    power of t lies in 1..100?
# 2. In the forward pass: only `exp`. In the loop: `clamp_`, with the underscore, changes a tensor in place. A parameter
#    may be changed so inside `with torch.no_grad():`.
# 3. `scale = log_scale.exp()`, and `with torch.no_grad(): log_scale.clamp_(0, ...)`.

# %% [raw] mistake="clamp/clamped_in_forward"
# The clamp stands in the forward pass: where t is out of bounds its gradient is 0, and it will never come back. Leave
# it out here.
# ---
# - scale = log_scale.exp()
# + scale = log_scale.clamp(0, math.log(100)).exp()

# %% [raw] mistake="clamp/changed_in_forward"
# The forward pass changes the parameter. It is run for measuring as well: let it only read.
# ---
# - scale = log_scale.exp()
# + log_scale.data.clamp_(0, math.log(100))
# + scale = log_scale.exp()

# %% [raw] mistake="clamp/scale_clamped_to_the_logarithm"
# The *scale* was clamped to ln 100 = 4.6. That is the bound of t; and the clamp does not belong here.
# ---
# - scale = log_scale.exp()
# + scale = log_scale.exp().clamp(max=math.log(100))

# %% [raw] mistake="clamp/exp_forgotten"
# The scale is e to the power of t: t is its logarithm.
# ---
# - scale = log_scale.exp()
# + scale = log_scale

# %% [raw] mistake="clamp/temperature_for_scale"
# This is the temperature. The scale is one over it.
# ---
# - scale = log_scale.exp()
# + scale = (-log_scale).exp()

# %% [raw] mistake="clamp/detached"
# The scale is right, but detached: no gradient reaches t.
# ---
# - scale = log_scale.exp()
# + scale = log_scale.detach().exp()

# %% [raw] mistake="clamp/result_dropped"
# The parameter has not changed. `clamp` without the underscore makes a new tensor, and so does `exp`; a name that is
# bound anew in here changes nothing outside.
# ---
# - log_scale.clamp_(0, math.log(100))
# + log_scale = log_scale.clamp(0, math.log(100))

# %% [raw] mistake="clamp/bounds_of_the_scale"
# 1 and 100 are the bounds of the scale. t is its logarithm: take the logarithms of both.
# ---
# - log_scale.clamp_(0, math.log(100))
# + log_scale.clamp_(1, 100)

# %% [raw] mistake="clamp/hundred_for_its_logarithm"
# t may become 100 here, a scale of e¹⁰⁰. The scale may become 100, so t may become ln 100.
# ---
# - log_scale.clamp_(0, math.log(100))
# + log_scale.clamp_(0, 100)

# %% [raw] mistake="clamp/one_for_its_logarithm"
# The lower bound of the scale is 1, and that of t is its logarithm, 0.
# ---
# - log_scale.clamp_(0, math.log(100))
# + log_scale.clamp_(1, math.log(100))

# %% [raw] mistake="clamp/no_lower_bound"
# The lower bound is missing: a scale below 1 makes the logits smaller than cosines.
# ---
# - log_scale.clamp_(0, math.log(100))
# + log_scale.clamp_(max=math.log(100))

# %% [raw] mistake="clamp/no_upper_bound"
# The upper bound is missing: a lower temperature always lowers the loss in the end, so the scale would grow without
# one.
# ---
# - log_scale.clamp_(0, math.log(100))
# + log_scale.clamp_(min=0)

# %% [raw] mistake="clamp/symmetric"
# The lower bound is the scale 1/100 here. It is 1, whose logarithm is 0.
# ---
# - log_scale.clamp_(0, math.log(100))
# + log_scale.clamp_(-math.log(100), math.log(100))

# %% [raw] mistake="clamp/tens_logarithm"
# This is the logarithm to base 10, and the scale may become e² = 7.4 only. `exp` is undone by the natural one, `math.log`.
# ---
# - log_scale.clamp_(0, math.log(100))
# + log_scale.clamp_(0, math.log10(100))

# %% [raw] mistake="clamp/scale_stored"
# The parameter was replaced by the scale. What is stored is t, its logarithm.
# ---
# - log_scale.clamp_(0, math.log(100))
# + log_scale.copy_(log_scale.exp().clamp(1, 100))

# %% [raw] mistake="clamp/with_gradient"
# PyTorch does not change a parameter in place while it records gradients. Do it inside `with torch.no_grad():`.
# ---
# - with torch.no_grad():
# -     log_scale.clamp_(0, math.log(100))
# + lowest, highest = 0, math.log(100)  # the line that raises is kept with the mistake: it is not the solution's
# + log_scale.clamp_(lowest, highest)

# %% [markdown]
# **The result**: the clamp in the loop, and in the forward pass. A step that was too large has left t = 5. The batch has
# 64 pairs with random features, each text like its image; but a third of the texts belong to other images, so a lower
# scale would be better.

# %%
def show_clamps():
    N, steps = 64, 100
    torch.manual_seed(0)
    images = F.normalize(torch.randn(N, E), dim=1)
    owner = torch.arange(N)
    owner[: N // 3] = owner[: N // 3].roll(1)
    cosines = images @ images[owner].T
    figure, axes = clear_subplots(1, 2, (8.4, 3.1))
    for place, colour in (("in the loop", "#2b8cc4"), ("in the forward pass", "#d55e00")):
        log_scale = nn.Parameter(torch.tensor(5.0))
        optimiser, path, losses = torch.optim.Adam([log_scale], lr=0.1), [], []
        for _ in range(steps):
            used = log_scale if place == "in the loop" else log_scale.clamp(0, math.log(100))
            loss = detrlab.clip_loss(scaled(cosines, used))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            if place == "in the loop":
                done = keep_scale(log_scale)
            float(done) if done is ____ else None  # a blank says so
            path.append(log_scale.item())
            losses.append(loss.item())
        print(f"clamp {place}: after one step t = {path[0]:.2f}, at the end t = {path[-1]:.2f}, loss {losses[-1]:.2f}")
        for ax, values in zip(axes[0], (path, losses)):
            ax.plot(values, color=colour, linewidth=2, label=f"clamp {place}")
    axes[0, 0].axhline(math.log(100), color=GREY, linewidth=1, linestyle=":")
    axes[0, 0].text(steps - 1, math.log(100) - 0.08, "ln 100", color=GREY, fontsize=9, ha="right", va="top")
    axes[0, 1].axhline(math.log(N), color=GREY, linewidth=1, linestyle=":")
    axes[0, 1].text(steps - 1, math.log(N) + 0.3, f"ln {N}", color=GREY, fontsize=9, ha="right", va="bottom")
    axes[0, 1].legend(fontsize=8.5, labelcolor=GREY, frameon=False, loc="center right")
    for ax, name in zip(axes[0], ("t, the logarithm of the scale", "loss")):
        ax.set_title(name, fontsize=9.5)
        ax.set(xlabel="step", ylim=(0, None))
    return figure


attempt(show_clamps, after="clamp")

# %% [markdown]
# In the official code the model takes the `exp` alone, without a clamp; open_clip, the widely used training code, clamps
# the parameter to 0..ln 100 after every step.
