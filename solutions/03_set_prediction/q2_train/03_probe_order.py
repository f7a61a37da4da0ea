# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 3 · Five probes · 3 points · 20 min · ●●○○○
# **You will be able to** choose scenes so few that a training has to succeed in seconds, and to say which part is suspect
# when it does not.
#
# | probe | what is learnt, always the same | needs | so a failure suspects |
# |---|---|---|---|
# | 1 | one scene, one object | a loss and steps that fit | learning rate |
# | 2 | two scenes, the object at different places | an output that depends on the image | image |
# | 3 | one scene, two objects of a class | queries that differ | queries |
# | 4 | a scene with an object, and an empty one | the class no-object | no-object |
# | 5 | two scenes, half the time mirrored | data that are right | data |
#
# Probes 1 to 3 and 5 pass where *all objects are found*: a detection of the right class with a score of at least .5 and an
# IoU of at least .7. Other detections count in probe 4 only: there, there may be none. Probe 5 is measured on the scenes
# and on their mirror images. The order matters: each probe needs what those before it need.
#
# **Work out first** (2 points): five faults, and for each the number, 1 to 5, of the *first* probe that fails.
#
# - *keen*: the weight of no-object in the class loss is 0.
# - *clones*: one learned query is repeated Q times.
# - *askew*: mirrored images keep the boxes of the image before.
# - *hot*: the learning rate is 300 times too high.
# - *blind*: the transformer gets zeros in place of the backbone's features; the positions are right.
#
# **Then write** `suspect(passed)` (1 point). `passed` is a list of five truth values, one for each probe. It returns the
# suspect of the first probe that failed, a string of the table's last column, or `None` where all passed.
#
# *Example.* `suspect([True, True, False, True, False])` is `"queries"`: probe 5 failed, too, but it needs distinct
# queries as well.

# %% exercise="probe_order"
# The number of the first probe that fails with each fault.
first_of_keen = 4  # ____
first_of_clones = 3  # ____
first_of_askew = 5  # ____
first_of_hot = 1  # ____
first_of_blind = 2  # ____


def suspect(passed):
    """The suspect of the first of five probes that failed, or None."""
    ### BEGIN SOLUTION
    for name, fine in zip(("learning rate", "image", "queries", "no-object", "data"), passed):
        if not fine:
            return name
    return None
    ### END SOLUTION

# %% check="probe_order" points=3
@check(parts={"1. worked out": 2, "2. suspect": 1})
def probe_order(draw):
    def listed(passed):
        said = filled_in(suspect(list(passed)))
        return said if said is None or isinstance(said, str) else f"no string: {type(said).__name__}"

    def asked():
        first = draw.integer(0, 4)
        one = [number != first for number in range(5)]
        more = [number < first or number > first and draw.choice([True, False]) for number in range(5)]
        two = draw.integer(0, 3)
        both = [number not in (two, two + 1) for number in range(5)]
        return {"one failed": listed(one), "more failed": listed(more), "two in a row": listed(both),
                "all failed": listed([False] * 5), "last failed": listed([True] * 4 + [False]),
                "none failed": [listed([True] * 5), first]}

    return {"1. worked out": {"keen": draw.sealed(lambda: first_of_keen),
                              "clones": draw.sealed(lambda: first_of_clones),
                              "askew": draw.sealed(lambda: first_of_askew),
                              "hot": draw.sealed(lambda: first_of_hot),
                              "blind": draw.sealed(lambda: first_of_blind)},
            "2. suspect": attempted(asked)}


# %% [raw] hints="probe_order"
# 1. For each fault, go through the probes in their order. Could the model learn this probe by heart in spite of the fault?
# 2. Without an image the model can still learn one answer by heart. Equal queries can still give one box. A wrong
#    no-object matters where there is nothing. `suspect` is a loop that returns at the first False.
# 3. `for name, fine in zip((...), passed):`, in it `if not fine: return name`, and behind the loop `return ...`. What fails
#    in all probes fails in the first; a fault that only shows in varied data fails in the last.

# %% [raw] mistake="probe_order/blind_blamed_on_rate"
# Blind passes probe 1: one answer, the same for every image, is all that one scene asks for. Two scenes ask for two.
# ---
# - first_of_blind = 2
# + first_of_blind = 1

# %% [raw] mistake="probe_order/blind_as_data"
# Blind fails before there are any data: two scenes with different answers are enough.
# ---
# - first_of_blind = 2
# + first_of_blind = 5

# %% [raw] mistake="probe_order/clones_first"
# Clones pass probes 1 and 2. Equal queries give equal boxes, and one object in each scene needs no more than one.
# ---
# - first_of_clones = 3
# + first_of_clones = 1

# %% [raw] mistake="probe_order/clones_two_scenes"
# Clones pass probe 2: equal queries still see the image, and each scene has one object.
# ---
# - first_of_clones = 3
# + first_of_clones = 2

# %% [raw] mistake="probe_order/keen_first"
# Keen passes probe 1: the object is found, and what the other queries say is not counted there.
# ---
# - first_of_keen = 4
# + first_of_keen = 1

# %% [raw] mistake="probe_order/keen_at_the_data"
# Keen fails before probe 5: in the empty scene of probe 4 its queries find objects.
# ---
# - first_of_keen = 4
# + first_of_keen = 5

# %% [raw] mistake="probe_order/askew_first"
# Askew passes probes 1 to 4: nothing is mirrored there.
# ---
# - first_of_askew = 5
# + first_of_askew = 1

# %% [raw] mistake="probe_order/hot_at_the_data"
# Hot does not wait for data: with such steps the weights do not settle for one scene either.
# ---
# - first_of_hot = 1
# + first_of_hot = 5

# %% [raw] mistake="probe_order/last_failure"
# This is the suspect of the last probe that failed. Each probe needs what those before it need, so the first one decides.
# ---
# - for name, fine in zip(("learning rate", "image", "queries", "no-object", "data"), passed):
# -     if not fine:
# -         return name
# - return None
# + found = None
# + for name, fine in zip(("learning rate", "image", "queries", "no-object", "data"), passed):
# +     if not fine:
# +         found = name
# + return found

# %% [raw] mistake="probe_order/first_passed"
# This is the first probe that passed. Look for the first that is False.
# ---
# - if not fine:
# + if fine:

# %% [raw] mistake="probe_order/the_probe"
# This is the name of the probe. Return the suspect, from the last column.
# ---
# - for name, fine in zip(("learning rate", "image", "queries", "no-object", "data"), passed):
# + for name, fine in zip(("one scene", "two scenes", "two objects", "an empty scene", "data"), passed):

# %% [raw] mistake="probe_order/number"
# This is a number. Return the suspect as a string.
# ---
# - for name, fine in zip(("learning rate", "image", "queries", "no-object", "data"), passed):
# + for name, fine in enumerate(passed):

# %% [markdown]
# **The result** of each fault up to the first probe that fails, kept in a file, since all of it takes more than a minute.
# One probe runs now.

# %%
def show_probes():
    probes = tiny_curves()["probes"]
    faults = {"none": "sound", "hot": "learning rate", "blind": "image", "clones": "queries", "keen": "no-object",
              "askew": "mirror"}
    for name, fault in faults.items():
        rows = probes[fault].values()
        cells = [f"{'passed' if row['passed'] else 'FAILED'} {row['found']}/{row['objects']} +{row['false']}" for row in rows]
        blamed = suspect([row["passed"] for row in rows] + [True] * (5 - len(rows)))
        print(f"{name:<7}{', '.join(cells)} -> {blamed}")
    slowest = max(row["seconds"] for row in probes["sound"].values())
    print(f"(found/objects +other detections; the slowest probe of the sound training took {slowest:.0f} CPU seconds)")
    live = probe(faulty("image"), "two scenes")
    print(f"now: blind on probe 2, found {live.found} of {live.objects}; loss {live.losses[0]:.1f} -> {live.losses[-1]:.1f}")


attempt(show_probes, after="probe_order")
