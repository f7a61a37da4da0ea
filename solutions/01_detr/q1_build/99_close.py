# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## What you have seen
# - An image becomes S = H·W tokens, one per cell of the last feature map; every halving rounds up.
# - The 1 × 1 convolution changes the width of each token and mixes no places; attention alone does that.
# - Attention sees a set. Positions tell it where each token lies: a column's vector beside a row's, in reading order.
# - Object queries are learned vectors. Q go in, Q answers come out, in parallel; "no object" is the last class.
# - A box is four sigmoids: centre and size, as fractions of the image.
# - Reshaping keeps the order of the numbers, permuting changes it; the shape does not tell which of the two was done.
# - Weights are loaded by name: names decide which ones fit your class.
#
# In the next notebook you use a detector on an image of your own and look at its attention.
#
# ## Further reading
# - Carion et al. 2020, *End-to-End Object Detection with Transformers*, arXiv:2005.12872: section 3.2 and figure 2 (the
#   architecture), A.3 and figure 10 (the transformer in detail), table 3 (which positions are needed), figure 7 (what each
#   query looks after), A.6 (the short DETR).
# - Vaswani et al. 2017, *Attention Is All You Need*, arXiv:1706.03762: section 3, the transformer.
# - He et al. 2015, *Deep Residual Learning for Image Recognition*, arXiv:1512.03385: table 1, the stages of a ResNet.
