# %% style="F.interpolate with the batch as channels, as the authors"
def token_mask(mask, h, w):
    return F.interpolate(mask[None].float(), size=(h, w)).to(torch.bool)[0].flatten(1)


# %% style="whole-number indices"
def token_mask(mask, h, w):
    B, H, W = mask.shape
    rows, columns = torch.arange(h) * H // h, torch.arange(w) * W // w
    return mask[:, rows][:, :, columns].reshape(B, h * w)


# %% style="cell by cell"
def token_mask(mask, h, w):
    _, H, W = mask.shape
    cells = [mask[:, math.floor(i * H / h), math.floor(j * W / w)] for i in range(h) for j in range(w)]
    return torch.stack(cells, dim=1)


# %% style="uint8, nearest by name, then != 0"
def token_mask(mask, h, w):
    small = F.interpolate(mask.unsqueeze(1).to(torch.uint8), (h, w), mode="nearest")
    return (small != 0).view(len(mask), -1)
