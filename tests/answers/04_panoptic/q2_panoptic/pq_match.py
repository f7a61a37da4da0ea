# %% style="loops over masks"
def shared_pixels(truth_ids, predicted_ids, T, P):
    table = np.zeros((T + 1, P + 1), dtype=int)
    for t in range(T + 1):
        for p in range(P + 1):
            table[t, p] = np.sum((truth_ids == t) & (predicted_ids == p))
    return table


def matched_ious(shared, labels_t, labels_p, crowd):
    T, P = len(labels_t), len(labels_p)
    result = np.zeros((T, P))
    for t in range(T):
        for p in range(P):
            if crowd[t] or labels_t[t] != labels_p[p]:
                continue
            inside = shared[t + 1, p + 1]
            union = shared[t + 1, :].sum() + shared[1:, p + 1].sum() - inside
            if 2 * inside > union:
                result[t, p] = inside / union
    return result


def left_over(shared, labels_t, labels_p, crowd, iou):
    missed, invented = [], []
    for t in range(len(labels_t)):
        missed.append(not crowd[t] and iou[t].max(initial=0) == 0)
    for p, label in enumerate(labels_p):
        excused = shared[0, p + 1]
        for t in reversed(range(len(labels_t))):
            if crowd[t] and labels_t[t] == label:
                excused += shared[t + 1, p + 1]
                break
        invented.append(iou[:, p].max(initial=0) == 0 and excused / shared[:, p + 1].sum() <= 0.5)
    return np.array(missed), np.array(invented)


# %% style="add.at, and arrays of the last crowd"
def shared_pixels(truth_ids, predicted_ids, T, P):
    table = np.zeros((T + 1, P + 1))
    np.add.at(table, (truth_ids, predicted_ids), 1)
    return table


def matched_ious(shared, labels_t, labels_p, crowd):
    known = shared[1:]
    overlap = known[:, 1:]
    union = known.sum(axis=1, keepdims=True) + overlap.sum(axis=0, keepdims=True) - overlap
    iou = overlap / union
    iou[iou <= 0.5] = 0
    iou[np.not_equal.outer(labels_t, labels_p)] = 0
    iou[crowd] = 0
    return iou


def left_over(shared, labels_t, labels_p, crowd, iou):
    last = np.zeros(len(labels_t), dtype=bool)
    for label in set(labels_t[crowd].tolist()):
        last[np.flatnonzero(crowd & (labels_t == label))[-1]] = True
    on_crowd = (shared[1:, 1:] * (last[:, None] & (labels_t[:, None] == labels_p))).sum(axis=0)
    area = shared[:, 1:].sum(axis=0)
    lone = ~(iou > 0).any(axis=0)
    return ~((iou > 0).any(axis=1) | crowd), lone & ~(shared[0, 1:] + on_crowd > area / 2)


# %% style="one-hot maps and a matrix product; sets of matched segments"
def shared_pixels(truth_ids, predicted_ids, T, P):
    rows = np.eye(T + 1, dtype=int)[truth_ids.ravel()]
    columns = np.eye(P + 1, dtype=int)[predicted_ids.ravel()]
    return rows.T @ columns


def matched_ious(shared, labels_t, labels_p, crowd):
    area_t, area_p = shared.sum(1), shared.sum(0)
    union = area_t[:, None] + area_p[None] - shared - shared[:1]
    ious = (shared / np.maximum(union, 1))[1:, 1:]
    allowed = np.array([[a == b and not c for b in labels_p] for a, c in zip(labels_t, crowd)])
    return ious * (allowed & (ious > 0.5))


def left_over(shared, labels_t, labels_p, crowd, iou):
    ts, ps = (set(each.tolist()) for each in np.nonzero(iou))
    crowd_of = {}
    for t in np.flatnonzero(crowd):
        crowd_of[labels_t[t]] = t + 1
    missed = np.array([t not in ts and not crowd[t] for t in range(len(labels_t))])
    rows = [[0, crowd_of[label]] if label in crowd_of else [0] for label in labels_p]
    shares = [shared[row, p + 1].sum() / shared[:, p + 1].sum() for p, row in enumerate(rows)]
    return missed, np.array([p not in ps and share <= 0.5 for p, share in enumerate(shares)])
