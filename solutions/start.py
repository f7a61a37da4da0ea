# %% [markdown]
# # DETR Lab: start here
# You will build a detection transformer, run it on a picture of your own, look at what it looks at, and write down what
# you conclude. Everything runs on this computer, without a network.
#
# ## The course
# course map
#
# Replace each `____`; the cell below an exercise says whether it is right and, if not, what it looks like. Stuck?
# `hint("name")` helps, up to three times. Every step stands on its own, so you can always go on with the next one.
#
# ## Where you are
# Run the next cell (▶ above, or Shift+Enter) to see your points and what is next.

# %%
from coursework import forget_progress, show_progress

show_progress()

# %% [markdown]
# What you see is kept in the file `.progress.json` beside the notebooks, on this computer, for you alone: tries, hints
# and points, nothing you wrote. It is not handed in. `forget_progress()` in a cell deletes it.
#
# ## Handing in
# Save your notebooks and run the next cell: the button runs them from the beginning, as a grader does, says what a
# grader will see, and packs one file to hand in. In a terminal, `make hand-in` does the same.

# %%
from coursework import hand_in_button

hand_in_button()
