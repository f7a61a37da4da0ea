# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 4 · Five faults · 5 points · 30 min · ●●●○○
# **You will be able to** find a planted fault with probes, and to prove it by one number.
#
# `unknown("A")` to `unknown("E")` are five trainings, each with one of step 3's faults: hot, blind, clones, keen, askew.
# **Run probes** in the first cell below until you know which is which. A probe takes some seconds. Start with
# probe 1: the later ones need what it needs, and fail for more than one reason.
#
# **Then write** for each fault the letter of its training, and the number that proves it (1 point each, for both):
#
# 1. *hot*: `update_share(before, after)`, two lists of tensors, the weights before and after a step. It returns the norm
#    of the change over the norm of the weights before, all tensors together. With 1 a step changes the weights by as much
#    as they are.
# 2. *blind*: `over_images(boxes)`, boxes (B, Q, 4) of B images. It returns the largest difference, of any of the Q·4
#    numbers, between any two images. 0: the output does not depend on the image.
# 3. *clones*: `over_queries(boxes)`: the same between any two queries of one image. 0: all queries say the same.
# 4. *keen*: `nothing_share(logits)`, logits (B, Q, K + 1). It returns the mean probability of no-object, the last class.
#    On empty scenes it should be near 1.
# 5. *askew*: `mirrored(boxes_cxcywh)`, boxes (T, 4) in 0..1. It returns the boxes of the image mirrored left-right. Beside
#    what a training makes of its boxes this shows the fault.
#
# *Example.* B = 2 images, Q = 2 queries, and of the four numbers only cx: [[.2, .9], [.3, .5]]. Between images query 0
# differs by .1 and query 1 by .4: `over_images` gives .4. Between queries it is .7 and .2: `over_queries` gives .7.

# %% [markdown]
# Change the letter and the probe (1 to 5), and run this cell as often as you like.

# %%
def run_probe(letter, number):
    probed = probe(unknown(letter), PROBES[number - 1])
    print(f"{letter}, probe {number}: {'passed' if probed.passed else 'FAILED'}, found {probed.found} of {probed.objects}, "
          f"{probed.false} other detections")
    print("loss:", " ".join(f"{loss:.1f}" for loss in probed.losses[::2]))


run_probe("A", 1)

# %% exercise="five_faults"
# The letter of the training with each fault.
hot = "D"  # ____
blind = "E"  # ____
clones = "C"  # ____
keen = "A"  # ____
askew = "B"  # ____


def update_share(before, after):
    """The norm of the change over the norm of the weights before; two lists of tensors, each taken together."""
    ### BEGIN SOLUTION
    change = sum(((new - old) ** 2).sum() for old, new in zip(before, after))
    return math.sqrt(change / sum((old**2).sum() for old in before))
    ### END SOLUTION


def over_images(boxes):
    """The largest difference between two images in any number of boxes (B, Q, 4)."""
    ### BEGIN SOLUTION
    return (boxes.amax(0) - boxes.amin(0)).max()
    ### END SOLUTION


def over_queries(boxes):
    """The largest difference between two queries of one image in any number of boxes (B, Q, 4)."""
    ### BEGIN SOLUTION
    return (boxes.amax(1) - boxes.amin(1)).max()
    ### END SOLUTION


def nothing_share(logits):
    """The mean probability of no-object; logits (B, Q, K + 1)."""
    ### BEGIN SOLUTION
    return logits.softmax(-1)[..., -1].mean()
    ### END SOLUTION


def mirrored(boxes_cxcywh):
    """Boxes (T, 4) cxcywh, in 0..1, of the image mirrored left-right."""
    ### BEGIN SOLUTION
    cx, cy, w, h = boxes_cxcywh.unbind(-1)
    return torch.stack([1 - cx, cy, w, h], dim=-1)
    ### END SOLUTION

# %% check="five_faults" points=5
@check(parts={"1. hot": 1, "2. blind": 1, "3. clones": 1, "4. keen": 1, "5. askew": 1})
def five_faults(draw):
    B, Q, K = draw.letters("B Q K", 2, 11)
    T = draw.size(5, 13)
    draw.name(T=T)
    before = [draw.normal(T), 3 * draw.normal(Q, K), draw.normal(B, 1)]
    after = [factor * each + 0.3 * draw.normal(*each.shape) for factor, each in zip((1.9, 1.4, 0.4), before)]
    logits = 2 * draw.normal(B, Q, K + 1)
    # One image and one query stand out, in numbers that are never the smallest: the spread of all together is larger.
    boxes = torch.tensor([0.1, 0.3, 0.3, 0.3]) + 0.05 * draw.uniform(B, Q, 4)
    boxes[draw.integer(0, B - 1), :, draw.integer(1, 3)] += 0.1 + 0.1 * draw.uniform(1)
    boxes[:, draw.integer(0, Q - 1), draw.integer(1, 3)] += 0.3 + 0.2 * draw.uniform(1)
    goals = draw.boxes_cxcywh(T)

    def letter(call):
        return draw.sealed_word(call, "ABCDE")

    return {
        "1. hot": {"letter": letter(lambda: hot),
                   "number": attempted(lambda: float(update_share([each.clone() for each in before], after)))},
        "2. blind": {"letter": letter(lambda: blind),
                     "number": attempted(lambda: float(over_images(boxes.clone())))},
        "3. clones": {"letter": letter(lambda: clones),
                      "number": attempted(lambda: float(over_queries(boxes.clone())))},
        "4. keen": {"letter": letter(lambda: keen),
                    "number": attempted(lambda: float(nothing_share(logits.clone())))},
        "5. askew": {"letter": letter(lambda: askew),
                     "boxes": attempted(lambda: mirrored(goals.clone()))},
    }


# %% [raw] hints="five_faults"
# 1. The *first* probe that fails decides: run probe 1 for all five, then probe 2 for those that passed, and so on. Each
#    number asks one thing: along which axis should there be a difference?
# 2. `amax` and `amin` along one axis, then the largest of the differences. Probabilities are a softmax over the last axis.
#    Mirrored left-right, a point at x comes to 1 − x; widths stay.
# 3. `(boxes.amax(0) - boxes.amin(0)).max()` is one of two; `logits.softmax(-1)[..., -1]....`;
#    `torch.stack([1 - cx, cy, w, h], dim=-1)`; squares of all tensors are summed, then the root of the quotient.

# %% [raw] mistake="five_faults/axes_exchanged_images"
# This is the difference between queries. Images are axis 0.
# ---
# - return (boxes.amax(0) - boxes.amin(0)).max()
# + return (boxes.amax(1) - boxes.amin(1)).max()

# %% [raw] mistake="five_faults/axes_exchanged_queries"
# This is the difference between images. Queries are axis 1.
# ---
# - return (boxes.amax(1) - boxes.amin(1)).max()
# + return (boxes.amax(0) - boxes.amin(0)).max()

# %% [raw] mistake="five_faults/over_all"
# This is the largest number less the smallest of all boxes, whatever image, query and coordinate they belong to: it is
# never 0. Take the difference along the axis of the images, then the largest.
# ---
# - return (boxes.amax(0) - boxes.amin(0)).max()
# + return boxes.max() - boxes.min()

# %% [raw] mistake="five_faults/mean_of_differences"
# This is the mean of the differences. The largest is asked for: one number that differs is enough.
# ---
# - return (boxes.amax(1) - boxes.amin(1)).max()
# + return (boxes.amax(1) - boxes.amin(1)).mean()

# %% [raw] mistake="five_faults/first_class"
# This is the probability of the first class. No-object is the last one.
# ---
# - return logits.softmax(-1)[..., -1].mean()
# + return logits.softmax(-1)[..., 0].mean()

# %% [raw] mistake="five_faults/logits_meant"
# These are logits, no probabilities: a softmax over the classes comes first.
# ---
# - return logits.softmax(-1)[..., -1].mean()
# + return logits[..., -1].mean()

# %% [raw] mistake="five_faults/softmax_over_queries"
# The softmax ran over the queries. Each query's classes sum to 1: the last axis.
# ---
# - return logits.softmax(-1)[..., -1].mean()
# + return logits.softmax(1)[..., -1].mean()

# %% [raw] mistake="five_faults/mirrored_top_bottom"
# These boxes are mirrored top-bottom. Left-right changes cx.
# ---
# - return torch.stack([1 - cx, cy, w, h], dim=-1)
# + return torch.stack([cx, 1 - cy, w, h], dim=-1)

# %% [raw] mistake="five_faults/mirrored_as_corners"
# The width was mirrored, too, as if the boxes were corners. In cxcywh only cx changes.
# ---
# - return torch.stack([1 - cx, cy, w, h], dim=-1)
# + return torch.stack([1 - w, cy, 1 - cx, h], dim=-1)

# %% [raw] mistake="five_faults/not_mirrored"
# The boxes came back as they were: that is the fault itself.
# ---
# - return torch.stack([1 - cx, cy, w, h], dim=-1)
# + return torch.stack([cx, cy, w, h], dim=-1)

# %% [raw] mistake="five_faults/share_squared"
# The root is missing: a norm is the root of the sum of squares.
# ---
# - return math.sqrt(change / sum((old**2).sum() for old in before))
# + return change / sum((old**2).sum() for old in before)

# %% [raw] mistake="five_faults/share_of_after"
# The change was divided by the norm of the weights *after* the step.
# ---
# - return math.sqrt(change / sum((old**2).sum() for old in before))
# + return math.sqrt(change / sum((new**2).sum() for new in after))

# %% [raw] mistake="five_faults/mean_of_shares"
# This is the mean of each tensor's own share. Take all tensors together: one small tensor would decide otherwise.
# ---
# - change = sum(((new - old) ** 2).sum() for old, new in zip(before, after))
# - return math.sqrt(change / sum((old**2).sum() for old in before))
# + shares = [(new - old).norm() / old.norm() for old, new in zip(before, after)]
# + return sum(shares) / len(shares)

# %% [raw] mistake="five_faults/hot_is_blind"
# Training E is not the hot one: it passes probe 1, so its steps fit. It fails where two images need two answers.
# ---
# - hot = "D"
# + hot = "E"

# %% [raw] mistake="five_faults/blind_is_hot"
# Training D is not the blind one: it fails probe 1, where no image has to be told from another.
# ---
# - blind = "E"
# + blind = "D"

# %% [raw] mistake="five_faults/clones_are_keen"
# Training A is not the one with clones: it finds both objects of probe 3.
# ---
# - clones = "C"
# + clones = "A"

# %% [raw] mistake="five_faults/keen_is_clones"
# Training C is not the keen one: it fails probe 3, before there is an empty scene.
# ---
# - keen = "A"
# + keen = "C"

# %% [raw] mistake="five_faults/askew_is_keen"
# Training A is not the askew one: it fails probe 4, where nothing is mirrored.
# ---
# - askew = "B"
# + askew = "A"

# %% [markdown]
# **The result**: your numbers for the five trainings. The first three need no training, only one step or the start.

# %%
def show_evidence():
    scenes = tiny_scenes(2, "probes")
    images, boxes = seen(scenes).inputs, scenes.boxes_cxcywh[:1, 0]
    targets = [{"labels": torch.zeros(1, dtype=torch.long), "boxes": boxes}] * 2
    print("    weights change   over images   over queries   boxes mirrored rightly")
    for letter in "ABCDE":
        training = unknown(letter)
        torch.manual_seed(0)
        model = training.model().eval()
        outputs = model(images)
        start = outputs["pred_boxes"].detach()
        trained = [p for p in model.parameters() if p.requires_grad]
        before = [p.detach().clone() for p in trained]
        optimiser = torch.optim.AdamW(trained, lr=training.learning_rate)
        total_loss(training.criterion(outputs, targets, 0.1)).backward()
        optimiser.step()
        share = float(update_share(before, [p.detach() for p in trained]))
        varied = [training.vary((images, targets), np.random.default_rng(seed)) for seed in range(9)]
        flipped = [target["boxes"] for pictures, own in varied for image, picture, target in zip(images, pictures, own)
                   if not torch.equal(image, picture)]
        right = all(torch.allclose(each, mirrored(boxes)) for each in flipped)
        print(f"{letter} {share:16.3f} {float(over_images(start)):13.1e} {float(over_queries(start)):14.1e}   {right}")
    logits = probe(unknown(keen), "an empty scene").outputs["pred_logits"]
    print(f"{keen}: in the empty scene no-object has {float(nothing_share(logits[1:])):.2f} of the probability")


attempt(show_evidence, after="five_faults")

# %% [markdown]
# A probe says where to look; a number then proves what is wrong there.
