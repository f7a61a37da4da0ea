# %% style="as in the official code"
def last_layer(d, K):
    layer = weight_norm(nn.Linear(d, K, bias=False))
    layer.parametrizations.weight.original0.data.fill_(1)
    layer.parametrizations.weight.original0.requires_grad = False
    return layer


def logits_of(mlp, last, x):
    x = mlp(x)
    x = nn.functional.normalize(x, dim=-1, p=2)
    return last(x)


def before_update(last, step, frozen_steps):
    if step >= frozen_steps:
        return
    for n, p in last.named_parameters():
        p.grad = None


# %% style="a module of one's own"
class Cosines(nn.Module):
    def __init__(self, d, K):
        super().__init__()
        self.v = nn.Parameter(torch.randn(K, d))

    def forward(self, z):
        return z @ F.normalize(self.v, dim=1).T


def last_layer(d, K):
    return Cosines(d, K)


def logits_of(mlp, last, x):
    z = mlp(x)
    return last(z / z.norm(dim=1, keepdim=True))


def before_update(last, step, frozen_steps):
    if step in range(frozen_steps):
        last.zero_grad(set_to_none=True)


# %% style="the gain as a buffer, lengths by hand"
def last_layer(d, K):
    layer = weight_norm(nn.Linear(d, K, bias=False))
    parts = layer.parametrizations["weight"]
    parts.original0 = nn.Parameter(torch.ones(K, 1), requires_grad=False)
    return layer


def logits_of(mlp, last, x):
    z = mlp(x)
    length = (z * z).sum(-1, keepdim=True).sqrt()
    return last(torch.div(z, length))


def before_update(last, step, frozen_steps):
    for p in list(last.parameters()):
        p.grad = p.grad if step + 1 > frozen_steps else None
