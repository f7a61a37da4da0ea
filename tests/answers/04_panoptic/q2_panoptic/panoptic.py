# %% style="the threshold without a test for no-object, dropped masks at minus infinity"
def confident(logits, threshold=0.85):
    probabilities = logits.softmax(-1)
    likeliest = probabilities.argmax(-1)
    keep = (likeliest < logits.shape[1] - 1) & (probabilities[:, :-1].amax(-1) > threshold)
    return keep.nonzero().squeeze(1), likeliest[keep]


def owners(masks, smallest=5):
    owner = masks.argmax(0)
    small = torch.stack([(owner == n).sum() < smallest for n in range(len(masks))])
    if small.all():
        return -torch.ones_like(owner)
    return masks.masked_fill(small[:, None, None], -math.inf).argmax(0)


# %% style="lists and loops"
def confident(logits, threshold=0.85):
    queries, labels = [], []
    for query, row in enumerate(torch.nn.functional.softmax(logits, dim=1)):
        label = int(row.argmax())
        if label != len(row) - 1 and row[label] > threshold:
            queries.append(query)
            labels.append(label)
    return torch.tensor(queries, dtype=torch.long), torch.tensor(labels, dtype=torch.long)


def owners(masks, smallest=5):
    best, owner = masks.max(dim=0)
    left = [n for n in range(len(masks)) if (owner == n).sum().item() >= smallest]
    result = torch.full(masks.shape[1:], -1)
    best = torch.full_like(best, -math.inf)
    for n in left:
        result = torch.where(masks[n] > best, n, result)
        best = torch.maximum(best, masks[n])
    return result


# %% style="rounds until nothing is dropped, softmax over masks as in the official code"
def confident(logits, threshold=0.85):
    scores, labels = logits.softmax(1).max(1)
    keep = labels.ne(logits.size(1) - 1) & scores.gt(threshold)
    return torch.arange(len(logits))[keep], labels[keep]


def owners(masks, smallest=5):
    H, W = masks.shape[1:]
    numbers = torch.arange(len(masks))
    while len(numbers):
        owner = masks[numbers].flatten(1).transpose(0, 1).softmax(-1).argmax(-1).view(H, W)
        areas = torch.tensor([int(owner.eq(n).sum()) for n in range(len(numbers))])
        if (areas >= smallest).all():
            return numbers[owner]
        numbers = numbers[areas >= smallest]
    return torch.full((H, W), -1)
