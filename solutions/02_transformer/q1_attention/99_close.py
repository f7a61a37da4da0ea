# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## What you have seen
# - Attention is two matrix products and a softmax: similarities divided by √d, weights that sum to 1 for each query, a
#   mean of the values.
# - Heads are slices of the channels; torch packs the matrices of q, k and v one below the other.
# - A padding mask puts −∞ before the softmax. It shows only in batches of images of different sizes, so test with
#   those.
# - Sine positions count the image's own cells from 1 and end at 2π: rows' channels first, sines and cosines by turns.
# - Positions and object queries are added to queries and keys in every layer, never to values.
# - Post-norm normalises the sum, pre-norm what goes into each half. The decoder's shared norm is for what is returned.
# - From a zero start the first self-attention of the decoder gives one vector for all queries.
# - Object queries are a set: they see each other, and their order means nothing.
#
# In the next notebook you build the full DETR around these layers and load weights into it.
#
# ## Further reading
# - Vaswani et al. 2017, *Attention Is All You Need*, arXiv:1706.03762: sections 3.2 (attention) and 3.5 (sine positions
#   of a sequence).
# - Carion et al. 2020, *End-to-End Object Detection with Transformers*, arXiv:2005.12872: section 3.2 and A.1
#   (attention in formulas), A.3 and figure 10 (the layers), A.4 (positions), table 3 (what is lost without them).
# - The official code, github.com/facebookresearch/detr: `models/transformer.py` and `models/position_encoding.py`.
