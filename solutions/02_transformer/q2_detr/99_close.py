# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## What you have seen
# - The parts of DETR outside the transformer are small: a head of three layers, norms with fixed numbers, a mask.
# - Padding is marked, not guessed: True on padding, at the size of the feature map, by the nearest pixel.
# - All decoder layers go through the same two heads; the last is the answer, the others are for auxiliary losses.
# - The first layer that differs names the bug; whether its input or its own output differs names the `forward`.
# - Attention is the only part that is quadratic in the tokens, and not the largest part of DETR's cost.
# - Numbers in papers and docstrings can be checked, and some are wrong.
# - Names and strictness are what makes trained weights fit: yours do.
#
# In the next assignment you train it: matching, losses, and what auxiliary outputs are good for.
#
# ## Further reading
# - Carion et al. 2020, *End-to-End Object Detection with Transformers*, arXiv:2005.12872: section 3.2 (architecture), section 4.2
#   (tables 2 and 3: encoder layers, positions; "Importance of FFN"), A.3 (the transformer), A.4 (training, frozen norms).
# - The authors' code, github.com/facebookresearch/detr: `models/detr.py`, `models/backbone.py`, `util/misc.py` (`NestedTensor`).
# - He et al. 2015, *Deep Residual Learning for Image Recognition*, arXiv:1512.03385: the backbone.
# - Ioffe and Szegedy 2015, *Batch Normalization*, arXiv:1502.03167.
