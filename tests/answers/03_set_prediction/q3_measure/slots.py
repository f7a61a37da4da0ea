# %% style="variances of x and y"
def slot_spread(boxes_cxcywh):
    return boxes_cxcywh[:, :, :2].var(dim=0, unbiased=False).sum(dim=1).sqrt()


def box_kinds(boxes_cxcywh, small):
    _, _, w, h = boxes_cxcywh.unbind(-1)
    return (torch.maximum(w, h) >= small) * (1 + (h > w).long())


# %% style="a loop over queries, numpy"
def slot_spread(boxes_cxcywh):
    spread = []
    for query in boxes_cxcywh.transpose(0, 1).numpy():
        away = query[:, :2] - query[:, :2].mean(axis=0)
        spread.append(np.sqrt(np.mean(np.linalg.norm(away, axis=1) ** 2)))
    return np.array(spread)


def box_kinds(boxes_cxcywh, small):
    def kind(w, h):
        if w < small and h < small:
            return 0
        return 1 if w >= h else 2

    return [[kind(*box[2:]) for box in image] for image in boxes_cxcywh.tolist()]


# %% style="mean of squares less square of the mean"
def slot_spread(boxes_cxcywh):
    centres = boxes_cxcywh[..., :2].double()
    return ((centres**2).mean(0) - centres.mean(0) ** 2).sum(-1) ** 0.5


def box_kinds(boxes_cxcywh, small):
    sides = boxes_cxcywh[..., 2:]
    kinds = 1 + sides.argmax(-1)  # of equal sides argmax gives the first, the width
    kinds[(sides < small).all(-1)] = 0
    return kinds
