# %% style="one matrix product"
# The conversion is linear.
def cxcywh_to_xyxy(boxes_cxcywh: Tensor) -> Tensor:
    matrix = torch.tensor([[1, 0, -0.5, 0], [0, 1, 0, -0.5], [1, 0, 0.5, 0], [0, 1, 0, 0.5]])
    return boxes_cxcywh @ matrix.to(boxes_cxcywh).T


# %% style="unbind and stack"
def cxcywh_to_xyxy(boxes_cxcywh: Tensor) -> Tensor:
    cx, cy, w, h = boxes_cxcywh.unbind(-1)
    return torch.stack((cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2), -1)


# %% style="centres and halves"
def cxcywh_to_xyxy(boxes_cxcywh: Tensor) -> Tensor:
    centre, half = boxes_cxcywh[..., :2], boxes_cxcywh[..., 2:] / 2
    return torch.cat([centre - half, centre + half], dim=-1)


# %% style="written into an empty tensor"
def cxcywh_to_xyxy(boxes_cxcywh: Tensor) -> Tensor:
    boxes = torch.empty_like(boxes_cxcywh)
    for side, size in ((0, 2), (1, 3)):
        boxes[..., side] = boxes_cxcywh[..., side] - 0.5 * boxes_cxcywh[..., size]
        boxes[..., size] = boxes[..., side] + boxes_cxcywh[..., size]
    return boxes


# %% style="repeated columns and signs"
def cxcywh_to_xyxy(boxes_cxcywh: Tensor) -> Tensor:
    signs = boxes_cxcywh.new_tensor([-1, -1, 1, 1])
    return boxes_cxcywh[..., [0, 1, 0, 1]] + signs * boxes_cxcywh[..., [2, 3, 2, 3]] / 2


# %% style="box by box"
def cxcywh_to_xyxy(boxes_cxcywh: Tensor) -> Tensor:
    corners = [(cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2) for cx, cy, w, h in boxes_cxcywh.reshape(-1, 4)]
    flat = [torch.stack(corner) for corner in corners]
    return torch.stack(flat).reshape(boxes_cxcywh.shape) if flat else boxes_cxcywh.clone()
