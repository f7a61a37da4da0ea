# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 4 · Nearest neighbours · 3 points · 18 min · ●●○○○
# **You will be able to** measure what lies near what in a network's features, without training anything.
#
# Features are good if images that are alike lie near each other. So the label of an image is guessed from the labels of
# its neighbours, and the share of right guesses is the figure (the paper's *k-NN*, section 4.1 and table 2). Here the
# neighbours come from the same N images as the questions: an image would always be its own nearest neighbour, and give
# away its own label. So it is left out.
#
# 1. `features_of(dino, images)` (1 point): a DINO learner (`dino.student` and `dino.teacher`, each with a `backbone` and
#    a `head`) and images (N, 3, H, W) → features (N, D). What is kept of DINO is the *teacher*, and of it the backbone;
#    the head was there for the loss. `backbone(images)` gives the class token's output. No gradient is needed.
# 2. `similarities(features)` (1 point): (N, D) → (N, N), the cosine of each two of them. The diagonal is −inf: no image
#    is its own neighbour.
# 3. `votes(similarity, labels, k, temperature=0.07)` (1 point): (N, N) and labels (N,) from 0 to C − 1 → the weight of
#    each label, (N, C). Of each row the k largest are the neighbours. A neighbour with the cosine s gives its label the
#    weight $e^{s / \mathrm{temperature}}$; a label without a neighbour has 0. The label with the most weight is the guess.
#
# *Example.* Features (3, 0), (1, 1), (0, 2): the cosines are .71 between the first two and between the last two, and 0
# between first and last. Three neighbours with s = .9, .8, .8 and the labels 0, 1, 1: label 0 has $e^{.9/.07}$ = 384,000,
# label 1 two times $e^{.8/.07}$, which is 184,000: the guess is 0, though 1 has two neighbours.

# %% exercise="knn"
def features_of(dino, images):
    """What is kept of DINO says of images (N, 3, H, W): features (N, D), without gradient."""
    ### BEGIN SOLUTION
    with torch.no_grad():
        return dino.teacher.backbone(images)
    ### END SOLUTION


def similarities(features):
    """The cosines of features (N, D) with each other: (N, N), with -inf on the diagonal."""
    ### BEGIN SOLUTION
    normed = F.normalize(features, dim=-1)
    cosines = normed @ normed.T
    return cosines.fill_diagonal_(-math.inf)
    ### END SOLUTION


def votes(similarity, labels, k, temperature=0.07):
    """The weight of each label (N, C) from the k most similar of each row (N, N), labels (N,) from 0 to C - 1."""
    ### BEGIN SOLUTION
    nearest, which = similarity.topk(k, dim=1)  # (N, k)
    weights = (nearest / temperature).exp()
    none = torch.zeros(len(similarity), int(labels.max()) + 1)
    return none.scatter_add(1, labels[which], weights)
    ### END SOLUTION

# %% check="knn" points=3
@check(parts={"1. features_of": 1, "2. similarities": 1, "3. votes": 1})
def knn(draw):
    N, D = draw.letters("N D", 11, 23)
    dino = nn.ModuleDict({
        name: nn.ModuleDict({"backbone": draw.fill(tiny_backbone(), scale), "head": draw.fill(nn.Linear(7, 5), scale)})
        for name, scale in (("student", 0.5), ("teacher", 1.0))})
    images = draw.normal(N, 3, 8, 8)
    features = draw.normal(N, D) * draw.uniform(N, 1, low=0.3, high=3)
    C = draw.size(3, 5)
    similarity = draw.uniform(N, N, low=-0.8, high=0.8).fill_diagonal_(-math.inf)
    labels, k, warm = (draw.permutation(N) % C), draw.integer(6, 8), draw.number(0.2, 0.4)

    def kept():
        found = features_of(dino, images.clone())
        return {"features": found.detach(), "with a gradient": found.requires_grad}

    return {"1. features_of": attempted(kept),
            "2. similarities": attempted(lambda: numbers_of(similarities(features.clone()))),
            "3. votes": {"at .07": attempted(lambda: numbers_of(votes(similarity.clone(), labels.clone(), k))),
                         "warmer": attempted(lambda: numbers_of(votes(similarity.clone(), labels.clone(), k, warm)))}}


# %% [raw] hints="knn"
# 1. Which of the two networks ships, and which part of it was there for the loss only? A cosine is a product of vectors
#    of what length? A vote counts its weight.
# 2. `F.normalize(features, dim=-1)`, then one matrix product with the transpose. `fill_diagonal_` sets the diagonal.
#    `similarity.topk(k, dim=1)` gives values and places, and `labels[places]` the labels.
# 3. `normed @ normed.T`, then `.fill_diagonal_(-math.inf)`. `torch.zeros(N, C)`, then
#    `....scatter_add(1, labels[which], ...)` with the weights, `(nearest / temperature).exp()`.

# %% [raw] mistake="knn/students_backbone"
# These are the student's features. The teacher's are kept: it is the mean of many students, and the better network.
# ---
# - return dino.teacher.backbone(images)
# + return dino.student.backbone(images)

# %% [raw] mistake="knn/heads_output"
# These went through the head. Its K numbers are for the loss; the feature is what the backbone gives.
# ---
# - return dino.teacher.backbone(images)
# + return dino.teacher.head(dino.teacher.backbone(images))

# %% [raw] mistake="knn/with_a_gradient"
# The features are right, but carry a gradient, and so the memory of the whole network with them. Use `torch.no_grad()`.
# ---
# - with torch.no_grad():
# -     return dino.teacher.backbone(images)
# + return dino.teacher.backbone(images)

# %% [raw] mistake="knn/own_neighbour"
# Every image is its own nearest neighbour, with the cosine 1, and votes for its own label. Set the diagonal to −inf.
# ---
# - return cosines.fill_diagonal_(-math.inf)
# + return cosines

# %% [raw] mistake="knn/diagonal_of_zeros"
# The diagonal is 0. That is a cosine like another one, and larger than a negative one: −inf is never among the nearest.
# ---
# - return cosines.fill_diagonal_(-math.inf)
# + return cosines.fill_diagonal_(0)

# %% [raw] mistake="knn/products_of_any_length"
# These are products of the features as they are: long ones are near to everything. A cosine has both at length 1.
# ---
# - normed = F.normalize(features, dim=-1)
# + normed = features

# %% [raw] mistake="knn/normalised_over_the_images"
# The features were normalised over the N images. The length of a feature is over its own D numbers.
# ---
# - normed = F.normalize(features, dim=-1)
# + normed = F.normalize(features, dim=0)

# %% [raw] mistake="knn/centred"
# The mean was subtracted first. That is a correlation of what is left, not the cosine of the features.
# ---
# - normed = F.normalize(features, dim=-1)
# + normed = F.normalize(features - features.mean(0), dim=-1)

# %% [raw] mistake="knn/distances"
# These are distances: the nearest have the smallest. Give cosines, of which the largest is the nearest.
# ---
# - cosines = normed @ normed.T
# + cosines = torch.cdist(normed, normed)

# %% [raw] mistake="knn/one_more_neighbour"
# There was one neighbour more than k. Where the diagonal is −inf, the image itself is not among them.
# ---
# - nearest, which = similarity.topk(k, dim=1)  # (N, k)
# + nearest, which = similarity.topk(k + 1, dim=1)

# %% [raw] mistake="knn/nearest_left_out"
# The nearest was left out, as if it were the image itself. That one is excluded by its −inf.
# ---
# - nearest, which = similarity.topk(k, dim=1)  # (N, k)
# + nearest, which = (each[:, 1:] for each in similarity.topk(k + 1, dim=1))

# %% [raw] mistake="knn/farthest"
# These are the k least similar.
# ---
# - nearest, which = similarity.topk(k, dim=1)  # (N, k)
# + nearest, which = similarity.fill_diagonal_(math.inf).topk(k, dim=1, largest=False)

# %% [raw] mistake="knn/along_columns"
# The neighbours were taken along the columns. Rows ask, columns are the neighbours.
# ---
# - nearest, which = similarity.topk(k, dim=1)  # (N, k)
# + nearest, which = (each.T for each in similarity.topk(k, dim=0))

# %% [raw] mistake="knn/votes_counted"
# Every neighbour has one vote here. The nearer ones weigh more: e^(s / temperature).
# ---
# - weights = (nearest / temperature).exp()
# + weights = torch.ones_like(nearest)

# %% [raw] mistake="knn/weight_is_the_cosine"
# The weight is the cosine itself, so all neighbours weigh nearly the same. It is e^(s / temperature).
# ---
# - weights = (nearest / temperature).exp()
# + weights = nearest

# %% [raw] mistake="knn/no_temperature"
# The weight is e^s, whatever the temperature. Divide the cosine by it first.
# ---
# - weights = (nearest / temperature).exp()
# + weights = nearest.exp()

# %% [raw] mistake="knn/times_temperature"
# The cosine was multiplied by the temperature. A small temperature is to make the weights *more* different: divide.
# ---
# - weights = (nearest / temperature).exp()
# + weights = (nearest * temperature).exp()

# %% [raw] mistake="knn/temperature_fixed"
# The temperature is always .07. Use the one that is given.
# ---
# - weights = (nearest / temperature).exp()
# + weights = (nearest / 0.07).exp()

# %% [raw] mistake="knn/nearest_alone"
# Only the nearest gave its weight. All k neighbours vote.
# ---
# - return none.scatter_add(1, labels[which], weights)
# + return none.scatter_add(1, labels[which[:, :1]], weights[:, :1])

# %% [raw] mistake="knn/numbers_for_labels"
# The weights went to the numbers of the images, not to their labels: `labels[which]` turns the ones into the others.
# ---
# - return none.scatter_add(1, labels[which], weights)
# + return torch.zeros_like(similarity).scatter_add(1, which, weights)

# %% [raw] mistake="knn/mean_weight"
# A label's weights were averaged. Many neighbours of one label are to count for more than one: add them up.
# ---
# - return none.scatter_add(1, labels[which], weights)
# + counts = none.scatter_add(1, labels[which], torch.ones_like(weights))
# + return none.scatter_add(1, labels[which], weights) / counts.clamp(min=1)

# %% [raw] mistake="knn/heaviest_alone"
# A label has the weight of its nearest neighbour only. Add up all of them, as `scatter_add` does.
# ---
# - return none.scatter_add(1, labels[which], weights)
# + return torch.stack([torch.where(labels[which] == c, weights, 0).amax(1) for c in range(none.shape[1])], dim=1)

# %% [raw] mistake="knn/shares"
# These are shares that sum to 1. Give the weights as they are.
# ---
# - return none.scatter_add(1, labels[which], weights)
# + found = none.scatter_add(1, labels[which], weights)
# + return found / found.sum(1, keepdim=True)

# %% [raw] mistake="knn/guesses"
# These are the guesses. Give the weight of each label; the guess is then the largest.
# ---
# - return none.scatter_add(1, labels[which], weights)
# + return none.scatter_add(1, labels[which], weights).argmax(1)

# %% [markdown]
# **What it looks like**: five images of 600, and the four that lie nearest in the features of the shipped ViT, with
# their cosines. What do neighbours have in common?

# %%
def show_neighbours(count=600, asked=(3, 11, 27, 40, 58)):
    scenes, vit = scenes_of("held_out", 1000), load_dino()
    shipped = nn.ModuleDict({"teacher": nn.ModuleDict({"backbone": vit})})
    similarity = similarities(features_of(shipped, scenes.inputs()[:count]))
    figure, axes = clear_subplots(len(asked), 5, (6.2, 6.4))
    for row, i in zip(axes, asked):
        nearest = similarity[i].topk(4)
        shown(row[0], scenes.pictures[i], "asked" if i == asked[0] else "")
        for ax, s, j in zip(row[1:], nearest.values, nearest.indices):
            shown(ax, scenes.pictures[int(j)], f"{s:.3f}")
    return figure


attempt(show_neighbours, after="knn")
