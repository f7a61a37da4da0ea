# %% style="four coordinates"
def areas(a_xyxy, b_xyxy):
    ax0, ay0, ax1, ay1 = a_xyxy[:, None].unbind(-1)
    bx0, by0, bx1, by1 = b_xyxy[None].unbind(-1)
    width = (torch.min(ax1, bx1) - torch.max(ax0, bx0)).clamp(min=0)
    height = (torch.min(ay1, by1) - torch.max(ay0, by0)).clamp(min=0)
    inter = width * height
    return inter, (ax1 - ax0) * (ay1 - ay0) + (bx1 - bx0) * (by1 - by0) - inter


def generalised_iou(a_xyxy, b_xyxy, intersection, union):
    ax0, ay0, ax1, ay1 = a_xyxy[:, None].unbind(-1)
    bx0, by0, bx1, by1 = b_xyxy[None].unbind(-1)
    hull = (torch.max(ax1, bx1) - torch.min(ax0, bx0)) * (torch.max(ay1, by1) - torch.min(ay0, by0))
    return intersection / union - 1 + union / hull


# %% style="loops, and areas of the library"
def areas(a_xyxy, b_xyxy):
    def inter(a, b):
        w = min(a[2], b[2]) - max(a[0], b[0])
        h = min(a[3], b[3]) - max(a[1], b[1])
        return w * h if w > 0 and h > 0 else 0 * (a[0] + b[0])

    intersection = torch.stack([torch.stack([inter(a, b) for b in b_xyxy]) for a in a_xyxy])
    return intersection, box_area(a_xyxy)[:, None] + box_area(b_xyxy)[None] - intersection


def generalised_iou(a_xyxy, b_xyxy, intersection, union):
    rows = []
    for a in a_xyxy:
        low, high = torch.minimum(a[:2], b_xyxy[:, :2]), torch.maximum(a[2:], b_xyxy[:, 2:])
        rows.append(torch.prod(high - low, dim=1))
    hull = torch.stack(rows)
    return intersection / union - (hull - union) / hull


# %% style="relu, the hull of both corners stacked"
def areas(a_xyxy, b_xyxy):
    N, M = len(a_xyxy), len(b_xyxy)
    both = torch.stack([a_xyxy[:, None].expand(N, M, 4), b_xyxy.expand(N, M, 4)])  # (2, N, M, 4)
    sides = F.relu(both[..., 2:].amin(0) - both[..., :2].amax(0))
    shared = sides[..., 0] * sides[..., 1]
    each = (both[..., 2] - both[..., 0]) * (both[..., 3] - both[..., 1])
    return [shared, each.sum(0) - shared]


def generalised_iou(a_xyxy, b_xyxy, intersection, union):
    N, M = len(a_xyxy), len(b_xyxy)
    both = torch.stack([a_xyxy.repeat_interleave(M, 0), b_xyxy.repeat(N, 1)])  # (2, N*M, 4)
    wh = both[..., 2:].max(0).values - both[..., :2].min(0).values
    hull = (wh[:, 0] * wh[:, 1]).view(N, M)
    return intersection / union - (1 - union / hull)
