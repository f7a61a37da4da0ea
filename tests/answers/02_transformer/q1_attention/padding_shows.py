# %% style="another guess, image by image"
images_changed_in_equal, images_changed_in_crossed = 2, 1


def change_without_mask(encode, src, padding):
    masked = encode(src, padding)
    plain = encode(src, torch.zeros(padding.shape, dtype=torch.bool))
    return torch.stack([(a - b)[~hidden].abs().max() for a, b, hidden in zip(masked, plain, padding)])


# %% style="multiplied by what is inside, a list of numbers"
images_changed_in_equal = 0.0
images_changed_in_crossed = 1 + 1


def change_without_mask(encode, src, padding):
    difference = torch.abs(encode(src, padding & False) - encode(src, padding))
    inside = (~padding).float().unsqueeze(-1)
    return [float(each.max()) for each in difference * inside]


# %% style="torch.where and flatten"
images_changed_in_equal = images_changed_in_crossed = 0


def change_without_mask(encode, src, padding):
    difference = encode(src, padding) - encode(src, padding.new_zeros(padding.shape))
    own = torch.where(padding[..., None], torch.zeros(()), difference)
    return own.flatten(1).norm(p=math.inf, dim=1).numpy()


# %% style="one image at a time, by keyword"
images_changed_in_equal = torch.tensor(1)
images_changed_in_crossed = torch.tensor([2.0])


def change_without_mask(encode, src, padding):
    changes = []
    for i in range(len(src)):
        one, hidden = src[i : i + 1], padding[i : i + 1]
        change = encode(src=one, padding=hidden) - encode(src=one, padding=torch.zeros_like(hidden))
        changes.append(change[0, ~hidden[0]].abs().max().item())
    return changes
