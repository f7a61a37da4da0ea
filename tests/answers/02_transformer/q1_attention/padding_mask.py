# %% style="a mask that is added"
def masked_weights(scores, padding):
    B, M, Q, S = scores.shape
    added = torch.zeros(B, 1, 1, S).masked_fill(padding.view(B, 1, 1, S), float("-inf"))
    return torch.softmax(scores + added, dim=-1)


def sdpa_mask(padding):
    B, S = padding.shape
    return torch.zeros(B, 1, 1, S).masked_fill(padding.view(B, 1, 1, S), float("-inf"))


# %% style="torch.where"
def masked_weights(scores, padding):
    hidden = padding.unsqueeze(1).unsqueeze(2).expand_as(scores)
    return F.softmax(torch.where(hidden, torch.tensor(-torch.inf), scores), -1)


def sdpa_mask(padding):
    return padding.logical_not().unsqueeze(1).unsqueeze(1)


# %% style="a copy, image by image"
def masked_weights(scores, padding):
    scores = scores.clone()
    for i in range(len(scores)):
        scores[i, :, :, padding[i]] = -1e9
    return scores.softmax(3)


def sdpa_mask(padding):
    return torch.stack([hidden == False for hidden in padding])[:, None, None]  # noqa: E712


# %% style="exponentials of what is left"
def masked_weights(scores, padding):
    kept = torch.exp(scores) * (1 - padding[:, None, None].float())
    return kept / kept.sum(-1, keepdim=True)


def sdpa_mask(padding):
    return (1 - padding.int()).bool()[:, None, None, :]
