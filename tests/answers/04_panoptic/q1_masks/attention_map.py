# %% style="views and einsum"
def box_scores(q, k, M):
    B, Q, D = q.shape
    H, W = k.shape[-2:]
    qh = q.reshape(B, Q, M, D // M) * (D // M) ** -0.5
    kh = k.reshape(B, M, D // M, H, W)
    return torch.einsum("bqnc,bnchw->bqnhw", qh, kh)


def box_maps(scores, padding, per_head=False):
    scores = scores.masked_fill(padding.unsqueeze(1).unsqueeze(1), float("-inf"))
    if per_head:
        return F.softmax(scores.flatten(3), dim=-1).reshape(scores.shape)
    return F.softmax(scores.flatten(2), dim=-1).reshape(scores.shape)


# %% style="matrix products and exponentials"
def box_scores(q, k, M):
    B, Q, D = q.shape
    H, W = k.shape[2:]
    heads = q.view(B, Q, M, -1).transpose(1, 2)  # (B, M, Q, d)
    cells = k.view(B, M, -1, H * W)  # (B, M, d, S)
    return (heads @ cells / (D / M) ** 0.5).transpose(1, 2).unflatten(-1, (H, W))


def box_maps(scores, padding, per_head=False):
    axes = (3, 4) if per_head else (2, 3, 4)
    weights = (scores - scores.amax((2, 3, 4), keepdim=True)).exp() * ~padding[:, None, None]
    return weights / weights.sum(axes, keepdim=True)


# %% style="loops over heads and images"
def box_scores(q, k, M):
    d = q.shape[2] // M
    maps = []
    for m in range(M):
        own = slice(m * d, (m + 1) * d)
        maps.append((q[:, :, own, None, None] * k[:, None, own]).sum(2) / math.sqrt(d))
    return torch.stack(maps, dim=2)


def box_maps(scores, padding, per_head=False):
    images = []
    for own, hidden in zip(scores, padding):
        Q, M, H, W = own.shape
        inside = own[:, :, ~hidden]  # (Q, M, cells)
        weights = inside.softmax(2) if per_head else inside.reshape(Q, -1).softmax(1).view_as(inside)
        full = torch.zeros(Q, M, H, W)
        full[:, :, ~hidden] = weights
        images.append(full)
    return torch.stack(images)
