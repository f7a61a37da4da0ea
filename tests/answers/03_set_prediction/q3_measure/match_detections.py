# %% style="plain loops over boxes and objects"
def iou_matrix(boxes_xyxy, true_boxes_xyxy, crowd):
    result = np.zeros((len(boxes_xyxy), len(true_boxes_xyxy)))
    for n, (a0, b0, a1, b1) in enumerate(boxes_xyxy):
        for t, (c0, d0, c1, d1) in enumerate(true_boxes_xyxy):
            w = max(0, min(a1, c1) - max(a0, c0))
            h = max(0, min(b1, d1) - max(b0, d0))
            area, other = (a1 - a0) * (b1 - b0), (c1 - c0) * (d1 - d0)
            result[n, t] = w * h / (area if crowd[t] else area + other - w * h)
    return result


def match_greedily(ious, scores, crowd, threshold):
    result, taken = [-1] * len(scores), set()
    for n in sorted(range(len(scores)), key=lambda n: -scores[n]):  # sorted is stable
        candidates = [t for t in range(len(crowd)) if ious[n, t] >= threshold and t not in taken]
        objects = [t for t in candidates if not crowd[t]]
        choice = max(objects or candidates, key=lambda t: (ious[n, t], t), default=-1)
        if choice >= 0 and not crowd[choice]:
            taken.add(choice)
        result[n] = choice
    return result


# %% style="torch, and a matrix that loses its columns"
def iou_matrix(boxes_xyxy, true_boxes_xyxy, crowd):
    a, b = torch.from_numpy(boxes_xyxy)[:, None], torch.from_numpy(true_boxes_xyxy)[None]
    sides = (torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])).clamp(min=0)
    meet = sides[..., 0] * sides[..., 1]
    size = lambda box: (box[..., 2] - box[..., 0]) * (box[..., 3] - box[..., 1])
    divisor = torch.where(torch.from_numpy(crowd), size(a).expand_as(meet), size(a) + size(b) - meet)
    return meet / divisor


def match_greedily(ious, scores, crowd, threshold):
    left = torch.as_tensor(np.asarray(ious)).clone()
    T = left.shape[1]
    crowd = torch.as_tensor(crowd)
    result = torch.full((len(scores),), -1)
    for n in torch.argsort(torch.as_tensor(scores), descending=True, stable=True):
        for group in (~crowd, crowd):
            row = left[n].masked_fill(~group, -1).flip(0)  # flipped, so that the later of equals is met first
            if T and row.max() >= threshold:
                result[n] = T - 1 - int(row.argmax())
                if not crowd[result[n]]:
                    left[:, result[n]] = -1
                break
    return result


# %% style="one pass over objects sorted with crowds last, as in pycocotools"
def iou_matrix(boxes_xyxy, true_boxes_xyxy, crowd):
    x0 = np.maximum.outer(boxes_xyxy[:, 0], true_boxes_xyxy[:, 0])
    y0 = np.maximum.outer(boxes_xyxy[:, 1], true_boxes_xyxy[:, 1])
    x1 = np.minimum.outer(boxes_xyxy[:, 2], true_boxes_xyxy[:, 2])
    y1 = np.minimum.outer(boxes_xyxy[:, 3], true_boxes_xyxy[:, 3])
    meet = np.where((x1 > x0) & (y1 > y0), (x1 - x0) * (y1 - y0), 0.0)
    area = np.diff(boxes_xyxy[:, [0, 2]])[:, 0] * np.diff(boxes_xyxy[:, [1, 3]])[:, 0]
    true_area = np.diff(true_boxes_xyxy[:, [0, 2]])[:, 0] * np.diff(true_boxes_xyxy[:, [1, 3]])[:, 0]
    union = area[:, None] + np.where(crowd, 0, true_area[None] - meet)
    return meet / union


def match_greedily(ious, scores, crowd, threshold):
    objects_first = np.argsort(crowd, kind="stable")
    used, result = np.zeros(len(crowd), bool), np.full(len(scores), -1)
    for n in np.lexsort((np.arange(len(scores)), -scores)):
        at_least, choice = min(threshold, 1 - 1e-10), -1
        for t in objects_first:
            if used[t] and not crowd[t]:
                continue
            if choice > -1 and crowd[t] and not crowd[choice]:
                break
            if ious[n, t] < at_least:
                continue
            at_least, choice = ious[n, t], t
        if choice > -1:
            used[choice], result[n] = True, choice
    return result
