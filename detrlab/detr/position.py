"""Positional encodings of a feature map: fixed sines, or learned tables.

DETR, section 3.2 and appendix A.4 "Spatial positional encoding"; `models/position_encoding.py` of the official
code. Both map a padding mask (B, H, W), True on padding, to encodings (B, D, H, W) with D = 2 * num_pos_feats.
"""

import math

import torch
from torch import Tensor, nn


class PositionEmbeddingSine(nn.Module):
    """Sines and cosines of the row (first half of D) and the column (second half), at geometric frequencies.

    Rows and columns are counted from 1 over the cells that are not padding. With `normalize` the last one is
    mapped to `scale`, so that the encoding depends on the place in the picture and not on its size. The fastest
    pair of waves then runs scale / 2 pi periods across the picture, the slowest up to `temperature` times fewer.
    """

    def __init__(
        self,
        num_pos_feats: int,
        temperature: float = 10000.0,
        normalize: bool = True,
        scale: float = 2 * math.pi,
    ) -> None:
        super().__init__()
        self.num_pos_feats = num_pos_feats
        self.temperature = temperature
        self.normalize = normalize
        self.scale = scale

    def forward(self, mask: Tensor) -> Tensor:
        inside = (~mask).float()  # (B, H, W)
        rows, columns = inside.cumsum(1), inside.cumsum(2)
        if self.normalize:
            # A row or column of nothing but padding would divide by zero.
            rows = rows / (rows[:, -1:, :] + 1e-6) * self.scale
            columns = columns / (columns[:, :, -1:] + 1e-6) * self.scale
        encoded = torch.cat([self._waves(rows), self._waves(columns)], dim=-1)  # (B, H, W, D)
        return encoded.permute(0, 3, 1, 2)  # (B, D, H, W)

    def _waves(self, place: Tensor) -> Tensor:
        """(B, H, W) -> (B, H, W, num_pos_feats): sine and cosine alternate, each pair shares a frequency."""
        pair = torch.arange(self.num_pos_feats, dtype=torch.float32, device=place.device) // 2
        angle = place[..., None] / self.temperature ** (2 * pair / self.num_pos_feats)  # (B, H, W, num_pos_feats)
        return torch.stack([angle[..., 0::2].sin(), angle[..., 1::2].cos()], dim=-1).flatten(-2)


class PositionEmbeddingLearned(nn.Module):
    """One learned vector per column (first half of D) and per row (second half), up to 50 of each."""

    TABLE_LENGTH = 50

    def __init__(self, num_pos_feats: int) -> None:
        super().__init__()
        self.row_embed = nn.Embedding(self.TABLE_LENGTH, num_pos_feats)
        self.col_embed = nn.Embedding(self.TABLE_LENGTH, num_pos_feats)
        nn.init.uniform_(self.row_embed.weight)
        nn.init.uniform_(self.col_embed.weight)

    def forward(self, mask: Tensor) -> Tensor:
        """Raises ValueError for a map with more than 50 rows or columns."""
        B, H, W = mask.shape
        if max(H, W) > self.TABLE_LENGTH:
            raise ValueError(
                f"the feature map has {H} x {W} cells, but the learned tables end at {self.TABLE_LENGTH}: "
                "use a smaller picture, or sine positions"
            )
        columns = self.col_embed.weight[:W].expand(H, W, -1)
        rows = self.row_embed.weight[:H, None].expand(H, W, -1)
        encoded = torch.cat([columns, rows], dim=-1)  # (H, W, D)
        return encoded.permute(2, 0, 1).expand(B, -1, H, W)  # (B, D, H, W)
