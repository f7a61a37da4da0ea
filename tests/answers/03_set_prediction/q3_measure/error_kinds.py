# %% style="a loop over pairs of detection and object"
def largest(ious, label, true_labels, of_class):
    found = [(overlap, t) for t, overlap in enumerate(ious) if (true_labels[t] == label) == of_class]
    return max(found, default=(0.0, -1))


def kinds_of(ious, labels, true_labels, matched):
    def kind(n):
        same, other = (largest(ious[n], labels[n], true_labels, of_class)[0] for of_class in (True, False))
        if matched[n] != -1:
            return "hit"
        if same >= 0.5:
            return "duplicate"
        if other >= 0.5:
            return "classification"
        if same >= 0.1:
            return "localisation"
        return "both" if other >= 0.1 else "background"

    return [kind(n) for n in range(len(labels))]


def count_missed(ious, labels, true_labels, matched):
    left = set(range(len(true_labels))) - set(int(t) for t in matched)
    for n, kind in enumerate(kinds_of(ious, labels, true_labels, matched)):
        if kind in ("classification", "localisation"):
            left.discard(largest(ious[n], labels[n], true_labels, kind == "localisation")[1])
    return len(left)


# %% style="np.select"
def parts_of(ious, labels, true_labels):
    own = np.equal.outer(labels, true_labels)
    padded = np.pad(ious, ((0, 0), (0, 1)))  # one more object that nothing overlaps
    own = np.pad(own, ((0, 0), (0, 1)))
    return padded * own, padded * ~own


def kinds_of(ious, labels, true_labels, matched):
    same, other = (each.max(1) for each in parts_of(ious, labels, true_labels))
    tests = [matched >= 0, same >= 0.5, other >= 0.5, same >= 0.1, other >= 0.1]
    return np.select(tests, ["hit", "duplicate", "classification", "localisation", "both"], "background").tolist()


def count_missed(ious, labels, true_labels, matched):
    same, other = parts_of(ious, labels, true_labels)
    kinds = np.array(kinds_of(ious, labels, true_labels, matched))
    covered = np.zeros(len(true_labels) + 1, dtype=bool)
    covered[matched[matched >= 0]] = True
    covered[other.argmax(1)[kinds == "classification"]] = True
    covered[same.argmax(1)[kinds == "localisation"]] = True
    return (~covered[:-1]).sum()


# %% style="a table of rules, with torch"
def kinds_of(ious, labels, true_labels, matched):
    ious, own = torch.tensor(ious), torch.tensor(labels)[:, None] == torch.tensor(true_labels)
    zero = torch.zeros(len(ious), 1, dtype=ious.dtype)
    same = torch.cat([ious.masked_fill(~own, 0), zero], 1).amax(1)
    other = torch.cat([ious.masked_fill(own, 0), zero], 1).amax(1)
    kinds = ["background"] * len(labels)
    rules = (("both", other, 0.1), ("localisation", same, 0.1), ("classification", other, 0.5), ("duplicate", same, 0.5))
    for name, overlap, least in rules:  # a later rule overwrites
        kinds = [name if overlap[n] >= least else kind for n, kind in enumerate(kinds)]
    return ["hit" if m >= 0 else kind for m, kind in zip(matched, kinds)]


def count_missed(ious, labels, true_labels, matched):
    kinds = kinds_of(ious, labels, true_labels, matched)
    about = []
    for n, kind in enumerate(kinds):
        overlap = ious[n].copy()
        if kind == "hit":
            about.append(int(matched[n]))
        elif kind == "classification":
            overlap[true_labels == labels[n]] = -1
            about.append(int(np.argmax(overlap)))
        elif kind == "localisation":
            overlap[true_labels != labels[n]] = -1
            about.append(int(np.argmax(overlap)))
    return sum(t not in about for t in range(len(true_labels)))
