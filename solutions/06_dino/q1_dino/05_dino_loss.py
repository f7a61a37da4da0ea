# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 5 · The loss · 5 points · 20 min · ●●●●○
# **You will be able to** let a student learn from a teacher without a label, and say which pairs of views count.
#
# Both networks end in a head that gives K numbers for a view, its logits (step 9 builds the head; they are cosines, so
# they lie between −1 and 1). A softmax makes probabilities of them: a made-up classification, of which nobody says what
# the K classes are. The loss is that of any classification, the cross-entropy, only that the target comes from the
# teacher, and from *another* view of the same image (algorithm 1, equations 2 and 3 of the paper). Three functions:
#
# 1. `teacher_says(logits, centre, temperature)` (2 points): the teacher's logits (G, B, K) of its G global views, and a
#    centre (K,) → probabilities (G, B, K). First the centre is subtracted, then the temperature divides, then a softmax
#    runs over the prototypes. No gradient may flow back: the teacher does not learn from the loss.
# 2. `cross_entropies(targets, logits, temperature)` (2 points): the teacher's probabilities p (G, B, K) and the
#    student's logits (V, B, K) of all V views → (G, V). Number (g, v) is $-\sum_k p_k \ln q_k$, the mean over the B
#    images, where q is the softmax of the student's logits of view v, divided by its temperature. The student's logits
#    are not centred.
# 3. `mean_of_pairs(pairs)` (1 point): (G, V) → the loss, one number. The student sees the global views, too, first and
#    in the same order. A view compared with itself would teach nothing about other views: these pairs are skipped, and
#    the loss is the mean over all others.
#
# **Temperatures.** A softmax of logits divided by a small temperature is sharp: what is largest takes nearly all. The
# student has .1, the teacher .04: it is surer of itself than the student, and the student is to become so.
#
# *Example.* K = 3, logits (.5, .3, 0), centre (.4, .1, 0): centred they are (.1, .2, 0), so prototype 1 wins, not 0.
# At a temperature of .1 the probabilities are (.245, .665, .090), at .04 (.075, .919, .006). A student that says the
# same of all prototypes has a cross-entropy of ln 3 = 1.099 with any target. With G = 2 and V = 3 pairs of
# `[[9, 1, 2], [3, 9, 4]]`, the loss is (1 + 2 + 3 + 4) / 4 = 2.5.
#
# The library's `DINOLoss` may not be used.

# %% exercise="dino_loss" forbids="detrlab.dino.loss.DINOLoss.forward, detrlab.dino.loss.DINOLoss.goals, detrlab.dino.teacher.DINO.losses"
def teacher_says(logits, centre, temperature=0.04):
    """The teacher's probabilities (G, B, K) of its logits (G, B, K) and the centre (K,), without gradient."""
    ### BEGIN SOLUTION
    centred = logits - centre
    return (centred / temperature).softmax(-1).detach()
    ### END SOLUTION


def cross_entropies(targets, logits, temperature=0.1):
    """The mean cross-entropy of each pair of views (G, V): targets (G, B, K), the student's logits (V, B, K)."""
    ### BEGIN SOLUTION
    log_q = (logits / temperature).log_softmax(-1)
    each = -(targets[:, None] * log_q[None]).sum(-1)  # (G, V, B)
    return each.mean(-1)
    ### END SOLUTION


def mean_of_pairs(pairs):
    """The loss, one number, of the cross-entropies (G, V): no view is compared with itself."""
    ### BEGIN SOLUTION
    G, V = pairs.shape
    other = torch.ones(G, V, dtype=torch.bool)
    other[range(G), range(G)] = False
    return pairs[other].mean()
    ### END SOLUTION

# %% check="dino_loss" points=5
@check(parts={"1. teacher_says": 2, "2. cross_entropies": 2, "3. mean_of_pairs": 1})
def dino_loss(draw):
    G = 2
    V, B, K = draw.letters("V B K", 3, 13)
    logits, centre = (0.1 * draw.normal(G, B, K)).requires_grad_(), 0.1 * draw.normal(K)
    student = (0.2 * draw.normal(V, B, K)).requires_grad_()
    targets = (2 * draw.normal(G, B, K)).softmax(-1)
    cold, warm = draw.number(0.05, 0.07), draw.number(0.2, 0.3)
    pairs = draw.uniform(G, V, low=1, high=5).requires_grad_()
    more = draw.uniform(3, V + 3, low=1, high=5)

    def reached():
        value = teacher_says(logits * 1, centre.clone())
        return value.requires_grad if isinstance(value, torch.Tensor) else value

    return {"1. teacher_says": {
                "probabilities": told(lambda: teacher_says(logits * 1, centre.clone(), cold)),
                "at .04": told(lambda: teacher_says(logits * 1, centre.clone())),
                "does a gradient reach the teacher?": attempted(reached)},
            "2. cross_entropies": {
                "pairs": told(lambda: cross_entropies(targets.clone(), student * 1, warm), student),
                "at .1": told(lambda: cross_entropies(targets.clone(), student * 1))},
            "3. mean_of_pairs": {
                "two global views": told(lambda: mean_of_pairs(pairs * 1), pairs),
                "three": told(lambda: mean_of_pairs(more.clone()))}}


# %% [raw] hints="dino_loss"
# 1. Which axis are the prototypes? For the pairs: give the targets an axis for the student's views and the student's
#    logits one for the teacher's, so that every g meets every v.
# 2. `.softmax(-1)` and `.detach()`. `targets[:, None]` is (G, 1, B, K), `log_q[None]` is (1, V, B, K): their product
#    is (G, V, B, K). Take `log_softmax`, not the logarithm of a softmax. Of G rows of V pairs one in each row is
#    skipped: number g in row g.
# 3. `return ((logits - centre) / temperature).softmax(-1).detach()`; `-(targets[:, None] * log_q).sum(-1).mean(-1)`;
#    `other = ~torch.eye(G, V, dtype=torch.bool)`, then the mean of what `pairs[other]` leaves.

# %% [raw] mistake="dino_loss/no_centre"
# The centre has no effect. Subtract it from the logits, number by number, before the softmax. (One number subtracted
# from all K logits, such as their mean, would have none either: a softmax does not see it.)
# ---
# - centred = logits - centre
# + centred = logits

# %% [raw] mistake="dino_loss/centre_added"
# The centre was added. What all images have in common would count twice: subtract it.
# ---
# - centred = logits - centre
# + centred = logits + centre

# %% [raw] mistake="dino_loss/mean_of_this_batch"
# The mean of this batch was subtracted. The centre is a running average over the batches before: it is the argument.
# ---
# - centred = logits - centre
# + centred = logits - logits.mean((0, 1))

# %% [raw] mistake="dino_loss/centre_after_temperature"
# The logits were divided first, then the centre was subtracted, which is 25 times too small then. The temperature
# divides both.
# ---
# - return (centred / temperature).softmax(-1).detach()
# + return (logits / temperature - centre).softmax(-1).detach()

# %% [raw] mistake="dino_loss/centre_from_probabilities"
# The centre was subtracted from the probabilities. It is a mean of logits: subtract it before the softmax.
# ---
# - return (centred / temperature).softmax(-1).detach()
# + return ((logits / temperature).softmax(-1) - centre).detach()

# %% [raw] mistake="dino_loss/teacher_times_temperature"
# The teacher's logits were multiplied by the temperature. Then all probabilities are nearly equal: divide.
# ---
# - return (centred / temperature).softmax(-1).detach()
# + return (centred * temperature).softmax(-1).detach()

# %% [raw] mistake="dino_loss/teacher_always_04"
# The teacher's temperature is always .04. Use the argument.
# ---
# - return (centred / temperature).softmax(-1).detach()
# + return (centred / 0.04).softmax(-1).detach()

# %% [raw] mistake="dino_loss/teacher_always_1"
# The teacher's logits were not divided by the temperature, so nothing is sharp.
# ---
# - return (centred / temperature).softmax(-1).detach()
# + return centred.softmax(-1).detach()

# %% [raw] mistake="dino_loss/teacher_over_images"
# The teacher's softmax runs over the images. The numbers of one image, over the prototypes, should sum to 1.
# ---
# - return (centred / temperature).softmax(-1).detach()
# + return (centred / temperature).softmax(1).detach()

# %% [raw] mistake="dino_loss/teacher_over_views"
# The teacher's softmax runs over the views. The numbers of one image, over the prototypes, should sum to 1.
# ---
# - return (centred / temperature).softmax(-1).detach()
# + return (centred / temperature).softmax(0).detach()

# %% [raw] mistake="dino_loss/teacher_logarithms"
# These are logarithms of probabilities. The targets of a cross-entropy are the probabilities; the logarithm is taken of
# the student's.
# ---
# - return (centred / temperature).softmax(-1).detach()
# + return (centred / temperature).log_softmax(-1).detach()

# %% [raw] mistake="dino_loss/gradient_to_teacher"
# A gradient flows into the teacher. Its probabilities are targets, as labels are: `.detach()` them, or compute them in
# `torch.no_grad()`.
# ---
# - return (centred / temperature).softmax(-1).detach()
# + return (centred / temperature).softmax(-1)

# %% [raw] mistake="dino_loss/student_times_temperature"
# The student's logits were multiplied by the temperature. Divide them.
# ---
# - log_q = (logits / temperature).log_softmax(-1)
# + log_q = (logits * temperature).log_softmax(-1)

# %% [raw] mistake="dino_loss/student_no_temperature"
# The student's logits were not divided by its temperature.
# ---
# - log_q = (logits / temperature).log_softmax(-1)
# + log_q = logits.log_softmax(-1)

# %% [raw] mistake="dino_loss/student_always_1"
# The student's temperature is always .1. Use the argument.
# ---
# - log_q = (logits / temperature).log_softmax(-1)
# + log_q = (logits / 0.1).log_softmax(-1)

# %% [raw] mistake="dino_loss/no_logarithm"
# The student's probabilities stand where their logarithms should.
# ---
# - log_q = (logits / temperature).log_softmax(-1)
# + log_q = (logits / temperature).softmax(-1)

# %% [raw] mistake="dino_loss/logits_for_logarithms"
# The student's logits stand where the logarithms of its probabilities should: the softmax is missing.
# ---
# - log_q = (logits / temperature).log_softmax(-1)
# + log_q = logits / temperature

# %% [raw] mistake="dino_loss/student_over_images"
# The student's softmax runs over the images. It runs over the prototypes.
# ---
# - log_q = (logits / temperature).log_softmax(-1)
# + log_q = (logits / temperature).log_softmax(1)

# %% [raw] mistake="dino_loss/student_centred"
# The student's logits were centred, too. Only the teacher's are.
# ---
# - log_q = (logits / temperature).log_softmax(-1)
# + log_q = ((logits - logits.mean((0, 1))) / temperature).log_softmax(-1)

# %% [raw] mistake="dino_loss/no_minus"
# The minus is missing: this grows where both agree.
# ---
# - each = -(targets[:, None] * log_q[None]).sum(-1)  # (G, V, B)
# + each = (targets[:, None] * log_q[None]).sum(-1)

# %% [raw] mistake="dino_loss/mean_over_prototypes"
# This is the mean over the K prototypes. A cross-entropy is their sum.
# ---
# - each = -(targets[:, None] * log_q[None]).sum(-1)  # (G, V, B)
# + each = -(targets[:, None] * log_q[None]).mean(-1)

# %% [raw] mistake="dino_loss/divergence"
# This is the KL divergence, the cross-entropy less the teacher's own entropy. Its gradient is the same, but the number
# is another one: DINO's loss is the cross-entropy.
# ---
# - each = -(targets[:, None] * log_q[None]).sum(-1)  # (G, V, B)
# + each = (targets[:, None] * (targets[:, None].log() - log_q[None])).sum(-1)

# %% [raw] mistake="dino_loss/roles_exchanged"
# The roles are exchanged: the logarithm was taken of the teacher's probabilities. It is taken of the student's.
# ---
# - each = -(targets[:, None] * log_q[None]).sum(-1)  # (G, V, B)
# + each = -(targets[:, None].log() * log_q[None].exp()).sum(-1)

# %% [raw] mistake="dino_loss/summed_over_images"
# This is the sum over the images. Take their mean.
# ---
# - return each.mean(-1)
# + return each.sum(-1)

# %% [raw] mistake="dino_loss/pairs_of_images"
# There is a number for each image, (G, V, B). Take the mean over the images.
# ---
# - return each.mean(-1)
# + return each

# %% [raw] mistake="dino_loss/views_exchanged"
# This is (V, G), the student's views first. Rows are the teacher's views: (G, V).
# ---
# - return each.mean(-1)
# + return each.mean(-1).T

# %% [raw] mistake="dino_loss/no_gradient_to_student"
# No gradient reaches the student. Only the targets are detached.
# ---
# - return each.mean(-1)
# + return each.mean(-1).detach()

# %% [raw] mistake="dino_loss/same_view_kept"
# A view was compared with itself, too. Skip the pairs (0, 0) and (1, 1), and so on.
# ---
# - return pairs[other].mean()
# + return pairs.mean()

# %% [raw] mistake="dino_loss/same_view_counted"
# Pairs of a view with itself were set to 0, but they still count in the mean: divide by the number of the others.
# ---
# - return pairs[other].mean()
# + return (pairs * other).mean()

# %% [raw] mistake="dino_loss/pairs_summed"
# This is the sum over the pairs. Take their mean.
# ---
# - return pairs[other].mean()
# + return pairs[other].sum()

# %% [raw] mistake="dino_loss/local_views_only"
# Only local views were compared. The student is asked of every global view, too, what the teacher says of the other
# global ones.
# ---
# - return pairs[other].mean()
# + return pairs[:, G:].mean()

# %% [raw] mistake="dino_loss/same_view_only"
# These are the pairs to skip: a view with itself. Take all others.
# ---
# - return pairs[other].mean()
# + return pairs.diagonal().mean()

# %% [raw] mistake="dino_loss/one_order_only"
# Pairs of two global views were taken in one order only. (0, 1) and (1, 0) are two pairs: each view is once the
# teacher's, once the student's.
# ---
# - return pairs[other].mean()
# + return pairs[torch.ones_like(pairs).triu(1).bool()].mean()

# %% [raw] mistake="dino_loss/first_row_only"
# Only the teacher's first view was compared. Each of its views is a target.
# ---
# - return pairs[other].mean()
# + return pairs[0, 1:].mean()

# %% [markdown]
# **The result**: what an *untrained* teacher says of images, in your probabilities. Shown are three for which the same
# prototype wins without a centre. The centre is the mean of the logits over all 200 images. The numbers printed are
# those of prototypes that win for at least one image, and the share of images for which the commonest one wins.

# %%
def show_targets():
    torch.manual_seed(0)
    dino = dino_learner()
    scenes = one_shape_scenes(200, "held_out")
    with torch.no_grad():
        logits = dino.teacher([scenes.inputs()])[0]  # (200, K)
    winners = logits.argmax(-1)
    chosen = (winners == winners.mode().values).nonzero()[:3, 0].tolist()
    centre, nothing = logits.mean(0), torch.zeros(K)
    columns = {"no centre, at .1": (nothing, 0.1), "no centre, at .04": (nothing, 0.04), "centred, at .04": (centre, 0.04)}
    figure, axes = clear_subplots(3, 4, (9, 4.6))
    for i, row in zip(chosen, axes):
        show(row[0], torch.from_numpy(scenes.pictures[i]).permute(2, 0, 1) / 255)
    for j, (title, (c, temperature)) in enumerate(columns.items(), start=1):
        p = teacher_says(logits[None], c, temperature)[0]
        for i, row in zip(chosen, axes):
            row[j].bar(range(K), p[i].numpy(), color="#4c8bf5", width=1)
            row[j].set(ylim=(0, 0.7), xticks=(), yticks=(0, 0.5) if j == 1 else ())
        axes[0][j].set_title(title, fontsize=9.5)
        axes[2][j].set_xlabel(f"prototypes 0 to {K - 1}", fontsize=9)
        axes[1][1].set_ylabel("probability", fontsize=9)
        counts = p.argmax(-1).bincount()
        print(f"{title:18} {int((counts > 0).sum()):3} of {K} win, the commonest for {100 * counts.max() / 200:.0f} %")
    return figure


attempt(show_targets, after="dino_loss")

# %% [markdown]
# The temperature makes the winner surer, and leaves it the winner. The centre changes who wins: of this teacher more
# prototypes do, and the commonest one for fewer images.
