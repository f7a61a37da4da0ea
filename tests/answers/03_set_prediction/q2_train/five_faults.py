# %% style="concatenated weights"
hot, blind, clones, keen, askew = "D", "E", "C", "A", "B"


def update_share(before, after):
    old = torch.cat([each.flatten() for each in before])
    new = torch.cat([each.flatten() for each in after])
    return (new - old).norm() / old.norm()


def over_images(boxes):
    return (boxes.max(dim=0).values - boxes.min(dim=0).values).max().item()


def over_queries(boxes):
    return (boxes.max(dim=1).values - boxes.min(dim=1).values).max().item()


def nothing_share(logits):
    return torch.softmax(logits, dim=-1)[:, :, -1].mean().item()


def mirrored(boxes_cxcywh):
    flipped = boxes_cxcywh.clone()
    flipped[:, 0] = 1 - flipped[:, 0]
    return flipped


# %% style="all pairs"
hot = "d"
blind = "e"
clones = "c"
keen = "a"
askew = "b"


def update_share(before, after):
    changed = math.hypot(*[(b - a).norm().item() for a, b in zip(before, after)])
    return changed / math.hypot(*[a.norm().item() for a in before])


def over_images(boxes):
    return (boxes[:, None] - boxes[None]).abs().max()


def over_queries(boxes):
    return (boxes[:, :, None] - boxes[:, None]).abs().max()


def nothing_share(logits):
    return (logits[..., -1] - logits.logsumexp(-1)).exp().mean()


def mirrored(boxes_cxcywh):
    return boxes_cxcywh * torch.tensor([-1, 1, 1, 1]) + torch.tensor([1, 0, 0, 0])


# %% style="loops"
hot, blind, clones, keen, askew = list("DECAB")


def update_share(before, after):
    change = weights = 0.0
    for old, new in zip(before, after):
        change += (new - old).pow(2).sum().item()
        weights += old.pow(2).sum().item()
    return (change / weights) ** 0.5


def over_images(boxes):
    return max((a - b).max().item() for a in boxes for b in boxes)


def over_queries(boxes):
    return max(over_images(image) for image in boxes)


def nothing_share(logits):
    return sum(row.softmax(0)[-1].item() for image in logits for row in image) / (logits.shape[0] * logits.shape[1])


def mirrored(boxes_cxcywh):
    x0 = boxes_cxcywh[:, 0] - boxes_cxcywh[:, 2] / 2
    x1 = boxes_cxcywh[:, 0] + boxes_cxcywh[:, 2] / 2
    return torch.stack([((1 - x1) + (1 - x0)) / 2, *boxes_cxcywh[:, 1:].unbind(-1)], dim=-1)
