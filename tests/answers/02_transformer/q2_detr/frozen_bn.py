# %% style="one map, with rsqrt and views"
class FrozenNorm(nn.Module):
    def __init__(self, num_features, eps=1e-5):
        super().__init__()
        for name, start in (("weight", 1), ("bias", 0), ("running_mean", 0), ("running_var", 1)):
            self.register_buffer(name, torch.full((num_features,), float(start)))
        self.eps = eps

    def forward(self, x):
        w, b, mean, var = (t.view(1, -1, 1, 1) for t in (self.weight, self.bias, self.running_mean, self.running_var))
        return (x - mean) * (var + self.eps).rsqrt() * w + b


def freeze(norm):
    frozen = FrozenNorm(norm.num_features)
    frozen.load_state_dict({name: tensor for name, tensor in norm.state_dict().items() if name != "num_batches_tracked"})
    return frozen


# %% style="F.batch_norm in evaluation, copies by hand"
class FrozenNorm(nn.Module):
    def __init__(self, num_features, eps=1e-5):
        super().__init__()
        self.register_buffer("weight", torch.ones(num_features))
        self.register_buffer("bias", torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.eps = eps

    def forward(self, x):
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps)


def freeze(norm):
    frozen = FrozenNorm(len(norm.weight))
    for name in ("weight", "bias", "running_mean", "running_var"):
        getattr(frozen, name).copy_(getattr(norm, name).detach())
    return frozen


# %% style="channels last, state popped"
class FrozenNorm(nn.Module):
    def __init__(self, num_features, eps=1e-5):
        super().__init__()
        ones, zeros = torch.ones(num_features), torch.zeros(num_features)
        self.register_buffer("running_mean", zeros.clone())
        self.register_buffer("running_var", ones.clone())
        self.register_buffer("weight", ones)
        self.register_buffer("bias", zeros)
        self.eps = eps

    def forward(self, x):
        x = x.movedim(1, -1)
        x = (x - self.running_mean) / torch.sqrt(self.running_var + self.eps)
        return (x * self.weight + self.bias).movedim(-1, 1)


def freeze(norm):
    state = dict(norm.state_dict())
    state.pop("num_batches_tracked")
    frozen = FrozenNorm(norm.num_features)
    frozen.load_state_dict(state, strict=True)
    return frozen
