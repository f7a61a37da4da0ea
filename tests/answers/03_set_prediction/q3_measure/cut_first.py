# %% style="sorted out with indices"
ap_of_all, ap_above_07 = 0.5, 0.75


def detections(logits, boxes_cxcywh, least):
    probabilities = torch.softmax(logits, dim=1)
    best = probabilities[:, :-1].argmax(dim=1)
    scores = probabilities.gather(1, best[:, None]).squeeze(1)
    rows = torch.nonzero(scores > least).flatten()
    return cxcywh_to_xyxy(boxes_cxcywh[rows]), scores[rows], best[rows]


# %% style="a loop over the queries"
ap_of_all = 1
ap_above_07 = 0.0


def detections(logits, boxes_cxcywh, least):
    boxes, scores, labels = [], [], []
    for row, (cx, cy, w, h) in zip(logits, boxes_cxcywh):
        shares = torch.exp(row - row.max())
        shares = (shares / shares.sum())[:-1]
        if shares.max() > least:
            boxes.append(torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]))
            scores.append(shares.max())
            labels.append(int(shares.argmax()))
    return torch.stack(boxes), torch.stack(scores), torch.tensor(labels)


# %% style="torch.topk, and numpy at the end"
ap_of_all = 0.7
ap_above_07 = 0.71


def detections(logits, boxes_cxcywh, least):
    K = logits.shape[-1] - 1
    score, label = torch.topk(nn.Softmax(dim=-1)(logits).narrow(-1, 0, K), 1)
    corner = boxes_cxcywh[:, :2] - boxes_cxcywh[:, 2:] / 2
    boxes = torch.hstack([corner, corner + boxes_cxcywh[:, 2:]])
    kept = score[:, 0] > least
    return boxes[kept].numpy(), score[kept, 0].numpy(), label[kept, 0].numpy()
