# %% style="as the official code"
def post_norm_decoder_layer(parts, tgt, memory, padding, pos, query_pos):
    q = k = tgt + query_pos
    tgt2 = parts.self_attn(q, k, value=tgt, attn_mask=None, key_padding_mask=None)[0]
    tgt = tgt + tgt2
    tgt = parts.norm1(tgt)
    tgt2 = parts.multihead_attn(
        query=tgt + query_pos, key=memory + pos, value=memory, attn_mask=None, key_padding_mask=padding
    )[0]
    tgt = tgt + tgt2
    tgt = parts.norm2(tgt)
    tgt2 = parts.linear2(F.relu(parts.linear1(tgt)))
    tgt = tgt + tgt2
    return parts.norm3(tgt)


# %% style="a name for every tensor"
def post_norm_decoder_layer(parts, tgt, memory, padding, pos, query_pos):
    who = query_pos + tgt
    exchanged, _ = parts.self_attn(who, who, tgt, need_weights=False)
    first = parts.norm1(torch.add(tgt, exchanged))
    fetched, _ = parts.multihead_attn(first + query_pos, pos + memory, memory, padding)
    second = parts.norm2(torch.add(first, fetched))
    return parts.norm3(second + parts.linear2(torch.relu(parts.linear1(second))))


# %% style="a list of three changes"
def post_norm_decoder_layer(parts, tgt, memory, padding, pos, query_pos):
    changes = [
        lambda x: parts.self_attn(query=x + query_pos, key=x + query_pos, value=x)[0],
        lambda x: parts.multihead_attn(x + query_pos, memory + pos, memory, key_padding_mask=padding)[0],
        nn.Sequential(parts.linear1, nn.ReLU(), parts.linear2),
    ]
    for change, norm in zip(changes, (parts.norm1, parts.norm2, parts.norm3)):
        tgt = norm(tgt + change(tgt))
    return tgt
