# %% style="windows and einsum"
def cut(images, P):
    windows = images.unfold(2, P, P).unfold(3, P, P)  # (B, C, H, W, P, P)
    return windows.movedim(1, 3).flatten(3).flatten(1, 2)


def embed(patches, weight, bias):
    return torch.einsum("bsn,dn->bsd", patches, weight.flatten(1)) + bias


# %% style="loops over rows and columns"
def cut(images, P):
    height, width = images.shape[2:]
    found = []
    for y in range(0, height, P):
        for x in range(0, width, P):
            found.append(images[:, :, y : y + P, x : x + P].flatten(1))
    return torch.stack(found, dim=1)


def embed(patches, weight, bias):
    return F.linear(patches, weight.reshape(len(weight), -1), bias)


# %% style="convolutions"
def cut(images, P):
    C = images.shape[1]
    each = torch.eye(C * P * P).view(-1, C, P, P)  # one kernel for each number of a patch
    return F.conv2d(images, each, stride=P).flatten(2).transpose(1, 2)


def embed(patches, weight, bias):
    B, S, _ = patches.shape
    squares = patches.reshape(B * S, *weight.shape[1:])
    return F.conv2d(squares, weight, bias).reshape(B, S, -1)
