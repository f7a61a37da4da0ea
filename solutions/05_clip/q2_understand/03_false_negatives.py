# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 3 · Wrong texts that are right · 3 points · 18 min · ●●●○○
# **You will be able to** count the false negatives of a batch, and take them out of the loss.
#
# CLIP's loss calls every text of the batch wrong for an image, but the one at its own place. Some of them are right:
# another pair has an equal caption, or shows the same image. (Many small CLIPs read a data set in which each image has
# several captions, and take two of them, `cap_per_image = 2`, as two pairs.) Such a *false negative* is pushed away
# though it fits.
#
# **Work out first** (1 point). Captions are 72 coloured shapes, all as likely, each drawn by itself, with one caption
# for each image. How many false negatives has a row in the mean, in a batch of N = 128? Give two decimals.
#
# **Then write**
#
# 1. `count_false_negatives(image_ids, captions)` (1 point): lists of N → for each pair how many *other* pairs show the same
#    image or have an equal caption, (N,). A pair that has both in common counts once.
# 2. `masked_loss(logits, same)` (1 point): logits (N, N), images by texts, and `same` (N, N), True where a text is
#    right for an image, the diagonal with it → CLIP's loss, a tensor with one number. False negatives do not take part
#    in it: no softmax counts them, neither in their row nor in their column. The diagonal stays what is right.
#
# *Example.* Three pairs with the images 4, 4, 9 and the captions a, b, b: 1, 2 and 1 false negatives. If all logits are
# 0 and pairs 0 and 1 are the same, image 0 chooses between two texts, and so does image 1; image 2 among all three:
# (ln 2 + ln 2 + ln 3) / 3 = .83, and the texts likewise.
#
# `F.cross_entropy` may be used, the library's `clip_loss` may not.

# %% exercise="false_negatives" forbids="detrlab.clip.loss.clip_loss, detrlab.clip.loss.hard_negative_loss, detrlab.clip.training.contrastive_losses"
# Worked out: false negatives of a row in the mean, N = 128, 72 captions.
in_a_row = 127 / 72  # ____


def count_false_negatives(image_ids, captions):
    """For each of N pairs: how many others show the same image or have an equal caption, (N,)."""
    ### BEGIN SOLUTION
    pairs = list(zip(image_ids, captions))
    return torch.tensor([sum(image == i or text == t for i, t in pairs) - 1 for image, text in pairs])
    ### END SOLUTION


def masked_loss(logits, same):
    """CLIP's loss of logits (N, N) without the false negatives of `same` (N, N), whose diagonal is True."""
    ### BEGIN SOLUTION
    own = torch.arange(len(logits))
    left_out = same & ~torch.eye(len(logits), dtype=torch.bool)
    kept_logits = logits.masked_fill(left_out, -torch.inf)
    return (F.cross_entropy(kept_logits, own) + F.cross_entropy(kept_logits.T, own)) / 2
    ### END SOLUTION

# %% check="false_negatives" points=3
@check(parts={"1. worked out": 1, "2. count_false_negatives": 1, "3. masked_loss": 1})
def false_negatives(draw):
    (N,) = draw.letters("N", 13, 23)
    order = draw.permutation(N).tolist()
    ids = [40 + n // 3 for n in order]  # three pairs of each image, and a rest
    captions = [article(f"{COLOURS[(n * 5) % 4]} {SHAPES[n % 2]}") if n % 3 else f"a red ring and a {SHAPES[n % 5]}"
                for n in order]
    captions[order.index(1)] = captions[order.index(0)]  # one pair shares the image and the caption with another
    counts = attempted(lambda: torch.as_tensor(count_false_negatives(list(ids), list(captions))).long())

    (M,) = draw.letters("M", 7, 17)
    leaf = (2 * draw.normal(M, M)).requires_grad_()
    chosen = draw.uniform(M, M) < 0.15
    same = chosen | chosen.T | torch.eye(M, dtype=torch.bool)
    same[0, 1] = same[1, 0] = True

    def of_the_loss():
        loss = masked_loss(leaf.clone(), same.clone())
        if not isinstance(loss, torch.Tensor | float):
            return {"loss": loss, "gradient": None}
        return {"loss": loss, "gradient": attempted(lambda: torch.autograd.grad(torch.as_tensor(loss).sum(), leaf)[0])}

    return {"1. worked out": {"in a row": draw.sealed(lambda: in_a_row, digits=2)},
            "2. count_false_negatives": counts, "3. masked_loss": attempted(of_the_loss)}


# %% [raw] hints="false_negatives"
# 1. A row has 127 other texts, each of which is equal to its own with a probability of one in 72. For the loss: a logit
#    that takes part with e to the power of what counts nothing?
# 2. Count those with `image == i or text == t`, and take off the pair itself. `logits.masked_fill(which, value)` puts a
#    value where `which` is True; the diagonal must not be among them.
# 3. `left_out = same & ~torch.eye(len(logits), dtype=torch.bool)`, fill with `-torch.inf`; then `F.cross_entropy(...,
#    torch.arange(N))` of the rows and of the columns, and the mean of both.

# %% [raw] mistake="false_negatives/itself_among_them"
# 128/72 counts the pair itself, too. The others are 127.
# ---
# - in_a_row = 127 / 72
# + in_a_row = 128 / 72

# %% [raw] mistake="false_negatives/of_the_batch"
# This is the number in the whole batch, all rows together. Asked is one row's.
# ---
# - in_a_row = 127 / 72
# + in_a_row = 128 * 127 / 72

# %% [raw] mistake="false_negatives/a_probability"
# This is the probability that there is any. Asked is how many there are in the mean, which may be above 1.
# ---
# - in_a_row = 127 / 72
# + in_a_row = 1 - (71 / 72) ** 127

# %% [raw] mistake="false_negatives/counted_itself"
# Each pair was counted as its own false negative. Count the others.
# ---
# - return torch.tensor([sum(image == i or text == t for i, t in pairs) - 1 for image, text in pairs])
# + return torch.tensor([sum(image == i or text == t for i, t in pairs) for image, text in pairs])

# %% [raw] mistake="false_negatives/captions_only"
# Only equal captions were counted. Another caption of the same image is right, too.
# ---
# - return torch.tensor([sum(image == i or text == t for i, t in pairs) - 1 for image, text in pairs])
# + return torch.tensor([sum(text == t for i, t in pairs) - 1 for image, text in pairs])

# %% [raw] mistake="false_negatives/images_only"
# Only pairs of the same image were counted. An equal caption of another image is right, too.
# ---
# - return torch.tensor([sum(image == i or text == t for i, t in pairs) - 1 for image, text in pairs])
# + return torch.tensor([sum(image == i for i, t in pairs) - 1 for image, text in pairs])

# %% [raw] mistake="false_negatives/both_at_once"
# Only pairs with the same image *and* an equal caption were counted. One of the two is enough.
# ---
# - return torch.tensor([sum(image == i or text == t for i, t in pairs) - 1 for image, text in pairs])
# + return torch.tensor([sum(image == i and text == t for i, t in pairs) - 1 for image, text in pairs])

# %% [raw] mistake="false_negatives/counted_twice"
# A pair with the same image and an equal caption was counted twice.
# ---
# - return torch.tensor([sum(image == i or text == t for i, t in pairs) - 1 for image, text in pairs])
# + return torch.tensor([sum((image == i) + (text == t) for i, t in pairs) - 2 for image, text in pairs])

# %% [raw] mistake="false_negatives/total"
# This is one number for the batch. Return one for each pair.
# ---
# - return torch.tensor([sum(image == i or text == t for i, t in pairs) - 1 for image, text in pairs])
# + return torch.tensor(sum(sum(image == i or text == t for i, t in pairs) - 1 for image, text in pairs))

# %% [raw] mistake="false_negatives/diagonal_masked"
# The diagonal was left out, too. Then what is right takes no part, and the loss is infinite.
# ---
# - left_out = same & ~torch.eye(len(logits), dtype=torch.bool)
# + left_out = same

# %% [raw] mistake="false_negatives/zero_in_their_place"
# The false negatives got the logit 0, which takes part with e⁰ = 1. What must not count gets −∞.
# ---
# - kept_logits = logits.masked_fill(left_out, -torch.inf)
# + kept_logits = logits.masked_fill(left_out, 0.0)

# %% [raw] mistake="false_negatives/negatives_masked"
# The true negatives were left out, and the false ones stayed.
# ---
# - left_out = same & ~torch.eye(len(logits), dtype=torch.bool)
# + left_out = ~same

# %% [raw] mistake="false_negatives/not_masked"
# This is CLIP's loss with the false negatives in it.
# ---
# - kept_logits = logits.masked_fill(left_out, -torch.inf)
# + kept_logits = logits

# %% [raw] mistake="false_negatives/one_direction"
# Only the images choose. The texts choose among the images as well: along the columns; the loss is the mean of both.
# ---
# - return (F.cross_entropy(kept_logits, own) + F.cross_entropy(kept_logits.T, own)) / 2
# + return F.cross_entropy(kept_logits, own)

# %% [raw] mistake="false_negatives/texts_only"
# Only the texts choose. The images choose among the texts as well: along the rows; the loss is the mean of both.
# ---
# - return (F.cross_entropy(kept_logits, own) + F.cross_entropy(kept_logits.T, own)) / 2
# + return F.cross_entropy(kept_logits.T, own)

# %% [raw] mistake="false_negatives/sum_of_both"
# The two directions were added. The loss is their mean.
# ---
# - return (F.cross_entropy(kept_logits, own) + F.cross_entropy(kept_logits.T, own)) / 2
# + return F.cross_entropy(kept_logits, own) + F.cross_entropy(kept_logits.T, own)

# %% [raw] mistake="false_negatives/summed_over_the_batch"
# The losses of the rows, and those of the columns, were summed. Each cross-entropy is a mean over N.
# ---
# - return (F.cross_entropy(kept_logits, own) + F.cross_entropy(kept_logits.T, own)) / 2
# + return (F.cross_entropy(kept_logits, own, reduction="sum") + F.cross_entropy(kept_logits.T, own, reduction="sum")) / 2

# %% [raw] mistake="false_negatives/all_of_them_right"
# The false negatives were made right answers that share the 1. That is another loss (also a good one); here they only
# leave the softmax.
# ---
# - return (F.cross_entropy(kept_logits, own) + F.cross_entropy(kept_logits.T, own)) / 2
# + goal = same.float() / same.sum(1, keepdim=True)
# + return (F.cross_entropy(logits, goal) + F.cross_entropy(logits.T, goal)) / 2

# %% [raw] mistake="false_negatives/columns_not_masked"
# They were left out of the rows alone. In its column a text competes with false negatives, too.
# ---
# - return (F.cross_entropy(kept_logits, own) + F.cross_entropy(kept_logits.T, own)) / 2
# + return (F.cross_entropy(kept_logits, own) + F.cross_entropy(logits.T, own)) / 2

# %% [raw] mistake="false_negatives/loss_as_a_number"
# No gradient flows back from this loss. Return the tensor, without `.item()` or `.detach()`.
# ---
# - return (F.cross_entropy(kept_logits, own) + F.cross_entropy(kept_logits.T, own)) / 2
# + return ((F.cross_entropy(kept_logits, own) + F.cross_entropy(kept_logits.T, own)) / 2).detach()

# %% [markdown]
# **The result.** False negatives of a row in the mean, and the shipped CLIP's loss with and without them, in batches of
# fresh scenes: one caption for each image, or two (so half as many images), or scenes of one shape alone.

# %%
def show_false_negatives():
    print("captions of               N   false negatives   loss   without them   ln N")
    scale = clip().logit_scale.exp()
    for name, known, per_image in (("one to three shapes", seen(512), 1), ("  two for each image", seen(512), 2),
                                   ("single shapes", seen(512, shapes=1), 1)):
        told = [str(known.scenes.caption(i, 0)) for i in range(512)]
        texts = known.texts
        if per_image == 2:
            again = [str(known.scenes.caption(i, 1)) for i in range(512)]
            told = [text for both in zip(told, again) for text in both]
            texts = torch.stack([known.texts, encode_texts(clip(), again)], dim=1).flatten(0, 1)
        images = known.images.repeat_interleave(per_image, dim=0)
        ids = [i // per_image for i in range(len(told))]
        for N in (32, 128, 512):
            rows = []
            for start in range(0, 512, N):
                part = slice(start, start + N)
                logits = scale * images[part] @ texts[part].T
                same = torch.tensor([[i == j or a == b for j, b in zip(ids[part], told[part])]
                                     for i, a in zip(ids[part], told[part])])
                count = torch.as_tensor(count_false_negatives(ids[part], told[part])).float().mean()
                own = torch.eye(N, dtype=torch.bool)
                rows.append(torch.stack([count, *(masked_loss(logits.clone(), each) for each in (own, same))]))
            count, loss, without = torch.stack(rows).mean(0).tolist()
            print(f"{name:22}{N:5}{count:18.2f}{loss:7.2f}{without:15.2f}{math.log(N):7.2f}")


attempt(show_false_negatives, after="false_negatives")

# %% [markdown]
# Of single shapes a row of 128 has fewer than you worked out: a fifth of the captions begin with "a picture of", and such
# a one is no equal of the same without it, though it says the same. There are more false negatives in every larger
# batch: their number grows with N, as that of the true ones does. And the loss rises with N whatever the model knows,
# since there is more to choose from: *losses of two batch sizes cannot be compared*. Compare models by one batch size, or
# by what they find. (The training of the shipped CLIP drew batches without equal captions, one for each image, so it
# never met any.)
