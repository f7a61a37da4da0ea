# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 2 · Many heads · 4 points · 22 min · ●●●●○
# **You will be able to** write `nn.MultiheadAttention` from matrix products, so that it loads the official weights.
#
# Each of M heads attends for itself in $d = D / M$ channels of its own. Around the attention stand four linear layers:
# one each for q, k and v, and one behind the heads. The weights are those of torch, in a dict `w` (its `state_dict`):
#
# | `w[...]` | shape | |
# |---|---|---|
# | `"in_proj_weight"` | (3D, D) | three matrices (D, D), one below the other: for q, for k, for v |
# | `"in_proj_bias"` | (3D,) | their biases, in the same order |
# | `"out_proj.weight"`, `"out_proj.bias"` | (D, D), (D,) | behind the heads |
#
# A linear layer is $x\,W^\top + b$, which is `F.linear(x, W, b)`. Write four functions:
#
# 1. `project(query, key, value, w)`: q (B, Q, D), k and v (B, S, D).
# 2. `split_heads(x, M)`: (B, S, D) → (B, M, S, d). Head 0 has the first d channels of every token, head 1 the next d.
# 3. `merge_heads(x)`: the way back, (B, M, S, d) → (B, S, D).
# 4. `multi_head_attention(query, key, value, w, M)`: all of it, (B, Q, D). Between splitting and merging call your
#    `attention` of step 1, or torch's `F.scaled_dot_product_attention(q, k, v)`, which returns the output alone.
#
# *Example.* $M = 2$, $D = 4$: the two tokens `[1, 2, 3, 4]` and `[5, 6, 7, 8]` become head 0 with `[1, 2]`, `[5, 6]`
# and head 1 with `[3, 4]`, `[7, 8]`.
#
# `nn.MultiheadAttention` and `F.multi_head_attention_forward` may not be used, and neither may layers that hold one.

# %% exercise="multi_head" forbids="torch.nn.MultiheadAttention, torch.nn.functional.multi_head_attention_forward, torch.nn.TransformerEncoderLayer, torch.nn.TransformerDecoderLayer, torch.nn.Transformer, torch.nn.functional._in_projection_packed, torch.nn.functional._in_projection"
def project(query, key, value, w):
    """q (B, Q, D), k (B, S, D), v (B, S, D) of query (B, Q, D), key (B, S, D), value (B, S, D)."""
    ### BEGIN SOLUTION
    q_weight, k_weight, v_weight = w["in_proj_weight"].chunk(3)  # (D, D) each
    q_bias, k_bias, v_bias = w["in_proj_bias"].chunk(3)  # (D,) each
    return F.linear(query, q_weight, q_bias), F.linear(key, k_weight, k_bias), F.linear(value, v_weight, v_bias)
    ### END SOLUTION


def split_heads(x, M):
    """(B, S, D) -> (B, M, S, d) with d = D / M."""
    ### BEGIN SOLUTION
    B, S, D = x.shape
    return x.reshape(B, S, M, D // M).transpose(1, 2)
    ### END SOLUTION


def merge_heads(x):
    """(B, M, S, d) -> (B, S, D) with D = M * d."""
    ### BEGIN SOLUTION
    return x.transpose(1, 2).flatten(2)
    ### END SOLUTION


def multi_head_attention(query, key, value, w, M):
    """Multi-head attention of query (B, Q, D) to key and value (B, S, D): (B, Q, D)."""
    ### BEGIN SOLUTION
    q, k, v = (split_heads(x, M) for x in project(query, key, value, w))  # (B, M, Q or S, d)
    heads = F.scaled_dot_product_attention(q, k, v)  # (B, M, Q, d)
    return F.linear(merge_heads(heads), w["out_proj.weight"], w["out_proj.bias"])  # (B, Q, D)
    ### END SOLUTION

# %% check="multi_head" points=4
@check(parts={"1. project": 1, "2. split_heads": 1, "3. merge_heads": 1, "4. multi_head_attention": 1})
def multi_head(draw):
    B, M, Q, S, d = draw.letters("B M Q S d", 2, 11)
    D = M * d
    draw.name(D=D)
    w = {"in_proj_weight": draw.normal(3 * D, D) / D**0.5, "in_proj_bias": draw.normal(3 * D),
         "out_proj.weight": draw.normal(D, D) / D**0.5, "out_proj.bias": draw.normal(D)}
    query, key, value = (draw.normal(B, length, D).requires_grad_() for length in (Q, S, S))

    def projected(i):
        return told(lambda: [*project(query, key, value, w)][i])

    heads = draw.normal(B, M, S, d).requires_grad_()
    return {"1. project": {"q": projected(0), "k": projected(1), "v": projected(2)},
            "2. split_heads": told(lambda: split_heads(key, M)),
            "3. merge_heads": told(lambda: merge_heads(heads)),
            "4. multi_head_attention": told(lambda: multi_head_attention(query, key, value, w, M))}


# %% [raw] hints="multi_head"
# 1. The channels of a token are d for head 0, then d for head 1, and so on: so the last axis splits into (M, d). The
#    attention multiplies the last two axes, so the heads have to stand before the tokens.
# 2. `chunk(3)` cuts a tensor into three along its first axis. `reshape(B, S, M, D // M)` splits an axis,
#    `transpose(1, 2)` swaps two; the way back does the same in the opposite order, `flatten(2)` joins the last two axes.
# 3. Projecting, for instance, is `F.linear(query, q_weight, q_bias)`. At the end `F.linear(merge_heads(heads), ...)`
#    with the two tensors that stand behind the heads.

# %% [raw] mistake="multi_head/read_as_k_q_v"
# The first third of the packed weights was taken for the keys. Torch packs them as q, k, v.
# ---
# - q_weight, k_weight, v_weight = w["in_proj_weight"].chunk(3)  # (D, D) each
# - q_bias, k_bias, v_bias = w["in_proj_bias"].chunk(3)  # (D,) each
# + k_weight, q_weight, v_weight = w["in_proj_weight"].chunk(3)
# + k_bias, q_bias, v_bias = w["in_proj_bias"].chunk(3)

# %% [raw] mistake="multi_head/read_as_v_k_q"
# The packed weights were read from the end: v, k, q. Torch packs them as q, k, v.
# ---
# - q_weight, k_weight, v_weight = w["in_proj_weight"].chunk(3)  # (D, D) each
# - q_bias, k_bias, v_bias = w["in_proj_bias"].chunk(3)  # (D,) each
# + v_weight, k_weight, q_weight = w["in_proj_weight"].chunk(3)
# + v_bias, k_bias, q_bias = w["in_proj_bias"].chunk(3)

# %% [raw] mistake="multi_head/not_turned"
# The input was multiplied by W itself. A linear layer computes x·Wᵀ + b: its weight is (out, in), so it is turned.
# ---
# - return F.linear(query, q_weight, q_bias), F.linear(key, k_weight, k_bias), F.linear(value, v_weight, v_bias)
# + return query @ q_weight + q_bias, key @ k_weight + k_bias, value @ v_weight + v_bias

# %% [raw] mistake="multi_head/no_biases"
# The biases of q, k and v are missing. They stand in w["in_proj_bias"].
# ---
# - return F.linear(query, q_weight, q_bias), F.linear(key, k_weight, k_bias), F.linear(value, v_weight, v_bias)
# + return F.linear(query, q_weight), F.linear(key, k_weight), F.linear(value, v_weight)

# %% [raw] mistake="multi_head/value_from_key"
# The values were made from `key`. In DETR the two differ: positions are added to the keys, not to the values.
# ---
# - return F.linear(query, q_weight, q_bias), F.linear(key, k_weight, k_bias), F.linear(value, v_weight, v_bias)
# + return F.linear(query, q_weight, q_bias), F.linear(key, k_weight, k_bias), F.linear(key, v_weight, v_bias)

# %% [raw] mistake="multi_head/all_from_query"
# q, k and v were all made from `query`. Keys and values have inputs of their own; in the decoder these are the image.
# ---
# - return F.linear(query, q_weight, q_bias), F.linear(key, k_weight, k_bias), F.linear(value, v_weight, v_bias)
# + return F.linear(query, q_weight, q_bias), F.linear(query, k_weight, k_bias), F.linear(query, v_weight, v_bias)

# %% [raw] mistake="multi_head/split_without_moving"
# The heads were split by a reshape to (B, M, S, d) alone. That keeps the order of the numbers, so "head 0" holds the
# first tokens, not the first channels. Split the last axis, then swap two axes.
# ---
# - return x.reshape(B, S, M, D // M).transpose(1, 2)
# + return x.reshape(B, M, S, D // M)

# %% [raw] mistake="multi_head/split_every_mth"
# Head 0 got every M-th channel. It has the first d channels: the last axis splits into (M, d), in this order.
# ---
# - return x.reshape(B, S, M, D // M).transpose(1, 2)
# + return x.reshape(B, S, D // M, M).permute(0, 3, 1, 2)

# %% [raw] mistake="multi_head/tokens_before_heads"
# The split tensor is (B, S, M, d). Attention multiplies the last two axes, so the heads have to stand before the
# tokens: here the heads of one token would attend to each other.
# ---
# - return x.reshape(B, S, M, D // M).transpose(1, 2)
# + return x.reshape(B, S, M, D // M)

# %% [raw] mistake="multi_head/merged_without_moving"
# The heads were merged by a reshape alone. That keeps the order of the numbers, so a "token" holds one head of many
# tokens. Move the tokens back before the heads first.
# ---
# - return x.transpose(1, 2).flatten(2)
# + return x.reshape(x.shape[0], x.shape[2], -1)

# %% [raw] mistake="multi_head/merged_every_mth"
# The channels of the heads were interleaved: first the first channel of every head. Put the heads behind one another,
# all d channels of head 0 first.
# ---
# - return x.transpose(1, 2).flatten(2)
# + return x.permute(0, 2, 3, 1).flatten(2)

# %% [raw] mistake="multi_head/heads_averaged"
# The heads were averaged, so only d channels are left. They are put side by side: D = M·d.
# ---
# - return x.transpose(1, 2).flatten(2)
# + return x.mean(1)

# %% [raw] mistake="multi_head/no_output_layer"
# The last linear layer, out_proj, is missing. It mixes what the heads have fetched.
# ---
# - return F.linear(merge_heads(heads), w["out_proj.weight"], w["out_proj.bias"])  # (B, Q, D)
# + return merge_heads(heads)

# %% [raw] mistake="multi_head/output_bias_missing"
# The bias of out_proj is missing.
# ---
# - return F.linear(merge_heads(heads), w["out_proj.weight"], w["out_proj.bias"])  # (B, Q, D)
# + return F.linear(merge_heads(heads), w["out_proj.weight"])

# %% [raw] mistake="multi_head/one_wide_head"
# `attention` was called on the whole width, without heads: one head of D channels instead of M heads of d.
# ---
# - q, k, v = (split_heads(x, M) for x in project(query, key, value, w))  # (B, M, Q or S, d)
# + q, k, v = (split_heads(x, 1) for x in project(query, key, value, w))

# %% [markdown]
# **Three forms, one function.** The same weights, in torch's module, in your functions with torch's attention inside,
# and with yours inside. They differ by rounding only.

# %%
def show_three_forms():
    torch.manual_seed(2)
    module = nn.MultiheadAttention(256, 8, batch_first=True).eval()
    nn.init.normal_(module.in_proj_bias)
    w = module.state_dict()
    query, image = torch.randn(1, 100, 256), torch.randn(1, 850, 256)
    q, k, v = (split_heads(x, 8) for x in project(query, image, image, w))
    out = {"nn.MultiheadAttention": module(query, image, image)[0],
           "F.scaled_dot_product_attention": F.scaled_dot_product_attention(q, k, v),
           "your attention": attention(q, k, v)[0]}
    for name, heads in list(out.items())[1:]:
        whole = F.linear(merge_heads(heads), w["out_proj.weight"], w["out_proj.bias"])
        difference = (whole - out["nn.MultiheadAttention"]).abs().max().item()
        print(f"{name:32} differs from nn.MultiheadAttention by at most {difference:.0e}")


attempt(show_three_forms, after=("scaled_attention", "multi_head"))

# %% [markdown]
# **Why `output[1]` can be None.** A module `nn.MultiheadAttention` returns two things, its output and its weights, mean
# of the heads. Torch's own encoder layer calls it with `need_weights=False`, since without weights it may use a faster
# form; then the second one is None. A hook that reads `output[1]`, as in 01_detr, finds weights only in a layer that
# asks for them.

# %%
def show_need_weights():
    x = torch.randn(1, 5, 8)
    layers = {"nn.TransformerEncoderLayer": nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
              "the course's TransformerEncoderLayer": TransformerEncoderLayer(8, 2, 16, 0.0)}
    for name, layer in layers.items():
        seen = []
        layer.self_attn.register_forward_hook(lambda module, args, output, seen=seen: seen.append(output[1]))
        layer(x) if name.startswith("nn") else layer(x, None, torch.zeros_like(x))
        print(f"{name:38} output[1]: {'None' if seen[0] is None else tuple(seen[0].shape)}")


show_need_weights()
