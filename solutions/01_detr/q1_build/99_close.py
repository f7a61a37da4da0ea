# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## What you have seen
# - A picture becomes S = H·W tokens, one per cell of the last feature map; every halving rounds up.
# - The 1 × 1 convolution changes the width of each token and mixes nothing; places are mixed by attention alone.
# - Attention sees a set. Positions make it a picture: a column's vector beside a row's vector, in the order of `flatten`.
# - Object queries are learned vectors. Q go in, Q answers come out, in parallel; "no object" is the last class.
# - Boxes are four sigmoids per query: centre and size, as fractions of the picture.
# - Reshaping keeps the order of numbers, permuting changes it. The shape alone does not tell you which one was needed.
# - Names are an interface: they decide which weights your class can load.
#
# In the next notebook you use a detector on a picture of your own and look at what its attention looks at.
#
# ## Further reading
# - Carion et al. 2020, *End-to-End Object Detection with Transformers*, arXiv:2005.12872: section 3.2 and figure 2 (the
#   architecture), A.3 and figure 10 (the transformer in detail), table 3 (which positions are needed), figure 7 (what each
#   query looks after), A.6 (the short DETR).
# - Vaswani et al. 2017, *Attention Is All You Need*, arXiv:1706.03762: section 3, the transformer.
# - He et al. 2015, *Deep Residual Learning for Image Recognition*, arXiv:1512.03385: table 1, the stages of a ResNet.
