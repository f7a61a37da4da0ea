# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 7 · Which claims do the measurements carry? · 3 points · 20 min · ●●●○○
# **You will be able to** say of a figure what it shows, and of a claim which control would refute it.
#
# A report on the shipped network says:
#
# 1. "DINO has learned the shapes: a linear layer on its features names them better than chance."
# 2. "DINO makes the colour of the object easier to find than it is in the pixels and in a random network."
# 3. "The attention finds the object: each object's best head has a high Jaccard index."
# 4. "The training did not collapse, since the loss fell."
# 5. "See the figure: head 2 marks the object in this image."
#
# **Written: which of these claims do your measurements carry?** Answer for *at least four* of the five, in one to three
# sentences each: does it hold on these scenes, with which number of steps 2 to 6, and beside which control? Where it does
# not hold, say what can be claimed in its place, or which measurement would decide. End with one sentence on what one
# training with one seed leaves open.
#
# **Criterion 7 · Claims (3 points)**
# - 3: four claims or more are judged rightly, each by a number *and* its control (random network, pixels, another
#   image's map, the entropy of the mean); at least one wrong claim is replaced by one that holds; says what one seed
#   leaves open.
# - 2: three claims are judged rightly by numbers with their controls, or four by numbers of which one lacks its control.
# - 1: numbers are given, but without controls; or a claim is judged by an image alone.
# - 0: "it learned shapes", "it finds objects" or the like is taken over without a number.
#
# Numbers are those that your notebook printed. A claim can be right, wrong, or undecided: say which.

# %% [markdown] written="claims" points=3
# (1) Not carried. In step 5 the linear layer on DINO's features names shapes a little above the chance of .17, but so
# do those on random features, and by k-NN DINO's shapes are no better than the best control within two standard errors.
# What can be said: these measurements see no shape that was learned. (2) Carried. By k-NN the colour's gain in step 5
# is many standard errors above the *better* of pixels and random networks, not above the random networks alone, and by
# the linear layer DINO is above both, too. (3) Not carried. The best head is chosen by the mask; in step 6 the random
# networks' best heads reach most of the same. The figure to give is the fixed head, chosen on other scenes, beside the
# map of another image and the random networks' fixed heads. (4) Wrong as a reason: in step 2 a training that has
# collapsed has a loss (entropy + KL) near 0. That this one did not collapse shows in an entropy of the mean clearly
# above the mean of the entropies, or in k-NN far above chance. (5) One image proves nothing: step 6 measures every head
# on 1,000 scenes. There was one training with one seed: by how much another start would change each figure is open, and
# the three random networks show that starts differ.
