# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 16 · Where is the bug? · 5 points · 25 min · ●●●●○
# **You will be able to** find the `forward` that has to be changed when a model gives other numbers than it should.
#
# A wrong layer makes everything behind it differ, so the last difference says nothing and the largest says little. The *first*
# one does. `first_divergence(mine, reference, images)` gives both models the same weights and notes of every call of a module
# what it was given and what it gave. What comes back has `rows` (each with `name` and `verdict`, in the order of the calls),
# `first` (the name of the first wrong row) and `after` (the last right row before it).
#
# | verdict of the first wrong row | what it says | whose `forward` is to blame |
# |---|---|---|
# | `differs` | it was given the right thing and gave another | its own |
# | `input differs` | it was given something else | that of the module that calls it |
# | `never called` | nobody called it | that of the module that should call it |
#
# The caller is the nearest module around it **that is called itself**: lists such as `layers`, and the sequence `backbone`, only
# keep modules, and have no row. What is called by nothing else is called by the whole model; its row is named `(output)`.
#
# *Example.* First wrong row: `transformer.encoder.layers.1`, `input differs`. Around it lie `transformer.encoder.layers`, a list
# without a row, and `transformer.encoder`, which has one: its `forward` handed the layer something wrong. Were the verdict
# `differs`, it would be the `forward` of `transformer.encoder.layers.1`.
#
# The next cell plants a bug in a tiny DETR (2 encoder layers, 1 decoder layer). Read the table first: which layer, whose
# `forward`? Other seeds and kinds of bug give other places.

# %%
print("kinds of bug:", *BUGS, sep="\n")
reference, images = model_and_images(Draw(1, "a bug"))
first_divergence(with_bug(reference, BUGS[0], Draw(1, "a bug")), reference, images)

# %% [markdown]
# Now as a function. `place_of_bug` returns a pair of names: the first wrong row, and the module whose `forward` is to blame
# (`"(output)"` for the whole model). The check plants a bug of each kind, one a part, and the seed says where.

# %% exercise="first_bug"
def place_of_bug(mine, reference, images):
    """(first, blamed): the name of the first wrong row, and of the module whose forward has to be changed."""
    ### BEGIN SOLUTION
    found = first_divergence(mine, reference, images)
    called = {row.name: row.verdict for row in found.rows}
    blamed = found.first
    if called[found.first] != "differs":
        blamed = found.first.rpartition(".")[0]
        while blamed and blamed not in called:
            blamed = blamed.rpartition(".")[0]
    return found.first, blamed or "(output)"
    ### END SOLUTION

# %% check="first_bug" points=5
@check(parts=dict.fromkeys(BUGS, 1))
def first_bug(draw):
    reference, images = model_and_images(draw)

    def places(kind):
        first, blamed = place_of_bug(with_bug(reference, kind, draw), reference, images)
        return {"first": first, "blamed": blamed}

    return {kind: attempted(lambda kind=kind: places(kind)) for kind in BUGS}

# %% [raw] hints="first_bug"
# 1. first_divergence does the comparing. What is left is to read its first wrong row: own fault, or the caller's?
# 2. Find the row whose name is found.first. With the verdict "differs" it is to blame itself. Else cut the last part of its name
#    off, at the last dot, until what is left is the name of a row; nothing left means "(output)".
# 3. name.rpartition(".")[0] is what stands before the last dot, "" where there is none. So: while blamed and blamed not in
#    {row.name for row in found.rows}: blamed = …; return found.first, blamed or "(output)".

# %% [raw] mistake="first_bug/itself"
# The first wrong row itself is blamed every time. Where its *input* differs, or where it was never called, its own forward is
# right: the module that calls it is to blame.
# ---
# - if called[found.first] != "differs":
# + if False:

# %% [raw] mistake="first_bug/always_the_caller"
# The caller is blamed every time. A module that was given the right thing and gave another has the bug in its own forward.
# ---
# - if called[found.first] != "differs":
# + if True:

# %% [raw] mistake="first_bug/list_blamed"
# A list was blamed, such as transformer.encoder.layers. It only keeps modules and has no forward that anybody calls: go on to
# the next module around it that has a row.
# ---
# - while blamed and blamed not in called:
# - blamed = blamed.rpartition(".")[0]

# %% [raw] mistake="first_bug/never_called_itself"
# A module that was never called is blamed itself. It did nothing: to blame is the forward in which its call is missing.
# ---
# - if called[found.first] != "differs":
# + if called[found.first] == "input differs":

# %% [raw] mistake="first_bug/missing_is_not_input"
# Where the input differs, the module itself is blamed. It computes rightly what it is given: the forward that calls it gave it
# something else.
# ---
# - if called[found.first] != "differs":
# + if called[found.first] == "never called":

# %% [raw] mistake="first_bug/last_row"
# The last wrong row was taken. Everything behind a bug differs, so the last row is the whole model's output, whatever the
# bug is: take the first.
# ---
# - blamed = found.first
# - if called[found.first] != "differs":
# - blamed = found.first.rpartition(".")[0]
# + first = blamed = [row.name for row in found.rows if row.verdict != "OK"][-1]
# + if called[first] != "differs":
# +     blamed = first.rpartition(".")[0]
# - return found.first, blamed or "(output)"
# + return first, blamed or "(output)"

# %% [raw] mistake="first_bug/largest"
# The row with the largest difference was taken. Differences grow and shrink on the way through a model: take the first.
# ---
# - blamed = found.first
# - if called[found.first] != "differs":
# - blamed = found.first.rpartition(".")[0]
# + first = blamed = max(found.rows, key=lambda row: row.by or 0).name
# + if called[first] != "differs":
# +     blamed = first.rpartition(".")[0]
# - return found.first, blamed or "(output)"
# + return first, blamed or "(output)"

# %% [raw] mistake="first_bug/last_right_row"
# The last row that is still right was named. The bug shows in the row after it: `first`, not `after`.
# ---
# - return found.first, blamed or "(output)"
# + return found.after, blamed or "(output)"

# %% [raw] mistake="first_bug/after_blamed"
# The last row that is still right was blamed. It did what it should: the verdict of the first wrong row says whose forward is
# to blame.
# ---
# - return found.first, blamed or "(output)"
# + return found.first, found.after

# %% [raw] mistake="first_bug/empty_name"
# The whole model is called by an empty name. Its row is named "(output)".
# ---
# - return found.first, blamed or "(output)"
# + return found.first, blamed

# %% [raw] mistake="first_bug/outermost"
# The outermost part of the name was blamed, such as transformer. Go out only as far as the nearest module that has a row.
# ---
# - while blamed and blamed not in called:
# - blamed = blamed.rpartition(".")[0]
# + blamed = blamed.partition(".")[0]

# %% [raw] mistake="first_bug/swapped_models"
# The two models changed places: yours comes first, the reference second. What is never called in yours then looks like
# something extra, and the sentence is about the wrong model.
# ---
# - found = first_divergence(mine, reference, images)
# + found = first_divergence(reference, mine, images)

# %% [markdown]
# Five bugs, found by your function, each beside the sentence that `first_divergence` says.

# %%
def find_five():
    reference, images = model_and_images(Draw(2, "five bugs"))
    for kind in BUGS:
        mine = with_bug(reference, kind, Draw(2, "five bugs"))
        first, blamed = place_of_bug(mine, reference, images)
        print(f"{kind}\n    blamed: {blamed}\n    {first_divergence(mine, reference, images).summary}")


attempt(find_five, after="first_bug")
