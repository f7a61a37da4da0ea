# %% style="loops from the end, and a search for each recall"
def envelope(precision):
    result = list(precision)
    for i in range(len(result) - 2, -1, -1):
        result[i] = max(result[i], result[i + 1])
    return result


def precision_at_recalls(envelope, recall):
    return [next((height for height, r in zip(envelope, recall) if r >= least), 0.0) for least in RECALLS]


# %% style="torch.cummax and searchsorted"
def envelope(precision):
    return torch.from_numpy(precision.copy()).flip(0).cummax(0).values.flip(0)


def precision_at_recalls(envelope, recall):
    first = torch.searchsorted(torch.as_tensor(recall), torch.from_numpy(RECALLS))
    padded = torch.cat([torch.as_tensor(envelope), torch.zeros(1, dtype=torch.float64)])
    return padded[first]


# %% style="triangles of booleans"
def envelope(precision):
    later = np.triu(np.ones((len(precision), len(precision)), dtype=bool))
    return np.where(later, precision, -1).max(axis=1)


def precision_at_recalls(envelope, recall):
    if len(recall) == 0:
        return np.zeros(101)
    reached = np.asarray(recall)[None] >= RECALLS[:, None]  # (101, N)
    return np.where(reached.any(1), np.asarray(envelope)[reached.argmax(1)], 0.0)
