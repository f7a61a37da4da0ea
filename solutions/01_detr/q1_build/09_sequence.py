# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 9 · Tokens in, objects out · 4 points · 14 min · ●●●●○
# **Goal:** give a feature map and object queries to a transformer.
#
# 1. **The encoder's input.** The map $h$ (B, D, H, W) becomes a sequence (S, B, D): flatten the two axes of space into
#    one and *move* the axes. Then $\mathrm{src} = \mathrm{pos} + 0.1 \cdot \mathrm{tokens}(h)$. The factor belongs to
#    the short DETR, not to the paper: with it the features do not outweigh the positions.
# 2. **The decoder's input.** The queries (Q, D), the same ones for every image: (Q, B, D).
# 3. **The transformer** takes both and gives (Q, B, D). Call it once, for all images together (or its `encoder` and
#    then its `decoder`, as a whole): the check looks at what they are given.
# 4. **The result**, with the batch first: (B, Q, D).
#
# *Example.* Moving axes is not reshaping. One image with $D = 2$ channels and three cells, flattened, is
# `[[a1, a2, a3], [b1, b2, b3]]`. Its tokens are `[a1, b1]`, `[a2, b2]`, `[a3, b3]`. `reshape(3, 2)` would give
# `[a1, a2]`, `[a3, b1]`, `[b2, b3]`.
#
# | | the paper (section 3.2, A.3) | the short DETR |
# |---|---|---|
# | positions | added to queries and keys of every attention on the image | added once, to the encoder's input |
# | object queries | added in every layer of the decoder, which starts from zeros | are the decoder's input |

# %% exercise="sequence"
def encode_decode(transformer, h, pos, query_pos):
    """One vector per object query and image.

    transformer: an nn.Transformer that takes sequences (length, B, D).
    h: (B, D, H, W). pos: (S, 1, D), S = H * W. query_pos: (Q, D). Returns (B, Q, D).
    """
    B = h.shape[0]
    # (S, B, D): the positions, and a tenth of the features
    src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)  # ____
    # (Q, B, D): the same queries for every image
    tgt = query_pos.unsqueeze(1).repeat(1, B, 1)  # ____
    # (Q, B, D): encoder and decoder
    out = transformer(src, tgt)  # ____
    # (B, Q, D)
    return out.transpose(0, 1)  # ____

# %% check="sequence" points=4
@check(parts={"1. encoder's input": 1, "2. decoder's input": 1, "3. result": 1, "4. several images": 1})
def sequence(draw):
    B, Q, H, W = draw.letters("B Q H W", 2, 7)
    D = 2 * draw.size(11, 13)
    draw.name(S=H * W, D=D)
    transformer = draw.fill(nn.Transformer(D, 2, 1, 1, dim_feedforward=13)).eval()

    def ask(B):
        h, pos, query_pos = (draw.normal(*shape).requires_grad_() for shape in ((B, D, H, W), (H * W, 1, D), (Q, D)))
        mine = h * 1  # as a layer gives it
        with watched(transformer, draw.normal(Q, B, D).requires_grad_()) as given:
            result = attempted(lambda: encode_decode(transformer, mine, pos, query_pos))
        return given, result, mine.equal(h)

    given, result, unchanged = ask(1)
    several, results, _ = ask(B)
    src = attempted(lambda: with_gradients(given_to("encoder", several, results)))
    if isinstance(src, dict):
        src["h is left as it was"] = unchanged
    returned = with_gradients(result)
    if isinstance(returned, dict):
        returned["the decoder sees the encoder's output"] = sees_encoded(given, result)
    return {"1. encoder's input": src,
            "2. decoder's input": attempted(lambda: with_gradients(given_to("decoder", given, result))),
            "3. result": returned,
            "4. several images": {"decoder's input": attempted(lambda: given_to("decoder", several, results)),
                                  "result": results}}

# %% [raw] hints="sequence"
# 1. Write the axes of each tensor beside its name, and ask for each line which axis has to go where. Only the order may
#    change, never which numbers belong to one cell.
# 2. flatten(2) makes (B, D, S) of the map; permute names the new order of axes. unsqueeze gives the queries an axis for
#    the batch, repeat or expand fills it, transpose swaps two axes of the result.
# 3. src is pos + 0.1 * h.flatten(2).permute(…, …, …); tgt is query_pos.unsqueeze(1).repeat(1, …, 1); then
#    transformer(src, tgt), and its first two axes swapped.

# %% [raw] mistake="sequence/scaled_positions"
# The factor 0.1 is on the positions. It is meant for the features, so that they do not outweigh the positions.
# ---
# - src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
# + src = 0.1 * pos + h.flatten(2).permute(2, 0, 1)

# %% [raw] mistake="sequence/unscaled"
# The features went in at full size. The trained weights expect a tenth of them beside the positions: put the factor 0.1
# on the features.
# ---
# - src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
# + src = pos + h.flatten(2).permute(2, 0, 1)

# %% [raw] mistake="sequence/all_scaled"
# Positions and features were both scaled, the factor 0.1 stands before their sum. Only the features are to be scaled:
# mind the brackets.
# ---
# - src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
# + src = 0.1 * (pos + h.flatten(2).permute(2, 0, 1))

# %% [raw] mistake="sequence/reshaped"
# The encoder's input has the right shape, but reshape does not move axes, so one "token" now holds a single channel of
# many cells. Change the order of the axes instead.
# ---
# - src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
# + src = pos + 0.1 * h.reshape(len(pos), B, -1)

# %% [raw] mistake="sequence/unscaled_and_reshaped"
# The features went in at full size, without the factor 0.1. And reshape does not move axes, so one "token" holds a single
# channel of many cells: change the order of the axes instead.
# ---
# - src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
# + src = pos + h.reshape(len(pos), B, -1)

# %% [raw] mistake="sequence/no_positions"
# The positions are missing, so the encoder cannot tell one place from another: shuffled cells would give the same
# answer. Add them to the features.
# ---
# - src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
# + src = 0.1 * h.flatten(2).permute(2, 0, 1)

# %% [raw] mistake="sequence/batch_first_source"
# The features were moved to (B, S, D), so they do not line up with the positions (S, 1, D). The transformer takes the
# tokens first, then the images: (S, B, D).
# ---
# - src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
# + src = pos + 0.1 * h.flatten(2).permute(0, 2, 1)

# %% [raw] mistake="sequence/channels_before_pictures"
# The features were moved to (S, D, B). The channels of a token stand on the last axis: (S, B, D).
# ---
# - src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
# + src = pos + 0.1 * h.flatten(2).permute(2, 1, 0)

# %% [raw] mistake="sequence/source_detached"
# The encoder's input is detached from its computation. The values are right, but in training no gradient would reach the
# backbone or the positions.
# ---
# - src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
# + src = (pos + 0.1 * h.flatten(2).permute(2, 0, 1)).detach()

# %% [raw] mistake="sequence/changed_in_place"
# h was scaled in place, so the map of whoever calls this function is changed, too. Multiply without `*=`: that makes a new
# tensor.
# ---
# - src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
# + h *= 0.1
# + src = pos + h.flatten(2).permute(2, 0, 1)

# %% [raw] mistake="sequence/one_picture_only"
# The queries have a batch axis of length 1, as in the official demo. That is right for a single image only; the transformer
# refuses two. Repeat the queries for each image of the batch.
# ---
# - tgt = query_pos.unsqueeze(1).repeat(1, B, 1)
# + tgt = query_pos.unsqueeze(1)

# %% [raw] mistake="sequence/one_picture_decoder"
# The queries have a batch axis of length 1. That is right for a single image only; the decoder refuses two. Repeat the
# queries for each image of the batch.
# ---
# - tgt = query_pos.unsqueeze(1).repeat(1, B, 1)
# + tgt = query_pos.unsqueeze(1)
# - out = transformer(src, tgt)
# + out = transformer.decoder(tgt, transformer.encoder(src))

# %% [raw] mistake="sequence/queries_batch_first"
# The queries are (B, Q, D), the batch first. The transformer takes the length first, for queries as for tokens: (Q, B, D).
# ---
# - tgt = query_pos.unsqueeze(1).repeat(1, B, 1)
# + tgt = query_pos.unsqueeze(0).repeat(B, 1, 1)

# %% [raw] mistake="sequence/queries_no_axis"
# The queries have no axis for the batch: (Q, D). The transformer takes (Q, B, D).
# ---
# - tgt = query_pos.unsqueeze(1).repeat(1, B, 1)
# + tgt = query_pos

# %% [raw] mistake="sequence/zero_queries"
# The decoder starts from zeros, as in the full DETR, where the queries are added in every layer. In the short DETR the
# queries themselves are the decoder's input.
# ---
# - tgt = query_pos.unsqueeze(1).repeat(1, B, 1)
# + tgt = torch.zeros(len(query_pos), B, query_pos.shape[1])

# %% [raw] mistake="sequence/queries_reshaped"
# The queries were reshaped to (Q, B, D), so the images of a batch get different queries. Give them a new axis and repeat
# them along it.
# ---
# - tgt = query_pos.unsqueeze(1).repeat(1, B, 1)
# + tgt = query_pos.repeat(B, 1).view(-1, B, query_pos.shape[1])

# %% [raw] mistake="sequence/queries_detached"
# The decoder's input is detached. The values are right, but in training no gradient would reach the queries.
# ---
# - tgt = query_pos.unsqueeze(1).repeat(1, B, 1)
# + tgt = query_pos.unsqueeze(1).repeat(1, B, 1).detach()

# %% [raw] mistake="sequence/swapped_inputs"
# Image and queries changed places: the encoder got the queries, the decoder the image, so there is one result per cell.
# The transformer takes the encoder's input first.
# ---
# - out = transformer(src, tgt)
# + out = transformer(tgt, src)

# %% [raw] mistake="sequence/source_twice"
# The decoder got the image's tokens, too. Its input are the object queries.
# ---
# - out = transformer(src, tgt)
# + out = transformer(src, src)

# %% [raw] mistake="sequence/encoder_only"
# Only the encoder ran, so there is one vector per cell. The decoder, with its queries, makes objects of the encoder's
# output: call the whole transformer.
# ---
# - out = transformer(src, tgt)
# + out = transformer.encoder(src)

# %% [raw] mistake="sequence/decoder_only"
# The encoder was not called: the decoder got its input instead of its output. The encoder goes first, then the decoder
# with what the encoder gives: call the whole transformer.
# ---
# - out = transformer(src, tgt)
# + out = transformer.decoder(tgt, src)

# %% [raw] mistake="sequence/queries_first"
# The result still has the queries on its first axis, (Q, B, D). From here on the batch comes first: swap the first two
# axes.
# ---
# - return out.transpose(0, 1)
# + return out

# %% [raw] mistake="sequence/result_reshaped"
# The result has the right shape, but reshape does not move axes: vectors of different images got mixed up. Swap the
# first two axes instead.
# ---
# - return out.transpose(0, 1)
# + return out.reshape(B, len(query_pos), -1)

# %% [raw] mistake="sequence/result_other_axes"
# The last two axes of the result were swapped. The first two are meant: from (Q, B, D) to (B, Q, D).
# ---
# - return out.transpose(0, 1)
# + return out.transpose(1, 2)

# %% [raw] mistake="sequence/first_picture_only"
# Only the first image's vectors were returned. Keep the whole batch, on the first axis.
# ---
# - return out.transpose(0, 1)
# + return out[:, 0]

# %% [raw] mistake="sequence/result_detached"
# The result is detached. The values are right, but in training no gradient would reach the transformer.
# ---
# - return out.transpose(0, 1)
# + return out.transpose(0, 1).detach()

# %% [markdown]
# The shapes, for one image of 800 × 1066.

# %%
def show_reshaping():
    with torch.device("meta"):
        transformer = nn.Transformer(256, 8, 6, 6).eval()
        h, pos, query_pos = torch.empty(1, 256, 25, 34), torch.empty(25 * 34, 1, 256), torch.empty(100, 256)
        print("h                ", tuple(h.shape))
        print("flattened        ", tuple(h.flatten(2).shape))
        print("axes moved       ", tuple(h.flatten(2).permute(2, 0, 1).shape))
        print("your result      ", tuple(encode_decode(transformer, h, pos, query_pos).shape))


attempt(show_reshaping, after="sequence")
