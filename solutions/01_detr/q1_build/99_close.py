# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## What you have seen
# - An image becomes S = H·W tokens; every halving rounds up.
# - The 1 × 1 convolution mixes no places; after it, attention alone does that.
# - Q learned vectors go in, Q answers come out, in parallel.
# - Reshaping keeps the order of the numbers, permuting changes it; the shape does not tell which was done.
#
# ## Further reading
# - Carion et al. 2020, *End-to-End Object Detection with Transformers*, arXiv:2005.12872: section 3.2 and figure 2
#   (architecture), A.3 and figure 10 (transformer), table 3 (positions), figure 7 (queries), A.6 (short DETR).
# - Vaswani et al. 2017, *Attention Is All You Need*, arXiv:1706.03762: section 3.
# - He et al. 2015, *Deep Residual Learning for Image Recognition*, arXiv:1512.03385: table 1, the stages of a ResNet.
