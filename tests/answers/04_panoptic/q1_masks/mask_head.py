# %% style="one layer after the other, expand and flatten"
def head_layers(dim, fpn_dims, D, groups):
    return nn.ModuleDict({
        "lay1": nn.Conv2d(dim, dim, 3, padding=1), "gn1": nn.GroupNorm(groups, dim),
        "lay2": nn.Conv2d(dim, D // 2, 3, padding=1), "gn2": nn.GroupNorm(groups, D // 2),
        "lay3": nn.Conv2d(D // 2, D // 4, 3, padding=1), "gn3": nn.GroupNorm(groups, D // 4),
        "lay4": nn.Conv2d(D // 4, D // 8, 3, padding=1), "gn4": nn.GroupNorm(groups, D // 8),
        "out_lay": nn.Conv2d(D // 8, 1, 3, padding=1),
        "adapter1": nn.Conv2d(fpn_dims[0], D // 2, 1), "adapter2": nn.Conv2d(fpn_dims[1], D // 4, 1),
    })


def expand(x, Q):
    return x.unsqueeze(1).expand(-1, Q, -1, -1, -1).flatten(0, 1)


def join(x, maps):
    return torch.cat([expand(x, maps.shape[1]), maps.flatten(0, 1)], 1)


def finer(x, fpn, adapter, Q):
    fpn = expand(adapter(fpn), Q)
    return fpn + F.interpolate(x, size=fpn.shape[-2:], mode="nearest")


def masks_of(layers, x, maps, fpns):
    B, Q = maps.shape[:2]
    y = join(x, maps)
    for i in (1, 2, 3, 4):
        if i > 2:
            y = finer(y, fpns[i - 3], layers[f"adapter{i - 2}"], Q)
        y = F.relu(layers[f"gn{i}"](layers[f"lay{i}"](y)))
    return layers["out_lay"](y).unflatten(0, (B, Q)).squeeze(2)


# %% style="loops over images and queries"
def head_layers(dim, fpn_dims, D, groups):
    layers, before = nn.ModuleDict(), dim
    for i, channels in enumerate((dim, D // 2, D // 4, D // 8), start=1):
        layers[f"gn{i}"] = nn.GroupNorm(num_groups=groups, num_channels=channels)
        layers[f"lay{i}"] = nn.Conv2d(before, channels, (3, 3), padding="same")
        before = channels
    for i, channels in enumerate(fpn_dims, start=1):
        layers[f"adapter{i}"] = nn.Conv2d(channels, D // 2**i, (1, 1))
    layers["out_lay"] = nn.Conv2d(before, 1, (3, 3), padding="same")
    return layers


def join(x, maps):
    return torch.stack([torch.cat([image, own]) for image, queries in zip(x, maps) for own in queries])


def finer(x, fpn, adapter, Q):
    adapted, rows = adapter(fpn), []
    for i, one in enumerate(x):
        rows.append(F.interpolate(one[None], size=tuple(fpn.shape[-2:]), mode="nearest")[0] + adapted[i // Q])
    return torch.stack(rows)


def masks_of(layers, x, maps, fpns):
    rows = []
    for i in range(len(x)):
        own = [fpn[i : i + 1] for fpn in fpns]
        for q in range(maps.shape[1]):
            y = join(x[i : i + 1], maps[i : i + 1, q : q + 1])
            for n in (1, 2):
                y = torch.relu(layers[f"gn{n}"](layers[f"lay{n}"](y)))
            for n in (1, 2):
                y = finer(y, own[n - 1], layers[f"adapter{n}"], 1)
                y = torch.relu(layers[f"gn{n + 2}"](layers[f"lay{n + 2}"](y)))
            rows.append(layers["out_lay"](y)[0, 0])
    return torch.stack(rows).view(len(x), -1, *rows[0].shape)


# %% style="indices of images"
def head_layers(dim, fpn_dims, D, groups):
    conv = lambda a, b: nn.Conv2d(a, b, 3, 1, 1)
    norm = lambda c: nn.GroupNorm(groups, c)
    half, quarter, eighth = D // 2, D // 4, D // 8
    layers = {"lay1": conv(dim, dim), "lay2": conv(dim, half), "lay3": conv(half, quarter)}
    layers |= {"gn1": norm(dim), "gn2": norm(half), "gn3": norm(quarter), "gn4": norm(eighth)}
    layers |= {"lay4": conv(quarter, eighth), "out_lay": conv(eighth, 1)}
    layers |= {"adapter1": nn.Conv2d(fpn_dims[0], half, 1), "adapter2": nn.Conv2d(fpn_dims[1], quarter, 1)}
    return nn.ModuleDict(layers)


def join(x, maps):
    B, Q, M = maps.shape[:3]
    image = torch.arange(B * Q) // Q
    return torch.cat((x[image], maps.reshape(B * Q, M, *maps.shape[3:])), dim=1)


def finer(x, fpn, adapter, Q):
    image = torch.arange(len(x)) // Q
    h, w = x.shape[2:]
    H, W = fpn.shape[2:]
    rows, columns = torch.arange(H) * h // H, torch.arange(W) * w // W
    return adapter(fpn[image]) + x[:, :, rows][:, :, :, columns]


def masks_of(layers, x, maps, fpns):
    def layer(i, y):
        return nn.functional.relu(layers["gn" + str(i)](layers["lay" + str(i)](y)))

    B, Q = maps.shape[0], maps.shape[1]
    y = layer(2, layer(1, join(x, maps)))
    y = layer(3, finer(y, fpns[0], layers["adapter1"], Q))
    y = layer(4, finer(y, fpns[1], layers["adapter2"], Q))
    return layers["out_lay"](y)[:, 0].reshape(B, Q, y.shape[2], y.shape[3])
