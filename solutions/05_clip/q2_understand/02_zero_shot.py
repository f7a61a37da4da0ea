# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 2 · A classifier made of sentences · 4 points · 15 min · ●●○○○
# **You will be able to** classify images into classes that exist only as texts, and give each class several texts.
#
# No layer is trained. The text tower reads a sentence for each class, a *prompt*; the image goes to the class whose
# feature is most similar. With several prompts for a class, section 3.1.4 of the paper averages their *features*, not
# their answers: so it costs no more than one prompt. The mean of features of length 1 is shorter than 1, the more the
# prompts differ. A class would then lose for having unlike prompts, so the mean is brought to length 1 again.
#
# **Write**
#
# 1. `classifier(prompts)` (2 points): a list of K tensors (P, E), the features of the prompts of each class; P differs
#    from class to class → one feature of length 1 for each class, (K, E).
# 2. `classify(images, classes, scale)` (2 points): features of images (N, E) and of classes (K, E) → the number of the
#    likeliest class of each image (N,), and the probability of every class for every image (N, K). Logits are `scale`
#    (one over the temperature) times the cosines.
#
# *Example.* A class has the prompts `[1, 0]` and `[0, 1]`: their mean `[.5, .5]` has the length .71, the class is `[.71,
# .71]`. For the image `[.6, .8]` its cosine is .99, more than the .8 of another class with the one prompt `[0, 1]`. With
# the mean itself it would be .70, and lose.
#
# The library's `zero_shot_classifier` and `zero_shot` may not be used.

# %% exercise="zero_shot" forbids="detrlab.clip.measures.zero_shot_classifier, detrlab.clip.measures.zero_shot, detrlab.clip.measures.measure_clip"
def classifier(prompts):
    """One feature of length 1 for each class: K tensors (P, E) of features of length 1 -> (K, E)."""
    ### BEGIN SOLUTION
    means = torch.stack([features.mean(0) for features in prompts])
    return F.normalize(means, dim=-1)
    ### END SOLUTION


def classify(images, classes, scale):
    """Images (N, E), classes (K, E) -> the likeliest class of each image (N,), and all probabilities (N, K)."""
    ### BEGIN SOLUTION
    probabilities = (scale * images @ classes.T).softmax(1)
    return probabilities.argmax(1), probabilities
    ### END SOLUTION

# %% check="zero_shot" points=4
@check(parts={"1. classifier": 2, "2. classify": 2})
def zero_shot(draw):
    (K, width, N), counts = draw.letters("K E N", 5, 17), draw.sizes(5, 2, 13)
    prompts = [F.normalize(draw.normal(1, width) + draw.normal(counts[n % 5], width), dim=-1) for n in range(K)]
    made = attempted(lambda: classifier([features.clone() for features in prompts]))
    images, classes, scale = unit(draw, N, width), unit(draw, K, width), draw.number(4, 12)

    def of_images():
        labels, probabilities = classify(images.clone(), classes.clone(), scale)
        labels = torch.tensor(labels) if isinstance(labels, list | np.ndarray) else labels
        return {"class": labels, "probabilities": probabilities}

    return {"1. classifier": made, "2. classify": attempted(of_images)}


# %% [raw] hints="zero_shot"
# 1. A class is one point: where is the middle of its prompts, and how long is it? For the probabilities: which numbers
#    have to sum to 1, those of an image or those of a class?
# 2. `features.mean(0)` for each class, `torch.stack`, `F.normalize(..., dim=-1)`. `images @ classes.T` is (N, K).
# 3. `probabilities = (scale * images @ classes.T).softmax(...)` over the classes, and `probabilities.argmax(...)`.

# %% [raw] mistake="zero_shot/mean_not_normalised"
# The mean was not brought to length 1 again, so classes with unlike prompts get smaller cosines.
# ---
# - return F.normalize(means, dim=-1)
# + return means

# %% [raw] mistake="zero_shot/sum"
# These are sums. A class with many prompts would always win: bring it to length 1.
# ---
# - means = torch.stack([features.mean(0) for features in prompts])
# - return F.normalize(means, dim=-1)
# + return torch.stack([features.sum(0) for features in prompts])

# %% [raw] mistake="zero_shot/first_prompt"
# Each class has the feature of its first prompt alone. Take the mean of all of them.
# ---
# - means = torch.stack([features.mean(0) for features in prompts])
# + means = torch.stack([features[0] for features in prompts])

# %% [raw] mistake="zero_shot/largest"
# The largest number at each place was taken. The middle of the prompts is their mean.
# ---
# - means = torch.stack([features.mean(0) for features in prompts])
# + means = torch.stack([features.amax(0) for features in prompts])

# %% [raw] mistake="zero_shot/normalised_over_classes"
# The length was taken along the classes. Each class's own feature, a row, has to have the length 1.
# ---
# - return F.normalize(means, dim=-1)
# + return F.normalize(means, dim=0)

# %% [raw] mistake="zero_shot/one_length_for_all"
# All means were divided by one number. Each row has a length of its own.
# ---
# - return F.normalize(means, dim=-1)
# + return means / means.norm()

# %% [raw] mistake="zero_shot/sums_to_one"
# The rows were made to sum to 1. The *length*, the root of the sum of squares, has to be 1.
# ---
# - return F.normalize(means, dim=-1)
# + return means / means.sum(-1, keepdim=True)

# %% [raw] mistake="zero_shot/softmax_over_images"
# The softmax ran over the images, as if they competed for a class. The classes compete for an image.
# ---
# - probabilities = (scale * images @ classes.T).softmax(1)
# + probabilities = (scale * images @ classes.T).softmax(0)

# %% [raw] mistake="zero_shot/no_scale"
# The cosines went into the softmax without the scale. They lie between −1 and 1, so all classes look nearly alike.
# ---
# - probabilities = (scale * images @ classes.T).softmax(1)
# + probabilities = (images @ classes.T).softmax(1)

# %% [raw] mistake="zero_shot/divided_by_the_scale"
# The cosines were divided by the scale. It is one over the temperature already: multiply.
# ---
# - probabilities = (scale * images @ classes.T).softmax(1)
# + probabilities = (images @ classes.T / scale).softmax(1)

# %% [raw] mistake="zero_shot/exponential_of_the_scale"
# The scale was taken for its logarithm. `scale` is the factor itself.
# ---
# - probabilities = (scale * images @ classes.T).softmax(1)
# + probabilities = (math.exp(scale) * images @ classes.T).softmax(1)

# %% [raw] mistake="zero_shot/logits"
# These are logits, not probabilities. Take their softmax over the classes.
# ---
# - probabilities = (scale * images @ classes.T).softmax(1)
# + probabilities = scale * images @ classes.T

# %% [raw] mistake="zero_shot/sigmoid"
# A sigmoid judges each class alone. The classes exclude each other: take a softmax over them.
# ---
# - probabilities = (scale * images @ classes.T).softmax(1)
# + probabilities = (scale * images @ classes.T).sigmoid()

# %% [raw] mistake="zero_shot/best_image"
# These are the likeliest images of the classes. Return the likeliest class of each image.
# ---
# - return probabilities.argmax(1), probabilities
# + return probabilities.argmax(0), probabilities

# %% [raw] mistake="zero_shot/likeliest_only"
# Only the probability of the likeliest class came. Return those of all K classes.
# ---
# - return probabilities.argmax(1), probabilities
# + return probabilities.argmax(1), probabilities.amax(1)

# %% [markdown]
# **The result.** 300 scenes with one shape, which no training has seen, classified by your functions. The classes are
# the 6 shapes, the 12 colours, or the 72 coloured shapes. The prompts of a class are one sentence that names nothing
# else ("a ring" never occurs in the captions: there a shape always has a colour), or one for every colour (or shape).
# All of this is easy for the shipped CLIP. So the images are measured once more with noise on every pixel. `NOISE` is its
# standard deviation; that of the images themselves is 1.2:

# %%
NOISE = 0.3  # your choice


def show_zero_shot():
    known, scale = seen(300, shapes=1), clip().logit_scale.exp().item()
    truth = [truth.shapes[0] for truth in known.scenes.truths]
    pixels = known.scenes.normalised()
    noise = torch.randn(pixels.shape, generator=torch.Generator().manual_seed(0))
    noisy = encode_pictures(clip(), pixels + NOISE * noise)

    def right(prompts, labels):
        classes = classifier([encode_texts(clip(), texts) for texts in prompts])
        return [(torch.as_tensor(classify(images.clone(), classes, scale)[0]) == torch.tensor(labels)).float().mean().item()
                for images in (known.images, noisy)]

    shape, colour = [SHAPES.index(each.name) for each in truth], [COLOURS.index(each.colour) for each in truth]
    both = [12 * s + c for s, c in zip(shape, colour)]
    mixed = [[article(f"{c} {s}") for c in COLOURS] for s in SHAPES]  # by shape
    print(f"classes              prompts of a class                     right   with noise {NOISE}")
    for row in (("6 shapes", "a ring", right([[article(s)] for s in SHAPES], shape)),
                ("", "a red ring", right([texts[:1] for texts in mixed], shape)),
                ("", "a red ring, an orange ring, ... (12)", right(mixed, shape)),
                ("12 colours", "a red ring", right([[mixed[4][c]] for c in range(12)], colour)),
                ("", "a red circle, a red square, ... (6)", right([list(each) for each in zip(*mixed)], colour)),
                ("72 coloured shapes", "a red ring", right([[each] for texts in mixed for each in texts], both)),
                ("", "the same, a picture of a red ring (2)",
                 right([[each, f"a picture of {each}"] for texts in mixed for each in texts], both))):
        print(f"{row[0]:20} {row[1]:38}{row[2][0]:6.3f}{row[2][1]:12.3f}")


attempt(show_zero_shot, after="zero_shot")

# %% [markdown]
# Of 300 images a share near .5 has a standard error of .03: look at differences with that in mind. More prompts are not
# better by themselves. They help where they say of a class what its images have in common.
