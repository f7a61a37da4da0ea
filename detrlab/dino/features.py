"""What features are worth, by labels that training never saw: nearest neighbours and a linear probe.

As in table 2 of arXiv:2104.14294 (`eval_knn.py`, `eval_linear.py`). Features come from the teacher's backbone, without
its head.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

TEMPERATURE = 0.07  # of a neighbour's vote
NEIGHBOURS = 20


@torch.no_grad()
def extract_features(backbone: nn.Module, pictures: Tensor, batch: int = 256) -> Tensor:
    """The class token's output (N, D) of normalised pictures (N, 3, H, W)."""
    return torch.cat([backbone(part) for part in pictures.split(batch)])


def pixel_features(pictures: Tensor, side: int = 16) -> Tensor:
    """The control without a network: pictures (N, 3, H, W) shrunk to `side` pixels, as rows (N, 3 * side^2)."""
    return F.adaptive_avg_pool2d(pictures, side).flatten(1)


def knn_predict(
    features: Tensor,
    bank: Tensor,
    labels: Tensor,
    k: int = NEIGHBOURS,
    temperature: float = TEMPERATURE,
) -> Tensor:
    """The label (Q,) that the k nearest of the bank give each of the features (Q, D).

    Nearness is the cosine with the bank's features (N, D); a neighbour of cosine s votes for its label (N,) with weight
    exp(s / temperature).

    Raises:
        ValueError: fewer than k features in the bank.
    """
    if len(bank) < k:
        raise ValueError(f"a bank of {len(bank)} features has no {k} neighbours: give more, or a smaller k")
    similarity = F.normalize(features, dim=-1) @ F.normalize(bank, dim=-1).T  # (Q, N)
    return _vote(similarity, labels, k, temperature)


def knn_leave_one_out(
    features: Tensor, labels: Tensor, k: int = NEIGHBOURS, temperature: float = TEMPERATURE
) -> Tensor:
    """The label (N,) that the k nearest others give each of the features (N, D): none is its own neighbour."""
    if len(features) <= k:
        raise ValueError(f"of {len(features)} features none has {k} others beside it: give more, or a smaller k")
    normed = F.normalize(features, dim=-1)
    return _vote((normed @ normed.T).fill_diagonal_(-torch.inf), labels, k, temperature)


def _vote(similarity: Tensor, labels: Tensor, k: int, temperature: float) -> Tensor:
    """The label (Q,) with the most weight among the k most similar of each row (Q, N)."""
    nearest, which = similarity.topk(k, dim=-1)  # (Q, k)
    votes = similarity.new_zeros(len(similarity), int(labels.max()) + 1)
    votes.scatter_add_(1, labels[which], (nearest / temperature).exp())
    return votes.argmax(-1)


def accuracy(predicted: Tensor, labels: Tensor) -> float:
    """The share of labels that are right."""
    return (predicted == labels).float().mean().item()


def linear_probe(
    features: Tensor, labels: Tensor, test_features: Tensor, test_labels: Tensor, steps: int = 100
) -> float:
    """The accuracy on the test's features (N, D) of a linear layer that is fitted to the others; the backbone stays.

    Features are standardised by the mean and deviation of the first ones; the layer is fitted by L-BFGS.
    """
    mean, deviation = features.mean(0), features.std(0) + 1e-6
    x, x_test = (features - mean) / deviation, (test_features - mean) / deviation
    layer = nn.Linear(x.shape[1], int(labels.max()) + 1)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    optimiser = torch.optim.LBFGS(layer.parameters(), max_iter=steps, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = F.cross_entropy(layer(x), labels) + 1e-4 * layer.weight.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    with torch.no_grad():
        return accuracy(layer(x_test).argmax(-1), test_labels)
