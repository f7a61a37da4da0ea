"""The vision transformer (ViT, arXiv:2010.11929) as DINO uses it: patches as tokens, a class token that reads them.

Equal to `transformers.ViTModel` on converted weights (`huggingface.py`). Names follow `vision_transformer.py` of
facebookresearch/dino, but attention is `nn.MultiheadAttention`, as everywhere in this library: what is called `qkv` and
`proj` there is its `in_proj_weight` and `out_proj`.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from detrlab.detr.models import load_small

EPS = 1e-6  # of layer norms: DINO's, HuggingFace's ViT has 1e-12


class PatchEmbed(nn.Module):
    """Cuts pictures (B, 3, H, W) into patches of P x P pixels, each mapped to a token by one matrix: (B, S, D), row by
    row.

    A convolution of which kernel and stride are P is this very map: each weight of the matrix meets one pixel and
    channel of the patch.

    Raises:
        ValueError: a side that is no multiple of P.
    """

    def __init__(self, patch_size: int, D: int) -> None:
        super().__init__()
        self.patch_size = patch_size
        self.proj = nn.Conv2d(3, D, kernel_size=patch_size, stride=patch_size)

    def forward(self, pictures: Tensor) -> Tensor:
        H, W = pictures.shape[-2:]
        if H % self.patch_size or W % self.patch_size:
            raise ValueError(f"pictures of {H} x {W} pixels cannot be cut into patches of {self.patch_size} pixels")
        return self.proj(pictures).flatten(2).transpose(1, 2)


class Block(nn.Module):
    """A pre-norm encoder layer: each residual branch begins with its own layer norm (DETR's ends with one)."""

    def __init__(self, D: int, num_heads: int, mlp_ratio: float = 4.0) -> None:
        super().__init__()
        hidden = int(D * mlp_ratio)
        self.norm1 = nn.LayerNorm(D, eps=EPS)
        self.attn = nn.MultiheadAttention(D, num_heads, batch_first=True)
        self.norm2 = nn.LayerNorm(D, eps=EPS)
        self.mlp = nn.Sequential(nn.Linear(D, hidden), nn.GELU(), nn.Linear(hidden, D))

    def forward(self, x: Tensor) -> Tensor:
        """Tokens (B, N, D) -> the same."""
        y = self.norm1(x)
        x = x + self.attn(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.norm2(x))

    def attention(self, x: Tensor) -> Tensor:
        """The attention weights of these tokens, (B, M, N, N) as [query, key] of each head."""
        y = self.norm1(x)
        return self.attn(y, y, y, average_attn_weights=False)[1]


class VisionTransformer(nn.Module):
    """Pictures (B, 3, H, W) -> the class token's output (B, D).

    Args:
        image_size: the side in pixels of the square pictures that positions are learned for; others get interpolated
            ones.
        patch_size: P, the side of a patch in pixels.
        D: width of a token; num_heads divides it. depth: blocks. mlp_ratio: hidden width of a block's MLP over D.
    """

    def __init__(
        self, image_size: int, patch_size: int, D: int, depth: int, num_heads: int, mlp_ratio: float = 4.0
    ) -> None:
        super().__init__()
        self.patch_embed = PatchEmbed(patch_size, D)
        self.side = image_size // patch_size  # patches along each side of the learned positions
        self.cls_token = nn.Parameter(torch.zeros(1, 1, D))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.side**2, D))
        self.blocks = nn.ModuleList([Block(D, num_heads, mlp_ratio) for _ in range(depth)])
        self.norm = nn.LayerNorm(D, eps=EPS)
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        self.apply(_init_weights)

    def forward(self, pictures: Tensor) -> Tensor:
        """The class token's output (B, D): the picture's feature."""
        return self.forward_features(pictures)[:, 0]

    def forward_features(self, pictures: Tensor) -> Tensor:
        """All tokens' outputs (B, 1 + S, D), the class token first, then the patches row by row."""
        x = self.prepare_tokens(pictures)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    def get_last_selfattention(self, pictures: Tensor) -> Tensor:
        """The last block's attention (B, M, 1 + S, 1 + S) as [query, key]: row 0 says where the class token looks."""
        x = self.prepare_tokens(pictures)
        for block in self.blocks[:-1]:
            x = block(x)
        return self.blocks[-1].attention(x)

    def prepare_tokens(self, pictures: Tensor) -> Tensor:
        """The first block's input (B, 1 + S, D): class token and patches, positions added to all."""
        B, (H, W) = len(pictures), (side // self.patch_embed.patch_size for side in pictures.shape[-2:])
        patches = self.patch_embed(pictures)  # (B, S, D)
        x = torch.cat([self.cls_token.expand(B, -1, -1), patches], dim=1)
        return x + interpolate_pos_encoding(self.pos_embed, H, W)


def dino_vit() -> VisionTransformer:
    """The architecture of "dino" with random weights: a small ViT for pictures of 64 x 64 pixels."""
    return VisionTransformer(image_size=64, patch_size=8, D=96, depth=2, num_heads=6)


def untrained_dino() -> VisionTransformer:
    """The small ViT as the training that ships begins: random weights, attention's as wide as those of other layers.

    As PyTorch begins attention, its maps are so even that a short training leaves them so: colours are nearer at hand
    in the end with these.
    """
    vit = dino_vit()
    for block in vit.blocks:
        for weight in (block.attn.in_proj_weight, block.attn.out_proj.weight):
            nn.init.trunc_normal_(weight, std=weight.shape[1] ** -0.5)
    return vit


def load_dino(weights: str | Path | None = None) -> VisionTransformer:
    """The small ViT that learned without labels, in eval mode; its pictures have 64 x 64 pixels.

    weights: a .safetensors file of it; None: the shipped ones.

    Raises:
        ValueError: weights of another model.
        WeightsError: weights that are not there or cannot be read.
    """
    model = dino_vit()
    load_small(model, "dino", weights)
    return model


def interpolate_pos_encoding(pos_embed: Tensor, H: int, W: int) -> Tensor:
    """Positions (1, 1 + side^2, D), learned on a square of patches, for H x W patches: (1, 1 + H * W, D).

    The class token lies nowhere: its position, the first, stays as it is. Bicubic, as in the official code.
    """
    side = round((pos_embed.shape[1] - 1) ** 0.5)
    if side == H and side == W:
        return pos_embed
    of_class, of_patches = pos_embed[:, :1], pos_embed[:, 1:]
    grid = of_patches.unflatten(1, (side, side)).permute(0, 3, 1, 2)  # (1, D, side, side)
    grid = F.interpolate(grid, size=(H, W), mode="bicubic", align_corners=False)
    return torch.cat([of_class, grid.flatten(2).transpose(1, 2)], dim=1)


def _init_weights(module: nn.Module) -> None:
    """Numbers of variance 1 stay so, whatever D is. The official deviation, 0.02, is meant for a D of some hundreds: in
    a narrow ViT the picture would hardly be heard beside the class token's own numbers. Attention: as PyTorch's."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=module.in_features**-0.5)
        nn.init.zeros_(module.bias)
