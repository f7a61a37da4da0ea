# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 7 · The loss of knowing nothing · 2 points · 12 min · ●●○○○
# **You will be able to** say of a loss whether anything has been learned, and how low it can fall.
#
# A loss of 4.85 tells nothing until you know N. Let all right pairs of a batch have one cosine, `own`, and all others one,
# `other`. Then every row of the logits is alike, and every column: one right logit $s \cdot \mathrm{own}$ among
# $N - 1$ of $s \cdot \mathrm{other}$, with the scale $s = 1/\tau$.
#
# **Work out first** (1 point), as an expression such as `math.log(7)`, or as a number with two decimals:
#
# - the loss of a batch of one;
# - the loss for N = 128 where the towers tell nothing: every image gets one and the same feature, and every text, too;
# - the loss for N = 128 without a temperature, that is at scale 1, if the right pairs had the cosine 1, and all others
#   the smallest cosine that there is, −1.
#
# **Then write** `loss_of_cosines(N, own, other, scale)` (1 point): the loss of such a batch, as a plain number. Both parts
# of the softmax, above and below the line, may be divided by $e^{s \cdot \mathrm{own}}$; −ln of what is left is
# $\ln(1 + \dots)$.
#
# *Example.* N = 3, cosines of .5 and .1, scale 5: the right logit is 2.5, the two others .5. The loss is
# $\ln(1 + 2 e^{-2}) = .240$.

# %% exercise="ln_n"
# Worked out: the loss of a batch of one ...
loss_of_one = 0  # ____
# ... of 128 pairs, where the towers tell nothing ...
loss_of_nothing = math.log(128)  # ____
# ... and of 128 pairs at scale 1, with cosines of 1 and -1.
loss_without_temperature = math.log(1 + 127 * math.exp(-2))  # ____


def loss_of_cosines(N, own, other, scale):
    """The loss, a number, of N pairs whose right cosines are `own` and whose wrong ones are `other`."""
    ### BEGIN SOLUTION
    return math.log(1 + (N - 1) * math.exp(scale * (other - own)))
    ### END SOLUTION

# %% check="ln_n" points=2
@check(parts={"1. worked out": 1, "2. loss_of_cosines": 1})
def ln_n(draw):
    said = {"one": draw.sealed(lambda: loss_of_one, digits=2),
            "nothing": draw.sealed(lambda: loss_of_nothing, digits=2),
            "no temperature": draw.sealed(lambda: loss_without_temperature, digits=2)}
    sizes = draw.sizes(3, 3, 60)
    cosines = [(draw.number(0.3, 0.9), draw.number(-0.9, 0.2)) for _ in sizes]
    scale, same = draw.number(2, 4), draw.number(0.1, 0.9)
    cases = {f"case {i}": (N, *cosines[i], (1.0, scale, 1 / scale)[i]) for i, N in enumerate(sizes)}
    cases |= {"wrong pairs nearer": (sizes[0], *reversed(cosines[0]), scale), "all alike": (sizes[1], same, same, scale),
              "a batch of one": (1, *cosines[2], scale)}
    losses = {name: attempted(lambda: float(loss_of_cosines(*each))) for name, each in cases.items()}
    return {"1. worked out": said, "2. loss_of_cosines": losses}


# %% [raw] hints="ln_n"
# 1. The loss is −ln of the share that the right one gets. Among how many texts does the image of a batch of one choose?
#    Where all logits are alike, how much does each get?
# 2. A batch of one gives the right text all: −ln 1. All alike among N: −ln(1/N). In general the softmax is
#    $e^{s \cdot own} / (e^{s \cdot own} + (N - 1) e^{s \cdot other})$.
# 3. `math.log(1 + (N - 1) * math.exp(scale * (...)))`; both directions give the same, so their mean does, too. For the
#    last prediction own is 1 and other −1: `math.log(1 + 127 * math.exp(...))`.

# %% [raw] mistake="ln_n/one_is_ln_two"
# A batch of one is no choice between two: there is one text to choose. It gets the probability 1, and −ln 1 is 0.
# ---
# - loss_of_one = 0
# + loss_of_one = math.log(2)

# %% [raw] mistake="ln_n/one_is_one"
# 1 is the probability of the only text of a batch of one. The loss is −ln of it.
# ---
# - loss_of_one = 0
# + loss_of_one = 1

# %% [raw] mistake="ln_n/nothing_is_zero"
# Towers that tell nothing do not have the loss 0. Each of the 128 texts gets the same share: what is −ln of it?
# ---
# - loss_of_nothing = math.log(128)
# + loss_of_nothing = 0

# %% [raw] mistake="ln_n/bits"
# This is the logarithm to base 2. The cross-entropy takes the natural one, `math.log`.
# ---
# - loss_of_nothing = math.log(128)
# + loss_of_nothing = math.log2(128)

# %% [raw] mistake="ln_n/nothing_as_probability"
# This is the probability of the right text, or of a wrong one, where nothing is known. The loss is −ln of 1/128.
# ---
# - loss_of_nothing = math.log(128)
# + loss_of_nothing = 127 / 128

# %% [raw] mistake="ln_n/nothing_negative"
# A probability is at most 1, and its logarithm at most 0. The loss is minus that logarithm, so it is never
# negative.
# ---
# - loss_of_nothing = math.log(128)
# + loss_of_nothing = -math.log(128)

# %% [raw] mistake="ln_n/nothing_as_share"
# This is the probability of the right text where nothing is known. The loss is −ln of it.
# ---
# - loss_of_nothing = math.log(128)
# + loss_of_nothing = 1 / 128

# %% [raw] mistake="ln_n/both_ways_added"
# Both directions lose as much, and the loss is their mean, not their sum.
# ---
# - loss_of_nothing = math.log(128)
# + loss_of_nothing = 2 * math.log(128)

# %% [raw] mistake="ln_n/expects_zero"
# Even with cosines of 1 and −1 the loss is not 0 at scale 1: the logits differ by 2 only, and there are 127 wrong ones
# against the right one.
# ---
# - loss_without_temperature = math.log(1 + 127 * math.exp(-2))
# + loss_without_temperature = 0

# %% [raw] mistake="ln_n/others_at_zero"
# This has the wrong pairs at a cosine of 0. At −1 a wrong logit lies 2 below the right one.
# ---
# - loss_without_temperature = math.log(1 + 127 * math.exp(-2))
# + loss_without_temperature = math.log(1 + 127 * math.exp(-1))

# %% [raw] mistake="ln_n/one_negative"
# This has a single wrong text. Every image has 127 of them.
# ---
# - loss_without_temperature = math.log(1 + 127 * math.exp(-2))
# + loss_without_temperature = math.log(1 + math.exp(-2))

# %% [raw] mistake="ln_n/worst_case"
# This has the cosine −1 for the right pairs, and 1 for the others. It is the other way round.
# ---
# - loss_without_temperature = math.log(1 + 127 * math.exp(-2))
# + loss_without_temperature = math.log(1 + 127 * math.exp(2))

# %% [raw] mistake="ln_n/n_wrong_ones"
# There are N − 1 wrong pairs in a row, not N: the right one is the 1 in front.
# ---
# - return math.log(1 + (N - 1) * math.exp(scale * (other - own)))
# + return math.log(1 + N * math.exp(scale * (other - own)))

# %% [raw] mistake="ln_n/one_wrong_one"
# There is one wrong pair in a row here. There are N − 1 of them.
# ---
# - return math.log(1 + (N - 1) * math.exp(scale * (other - own)))
# + return math.log(1 + math.exp(scale * (other - own)))

# %% [raw] mistake="ln_n/own_and_other_exchanged"
# `own` and `other` changed places: this grows when the right pairs come nearer.
# ---
# - return math.log(1 + (N - 1) * math.exp(scale * (other - own)))
# + return math.log(1 + (N - 1) * math.exp(scale * (own - other)))

# %% [raw] mistake="ln_n/no_scale"
# The scale is missing: logits are cosines times the scale.
# ---
# - return math.log(1 + (N - 1) * math.exp(scale * (other - own)))
# + return math.log(1 + (N - 1) * math.exp(other - own))

# %% [raw] mistake="ln_n/divided_by_the_scale"
# The cosines were divided by the scale. The scale is one over the temperature already: multiply.
# ---
# - return math.log(1 + (N - 1) * math.exp(scale * (other - own)))
# + return math.log(1 + (N - 1) * math.exp((other - own) / scale))

# %% [raw] mistake="ln_n/no_logarithm"
# This is one over the probability of the right pair. The loss is its logarithm.
# ---
# - return math.log(1 + (N - 1) * math.exp(scale * (other - own)))
# + return 1 + (N - 1) * math.exp(scale * (other - own))

# %% [raw] mistake="ln_n/negative"
# This is the logarithm of the probability. The loss is minus that.
# ---
# - return math.log(1 + (N - 1) * math.exp(scale * (other - own)))
# + return -math.log(1 + (N - 1) * math.exp(scale * (other - own)))

# %% [raw] mistake="ln_n/probability"
# This is the probability of the right pair. The loss is −ln of it.
# ---
# - return math.log(1 + (N - 1) * math.exp(scale * (other - own)))
# + return 1 / (1 + (N - 1) * math.exp(scale * (other - own)))

# %% [raw] mistake="ln_n/own_dropped"
# Only the wrong pairs are in the sum. The right one belongs to it: 1 + ...
# ---
# - return math.log(1 + (N - 1) * math.exp(scale * (other - own)))
# + return scale * (other - own) + math.log(max(N - 1, 1))

# %% [raw] mistake="ln_n/sum_of_the_batch"
# This is the sum over the N rows. The loss is their mean, and all are alike.
# ---
# - return math.log(1 + (N - 1) * math.exp(scale * (other - own)))
# + return N * math.log(1 + (N - 1) * math.exp(scale * (other - own)))

# %% [raw] mistake="ln_n/counted_twice"
# Both directions lose half of this, and the loss is their mean, not their sum.
# ---
# - return math.log(1 + (N - 1) * math.exp(scale * (other - own)))
# + return 2 * math.log(1 + (N - 1) * math.exp(scale * (other - own)))

# %% [markdown]
# **The result**, first: what a loss near ln N may mean. 128 scenes and their captions, by the trained towers, at the
# learned temperature; then with something broken.

# %%
def show_broken_batches():
    N, model, scenes = 128, load_clip(), captioned_scenes(128, "held_out", 700)
    images = encode_pictures(model, scenes.normalised())
    texts = encode_texts(model, [str(caption) for caption in scenes.captions()])
    other_way = torch.from_numpy(np.random.default_rng(0).permutation(N))
    one_image, one_text = images[:1].expand(N, -1), texts[:1].expand(N, -1)
    learned = model.logit_scale.detach()

    def loss(images, texts, log_scale=learned):
        return detrlab.clip_loss(clip_logits(images, texts, log_scale)[0]).item()

    for name, value in (
        ("trained towers", loss(images, texts)),
        ("trained towers, temperature 1", loss(images, texts, torch.tensor(0.0))),
        ("all images and texts get one feature", loss(one_image, one_text)),
        ("all images get one feature", loss(one_image, texts)),
        ("captions in another order", loss(images, texts[other_way])),
        ("captions in another order, temperature 1", loss(images, texts[other_way], torch.tensor(0.0))),
    ):
        print(f"{name:42} {value:6.2f}")
    print(f"{'knowing nothing, ln 128':42} {loss_of_cosines(N, 0.0, 0.0, 1.0):6.2f}")


attempt(show_broken_batches, after="ln_n")

# %% [markdown]
# A training whose loss stays at ln N has learned nothing that tells its pairs apart. The usual reasons: a tower gives
# one feature to everything (too high a rate, an input that does not vary), and then the best that the other can learn
# is to tell nothing, too; or images and captions came into another order on the way, and there is nothing to learn.
# Above ln N, the towers are *sure*, and wrong. So before a long training, let the towers learn one single batch by
# heart: that must go far below ln N within a minute.
#
# **And how low can it fall without a temperature?** Here no tower stands in the way: the features of 128 images and
# 128 texts are free, and are moved by their gradients alone.

# %%
def show_floors():
    N, steps, curves = 128, 150, {}
    for name, start in (("scale 1", 0.0), ("scale 1/.07, learned", math.log(1 / 0.07))):
        torch.manual_seed(0)
        images, texts = torch.randn(N, E, requires_grad=True), torch.randn(N, E, requires_grad=True)
        log_scale = torch.tensor(start, requires_grad=start > 0)
        moved = [images, texts, *([log_scale] if start > 0 else [])]
        optimiser, curves[name] = torch.optim.Adam(moved, lr=0.05), []
        for _ in range(steps):
            logits = clip_logits(F.normalize(images, dim=1), F.normalize(texts, dim=1), log_scale)[0]
            loss = detrlab.clip_loss(logits)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            curves[name].append(loss.item())
    floors = {"ln 128: nothing known": loss_of_cosines(N, 0.0, 0.0, 1.0),
              "cosines 1 and −1/127": loss_of_cosines(N, 1.0, -1 / (N - 1), 1.0),
              "cosines 1 and −1": loss_of_cosines(N, 1.0, -1.0, 1.0)}
    figure, axes = clear_subplots(1, 1, (7.6, 3.4))
    ax = axes[0, 0]
    for (name, losses), colour in zip(curves.items(), ("#2b8cc4", "#d55e00")):
        ax.plot(losses, color=colour, linewidth=2)
        ax.text(steps + 2, losses[-1] - 0.05, f"{name}: {losses[-1]:.2f}", color=colour, va="top", fontsize=9)
    for name, floor in floors.items():
        ax.axhline(floor, color=GREY, linewidth=1, linestyle="--", xmax=0.7)
        ax.text(steps + 2, floor + 0.05, f"{name}: {floor:.2f}", color=GREY, va="bottom", fontsize=9)
    ax.set_title("free features of 128 pairs", fontsize=9.5)
    ax.set(xlabel="step", ylabel="loss", xlim=(0, steps / 0.7), ylim=(-0.6, 5.6), xticks=range(0, steps + 1, 50))
    ax.spines[["top", "right"]].set_visible(False)
    return figure


attempt(show_floors, after="ln_n")

# %% [markdown]
# Cosines of −1 are out of reach: two images that are both opposite to a third are alike. Let each text lie on its image.
# The sum of all N features has a squared length of at least 0, and that is N plus the N² − N cosines of different
# features; so their mean is at least −1/(N − 1), here −1/127, and the loss cannot fall below
# $\ln(1 + 127\,e^{-128/127}) = 3.86$. Without a temperature a perfect model would still lose 3.86 of 4.85.
