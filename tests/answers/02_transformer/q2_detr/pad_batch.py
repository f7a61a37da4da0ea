# %% style="F.pad and stack"
def pad_images(images):
    H, W = (max(image.shape[axis] for image in images) for axis in (-2, -1))
    edges = [(0, W - image.shape[-1], 0, H - image.shape[-2]) for image in images]
    batch = torch.stack([F.pad(image, edge) for image, edge in zip(images, edges)])
    inside = [torch.zeros(image.shape[1:], dtype=torch.bool) for image in images]
    return batch, torch.stack([F.pad(each, edge, value=True) for each, edge in zip(inside, edges)])


# %% style="the authors' own way, copy_ into slices"
def pad_images(images):
    max_size = [max(sizes) for sizes in zip(*[list(image.shape) for image in images])]
    b, (c, h, w) = len(images), max_size
    tensor = torch.zeros((b, c, h, w), dtype=images[0].dtype, device=images[0].device)
    mask = torch.ones((b, h, w), dtype=torch.bool, device=images[0].device)
    for img, pad_img, m in zip(images, tensor, mask):
        pad_img[: img.shape[0], : img.shape[1], : img.shape[2]].copy_(img)
        m[: img.shape[1], : img.shape[2]] = False
    return tensor, mask


# %% style="pad_sequence twice, and the mask by comparing indices"
def pad_images(images):
    pad = torch.nn.utils.rnn.pad_sequence
    sizes = torch.tensor([image.shape[1:] for image in images])
    W = int(sizes[:, 1].max())
    wide = [F.pad(image, (0, W - image.shape[2])).transpose(0, 1) for image in images]  # (h, 3, W)
    batch = pad(wide, batch_first=True).transpose(1, 2)
    y, x = torch.arange(batch.shape[2])[None, :, None], torch.arange(W)[None, None]
    return batch, (y >= sizes[:, 0, None, None]) | (x >= sizes[:, 1, None, None])
