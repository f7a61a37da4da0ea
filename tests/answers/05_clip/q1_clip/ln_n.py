# %% style="numbers with two decimals, and a softmax"
loss_of_one = 0.0
loss_of_nothing = 4.85
loss_without_temperature = 2.90


def loss_of_cosines(N, own, other, scale):
    right = math.exp(scale * own)
    p = right / (right + (N - 1) * math.exp(scale * other))
    return -math.log(p)


# %% style="expressions, and numpy"
loss_of_one = -math.log(1)
loss_of_nothing = -np.log(1 / 128)
loss_without_temperature = -np.log(np.exp(1) / (np.exp(1) + 127 * np.exp(-1)))


def loss_of_cosines(N, own, other, scale):
    return np.log1p((N - 1) * np.exp(scale * (other - own)))


# %% style="the whole table, by a cross-entropy"
def loss_of_cosines(N, own, other, scale):
    logits = torch.full((N, N), scale * other, dtype=torch.float64)
    logits.fill_diagonal_(scale * own)
    return F.cross_entropy(logits, torch.arange(N)).item()


loss_of_one = loss_of_cosines(1, 0.3, 0.1, 5.0)
loss_of_nothing = loss_of_cosines(128, 0.1, 0.1, 5.0)
loss_without_temperature = loss_of_cosines(128, 1.0, -1.0, 1.0)
