# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 10 · What comes out · 2 points · 6 min · ●●●○○
# **Goal:** predict the shapes of DETR's outputs and of its attention maps.
#
# - **Outputs.** Each object query gives one distribution over all its possible answers, and one box.
# - **Attention maps** have a row for each vector that looks and a column for each vector that it can look at. In the
#   encoder, tokens look at tokens; in the decoder's cross-attention, object queries look at tokens. The batch comes
#   first; the heads are averaged, so that they have no axis.
#
# *Example.* A detector of the Faster R-CNN family, which predicts a box *per class* for each of R regions, would give
# boxes (B, R, K, 4).
#
# Fill in the four shapes, as tuples of B, S, Q, K and numbers.

# %% exercise="output_sizes"
def output_shapes(B, S, Q, K):
    """Shapes for B images, S tokens, Q object queries and K classes (without no-object)."""
    logits = (B, Q, K + 1)  # ____
    boxes = (B, Q, 4)  # ____
    encoder_map = (B, S, S)  # ____
    decoder_map = (B, Q, S)  # ____
    return {"logits": logits, "boxes": boxes, "encoder_map": encoder_map, "decoder_map": decoder_map}

# %% check="output_sizes" points=2
@check(parts={"logits": 0.5, "boxes": 0.5, "encoder_map": 0.5, "decoder_map": 0.5})
def output_sizes(draw):
    B, S, Q, K = draw.letters("B S Q K", 5, 47)
    shapes = output_shapes(B, S, Q, K)
    return {name: attempted(lambda name=name: [int(n) for n in shapes[name]])
            for name in ("logits", "boxes", "encoder_map", "decoder_map")}

# %% [raw] hints="output_sizes"
# 1. Axis by axis. For the outputs: which image, which query, which number. For the maps: which image, who looks, at
#    what.
# 2. Logits and boxes begin alike; the last axis counts possible answers (remember step 5) or numbers of a box. A map of
#    tokens that look at tokens is square, that of the queries is not.
# 3. (B, Q, …) for logits and boxes, (B, …, …) for the maps: rows look, columns are looked at.

# %% [raw] mistake="output_sizes/queries_first"
# The query axis stands first in the outputs. Inside nn.Transformer that is the order, but step 9 brought the batch back
# to the front.
# ---
# - logits = (B, Q, K + 1)
# + logits = (Q, B, K + 1)
# - boxes = (B, Q, 4)
# + boxes = (Q, B, 4)

# %% [raw] mistake="output_sizes/no_no_object"
# The logits have only K entries per query. No-object is an answer as well, and by far the most frequent one: count it.
# ---
# - logits = (B, Q, K + 1)
# + logits = (B, Q, K)

# %% [raw] mistake="output_sizes/no_object_as_query"
# No-object was counted as one more query. It is one more answer that each query can give.
# ---
# - logits = (B, Q, K + 1)
# + logits = (B, Q + 1, K)

# %% [raw] mistake="output_sizes/per_token"
# There is one answer per token here. The decoder gives one vector per object query, so logits and boxes come per query.
# ---
# - logits = (B, Q, K + 1)
# + logits = (B, S, K + 1)
# - boxes = (B, Q, 4)
# + boxes = (B, S, 4)

# %% [raw] mistake="output_sizes/box_per_class"
# This has a box for every class. In DETR a query has one box, whatever its class turns out to be: four numbers.
# ---
# - boxes = (B, Q, 4)
# + boxes = (B, Q, 4 * K)

# %% [raw] mistake="output_sizes/box_per_class_axis"
# This has a box for every class, on an axis of its own. In DETR a query has one box, whatever its class turns out to be.
# ---
# - boxes = (B, Q, 4)
# + boxes = (B, Q, K, 4)

# %% [raw] mistake="output_sizes/five_numbers"
# A box has four numbers: centre, width and height. How sure the query is comes from its logits.
# ---
# - boxes = (B, Q, 4)
# + boxes = (B, Q, 5)

# %% [raw] mistake="output_sizes/map_transposed"
# The decoder's map lies on its side. Rows look, columns are looked at, and in the cross-attention the object queries
# look.
# ---
# - decoder_map = (B, Q, S)
# + decoder_map = (B, S, Q)

# %% [raw] mistake="output_sizes/queries_at_queries"
# This is the map of the decoder's self-attention, in which object queries look at each other. In the cross-attention
# they look at the encoder's tokens.
# ---
# - decoder_map = (B, Q, S)
# + decoder_map = (B, Q, Q)

# %% [raw] mistake="output_sizes/encoder_with_queries"
# Object queries appear in the encoder's map. The encoder has not met them: it sees tokens only, and each looks at all.
# ---
# - encoder_map = (B, S, S)
# + encoder_map = (B, Q, S)

# %% [raw] mistake="output_sizes/maps_exchanged"
# The two maps changed places. In the encoder tokens look at tokens; object queries look in the decoder.
# ---
# - encoder_map = (B, S, S)
# + encoder_map = (B, Q, S)
# - decoder_map = (B, Q, S)
# + decoder_map = (B, S, S)

# %% [raw] mistake="output_sizes/no_batch_axis"
# The axis for the batch is missing everywhere. Each image has its own outputs and maps, and the batch comes first.
# ---
# - logits = (B, Q, K + 1)
# + logits = (Q, K + 1)
# - boxes = (B, Q, 4)
# + boxes = (Q, 4)
# - encoder_map = (B, S, S)
# + encoder_map = (S, S)
# - decoder_map = (B, Q, S)
# + decoder_map = (Q, S)

# %% [raw] mistake="output_sizes/maps_no_batch_axis"
# The maps have no axis for the batch. Each image has maps of its own, and the batch comes first.
# ---
# - encoder_map = (B, S, S)
# + encoder_map = (S, S)
# - decoder_map = (B, Q, S)
# + decoder_map = (Q, S)

# %% [raw] mistake="output_sizes/example_numbers"
# These are numbers. The shapes depend on the sizes, which are given as B, S, Q and K.
# ---
# - logits = (B, Q, K + 1)
# + logits = (1, 3, 10)
# - boxes = (B, Q, 4)
# + boxes = (1, 3, 4)
# - encoder_map = (B, S, S)
# + encoder_map = (1, 70, 70)
# - decoder_map = (B, Q, S)
# + decoder_map = (1, 3, 70)
