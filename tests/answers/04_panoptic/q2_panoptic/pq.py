# %% style="bincount; division with where"
def class_counts(images, K):
    labels = np.array([label for image in images for label, _ in image["matched"]], dtype=int)
    ious = np.array([iou for image in images for _, iou in image["matched"]])
    missed = np.concatenate([np.array(image["missed"], dtype=int) for image in images])
    invented = np.concatenate([np.array(image["invented"], dtype=int) for image in images])
    columns = np.bincount(labels, ious, K), *(np.bincount(each, minlength=K) for each in (labels, invented, missed))
    return np.stack(columns, axis=1)


def qualities(counts):
    iou, tp, fp, fn = counts.T
    with np.errstate(invalid="ignore"):
        pq = iou / (tp + fp / 2 + fn / 2)
        rq = tp / (tp + fp / 2 + fn / 2)
    sq = np.where(np.isnan(rq), np.nan, iou / np.maximum(tp, 1))
    return np.stack([pq, sq, rq], axis=1)


def mean_quality(quality, labels):
    chosen = quality[np.array(labels)]
    chosen = chosen[np.isfinite(chosen).all(axis=1)]
    return chosen.mean(axis=0) if chosen.size else np.array([np.nan] * 3)


# %% style="loops and dictionaries"
def class_counts(images, K):
    rows = [[0.0, 0, 0, 0] for _ in range(K)]
    for image in images:
        for label, iou in image["matched"]:
            rows[label][0] += iou
            rows[label][1] += 1
        for label in image["invented"]:
            rows[label][2] += 1
        for label in image["missed"]:
            rows[label][3] += 1
    return np.array(rows)


def qualities(counts):
    result = np.full((len(counts), 3), np.nan)
    for k, (iou, tp, fp, fn) in enumerate(counts):
        if tp:
            sq, rq = iou / tp, 2 * tp / (2 * tp + fp + fn)
            result[k] = sq * rq, sq, rq
        elif fp or fn:
            result[k] = 0
    return result


def mean_quality(quality, labels):
    rows = [quality[k] for k in labels if quality[k][0] == quality[k][0]]
    return sum(rows) / len(rows) if rows else np.full(3, float("nan"))


# %% style="counts with Counter, masks in numpy"
def class_counts(images, K):
    from collections import Counter

    tp, fp, fn, sums = Counter(), Counter(), Counter(), np.zeros(K)
    for image in images:
        tp.update(label for label, _ in image["matched"])
        fp.update(image["invented"])
        fn.update(image["missed"])
        for label, iou in image["matched"]:
            sums[label] = sums[label] + iou
    return np.array([[sums[k], tp[k], fp[k], fn[k]] for k in range(K)])


def qualities(counts):
    result = np.zeros((counts.shape[0], 3))
    there, found = counts[:, 1:].any(axis=1), counts[:, 1] > 0
    iou, tp, fp, fn = counts[found].T
    result[found, 1] = iou / tp
    result[found, 2] = tp / (tp + 0.5 * (fp + fn))
    result[:, 0] = result[:, 1] * result[:, 2]
    result[~there] = np.nan
    return result


def mean_quality(quality, labels):
    table = quality[[int(label) for label in labels]]
    known = ~np.isnan(table[:, 0])
    total = np.nansum(table, axis=0)
    return total / known.sum() if known.any() else total * np.nan
