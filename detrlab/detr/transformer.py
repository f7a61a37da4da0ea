"""The transformer of DETR: post-norm encoder and decoder, positions added in every attention.

DETR, section 3.2 and figure 10 (appendix A.3); `models/transformer.py` of the official code, whose parameter
names are kept. Two differences from Vaswani et al. 2017: positions are added to queries and keys (never to
values) in every layer, and the decoder works on all Q object queries at once.

Attention runs through nn.MultiheadAttention asking for its weights, so that a forward hook on
`encoder.layers[-1].self_attn` gets output[1] = (B, S, S), and on `decoder.layers[-1].multihead_attn`
(B, Q, S): [query, key], mean over heads.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Transformer(nn.Module):
    """Encoder over S = H*W tokens, decoder from Q object queries to Q outputs per layer."""

    def __init__(
        self,
        d_model: int = 256,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.d_model = d_model
        self.encoder = TransformerEncoder(num_encoder_layers, d_model, nhead, dim_feedforward, dropout)
        self.decoder = TransformerDecoder(num_decoder_layers, d_model, nhead, dim_feedforward, dropout)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)

    def forward(
        self,
        src: Tensor,
        mask: Tensor,
        query_embed: Tensor,
        pos_embed: Tensor,
        tgt: Tensor | None = None,
        attn_mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Decode all object queries against one feature map.

        Args:
            src: feature map (B, D, H, W).
            mask: (B, H, W), True on padding.
            query_embed: object queries (Q, D), or those of each picture (B, Q, D).
            pos_embed: positions of the map's cells (B, D, H, W).
            tgt: what the decoder starts from, (B, Q, D); zeros if not given.
            attn_mask: see `TransformerDecoderLayer`.

        Returns:
            hs: (L, B, Q, D), the normalised output of every decoder layer, the last one last.
            memory: (B, D, H, W), the encoder's output.
        """
        B, D, H, W = src.shape
        src = src.flatten(2).transpose(1, 2)  # (B, S, D)
        pos = pos_embed.flatten(2).transpose(1, 2)  # (B, S, D)
        mask = mask.flatten(1)  # (B, S)
        query_pos = query_embed.expand(B, -1, -1)  # (B, Q, D)

        memory = self.encoder(src, mask, pos)  # (B, S, D)
        # The decoder starts from nothing: all it knows of a query is the query's position.
        tgt = torch.zeros_like(query_pos) if tgt is None else tgt
        hs = self.decoder(tgt, memory, mask, pos, query_pos, **_given(attn_mask))  # (L, B, Q, D)
        return hs, memory.transpose(1, 2).reshape(B, D, H, W)


class TransformerEncoder(nn.Module):
    """Encoder layers one after the other; (B, S, D) in and out."""

    def __init__(self, num_layers: int, d_model: int, nhead: int, dim_feedforward: int, dropout: float) -> None:
        super().__init__()
        layers = [TransformerEncoderLayer(d_model, nhead, dim_feedforward, dropout) for _ in range(num_layers)]
        self.layers = nn.ModuleList(layers)

    def forward(self, src: Tensor, mask: Tensor, pos: Tensor) -> Tensor:
        for layer in self.layers:
            src = layer(src, mask, pos)
        return src


class TransformerDecoder(nn.Module):
    """Decoder layers one after the other, the output of each normalised by one shared layer norm."""

    def __init__(self, num_layers: int, d_model: int, nhead: int, dim_feedforward: int, dropout: float) -> None:
        super().__init__()
        layers = [TransformerDecoderLayer(d_model, nhead, dim_feedforward, dropout) for _ in range(num_layers)]
        self.layers = nn.ModuleList(layers)
        self.norm = nn.LayerNorm(d_model)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        mask: Tensor,
        pos: Tensor,
        query_pos: Tensor,
        attn_mask: Tensor | None = None,
    ) -> Tensor:
        outputs = []
        for layer in self.layers:
            tgt = layer(tgt, memory, mask, pos, query_pos, **_given(attn_mask))
            outputs.append(self.norm(tgt))
        return torch.stack(outputs)  # (L, B, Q, D)


class TransformerEncoderLayer(nn.Module):
    """Self-attention over the tokens, then a feed-forward net; each added to its input and normalised."""

    def __init__(self, d_model: int, nhead: int, dim_feedforward: int, dropout: float) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(d_model, nhead, dropout=dropout, batch_first=True)
        self.linear1 = nn.Linear(d_model, dim_feedforward)
        self.dropout = nn.Dropout(dropout)
        self.linear2 = nn.Linear(dim_feedforward, d_model)
        self.norm1 = nn.LayerNorm(d_model)
        self.norm2 = nn.LayerNorm(d_model)
        self.dropout1 = nn.Dropout(dropout)
        self.dropout2 = nn.Dropout(dropout)

    def forward(self, src: Tensor, mask: Tensor, pos: Tensor) -> Tensor:
        q = k = src + pos
        attended, _ = self.self_attn(q, k, value=src, key_padding_mask=mask)
        src = self.norm1(src + self.dropout1(attended))
        fed = self.linear2(self.dropout(F.relu(self.linear1(src))))
        return self.norm2(src + self.dropout2(fed))


class TransformerDecoderLayer(nn.Module):
    """Self-attention among the queries, cross-attention to the memory, a feed-forward net.

    With `attn_mask`, (Q, Q) or one for each picture and head (B*M, Q, Q), a query (row) does not see the queries
    (columns) where it is True. The paper's queries all see each other.
    """

    def __init__(self, d_model: int, nhead: int, dim_feedforward: int, dropout: float) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(d_model, nhead, dropout=dropout, batch_first=True)
        self.multihead_attn = nn.MultiheadAttention(d_model, nhead, dropout=dropout, batch_first=True)
        self.linear1 = nn.Linear(d_model, dim_feedforward)
        self.dropout = nn.Dropout(dropout)
        self.linear2 = nn.Linear(dim_feedforward, d_model)
        self.norm1 = nn.LayerNorm(d_model)
        self.norm2 = nn.LayerNorm(d_model)
        self.norm3 = nn.LayerNorm(d_model)
        self.dropout1 = nn.Dropout(dropout)
        self.dropout2 = nn.Dropout(dropout)
        self.dropout3 = nn.Dropout(dropout)

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        mask: Tensor,
        pos: Tensor,
        query_pos: Tensor,
        attn_mask: Tensor | None = None,
    ) -> Tensor:
        q = k = tgt + query_pos
        attended, _ = self.self_attn(q, k, value=tgt, **_given(attn_mask))
        tgt = self.norm1(tgt + self.dropout1(attended))
        attended, _ = self.multihead_attn(tgt + query_pos, memory + pos, value=memory, key_padding_mask=mask)
        tgt = self.norm2(tgt + self.dropout2(attended))
        fed = self.linear2(self.dropout(F.relu(self.linear1(tgt))))
        return self.norm3(tgt + self.dropout3(fed))


def _given(attn_mask: Tensor | None) -> dict[str, Tensor]:
    """What hides queries is passed on only where there is such a mask: what somebody puts in the place of an attention
    or a layer, as exercises do, need not know of it."""
    return {} if attn_mask is None else {"attn_mask": attn_mask}
