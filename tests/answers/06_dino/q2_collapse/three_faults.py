# %% style="sums and loops"
centre_added, temperatures_exchanged, hasty_teacher = "E", "D", "B"


def told(entropy, of_mean, last=20):
    return sum(float(of_mean[-i]) - float(entropy[-i]) for i in range(1, last + 1)) / last


def in_use(of_mean, last=20):
    return math.exp(sum(of_mean[-last:].tolist()) / last)


def swing(curve, last=40):
    tail = sorted(curve.tolist()[-last:])
    return tail[-1] - tail[0]


# %% style="in numpy, small letters"
centre_added = "e"
temperatures_exchanged = "d"
hasty_teacher = "b"


def told(entropy, of_mean, last=20):
    return np.mean(of_mean.numpy()[-last:]) - np.mean(entropy.numpy()[-last:])


def in_use(of_mean, last=20):
    return np.exp(of_mean.numpy()[-last:].mean())


def swing(curve, last=40):
    return np.ptp(curve.numpy()[-last:])


# %% style="tensors, from the start"
hasty_teacher, temperatures_exchanged, centre_added = "BDE"


def told(entropy, of_mean, last=20):
    start = len(entropy) - last
    return of_mean[start:].mean() - entropy[start:].mean()


def in_use(of_mean, last=20):
    return torch.e ** of_mean[len(of_mean) - last :].mean()


def swing(curve, last=40):
    low, high = torch.aminmax(curve[len(curve) - last :])
    return high - low
