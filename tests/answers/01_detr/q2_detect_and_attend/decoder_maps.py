# %% style="a one-hot matrix"
# It picks the rows in a matrix product; a list of numpy arrays, one for each map.
def maps_of_queries(cross, queries, features):
    one_hot = torch.nn.functional.one_hot(torch.as_tensor(queries, dtype=torch.long), cross.shape[1]).to(cross)
    rows = torch.einsum("nq,bqs->bns", one_hot, cross).squeeze(0)
    return [row.unflatten(-1, features.shape[2:]).numpy() for row in rows]


# %% style="index and reshape"
def maps_of_queries(cross, queries, features):
    H, W = features.shape[-2:]
    return cross[0, queries].reshape(-1, H, W)


# %% style="all maps first, then those asked for"
def maps_of_queries(cross, queries, features):
    return cross.unflatten(2, features.shape[-2:])[0].index_select(0, queries)


# %% style="one after the other"
def maps_of_queries(cross, queries, features):
    _, _, H, W = features.shape
    maps = torch.zeros(len(queries), H, W)
    for place, query in enumerate(queries):
        maps[place] = cross[0, int(query)].view(H, W)
    return maps


# %% style="gather"
def maps_of_queries(cross, queries, features):
    N, S = len(queries), cross.size(-1)
    rows = cross.squeeze(0).gather(0, queries.unsqueeze(1).expand(N, S))
    return rows.view(N, *features.shape[-2:])


# %% style="rows cut into lines"
def maps_of_queries(cross, queries, features):
    W = features.shape[-1]
    return torch.stack([torch.stack(cross[0][query].split(W)) for query in queries])


# %% style="numpy take"
def maps_of_queries(cross, queries, features):
    return np.take(cross[0].numpy(), np.asarray(queries), axis=0).reshape((-1, *features.shape[-2:]))
