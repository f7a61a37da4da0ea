# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 5 · Cosines over a temperature · 3 points · 14 min · ●●○○○
# **You will be able to** turn the ends of two towers into logits, and say what the temperature does to them.
#
# How well image *i* and text *j* fit is the cosine of the angle between their features: the dot product of the two, each
# divided by its own length. Only directions count; a feature that is twice as long says the same.
#
# A cosine lies in −1..1, and a softmax of such small numbers is flat. So the cosines are divided by a temperature $\tau$,
# which is learned with everything else. What is stored is $t = \ln(1/\tau)$, one number without a bound, and the logits
# are
#
# $$\mathrm{logits}_{ij} = e^{t} \cdot \frac{x_i}{\lVert x_i \rVert} \cdot \frac{y_j}{\lVert y_j \rVert}, \qquad e^{t} = \frac{1}{\tau}.$$
#
# 1. `learned_scale(temperature)` (1 point): $t$ as an `nn.Parameter` with one number, at a given temperature. CLIP
#    starts at .07 (section 2.5 of the paper).
# 2. `cosine_logits(images, texts, log_scale)` (2 points): features (B, E) of images and (N, E) of texts, of any length,
#    and $t$ → the logits (B, N), a row for each image.
#
# *Example.* An image (3, 4) and the texts (2, 0) and (0, 1): the cosines are .6 and .8. Without a temperature a softmax
# makes .45 and .55 of them. At τ = .07 the logits are 8.57 and 11.43, and the softmax makes .054 and .946.
#
# The library's `clip_logits` and `CLIP.forward` may not be used.

# %% exercise="logits" forbids="detrlab.clip.model.clip_logits, detrlab.clip.model.CLIP.forward, detrlab.clip.training.CLIPLearner.forward"
def learned_scale(temperature):
    """An nn.Parameter of one number: the logarithm of 1 / temperature."""
    ### BEGIN SOLUTION
    return nn.Parameter(torch.tensor(math.log(1 / temperature)))
    ### END SOLUTION


def cosine_logits(images, texts, log_scale):
    """Logits of features: (B, E), (N, E) and one number -> (B, N)."""
    ### BEGIN SOLUTION
    images = images / images.norm(dim=1, keepdim=True)
    texts = texts / texts.norm(dim=1, keepdim=True)
    return log_scale.exp() * images @ texts.T
    ### END SOLUTION

# %% check="logits" points=3
@check(parts={"1. learned_scale": 1, "2. cosine_logits": 2})
def logits(draw):
    def scale_at(temperature):
        made = learned_scale(temperature)
        if not isinstance(made, torch.Tensor):
            return {"value": made, "numbers": 1, "is a parameter that learns": False}
        learns = isinstance(made, nn.Parameter) and made.requires_grad
        return {"value": float(made.detach().reshape(-1)[0]), "numbers": made.numel(), "is a parameter that learns": learns}

    warm, cold = draw.number(0.2, 0.6), draw.number(0.01, 0.08)
    B, N, width = draw.letters("B N E", 3, 13)
    images = (draw.normal(B, width) * draw.uniform(B, 1, low=0.3, high=4)).requires_grad_()
    texts = (draw.normal(N, width) * draw.uniform(N, 1, low=0.3, high=4)).requires_grad_()
    log_scale = torch.tensor(draw.number(0.5, 1.5)).requires_grad_()
    inputs = images, texts, log_scale
    far = torch.tensor(draw.number(3, 5))
    return {"1. learned_scale": {"warm": attempted(lambda: scale_at(warm)), "cold": attempted(lambda: scale_at(cold))},
            "2. cosine_logits": {
                "near temperature 1": told(lambda: cosine_logits(images * 1, texts * 1, log_scale * 1), *inputs),
                "a low temperature": attempted(lambda: cosine_logits(images.detach() * 1, texts.detach() * 1, far))}}


# %% [raw] hints="logits"
# 1. What is stored is the logarithm, so that no step of training can make the temperature negative. What undoes a
#    logarithm? And which axis of (B, E) does the length of one feature run along?
# 2. `math.log(1 / temperature)` into a tensor, and that into `nn.Parameter`. `images.norm(dim=1, keepdim=True)` is
#    (B, 1); the matrix product with `texts.T` gives all cosines at once.
# 3. `images = images / images.norm(dim=1, keepdim=True)`, the same for texts, then `log_scale.exp() * images @ ...`.

# %% [raw] mistake="logits/sign_exchanged"
# This is the logarithm of the temperature. Stored is that of one over it, so that the scale is large where the
# temperature is low.
# ---
# - return nn.Parameter(torch.tensor(math.log(1 / temperature)))
# + return nn.Parameter(torch.tensor(math.log(temperature)))

# %% [raw] mistake="logits/not_the_logarithm"
# The parameter is 1/τ itself. Store its logarithm, which may become any number.
# ---
# - return nn.Parameter(torch.tensor(math.log(1 / temperature)))
# + return nn.Parameter(torch.tensor(1 / temperature))

# %% [raw] mistake="logits/temperature_stored"
# The parameter is the temperature itself. Store the logarithm of one over it.
# ---
# - return nn.Parameter(torch.tensor(math.log(1 / temperature)))
# + return nn.Parameter(torch.tensor(float(temperature)))

# %% [raw] mistake="logits/tens_logarithm"
# This is the logarithm to base 10. What undoes it later is `exp`, so take the natural one, `math.log`.
# ---
# - return nn.Parameter(torch.tensor(math.log(1 / temperature)))
# + return nn.Parameter(torch.tensor(math.log10(1 / temperature)))

# %% [raw] mistake="logits/always_the_first"
# The scale is always that of .07. Use the argument.
# ---
# - return nn.Parameter(torch.tensor(math.log(1 / temperature)))
# + return nn.Parameter(torch.tensor(math.log(1 / 0.07)))

# %% [raw] mistake="logits/no_parameter"
# This is no parameter that learns, so no optimiser would change it. Wrap a tensor in `nn.Parameter`.
# ---
# - return nn.Parameter(torch.tensor(math.log(1 / temperature)))
# + return torch.tensor(math.log(1 / temperature))

# %% [raw] mistake="logits/number_in_a_parameter"
# `nn.Parameter` takes a tensor, and a plain number came. Make a tensor of it first: `torch.tensor(...)`.
# ---
# - return nn.Parameter(torch.tensor(math.log(1 / temperature)))
# + return nn.Parameter(math.log(1 / temperature))

# %% [raw] mistake="logits/exp_forgotten"
# The cosines were multiplied by t. Multiply them by e to the power of t: t is a logarithm.
# ---
# - return log_scale.exp() * images @ texts.T
# + return log_scale * images @ texts.T

# %% [raw] mistake="logits/divided"
# The cosines were divided by e to the power of t. That is already one over the temperature, so multiply.
# ---
# - return log_scale.exp() * images @ texts.T
# + return images @ texts.T / log_scale.exp()

# %% [raw] mistake="logits/no_temperature"
# These are the cosines. The temperature is missing: multiply them by e to the power of t.
# ---
# - return log_scale.exp() * images @ texts.T
# + return images @ texts.T

# %% [raw] mistake="logits/not_normalised"
# The dot products of whole features: a long feature then fits everything better. Divide each feature by its length.
# ---
# - images = images / images.norm(dim=1, keepdim=True)
# - texts = texts / texts.norm(dim=1, keepdim=True)

# %% [raw] mistake="logits/texts_not_normalised"
# The texts still have their lengths. Divide both sides by their lengths.
# ---
# - texts = texts / texts.norm(dim=1, keepdim=True)

# %% [raw] mistake="logits/images_not_normalised"
# The images still have their lengths. Divide both sides by their lengths.
# ---
# - images = images / images.norm(dim=1, keepdim=True)

# %% [raw] mistake="logits/over_the_batch"
# The length was taken along the batch, so each *number* was normalised over the images. A feature's length runs along
# the last axis, E.
# ---
# - images = images / images.norm(dim=1, keepdim=True)
# - texts = texts / texts.norm(dim=1, keepdim=True)
# + images = images / images.norm(dim=0, keepdim=True)
# + texts = texts / texts.norm(dim=0, keepdim=True)

# %% [raw] mistake="logits/one_length"
# All images were divided by one length, that of the whole batch. Every feature has its own: `norm` needs the axis.
# ---
# - images = images / images.norm(dim=1, keepdim=True)
# - texts = texts / texts.norm(dim=1, keepdim=True)
# + images = images / images.norm()
# + texts = texts / texts.norm()

# %% [raw] mistake="logits/sum_of_squares"
# The features were divided by the sum of their squares. The length is its square root.
# ---
# - images = images / images.norm(dim=1, keepdim=True)
# - texts = texts / texts.norm(dim=1, keepdim=True)
# + images = images / images.square().sum(1, keepdim=True)
# + texts = texts / texts.square().sum(1, keepdim=True)

# %% [raw] mistake="logits/softmax_normalised"
# A softmax made probabilities of the features. To normalise here means: divide by the length.
# ---
# - images = images / images.norm(dim=1, keepdim=True)
# - texts = texts / texts.norm(dim=1, keepdim=True)
# + images = images.softmax(1)
# + texts = texts.softmax(1)

# %% [raw] mistake="logits/texts_by_images"
# The rows are texts. Give the images the rows: (B, N).
# ---
# - return log_scale.exp() * images @ texts.T
# + return log_scale.exp() * texts @ images.T

# %% [raw] mistake="logits/probabilities"
# These are probabilities. Return the logits: the softmax is part of the loss.
# ---
# - return log_scale.exp() * images @ texts.T
# + return (log_scale.exp() * images @ texts.T).softmax(1)

# %% [raw] mistake="logits/scale_as_a_number"
# The logits are right, but no gradient reaches t, so the temperature would never be learned. Use the tensor itself,
# without `.item()`, `float(...)` or `.detach()`.
# ---
# - return log_scale.exp() * images @ texts.T
# + return math.exp(float(log_scale)) * images @ texts.T

# %% [raw] mistake="logits/detached"
# No gradient flows back from these logits: they are detached, or were computed without gradients. Nothing could
# learn.
# ---
# - return log_scale.exp() * images @ texts.T
# + return (log_scale.exp() * images @ texts.T).detach()

# %% [raw] mistake="logits/changed_in_place"
# `/=` changed the features themselves, which the gradient of their lengths still needs. Write `images = images /
# ...`.
# ---
# - images = images / images.norm(dim=1, keepdim=True)
# - texts = texts / texts.norm(dim=1, keepdim=True)
# + images /= images.norm(dim=1, keepdim=True)
# + texts /= texts.norm(dim=1, keepdim=True)

# %% [markdown]
# **The result.** Six scenes and their captions, by the trained towers of the course's small CLIP: how the probability of
# each image is shared among the six captions at the temperatures 1, .2, and the one that was learned. The captions are
# printed above the figure.

# %%
def show_temperatures():
    model, scenes = load_clip(), captioned_scenes(6, "held_out", 40)
    captions = [str(caption) for caption in scenes.captions()]
    images, texts = encode_pictures(model, scenes.normalised()), encode_texts(model, captions)
    learned = math.exp(-model.logit_scale.item())
    figure, axes = clear_subplots(1, 3, (8.4, 3.1))
    for ax, temperature in zip(axes[0], (1.0, 0.2, learned)):
        shares = cosine_logits(images, texts, learned_scale(temperature).detach()).softmax(1)
        ax.imshow(shares.numpy(), cmap="cividis", vmin=0, vmax=1)
        for (i, j), share in np.ndenumerate(shares.numpy()):
            ax.text(j, i, f"{share:.2f}".lstrip("0"), ha="center", va="center", fontsize=8,
                    color="black" if share > 0.5 else "white")
        ax.set_title(f"temperature {temperature:.2g}", fontsize=9.5)
        ax.set(xlabel="caption", xticks=range(6), yticks=range(6))
    axes[0, 0].set_ylabel("image")
    cosines = cosine_logits(images, texts, torch.tensor(0.0))
    own = cosines.diagonal()
    print(f"cosines of own captions: mean {own.mean():.2f}; of others: mean {(cosines.sum() - own.sum()) / 30:.2f}")
    for i, caption in enumerate(captions):
        print(i, caption)
    return figure


attempt(show_temperatures, after="logits")

# %% [markdown]
# The order of the captions is the same at all temperatures. What changes is how sure the softmax is, and with it the
# loss. Some CLIPs for practice leave the temperature out, which is a temperature of 1: between cosines of 1 and −1 a
# softmax can be no surer than $e^2 = 7.4$ to 1. Step 7 works out what loss is left then.
