# %% style="look-up of each token's row and column"
def position_map(row_embed, col_embed, H, W):
    token = torch.arange(H * W)
    halves = [nn.functional.embedding(token % W, col_embed),
              nn.functional.embedding(torch.div(token, W, rounding_mode="floor"), row_embed)]
    return torch.hstack(halves).view(H * W, 1, -1)


# %% style="repeat and repeat_interleave"
def position_map(row_embed, col_embed, H, W):
    columns = col_embed[:W].repeat(H, 1)
    rows = row_embed[:H].repeat_interleave(W, dim=0)
    return torch.cat([columns, rows], dim=1).unsqueeze(1)


# %% style="expand and flatten"
def position_map(row_embed, col_embed, H, W):
    half = col_embed.shape[1]
    columns = col_embed[None, :W].expand(H, W, half)
    rows = row_embed[:H, None].expand(H, W, half)
    return torch.cat((columns, rows), dim=-1).flatten(0, 1)[:, None]


# %% style="two loops"
def position_map(row_embed, col_embed, H, W):
    tokens = []
    for y in range(H):
        for x in range(W):
            tokens.append(torch.cat([col_embed[x], row_embed[y]]))
    return torch.stack(tokens).unsqueeze(1)


# %% style="an empty map that is filled"
def position_map(row_embed, col_embed, H, W):
    half = col_embed.size(-1)
    pos = col_embed.new_empty(H, W, 2 * half)
    pos[:, :, :half] = col_embed[:W]
    pos[:, :, half:] = row_embed[:H].unsqueeze(1)
    return pos.reshape(-1, 1, 2 * half)


# %% style="cartesian product of indices"
def position_map(row_embed, col_embed, H, W):
    y, x = torch.cartesian_prod(torch.arange(H), torch.arange(W)).T
    return torch.stack([col_embed[x], row_embed[y]], dim=1).reshape(H * W, 1, -1)


# %% style="meshgrid"
def position_map(row_embed, col_embed, H, W):
    x, y = np.meshgrid(np.arange(W), np.arange(H))
    return torch.concat([col_embed[x], row_embed[y]], axis=2).view(H * W, 1, -1)
