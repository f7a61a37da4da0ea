# %% style="flatten and sum"
weights_together = 4 * 16 * 16
weights_per_head = 16 * 16
share_of_brightest = 0.9


def head_shares(maps):
    each = maps.flatten(3).sum(-1)
    whole = maps.flatten(2).sum(-1)
    return each / whole[..., None]


# %% style="einsum"
weights_together, weights_per_head, share_of_brightest = 1024, 256, 0.3


def head_shares(maps):
    return torch.einsum("bqmhw->bqm", maps) / torch.einsum("bqmhw->bq", maps).unsqueeze(2)


# %% style="loops"
weights_together = 1024.0
weights_per_head = 256.0
share_of_brightest = 1


def head_shares(maps):
    B, Q, M = maps.shape[:3]
    shares = torch.zeros(B, Q, M)
    for b in range(B):
        for q in range(Q):
            whole = maps[b, q].sum()
            for m in range(M):
                shares[b, q, m] = maps[b, q, m].sum() / whole
    return shares
