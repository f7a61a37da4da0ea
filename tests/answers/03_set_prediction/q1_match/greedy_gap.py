# %% style="all pairs in order of their costs"
def greedy(cost):
    pairs = sorted(itertools.product(range(cost.shape[0]), range(cost.shape[1])), key=lambda pair: cost[pair].item())
    queries, targets = [], []
    for q, t in pairs:
        if q not in queries and t not in targets:
            queries.append(q)
            targets.append(t)
    return queries, targets


def gap(cost, pairs):
    best = sum(cost[q, t] for q, t in zip(*linear_sum_assignment(cost.numpy())))
    return sum(cost[q, t] for q, t in zip(*pairs)) - best


# %% style="indices of what is left"
def greedy(cost):
    rows, columns = torch.arange(cost.shape[0]), torch.arange(cost.shape[1])
    taken = []
    while len(rows) and len(columns):
        left = cost[rows][:, columns]
        r, c = torch.unravel_index(left.argmin(), left.shape)
        taken.append((rows[r].item(), columns[c].item()))
        rows, columns = rows[rows != rows[r]], columns[columns != columns[c]]
    return tuple(zip(*taken))


def gap(cost, pairs):
    row, column = linear_sum_assignment(cost)
    queries, targets = (torch.as_tensor(index) for index in pairs)
    return (cost[queries, targets].sum() - cost[row, column].sum()).item()


# %% style="NumPy in double precision"
import numpy as np


def greedy(cost):
    left = cost.numpy().astype(float)
    Q, T = left.shape
    queries = np.empty(min(Q, T), dtype=int)
    targets = np.empty(min(Q, T), dtype=int)
    for n in range(len(queries)):
        queries[n], targets[n] = np.unravel_index(np.argmin(left), left.shape)
        left[queries[n]], left[:, targets[n]] = np.inf, np.inf
    return queries, targets


def gap(cost, pairs):
    table = cost.numpy().astype(float)
    total = lambda ways: table[np.asarray(ways[0]), np.asarray(ways[1])].sum()
    return total(pairs) - total(linear_sum_assignment(table))
