# %% style="copies that are changed; numpy"
def swap_colours(groups):
    changed = [list(group) for group in groups]
    changed[0][1], changed[-1][1] = changed[-1][1], changed[0][1]
    return [tuple(group) for group in changed]


def by_kind(images, true, false, kinds):
    difference = ((images * true).sum(-1) - (images * false).sum(-1)).numpy()
    wins = (np.sign(difference) + 1) / 2
    kinds = np.array(kinds)
    table = {}
    for kind in sorted(set(kinds.tolist())):
        own = wins[kinds == kind]
        p, n = own.mean(), own.size
        table[kind] = (p, np.sqrt(p * (1 - p) / n), n)
    return table


def verdict(share, error):
    distance = share - 0.5
    if abs(distance) <= 2 * error:
        return "not told"
    return "above chance" if distance > 0 else "below chance"


# %% style="einsum and a dict of lists"
def swap_colours(groups):
    (n, colour, shape), *middle, (m, other, another) = groups
    return [(n, other, shape)] + list(middle) + [(m, colour, another)]


def by_kind(images, true, false, kinds):
    fits = torch.einsum("ne,ne->n", images, true).tolist()
    lies = torch.einsum("ne,ne->n", images, false).tolist()
    scores = {}
    for kind, fit, lie in zip(kinds, fits, lies):
        scores.setdefault(kind, []).append(1.0 if fit > lie else 0.5 if fit == lie else 0.0)
    table = {}
    for kind, own in scores.items():
        p = sum(own) / len(own)
        table[kind] = [p, (p * (1 - p)) ** 0.5 / len(own) ** 0.5, len(own)]
    return table


def verdict(share, error):
    if error == 0:
        return "above chance" if share > 0.5 else "below chance" if share < 0.5 else "not told"
    z = (share - 0.5) / error
    return "above chance" if z > 2 else "below chance" if z < -2 else "not told"


# %% style="masks of truth values"
def swap_colours(groups):
    colours = [colour for _, colour, _ in groups]
    colours[0], colours[-1] = colours[-1], colours[0]
    return [(count, new, shape) for (count, _, shape), new in zip(groups, colours)]


def by_kind(images, true, false, kinds):
    a, b = (images * true).sum(1), (images * false).sum(1)
    table = {}
    for kind in set(kinds):
        mask = torch.tensor([each == kind for each in kinds])
        pairs = mask.sum()
        share = ((a > b)[mask].sum() + 0.5 * (a == b)[mask].sum()) / pairs
        table[kind] = share, torch.sqrt(share * (1 - share) / pairs), pairs
    return table


def verdict(share, error):
    low, high = share - 2 * error, share + 2 * error
    if low <= 0.5 <= high:
        return "not told"
    if low > 0.5:
        return "above chance"
    return "below chance"
