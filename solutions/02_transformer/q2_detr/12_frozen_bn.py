# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 12 · Frozen batch norm · 3 points · 14 min · ●●●○○
# **You will be able to** keep the statistics of a trained backbone, and say what is a parameter and what is a buffer.
#
# Batch norm estimates mean and variance from the batch. DETR trains on too few images at a time for that, so the backbone's
# batch norms are *frozen* (A.4): per channel a map with four fixed numbers,
# $$y = \frac{x - \mathrm{running\_mean}}{\sqrt{\mathrm{running\_var} + \varepsilon}} \cdot \mathrm{weight} + \mathrm{bias},
# \qquad \varepsilon = 10^{-5},$$
# the same in training and in evaluation. The four are **buffers**: saved and loaded by name as parameters are, but given to no
# optimiser. They start as batch norm's do: weight 1, bias 0, mean 0, variance 1.
#
# - `FrozenNorm(C)` takes (B, C, H, W) and gives the same shape. $\varepsilon$ stands inside the root.
# - `freeze(norm)` makes a `FrozenNorm` with the numbers of an `nn.BatchNorm2d`. Its state has a fifth entry,
#   `num_batches_tracked`, which a frozen norm has no use for: take it out, then load strictly.
#
# *Example.* A channel with mean 3, variance 4, weight 10 and bias 1 turns 7 into (7 − 3) / 2 · 10 + 1 = 21.

# %% exercise="frozen_bn" forbids="detrlab.detr.backbone.FrozenBatchNorm2d, torchvision.ops.FrozenBatchNorm2d, torchvision.ops.misc.FrozenBatchNorm2d, detrlab.detr.backbone.FrozenBatchNorm2d.forward, torchvision.ops.misc.FrozenBatchNorm2d.forward"
class FrozenNorm(nn.Module):
    """Batch norm with fixed numbers: (B, C, H, W) -> (B, C, H, W)."""

    def __init__(self, num_features, eps=1e-5):
        ### BEGIN SOLUTION
        super().__init__()
        self.eps = eps
        self.register_buffer("weight", torch.ones(num_features))
        self.register_buffer("bias", torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        ### END SOLUTION

    def forward(self, x):
        ### BEGIN SOLUTION
        root = (self.running_var + self.eps).sqrt()
        scale = self.weight / root  # (C,)
        shift = self.bias - self.running_mean * scale  # (C,)
        return x * scale[:, None, None] + shift[:, None, None]
        ### END SOLUTION


def freeze(norm):
    """A FrozenNorm with the numbers of an nn.BatchNorm2d, which stays as it is."""
    ### BEGIN SOLUTION
    state = norm.state_dict()
    del state["num_batches_tracked"]
    frozen = FrozenNorm(norm.num_features)
    frozen.load_state_dict(state)
    return frozen
    ### END SOLUTION

# %% check="frozen_bn" points=3
@check(parts={"1. buffers": 1, "2. output": 1, "3. from a batch norm": 1})
def frozen_bn(draw):
    B, C, H, W = draw.letters("B C H W", 2, 11)
    names = ("weight", "bias", "running_mean", "running_var")
    fresh = FrozenNorm.__new__(FrozenNorm)
    nothing = fresh.__init__(C)
    x = draw.normal(B, C, H, W)
    numbers = {name: draw.normal(C) for name in names[:3]}
    numbers["weight"] = 1 + numbers["weight"].abs()
    # Variances from far below eps to far above it: so it shows where eps stands.
    numbers["running_var"] = 10.0 ** (-6 + 6 * torch.arange(C) / C) * (1 + draw.uniform(C))
    source = nn.BatchNorm2d(C)
    source.load_state_dict({**numbers, "num_batches_tracked": torch.tensor(3)})
    fixed = copy.deepcopy(source.state_dict())

    def as_text(tensors):
        return {name: str(tuple(tensor.shape)) for name, tensor in tensors}

    def buffers():
        if nothing is not None:
            return nothing  # the blank
        state = fresh.state_dict()
        return {"parameters": as_text(fresh.named_parameters()), "saved": as_text(sorted(state.items())),
                "at the start": {name: state[name].mean() if name in state else "there is none" for name in names},
                "moved to another device": attempted(moved)}

    def moved():
        there = FrozenNorm(C).to("meta")
        return {name: getattr(there, name).device.type for name in names}

    def filled(module):
        with torch.no_grad():
            for name, tensor in numbers.items():
                getattr(module, name).copy_(tensor)
        return module

    def output():
        if nothing is not None:
            return nothing
        given = x.clone().requires_grad_()
        result = filled(fresh).train()(given)
        return {"in training": result, "in evaluation": fresh.eval()(x.clone()),
                "x is left as it was": given.equal(x),
                "gradients reach x": lets_gradients_through(result, given),
                "numbers stay as they are": all(getattr(fresh, name).equal(numbers[name]) for name in names)}

    def loaded():
        if nothing is not None:
            return nothing
        frozen = freeze(source)
        same = {name: getattr(frozen, name, None) for name in names}
        with torch.no_grad():
            kept = {name: tensor.clone() for name, tensor in same.items()}
            source.running_mean.add_(1)
            source.weight.add_(1)
        own = all(same[name].equal(kept[name]) for name in names)
        source.load_state_dict(fixed)
        return {"kind": type(frozen).__name__, "numbers": kept, "numbers of its own": own}

    return {"1. buffers": attempted(buffers), "2. output": attempted(output), "3. from a batch norm": attempted(loaded)}

# %% [raw] hints="frozen_bn"
# 1. A tensor that is saved but not trained is a buffer: register_buffer(name, tensor). The four numbers of a channel belong to
#    axis 1 of x.
# 2. Numbers of shape (C,) line up with the last axis; [:, None, None] moves them to the axis before H and W. state_dict()
#    gives a dict of its own, from which an entry can be deleted; load_state_dict copies into what is there.
# 3. scale = weight / (running_var + eps).sqrt(); y = x · scale + (bias − running_mean · …), each with [:, None, None]. In
#    freeze: state = norm.state_dict(), del state[…], FrozenNorm(norm.num_features), load_state_dict(state).

# %% [raw] mistake="frozen_bn/eps_outside"
# ε was added to the root, √var + ε. It stands inside: √(var + ε), which for a variance near 0 is a very different number.
# ---
# - root = (self.running_var + self.eps).sqrt()
# + root = self.running_var.sqrt() + self.eps

# %% [raw] mistake="frozen_bn/no_eps"
# ε is missing. A channel with a variance near 0 is then blown up, and one with variance 0 becomes infinite.
# ---
# - root = (self.running_var + self.eps).sqrt()
# + root = self.running_var.sqrt()

# %% [raw] mistake="frozen_bn/large_eps"
# ε is 1e-3 here. The weights come from a batch norm with 1e-5, PyTorch's default: channels with small variances come out
# otherwise.
# ---
# - self.eps = eps
# + self.eps = 1e-3

# %% [raw] mistake="frozen_bn/no_root"
# Divided by the variance, not by its root. The standard deviation is the root of the variance.
# ---
# - root = (self.running_var + self.eps).sqrt()
# + root = self.running_var + self.eps

# %% [raw] mistake="frozen_bn/mean_unscaled"
# The mean was taken off after the scaling, so it has the wrong size. Subtract it first, or scale it along.
# ---
# - shift = self.bias - self.running_mean * scale  # (C,)
# + shift = self.bias - self.running_mean

# %% [raw] mistake="frozen_bn/bias_scaled"
# The bias was scaled along. It is added last, as it is.
# ---
# - shift = self.bias - self.running_mean * scale  # (C,)
# + shift = (self.bias - self.running_mean) * scale

# %% [raw] mistake="frozen_bn/no_affine"
# weight and bias are not used: x was only standardised.
# ---
# - scale = self.weight / root  # (C,)
# - shift = self.bias - self.running_mean * scale  # (C,)
# + scale = 1 / root
# + shift = -self.running_mean * scale

# %% [raw] mistake="frozen_bn/batch_statistics"
# Mean and variance come from the batch itself, as in nn.BatchNorm2d while it trains. Frozen means: the stored ones, always.
# ---
# - root = (self.running_var + self.eps).sqrt()
# + mean = x.mean((0, 2, 3))
# + root = (x.var((0, 2, 3), unbiased=False) + self.eps).sqrt()
# - shift = self.bias - self.running_mean * scale  # (C,)
# + shift = self.bias - mean * scale

# %% [raw] mistake="frozen_bn/all_parameters"
# All four are parameters, so an optimiser would change them. Fixed numbers are buffers: register_buffer.
# ---
# - self.register_buffer("weight", torch.ones(num_features))
# - self.register_buffer("bias", torch.zeros(num_features))
# - self.register_buffer("running_mean", torch.zeros(num_features))
# - self.register_buffer("running_var", torch.ones(num_features))
# + self.weight = nn.Parameter(torch.ones(num_features))
# + self.bias = nn.Parameter(torch.zeros(num_features))
# + self.running_mean = nn.Parameter(torch.zeros(num_features))
# + self.running_var = nn.Parameter(torch.ones(num_features))

# %% [raw] mistake="frozen_bn/affine_parameters"
# weight and bias are parameters, as in nn.BatchNorm2d. In DETR they are frozen as well: all four are buffers.
# ---
# - self.register_buffer("weight", torch.ones(num_features))
# - self.register_buffer("bias", torch.zeros(num_features))
# + self.weight = nn.Parameter(torch.ones(num_features))
# + self.bias = nn.Parameter(torch.zeros(num_features))

# %% [raw] mistake="frozen_bn/plain_tensors"
# The four are plain tensors. They are not saved with the model, and model.to("cuda") leaves them behind: register them as
# buffers.
# ---
# - self.register_buffer("weight", torch.ones(num_features))
# - self.register_buffer("bias", torch.zeros(num_features))
# - self.register_buffer("running_mean", torch.zeros(num_features))
# - self.register_buffer("running_var", torch.ones(num_features))
# + self.weight, self.bias = torch.ones(num_features), torch.zeros(num_features)
# + self.running_mean, self.running_var = torch.zeros(num_features), torch.ones(num_features)

# %% [raw] mistake="frozen_bn/not_saved"
# The buffers are registered with persistent=False, so they are not in the state dict and cannot be loaded.
# ---
# - self.register_buffer("weight", torch.ones(num_features))
# - self.register_buffer("bias", torch.zeros(num_features))
# - self.register_buffer("running_mean", torch.zeros(num_features))
# - self.register_buffer("running_var", torch.ones(num_features))
# + self.register_buffer("weight", torch.ones(num_features), persistent=False)
# + self.register_buffer("bias", torch.zeros(num_features), persistent=False)
# + self.register_buffer("running_mean", torch.zeros(num_features), persistent=False)
# + self.register_buffer("running_var", torch.ones(num_features), persistent=False)

# %% [raw] mistake="frozen_bn/variance_from_zero"
# The variance starts at 0. At the start a norm is to change nothing, so it is 1.
# ---
# - self.register_buffer("running_var", torch.ones(num_features))
# + self.register_buffer("running_var", torch.zeros(num_features))

# %% [raw] mistake="frozen_bn/wrong_axis"
# The numbers of the channels were lined up with the last axis, the columns of the image. [:, None, None] moves them to the
# channels' axis.
# ---
# - return x * scale[:, None, None] + shift[:, None, None]
# + return x * scale + shift

# %% [raw] mistake="frozen_bn/in_place"
# x was changed in place. In a ResNet the block's input is still needed for the shortcut: make a new tensor.
# ---
# - return x * scale[:, None, None] + shift[:, None, None]
# + with torch.no_grad():
# +     x.mul_(scale[:, None, None]).add_(shift[:, None, None])
# + return x

# %% [raw] mistake="frozen_bn/same_norm"
# freeze gives back the batch norm that it was given. In training it would go on to change its statistics.
# ---
# - return frozen
# + return norm

# %% [raw] mistake="frozen_bn/nothing_loaded"
# The frozen norm has its starting numbers: nothing was loaded into it.
# ---
# - frozen.load_state_dict(state)

# %% [raw] mistake="frozen_bn/statistics_only"
# Only mean and variance were copied. weight and bias belong to the trained norm as well.
# ---
# - frozen.load_state_dict(state)
# + frozen.load_state_dict({"running_mean": norm.running_mean, "running_var": norm.running_var}, strict=False)

# %% [raw] mistake="frozen_bn/affine_only"
# Only weight and bias were copied. Mean and variance belong to the trained norm as well: they are why it is frozen.
# ---
# - frozen.load_state_dict(state)
# + frozen.load_state_dict({"weight": norm.weight, "bias": norm.bias}, strict=False)

# %% [raw] mistake="frozen_bn/counter_left"
# The state still has num_batches_tracked, which the frozen norm has not: a strict load refuses it. Delete this entry first.
# ---
# - del state["num_batches_tracked"]

# %% [raw] mistake="frozen_bn/shared_tensors"
# The frozen norm shares its tensors with the batch norm, so what changes there changes here. load_state_dict copies.
# ---
# - frozen.load_state_dict(state)
# + for name, tensor in state.items():
# +     setattr(frozen, name, tensor)

# %% [markdown]
# In what does it differ from `nn.BatchNorm2d`? Both get the numbers of one norm of the shapes model and a batch of noise.

# %%
def show_frozen_norm():
    norm = load_model("shapes").backbone[0].body.bn1
    frozen = freeze(norm)
    torch.manual_seed(0)
    noise = torch.randn(2, norm.num_features, 16, 16)
    with torch.no_grad():
        for mode in (False, True):
            gap = (norm.train(mode)(noise) - frozen.train(mode)(noise)).abs().max()
            print(f"in {'training' if mode else 'evaluation':<11}largest difference {gap:.2g}")
    for name, module in (("nn.BatchNorm2d", norm), ("FrozenNorm", frozen)):
        print(f"{name:<15}{sum(p.numel() for p in module.parameters()):>4} trained numbers, "
              f"{sum(b.numel() for b in module.buffers()):>4} in buffers")


attempt(show_frozen_norm, after="frozen_bn")
