# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## What you have seen
# - A match gives every target a query of its own; all other queries should say "no object". Greedy choices can miss the
#   cheapest match.
# - The cost is −p + 5·L1 − 2·GIoU. Matching has no gradient; the losses of the matched pairs have.
# - Trying all assignments takes n! of them; the Hungarian algorithm needs about n³ steps.
# - Where boxes do not overlap, the IoU has no gradient and the GIoU has one. L1 weighs the same share more on large
#   boxes.
# - The class loss is divided by the sum of weights, over all queries; the box losses by the number of targets in the
#   batch, at least 1.
# - With the weight .1, no-object can still carry more than half of the class loss.
# - Each decoder layer is matched anew, and all layers' losses are added.
#
# In the next notebook you train a DETR with this loss.
#
# ## Further reading
# - Carion et al. 2020, *End-to-End Object Detection with Transformers*, arXiv:2005.12872: section 3.1 (matching and
#   loss), A.2 (losses), A.4 (weights), table 4 (what is lost without L1 or GIoU).
# - Rezatofighi et al. 2019, *Generalized Intersection over Union*, arXiv:1902.09630: section 3.
# - Kuhn 1955, *The Hungarian method for the assignment problem*; Crouse 2016, *On implementing 2D rectangular
#   assignment algorithms*, which SciPy follows.
# - The official code, github.com/facebookresearch/detr: `models/matcher.py`, and `SetCriterion` in `models/detr.py`.
