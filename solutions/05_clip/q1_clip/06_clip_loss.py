# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 6 · The loss, both ways · 4 points · 16 min · ●●●○○
# **You will be able to** write CLIP's loss, and count what it learns from.
#
# N images and their N texts are one batch. Their logits (N, N) have an image in each row and a text in each column; on
# the diagonal stand the pairs that belong together. Read along a row, an image has to choose its text among N: a
# classification with N classes, of which class *i* is right in row *i*. Read along a column, a text has to choose its
# image. The loss is the mean of the two cross-entropies, each of which is a mean over N.
#
# 1. `symmetric_loss(logits)` (2 points): (N, N) → the loss, a tensor with one number.
# 2. The same wherever the logits are (1 point): on a GPU, too. What you make yourself has to be made on the device of
#    the logits, `logits.device`. The check asks for the loss of logits on the device `"meta"`, which has shapes and no
#    numbers, and which every machine has.
# 3. `negatives(N)` (1 point): how many of the pairs of an image and a text of a batch do *not* belong together?
#
# *Example.* For the logits `[[2, 0], [1, 1]]` the rows give .127 and ln 2 = .693, their mean is .410. The columns give
# .313 twice. The loss is .362.
#
# In figure 3 of the paper, `loss_i` is the cross-entropy along axis 0, and `loss_t` that along axis 1; you may find
# them elsewhere the other way round. Their mean does not depend on their names.
#
# The library's `clip_loss` may not be used.

# %% exercise="clip_loss" forbids="detrlab.clip.loss.clip_loss, detrlab.clip.loss.hard_negative_loss, detrlab.clip.training.contrastive_losses"
def symmetric_loss(logits):
    """The mean of the two cross-entropies of logits (N, N), of which the diagonal is right: one number."""
    ### BEGIN SOLUTION
    right = torch.arange(len(logits), device=logits.device)
    of_images = F.cross_entropy(logits, right)
    of_texts = F.cross_entropy(logits.T, right)
    return (of_images + of_texts) / 2
    ### END SOLUTION


def negatives(N):
    """How many pairs of a batch do not belong together: a whole number."""
    ### BEGIN SOLUTION
    return N**2 - N
    ### END SOLUTION

# %% check="clip_loss" points=4
def whole(count):
    """A whole number, whatever holds it; anything else as it is."""
    return int(count) if isinstance(count, float | torch.Tensor | np.generic) and count == int(count) else count


@check(parts={"1. symmetric_loss": 2, "2. on another device": 1, "3. negatives": 1})
def clip_loss(draw):
    (N,) = draw.letters("N", 5, 13)
    logits = (3 * draw.normal(N, N) + 2 * torch.eye(N) + draw.normal(N, 1)).requires_grad_()
    seal = draw.integer(1, 10**6)  # what comes back of a device hangs on the seed

    def elsewhere():
        loss = symmetric_loss(torch.empty(N, N, device="meta"))
        return {"device": str(loss.device), "seal": seal} if isinstance(loss, torch.Tensor) else loss

    sizes = N, *draw.sizes(4, 20, 400)
    return {"1. symmetric_loss": {"a batch": told(lambda: symmetric_loss(logits * 1), logits),
                                  "a smaller one": attempted(lambda: symmetric_loss(logits.detach()[:3, :3] * 1))},
            "2. on another device": attempted(elsewhere),
            "3. negatives": attempted(lambda: [whole(negatives(n)) for n in sizes])}


# %% [raw] hints="clip_loss"
# 1. `F.cross_entropy` of logits (N, K) wants the right class of each row. Which class is right in row 0, in row 1? What
#    turns columns into rows? For the negatives: how many cells has the square, and how many are right?
# 2. The right classes are 0, 1, ..., N − 1: `torch.arange(N, device=logits.device)`. `logits.T` has a row for each text.
# 3. `right = torch.arange(len(logits), device=logits.device)`, then
#    `(F.cross_entropy(logits, right) + F.cross_entropy(logits.T, ...)) / 2`.

# %% [raw] mistake="clip_loss/images_only"
# Only images choose here. Texts choose, too: the same along the columns, and the mean of both.
# ---
# - return (of_images + of_texts) / 2
# + return of_images

# %% [raw] mistake="clip_loss/texts_only"
# Only texts choose here. Images choose, too: the same along the rows, and the mean of both.
# ---
# - return (of_images + of_texts) / 2
# + return of_texts

# %% [raw] mistake="clip_loss/sum_of_both"
# The two cross-entropies were added. Take their mean.
# ---
# - return (of_images + of_texts) / 2
# + return of_images + of_texts

# %% [raw] mistake="clip_loss/softmax_first"
# A softmax stands before the cross-entropy, which takes one itself. Give it the logits.
# ---
# - of_images = F.cross_entropy(logits, right)
# - of_texts = F.cross_entropy(logits.T, right)
# + of_images = F.cross_entropy(logits.softmax(1), right)
# + of_texts = F.cross_entropy(logits.T.softmax(1), right)

# %% [raw] mistake="clip_loss/summed_over_the_batch"
# The losses of the N images and texts were summed. Each cross-entropy is a mean over N.
# ---
# - of_images = F.cross_entropy(logits, right)
# - of_texts = F.cross_entropy(logits.T, right)
# + of_images = F.cross_entropy(logits, right, reduction="sum")
# + of_texts = F.cross_entropy(logits.T, right, reduction="sum")

# %% [raw] mistake="clip_loss/always_the_first"
# All labels are 0: every image was told that the first text is its own. In row i the right class is i.
# ---
# - right = torch.arange(len(logits), device=logits.device)
# + right = torch.zeros(len(logits), dtype=torch.long, device=logits.device)

# %% [raw] mistake="clip_loss/labels_from_one"
# The labels run from 1 to N. Classes are counted from 0: in row i the right one is i.
# ---
# - right = torch.arange(len(logits), device=logits.device)
# + right = torch.arange(1, len(logits) + 1, device=logits.device)

# %% [raw] mistake="clip_loss/each_pair_alone"
# Each pair is a yes-or-no question of its own here. In CLIP the texts of a batch compete: one softmax over a whole row,
# and one over a whole column.
# ---
# - return (of_images + of_texts) / 2
# + return F.binary_cross_entropy_with_logits(logits, torch.eye(len(logits), device=logits.device))

# %% [raw] mistake="clip_loss/one_softmax_over_all"
# One softmax ran over all N × N pairs. Every row has one of its own, and every column.
# ---
# - return (of_images + of_texts) / 2
# + return (logits.logsumexp((0, 1)) - logits.diagonal()).mean()

# %% [raw] mistake="clip_loss/nothing_pushes"
# This only pulls the right pairs together: the logits of the others do not matter. Without them the best model gives one
# vector to everything. The softmax over a row brings them in.
# ---
# - return (of_images + of_texts) / 2
# + return -logits.diagonal().mean()

# %% [raw] mistake="clip_loss/probability_not_logarithm"
# This is the mean probability of the right pairs, negated. The cross-entropy has its logarithm.
# ---
# - of_images = F.cross_entropy(logits, right)
# - of_texts = F.cross_entropy(logits.T, right)
# + of_images = -logits.softmax(1).diagonal().mean()
# + of_texts = -logits.softmax(0).diagonal().mean()

# %% [raw] mistake="clip_loss/sign"
# The sign is the other one: this grows when the right pairs become more probable, so training would part them.
# ---
# - return (of_images + of_texts) / 2
# + return -(of_images + of_texts) / 2

# %% [raw] mistake="clip_loss/loss_as_a_number"
# The loss is a plain number: no gradient flows back from it. Return the tensor, without `.item()` or `.detach()`.
# ---
# - return (of_images + of_texts) / 2
# + return ((of_images + of_texts) / 2).detach()

# %% [raw] mistake="clip_loss/labels_stay_behind"
# The labels were made on the processor, while the logits are on another device: on a GPU this line would raise. Make
# them with `device=logits.device`.
# ---
# - right = torch.arange(len(logits), device=logits.device)
# + right = torch.arange(len(logits))

# %% [raw] mistake="clip_loss/table_stays_behind"
# The table of the right pairs was made on the processor, while the logits are on another device. Make it with
# `device=logits.device`.
# ---
# - right = torch.arange(len(logits), device=logits.device)
# + right = torch.eye(len(logits))

# %% [raw] mistake="clip_loss/diagonal_counted"
# This is the number of all pairs. The N pairs on the diagonal belong together: leave them out.
# ---
# - return N**2 - N
# + return N**2

# %% [raw] mistake="clip_loss/half_of_them"
# This counts image 1 with text 2, and image 2 with text 1, as one. They are two pairs.
# ---
# - return N**2 - N
# + return N * (N - 1) // 2

# %% [raw] mistake="clip_loss/of_one_image"
# These are the negatives of one image. The batch has N images.
# ---
# - return N**2 - N
# + return N - 1

# %% [raw] mistake="clip_loss/of_one_pair"
# These are the wrong pairs in one row and one column. Count those of the whole table.
# ---
# - return N**2 - N
# + return 2 * (N - 1)

# %% [raw] mistake="clip_loss/counted_twice"
# Each pair stands in one row and in one column, but it is one pair: do not count it twice.
# ---
# - return N**2 - N
# + return 2 * (N**2 - N)

# %% [markdown]
# **The result**: what the loss asks of eight pairs that are easily confused: of 300 held-out scenes, those whose captions
# the trained text tower finds nearest to the first one. The gradient of a logit is negative where it should grow, and
# positive where it should fall. Left of towers with random weights, right of the trained ones, both at a temperature of
# .07.

# %%
def show_pull_and_push():
    trained, scenes = load_clip(), captioned_scenes(300, "held_out")
    first = {str(caption): i for i, caption in reversed(list(enumerate(scenes.captions())))}  # of equal ones the first
    captions = [str(scenes.caption(0)), *(each for each in first if first[each])]
    texts = encode_texts(trained, captions)
    captions = [captions[i] for i in (texts @ texts[0]).topk(8).indices.tolist()]
    images = scenes.normalised([first[each] for each in captions])
    figure, axes = clear_subplots(1, 2, (7.8, 4.0), "gradient of the loss for each logit")
    torch.manual_seed(0)
    for ax, (name, model) in zip(axes[0], (("random towers", untrained_clip().eval()), ("trained towers", trained))):
        cosines = encode_pictures(model, images) @ encode_texts(model, captions).T
        logits = (cosines / 0.07).requires_grad_()
        loss = symmetric_loss(logits)
        gradient = torch.autograd.grad(loss, logits)[0]
        most = gradient.abs().max().item()
        shown = ax.imshow(gradient.numpy(), cmap="PuOr", vmin=-most, vmax=most)
        ax.set_title(f"{name}: loss {loss:.2f} (ln 8 = {math.log(8):.2f})", fontsize=9.5)
        ax.set(xlabel="text", ylabel="image", xticks=range(8), yticks=range(8))
        figure.colorbar(shown, ax=ax, fraction=0.046).ax.tick_params(colors=GREY)
        off = gradient.sum() - gradient.trace()
        print(f"{name}: the {int(negatives(8))} gradients of wrong pairs sum to {off:+.3f}, the 8 on the diagonal to "
              f"{gradient.trace():+.3f}")
    for i, caption in enumerate(captions):
        print(i, caption)
    return figure


attempt(show_pull_and_push, after="clip_loss")

# %% [markdown]
# What is pulled together on the diagonal is pushed apart elsewhere, in equal sum: along each row a softmax has the
# gradient $p - 1$ at the right place and $p$ at the others. In the trained model only pairs that are still confused
# have a gradient worth seeing. The wrong pairs are N² − N, so twice the batch has about four times as many.
