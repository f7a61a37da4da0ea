# %% style="a loop that keeps the best"
def cheapest(cost):
    Q, T = cost.shape
    best, pairs = float("inf"), None
    n = min(Q, T)
    for queries in itertools.permutations(range(Q), n):
        for targets in itertools.combinations(range(T), n):
            total = sum(cost[q, t].item() for q, t in zip(queries, targets))
            if total < best:
                best, pairs = total, (list(queries), list(targets))
    return pairs


# %% style="recursion over the targets"
def cheapest(cost):
    Q, T = cost.shape
    table = cost if Q >= T else cost.T
    rows = table.double().numpy()

    def rest(t, free):
        if t == rows.shape[1]:
            return 0.0, []
        options = []
        for q in free:
            total, others = rest(t + 1, free - {q})
            options.append((rows[q, t] + total, [q, *others]))
        return min(options)

    chosen = torch.tensor(rest(0, frozenset(range(len(rows))))[1])
    others = torch.arange(len(chosen))
    return (chosen, others) if Q >= T else (others, chosen)


# %% style="all permutations as one tensor"
def cheapest(cost):
    Q, T = cost.shape
    n, swapped = min(Q, T), T > Q
    table = cost.mT if swapped else cost
    ways = torch.tensor(list(itertools.permutations(range(max(Q, T)), n)))
    totals = table[ways, torch.arange(n)].sum(1)
    best = ways[totals.argmin()].numpy(), list(range(n))
    return best[::-1] if swapped else best
