"""DINO's projection head (section 3.1 and appendix C of arXiv:2104.14294; `DINOHead` of facebookresearch/dino)."""

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm


class DINOHead(nn.Module):
    """Features (B, D) -> logits (B, K) over prototypes: a 3-layer MLP, an L2 norm, and a weight-normed linear layer.

    Features of length 1 meet prototypes of length 1, so a logit is a cosine. The prototypes' lengths (the gain of
    weight norm) are frozen at 1: they are no parameter, else a loss could be lowered by growing them.
    """

    def __init__(self, D: int, K: int, hidden: int = 256, bottleneck: int = 64) -> None:
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(D, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU(), nn.Linear(hidden, bottleneck)
        )
        for module in self.mlp:
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=module.in_features**-0.5)  # as in the ViT
                nn.init.zeros_(module.bias)
        self.last_layer = weight_norm(nn.Linear(bottleneck, K, bias=False))
        gain = self.last_layer.parametrizations.weight.original0  # (K, 1)
        nn.init.ones_(gain)
        gain.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        return self.last_layer(F.normalize(self.mlp(x), dim=-1))


def cancel_gradients_last_layer(head: DINOHead) -> None:
    """Called between backward and step: prototypes stay as they are. So it is for the first part of a training."""
    for parameter in head.last_layer.parameters():
        parameter.grad = None
