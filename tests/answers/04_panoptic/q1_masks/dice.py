# %% style="as in the official code"
def dice_of_masks(logits, targets):
    inputs = logits.sigmoid().flatten(1)
    numerator = 2 * (inputs * targets).sum(1)
    denominator = inputs.sum(-1) + targets.sum(-1)
    return 1 - (numerator + 1) / (denominator + 1)


def enlarged(logits, size_hw):
    images = F.interpolate(logits.unsqueeze(1), size=tuple(size_hw), mode="bilinear", align_corners=False)
    return images.squeeze(1).flatten(1)


# %% style="einsum, interpolate with the masks as channels"
def dice_of_masks(logits, targets):
    p, t = torch.sigmoid(logits), targets.to(logits.dtype)
    shared = torch.einsum("np,np->n", p, t)
    sizes = (p + t).sum(dim=-1)
    return (sizes - 2 * shared) / (sizes + 1)


def enlarged(logits, size_hw):
    H, W = size_hw
    return F.interpolate(logits[None], (H, W), mode="bilinear")[0].reshape(len(logits), H * W)


# %% style="loops over masks"
def dice_of_masks(logits, targets):
    losses = []
    for own, truth in zip(logits, targets):
        p = 1 / (1 + torch.exp(-own))
        shared = p[truth].sum()
        losses.append(1 - (2 * shared + 1) / (p.sum() + truth.sum() + 1))
    return torch.stack(losses)


def enlarged(logits, size_hw):
    grow = nn.Upsample(size=size_hw, mode="bilinear")
    return torch.stack([grow(own[None, None]).flatten() for own in logits])
