"""The short DETR of the homework's first question, with the small backbone: what data/short_detr.safetensors
holds.

DETR, section "DETR demo" of the official notebooks: learned row and column embeddings, `nn.Transformer` as
it is, the object queries as its target sequence, heads of one linear layer each.
"""

import torch
from torch import Tensor, nn

from detrlab.detr.backbone import SmallResNet


class ShortDETR(nn.Module):
    """(B, 3, H, W) normalised pictures -> "pred_logits" (B, Q, K+1), "pred_boxes" (B, Q, 4) cxcywh in 0..1.

    The feature map may have at most 50 rows and columns.
    """

    def __init__(
        self,
        num_classes: int = 6,
        hidden_dim: int = 128,
        nheads: int = 4,
        num_encoder_layers: int = 3,
        num_decoder_layers: int = 3,
        num_queries: int = 20,
    ) -> None:
        super().__init__()
        self.backbone = SmallResNet()
        self.conv = nn.Conv2d(self.backbone.out_channels, hidden_dim, 1)
        self.transformer = nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
        self.linear_class = nn.Linear(hidden_dim, num_classes + 1)
        self.linear_bbox = nn.Linear(hidden_dim, 4)
        self.query_pos = nn.Parameter(torch.rand(num_queries, hidden_dim))
        self.row_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
        self.col_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        body = self.backbone
        x = body.maxpool(body.relu(body.bn1(body.conv1(pictures))))
        h = self.conv(body.layer4(body.layer3(body.layer2(body.layer1(x)))))  # (B, D, H, W)
        B, _, H, W = h.shape
        columns = self.col_embed[:W].unsqueeze(0).repeat(H, 1, 1)  # (H, W, D/2)
        rows = self.row_embed[:H].unsqueeze(1).repeat(1, W, 1)  # (H, W, D/2)
        pos = torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)  # (S, 1, D)
        queries = self.query_pos.unsqueeze(1).repeat(1, B, 1)  # (Q, B, D)
        h = self.transformer(pos + 0.1 * h.flatten(2).permute(2, 0, 1), queries).transpose(0, 1)  # (B, Q, D)
        return {"pred_logits": self.linear_class(h), "pred_boxes": self.linear_bbox(h).sigmoid()}
