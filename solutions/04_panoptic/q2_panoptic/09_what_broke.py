# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 9 · SQ is high and PQ is low: what broke? · 2 points · 10 min · ●●●○○
# **You will be able to** name the broken part of a panoptic model from numbers, and the number that proves it.
#
# The table at the end of step 8 shows five systems, A to E. Each has one fault of its own; beside that all are moved by a
# pixel:
#
# | fault | |
# |---|---|
# | swapped | things have the class of another shape |
# | missing | things are not there; the ground lies there instead |
# | eroded | things lose pixels all around |
# | merged | two things have become one segment |
# | squeezed | everything is squeezed to the left, as in step 4 |
#
# **Write** for each fault the letter of its system (1 point, for all five).

# %% exercise="what_broke"
# The letter of the system with each fault.
swapped = "C"  # ____
missing = "A"  # ____
eroded = "B"  # ____
merged = "E"  # ____
squeezed_left = "D"  # ____

# %% check="what_broke" points=1
@check
def what_broke(draw):
    def letter(call):
        return draw.sealed_word(call, "ABCDE")

    return {"swapped": letter(lambda: swapped), "missing": letter(lambda: missing),
            "eroded": letter(lambda: eroded), "merged": letter(lambda: merged),
            "squeezed": letter(lambda: squeezed_left)}


# %% [raw] hints="what_broke"
# 1. A fault leaves its mark in one column. Which fault makes no false positives? Which leaves SQ as it is?
# 2. Many of "wrong class" are swapped; what lies in another thing is "swallowed". Two are left whose outlines are poor:
#    which of them also moves things?
# 3. "gone" without any FP: missing. "swallowed": merged. The lower RQ of the two with poor outlines: ...

# %% [raw] mistake="what_broke/swapped_and_missing"
# Swapped and missing changed places. They have nearly the same SQ and RQ. A thing with another class is found under a
# wrong name, so it is invented *and* missed; a thing that is not there is missed only.
# ---
# - swapped = "C"
# - missing = "A"
# + swapped = "A"
# + missing = "C"

# %% [raw] mistake="what_broke/eroded_and_squeezed"
# Eroded and squeezed changed places. What is eroded is mostly found still, with a lower SQ; what is squeezed is moved as
# well, the more the further it lies to the right.
# ---
# - eroded = "B"
# + eroded = "D"
# - squeezed_left = "D"
# + squeezed_left = "B"

# %% [raw] mistake="what_broke/merged_and_missing"
# Merged and missing changed places. Both leave fewer predictions than there are things; what is merged lies in another
# thing, what is missing in the ground.
# ---
# - missing = "A"
# + missing = "E"
# - merged = "E"
# + merged = "A"

# %% [markdown]
# **The pictures**: one scene, as each system shows it.

# %%
def show_broken():
    pairs = {letter: unknown(letter, 12)[9] for letter in FAULTS}
    tiles = [("truth", painted(pairs["A"][0])),
             *((f"{letter}: {FAULTS[letter]}", painted(predicted)) for letter, (_, predicted) in pairs.items())]
    return side_by_side([tiles[:3], tiles[3:]])


attempt(show_broken, after="what_broke")

# %% [markdown]
# **Written: what broke?** In two of the systems SQ is high and PQ is low, with nearly equal numbers. A colleague says of the
# one with *missing* things: "The masks are bad, train the mask head longer." Answer in four or five sentences: does the
# table bear this out? What is broken, and by which numbers do you tell it from the other system? Which measurement on a
# *real* DETR would refute you, and what would you mend?
#
# **Criterion 9 · What broke (1 point)**
# - 1: says that a high SQ speaks against bad masks; tells missing from swapped by numbers of the table; and names a
#   measurement that could come out against the answer.
# - 0.5: the right part is named with a number, but the two systems are not told apart, or nothing could refute it.
# - 0: names a part without a number.

# %% [markdown] written="broken_part" points=1
# The table speaks against it: the SQ of A is as high as that of C, far above that of B, so what is found is outlined
# well. A's things are not found: nearly all its errors are FN, "gone" has most of them, and there are hardly any FP. C
# has as many FP as FN, and they are "wrong class": its segments are there under another name. So in A queries were
# dropped, which is the class head (no-object) or the threshold of .85, not the mask head. On a real DETR I would lower
# the threshold and count again: if "gone" stays as it is, no query sees these objects, and I am wrong about the
# threshold; if the matched queries' masks at these places have a low IoU, the colleague is right. I would mend the
# threshold first, then the weight of no-object in training.
