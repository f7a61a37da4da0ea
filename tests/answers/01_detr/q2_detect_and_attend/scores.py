# %% style="numpy, logarithms"
# Logits minus their log-sum-exp, sorted; returns two arrays.
def scores_and_labels(logits):
    logits = logits.detach().numpy().astype(np.float64)
    log_probabilities = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
    labels = np.argsort(log_probabilities[:, :-1], axis=1)[:, -1]
    return np.exp(np.take_along_axis(log_probabilities, labels[:, None], axis=1))[:, 0], labels


# %% style="softmax, slice, max"
def scores_and_labels(logits):
    probabilities = logits.softmax(dim=-1)[:, :-1]
    scores, labels = probabilities.max(dim=-1)
    return scores, labels


# %% style="one line"
# What max returns is a named pair already.
scores_and_labels = lambda logits: torch.nn.functional.softmax(logits, -1)[..., :-1].max(-1)


# %% style="topk of the real classes' logits"
def scores_and_labels(logits):
    best, labels = logits[:, :-1].topk(1, dim=1)
    scores = torch.exp(best - torch.logsumexp(logits, dim=1, keepdim=True))
    return scores.squeeze(1), labels.squeeze(1)


# %% style="argmax and gather"
def scores_and_labels(logits):
    K = logits.shape[1] - 1
    labels = logits.narrow(1, 0, K).argmax(dim=1)
    probabilities = torch.exp(logits) / torch.exp(logits).sum(1, keepdim=True)
    return probabilities.gather(1, labels.unsqueeze(1)).flatten(), labels


# %% style="lists and math"
import math


def scores_and_labels(logits):
    scores, labels = [], []
    for row in logits.tolist():
        total = sum(math.exp(z - max(row)) for z in row)
        shares = [math.exp(z - max(row)) / total for z in row[:-1]]
        scores.append(max(shares))
        labels.append(shares.index(max(shares)))
    return scores, labels
