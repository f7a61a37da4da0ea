# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## What you have seen
# - Every number has a frame: 0..1, the resized input, the original image, the feature map.
# - A figure of attention has to say whether it shows a row or a column of `[query, key]`.
# - Maps, boxes and labels belong together through the id of their query, which is not its rank.
#
# ## Further reading
# - N. Carion et al., *End-to-End Object Detection with Transformers*, arXiv:2005.12872: section 3.1 (one query for each
#   object), figures 3 and 6 (attention of encoder and decoder).
# - A. Vaswani et al., *Attention Is All You Need*, arXiv:1706.03762, section 3.2.
