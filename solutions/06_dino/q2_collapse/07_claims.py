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
# (1) Not carried. In step 5 the linear layer names shapes only a little above the chance of .17, and so do those on
# random features and on pixels; by k-NN DINO's shapes are no better than the best control within two standard errors.
# What can be said: shape was not learned, as far as these probes see. The taught network has more, so the architecture is
# not the only reason. (2) Compare the gain in step 5, colour, with its standard error: where it is above two of them, the
# claim holds for k-NN on these scenes, beside the *better* of pixels and random networks; with the linear layer all are
# high, and the difference is smaller. So: nearer at hand, not only then present. (3) Not carried. The best head is chosen
# by the mask; random networks' best heads reach a good part of the same in step 6. The fixed head, chosen on other scenes, is the
# figure to give, beside the map of another image and the random networks' fixed heads. Claim that difference, whatever it
# is. (4) Wrong as a reason: in step 2 a collapsed training has the lowest loss, entropy + KL near 0. What shows that it did
# not collapse is that the entropy of the mean stays clearly above the mean of the entropies, and here that k-NN is far
# above chance. (5) One image proves nothing: step 6 measures all heads on 1,000 scenes. There was one training with one
# seed: by how much another start would change each figure is open, and the three random networks show that starts differ.
