# %% style="by keyword, as the official code"
def post_norm_layer(parts, src, pos, padding):
    q = k = src + pos
    src2 = parts.self_attn(q, k, value=src, attn_mask=None, key_padding_mask=padding)[0]
    src = src + src2
    src = parts.norm1(src)
    src2 = parts.linear2(F.relu(parts.linear1(src)))
    src = src + src2
    src = parts.norm2(src)
    return src


def pre_norm_layer(parts, src, pos, padding):
    src2 = parts.norm1(src)
    q = k = src2 + pos
    src2 = parts.self_attn(q, k, value=src2, attn_mask=None, key_padding_mask=padding)[0]
    src = src + src2
    src2 = parts.norm2(src)
    src2 = parts.linear2(F.relu(parts.linear1(src2)))
    src = src + src2
    return src


# %% style="two helpers, without weights"
def attend(parts, x, pos, padding):
    output, _ = parts.self_attn(query=x + pos, key=pos + x, value=x, key_padding_mask=padding, need_weights=False)
    return output


def feed(parts, x):
    return nn.Sequential(parts.linear1, nn.ReLU(), parts.linear2)(x)


def post_norm_layer(parts, src, pos, padding):
    x = parts.norm1(src + attend(parts, src, pos, padding))
    return parts.norm2(x + feed(parts, x))


def pre_norm_layer(parts, src, pos, padding):
    x = src + attend(parts, parts.norm1(src), pos, padding)
    return x + feed(parts, parts.norm2(x))


# %% style="one function for both orders"
def either(parts, x, pos, padding, first):
    def halves():
        yield parts.norm1, lambda y: parts.self_attn(torch.add(y, pos), torch.add(y, pos), y, padding)[0]
        yield parts.norm2, lambda y: F.linear(parts.linear1(y).clamp(min=0), parts.linear2.weight, parts.linear2.bias)

    for norm, change in halves():
        x = x + change(norm(x)) if first else norm(x + change(x))
    return x


def post_norm_layer(parts, src, pos, padding):
    return either(parts, src, pos, padding, first=False)


def pre_norm_layer(parts, src, pos, padding):
    return either(parts, src, pos, padding, first=True)
