# %% style="from the smallest up, as in the official code"
def keep_most(maps, share=0.6):
    flat = maps.flatten(-2)
    values, order = torch.sort(flat / flat.sum(-1, keepdim=True))
    large = values.cumsum(-1) > 1 - share
    return large.gather(-1, order.argsort()).reshape(maps.shape)


def ious(kept, masks):
    N, M, h, w = kept.shape
    _, H, W = masks.shape
    found = kept.repeat_interleave(H // h, 2).repeat_interleave(W // w, 3)
    shared = torch.logical_and(found, masks[:, None]).flatten(2).sum(-1)
    return shared / (found.flatten(2).sum(-1) + masks.flatten(1).sum(-1)[:, None] - shared)


def fixed_and_best(choosing, found):
    means = choosing.mean(dim=0).tolist()
    head = means.index(max(means))
    return found[:, head].mean().item(), found.max(dim=1).values.mean().item()


# %% style="map by map, in Python"
def keep_most(maps, share=0.6):
    *more, H, W = maps.shape
    kept = torch.zeros(maps.shape, dtype=torch.bool).view(-1, H * W)
    for own, cells in zip(kept, maps.reshape(-1, H * W)):
        mass, total = 0.0, cells.double().sum().item()
        for cell in cells.argsort(descending=True).tolist():
            if mass >= share * total:
                break
            own[cell] = True
            mass += cells[cell].item()
    return kept.view(*more, H, W)


def ious(kept, masks):
    rows = []
    for own, mask in zip(kept, masks):
        large = F.interpolate(own[None].float(), mask.shape)[0] > 0.5
        rows.append(torch.stack([(each & mask).sum() / (each | mask).sum() for each in large]))
    return torch.stack(rows)


def fixed_and_best(choosing, found):
    head = torch.argmax(choosing.sum(0))
    return found.mean(0)[head], torch.amax(found, dim=-1).mean()


# %% style="numpy and kron"
def keep_most(maps, share=0.6):
    cells = maps.numpy().reshape(-1, maps.shape[-2] * maps.shape[-1]).astype(np.float64)
    order = np.argsort(-cells, axis=1)
    mass = np.take_along_axis(cells, order, 1).cumsum(1)
    count = (mass < share * mass[:, -1:]).sum(1) + 1  # cells that are needed
    kept = np.zeros(cells.shape, dtype=bool)
    for own, places, n in zip(kept, order, count):
        own[places[:n]] = True
    return torch.from_numpy(kept.reshape(maps.shape))


def ious(kept, masks):
    kept, masks = kept.numpy(), masks.numpy()
    block = np.ones((masks.shape[1] // kept.shape[2], masks.shape[2] // kept.shape[3]), dtype=bool)
    found = np.stack([[np.kron(one, block) for one in heads] for heads in kept]).astype(bool)
    masks = masks[:, None]
    return (found & masks).sum((2, 3)) / (found | masks).sum((2, 3))


def fixed_and_best(choosing, found):
    choosing, found = choosing.numpy(), found.numpy()
    return found[:, choosing.mean(0).argmax()].mean(), np.array([row.max() for row in found]).mean()
