# %% style="as in the official code"
def momenta(epochs, steps_per_epoch, start=0.996, end=1.0):
    iters = np.arange(epochs * steps_per_epoch)
    schedule = end + 0.5 * (start - end) * (1 + np.cos(np.pi * iters / len(iters)))
    assert len(schedule) == epochs * steps_per_epoch
    return schedule


# %% style="a list, epoch by epoch"
def momenta(epochs, steps_per_epoch, start=0.996, end=1.0):
    values = []
    for epoch in range(epochs):
        for i in range(steps_per_epoch):
            progress = (epoch + i / steps_per_epoch) / epochs
            rising = math.sin(math.pi * progress / 2) ** 2
            values.append(start + (end - start) * rising)
    return values


# %% style="a tensor"
def momenta(epochs, steps_per_epoch, start=0.996, end=1.0):
    angles = torch.linspace(0, math.pi, epochs * steps_per_epoch + 1)[:-1]
    share = (1 - torch.cos(angles)) / 2
    return start * (1 - share) + end * share
