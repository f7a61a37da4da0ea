# %% style="scipy's entropy"
# With S as its base; it takes 0 log 0 as 0 by itself.
import scipy.stats


def head_entropies(maps):
    weights = maps.flatten(start_dim=1).double().numpy()
    per_head = scipy.stats.entropy(weights, base=weights.shape[1], axis=1)
    return torch.from_numpy(per_head), scipy.stats.entropy(weights.mean(axis=0), base=weights.shape[1])


# %% style="xlogy"
def head_entropies(maps):
    def entropy(maps):
        return -torch.xlogy(maps, maps).sum((-2, -1)) / math.log(maps.shape[-2] * maps.shape[-1])

    return entropy(maps), entropy(maps.mean(0)).item()


# %% style="torch.special.entr, one more row for the mean"
def head_entropies(maps):
    M, H, W = maps.shape
    rows = torch.cat([maps, maps.mean(0, keepdim=True)]).reshape(M + 1, H * W)
    *_, of_mean = values = torch.special.entr(rows).sum(1) / math.log(H * W)
    return values[:-1], of_mean


# %% style="a distribution"
def head_entropies(maps):
    def entropy(weights):
        return torch.distributions.Categorical(probs=weights).entropy() / torch.tensor(weights.shape[-1]).log()

    return entropy(maps.flatten(1)), entropy(maps.mean(dim=0).flatten())


# %% style="loops that leave out zeros"
def head_entropies(maps):
    def entropy(numbers):
        return -sum(a * math.log(a, len(numbers)) for a in numbers if a > 0)

    heads = maps.flatten(1).tolist()
    mean = [sum(column) / len(heads) for column in zip(*heads)]
    return torch.tensor([entropy(head) for head in heads]), entropy(mean)


# %% style="where, in one call"
import numpy as np


def head_entropies(maps):
    p = torch.vstack((maps.flatten(1), maps.mean(0).reshape(1, -1)))
    logarithms = torch.where(p > 0, p, torch.ones_like(p)).log()
    values = (p * logarithms).sum(-1).neg() / np.log(p.shape[1])
    return values[: len(maps)], float(values[-1])
