# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 5 · Focal loss · 3 points · 14 min · ●●●○○
# **You will be able to** write the loss of pixels, and say what alpha and gamma do.
#
# A mask is P yes-or-no questions. With cross-entropy, thousands of pixels far outside, right already, together outweigh
# the few at the edge that are wrong. The focal loss (Lin et al. 2017, equation 5) lets a pixel count less, the more
# probable its truth is already. With $p$ the sigmoid of the logit and $p_t$ the probability of the truth ($p$ on the
# object, $1 - p$ elsewhere):
#
# $$\mathrm{focal} = -\,\alpha_t \,(1 - p_t)^\gamma \, \ln p_t, \qquad \alpha_t = \alpha \text{ on the object},\; 1 - \alpha \text{ elsewhere}.$$
#
# 1. `focal_pixels(logits, targets, alpha, gamma)` (2 points): logits (N, P), targets (N, P) True on the object → (N,
#    P). Logits may be ±100, where $p$ is 0 or 1 in float32, and no number may become infinite:
#    `F.binary_cross_entropy_with_logits(logits, targets, reduction="none")` is $-\ln p_t$, computed safely. It wants
#    targets as floats.
# 2. `over_masks(pixels, num_boxes)` (1 point): the loss of the batch, one number. The *mean* over the pixels of each
#    mask, summed over masks, divided by `num_boxes`: the objects of the batch, over all processes where there are
#    several, so it need not be N.
#
# *Example.* A logit of 0 has $p = .5$. On the object, with alpha .25 and gamma 2: $.25 · .5^2 · .693 = .0433$;
# elsewhere $.75 · .5^2 · .693 = .1300$. A logit of 2 on the object: $p_t = .881$, and $.25 · .119^2 · .127 = .00045$.
#
# The library's and torchvision's `sigmoid_focal_loss` may not be used.

# %% exercise="focal" forbids="detrlab.panoptic.losses.sigmoid_focal_loss, detrlab.panoptic.losses.mask_losses, torchvision.ops.focal_loss.sigmoid_focal_loss"
def focal_pixels(logits, targets, alpha=0.25, gamma=2.0):
    """The focal loss of every pixel: (N, P) and (N, P) bool -> (N, P)."""
    ### BEGIN SOLUTION
    targets = targets.float()
    surprise = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")  # -ln p_t
    p = logits.sigmoid()
    p_t = p * targets + (1 - p) * (1 - targets)
    alpha_t = alpha * targets + (1 - alpha) * (1 - targets)
    return alpha_t * (1 - p_t) ** gamma * surprise
    ### END SOLUTION


def over_masks(pixels, num_boxes):
    """One number of the losses (N, P) of N masks."""
    ### BEGIN SOLUTION
    return pixels.mean(1).sum() / num_boxes
    ### END SOLUTION

# %% check="focal" points=3
@check(parts={"1. focal_pixels": 2, "2. over_masks": 1})
def focal(draw):
    N, P = draw.letters("N P", 5, 17)
    logits = (2 * draw.normal(N, P)).requires_grad_()
    order = draw.permutation(N * P)
    targets = (order % 3 == 0).view(N, P)
    alpha, gamma = draw.number(0.1, 0.3), draw.number(1.5, 3)
    sure = torch.tensor([100.0, -100.0]) + draw.uniform(2, low=-9, high=9)
    pixels, num_boxes = draw.uniform(N, P, low=0.5, high=3).requires_grad_(), draw.size(19, 29)
    draw.name(num_boxes=num_boxes)
    truths = torch.tensor([[True, False], [False, True]])
    return {"1. focal_pixels": {
                "alpha and gamma": told(lambda: focal_pixels(logits * 1, targets.clone(), alpha, gamma), logits),
                "the usual ones": told(lambda: focal_pixels(logits * 1, targets.clone())),
                "gamma 0": told(lambda: focal_pixels(logits * 1, targets.clone(), alpha, 0.0)),
                "logits of 100": told(lambda: focal_pixels(sure.expand(2, 2) * 1, truths, alpha, gamma))},
            "2. over_masks": told(lambda: over_masks(pixels * 1, num_boxes), pixels)}


# %% [raw] hints="focal"
# 1. Three factors for each pixel. Each of them is one thing on the object and another elsewhere: with targets of 1 and
#    0 a sum of two products chooses, and so does `torch.where`.
# 2. `targets = targets.float()`; `p = logits.sigmoid()`; `p_t = p * targets + (1 - p) * (1 - targets)`, and alpha_t
#    alike. In `over_masks` `mean(1)` is over the pixels.
# 3. `return alpha_t * (1 - p_t) ** gamma * F.binary_cross_entropy_with_logits(logits, targets, reduction=...)`, and
#    `pixels.mean(1)... / num_boxes`.

# %% [raw] mistake="focal/negative"
# The sign was turned twice: the cross-entropy is −ln p_t already. A loss is 0 or more.
# ---
# - return alpha_t * (1 - p_t) ** gamma * surprise
# + return -alpha_t * (1 - p_t) ** gamma * surprise

# %% [raw] mistake="focal/reduction_forgotten"
# The cross-entropy is the mean over all pixels, so each pixel has the same. `reduction="none"` leaves one number for
# each.
# ---
# - surprise = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")  # -ln p_t
# + surprise = F.binary_cross_entropy_with_logits(logits, targets)

# %% [raw] mistake="focal/targets_as_truth_values"
# The targets are truth values still: the cross-entropy wants numbers. Take `targets.float()` first.
# ---
# - targets = targets.float()

# %% [raw] mistake="focal/alpha_exchanged"
# alpha lies on the pixels without an object. It weighs the object's pixels; the others have 1 − alpha.
# ---
# - alpha_t = alpha * targets + (1 - alpha) * (1 - targets)
# + alpha_t = (1 - alpha) * targets + alpha * (1 - targets)

# %% [raw] mistake="focal/alpha_everywhere"
# Every pixel weighs alpha. Pixels without an object weigh 1 − alpha.
# ---
# - alpha_t = alpha * targets + (1 - alpha) * (1 - targets)
# + alpha_t = alpha

# %% [raw] mistake="focal/alpha_on_object_only"
# The object's pixels weigh alpha, the others 1. They weigh 1 − alpha.
# ---
# - alpha_t = alpha * targets + (1 - alpha) * (1 - targets)
# + alpha_t = alpha * targets + (1 - targets)

# %% [raw] mistake="focal/no_alpha"
# The factor alpha_t is missing.
# ---
# - return alpha_t * (1 - p_t) ** gamma * surprise
# + return (1 - p_t) ** gamma * surprise

# %% [raw] mistake="focal/no_focus"
# The factor (1 − p_t)^γ is missing: this is a weighted cross-entropy.
# ---
# - return alpha_t * (1 - p_t) ** gamma * surprise
# + return alpha_t * surprise

# %% [raw] mistake="focal/likely_count_more"
# The factor is p_t to the power of gamma, so what is right already counts most. It is 1 − p_t.
# ---
# - return alpha_t * (1 - p_t) ** gamma * surprise
# + return alpha_t * p_t ** gamma * surprise

# %% [raw] mistake="focal/object_everywhere"
# The factor is 1 − p at every pixel. Where there is no object, the truth has the probability 1 − p, so the factor is p.
# ---
# - p_t = p * targets + (1 - p) * (1 - targets)
# + p_t = p

# %% [raw] mistake="focal/logits_for_probabilities"
# The logits were used as if they were probabilities. Take the sigmoid first.
# ---
# - p = logits.sigmoid()
# + p = logits

# %% [raw] mistake="focal/gamma_times"
# The factor was multiplied by gamma. gamma is its exponent.
# ---
# - return alpha_t * (1 - p_t) ** gamma * surprise
# + return alpha_t * (1 - p_t) * gamma * surprise

# %% [raw] mistake="focal/usual_gamma"
# gamma is always 2. Use the argument.
# ---
# - return alpha_t * (1 - p_t) ** gamma * surprise
# + return alpha_t * (1 - p_t) ** 2 * surprise

# %% [raw] mistake="focal/usual_alpha"
# alpha is always .25. Use the argument.
# ---
# - alpha_t = alpha * targets + (1 - alpha) * (1 - targets)
# + alpha_t = 0.25 * targets + 0.75 * (1 - targets)

# %% [raw] mistake="focal/logarithm_of_zero"
# The right formula, but at a logit of 100 the sigmoid is exactly 1 in float32, and ln 0 is infinite.
# `F.binary_cross_entropy_with_logits` computes −ln p_t from the logit, without that.
# ---
# - return alpha_t * (1 - p_t) ** gamma * surprise
# + return -alpha_t * (1 - p_t) ** gamma * p_t.log()

# %% [raw] mistake="focal/smallest_probability"
# No number is infinite, but what stands in place of ln 0 is a number of your own choice: a pixel that is wrong by a
# logit of 100 costs 100 · alpha_t. `F.binary_cross_entropy_with_logits` computes −ln p_t from the logit.
# ---
# - return alpha_t * (1 - p_t) ** gamma * surprise
# + return -alpha_t * (1 - p_t) ** gamma * p_t.clamp(min=1e-8).log()

# %% [raw] mistake="focal/entropy_of_probabilities"
# `F.binary_cross_entropy` takes probabilities, and at a logit of 100 the sigmoid is exactly 1 in float32: it cuts −ln 0
# at 100. `F.binary_cross_entropy_with_logits` computes −ln p_t from the logit.
# ---
# - surprise = F.binary_cross_entropy_with_logits(logits, targets, reduction="none")  # -ln p_t
# + surprise = F.binary_cross_entropy(logits.sigmoid(), targets, reduction="none")

# %% [raw] mistake="focal/mean_of_everything"
# This is the mean over all pixels of all masks. Take each mask's mean, sum the masks, and divide by `num_boxes`.
# ---
# - return pixels.mean(1).sum() / num_boxes
# + return pixels.mean()

# %% [raw] mistake="focal/not_divided"
# The sum over the masks was not divided by `num_boxes`.
# ---
# - return pixels.mean(1).sum() / num_boxes
# + return pixels.mean(1).sum()

# %% [raw] mistake="focal/pixels_summed"
# The pixels of a mask were summed, so larger images would have larger losses. Take the mean over the pixels.
# ---
# - return pixels.mean(1).sum() / num_boxes
# + return pixels.sum() / num_boxes

# %% [raw] mistake="focal/mean_over_masks"
# This is the mean over the N masks, divided once more. Sum the masks, then divide by `num_boxes`.
# ---
# - return pixels.mean(1).sum() / num_boxes
# + return pixels.mean() / num_boxes

# %% [raw] mistake="focal/each_mask"
# This is one number for each mask. Sum them: the loss is one number.
# ---
# - return pixels.mean(1).sum() / num_boxes
# + return pixels.mean(1) / num_boxes

# %% [raw] mistake="focal/loss_detached"
# The loss is detached: no gradient would flow back from it.
# ---
# - return pixels.mean(1).sum() / num_boxes
# + return pixels.mean(1).sum().detach() / num_boxes

# %% [markdown]
# **The result**: who carries the loss of a mask that is nearly right. The logits are 4 on the object and −4 elsewhere,
# for 20 scenes, and between the two at the edge (a mean of 5 × 5 pixels).

# %%
def show_carriers():
    scenes = [draw_scene(seed, (SIDE, SIDE)) for seed in range(580, 600)]
    masks = [torch.from_numpy(mask[1::2, 1::2]) for scene in scenes for mask in scene.masks]
    truth = torch.stack(masks)  # (N, 64, 64)
    logits = F.avg_pool2d(8.0 * truth[:, None].float() - 4, 5, 1, 2, count_include_pad=False)[:, 0]
    right = (logits.abs() > 3.9).flatten(1)
    print(f"{len(truth)} masks; {right.float().mean():.2f} of the pixels are far from an edge, "
          f"{truth.float().mean():.2f} are on the object")
    for gamma in (0.0, 1.0, 2.0):
        pixels = focal_pixels(logits.flatten(1), truth.flatten(1), 0.25, gamma)
        far, on = pixels[right].sum() / pixels.sum(), pixels[truth.flatten(1)].sum() / pixels.sum()
        print(f"gamma {gamma:.0f}: pixels far from an edge carry {far:.2f} of the loss, the object's pixels {on:.2f}; "
              f"loss {over_masks(pixels, len(truth)):.4f}")


attempt(show_carriers, after="focal")

# %% [markdown]
# The loss becomes smaller as well: losses with different gammas cannot be compared.
