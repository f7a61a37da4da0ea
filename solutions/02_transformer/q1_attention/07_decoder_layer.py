# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 7 · The decoder layer · 4 points · 22 min · ●●●●○
# **You will be able to** write a decoder layer of DETR, with everything added where the official code adds it.
#
# The figure shows a layer of each kind, in post-norm, with names of its own: x is the encoder's `src`, o the decoder's
# `tgt`; "positions" are `pos`, "queries" are `query_pos`.

# %%
plot_transformer_layers()

# %% [markdown]
# What flows through the decoder is `tgt` (B, Q, D), one vector for each object query. `query_pos` (B, Q, D), the
# learned object queries, says *who* each of them is; like positions, it is added in every layer anew (figure 10 of
# A.3). `parts` are those of the encoder layer, and `multihead_attn`, the cross-attention, and `norm3`:
#
# | | query | key | value | mask |
# |---|---|---|---|---|
# | 1. `self_attn` | `tgt` + `query_pos` | `tgt` + `query_pos` | `tgt` | none |
# | 2. `multihead_attn` | `tgt` + `query_pos` | `memory` + `pos` | `memory` | `padding` |
# | 3. `linear1`, ReLU, `linear2` | | | | |
#
# After each of the three: add to `tgt`, and normalise (`norm1`, `norm2`, `norm3`). So the `tgt` of line 2 is the result
# of line 1. `memory` (B, S, D) is the encoder's output, `pos` (B, S, D) the positions of its cells.
#
# *Example.* One channel: `tgt` = 0, `query_pos` = 5, `memory` = 3, `pos` = 100. Self-attention gets 5, 5, 0. If the
# normalised sum is 1, cross-attention gets 6, 103, 3.
#
# Call both attentions once, as a whole: the check looks at what they are given. The library's and torch's decoder
# layers may not be used.

# %% exercise="decoder_layer" forbids="detrlab.detr.transformer.TransformerDecoderLayer, detrlab.detr.transformer.TransformerDecoderLayer.forward, torch.nn.TransformerDecoderLayer, torch.nn.TransformerDecoderLayer.forward, torch.nn.TransformerDecoderLayer._ff_block, torch.nn.Transformer"
def post_norm_decoder_layer(parts, tgt, memory, padding, pos, query_pos):
    """(B, Q, D): what the layer makes of tgt (B, Q, D).

    memory, pos: (B, S, D). padding: (B, S), True on padding. query_pos: (B, Q, D).
    """
    ### BEGIN SOLUTION
    q = k = tgt + query_pos
    exchanged = parts.self_attn(q, k, tgt)[0]
    tgt = parts.norm1(tgt + exchanged)
    query, key = tgt + query_pos, memory + pos
    fetched = parts.multihead_attn(query, key, memory, key_padding_mask=padding)[0]
    tgt = parts.norm2(tgt + fetched)
    fed = parts.linear2(F.relu(parts.linear1(tgt)))
    return parts.norm3(tgt + fed)
    ### END SOLUTION

# %% check="decoder_layer" points=4
@check(parts={"1. self-attention": 1, "2. cross-attention": 2, "3. result": 1})
def decoder_layer(draw):
    B, Q, S = draw.letters("B Q S", 2, 5)
    D = 2 * draw.size(3, 7)
    draw.name(D=D)
    parts = draw.fill(LayerParts(D, 2, 2 * D + 1, cross=True), scale=2).eval()
    padding = torch.zeros(B, S, dtype=torch.bool)
    padding[:, -1] = True
    padding[draw.integer(0, B - 1), -1] = False
    tgt, query_pos = (draw.normal(B, Q, D).requires_grad_() for _ in range(2))
    memory, pos = draw.normal(B, S, D).requires_grad_(), draw.normal(B, S, D)
    mine = tgt * 1, memory * 1  # as layers give them
    exchanged, fetched = draw.normal(B, Q, D).requires_grad_(), draw.normal(B, Q, D).requires_grad_()
    with attention_gives(parts.self_attn, exchanged) as among, attention_gives(parts.multihead_attn, fetched) as across:
        result = attempted(lambda: post_norm_decoder_layer(parts, *mine, padding, pos, query_pos))
    if getattr(result, "is_open", False):
        return result  # the blank
    result = or_not_called(or_not_called(result, "parts.multihead_attn", across), "parts.self_attn", among)

    def reached():
        if isinstance(result, str):
            return result  # an attention was not called
        inputs = {"tgt": tgt, "query_pos": query_pos, "memory": memory,
                  "self-attention": exchanged, "cross-attention": fetched}
        seen = [result, *(value for given in (among, across) for value in given.values())]
        total = sum(value.sum() for value in seen if getattr(value, "requires_grad", False))
        gradients = torch.autograd.grad(total, list(inputs.values()), allow_unused=True)
        return {name: gradient is not None for name, gradient in zip(inputs, gradients)}

    inputs = ("query", "key", "value", "key_padding_mask")
    return {"1. self-attention": noted(among, result, *inputs, "attn_mask"),
            "2. cross-attention": noted(across if among else {}, result, *inputs),
            "3. result": {"values": result, "a gradient reaches": attempted(reached),
                          "tgt and memory are left as they were": mine[0].equal(tgt) and mine[1].equal(memory)}}


# %% [raw] hints="decoder_layer"
# 1. Go through the table line by line. In every line: what looks, what is compared with, what is fetched? Learned
#    queries and positions say who and where; they are never fetched.
# 2. `parts.self_attn(query, key, value)[0]` is an output. Assign the normalised sum to `tgt` again, so that the next
#    line goes on from there.
# 3. `exchanged = parts.self_attn(q, k, tgt)[0]`, `tgt = parts.norm1(tgt + exchanged)`, then
#    `fetched = parts.multihead_attn(tgt + query_pos, ..., memory, key_padding_mask=padding)[0]`; norm2 and norm3 likewise.

# %% [raw] mistake="decoder_layer/no_query_in_cross_attention"
# Cross-attention's query has no query_pos. It is added in every attention of the decoder anew, so that each query still
# says who it is when it looks at the image.
# ---
# - query, key = tgt + query_pos, memory + pos
# + query, key = tgt, memory + pos

# %% [raw] mistake="decoder_layer/no_query_in_self_attention"
# Self-attention has no query_pos. It is added to query and key in every layer, so that each query knows which others it
# looks at.
# ---
# - q = k = tgt + query_pos
# + q = k = tgt

# %% [raw] mistake="decoder_layer/no_positions_in_key"
# Cross-attention's key has no positions, so no query can look for a place. Key is memory + pos.
# ---
# - query, key = tgt + query_pos, memory + pos
# + query, key = tgt + query_pos, memory

# %% [raw] mistake="decoder_layer/positions_in_value"
# Cross-attention's value has positions. What is fetched is memory alone; positions are for the key.
# ---
# - fetched = parts.multihead_attn(query, key, memory, key_padding_mask=padding)[0]
# + fetched = parts.multihead_attn(query, key, key, key_padding_mask=padding)[0]

# %% [raw] mistake="decoder_layer/query_pos_in_value"
# Self-attention's value has query_pos. It is for query and key; the value is tgt alone.
# ---
# - exchanged = parts.self_attn(q, k, tgt)[0]
# + exchanged = parts.self_attn(q, k, q)[0]

# %% [raw] mistake="decoder_layer/query_pos_kept"
# query_pos was added to tgt itself, so it is in value and sum as well. Make query and key of the sum, and keep tgt.
# ---
# - q = k = tgt + query_pos
# + tgt = tgt + query_pos
# + q = k = tgt

# %% [raw] mistake="decoder_layer/query_from_before"
# Cross-attention looks with the query of self-attention. Its query is made of the new tgt, which knows of the other
# queries.
# ---
# - query, key = tgt + query_pos, memory + pos
# + query, key = q, memory + pos

# %% [raw] mistake="decoder_layer/no_mask"
# Cross-attention has no padding mask, so queries look at padding. Pass key_padding_mask=padding.
# ---
# - fetched = parts.multihead_attn(query, key, memory, key_padding_mask=padding)[0]
# + fetched = parts.multihead_attn(query, key, memory)[0]

# %% [raw] mistake="decoder_layer/causal"
# Self-attention hides later queries from earlier ones, as a language model does. Objects have no order: DETR decodes
# all queries at once, without such a mask.
# ---
# - exchanged = parts.self_attn(q, k, tgt)[0]
# + later = torch.ones(q.shape[1], q.shape[1], dtype=torch.bool).triu(1)
# + exchanged = parts.self_attn(q, k, tgt, attn_mask=later)[0]

# %% [raw] mistake="decoder_layer/self_attention_not_called"
# parts.self_attn was not called (its `forward` called by hand does not count): the check looks at what it is given.
# ---
# - exchanged = parts.self_attn(q, k, tgt)[0]
# + exchanged = parts.self_attn.forward(q, k, tgt)[0]

# %% [raw] mistake="decoder_layer/cross_attention_not_called"
# parts.multihead_attn was not called (its `forward` called by hand does not count): the check looks at what it is given.
# ---
# - fetched = parts.multihead_attn(query, key, memory, key_padding_mask=padding)[0]
# + fetched = parts.multihead_attn.forward(query, key, memory, key_padding_mask=padding)[0]

# %% [raw] mistake="decoder_layer/padding_in_self_attention"
# The padding mask was passed to self-attention. There queries look at each other, and no query is padding: it belongs to
# the cross-attention.
# ---
# - exchanged = parts.self_attn(q, k, tgt)[0]
# + exchanged = parts.self_attn(q, k, tgt, key_padding_mask=padding)[0]

# %% [raw] mistake="decoder_layer/attentions_exchanged"
# The two attentions changed places: self_attn is for the queries among themselves, multihead_attn for the image.
# ---
# - exchanged = parts.self_attn(q, k, tgt)[0]
# + exchanged = parts.multihead_attn(q, k, tgt)[0]
# - fetched = parts.multihead_attn(query, key, memory, key_padding_mask=padding)[0]
# + fetched = parts.self_attn(query, key, memory, key_padding_mask=padding)[0]

# %% [raw] mistake="decoder_layer/first_residual_missing"
# What self-attention gives replaces tgt. It is a change: add it to tgt before norm1.
# ---
# - tgt = parts.norm1(tgt + exchanged)
# + tgt = parts.norm1(exchanged)

# %% [raw] mistake="decoder_layer/second_residual_missing"
# What cross-attention gives replaces tgt. It is a change: add it to tgt before norm2.
# ---
# - tgt = parts.norm2(tgt + fetched)
# + tgt = parts.norm2(fetched)

# %% [raw] mistake="decoder_layer/third_residual_missing"
# What the feed-forward network gives replaces tgt. It is a change: add it to tgt before norm3.
# ---
# - return parts.norm3(tgt + fed)
# + return parts.norm3(fed)

# %% [raw] mistake="decoder_layer/no_relu"
# There is no ReLU between the two linear layers, so together they are one linear layer.
# ---
# - fed = parts.linear2(F.relu(parts.linear1(tgt)))
# + fed = parts.linear2(parts.linear1(tgt))

# %% [raw] mistake="decoder_layer/last_norm_missing"
# The last sum was not normalised: norm3 stands around it.
# ---
# - return parts.norm3(tgt + fed)
# + return tgt + fed

# %% [raw] mistake="decoder_layer/last_norms_exchanged"
# norm2 and norm3 changed places: norm2 follows cross-attention, norm3 the feed-forward network.
# ---
# - tgt = parts.norm2(tgt + fetched)
# + tgt = parts.norm3(tgt + fetched)
# - return parts.norm3(tgt + fed)
# + return parts.norm2(tgt + fed)
