# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 6 · The centre · 2 points · 10 min · ●●○○○
# **You will be able to** keep the running mean of what the teacher says, and move it at the right time.
#
# If some prototype is likelier than the others for every image, the student learns just that, and the teacher follows:
# the next time it is likelier still. In the end it is the answer to all images. The centre stops this. It is a running
# mean of the teacher's logits, and what all images have in common is subtracted with it (equation 4 of the paper, with
# momentum $m$, .9 as a rule):
#
# $$c \leftarrow m\,c + (1 - m)\,\frac{1}{GB}\sum_{g, b} z_{gb},$$
#
# where $z_{gb}$ are the K logits of the teacher for view g of image b. They are the logits as they come from the head:
# neither probabilities nor centred ones. The mean of one batch alone would jump from batch to batch, and lie far off
# where a batch has few images: so it is averaged over many.
#
# The loss of a step uses the centre *of the steps before*, and the centre is moved after it: with algorithm 1 we keep
# this order. `loss(student, teacher, centre)` is given, step 5 with the usual temperatures. Write
# `loss_and_centre(...)`, which returns two things: the loss of this step (1 point), and the centre (K,) for the next
# one (1 point). No gradient flows through the centre.
#
# *Example.* K = 2, the centre is (0, 0), m = .9, and all of the teacher's logits are (1, 0). This step's loss is computed
# with (0, 0). The next centre is (.1, 0), and the one after it, from the same logits, (.19, 0).
#
# The library's `update_center` may not be used.

# %% exercise="centre" forbids="detrlab.dino.loss.DINOLoss.update_center, detrlab.dino.loss.DINOLoss.forward"
def loss_and_centre(loss, student, teacher, centre, momentum=0.9):
    """The loss of this step and the centre (K,) of the next: logits student (V, B, K), teacher (G, B, K), centre (K,)."""
    ### BEGIN SOLUTION
    value = loss(student, teacher, centre)
    with torch.no_grad():
        mean = teacher.mean((0, 1))  # (K,)
        following = momentum * centre + (1 - momentum) * mean
    return value, following
    ### END SOLUTION

# %% check="centre" points=2
@check(parts={"1. the loss": 1, "2. the centre": 1})
def centre(draw):
    G = 2
    V, B, K = draw.letters("V B K", 3, 13)
    student = 0.2 * draw.normal(V, B, K)
    teacher = 0.3 * draw.normal(G, B, K) + 0.5 * draw.normal(K)
    before, momentum = 0.3 * draw.normal(K), draw.number(0.6, 0.8)
    weights = draw.uniform(3, low=0.5, high=2)

    def loss(student, teacher, centre):
        """A loss that tells which centre it was given."""
        p = (((teacher - centre) / 0.3).softmax(-1) * torch.arange(1.0, K + 1)).sum()
        return weights[0] * p + weights[1] * student.square().mean() + weights[2] * (teacher - centre).square().mean()

    def asked(**more):
        found = attempted(lambda: loss_and_centre(
            loss, student.clone(), teacher.clone().requires_grad_(), before.clone(), **more))
        return found if isinstance(found, (tuple, list)) and len(found) == 2 else (found, found)

    values, following = zip(asked(momentum=momentum), asked())
    return {"1. the loss": {"momentum drawn": values[0], "momentum .9": values[1]},
            "2. the centre": {
                "momentum drawn": following[0], "momentum .9": following[1],
                "does a gradient flow through it?": getattr(following[1], "requires_grad", following[1])}}


# %% [raw] hints="centre"
# 1. Two lines for two values. Which of them has to come first, where the centre is changed in place?
# 2. `teacher.mean((0, 1))` is the mean over the views and the images, (K,). `with torch.no_grad():` around what moves the
#    centre. Who keeps how much: m of the old centre, 1 − m of the new mean.
# 3. `value = loss(student, teacher, centre)`, and then `momentum * centre + (1 - momentum) * teacher.detach().mean(...)`.

# %% [raw] mistake="centre/moved_before"
# The centre was moved before the loss. The loss of this step uses the centre of the steps before.
# ---
# - value = loss(student, teacher, centre)
# - with torch.no_grad():
# -     mean = teacher.mean((0, 1))  # (K,)
# -     following = momentum * centre + (1 - momentum) * mean
# + with torch.no_grad():
# +     mean = teacher.mean((0, 1))
# +     following = momentum * centre + (1 - momentum) * mean
# + value = loss(student, teacher, following)

# %% [raw] mistake="centre/no_centre_in_the_loss"
# The loss was computed with a centre of 0. Give it the centre of the steps before.
# ---
# - value = loss(student, teacher, centre)
# + value = loss(student, teacher, torch.zeros_like(centre))

# %% [raw] mistake="centre/centred_twice"
# The teacher's logits were centred before they went to the loss, which centres them itself.
# ---
# - value = loss(student, teacher, centre)
# + value = loss(student, teacher - centre, centre)

# %% [raw] mistake="centre/roles_exchanged"
# The loss got the student's logits as the teacher's. The order is `loss(student, teacher, centre)`.
# ---
# - value = loss(student, teacher, centre)
# + value = loss(teacher, student, centre)

# %% [raw] mistake="centre/probabilities"
# The mean was taken of probabilities. The centre is subtracted from logits, so it is a mean of logits.
# ---
# - mean = teacher.mean((0, 1))  # (K,)
# + mean = teacher.softmax(-1).mean((0, 1))

# %% [raw] mistake="centre/sharp_probabilities"
# The mean was taken of the teacher's sharpened probabilities. The centre is subtracted from logits, so it is a mean of
# logits.
# ---
# - mean = teacher.mean((0, 1))  # (K,)
# + mean = (teacher / 0.04).softmax(-1).mean((0, 1))

# %% [raw] mistake="centre/of_centred_logits"
# The mean was taken of logits that were centred already. Take them as they come from the head.
# ---
# - mean = teacher.mean((0, 1))  # (K,)
# + mean = (teacher - centre).mean((0, 1))

# %% [raw] mistake="centre/of_student"
# The mean was taken of the student's logits. It is the teacher that is centred.
# ---
# - mean = teacher.mean((0, 1))  # (K,)
# + mean = student.mean((0, 1))

# %% [raw] mistake="centre/first_view"
# The mean is that of the first view alone. All views of the teacher count.
# ---
# - mean = teacher.mean((0, 1))  # (K,)
# + mean = teacher[0].mean(0)

# %% [raw] mistake="centre/over_views"
# The mean runs over the views only, so each image has a centre of its own. Take it over views and images, (K,).
# ---
# - mean = teacher.mean((0, 1))  # (K,)
# + mean = teacher.mean(0)

# %% [raw] mistake="centre/over_prototypes"
# The mean runs over the prototypes, too, so it is one number: in a softmax it has no effect. Take the mean over views and
# images, for each prototype.
# ---
# - mean = teacher.mean((0, 1))  # (K,)
# + mean = teacher.mean()

# %% [raw] mistake="centre/images_summed"
# The logits were summed over views and images. Take their mean.
# ---
# - mean = teacher.mean((0, 1))  # (K,)
# + mean = teacher.sum((0, 1))

# %% [raw] mistake="centre/each_view"
# There is a centre for each view. The mean runs over views and images: (K,).
# ---
# - mean = teacher.mean((0, 1))  # (K,)
# + mean = teacher.mean(1)

# %% [raw] mistake="centre/mean_of_this_batch"
# This is the mean of this batch alone. The centre is a running mean: most of the old one stays.
# ---
# - following = momentum * centre + (1 - momentum) * mean
# + following = mean

# %% [raw] mistake="centre/momentum_exchanged"
# m and 1 − m are exchanged, so the old centre is nearly forgotten. m of it stays.
# ---
# - following = momentum * centre + (1 - momentum) * mean
# + following = (1 - momentum) * centre + momentum * mean

# %% [raw] mistake="centre/not_shrunk"
# The old centre stays as a whole, and a part of the mean is added: it grows without end. Only m of the old one stays.
# ---
# - following = momentum * centre + (1 - momentum) * mean
# + following = centre + (1 - momentum) * mean

# %% [raw] mistake="centre/usual_momentum"
# The momentum is always .9. Use the argument.
# ---
# - following = momentum * centre + (1 - momentum) * mean
# + following = 0.9 * centre + 0.1 * mean

# %% [raw] mistake="centre/not_moved"
# The centre that came back is the old one. The second value is the centre of the next step.
# ---
# - return value, following
# + return value, centre

# %% [raw] mistake="centre/gradient_kept"
# A gradient flows through the centre: it would hold on to every batch before it. Move it in `torch.no_grad()`.
# ---
# - with torch.no_grad():
# -     mean = teacher.mean((0, 1))  # (K,)
# -     following = momentum * centre + (1 - momentum) * mean
# + mean = teacher.mean((0, 1))
# + following = momentum * centre + (1 - momentum) * mean

# %% [markdown]
# **The result**: two prototypes' logits for 60 batches of 32 images from a teacher that likes one of them for every
# image (dots: the batch's mean), and the centre that follows.

# %%
def show_centre():
    rng = np.random.default_rng(0)
    liked = torch.tensor([0.5, 0.0])  # what the teacher says of every image
    batches = [liked + 0.6 * torch.from_numpy(rng.standard_normal((1, 32, 2))).float() for _ in range(60)]
    figure, axes = clear_subplots(1, 2, (8.8, 3))
    for ax, momentum in zip(axes[0], (0.0, 0.9)):
        centre, path = torch.zeros(2), []
        for teacher in batches:
            path.append(centre)
            centre = loss_and_centre(lambda *logits: 0.0, teacher, teacher, centre, momentum)[1]
        path, means = torch.stack(path), torch.stack([teacher.mean((0, 1)) for teacher in batches])
        for k, colour in enumerate(("#4c8bf5", "#e8710a")):
            ax.plot(means[:, k].numpy(), ".", color=colour, markersize=4, alpha=0.6)
            ax.plot(path[:, k].numpy(), color=colour, label=f"centre of prototype {k}")
        ax.set_title(f"momentum {momentum:g}", fontsize=9.5)
        ax.set(xlabel="step", ylabel="logit" if momentum == 0 else "", ylim=(-0.4, 1.1))
        ax.legend(frameon=False, labelcolor=GREY, fontsize=8, loc="upper right", ncols=2)
        print(f"momentum {momentum:g}: over steps 30 to 59 a centre has a standard deviation of "
              f"{path[30:].std(0).mean():.3f}, as a logit")
    return figure


attempt(show_centre, after="centre")
