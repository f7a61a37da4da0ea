# %% style="comparisons, dropped masks at minus infinity"
circle_pixels, sky_pixels = 27, 9


def first_of_stuff(labels, things):
    N = len(labels)
    stuff = torch.tensor([int(label) not in things for label in labels])
    same = (labels[:, None] == labels) & stuff[:, None] & stuff
    same = same | torch.eye(N, dtype=torch.bool)
    return same.int().argmax(1)


def merged_owners(masks, group, smallest=5):
    owner = group[masks.argmax(0)]
    small = torch.stack([(owner == g).sum() < smallest for g in group])
    if small.all():
        return torch.full(masks.shape[1:], -1)
    return group[masks.masked_fill(small[:, None, None], -torch.inf).argmax(0)]


# %% style="lists; the largest logit of each segment"
circle_pixels = 9 + 18
sky_pixels = 9


def first_of_stuff(labels, things):
    labels, groups = labels.tolist(), []
    for n, label in enumerate(labels):
        groups.append(n if label in things else labels.index(label))
    return groups


def merged_owners(masks, group, smallest=5):
    firsts = sorted(set(group.tolist()))
    best = torch.stack([masks[group == g].amax(0) for g in firsts])
    owner = best.argmax(0)
    left = [i for i in range(len(firsts)) if (owner == i).sum() >= smallest]
    if not left:
        return torch.zeros_like(owner) - 1
    return torch.tensor(firsts)[torch.tensor(left)][best[left].argmax(0)]


# %% style="a loop over stuff classes, rounds until nothing is dropped"
circle_pixels = 27.0
sky_pixels = 9.0


def first_of_stuff(labels, things):
    group = torch.arange(len(labels))
    for label in labels.unique():
        if int(label) not in things:
            members = (labels == label).nonzero()[:, 0]
            group[members] = members.min()
    return group


def merged_owners(masks, group, smallest=5):
    numbers = torch.arange(len(masks))
    while len(numbers) > 0:
        owner = group[numbers][masks[numbers].argmax(0)]
        large = torch.tensor([bool((owner == group[n]).sum() >= smallest) for n in numbers])
        if large.all():
            return owner
        numbers = numbers[large]
    return torch.full(masks.shape[1:], -1, dtype=torch.long)
