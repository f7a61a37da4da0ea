# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# # A. Mechanisms as code
#
# ### Step 23 · Where q, k and v come from · 3 points · 8 min · ●●○○○
# **You will be able to** write down the inputs of each of DETR's three attentions from memory.
#
# Every attention computes $\mathrm{softmax}(QK^\top/\sqrt{d})\,V$ from three inputs: queries q ask, keys k
# answer how well they fit, values v are what is carried over. The three attentions of DETR differ only in
# *what is handed in*:
#
# | attention | who looks | at what |
# |---|---|---|
# | encoder self-attention | the S = H·W cells of the feature map | the same cells |
# | decoder self-attention | the Q object queries | the same queries |
# | decoder cross-attention | the Q object queries | the cells, as the encoder left them (`memory`) |
#
# DETR adds positions in *every* attention (section 3.2 and figure 10 of the paper), and only where they
# decide **who looks where**: to q and k. What is carried over stays free of them. Cells have the spatial
# encoding `pos`; object queries have their learned embedding `query_pos`, which plays the same part for them.
#
# You are given, batch first:
#
# | name | shape | what |
# |---|---|---|
# | `src` | (B, S, D) | cell features that enter an encoder layer |
# | `pos` | (B, S, D) | spatial encoding of the cells |
# | `tgt` | (B, Q, D) | content of the object queries, as it enters the attention in question |
# | `query_pos` | (B, Q, D) | learned embedding of the object queries |
# | `memory` | (B, S, D) | output of the encoder |
#
# Fill in each blank with a tuple `(q, k, v)`.
#
# *A tiny example, with numbers in place of vectors.* A cell with `src` = 3 and `pos` = 10 asks with q = 13,
# answers with k = 13 and hands over v = 3. Whoever reads it learns what is there (3), not where (10).
#
# If stuck: run `hint("sources")` in a cell of your own (three hints).

# %% exercise="sources"
def attention_sources(src, pos, tgt, query_pos, memory):
    """(q, k, v) of DETR's three attentions, before the projections inside nn.MultiheadAttention.

    src, pos, memory: (B, S, D); tgt, query_pos: (B, Q, D). Returns a dict of three tuples of tensors.
    """
    encoder_self = (src + pos, src + pos, src)  # ____
    decoder_self = (tgt + query_pos, tgt + query_pos, tgt)  # ____
    decoder_cross = (tgt + query_pos, memory + pos, memory)  # ____
    return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% check="sources" points=3
@check
def sources(draw):
    B, S, Q, D = draw.sizes(4, 2, 13)
    return attention_sources(
        src=draw.normal(B, S, D), pos=draw.normal(B, S, D), tgt=draw.normal(B, Q, D),
        query_pos=draw.normal(B, Q, D), memory=draw.normal(B, S, D),
    )

@sources.must("in each attention k and v have the same number of tokens")
def _(triples):
    return all(k.shape == v.shape for _, k, v in triples.values())

# %% [raw] hints="sources"
# 1. Ask of each attention: who looks (that is q), who is looked at (that is k), and what is carried over
#    (that is v)? In a self-attention the same tokens do all three.
# 2. Positions are added to q and to k, each with the encoding of its own tokens: `pos` belongs to cells,
#    `query_pos` to object queries. Nothing is added to v.
# 3. The encoder: `(src + pos, src + pos, src)`. The decoder's self-attention has the same form with `tgt` and
#    `query_pos`; in the cross-attention q comes from the queries, k and v from `memory`.

# %% [raw] mistake="sources/positions_in_values"
# The positions were added to the values too. They are there to decide who looks where; what is carried over
# stays without them, so add them to q and k only.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src + pos, src + pos, src + pos)
#     decoder_self = (tgt + query_pos, tgt + query_pos, tgt + query_pos)
#     decoder_cross = (tgt + query_pos, memory + pos, memory + pos)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [raw] mistake="sources/positions_in_encoder_values"
# In the encoder all three are the same sum, positions and all. q and k decide who looks where and need the
# positions; v is what is carried over and stays without them.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src + pos, src + pos, src + pos)
#     decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
#     decoder_cross = (tgt + query_pos, memory + pos, memory)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [raw] mistake="sources/memory_asks"
# In the cross-attention the memory asks and the object queries answer. It is the other way round: each object
# query searches the cells, so q comes from tgt, and k and v from the memory.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src + pos, src + pos, src)
#     decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
#     decoder_cross = (memory + pos, tgt + query_pos, tgt)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [raw] mistake="sources/positions_at_the_entrance_only"
# The cross-attention was given bare content. Positions that are added in the encoder only are the original
# transformer's way; DETR adds them again in every attention, query_pos to the query and pos to the key of the
# memory.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src + pos, src + pos, src)
#     decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
#     decoder_cross = (tgt, memory, memory)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [raw] mistake="sources/positions_on_queries_only"
# Here positions were added to q but not to k. A query can only search for a place if the keys say where they
# are: add each token's own encoding on both sides.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src + pos, src, src)
#     decoder_self = (tgt + query_pos, tgt, tgt)
#     decoder_cross = (tgt + query_pos, memory, memory)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [markdown]
# **Does the real model agree?** The next cell listens to the last decoder layer of the trained model while it
# looks at your picture, and compares what its cross-attention was given with what your function says.

# %%
def difference_from_the_model():
    """Largest difference between the model's own q, k, v of its last cross-attention and yours."""
    layer, seen = model.transformer.decoder.layers[-1], {}
    handles = [
        layer.register_forward_pre_hook(lambda module, args: seen.update(layer=args)),
        layer.norm1.register_forward_hook(lambda module, args, output: seen.update(tgt=output)),
        layer.multihead_attn.register_forward_pre_hook(
            lambda module, args, kwargs: seen.update(qkv=(*args, kwargs["value"])), with_kwargs=True),
    ]
    with torch.no_grad():
        model(to_input(picture, *model.input_size)[None])
    for handle in handles:
        handle.remove()
    _, memory, _, pos, query_pos = seen["layer"]
    yours = attention_sources(memory, pos, seen["tgt"], query_pos, memory)["decoder cross"]
    for name, mine, its in zip("qkv", yours, seen["qkv"], strict=True):
        print(f"{name}: yours {tuple(mine.shape)}, the model's {tuple(its.shape)}, "
              f"largest difference {(mine - its).abs().max():.1e}")


attempt(difference_from_the_model)
