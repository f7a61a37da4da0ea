# %% style="einops, encoder and decoder apart"
from einops import rearrange, repeat


def encode_decode(transformer, h, pos, query_pos):
    src = torch.add(pos, rearrange(h, "b d y x -> (y x) b d"), alpha=0.1)
    tgt = repeat(query_pos, "q d -> q b d", b=len(h))
    memory = transformer.encoder(src=src)
    return rearrange(transformer.decoder(memory=memory, tgt=tgt), "q b d -> b q d")


# %% style="flatten, permute, repeat"
def encode_decode(transformer, h, pos, query_pos):
    B = h.shape[0]
    src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
    tgt = query_pos.unsqueeze(1).repeat(1, B, 1)
    out = transformer(src, tgt)
    return out.transpose(0, 1)


# %% style="movedim and expand, by keyword"
def encode_decode(transformer, h, pos, query_pos):
    B, D, H, W = h.shape
    tokens = h.view(B, D, H * W).movedim(-1, 0)
    objects = transformer(tgt=query_pos[:, None].expand(-1, B, -1), src=tokens / 10 + pos)
    return objects.movedim(1, 0)


# %% style="cells collected one by one"
def encode_decode(transformer, h, pos, query_pos):
    B, _, H, W = h.size()
    tokens = torch.stack([h[:, :, y, x] for y in range(H) for x in range(W)])
    src = pos.expand_as(tokens) + tokens * 0.1
    tgt = torch.stack([query_pos] * B, dim=1)
    return transformer(src, tgt).permute(1, 0, 2)


# %% style="two transpositions and swapaxes"
def encode_decode(transformer, h, pos, query_pos):
    src = (0.1 * h).flatten(start_dim=-2).transpose(1, 2).transpose(0, 1).add(pos)
    tgt = torch.broadcast_to(query_pos.unsqueeze(1), (len(query_pos), len(h), query_pos.shape[-1]))
    return transformer.forward(src, tgt).swapaxes(0, 1).contiguous()


# %% style="positions added to the map"
def encode_decode(transformer, h, pos, query_pos):
    B, D, H, W = h.shape
    src_map = pos.reshape(H, W, 1, D) + 0.1 * torch.einsum("bdyx->yxbd", h)
    tgt = torch.ones(B, 1) * query_pos.unsqueeze(1)
    return torch.stack(transformer(src_map.reshape(-1, B, D), tgt).unbind(1))
