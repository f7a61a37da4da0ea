# %% style="masks as a batch"
right_end = 32 * 48 / 64
iou_of_squeezed = 8 / 20


def squeezed(masks, image_hw):
    return F.interpolate(masks[:, None], image_hw, mode="bilinear", align_corners=False)[:, 0]


def fitted(masks, padded_hw, image_hw):
    large = F.interpolate(masks[:, None], padded_hw, mode="bilinear", align_corners=False)[:, 0]
    return large[..., : image_hw[0], : image_hw[1]]


# %% style="modules, masks one by one"
right_end = 24
iou_of_squeezed = 0.4


def squeezed(masks, image_hw):
    grow = torch.nn.Upsample(size=image_hw, mode="bilinear")
    return torch.stack([grow(own[None, None]).squeeze() for own in masks])


def fitted(masks, padded_hw, image_hw):
    large = torch.cat([torch.nn.Upsample(size=padded_hw, mode="bilinear")(own[None, None])[0] for own in masks])
    return large[:, slice(image_hw[0]), slice(image_hw[1])]


# %% style="narrow; one function for both"
right_end, iou_of_squeezed = 24.0, 0.4


def squeezed(masks, image_hw):
    return F.interpolate(masks.unsqueeze(0), size=list(image_hw), mode="bilinear").squeeze(0)


def fitted(masks, padded_hw, image_hw):
    return squeezed(masks, padded_hw).narrow(1, 0, image_hw[0]).narrow(2, 0, image_hw[1])
