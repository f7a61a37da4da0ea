# %% style="loops over pairs"
def fates_of(shared, labels_t, labels_p):
    words = []
    for t in range(len(labels_t)):
        area, own_best, other_best, inside = shared[t + 1].sum(), 0, 0, 0
        for p in range(len(labels_p)):
            both = shared[t + 1, p + 1]
            iou = both / (area + shared[1:, p + 1].sum() - both)
            if labels_p[p] == labels_t[t]:
                own_best = max(own_best, iou)
            else:
                other_best = max(other_best, iou)
            if labels_p[p] == labels_t[t] or labels_p[p] in THINGS:
                inside = max(inside, both)
        if own_best > 0.5:
            words.append("found")
        elif other_best > 0.5:
            words.append("wrong class")
        elif inside > area / 2:
            words.append("swallowed")
        elif own_best > 0.1:
            words.append("poor outline")
        else:
            words.append("gone")
    return words


# %% style="all at once, np.select"
def fates_of(shared, labels_t, labels_p):
    overlap = shared[1:, 1:].astype(float)
    area = shared[1:].sum(1, keepdims=True)
    union = area + shared[:, 1:].sum(0) - shared[0, 1:] - overlap
    iou, own = overlap / union, labels_t[:, None] == labels_p
    taking = own | (labels_p < 6)
    conditions = [(own & (iou > 0.5)).any(1), (~own & (iou > 0.5)).any(1), (taking & (overlap / area > 0.5)).any(1),
                  (own & (iou > 0.1)).any(1)]
    return np.select(conditions, ["found", "wrong class", "swallowed", "poor outline"], "gone").tolist()


# %% style="the first of a list that fits"
def fates_of(shared, labels_t, labels_p):
    inside = shared[1:, 1:]
    sums = shared[1:].sum(1)
    ious = inside / (sums[:, None] + inside.sum(0)[None] - inside)
    thing = np.isin(labels_p, list(THINGS))

    def fate(t):
        same = labels_p == labels_t[t]
        tests = {
            "found": ious[t, same] > 0.5,
            "wrong class": ious[t] > 0.5,
            "swallowed": inside[t, same | thing] > 0.5 * sums[t],
            "poor outline": ious[t, same] > 0.1,
            "gone": np.array([True]),
        }
        return next(word for word, test in tests.items() if test.any())

    return [fate(t) for t in range(len(labels_t))]
