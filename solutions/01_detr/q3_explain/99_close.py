# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## Before you hand in
# Restart the kernel and run all cells: each number in a text should stand in an output above it *now*. Keep
# `my_picture.png` beside the notebook, save all three notebooks, and press the button: it runs them and packs one file.

# %%
from coursework import hand_in_button

hand_in_button()

# %% [markdown]
# ## What you have seen
# - Positions enter q and k, never v.
# - A number for a map needs something to compare with (lift, log S), a baseline (box, own pixels) and a control.
# - Attention suggests explanations. Experiments with a control, predicted beforehand, decide between them.
#
# ## Further reading
# - Carion et al. 2020, *End-to-End Object Detection with Transformers*, arXiv:2005.12872: sections 3.2, 4.2, 4.3,
#   appendix A.3.
# - Jain and Wallace 2019, *Attention is not Explanation*, arXiv:1902.10186; Wiegreffe and Pinter 2019, *Attention is
#   not not Explanation*, arXiv:1908.04626.
# - Chefer et al. 2021, *Generic Attention-model Explainability*, arXiv:2103.15679.
