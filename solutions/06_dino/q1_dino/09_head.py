# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 9 · The head · 2 points · 10 min · ●●●○○
# **You will be able to** make logits that are cosines, and hold prototypes still while everything else is random.
#
# The ViT gives a feature (B, D) for each view. A small MLP takes it to a narrow vector, the *bottleneck*. From there the
# last layer, a matrix with a row for each of the K prototypes, gives the logits (appendix C of the paper). Two things
# keep their size in bounds:
#
# - the MLP's output is divided by its length (L2), before the last layer;
# - the last layer is *weight-normed*: its weight is $g_k\, v_k / \lVert v_k \rVert$ for each prototype k, a length and a
#   direction that are trained apart. Here the lengths $g_k$ stay 1 and are not trained; the directions $v_k$ are.
#
# So a logit is the cosine between a feature and a prototype. If the lengths could grow, so would the logits, and every
# softmax would become as sharp as if its temperature had been lowered.
#
# One point is for the first two functions together, one for the third:
#
# 1. `last_layer(d, K)`: a module (B, d) → (B, K) without bias, as above. Its only trained parameter is v, (K, d).
#    `weight_norm(nn.Linear(...))` of the setup has both: `layer.parametrizations.weight.original0` is g, (K, 1), with the
#    lengths that the rows had at first; `original1` is v.
# 2. `logits_of(mlp, last, x)`: the logits (B, K) of features x (B, D).
# 3. `before_update(last, step, frozen_steps)`: runs between `loss.backward()` and `optimiser.step()`. In the first
#    `frozen_steps` steps (step counts from 0) no parameter of the last layer may move: while the teacher is random, there
#    is no sense in pulling prototypes here and there. An optimiser leaves a parameter alone whose `grad` is `None`. With a
#    gradient of 0 it still applies weight decay, and its own momentum.
#
# *Example.* The MLP gives (3, 4), so the feature is (.6, .8); with prototypes v of (2, 0) and (0, .5) the logits are (.6,
# .8). At ten times that output they are the same.
#
# The library's `DINOHead` and `cancel_gradients_last_layer` may not be used.

# %% exercise="head" forbids="detrlab.dino.head.DINOHead, detrlab.dino.head.DINOHead.forward, detrlab.dino.head.cancel_gradients_last_layer, detrlab.dino.teacher.DINO.before_update"
def last_layer(d, K):
    """A module (B, d) -> (B, K): a linear layer without bias, whose rows have length 1; only their directions learn."""
    ### BEGIN SOLUTION
    layer = weight_norm(nn.Linear(d, K, bias=False))
    gain = layer.parametrizations.weight.original0  # (K, 1)
    nn.init.ones_(gain)
    gain.requires_grad_(False)
    return layer
    ### END SOLUTION


def logits_of(mlp, last, x):
    """Features (B, D) -> logits (B, K), by an MLP (B, D) -> (B, d) and the last layer."""
    ### BEGIN SOLUTION
    z = mlp(x)  # (B, d)
    return last(F.normalize(z, dim=-1))
    ### END SOLUTION


def before_update(last, step, frozen_steps):
    """Between backward and step: in the first steps the last layer's parameters are to stay as they are."""
    ### BEGIN SOLUTION
    if step < frozen_steps:
        for parameter in last.parameters():
            parameter.grad = None
    ### END SOLUTION

# %% check="head" points=2
@check(parts={"1. last_layer and logits_of": 1, "2. before_update": 1})
def head(draw):
    B, D, d, K = draw.letters("B D d K", 3, 17)
    x, z, v = draw.normal(B, D), draw.normal(B, d), 0.5 * draw.normal(K, d)
    features = x.clone().requires_grad_()
    mlp, plain = draw.fill(nn.ModuleList([nn.Sequential(nn.Linear(D, d), nn.GELU(), nn.Linear(d, d)), nn.Linear(d, K)]))
    torch.manual_seed(draw.integer(0, 10**6))  # a layer draws its own weights: v takes their place

    def layer():
        made = last_layer(d, K)
        if not isinstance(made, nn.Module):
            return made
        trained = [p for p in made.parameters() if p.requires_grad]
        with torch.no_grad():
            for p in trained:
                if p.shape == v.shape:
                    p.copy_(v)
        return {"logits": made(z).detach(), "trained": sorted(str(tuple(p.shape)) for p in trained)}

    def moved():
        """The weights after each of 4 steps; those of the last layer are frozen in the first 2."""
        body, last = draw.fill(nn.ModuleList([nn.Linear(D, d), nn.Linear(d, K)]))
        optimiser = torch.optim.AdamW([*body.parameters(), *last.parameters()], lr=0.1, weight_decay=0.5)
        weights = {}
        for step in range(4):
            optimiser.zero_grad()
            last(body(x)).square().sum().backward()
            if before_update(last, step, 2) is ____:
                return ____
            optimiser.step()
            weights[f"last layer after step {step}"] = last.weight.detach().clone()
            weights[f"its bias after step {step}"] = last.bias.detach().clone()
            weights[f"MLP after step {step}"] = body.weight.detach().clone()
        return weights

    return {"1. last_layer and logits_of": {
                "last_layer": attempted(layer), "logits_of": told(lambda: logits_of(mlp, plain, features * 1), features)},
            "2. before_update": attempted(moved)}


# %% [raw] hints="head"
# 1. A dot product of two vectors of length 1 is a cosine. Which axis of the MLP's output are the numbers of one vector? And
#    in which of its two parts does a weight-normed layer hold the lengths?
# 2. `layer = weight_norm(nn.Linear(d, K, bias=False))`; set its `original0` to 1 (`nn.init.ones_`) and switch its gradient
#    off. `F.normalize(mlp(x), dim=-1)` has rows of length 1. In `before_update` set `parameter.grad`.
# 3. `gain = layer.parametrizations.weight.original0`, `nn.init.ones_(gain)`, `gain.requires_grad_(False)`; `return
#    last(F.normalize(...))`; `if step < frozen_steps: for parameter in last.parameters(): parameter.grad = ...`

# %% [raw] mistake="head/lengths_trained"
# The lengths g are trained, too. Switch off their gradient: `requires_grad_(False)`.
# ---
# - gain.requires_grad_(False)

# %% [raw] mistake="head/lengths_of_the_start"
# The lengths g are those that the layer's rows had by chance. Set them to 1.
# ---
# - nn.init.ones_(gain)

# %% [raw] mistake="head/lengths_left_alone"
# Weight norm alone trains the lengths g, and starts from the rows' own. Set them to 1, and switch off their gradient.
# ---
# - gain = layer.parametrizations.weight.original0  # (K, 1)
# - nn.init.ones_(gain)
# - gain.requires_grad_(False)

# %% [raw] mistake="head/plain_linear"
# This is a plain linear layer: its rows have any length. `weight_norm` around it gives each a length and a direction.
# ---
# - layer = weight_norm(nn.Linear(d, K, bias=False))
# - gain = layer.parametrizations.weight.original0  # (K, 1)
# - nn.init.ones_(gain)
# - gain.requires_grad_(False)
# - return layer
# + return nn.Linear(d, K, bias=False)

# %% [raw] mistake="head/bias"
# The layer has a bias, so its logits are no cosines. Give `bias=False`.
# ---
# - layer = weight_norm(nn.Linear(d, K, bias=False))
# + layer = weight_norm(nn.Linear(d, K))

# %% [raw] mistake="head/columns"
# The columns have length 1, not the rows. A prototype is a row of the weight: `weight_norm` has `dim=0` for that, as it is
# by itself.
# ---
# - layer = weight_norm(nn.Linear(d, K, bias=False))
# + layer = weight_norm(nn.Linear(d, K, bias=False), dim=1)

# %% [raw] mistake="head/directions_frozen"
# Nothing of the layer is trained. Only the lengths stay; the directions v learn.
# ---
# - gain.requires_grad_(False)
# + layer.requires_grad_(False)

# %% [raw] mistake="head/no_l2"
# The MLP's output was not divided by its length, so the logits grow with it.
# ---
# - return last(F.normalize(z, dim=-1))
# + return last(z)

# %% [raw] mistake="head/l2_over_batch"
# The length was taken over the batch. Each image's vector gets length 1: the last axis.
# ---
# - return last(F.normalize(z, dim=-1))
# + return last(F.normalize(z, dim=0))

# %% [raw] mistake="head/l2_after"
# The logits were divided by their length, after the last layer. Divide the MLP's output, before it.
# ---
# - return last(F.normalize(z, dim=-1))
# + return F.normalize(last(z), dim=-1)

# %% [raw] mistake="head/l2_first"
# The feature was divided by its length before the MLP. Divide what the MLP gives.
# ---
# - z = mlp(x)  # (B, d)
# - return last(F.normalize(z, dim=-1))
# + return last(mlp(F.normalize(x, dim=-1)))

# %% [raw] mistake="head/layer_norm"
# This is a layer norm, which takes off the mean and divides by the deviation. Divide by the length only.
# ---
# - return last(F.normalize(z, dim=-1))
# + return last(F.layer_norm(z, z.shape[-1:]))

# %% [raw] mistake="head/squared_length"
# The MLP's output was divided by the square of its length. Divide by the length, the root of the sum of squares.
# ---
# - return last(F.normalize(z, dim=-1))
# + return last(z / z.square().sum(-1, keepdim=True))

# %% [raw] mistake="head/probabilities"
# These are probabilities. The head gives logits; centre, temperature and softmax come in the loss.
# ---
# - return last(F.normalize(z, dim=-1))
# + return last(F.normalize(z, dim=-1)).softmax(-1)

# %% [raw] mistake="head/one_step_too_long"
# The last layer was frozen for one step too many. Steps count from 0, so `frozen_steps` steps are those below it.
# ---
# - if step < frozen_steps:
# + if step <= frozen_steps:

# %% [raw] mistake="head/frozen_at_the_end"
# The last layer learns in the first steps, and is frozen afterwards. It is the other way round.
# ---
# - if step < frozen_steps:
# + if step >= frozen_steps:

# %% [raw] mistake="head/always_frozen"
# The last layer never learns. It is frozen in the first `frozen_steps` steps only.
# ---
# - if step < frozen_steps:
# -     for parameter in last.parameters():
# -         parameter.grad = None
# + for parameter in last.parameters():
# +     parameter.grad = None

# %% [raw] mistake="head/never_frozen"
# The last layer moves in the first steps, too. Set the `grad` of its parameters to None there.
# ---
# - parameter.grad = None
# + pass

# %% [raw] mistake="head/zero_gradients"
# The gradients were set to 0. The optimiser still takes part in such a parameter: weight decay moves it. Set `grad` to None.
# ---
# - parameter.grad = None
# + parameter.grad.zero_()

# %% [raw] mistake="head/gradients_switched_off_late"
# `requires_grad` was set after `backward`: the gradient is there already, and the optimiser takes it. Set `grad` to None.
# ---
# - if step < frozen_steps:
# -     for parameter in last.parameters():
# -         parameter.grad = None
# + last.requires_grad_(step >= frozen_steps)

# %% [raw] mistake="head/weight_only"
# Only the first parameter of the layer was frozen. All of them stay.
# ---
# - parameter.grad = None
# + parameter.grad = None
# + break

# %% [markdown]
# **The result**: the logits of one head for the same features, and for features that the MLP makes larger; beside them
# those without the L2 norm. "Surest" is the mean of the largest probability at the student's temperature, .1.

# %%
def show_sizes():
    torch.manual_seed(0)
    mlp, last = nn.Linear(96, 64), last_layer(64, K)
    x = torch.randn(200, 96)
    print("MLP's output    with L2: largest logit  surest     without: largest logit  surest")
    for scale in (1, 3, 10):
        row = f"times {scale:<10}"
        for logits in (logits_of(lambda x: scale * mlp(x), last, x), last(scale * mlp(x))):
            row += f"{logits.abs().max().item():22.2f}{(logits / 0.1).softmax(-1).amax(-1).mean().item():10.2f}   "
        print(row)


attempt(show_sizes, after="head")
