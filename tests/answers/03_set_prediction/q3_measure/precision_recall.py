# %% style="one list of tuples, counted in a loop"
def precision_and_recall(scores, hits, ignored, T):
    everything = [each for image in zip(scores, hits, ignored) for each in zip(*image)]
    everything.sort(key=lambda each: -each[0])  # stable
    right, wrong, precision, recall = 0, 0, [], []
    for _, hit, ignore in everything:
        if ignore:
            continue
        right, wrong = right + bool(hit), wrong + (not hit)
        precision.append(right / (right + wrong))
        recall.append(right / T)
    return precision, recall


# %% style="torch, two running sums"
def precision_and_recall(scores, hits, ignored, T):
    scores, hits, ignored = (torch.from_numpy(np.concatenate(each)) for each in (scores, hits, ignored))
    scores, hits = scores[~ignored], hits[~ignored]
    hits = hits[torch.sort(scores, descending=True, stable=True).indices]
    right, wrong = hits.double().cumsum(0), (~hits).double().cumsum(0)
    return right / (right + wrong), right / T


# %% style="ignored ones stay in the sums and are cut out at the end"
def precision_and_recall(scores, hits, ignored, T):
    scores, hits, ignored = np.hstack(scores), np.hstack(hits), np.hstack(ignored)
    order = np.lexsort((np.arange(len(scores)), -scores))
    hits, kept = hits[order], ~ignored[order]
    right = np.cumsum(hits & kept)[kept]
    seen = np.cumsum(kept)[kept]
    return [right / seen, right / float(T)]
