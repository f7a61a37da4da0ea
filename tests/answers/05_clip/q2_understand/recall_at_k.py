# %% style="sorting, numpy"
def recall(similarity, right, k):
    scores, fits = similarity.numpy(), np.asarray(right)

    def share(scores, fits):
        order = np.argsort(-scores, axis=1)[:, :k]
        return np.take_along_axis(fits, order, axis=1).any(axis=1).mean()

    return share(scores, fits), share(scores.T, fits.T)


def right_pairs(image_captions, texts):
    return np.array(image_captions)[:, None] == np.array(texts)[None]


# %% style="the rank of the best right one"
def recall(similarity, right, k):
    def one_way(scores, fits):
        best = scores.masked_fill(~fits, -torch.inf).amax(1)
        before = (scores > best[:, None]).sum(1)
        return (before < k).double().mean()

    return torch.stack([one_way(similarity, right), one_way(similarity.T, right.T)]).tolist()


def right_pairs(image_captions, texts):
    numbers = {}
    rows = torch.tensor([numbers.setdefault(text, len(numbers)) for text in image_captions])
    columns = torch.tensor([numbers.setdefault(text, len(numbers)) for text in texts])
    return rows.unsqueeze(1) == columns


# %% style="loops"
def recall(similarity, right, k):
    N, T = similarity.shape
    images = texts = 0
    for i in range(N):
        named = sorted(range(T), key=lambda t: float(similarity[i, t]), reverse=True)[:k]
        images += any(bool(right[i, t]) for t in named)
    for t in range(T):
        named = similarity[:, t].argsort(descending=True)[:k].tolist()
        texts += any(right[i, t].item() for i in named)
    return images / N, texts / T


def right_pairs(image_captions, texts):
    fits = torch.zeros(len(image_captions), len(texts), dtype=torch.bool)
    for i, caption in enumerate(image_captions):
        for t, text in enumerate(texts):
            if caption == text:
                fits[i, t] = True
    return fits
