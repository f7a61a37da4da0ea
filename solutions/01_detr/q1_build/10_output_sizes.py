# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 10 · What comes out · 2 points · 6 min · ●●●○○
# **You will be able to** predict the shapes of DETR's outputs and of its attention maps.
#
# Say it before you run anything: B pictures, S tokens, Q object queries, K classes.
#
# - **Outputs.** Each object query answers for itself, with one distribution over all its possible answers and with one
#   box. A detector of the Faster R-CNN family predicts a box *per class*; DETR predicts one box per query.
# - **Attention maps**, which the next notebook looks at. Such a map is a table with a row for each vector that looks and
#   a column for each vector that it can look at. In the encoder, tokens look at tokens. In the decoder's cross-attention,
#   object queries look at tokens. The batch comes first, and the heads are averaged, so that they have no axis.
#
# *Example.* With a single picture, 70 tokens, 3 queries and 9 classes, the logits are 30 numbers, the boxes 12, the
# encoder's map 4900 and the decoder's map 210.
#
# Fill in the four shapes, as tuples. If stuck: `hint("output_sizes")`.

# %% exercise="output_sizes"
def output_shapes(B, S, Q, K):
    """Shapes for B pictures, S tokens, Q object queries and K classes (without no-object)."""
    logits = (B, Q, K + 1)  # ____
    boxes = (B, Q, 4)  # ____
    encoder_map = (B, S, S)  # ____
    decoder_map = (B, Q, S)  # ____
    return {"logits": logits, "boxes": boxes, "encoder_map": encoder_map, "decoder_map": decoder_map}

# %% check="output_sizes" points=2
@check
def output_sizes(draw):
    B, S, Q, K = draw.sizes(4, 5, 47)
    return {name: [int(n) for n in shape] for name, shape in output_shapes(B, S, Q, K).items()}

# %% [raw] hints="output_sizes"
# 1. Axis by axis. For the outputs: which picture, which query, which number. For the maps: which picture, who looks, at
#    what.
# 2. Logits and boxes begin alike; the last axis counts possible answers (remember step 5) or numbers of a box. A map of
#    tokens that look at tokens is square, that of the queries is not.
# 3. (B, Q, …) for logits and boxes, ending in the classes and no-object, or in the four numbers cxcywh. (B, …, …) for the
#    maps: S rows and S columns in the encoder, Q rows in the decoder.

# %% [raw] mistake="output_sizes/queries_first"
# The query axis stands first in the outputs. Inside nn.Transformer that is the order, but step 9 brought the batch back
# to the front.
# ---
# def output_shapes(B, S, Q, K):
#     return {"logits": (Q, B, K + 1), "boxes": (Q, B, 4), "encoder_map": (B, S, S), "decoder_map": (B, Q, S)}

# %% [raw] mistake="output_sizes/no_no_object"
# The logits have only K entries per query. No-object is an answer as well, and by far the most frequent one: count it.
# ---
# def output_shapes(B, S, Q, K):
#     return {"logits": (B, Q, K), "boxes": (B, Q, 4), "encoder_map": (B, S, S), "decoder_map": (B, Q, S)}

# %% [raw] mistake="output_sizes/box_per_class"
# This has a box for every class. In DETR a query has one box, whatever its class turns out to be: four numbers.
# ---
# def output_shapes(B, S, Q, K):
#     return {"logits": (B, Q, K + 1), "boxes": (B, Q, 4 * K), "encoder_map": (B, S, S), "decoder_map": (B, Q, S)}

# %% [raw] mistake="output_sizes/box_per_class_axis"
# This has a box for every class, on an axis of its own. In DETR a query has one box, whatever its class turns out to be.
# ---
# def output_shapes(B, S, Q, K):
#     return {"logits": (B, Q, K + 1), "boxes": (B, Q, K, 4), "encoder_map": (B, S, S), "decoder_map": (B, Q, S)}

# %% [raw] mistake="output_sizes/map_transposed"
# The decoder's map lies on its side. Rows look, columns are looked at, and in the cross-attention the object queries do
# the looking.
# ---
# def output_shapes(B, S, Q, K):
#     return {"logits": (B, Q, K + 1), "boxes": (B, Q, 4), "encoder_map": (B, S, S), "decoder_map": (B, S, Q)}

# %% [raw] mistake="output_sizes/queries_at_queries"
# This is the map of the decoder's self-attention, in which object queries look at each other. In the cross-attention
# they look at the encoder's tokens.
# ---
# def output_shapes(B, S, Q, K):
#     return {"logits": (B, Q, K + 1), "boxes": (B, Q, 4), "encoder_map": (B, S, S), "decoder_map": (B, Q, Q)}

# %% [raw] mistake="output_sizes/encoder_with_queries"
# Object queries appear in the encoder's map. The encoder has not met them: it sees tokens only, and each looks at all.
# ---
# def output_shapes(B, S, Q, K):
#     return {"logits": (B, Q, K + 1), "boxes": (B, Q, 4), "encoder_map": (B, Q, S), "decoder_map": (B, Q, S)}
