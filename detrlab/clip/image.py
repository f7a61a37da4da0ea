"""CLIP's image tower, small: frozen stages of a detector, colours, a perceptron for every cell, and attention pooling.

The detector "shapes" knows shapes and is nearly blind to colour, since its training swapped the colour channels; so the
tower reads all of its stages, and pixels besides. CLIP (arXiv:2103.00020), section 2.4, pools with attention, too: one
query, the mean of the cells. Here several learned queries look, as those of a detector do.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from detrlab.detr.backbone import freeze_batch_norm, small_backbone
from detrlab.detr.position import PositionEmbeddingSine

STAGES = {"relu": 32, "layer1": 64, "layer2": 128, "layer4": 128}  # stages of the small ResNet, and their channels
STRIDE = 8  # pixels along a side of a cell
GRID = 3  # queries of the pooling along each side: 9 in all
SHARPNESS = 4.0  # by which their codes are multiplied at the start: the larger, the narrower they look


class FrozenStages(nn.Module):
    """Maps of several stages of a frozen small ResNet at its stride, one behind the other.

    A finer map is averaged over the pixels of each cell. Pictures (B, 3, H, W) -> (B, C, ceil(H/8), ceil(W/8)); C is
    the sum of the channels of STAGES.
    """

    def __init__(self) -> None:
        super().__init__()
        self.backbone = small_backbone().requires_grad_(False)
        freeze_batch_norm(self.backbone)

    @torch.no_grad()
    def forward(self, pictures: Tensor) -> Tensor:
        return self.maps(pictures)

    def maps(self, pictures: Tensor) -> Tensor:
        """The same with gradients."""
        maps = self.backbone.stage_maps(pictures, tuple(STAGES))
        size = maps[-1].shape[-2:]
        return torch.cat([F.adaptive_avg_pool2d(each, size) for each in maps], dim=1)


class ColourHistogram(nn.Module):
    """How much of each cell has which colour: a learned soft bin for every channel, (B, 3, H, W) -> (B, bins, h, w).

    A 1x1 convolution and a ReLU look at single colours, half the resolution is enough; then the mean of each cell.
    """

    def __init__(self, bins: int) -> None:
        super().__init__()
        self.bins = nn.Conv2d(3, bins, kernel_size=1)

    def forward(self, pictures: Tensor) -> Tensor:
        colours = F.avg_pool2d(pictures, 2, ceil_mode=True)
        return F.avg_pool2d(F.relu(self.bins(colours)), STRIDE // 2, ceil_mode=True)


class ResidualMLP(nn.Module):
    """A two-layer perceptron on each token's normalised features, added to them: (..., D) -> (..., D)."""

    def __init__(self, width: int, mlp_ratio: int = 2) -> None:
        super().__init__()
        self.ln = nn.LayerNorm(width)
        self.c_fc = nn.Linear(width, mlp_ratio * width)
        self.c_proj = nn.Linear(mlp_ratio * width, width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.c_proj(F.gelu(self.c_fc(self.ln(x))))


class AttentionPool(nn.Module):
    """Learned queries look at tokens: (B, S, D) -> (B, Q * D), the answers one behind the other."""

    def __init__(self, width: int, heads: int, queries: int) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(queries, width) * width**-0.5)
        self.attn = nn.MultiheadAttention(width, heads, batch_first=True)

    def forward(self, tokens: Tensor) -> Tensor:
        asked = self.queries.expand(len(tokens), -1, -1)  # (B, Q, D)
        return self.attn(asked, tokens, tokens, need_weights=False)[0].flatten(1)


class ImageTower(nn.Module):
    """Normalised pictures (B, 3, H, W) -> features.

    Args:
        width: D.
        heads: of the attention.
        bins: of the colour histogram.
        projection: brings features to the shared space, (B, 9 * D) -> (B, E).
    """

    def __init__(self, width: int, heads: int, projection: nn.Module, bins: int = 32) -> None:
        super().__init__()
        self.stages = FrozenStages()
        self.colours = ColourHistogram(bins)
        self.norm = nn.ModuleList(nn.LayerNorm(channels) for channels in (*STAGES.values(), bins))
        self.cells = nn.Linear(sum(STAGES.values()) + bins, width)
        self.position = PositionEmbeddingSine(width // 2, temperature=30.0, scale=6 * math.pi)
        self.mlp = ResidualMLP(width)
        self.ln_post = nn.LayerNorm(width)
        self.pool = AttentionPool(width, heads, GRID**2)
        self.projection = projection
        self._start_from_places()

    @torch.no_grad()
    def _start_from_places(self) -> None:
        """Starts the queries as the codes of a grid of places, and keys' weights equal to queries': each then looks
        near its own place from the first step on. With four random queries, which look everywhere, a model told
        left from right no better than chance after 1,000 steps (.48)."""
        D, G = self.pool.queries.shape[1], GRID
        places = (2 * torch.arange(G) + 1) * 8 // 2
        code = self.position(torch.zeros(1, 8 * G, 8 * G, dtype=torch.bool))[0]  # (D, 8 G, 8 G)
        self.pool.queries.copy_(SHARPNESS * code[:, places][:, :, places].flatten(1).T)  # (Q, D)
        self.pool.attn.in_proj_weight[D : 2 * D] = self.pool.attn.in_proj_weight[:D]

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, E)."""
        return self.pooled(self.stages(pictures), pictures)

    def pooled(self, maps: Tensor, pictures: Tensor) -> Tensor:
        """The same from the maps of the frozen stages, which can be kept while the rest learns."""
        return self.projection(self.pool(self.tokens(maps, pictures)))

    def tokens(self, maps: Tensor, pictures: Tensor) -> Tensor:
        """What attention pooling looks at, (B, S, D), row by row of the cells."""
        parts = torch.cat([maps, self.colours(pictures)], dim=1).flatten(2).transpose(1, 2)  # (B, S, C)
        sizes = [norm.normalized_shape[0] for norm in self.norm]
        parts = [norm(part) for norm, part in zip(self.norm, parts.split(sizes, dim=-1), strict=True)]
        x = self.cells(torch.cat(parts, dim=-1))  # (B, S, D)
        inside = torch.zeros(1, *maps.shape[-2:], dtype=torch.bool, device=maps.device)
        x = x + self.position(inside).flatten(2).transpose(1, 2)
        return self.ln_post(self.mlp(x))
