# %% style="slices, view and the formula"
def project(query, key, value, w):
    D = query.shape[-1]
    W, b = w["in_proj_weight"], w["in_proj_bias"]
    q = query @ W[:D].T + b[:D]
    k = key @ W[D : 2 * D].T + b[D : 2 * D]
    v = value @ W[2 * D :].T + b[2 * D :]
    return q, k, v


def split_heads(x, M):
    B, S, D = x.size()
    return x.contiguous().view(B, S, M, -1).permute(0, 2, 1, 3)


def merge_heads(x):
    B, M, S, d = x.size()
    return x.permute(0, 2, 1, 3).reshape(B, S, M * d)


def multi_head_attention(query, key, value, w, M):
    q, k, v = project(query, key, value, w)
    q, k, v = split_heads(q, M), split_heads(k, M), split_heads(v, M)
    weights = torch.softmax(q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1]), dim=-1)
    return merge_heads(weights @ v) @ w["out_proj.weight"].T + w["out_proj.bias"]


# %% style="einops and linear layers"
from einops import rearrange


def project(query, key, value, w):
    layers = []
    for weight, bias in zip(w["in_proj_weight"].chunk(3), w["in_proj_bias"].chunk(3)):
        layer = nn.Linear(*weight.T.shape)
        layer.weight.data, layer.bias.data = weight, bias
        layers.append(layer)
    return [layer(x) for layer, x in zip(layers, (query, key, value))]


def split_heads(x, M):
    return rearrange(x, "b s (m d) -> b m s d", m=M)


def merge_heads(x):
    return rearrange(x, "b m s d -> b s (m d)")


def multi_head_attention(query, key, value, w, M):
    heads = F.scaled_dot_product_attention(*(rearrange(x, "b s (m d) -> b m s d", m=M) for x in project(query, key, value, w)))
    return F.linear(rearrange(heads, "b m s d -> b s (m d)"), w["out_proj.weight"], w["out_proj.bias"])


# %% style="a loop over the heads"
def project(query, key, value, w):
    weight, bias = w["in_proj_weight"].unflatten(0, (3, -1)), w["in_proj_bias"].unflatten(0, (3, -1))
    return tuple(torch.einsum("bsd,ed->bse", x, weight[i]) + bias[i] for i, x in enumerate((query, key, value)))


def split_heads(x, M):
    return torch.stack(x.chunk(M, dim=-1), dim=1)


def merge_heads(x):
    return torch.cat(x.unbind(1), dim=-1)


def multi_head_attention(query, key, value, w, M):
    q, k, v = project(query, key, value, w)
    d = q.shape[-1] // M
    total = w["out_proj.bias"]
    for head in range(M):
        own = slice(head * d, (head + 1) * d)
        scores = q[..., own] @ k[..., own].mT / d**0.5
        total = total + scores.softmax(-1) @ v[..., own] @ w["out_proj.weight"][:, own].T
    return total
