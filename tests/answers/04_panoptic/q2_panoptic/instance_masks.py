# %% style="as in the official code: all masks as channels of one image"
def picture_masks(logits, padded_hw, input_hw, original_hw, threshold=0.5):
    masks = F.interpolate(logits.unsqueeze(0), size=padded_hw, mode="bilinear", align_corners=False)
    masks = (masks.sigmoid() > threshold)[:, :, : input_hw[0], : input_hw[1]]
    return F.interpolate(masks.float(), size=tuple(original_hw), mode="nearest")[0] > 0.5


# %% style="the threshold as a logit, masks one by one"
def picture_masks(logits, padded_hw, input_hw, original_hw, threshold=0.5):
    height, width = input_hw
    least, found = math.log(threshold / (1 - threshold)), []
    for own in logits:
        large = torch.nn.Upsample(size=padded_hw, mode="bilinear")(own[None, None])[0, 0]
        inside = (large > least)[:height, :width].to(torch.float32)
        found.append(F.interpolate(inside[None, None], original_hw)[0, 0] == 1)
    return torch.stack(found)


# %% style="nearest by indices"
def picture_masks(logits, padded_hw, input_hw, original_hw, threshold=0.5):
    p = torch.sigmoid(F.interpolate(logits[:, None], padded_hw, mode="bilinear").squeeze(1))
    (h, w), (H, W) = input_hw, original_hw
    rows, columns = torch.arange(H) * h // H, torch.arange(W) * w // W
    return p[:, rows][:, :, columns] > threshold
