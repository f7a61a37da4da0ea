# %% style="repeat and named steps"
def tokens_of(patches, class_token, positions):
    B = patches.size(0)
    x = torch.cat((class_token.repeat(B, 1, 1), patches), dim=1)
    x = x + positions.repeat(B, 1, 1)
    return x


def block(x, norm1, attn, norm2, mlp):
    normed = norm1(x)
    attended, _ = attn(query=normed, key=normed, value=normed, need_weights=False)
    after_attention = x + attended
    return after_attention + mlp(norm2(after_attention))


# %% style="copies, changed in place"
def tokens_of(patches, class_token, positions):
    B, S, D = patches.shape
    x = patches.new_empty(B, 1 + S, D)
    x[:, :1] = class_token
    x[:, 1:] = patches
    x += positions
    return x


def block(x, norm1, attn, norm2, mlp):
    y, left = norm1(x), x.clone()
    left += attn(y, y, y, average_attn_weights=False)[0]
    y, left = norm2(left), left.clone()
    left += mlp(y)
    return left


# %% style="attention by hand"
def tokens_of(patches, class_token, positions):
    with_positions = patches + positions[:, 1:]
    first = (class_token + positions[:, :1]).squeeze(0)
    return torch.stack([torch.cat([first, each]) for each in with_positions])


def block(x, norm1, attn, norm2, mlp):
    B, N, D = x.shape
    M = attn.num_heads
    q, k, v = F.linear(norm1(x), attn.in_proj_weight, attn.in_proj_bias).view(B, N, 3, M, D // M).permute(2, 0, 3, 1, 4)
    weights = (q @ k.transpose(-1, -2) / math.sqrt(D // M)).softmax(-1)  # (B, M, N, N)
    x = attn.out_proj((weights @ v).transpose(1, 2).reshape(B, N, D)).add(x)
    return torch.add(mlp(norm2(x)), x)
