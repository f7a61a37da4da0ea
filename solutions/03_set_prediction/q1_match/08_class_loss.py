# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 8 · The class loss · 3 points · 14 min · ●●●○○
# **You will be able to** turn a match into a class for every query, and write DETR's weighted cross-entropy.
#
# 1. `target_classes(matches, labels, Q, K)` (1 point): the class that each query should say, int64 (B, Q). A matched
#    query should say the class of its target, all others K, "no object". `matches` holds for each image a pair of int64
#    tensors (queries, targets), as in step 4; `labels` holds for each image the classes of its targets, (T,) int64.
# 2. `weighted_loss(logits, classes, no_object)` (2 points): one number. `logits` is (B, Q, K+1), before the softmax.
#    With weight 1 for the K classes and `no_object` (.1 in DETR) for class K:
#
# $$\frac{\sum_i w_i \cdot (-\log p_i)}{\sum_i w_i} \qquad \text{over all } B \cdot Q \text{ queries } i,
#   \text{ each with the weight of its class.}$$
#
# So the sum is divided by the **sum of the weights**, as `F.cross_entropy` with weights does. (A.2 of the paper says
# that all losses are divided by the number of objects; the official code does this for the boxes only.)
#
# *Example.* One image, Q = 3, K = 5, labels [4, 2], the match (queries [0, 2], targets [1, 0]): query 0 should say 2,
# query 2 should say 4, and query 1 nothing: [2, 5, 4]. If the correct classes have −log p of 1, 2 and 3, the loss is
# $(1 \cdot 1 + .1 \cdot 2 + 1 \cdot 3)/(1 + .1 + 1) = 2$.

# %% exercise="class_loss" forbids="detrlab.detr.criterion.set_losses, detrlab.detr.criterion._layer_losses, detrlab.detr.criterion._indices, detrlab.training.learners.learning_losses"
def target_classes(matches, labels, Q, K):
    """(B, Q) int64: the class each query should say, K for no object. matches, labels: one of each per image."""
    ### BEGIN SOLUTION
    classes = torch.full((len(matches), Q), K)
    for i, (queries, targets) in enumerate(matches):
        classes[i, queries] = labels[i][targets]
    return classes
    ### END SOLUTION


def weighted_loss(logits, classes, no_object):
    """The weighted mean of −log p over all queries. logits: (B, Q, K+1). classes: (B, Q), K for no object."""
    ### BEGIN SOLUTION
    K = logits.shape[2] - 1
    weights = torch.ones(K + 1)
    weights[K] = no_object
    return F.cross_entropy(logits.flatten(0, 1), classes.flatten(), weights)
    ### END SOLUTION

# %% check="class_loss" points=3
@check(parts={"1. target_classes": 1, "2. weighted_loss": 2})
def class_loss(draw):
    Q, K, T = draw.letters("Q K T", 5, 13)
    sizes = [[2, 0, 5], [0, 5, 3], [3, 5, 0]][draw.integer(0, 2)]
    matches = drawn_matches(draw, Q, sizes)
    labels = [torch.tensor([draw.integer(0, K - 1) for _ in range(T)], dtype=torch.int64) for T in sizes]
    logits, no_object = (3 * draw.normal(3, Q, K + 1)).requires_grad_(), draw.number(0.1, 0.4)
    classes = torch.tensor([[draw.integer(0, K - 1) for _ in range(Q)] for _ in range(3)])
    classes[0, draw.integer(1, 3) :] = K
    classes[1, :2], classes[2, -1] = 0, K
    return {"1. target_classes": attempted(lambda: target_classes(matches, labels, Q, K)),
            "2. weighted_loss": attempted(lambda: told(weighted_loss(logits * 1, classes, no_object), logits))}


# %% [raw] hints="class_loss"
# 1. Begin with "no object" everywhere, then write the classes of matched queries over it. A target's index says which
#    of the image's labels it is.
# 2. `torch.full((B, Q), K)`; `classes[i, queries] = ...` writes to several queries at once, and `labels[i][targets]`
#    puts the labels into their order. `F.cross_entropy(x, y, weights)` wants (B·Q, K+1) and (B·Q,), and divides by the
#    sum of the weights.
# 3. `classes[i, queries] = labels[i][...]`; `weights = torch.ones(K + 1)`, `weights[K] = ...`,
#    `F.cross_entropy(logits.flatten(0, 1), classes.flatten(), weights)`.

# %% [raw] mistake="class_loss/unmatched_class_0"
# target_classes: queries without a target were given class 0, which is a real class. They should say K, no object.
# ---
# - classes = torch.full((len(matches), Q), K)
# + classes = torch.zeros(len(matches), Q, dtype=torch.int64)

# %% [raw] mistake="class_loss/labels_in_their_order"
# target_classes: the labels were handed out in their own order. The match says which target a query answers for:
# labels[i][targets].
# ---
# - classes[i, queries] = labels[i][targets]
# + classes[i, queries] = labels[i]

# %% [raw] mistake="class_loss/targets_as_queries"
# target_classes: queries and targets changed places. The query says where to write, the target says which label.
# ---
# - classes[i, queries] = labels[i][targets]
# + classes[i, targets] = labels[i][queries.argsort().argsort()]

# %% [raw] mistake="class_loss/target_numbers"
# target_classes: the number of the target was written. Its class is what the query should say.
# ---
# - classes[i, queries] = labels[i][targets]
# + classes[i, queries] = targets

# %% [raw] mistake="class_loss/first_queries"
# target_classes: the classes were written to the first queries. The match says which queries they are for.
# ---
# - classes[i, queries] = labels[i][targets]
# + classes[i, : len(queries)] = labels[i][targets]

# %% [raw] mistake="class_loss/no_object_is_k_minus_1"
# target_classes: no object is K, the last of the K + 1 logits. K − 1 is a real class.
# ---
# - classes = torch.full((len(matches), Q), K)
# + classes = torch.full((len(matches), Q), K - 1)

# %% [raw] mistake="class_loss/mean_over_queries"
# weighted_loss: the weighted sum was divided by B·Q. Divide by the sum of the weights.
# ---
# - return F.cross_entropy(logits.flatten(0, 1), classes.flatten(), weights)
# + return F.cross_entropy(logits.flatten(0, 1), classes.flatten(), weights, reduction="sum") / classes.numel()

# %% [raw] mistake="class_loss/over_objects"
# weighted_loss: the weighted sum was divided by the number of matched queries. Divide by the sum of all weights,
# no-object among them.
# ---
# - return F.cross_entropy(logits.flatten(0, 1), classes.flatten(), weights)
# + return F.cross_entropy(logits.flatten(0, 1), classes.flatten(), weights, reduction="sum") / (classes < K).sum()

# %% [raw] mistake="class_loss/sum"
# weighted_loss: this is the sum. Divide it by the sum of the weights.
# ---
# - return F.cross_entropy(logits.flatten(0, 1), classes.flatten(), weights)
# + return F.cross_entropy(logits.flatten(0, 1), classes.flatten(), weights, reduction="sum")

# %% [raw] mistake="class_loss/no_weights"
# weighted_loss: all classes weigh the same. No-object has the weight `no_object`.
# ---
# - weights[K] = no_object

# %% [raw] mistake="class_loss/weights_exchanged"
# weighted_loss: the K classes have the small weight, and no-object has 1. It is the other way round.
# ---
# - weights[K] = no_object
# + weights[:K] = no_object

# %% [raw] mistake="class_loss/class_0_light"
# weighted_loss: class 0 has the small weight. No-object is class K, the last.
# ---
# - weights[K] = no_object
# + weights[0] = no_object

# %% [raw] mistake="class_loss/softmax_twice"
# weighted_loss: the softmax was taken first, but F.cross_entropy takes it itself. Give it logits.
# ---
# - return F.cross_entropy(logits.flatten(0, 1), classes.flatten(), weights)
# + return F.cross_entropy(logits.softmax(2).flatten(0, 1), classes.flatten(), weights)

# %% [raw] mistake="class_loss/mean_of_images"
# weighted_loss: each image got a mean of its own, and then the mean of these was taken. All queries of the batch share
# one sum of weights.
# ---
# - return F.cross_entropy(logits.flatten(0, 1), classes.flatten(), weights)
# + return torch.stack([F.cross_entropy(x, y, weights) for x, y in zip(logits, classes)]).mean()

# %% [raw] mistake="class_loss/not_flattened"
# weighted_loss: F.cross_entropy looks for the classes in the second axis, and there are the queries. Flatten batch and
# queries into one axis.
# ---
# - return F.cross_entropy(logits.flatten(0, 1), classes.flatten(), weights)
# + return F.cross_entropy(logits, classes, weights)

# %% [raw] mistake="class_loss/plain_number"
# weighted_loss: a plain number came, and no gradient flows back from one. Return the tensor: leave out `.item()`.
# ---
# - return F.cross_entropy(logits.flatten(0, 1), classes.flatten(), weights)
# + return F.cross_entropy(logits.flatten(0, 1), classes.flatten(), weights).item()

# %% [raw] mistake="class_loss/detached"
# weighted_loss: the number is right, but detached: no gradient would reach the model.
# ---
# - return F.cross_entropy(logits.flatten(0, 1), classes.flatten(), weights)
# + return F.cross_entropy(logits.flatten(0, 1), classes.flatten(), weights).detach()

# %% [markdown]
# **A first value to remember.** Where all K + 1 logits are equal, every −log p is log(K + 1), so the loss is, too,
# whatever the weights. A new detector should start near it.

# %%
def show_start():
    for K in (6, 91):
        logits, classes = torch.zeros(2, 20, K + 1), torch.arange(40).view(2, 20) % (K + 1)
        light, full = (weighted_loss(logits, classes, weight).item() for weight in (0.1, 1.0))
        print(f"K = {K:2}: loss {light:.3f} with no-object .1, {full:.3f} with 1; log(K + 1) = {math.log(K + 1):.3f}")


attempt(show_start, after="class_loss")
