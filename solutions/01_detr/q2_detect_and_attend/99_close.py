# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## What you have seen
# - A DETR's output needs a softmax, one threshold, and boxes taken from fractions to pixels. No anchors, no non-maximum
#   suppression.
# - Every number lives in a frame: 0..1, the resized input, the original image, the feature map.
# - Forward hooks fire for modules that are *called*, and stay until removed.
# - An attention matrix is `[query, key]`: rows say where one looks, columns by whom one is looked at. A figure has to say
#   which it shows.
# - An id is not a rank: maps, boxes and labels belong together through the id of their query.
#
# ## Further reading
# - N. Carion et al., *End-to-End Object Detection with Transformers*, arXiv:2005.12872: section 3.1 why no two
#   queries report the same object; section 3.2 the architecture; figure 3 the encoder's attention for four points;
#   figure 6 the decoder's.
# - A. Vaswani et al., *Attention Is All You Need*, arXiv:1706.03762, section 3.2: queries, keys, values and heads.
# - S. Jain and B. Wallace, *Attention is not Explanation*, arXiv:1902.10186, and S. Wiegreffe and Y. Pinter,
#   *Attention is not not Explanation*, arXiv:1908.04626: what a map of attention does and does not show. You will
#   need both sides in notebook 3.
