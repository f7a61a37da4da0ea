# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 9 · Tokens in, objects out · 2 points · 10 min · ●●●●○
# **You will be able to** feed a feature map to a transformer, and object queries with it.
#
# Four lines:
#
# 1. **The encoder's input.** The map $h$ (B, D, H, W) becomes a sequence (S, B, D): flatten the two spatial axes into one,
#    then *move* the axes to the order token, picture, channel. Scale it by 0.1 and add the positions:
#    $\;\mathrm{src} = \mathrm{pos} + 0.1 \cdot \mathrm{tokens}(h)$. The factor belongs to the short DETR, not to the paper:
#    it keeps the features from drowning the positions.
# 2. **The decoder's input.** The queries (Q, D), the same ones for every picture: (Q, B, D).
# 3. **The transformer**: it takes the encoder's input, then the decoder's, and gives (Q, B, D). Call it once, for all
#    pictures together (or its `encoder` and then its `decoder`, as a whole): the check looks at what they are given.
# 4. **The result** with the batch first: (B, Q, D).
#
# *Example.* Moving axes is not reshaping. Take one picture with $D = 2$ channels and three cells: $h$ flattened is
# `[[a1, a2, a3], [b1, b2, b3]]`, one row per channel. Its tokens are `[a1, b1]`, `[a2, b2]`, `[a3, b3]`, the channels of
# one cell together. `reshape(3, 2)` would give `[a1, a2]`, `[a3, b1]`, `[b2, b3]`: same shape, nonsense.
#
# | | the paper (section 3.2, A.3) | the short DETR |
# |---|---|---|
# | positions | added to queries and keys of every attention on the picture | added once, to the encoder's input |
# | object queries | added in every layer of the decoder, which starts from zeros | are the decoder's input |
#
# If stuck: `hint("sequence")`.

# %% exercise="sequence"
def encode_decode(transformer, h, pos, query_pos):
    """One vector per object query and picture.

    transformer: an nn.Transformer that takes sequences (length, B, D).
    h: (B, D, H, W). pos: (S, 1, D), S = H * W. query_pos: (Q, D). Returns (B, Q, D).
    """
    B = h.shape[0]
    # (S, B, D): the positions, and a tenth of the features
    src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)  # ____
    # (Q, B, D): the same queries for every picture
    tgt = query_pos.unsqueeze(1).repeat(1, B, 1)  # ____
    # (Q, B, D): encoder and decoder
    out = transformer(src, tgt)  # ____
    # (B, Q, D)
    return out.transpose(0, 1)  # ____

# %% check="sequence" points=2
@check
def sequence(draw):
    B, Q, H, W = draw.sizes(4, 2, 7)
    D = 2 * draw.size(3, 7)
    transformer = draw.fill(nn.Transformer(D, 2, 1, 1, dim_feedforward=13)).eval()
    h, pos, query_pos = draw.normal(B, D, H, W), draw.normal(H * W, 1, D), draw.normal(Q, D)
    inputs = {}

    def keep(*names):
        def hook(_, args, kwargs):
            given = dict(zip(names, args)) | kwargs
            for name in names:
                inputs.setdefault(name, given.get(name))
        return hook

    transformer.register_forward_pre_hook(keep("src", "tgt"), with_kwargs=True)
    transformer.encoder.register_forward_pre_hook(keep("src"), with_kwargs=True)
    transformer.decoder.register_forward_pre_hook(keep("tgt"), with_kwargs=True)
    try:
        result = encode_decode(transformer, h, pos, query_pos)
    except RuntimeError:
        if not inputs:
            raise
        result = "the transformer refused its inputs"
    return {"1. encoder's input": inputs.get("src"), "2. decoder's input": inputs.get("tgt"),
            "3. result": result}

# %% [raw] hints="sequence"
# 1. Write the axes of each tensor beside its name, and ask for each line which axis has to go where. Only the order may
#    change, never which numbers belong to one cell.
# 2. flatten(2) makes (B, D, S) of the map; permute names the new order of axes. unsqueeze gives the queries an axis for
#    the batch, repeat or expand fills it, transpose swaps two axes of the result.
# 3. src is pos + 0.1 * h.flatten(2).permute(2, 0, 1); tgt is query_pos.unsqueeze(1).repeat(1, …, 1); then
#    transformer(src, tgt), and at last .transpose(0, 1).

# %% [raw] mistake="sequence/scaled_positions"
# The factor 0.1 is on the positions. It is meant for the features, so that they do not drown the positions: the other
# way round the model hardly knows where anything is.
# ---
# def encode_decode(transformer, h, pos, query_pos):
#     src = 0.1 * pos + h.flatten(2).permute(2, 0, 1)
#     return transformer(src, query_pos.unsqueeze(1).repeat(1, h.shape[0], 1)).transpose(0, 1)

# %% [raw] mistake="sequence/unscaled"
# The features went in at full size. The trained weights expect a tenth of them beside the positions: put the factor 0.1
# on the features.
# ---
# def encode_decode(transformer, h, pos, query_pos):
#     src = pos + h.flatten(2).permute(2, 0, 1)
#     return transformer(src, query_pos.unsqueeze(1).repeat(1, h.shape[0], 1)).transpose(0, 1)

# %% [raw] mistake="sequence/all_scaled"
# Positions and features were both scaled, the factor 0.1 stands before their sum. Only the features are to be scaled:
# mind the brackets.
# ---
# def encode_decode(transformer, h, pos, query_pos):
#     src = 0.1 * (pos + h.flatten(2).permute(2, 0, 1))
#     return transformer(src, query_pos.unsqueeze(1).repeat(1, h.shape[0], 1)).transpose(0, 1)

# %% [raw] mistake="sequence/reshaped"
# The shape is right, but the numbers were poured into it: reshape does not move axes, so one "token" now holds a single
# channel of many cells. Change the order of the axes instead.
# ---
# def encode_decode(transformer, h, pos, query_pos):
#     B, D, H, W = h.shape
#     src = pos + 0.1 * h.reshape(H * W, B, D)
#     return transformer(src, query_pos.unsqueeze(1).repeat(1, B, 1)).transpose(0, 1)

# %% [raw] mistake="sequence/no_positions"
# The positions are missing, so the encoder cannot tell one place from another: shuffled cells would give the same
# answer. Add them to the features.
# ---
# def encode_decode(transformer, h, pos, query_pos):
#     src = 0.1 * h.flatten(2).permute(2, 0, 1)
#     return transformer(src, query_pos.unsqueeze(1).repeat(1, h.shape[0], 1)).transpose(0, 1)

# %% [raw] mistake="sequence/one_picture_only"
# The queries have a batch axis of length 1, so this works for a single picture only; the transformer refuses two.
# Repeat the queries for each picture of the batch.
# ---
# def encode_decode(transformer, h, pos, query_pos):
#     src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
#     return transformer(src, query_pos.unsqueeze(1)).transpose(0, 1)

# %% [raw] mistake="sequence/swapped_inputs"
# Picture and queries changed places: the encoder got the queries, the decoder the picture, so there is one result per
# cell. The transformer takes the encoder's input first.
# ---
# def encode_decode(transformer, h, pos, query_pos):
#     src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
#     return transformer(query_pos.unsqueeze(1).repeat(1, h.shape[0], 1), src).transpose(0, 1)

# %% [raw] mistake="sequence/queries_first"
# The result still has the queries on its first axis, (Q, B, D). From here on the batch comes first: swap the first two
# axes.
# ---
# def encode_decode(transformer, h, pos, query_pos):
#     src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
#     return transformer(src, query_pos.unsqueeze(1).repeat(1, h.shape[0], 1))

# %% [raw] mistake="sequence/result_reshaped"
# The result has the right shape, but reshape does not move axes: vectors of different pictures got mixed up. Swap the
# first two axes instead.
# ---
# def encode_decode(transformer, h, pos, query_pos):
#     B, Q = h.shape[0], query_pos.shape[0]
#     src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
#     return transformer(src, query_pos.unsqueeze(1).repeat(1, B, 1)).reshape(B, Q, -1)
