"""From attention maps to masks: a small feature pyramid with convolutions, run once for every object query.

DETR, section 4.4 "DETR for panoptic segmentation" and figure 8; `MaskHeadSmallConv` in `models/segmentation.py` of the
official code, whose parameter names are kept. The pyramid follows Lin et al. 2017 ("FPN").
"""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn


class MaskHeadSmallConv(nn.Module):
    """One mask of logits per object query, at the size of the finest map.

    With n maps of the backbone there are n + 2 layers, each a 3x3 convolution (lay1, ...), GroupNorm (gn1, ...) and
    ReLU, and a last convolution to one channel (out_lay). The first two work at the coarse size. Before each later one
    the result is enlarged (nearest) and the next map is added, which a 1x1 convolution (adapter1, ...) brings to the
    same channels.

    Args:
        dim: channels that come in, D + M.
        fpn_dims: channels of the backbone's maps, coarsest first; officially (1024, 512, 256).
        context_dim: D. After the first layer channels are D/2, D/4, ... (D/16 in the last of the official head).
        groups: of every GroupNorm; officially 8.

    Raises:
        ValueError: a layer's channels are no multiple of `groups`.
    """

    def __init__(self, dim: int, fpn_dims: Sequence[int], context_dim: int, groups: int = 8) -> None:
        super().__init__()
        self.levels = len(fpn_dims)
        widths = [dim, dim, *(context_dim // 2**i for i in range(1, self.levels + 2))]
        if unfit := [width for width in widths if width % groups or not width]:
            raise ValueError(f"{groups} groups do not fit {unfit[0]} of the channels {widths}: pass another `groups`")
        for i in range(1, self.levels + 3):
            self.add_module(f"lay{i}", nn.Conv2d(widths[i - 1], widths[i], kernel_size=3, padding=1))
            self.add_module(f"gn{i}", nn.GroupNorm(groups, widths[i]))
        self.out_lay = nn.Conv2d(widths[-1], 1, kernel_size=3, padding=1)
        for i, channels in enumerate(fpn_dims, start=1):
            self.add_module(f"adapter{i}", nn.Conv2d(channels, widths[i + 1], kernel_size=1))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight, a=1)
                nn.init.zeros_(module.bias)

    def forward(self, x: Tensor, bbox_mask: Tensor, fpns: Sequence[Tensor]) -> Tensor:
        """The masks.

        Args:
            x: (B, D, h, w), what the encoder was given (not its memory).
            bbox_mask: (B, Q, M, h, w), the attention maps.
            fpns: the backbone's maps (B, C_i, h_i, w_i), coarsest first.

        Returns:
            (B * Q, 1, h_n, w_n): logits, the queries of the first picture first; h_n, w_n of the finest map.

        Raises:
            ValueError: another number of maps than the head was built for.
        """
        if len(fpns) != self.levels:
            raise ValueError(f"{len(fpns)} maps of the backbone came, this head was built for {self.levels}")
        Q = bbox_mask.shape[1]
        x = self._layer(2, F.relu(self.gn1(self._lay1(x, bbox_mask))))  # (B*Q, D/2, h, w)
        for i, fpn in enumerate(fpns, start=1):
            finer = self.get_submodule(f"adapter{i}")(fpn).repeat_interleave(Q, dim=0)  # (B*Q, D/2^i, h_i, w_i)
            x = finer + F.interpolate(x, size=finer.shape[-2:], mode="nearest")
            x = self._layer(i + 2, x)  # (B*Q, D/2^(i+1), h_i, w_i)
        return self.out_lay(x)

    def _lay1(self, x: Tensor, bbox_mask: Tensor) -> Tensor:
        """What lay1 makes of x and the maps side by side, (B*Q, D + M, h, w). A convolution adds up its channels, so
        the part of x, nearly all of the work, is the same for all queries of a picture: it is done once."""
        D = x.shape[1]
        of_x = F.conv2d(x, self.lay1.weight[:, :D], self.lay1.bias, padding=1)  # (B, D + M, h, w)
        of_maps = F.conv2d(bbox_mask.flatten(0, 1), self.lay1.weight[:, D:], padding=1)
        return of_x.repeat_interleave(bbox_mask.shape[1], dim=0) + of_maps

    def _layer(self, i: int, x: Tensor) -> Tensor:
        return F.relu(self.get_submodule(f"gn{i}")(self.get_submodule(f"lay{i}")(x)))
