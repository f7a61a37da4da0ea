# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 9 · Who pays the class loss · 2 points · 10 min · ●●○○○
# **You will be able to** say how much of the class loss no-object carries, and by what the loss is divided.
#
# Most queries of an image have no object. The weight .1 holds them down. By how much? **Say first** (1 point; whole
# numbers are near enough):
#
# - one image, 7 objects, 100 queries, and every query has the same −log p. What share of the loss, in per cent, comes
#   from the queries without an object?
# - four such images in a batch: by what is the weighted sum divided? (A reader of the code asks: by 400?)
# - the trained shapes model on 30 scenes, 20 queries each: the same share, in per cent. This is a guess, graded for
#   being there; the others can be worked out.
#
# **Then write** `no_object_share(logits, classes, no_object)` (1 point): the share, 0..1, of the weighted loss of a
# batch that comes from queries whose class is K.
#
# *Example.* Three queries with −log p of 1, 2 and 3, the middle one without an object, weight .1: of 1 + .2 + 3 = 4.2,
# the share is .2/4.2 = .048.

# %% exercise="who_pays"
# Worked out: 7 objects and 100 equally wrong queries, the share of no-object in per cent ...
percent_if_equally_wrong = 57  # ____
# ... what the sum of four such images is divided by ...
divisor_of_four_images = 65  # ____
# ... and, as a guess, the share in the trained shapes model, in per cent.
percent_when_trained = 50  # ____


def no_object_share(logits, classes, no_object):
    """0..1: the share of the weighted loss that comes from queries without an object, as a number.

    logits: (B, Q, K+1). classes: (B, Q), K for no object. no_object: the weight of class K; the others weigh 1.
    """
    ### BEGIN SOLUTION
    K = logits.shape[2] - 1
    losses = F.cross_entropy(logits.flatten(0, 1), classes.flatten(), reduction="none")  # (B*Q,)
    nothing = classes.flatten() == K
    theirs = no_object * losses[nothing].sum()
    return (theirs / (theirs + losses[~nothing].sum())).item()
    ### END SOLUTION

# %% check="who_pays" points=2
@check(parts={"1. said first": 1, "2. no_object_share": 1})
def who_pays(draw):
    said = {"share": draw.sealed(lambda: percent_if_equally_wrong, digits=0),
            "divisor": draw.sealed(lambda: divisor_of_four_images, digits=0)}
    seal = draw.integer(1, 10**6)  # any guess in its range is right: what comes back hangs on the seed alone

    def guessed():
        if isinstance(percent_when_trained, str | bool):
            return "no number"
        try:
            value = float(percent_when_trained)
        except (TypeError, ValueError):
            return "no number"
        return "in its range" if 0 <= value <= 100 else "out of its range"

    B, Q, K = draw.letters("B Q K", 3, 13)
    logits, no_object = 2 * draw.normal(B, Q, K + 1), draw.number(0.1, 0.4)
    classes = torch.tensor([[draw.choice([K, K, draw.integer(0, K - 1)]) for _ in range(Q)] for _ in range(B)])
    classes[0, 1:], classes[1, 1:] = K, 0  # one image full of no-object, one of objects
    logits[0, :, K] += 4
    shares = [attempted(lambda: float(no_object_share(logits, classes, weight))) for weight in (no_object, 1.0)]
    return {"1. said first": said | {"guess": attempted(guessed), "seal": seal},
            "2. no_object_share": {"light": shares[0], "weight 1": shares[1]}}


# %% [raw] hints="who_pays"
# 1. Count in weights: 7 queries of weight 1 against 93 of weight .1. The divisor is a sum of weights, too. For the
#    share you need the loss of every single query.
# 2. `F.cross_entropy(..., reduction="none")` gives −log p of each query, without weights. `classes.flatten() == K` says
#    which have no object; theirs are multiplied by `no_object`.
# 3. `theirs = no_object * losses[nothing].sum()`, and the share is `theirs / (theirs + ...)`; `.item()` makes a number
#    of it.

# %% [raw] mistake="who_pays/the_weight"
# This is the weight itself. How much it comes to depends on how many queries have no object, and on how wrong they are.
# ---
# - return (theirs / (theirs + losses[~nothing].sum())).item()
# + return no_object

# %% [raw] mistake="who_pays/weights_only"
# This is the share of the *weights*. Multiply each weight by its query's −log p.
# ---
# - losses = F.cross_entropy(logits.flatten(0, 1), classes.flatten(), reduction="none")  # (B*Q,)
# + losses = torch.ones(classes.numel())

# %% [raw] mistake="who_pays/not_weighted"
# The losses of no-object were not multiplied by their weight.
# ---
# - theirs = no_object * losses[nothing].sum()
# + theirs = losses[nothing].sum()

# %% [raw] mistake="who_pays/over_unweighted"
# Only the numerator is weighted. The whole loss has the weight in it as well: theirs + that of the others.
# ---
# - return (theirs / (theirs + losses[~nothing].sum())).item()
# + return (theirs / losses.sum()).item()

# %% [raw] mistake="who_pays/ratio"
# This is a ratio: no-object against the others. A share is a part of the whole.
# ---
# - return (theirs / (theirs + losses[~nothing].sum())).item()
# + return (theirs / losses[~nothing].sum()).item()

# %% [raw] mistake="who_pays/share_of_objects"
# This is the share of the queries that have an object. Asked is the other one.
# ---
# - return (theirs / (theirs + losses[~nothing].sum())).item()
# + return (1 - theirs / (theirs + losses[~nothing].sum())).item()

# %% [raw] mistake="who_pays/means"
# The two means were compared. There are more queries without an object than with one: sum the losses.
# ---
# - theirs = no_object * losses[nothing].sum()
# - return (theirs / (theirs + losses[~nothing].sum())).item()
# + theirs = no_object * losses[nothing].mean()
# + return (theirs / (theirs + losses[~nothing].mean())).item()

# %% [raw] mistake="who_pays/mean_of_images"
# Each image's share was taken, and then the mean. The batch has one loss: sum over all its queries.
# ---
# - K = logits.shape[2] - 1
# - losses = F.cross_entropy(logits.flatten(0, 1), classes.flatten(), reduction="none")  # (B*Q,)
# - nothing = classes.flatten() == K
# - theirs = no_object * losses[nothing].sum()
# - return (theirs / (theirs + losses[~nothing].sum())).item()
# + K = logits.shape[2] - 1
# + losses = F.cross_entropy(logits.transpose(1, 2), classes, reduction="none")  # (B, Q)
# + theirs = no_object * (losses * (classes == K)).sum(1)
# + return (theirs / (theirs + (losses * (classes < K)).sum(1))).mean().item()

# %% [raw] mistake="who_pays/percent"
# This is in per cent. Return a share from 0 to 1.
# ---
# - return (theirs / (theirs + losses[~nothing].sum())).item()
# + return 100 * (theirs / (theirs + losses[~nothing].sum())).item()

# %% [raw] mistake="who_pays/ten_per_cent"
# The share is not 10 %: that is the weight of one query, and 93 of 100 queries have it.
# ---
# - percent_if_equally_wrong = 57
# + percent_if_equally_wrong = 10

# %% [raw] mistake="who_pays/without_the_weight"
# 93 % would be the share without the weight. With it, 93 · .1 stands against 7.
# ---
# - percent_if_equally_wrong = 57
# + percent_if_equally_wrong = 93

# %% [raw] mistake="who_pays/all_queries"
# The sum is not divided by the 400 queries, but by the sum of their weights: 1 for each object, .1 for each of the
# others.
# ---
# - divisor_of_four_images = 65
# + divisor_of_four_images = 400

# %% [raw] mistake="who_pays/objects"
# The sum is not divided by the 28 objects alone: the weights of the others are added.
# ---
# - divisor_of_four_images = 65
# + divisor_of_four_images = 28

# %% [raw] mistake="who_pays/share_for_per_cent"
# Of the 7 objects and 100 queries: this is not the share in per cent. Is it a share from 0 to 1? Multiply it by 100.
# ---
# - percent_if_equally_wrong = 57
# + percent_if_equally_wrong = 0.57

# %% [raw] mistake="who_pays/one_image"
# This is the divisor of one image. The batch has four, and one sum over all its queries.
# ---
# - divisor_of_four_images = 65
# + divisor_of_four_images = 16.3

# %% [raw] mistake="who_pays/guess_out_of_range"
# The guess for the trained model is a share in per cent, so it lies between 0 and 100.
# ---
# - percent_when_trained = 50
# + percent_when_trained = 150

# %% [raw] mistake="who_pays/in_words"
# The guess for the trained model is no number. Write one from 0 to 100, without quotes.
# ---
# - percent_when_trained = 50
# + percent_when_trained = "most"

# %% [markdown]
# **The result.**

# %%
def show_payers():
    classes = torch.full((1, 100), 91)
    classes[0, :7] = 17
    share = no_object_share(torch.zeros(1, 100, 92), classes, 0.1)
    print(f"7 of 100, equally wrong: no-object {100 * share:.0f} %, you said {percent_if_equally_wrong}")
    print(f"without the weight: {100 * no_object_share(torch.zeros(1, 100, 92), classes, 1.0):.0f} %")
    weights = 4 * (7 + 93 * 0.1)
    print(f"four images: the sum is divided by 28 + 372 · 0.1 = {weights:.1f}, you said {divisor_of_four_images}")
    torch.manual_seed(9)
    for name, model, guess in (("random weights", shapes_model().eval(), ""),
                               ("trained", load_model("shapes"), f", your guess {percent_when_trained}")):
        outputs, targets = scene_batch(model, range(400, 430))
        logits = outputs["pred_logits"]
        classes = torch.full(logits.shape[:2], logits.shape[2] - 1)
        for row, (queries, which), target in zip(classes, match(outputs, targets), targets):
            row[queries] = target["labels"][which]
        found = (classes < logits.shape[2] - 1).sum().item()
        share = 100 * no_object_share(logits, classes, 0.1)
        print(f"shapes model, {name}: {found} of {classes.numel()} matched, no-object {share:.0f} %{guess}")


attempt(show_payers, after="who_pays")
