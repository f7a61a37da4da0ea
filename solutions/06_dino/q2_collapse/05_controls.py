# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 5 · The controls · 3 points · 20 min · ●●●○○
# **You will be able to** put a figure beside what costs nothing, and say whether it is better by more than luck.
#
# "Colours are found by k-NN in half of the images" says nothing by itself. A network with *random* weights has features,
# too, and so have the *raw pixels*. Only what DINO has beyond them was learned. All are measured on the same 1,000 held-out
# scenes, and therefore compared scene by scene: `right` is for each of N scenes whether the guess was right.
#
# **Say first** (1 point): how many of 100 guesses are right if one guesses at random among the 6 shapes, and among the
# 12 colours (two numbers to work out, in per cent, rounded)? And a guess, graded for being there: the share of right
# *shapes* that k-NN finds in DINO's features, from 0 to 1.
#
# **Then write**
#
# 1. `best_control(right)` (1 point): a dict of name → right (N,) bool, with "DINO" among the names → the name of the
#    control with the most right guesses. DINO is no control, and neither is "taught": that network saw labels.
# 2. `gain(ours, control)` (1 point): right (N,) of two on the same scenes → two numbers, the difference of their shares
#    of right guesses, and its standard error: the standard deviation of the N differences, which are 1, 0 and −1,
#    over √N.
#
# *Example.* Ours is right in `[1, 1, 0, 1]`, the control in `[1, 0, 0, 0]`. The differences are `[0, 1, 0, 1]`: the gain
# is .5, the deviation .577, and the standard error .289. A gain below two standard errors may be luck.

# %% exercise="controls"
# Worked out, in per cent: right by chance among 6 shapes, and among 12 colours.
chance_of_shape = 17  # ____
chance_of_colour = 8  # ____
# A guess: the share of right shapes by k-NN in DINO's features, from 0 to 1.
guessed_shape = 0.3  # ____


def best_control(right):
    """The name of the control that is right most often; right: by name (N,) bool."""
    ### BEGIN SOLUTION
    controls = [name for name in right if name not in ("DINO", "taught")]
    return max(controls, key=lambda name: right[name].sum())
    ### END SOLUTION


def gain(ours, control):
    """The difference of the shares of right guesses, and its standard error; (N,) bool each, of the same scenes."""
    ### BEGIN SOLUTION
    difference = (ours.int() - control.int()).float()  # (N,)
    return difference.mean(), difference.std() / math.sqrt(len(difference))
    ### END SOLUTION

# %% check="controls" points=3
@check(parts={"1. said first": 1, "2. best_control": 1, "3. gain": 1})
def controls(draw):
    N = draw.size(31, 47)
    draw.name(N=N)

    def right(count):
        return draw.permutation(N) < count

    def asked(order, counts):
        given = {name: right(counts[name]) for name in order}

        def name():
            found = best_control(given)
            float(found) if found is ____ else None  # a blank says so
            return found

        return attempted(name)

    names = ["DINO", "taught", "pixels", "random 0", "random 1", "random 2"]
    orders = [[names[i] for i in draw.permutation(6).tolist()] for _ in range(4)]
    best, *rest = (f"random {i}" for i in draw.permutation(3).tolist())
    four = {best: 20, "pixels": 14, rest[0]: 11, rest[1]: 8}
    ours = right(draw.integer(17, 23))
    other = ours & right(draw.integer(19, 25)) | (draw.permutation(N) < 3)  # hard and easy scenes are so for both

    def two(ours, control):
        difference, error = gain(ours.clone(), control.clone())
        return {"difference": numbers_of(difference), "standard error": numbers_of(error)}

    return {"1. said first": {"shape": draw.sealed(lambda: chance_of_shape, digits=0),
                              "colour": draw.sealed(lambda: chance_of_colour, digits=0),
                              "guess": draw.guessed(lambda: guessed_shape, 0, 1)},
            "2. best_control": {"DINO above": asked(orders[0], {"DINO": 25, "taught": 23, **four}),
                                "taught above": asked(orders[1], {"DINO": 23, "taught": 27, **four}),
                                "DINO below": asked(orders[2], {"DINO": 9, "taught": 17, **four}),
                                "pixels": asked(orders[3], {"DINO": 25, "taught": 24, "pixels": 21, "random 0": 13,
                                                            "random 1": 9, "random 2": 12})},
            "3. gain": {"gained": attempted(lambda: two(ours, other)), "lost": attempted(lambda: two(other, ours))}}


# %% [raw] hints="controls"
# 1. Of C labels that are equally frequent, how many guesses are right? Which networks of the table have seen labels, or
#    were trained at all? Two that are judged on the same scenes are compared scene by scene.
# 2. 1/6 and 1/12. `max(names, key=...)` gives the name with the largest share. Truth values become numbers by `.float()`;
#    the difference (N,) has a mean and a standard deviation.
# 3. `difference = ours.float() - control.float()`, then `difference.mean()` and `difference.std() / ...` of N.

# %% [raw] mistake="controls/chance_is_a_half"
# A half would be right for two shapes. Of six that are equally frequent one guess in six is right.
# ---
# - chance_of_shape = 17
# + chance_of_shape = 50

# %% [raw] mistake="controls/chance_as_a_share"
# This is a share of 1. Write it in per cent.
# ---
# - chance_of_shape = 17
# + chance_of_shape = 0.17

# %% [raw] mistake="controls/colour_as_shape"
# There are 12 colours: one guess in twelve is right.
# ---
# - chance_of_colour = 8
# + chance_of_colour = 17

# %% [raw] mistake="controls/pairs_of_both"
# This is the chance for shape and colour together, 1 in 72. The colour alone is asked for.
# ---
# - chance_of_colour = 8
# + chance_of_colour = 1

# %% [raw] mistake="controls/guess_in_per_cent"
# The guess is out of its range. A share is a number from 0 to 1.
# ---
# - guessed_shape = 0.3
# + guessed_shape = 30

# %% [raw] mistake="controls/guess_in_words"
# The guess is no number. Write a share from 0 to 1, without quotes.
# ---
# - guessed_shape = 0.3
# + guessed_shape = "a third"

# %% [raw] mistake="controls/dino_as_its_own_control"
# DINO was among the controls. It is what is compared with them.
# ---
# - controls = [name for name in right if name not in ("DINO", "taught")]
# + controls = [name for name in right if name != "taught"]

# %% [raw] mistake="controls/taught_as_a_control"
# The network that was taught the shapes was among the controls. It saw labels, so it is no measure of what comes for
# free: leave it out.
# ---
# - controls = [name for name in right if name not in ("DINO", "taught")]
# + controls = [name for name in right if name != "DINO"]

# %% [raw] mistake="controls/all_of_them"
# The best of all was taken, DINO and the taught network with it. Choose among the controls.
# ---
# - controls = [name for name in right if name not in ("DINO", "taught")]
# + controls = list(right)

# %% [raw] mistake="controls/pixels_alone"
# Only the pixels were taken. A random network is a control, too, and can be the better one.
# ---
# - controls = [name for name in right if name not in ("DINO", "taught")]
# + controls = ["pixels"]

# %% [raw] mistake="controls/random_alone"
# Only random networks were taken. The raw pixels are a control, too, and can be the better one.
# ---
# - controls = [name for name in right if name not in ("DINO", "taught")]
# + controls = [name for name in right if name.startswith("random")]

# %% [raw] mistake="controls/weakest"
# This is the weakest control. To be better than that is easily done.
# ---
# - return max(controls, key=lambda name: right[name].sum())
# + return min(controls, key=lambda name: right[name].sum())

# %% [raw] mistake="controls/first_control"
# This is the first control of the dict. Take the one that is right most often.
# ---
# - return max(controls, key=lambda name: right[name].sum())
# + return controls[0]

# %% [raw] mistake="controls/its_share"
# This is the share of the best control. Give its name.
# ---
# - return max(controls, key=lambda name: right[name].sum())
# + return max(float(right[name].float().mean()) for name in controls)

# %% [raw] mistake="controls/sign_of_the_gain"
# The gain has the wrong sign: ours less the control.
# ---
# - difference = (ours.int() - control.int()).float()  # (N,)
# + difference = (control.int() - ours.int()).float()

# %% [raw] mistake="controls/counted"
# This is a number of scenes. A gain is a share: the mean of the differences.
# ---
# - return difference.mean(), difference.std() / math.sqrt(len(difference))
# + return difference.sum(), difference.std() / math.sqrt(len(difference))

# %% [raw] mistake="controls/deviation_for_error"
# This is the standard deviation of one scene's difference. The mean of N scenes is surer: divide by √N.
# ---
# - return difference.mean(), difference.std() / math.sqrt(len(difference))
# + return difference.mean(), difference.std()

# %% [raw] mistake="controls/over_n"
# The deviation was divided by N. The standard error of a mean is the deviation over √N.
# ---
# - return difference.mean(), difference.std() / math.sqrt(len(difference))
# + return difference.mean(), difference.std() / len(difference)

# %% [raw] mistake="controls/as_if_different_scenes"
# This is the error of two measurements on *different* scenes: the squares of both errors added. Here both saw the same
# ones, so what is hard for both cancels: take the deviation of the differences.
# ---
# - return difference.mean(), difference.std() / math.sqrt(len(difference))
# + each = [right.float().var() / len(right) for right in (ours, control)]
# + return difference.mean(), math.sqrt(each[0] + each[1])

# %% [raw] mistake="controls/error_of_ours"
# This is the error of our share alone. The difference has one of its own, since the control varies, too.
# ---
# - return difference.mean(), difference.std() / math.sqrt(len(difference))
# + return difference.mean(), ours.float().std() / math.sqrt(len(difference))

# %% [markdown]
# **The result**: k-NN with 20 neighbours, by your functions, on 1,000 held-out scenes. "Taught" is the same network after
# a short training *with* the labels of the shapes; it is trained when you run the cell, which takes some seconds. The
# last lines give the gain of DINO over the best control.

# %%
@lru_cache(maxsize=1)
def networks():
    """All that is compared, by name, as functions of images."""
    print("training the network that is taught the shapes, 150 steps")
    found = {"DINO": load_dino(), **{f"random {seed}": random_vit(seed) for seed in range(3)}, "taught": taught_shapes()}
    asked = {name: nn.ModuleDict({"teacher": nn.ModuleDict({"backbone": vit})}) for name, vit in found.items()}
    by_name = {name: lambda images, vit=vit: features_of(vit, images) for name, vit in asked.items()}
    return {"pixels": pixel_features, **by_name}


def show_controls(k=20):
    scenes = scenes_of("held_out", 1000)
    labels, images = labels_of(scenes), scenes.inputs()
    right = {name: {} for name in PROPERTIES}
    for network, features in networks().items():
        similarity = similarities(features(images))
        for name in PROPERTIES:
            right[name][network] = votes(similarity, labels[name], k).argmax(1) == labels[name]
    print("share of right guesses" + "".join(f"{name:>10}" for name in PROPERTIES))
    print(f"{'chance':22}" + "".join(f"{1 / count:10.2f}" for count in PROPERTIES.values()))
    for network in networks():
        print(f"{network:22}" + "".join(f"{right[name][network].float().mean():10.3f}" for name in PROPERTIES))
    print()
    for name in PROPERTIES:
        control = best_control(right[name])
        difference, error = gain(right[name]["DINO"], right[name][control])
        print(f"{name}: gain over {control} {float(difference):+.3f}, standard error {float(error):.3f}")
    print(f"you guessed {guessed_shape} for DINO's shapes")


attempt(show_controls, after=("knn", "controls"))

# %% [markdown]
# The random networks are one architecture with three starts: by how much they differ is luck that no standard error of
# scenes shows. So is the start of DINO's own training, and there is only one of it here.
# And look at the shapes of "taught": in so short a training even labels bring this network little of them.
#
# **The linear probe.** k-NN takes the features as they are. A linear layer may weigh each of them: it is trained on 2,000
# other scenes, with their labels, and asked about the same 1,000. What it finds need not lie near, only somewhere.

# %%
def show_probe():
    scenes, others = scenes_of("held_out", 1000), scenes_of("reference", 2000)
    labels, known = labels_of(scenes), labels_of(others)
    print("right by a linear layer" + "".join(f"{name:>9}" for name in PROPERTIES))
    for network in ("pixels", "random 0", "DINO", "taught"):
        features = networks()[network]
        bank, asked = features(others.inputs()), features(scenes.inputs())
        shares = [linear_probe(bank, known[name], asked, labels[name]) for name in PROPERTIES]
        print(f"{network:23}" + "".join(f"{share:9.3f}" for share in shares))


attempt(show_probe, after=("knn", "controls"))

# %% [markdown]
# A probe of what the network was trained on says little, and a probe of something it was not trained on says what it
# kept. Note how far a linear layer comes with *random* features: without that row a high figure looks like an
# achievement of the training.
