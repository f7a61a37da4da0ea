# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 6 · The encoder layer · 4 points · 20 min · ●●●○○
# **You will be able to** write an encoder layer of DETR in both orders of normalisation.
#
# First its second half, the feed-forward network: two linear layers with a ReLU between them, applied to each token by
# itself. The paper calls them 1 × 1 convolutions (A.1), and so they are: a convolution over one cell sees no other
# cell.

# %%
def show_feed_forward():
    generator = torch.Generator().manual_seed(6)
    image = torch.randn(2, 256, 7, 11, generator=generator)  # (B, D, H, W)
    linear, conv = nn.Linear(256, 2048), nn.Conv2d(256, 2048, kernel_size=1)
    conv.load_state_dict({"weight": linear.weight[:, :, None, None], "bias": linear.bias})
    tokens = image.flatten(2).transpose(1, 2)  # (B, S, D)
    difference = linear(tokens) - conv(image).flatten(2).transpose(1, 2)
    print(f"linear on tokens, 1 x 1 convolution on the map: largest difference {difference.abs().max():.0e}")


show_feed_forward()

# %% [markdown]
# The parts of a layer are handed over as `parts`, under their official names: `self_attn` (an `nn.MultiheadAttention`),
# `linear1`, `linear2`, `norm1`, `norm2`. Call `parts.self_attn(query, key, value, key_padding_mask=padding)` once and
# as a whole: it returns the pair (output, weights), and the check looks at what it is given.
#
# **Post-norm**, as DETR was trained (figure 10 of A.3; Vaswani et al. 2017): add, then normalise.
#
# $$x_1 = \mathrm{norm}_1\big(x + \mathrm{attn}(x + \mathrm{pos},\; x + \mathrm{pos},\; x)\big), \qquad
# x_2 = \mathrm{norm}_2\big(x_1 + \mathrm{ffn}(x_1)\big)$$
#
# **Pre-norm**, a choice of the official code (`pre_norm`): normalise what goes into each half, and add to what has not
# been normalised.
#
# $$\bar x = \mathrm{norm}_1(x), \quad x_1 = x + \mathrm{attn}(\bar x + \mathrm{pos},\; \bar x + \mathrm{pos},\; \bar x), \quad
# x_2 = x_1 + \mathrm{ffn}(\mathrm{norm}_2(x_1))$$
#
# **Positions are added to queries and keys only**, in every layer anew: weights depend on where cells lie, what is
# fetched does not.
#
# *Example.* A token $x = (1, 3)$, attention gives $(2, -2)$. The sum is $(3, 1)$; normalised, with weights 1 and biases
# 0, it is $(1, -1)$. In pre-norm $x_1$ stays $(3, 1)$.
#
# The library's and torch's encoder layers may not be used.

# %% exercise="encoder_layer" forbids="detrlab.detr.transformer.TransformerEncoderLayer, detrlab.detr.transformer.TransformerEncoderLayer.forward, torch.nn.TransformerEncoderLayer, torch.nn.TransformerEncoderLayer.forward, torch.nn.TransformerEncoderLayer._ff_block, torch.nn.Transformer, torchvision.models.vision_transformer.EncoderBlock.forward, torchvision.models.swin_transformer.SwinTransformerBlock.forward"
def post_norm_layer(parts, src, pos, padding):
    """(B, S, D) of src (B, S, D), pos (B, S, D), padding (B, S), True on padding; norms after the sums."""
    ### BEGIN SOLUTION
    q = k = src + pos
    attended = parts.self_attn(q, k, src, key_padding_mask=padding)[0]
    middle = parts.norm1(src + attended)
    fed = parts.linear2(F.relu(parts.linear1(middle)))
    return parts.norm2(middle + fed)
    ### END SOLUTION


def pre_norm_layer(parts, src, pos, padding):
    """The same, with norms before attention and feed-forward network."""
    ### BEGIN SOLUTION
    normed = parts.norm1(src)
    query = key = normed + pos
    fetched = parts.self_attn(query, key, normed, key_padding_mask=padding)[0]
    summed = src + fetched
    return summed + parts.linear2(F.relu(parts.linear1(parts.norm2(summed))))
    ### END SOLUTION

# %% check="encoder_layer" points=4
@check(parts={"1. post-norm": 2, "2. pre-norm": 2})
def encoder_layer(draw):
    B, S = draw.letters("B S", 2, 5)
    D = 2 * draw.size(3, 7)
    draw.name(D=D)
    parts = draw.fill(LayerParts(D, 2, 2 * D + 1), scale=2).eval()
    padding = torch.zeros(B, S, dtype=torch.bool)
    padding[:, -1] = True
    padding[draw.integer(0, B - 1), -1] = False

    def ask(layer):
        src, pos = draw.normal(B, S, D).requires_grad_(), draw.normal(B, S, D)
        mine = src * 1  # as the layer before gives it
        with attention_gives(parts.self_attn, draw.normal(B, S, D)) as given:
            result = attempted(lambda: layer(parts, mine, pos, padding))
        if getattr(result, "is_open", False):
            return result  # the blank
        result = or_not_called(result, "parts.self_attn", given)
        return {"attention is given": noted(given, result, "query", "key", "value", "key_padding_mask"),
                "result": told(lambda: result), "src is left as it was": mine.equal(src)}

    return {"1. post-norm": attempted(lambda: ask(post_norm_layer)),
            "2. pre-norm": attempted(lambda: ask(pre_norm_layer))}


# %% [raw] hints="encoder_layer"
# 1. Each half of a layer computes a change and adds it to what came in. Where the norm stands is all that differs
#    between the two: on the sum, or on what the half is given.
# 2. Attention gets three tensors: query and key with positions, the value without. `[0]` of what it returns is the
#    output. The feed-forward network is `parts.linear2(F.relu(parts.linear1(x)))`.
# 3. Post-norm: `parts.norm1(src + attended)`, then `parts.norm2(... + fed)`. Pre-norm: query and key are
#    `parts.norm1(src) + pos`, the sums begin with `src` and with the first sum, and the last line has no norm around
#    it.

# %% [raw] mistake="encoder_layer/post_positions_in_value"
# Post-norm: the value has positions. They are for query and key only, so that what is fetched does not say where it
# was.
# ---
# - attended = parts.self_attn(q, k, src, key_padding_mask=padding)[0]
# + attended = parts.self_attn(q, k, q, key_padding_mask=padding)[0]

# %% [raw] mistake="encoder_layer/post_no_positions"
# Post-norm: there are no positions in query and key, so the layer cannot tell one order of the cells from another.
# ---
# - q = k = src + pos
# + q = k = src

# %% [raw] mistake="encoder_layer/post_query_only"
# Post-norm: the key has no positions. "Near" can be asked only if both sides say where they are: add them to query and
# key.
# ---
# - attended = parts.self_attn(q, k, src, key_padding_mask=padding)[0]
# + attended = parts.self_attn(q, src, src, key_padding_mask=padding)[0]

# %% [raw] mistake="encoder_layer/post_positions_kept"
# Post-norm: the positions were added to src itself, so they are in the value and in the sum as well. Make query and key
# of the sum, and keep src.
# ---
# - q = k = src + pos
# + src = src + pos
# + q = k = src

# %% [raw] mistake="encoder_layer/post_no_mask"
# Post-norm: the padding mask was not passed on, so cells look at padding. Pass key_padding_mask=padding.
# ---
# - attended = parts.self_attn(q, k, src, key_padding_mask=padding)[0]
# + attended = parts.self_attn(q, k, src)[0]

# %% [raw] mistake="encoder_layer/post_not_called"
# Post-norm: parts.self_attn was not called (its `forward` called by hand does not count): the check looks at what it is
# given.
# ---
# - attended = parts.self_attn(q, k, src, key_padding_mask=padding)[0]
# + attended = parts.self_attn.forward(q, k, src, key_padding_mask=padding)[0]

# %% [raw] mistake="encoder_layer/post_no_residual"
# Post-norm: what attention gives replaces the token. It is a change, to be added to src before the norm.
# ---
# - middle = parts.norm1(src + attended)
# + middle = parts.norm1(attended)

# %% [raw] mistake="encoder_layer/post_norm_of_the_change"
# Post-norm: only the change was normalised. The norm stands around the sum.
# ---
# - middle = parts.norm1(src + attended)
# + middle = src + parts.norm1(attended)

# %% [raw] mistake="encoder_layer/post_norms_exchanged"
# Post-norm: norm1 and norm2 changed places. The first half has norm1; with trained weights the two differ.
# ---
# - middle = parts.norm1(src + attended)
# + middle = parts.norm2(src + attended)
# - return parts.norm2(middle + fed)
# + return parts.norm1(middle + fed)

# %% [raw] mistake="encoder_layer/post_no_relu"
# Post-norm: there is no ReLU between the two linear layers, so together they are one linear layer.
# ---
# - fed = parts.linear2(F.relu(parts.linear1(middle)))
# + fed = parts.linear2(parts.linear1(middle))

# %% [raw] mistake="encoder_layer/post_relu_at_the_end"
# Post-norm: the ReLU stands behind the second linear layer. It belongs between the two.
# ---
# - fed = parts.linear2(F.relu(parts.linear1(middle)))
# + fed = F.relu(parts.linear2(parts.linear1(middle)))

# %% [raw] mistake="encoder_layer/post_second_sum_from_src"
# Post-norm: the second sum begins with src, so what attention gave is lost. It begins with the first half's result.
# ---
# - return parts.norm2(middle + fed)
# + return parts.norm2(src + fed)

# %% [raw] mistake="encoder_layer/post_no_second_residual"
# Post-norm: what the feed-forward network gives replaces the token. Add it to what went in.
# ---
# - return parts.norm2(middle + fed)
# + return parts.norm2(fed)

# %% [raw] mistake="encoder_layer/pre_positions_normalised"
# Pre-norm: the positions were added before the norm, so they are normalised, and in the value. Normalise src, then add
# positions for query and key.
# ---
# - normed = parts.norm1(src)
# - query = key = normed + pos
# + normed = parts.norm1(src + pos)
# + query = key = normed

# %% [raw] mistake="encoder_layer/pre_positions_in_value"
# Pre-norm: the value has positions. They are for query and key only.
# ---
# - fetched = parts.self_attn(query, key, normed, key_padding_mask=padding)[0]
# + fetched = parts.self_attn(query, key, query, key_padding_mask=padding)[0]

# %% [raw] mistake="encoder_layer/pre_value_not_normalised"
# Pre-norm: the value is src itself. All that goes into attention is normalised first.
# ---
# - fetched = parts.self_attn(query, key, normed, key_padding_mask=padding)[0]
# + fetched = parts.self_attn(query, key, src, key_padding_mask=padding)[0]

# %% [raw] mistake="encoder_layer/pre_sum_from_normed"
# Pre-norm: the first sum begins with the normalised tokens. It begins with src, so that something comes through all
# layers that no norm has touched.
# ---
# - summed = src + fetched
# + summed = normed + fetched

# %% [raw] mistake="encoder_layer/pre_no_mask"
# Pre-norm: the padding mask was not passed on, so cells look at padding. Pass key_padding_mask=padding.
# ---
# - fetched = parts.self_attn(query, key, normed, key_padding_mask=padding)[0]
# + fetched = parts.self_attn(query, key, normed)[0]

# %% [raw] mistake="encoder_layer/pre_not_called"
# Pre-norm: parts.self_attn was not called (its `forward` called by hand does not count): the check looks at what it is
# given.
# ---
# - fetched = parts.self_attn(query, key, normed, key_padding_mask=padding)[0]
# + fetched = parts.self_attn.forward(query, key, normed, key_padding_mask=padding)[0]

# %% [raw] mistake="encoder_layer/pre_no_second_norm"
# Pre-norm: the feed-forward network is given the sum as it is. norm2 comes first.
# ---
# - return summed + parts.linear2(F.relu(parts.linear1(parts.norm2(summed))))
# + return summed + parts.linear2(F.relu(parts.linear1(summed)))

# %% [raw] mistake="encoder_layer/pre_norm_at_the_end"
# Pre-norm: norm2 stands around the last sum, as in post-norm. Here it stands before the feed-forward network.
# ---
# - return summed + parts.linear2(F.relu(parts.linear1(parts.norm2(summed))))
# + return parts.norm2(summed + parts.linear2(F.relu(parts.linear1(summed))))

# %% [markdown]
# **Against the library.** The encoder of the shapes model, layer by layer through your `post_norm_layer`.

# %%
def show_encoder():
    encoder = load_model("shapes").transformer.encoder
    torch.manual_seed(6)
    src, pos, padding = torch.randn(2, 70, 128), torch.randn(2, 70, 128), torch.zeros(2, 70, dtype=torch.bool)
    padding[1, 50:] = True
    with torch.no_grad():
        expected, mine = src, src
        for number, layer in enumerate(encoder.layers):
            expected, mine = layer(expected, padding, pos), post_norm_layer(layer, mine, pos, padding)
            print(f"layer {number}: largest difference {(mine - expected).abs().max():.1e}")


attempt(show_encoder, after="encoder_layer")
