# %% style="zeros, filled above the diagonal"
def may_look(T):
    ahead = torch.ones(T, T, dtype=torch.bool).triu(1)
    return torch.zeros(T, T).masked_fill(ahead, float("-inf"))


def masked_weights(scores, mask):
    return F.softmax(scores.masked_fill(mask == -math.inf, -math.inf), dim=3)


# %% style="compared positions, exponentials by hand"
def may_look(T):
    place = torch.arange(T)
    return torch.where(place[:, None] >= place, 0.0, -torch.inf)


def masked_weights(scores, mask):
    e = (scores - scores.amax(-1, keepdim=True)).exp() * mask.exp()
    return e / e.sum(-1, keepdim=True)


# %% style="row by row"
def may_look(T):
    rows = [[0.0] * (query + 1) + [-math.inf] * (T - query - 1) for query in range(T)]
    return torch.tensor(rows)


def masked_weights(scores, mask):
    rows = []
    for query in range(mask.shape[0]):
        seen = mask[query] == 0
        weights = torch.zeros_like(scores[:, :, query])
        weights[:, :, seen] = torch.softmax(scores[:, :, query, seen], dim=-1)
        rows.append(weights)
    return torch.stack(rows, dim=2)
