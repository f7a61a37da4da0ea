# %% style="without weights, gather"
def text_block(layers, x, mask):
    normed = layers.ln_1(x)
    x = x + layers.attn(normed, normed, normed, attn_mask=mask, need_weights=False)[0]
    return x + layers.mlp(layers.ln_2(x))


def read(tower, tokens, mask):
    positions = torch.arange(tokens.size(1))
    x = tower.token_embedding(tokens) + tower.positional_embedding[positions].unsqueeze(0)
    for i in range(len(tower.blocks)):
        x = tower.blocks[i](x, mask)
    return tower.ln_final(x)


def at_end(x, tokens, end):
    place = tokens.argmax(dim=-1)  # the end has the largest id
    return x.gather(1, place[:, None, None].expand(-1, 1, x.shape[2])).squeeze(1)


# %% style="attention from its matrices, a mask of places"
def text_block(layers, x, mask):
    attn, y = layers.attn, layers.ln_1(x)
    q, k, v = F.linear(y, attn.in_proj_weight, attn.in_proj_bias).chunk(3, dim=-1)
    q, k, v = (each.unflatten(-1, (attn.num_heads, -1)).transpose(1, 2) for each in (q, k, v))
    weights = (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1]) + mask).softmax(-1)
    x = x + attn.out_proj((weights @ v).transpose(1, 2).flatten(2))
    x = x + layers.mlp(layers.ln_2(x))
    return x


def read(tower, tokens, mask):
    table = tower.positional_embedding[: len(mask)]
    x = F.embedding(tokens, tower.token_embedding.weight) + table
    from functools import reduce

    return tower.ln_final(reduce(lambda x, block: block(x, mask=mask), tower.blocks, x))


def at_end(x, tokens, end):
    return x[tokens == end]


# %% style="sums, a loop over texts"
def text_block(layers, x, mask):
    residual = layers.attn(*[layers.ln_1(x)] * 3, attn_mask=mask)[0]
    after = torch.add(x, residual)
    return torch.stack([after, layers.mlp(layers.ln_2(after))]).sum(0)


def read(tower, tokens, mask):
    B, T = tokens.shape
    rows = [tower.token_embedding(text) + tower.positional_embedding[:T] for text in tokens]
    x = torch.stack(rows)
    for block in tower.blocks:
        x = block(x, mask)
    mean, variance = x.mean(-1, keepdim=True), x.var(-1, unbiased=False, keepdim=True)
    return (x - mean) / (variance + tower.ln_final.eps).sqrt() * tower.ln_final.weight + tower.ln_final.bias


def at_end(x, tokens, end):
    features = []
    for text, ids in zip(x, tokens.tolist()):
        features.append(text[ids.index(end)])
    return torch.stack(features)
