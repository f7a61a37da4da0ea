# %% style="where there is something, a logarithm"
def entropy(p):
    logs = torch.where(p > 0, p, torch.ones_like(p)).log()
    return -(p * logs).sum(dim=-1)


def two_entropies(p):
    of_rows = entropy(p)
    return of_rows.mean().item(), entropy(p.mean(dim=0)).item()


def kl(p, q):
    ratio = torch.where(p > 0, p / q, torch.ones_like(p))
    return (p * ratio.log()).sum(-1).mean()


# %% style="a smallest number under the logarithm, in numpy"
def entropy(p):
    p = p.double().numpy()
    return -(p * np.log(np.maximum(p, 1e-30))).sum(-1)


def two_entropies(p):
    return np.mean(entropy(p)), entropy(p.mean(0))


def kl(p, q):
    p, q = p.double().numpy(), q.double().numpy()
    return float(np.mean([(a * (np.log(np.maximum(a, 1e-30)) - np.log(b))).sum() for a, b in zip(p, q)]))


# %% style="entr, and nothing but xlogy"
def entropy(p):
    return torch.special.entr(p).sum(-1)


def two_entropies(p):
    N = p.shape[0]
    return torch.stack([entropy(row) for row in p]).sum() / N, entropy(p.sum(0) / N)


def kl(p, q):
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum() / len(p)
