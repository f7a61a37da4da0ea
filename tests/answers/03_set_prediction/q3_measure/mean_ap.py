# %% style="a table of classes and thresholds, with nan for empty classes"
def of_class(image, label, most):
    chosen = np.flatnonzero(image["labels"] == label)
    chosen = chosen[np.argsort(-image["scores"][chosen], kind="stable")][:most]
    objects = np.flatnonzero(image["true_labels"] == label)
    return {
        "boxes_xyxy": image["boxes_xyxy"][chosen],
        "scores": image["scores"][chosen],
        "true_boxes_xyxy": image["true_boxes_xyxy"][objects],
        "crowd": image["crowd"][objects],
    }


def mean_over_classes(images, K, class_ap):
    table = np.full((K, len(THRESHOLDS)), np.nan)
    for label in range(K):
        parts = [of_class(image, label, 100) for image in images]
        if sum(np.sum(~part["crowd"]) for part in parts) > 0:
            table[label] = [class_ap(parts, threshold) for threshold in THRESHOLDS]
    return np.nanmean(table)


# %% style="thresholds outside, classes found beforehand"
def of_class(image, label, most):
    rows = sorted(np.flatnonzero(image["labels"] == label), key=lambda n: -image["scores"][n])[:most]
    rows = np.array(sorted(rows), dtype=int)  # back in the order they came
    share = {name: image[name][rows] for name in ("boxes_xyxy", "scores")}
    return share | {name: image[name][image["true_labels"] == label] for name in ("true_boxes_xyxy", "crowd")}


def mean_over_classes(images, K, class_ap):
    real = set()
    for image in images:
        real |= set(image["true_labels"][~image["crowd"]].tolist())
    total = 0.0
    for threshold in THRESHOLDS:
        for label in sorted(real):
            total += class_ap([of_class(image, label, 100) for image in images], threshold)
    return total / (len(THRESHOLDS) * len(real))


# %% style="mean of each class, then of the classes; torch for the best"
def of_class(image, label, most):
    mine = torch.from_numpy(image["labels"] == label)
    scores, boxes = torch.from_numpy(image["scores"])[mine], torch.from_numpy(image["boxes_xyxy"])[mine]
    order = scores.sort(descending=True, stable=True).indices[:most]
    true = image["true_labels"] == label
    return dict(boxes_xyxy=boxes[order].numpy(), scores=scores[order].numpy(),
                true_boxes_xyxy=image["true_boxes_xyxy"][true], crowd=image["crowd"][true])


def mean_over_classes(images, K, class_ap):
    def one_class(label):
        parts = [of_class(image, label, 100) for image in images]
        if all(part["crowd"].all() for part in parts):
            return None
        return float(np.mean([class_ap(parts, threshold) for threshold in THRESHOLDS]))

    measured = [ap for ap in map(one_class, range(K)) if ap is not None]
    return sum(measured) / len(measured)


# %% style="all entries of the image, the labels, too"
def of_class(image, label, most):
    mine = np.flatnonzero(image["labels"] == label)
    mine = mine[np.argsort(-image["scores"][mine], kind="stable")[:most]]
    true = image["true_labels"] == label
    own = {"boxes_xyxy": mine, "scores": mine, "labels": mine}
    return {name: value[own.get(name, true)] for name, value in image.items()}


def mean_over_classes(images, K, class_ap):
    aps = []
    for label in range(K):
        parts = [of_class(image, label, 100) for image in images]
        if not all(part["crowd"].all() for part in parts):
            aps.append(np.mean([class_ap(parts, threshold) for threshold in THRESHOLDS]))
    return sum(aps) / len(aps)
