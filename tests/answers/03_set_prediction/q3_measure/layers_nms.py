# %% style="layer by layer, and a set of those that are left"
def predictions_of_layers(outputs, norm, class_embed, bbox_embed):
    logits, boxes = [], []
    for layer in outputs:
        hs = norm(layer)
        logits.append(class_embed(hs))
        boxes.append(torch.sigmoid(bbox_embed(hs)))
    return torch.stack(logits), torch.stack(boxes)


def nms(boxes_xyxy, scores, labels, threshold):
    left, kept = set(range(len(scores))), []
    while left:
        best = max(left, key=lambda n: float(scores[n]))
        kept.append(best)
        overlap = box_iou(boxes_xyxy[best : best + 1], boxes_xyxy)[0]
        left -= {n for n in left if n == best or (labels[n] == labels[best] and overlap[n] > threshold)}
    return kept


# %% style="classes one by one, joined by score"
def predictions_of_layers(outputs, norm, class_embed, bbox_embed):
    hs = nn.functional.layer_norm(outputs, norm.normalized_shape, norm.weight, norm.bias, norm.eps)
    return class_embed(hs), 1 / (1 + (-bbox_embed(hs)).exp())


def nms(boxes_xyxy, scores, labels, threshold):
    kept = []
    for label in labels.unique():
        mine = torch.nonzero(labels == label)[:, 0]
        mine = mine[scores[mine].argsort(descending=True)]
        overlap = box_iou(boxes_xyxy[mine], boxes_xyxy[mine])
        alive = torch.ones(len(mine), dtype=torch.bool)
        for i in range(len(mine)):
            if alive[i]:
                alive[i + 1 :] &= overlap[i, i + 1 :] <= threshold
        kept.append(mine[alive])
    kept = torch.cat(kept)
    return kept[scores[kept].argsort(descending=True)]


# %% style="boxes of each class moved far apart"
def predictions_of_layers(outputs, norm, class_embed, bbox_embed):
    L, B, Q, D = outputs.shape
    hs = norm(outputs.reshape(-1, D))
    return class_embed(hs).reshape(L, B, Q, -1), bbox_embed(hs).sigmoid().reshape(L, B, Q, 4)


def nms(boxes_xyxy, scores, labels, threshold):
    far = boxes_xyxy + 2 * (1 + boxes_xyxy.abs().max()) * labels[:, None]
    overlap = box_iou(far, far)
    suppressed = torch.zeros(len(scores), dtype=torch.bool)
    order = torch.sort(scores, descending=True).indices
    for n in order:
        if not suppressed[n]:
            suppressed |= (overlap[n] > threshold) & (scores < scores[n])
    return [int(n) for n in order if not suppressed[n]]
