# %% style="as the official code"
def places(padding):
    not_mask = ~padding
    y_embed = not_mask.cumsum(1, dtype=torch.float32)
    x_embed = not_mask.cumsum(2, dtype=torch.float32)
    eps = 1e-6
    scale = 2 * math.pi
    y_embed = y_embed / (y_embed[:, -1:, :] + eps) * scale
    x_embed = x_embed / (x_embed[:, :, -1:] + eps) * scale
    return y_embed, x_embed


def waves(place, n):
    dim_t = torch.arange(n, dtype=torch.float32)
    dim_t = 10000 ** (2 * torch.div(dim_t, 2, rounding_mode="floor") / n)
    pos = place[:, :, :, None] / dim_t
    return torch.stack((pos[:, :, :, 0::2].sin(), pos[:, :, :, 1::2].cos()), dim=4).flatten(3)


def join_halves(row_waves, column_waves):
    return torch.cat((row_waves, column_waves), dim=3).permute(0, 3, 1, 2)


# %% style="sums and maxima, channel by channel"
def places(padding):
    inside = (~padding).int()
    found = []
    for axis in (1, 2):
        count = torch.cumsum(inside, dim=axis)
        found.append(2 * math.pi * count / (inside.sum(dim=axis, keepdim=True) + 1e-6))
    return tuple(found)


def waves(place, n):
    channels = []
    for i in range(n // 2):
        slowed = place * 10000 ** (-2 * i / n)
        channels += [torch.sin(slowed), torch.cos(slowed)]
    return torch.stack(channels, dim=-1)


def join_halves(row_waves, column_waves):
    return torch.cat([row_waves.movedim(-1, 1), column_waves.movedim(-1, 1)], dim=1)


# %% style="filled in place, exponentials and logarithms"
def places(padding):
    rows = padding.logical_not().float().cumsum(dim=-2)
    columns = padding.logical_not().float().cumsum(dim=-1)
    rows *= 2 * math.pi / (rows.amax(dim=-2, keepdim=True) + 1e-6)
    columns *= 2 * math.pi / (columns.amax(dim=-1, keepdim=True) + 1e-6)
    return [rows, columns]


def waves(place, n):
    frequency = torch.exp(torch.arange(0, n, 2) * (-math.log(10000.0) / n))
    encoded = torch.empty(*place.shape, n)
    encoded[..., 0::2] = torch.sin(place.unsqueeze(-1) * frequency)
    encoded[..., 1::2] = torch.cos(place.unsqueeze(-1) * frequency)
    return encoded


def join_halves(row_waves, column_waves):
    return torch.einsum("bhwc->bchw", torch.concat((row_waves, column_waves), -1)).contiguous()
