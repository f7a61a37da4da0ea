# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## Before you hand in
# Restart the kernel, run all cells, and read your texts once more beside the numbers that are printed *now*:
# a number in a text should be found in an output above it. Keep `my_picture.png` beside the notebook.
#
# Then save all three notebooks and press the button below: it runs them from the beginning, as a grader does, says
# what a grader will see, and packs one file to hand in.

# %%
from coursework import hand_in_button

hand_in_button()

# %% [markdown]
# ## What you have seen
# - Positions enter q and k of every attention and never v; without them the encoder is blind to order.
# - A number for a map needs a frame (pixels or cells), a size to compare with (lift, log S), and a control.
# - Other pictures show a query's habits, equal distance shows plain locality, untrained weights show the
#   architecture.
# - A row is where a token looks and sums to 1; a column is who looks at it and does not.
# - Attention suggests explanations. Experiments with a control decide between them, one picture at a time.
#
# ## Further reading
# - Carion et al. 2020, *End-to-End Object Detection with Transformers*, arXiv:2005.12872: section 3.2
#   (architecture), 4.2 (ablations: figures 3 and 6, tables 2 and 3), 4.3 (figure 7), appendix A.3 (figure
#   10).
# - Vaswani et al. 2017, *Attention Is All You Need*, arXiv:1706.03762: section 3.2, and 3.5 for sine
#   positions.
# - Jain and Wallace 2019, *Attention is not Explanation*, arXiv:1902.10186, and Wiegreffe and Pinter 2019,
#   *Attention is not not Explanation*, arXiv:1908.04626: the two sides of the question behind step 31.
# - Chefer et al. 2021, *Generic Attention-model Explainability*, arXiv:2103.15679: relevance that follows
#   values and residual paths as well, with DETR among the examples.
