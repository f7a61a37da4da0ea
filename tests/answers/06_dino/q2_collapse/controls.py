# %% style="sorted by their sums"
chance_of_shape, chance_of_colour, guessed_shape = 100 / 6, 100 / 12, 0.25


def best_control(right):
    names = sorted(set(right) - {"DINO", "taught"}, key=lambda name: int(right[name].sum()))
    return names[-1]


def gain(ours, control):
    d = ours.numpy().astype(float) - control.numpy().astype(float)
    return d.mean(), d.std(ddof=1) / len(d) ** 0.5


# %% style="a loop, integers"
chance_of_shape = 16.7
chance_of_colour = 8.3
guessed_shape = 0


def best_control(right):
    best, most = "", -1
    for name, each in right.items():
        if name in ("DINO", "taught"):
            continue
        if each.sum().item() > most:
            best, most = name, each.sum().item()
    return best


def gain(ours, control):
    N = len(ours)
    difference = ours.int() - control.int()
    mean = difference.sum() / N
    variance = ((difference - mean) ** 2).sum() / (N - 1)
    return mean.item(), (variance / N).sqrt().item()


# %% style="counts of the two kinds of scenes that differ"
chance_of_shape = round(100 / 6)
chance_of_colour = round(100 / 12)
guessed_shape = 1.0


def best_control(right):
    shares = {name: each.double().mean() for name, each in right.items() if name != "DINO" and name != "taught"}
    return max(shares, key=shares.get)


def gain(ours, control):
    N, won, lost = len(ours), int((ours & ~control).sum()), int((~ours & control).sum())
    mean = (won - lost) / N
    return mean, math.sqrt((won + lost - N * mean**2) / (N - 1) / N)
