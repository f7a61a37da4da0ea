# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# # A. Mechanisms as code
#
# ### Step 23 · Where q, k and v come from · 3 points · 8 min · ●●○○○
# **Goal:** write down the inputs of DETR's three attentions.
#
# In $\mathrm{softmax}(QK^\top/\sqrt{d})\,V$ queries q ask, keys k answer how well they fit, values v are carried over.
# In the encoder, cells look at cells, in the decoder's self-attention object queries at object queries, in the
# cross-attention object queries at `memory`.
#
# DETR adds positions in *every* attention (paper, section 3.2 and figure 10), but only where they decide **who looks
# where**: to q and k. Given, batch first:
#
# | name | shape | what |
# |---|---|---|
# | `src`, `pos` | (B, S, D) | features and spatial encoding of the cells |
# | `tgt`, `query_pos` | (B, Q, D) | content and learned embedding ("position") of the object queries |
# | `memory` | (B, S, D) | output of the encoder |
#
# Fill each blank with a tuple `(q, k, v)`; each is worth a point.
#
# *Example, with numbers for vectors.* A cell with `src` = 3 and `pos` = 10 asks with q = 13, answers with k = 13
# and hands over v = 3: what is there (3), not where (10).

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
@check(parts={"encoder self": 1, "decoder self": 1, "decoder cross": 1})
def sources(draw):
    B, S, Q, D = draw.sizes(4, 2, 13)
    triples = attention_sources(
        src=draw.normal(B, S, D), pos=draw.normal(B, S, D), tgt=draw.normal(B, Q, D),
        query_pos=draw.normal(B, Q, D), memory=draw.normal(B, S, D),
    )
    return {name: dict(zip("qkv", triple, strict=True)) for name, triple in triples.items()}

@sources.must("in each attention k and v have the same number of tokens")
def _(inputs):
    return all(each["k"].shape == each["v"].shape for each in inputs.values())

# %% [raw] hints="sources"
# 1. Ask of each attention: who looks (that is q), who is looked at (that is k), and what is carried over
#    (that is v)? In a self-attention the same tokens do all three.
# 2. Positions are added to q and to k, each with the encoding of its own tokens: `pos` belongs to cells,
#    `query_pos` to object queries. Nothing is added to v.
# 3. The encoder: `(src + pos, src + pos, src)`. The decoder's self-attention has the same form. In the
#    cross-attention q comes from the queries and k from the memory; which encoding belongs to each of them?

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

# %% [raw] mistake="sources/positions_in_decoder_self_values"
# In the decoder's self-attention query_pos was added to the values too. It belongs to q and k; v stays bare.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src + pos, src + pos, src)
#     decoder_self = (tgt + query_pos, tgt + query_pos, tgt + query_pos)
#     decoder_cross = (tgt + query_pos, memory + pos, memory)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [raw] mistake="sources/positions_in_cross_values"
# In the cross-attention pos was added to the values too. It belongs to the keys; the values are the bare memory.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src + pos, src + pos, src)
#     decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
#     decoder_cross = (tgt + query_pos, memory + pos, memory + pos)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [raw] mistake="sources/positions_in_cross_values_for_keys"
# In the cross-attention the values carry pos and the keys do not: they are the wrong way round. Keys say where a cell
# is; values stay bare.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src + pos, src + pos, src)
#     decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
#     decoder_cross = (tgt + query_pos, memory, memory + pos)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [raw] mistake="sources/encoder_query_bare"
# In the encoder q has no positions, so a cell cannot ask for what is near it. Add pos to q as well as to k.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src, src + pos, src)
#     decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
#     decoder_cross = (tgt + query_pos, memory + pos, memory)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [raw] mistake="sources/encoder_key_bare"
# In the encoder k has no positions, so no cell says where it is. Add pos to k as well as to q.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src + pos, src, src)
#     decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
#     decoder_cross = (tgt + query_pos, memory + pos, memory)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [raw] mistake="sources/decoder_self_query_bare"
# In the decoder's self-attention q has no query_pos. In the first layer tgt is zero, and all queries would ask alike.
# Add query_pos to q as well as to k.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src + pos, src + pos, src)
#     decoder_self = (tgt, tgt + query_pos, tgt)
#     decoder_cross = (tgt + query_pos, memory + pos, memory)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [raw] mistake="sources/decoder_self_key_bare"
# In the decoder's self-attention k has no query_pos, so no query can be told by its place. Add it to k as well as to
# q.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src + pos, src + pos, src)
#     decoder_self = (tgt + query_pos, tgt, tgt)
#     decoder_cross = (tgt + query_pos, memory + pos, memory)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [raw] mistake="sources/decoder_self_query_pos_alone"
# In the decoder's self-attention q and k are query_pos alone: that is true of the first layer, where tgt is zero. Later
# layers bring content, so add tgt.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src + pos, src + pos, src)
#     decoder_self = (query_pos, query_pos, tgt)
#     decoder_cross = (tgt + query_pos, memory + pos, memory)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [raw] mistake="sources/cross_query_bare"
# In the cross-attention q lacks query_pos: it is what lets two queries search at different places. Add it to tgt.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src + pos, src + pos, src)
#     decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
#     decoder_cross = (tgt, memory + pos, memory)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [raw] mistake="sources/cross_key_bare"
# In the cross-attention k lacks pos: a query can search for a place only if the cells say where they are. Add pos to
# the memory in k.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src + pos, src + pos, src)
#     decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
#     decoder_cross = (tgt + query_pos, memory, memory)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [raw] mistake="sources/query_pos_alone"
# In the cross-attention q is query_pos alone, so what the query has found out so far (tgt) cannot guide its search.
# Add both.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src + pos, src + pos, src)
#     decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
#     decoder_cross = (query_pos, memory + pos, memory)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [raw] mistake="sources/features_for_memory"
# The cross-attention reads src, the features before the encoder. The decoder sees only what the encoder made of them:
# the memory.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src + pos, src + pos, src)
#     decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
#     decoder_cross = (tgt + query_pos, src + pos, src)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [raw] mistake="sources/memory_in_decoder_self"
# The decoder's self-attention was given the memory. There the object queries look at each other; they look at the
# cells in the cross-attention.
# ---
# - decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
# + decoder_self = (tgt + query_pos, memory + pos, memory)

# %% [raw] mistake="sources/cross_keys_from_queries"
# In the cross-attention the keys come from the object queries, the values from the memory. Keys and values belong to
# the same tokens, the cells: k is memory + pos.
# ---
# - decoder_cross = (tgt + query_pos, memory + pos, memory)
# + decoder_cross = (tgt + query_pos, tgt + query_pos, memory)

# %% [raw] mistake="sources/keys_and_values_swapped"
# Keys and values have changed places in all three: the tuple is (q, k, v), and the positions belong to q and k.
# ---
# - encoder_self = (src + pos, src + pos, src)
# + encoder_self = (src + pos, src, src + pos)
# - decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
# + decoder_self = (tgt + query_pos, tgt, tgt + query_pos)
# - decoder_cross = (tgt + query_pos, memory + pos, memory)
# + decoder_cross = (tgt + query_pos, memory, memory + pos)

# %% [raw] mistake="sources/encoder_positions_alone"
# In the encoder q and k are the positions alone, so who looks where would be the same in every image. Add src.
# ---
# - encoder_self = (src + pos, src + pos, src)
# + encoder_self = (pos, pos, src)

# %% [markdown]
# **Does the real model agree?** Your function against the last cross-attention of the trained model, on your image:

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
