# %% style="numpy in double precision"
# The picture's size from its array's shape, turned around.
def to_pixels(boxes_xyxy, picture):
    height, width, *_ = np.asarray(picture).shape
    return np.asarray(boxes_xyxy, dtype=float) @ np.diag([width, height, width, height])


# %% style="a tensor of four factors"
def to_pixels(boxes_xyxy, picture):
    width, height = picture.size
    return boxes_xyxy * torch.tensor([width, height, width, height], dtype=torch.float32)


# %% style="size twice"
def to_pixels(boxes_xyxy, picture):
    return boxes_xyxy * torch.tensor(picture.size * 2)


# %% style="two corners"
def to_pixels(boxes_xyxy, picture):
    corners = boxes_xyxy.unflatten(-1, (2, 2))  # (N, corner, x or y)
    return (corners * torch.tensor(picture.size)).flatten(-2)


# %% style="every second column of a copy"
def to_pixels(boxes_xyxy, picture):
    boxes = boxes_xyxy.clone()
    boxes[:, 0::2] *= picture.width
    boxes[:, 1::2] *= picture.height
    return boxes


# %% style="a list of lists"
def to_pixels(boxes_xyxy, picture):
    w, h = picture.width, picture.height
    return [[x0 * w, y0 * h, x1 * w, y1 * h] for x0, y0, x1, y1 in boxes_xyxy.tolist()]


# %% style="unbind and stack"
def to_pixels(boxes_xyxy, picture):
    x0, y0, x1, y1 = boxes_xyxy.T
    w, h = picture.size
    return torch.column_stack([x0.mul(w), y0.mul(h), x1.mul(w), y1.mul(h)])
