# %% style="sorted pairs"
# A plain Python list: pairs sorted by score, then the ids picked out.
def kept_queries(scores, threshold):
    pairs = [(float(score), query) for query, score in enumerate(scores) if score > threshold]
    return [query for _, query in sorted(pairs, key=lambda pair: -pair[0])]


# %% style="argsort, then the mask"
def kept_queries(scores, threshold):
    order = scores.argsort(descending=True)
    return order[scores[order] > threshold]


# %% style="nonzero, then argsort"
def kept_queries(scores, threshold):
    ids = (scores > threshold).nonzero(as_tuple=True)[0]
    return ids[scores[ids].argsort(descending=True)]


# %% style="topk of as many as there are"
def kept_queries(scores, threshold):
    return torch.topk(scores, k=int((scores > threshold).sum())).indices


# %% style="numpy"
def kept_queries(scores, threshold):
    scores = np.asarray(scores)
    order = np.argsort(-scores, kind="stable")
    return order[: np.count_nonzero(scores > threshold)]


# %% style="the best one again and again"
def kept_queries(scores, threshold):
    left, ids = dict(enumerate(scores.tolist())), []
    while left and max(left.values()) > threshold:
        ids.append(max(left, key=left.get))
        del left[ids[-1]]
    return torch.tensor(ids, dtype=torch.long)
