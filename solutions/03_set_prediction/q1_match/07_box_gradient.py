# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 7 · What pulls a box · 2 points · 10 min · ●●○○○
# **You will be able to** say which box loss moves a box that misses its target, and which one treats small boxes
# unfairly.
#
# The target is (.7, .5, .2, .2), in (cx, cy, w, h). The predicted box is (.3, .5, .2, .2): as large, to the left of it,
# and the two do not overlap. **Work out first** (1 point); the cell below measures it:
#
# - what is the derivative of 1 − IoU with respect to the predicted cx?
# - a step of gradient descent on 1 − GIoU moves cx to the right (1), to the left (−1), or not at all (0)?
# - two predictions are each a tenth of their width too far right: one box is .5 wide, the other .05. How many times
#   larger is the L1 loss of the large box? (The GIoU is the same for both.)
#
# **Then write** `slope(loss, boxes_cxcywh, goal_cxcywh)` (1 point): the gradient, (N, 4), of each box's loss with
# respect to its four numbers. `loss(boxes_cxcywh, goal_cxcywh)` gives N losses. Called twice, it gives the same twice.
#
# *Example.* For the squared error $\sum (\mathrm{box} - \mathrm{goal})^2$, the box (.5, .5, .2, .2) and the goal
# (.4, .5, .2, .3) the gradient is (.2, 0, 0, −.2).

# %% exercise="box_gradient"
# Worked out: the derivative of 1 - IoU with respect to cx ...
iou_derivative = 0  # ____
# ... where a step on 1 - GIoU moves cx: 1, -1 or 0 ...
giou_moves = 1  # ____
# ... and how many times larger the L1 loss of the large box is.
l1_ratio = 10  # ____


def slope(loss, boxes_cxcywh, goal_cxcywh):
    """(N, 4): the gradient of loss(boxes_cxcywh, goal_cxcywh), (N,), with respect to the boxes (N, 4)."""
    ### BEGIN SOLUTION
    boxes = boxes_cxcywh.detach().requires_grad_()
    loss(boxes, goal_cxcywh).sum().backward()
    return boxes.grad
    ### END SOLUTION

# %% check="box_gradient" points=2
@check(parts={"1. worked out": 1, "2. slope": 1})
def box_gradient(draw):
    N = draw.size(3, 11)
    draw.name(N=N)
    boxes, goal, factors = draw.boxes_cxcywh(N), draw.boxes_cxcywh(N), draw.uniform(N, low=1, high=3)
    loss = lambda a, b: factors * ((a - 2 * b) ** 2 * torch.arange(1, 5)).sum(1)

    def asked():
        result = slope(loss, boxes, goal)
        if not isinstance(result, torch.Tensor):
            return {"first call": result, "second call": result}
        first = result.detach().clone()
        return {"first call": first, "second call": attempted(lambda: slope(loss, boxes, goal).detach())}

    return {"1. worked out": {"derivative": draw.sealed(lambda: iou_derivative),
                              "direction": draw.sealed(lambda: giou_moves),
                              "ratio": draw.sealed(lambda: l1_ratio)},
            "2. slope": attempted(asked)}


# %% [raw] hints="box_gradient"
# 1. A derivative asks: what happens to the loss if cx changes a little? Does the intersection change? Does the hull?
#    For the last one: a tenth of .5, a tenth of .05.
# 2. Gradients are kept in a leaf tensor that requires them: `.detach().requires_grad_()` makes one. One
#    backward pass over the *sum* gives every box its own gradient, since no loss depends on another's box.
# 3. `loss(boxes, goal_cxcywh).sum().backward()`, then `boxes....`; and a plain number behind each `=`.

# %% [raw] mistake="box_gradient/accumulates"
# The second call gives other numbers: gradients add up in the same leaf tensor. Make a new one in each call:
# boxes_cxcywh.detach().
# ---
# - boxes = boxes_cxcywh.detach().requires_grad_()
# + boxes = boxes_cxcywh.requires_grad_()

# %% [raw] mistake="box_gradient/mean"
# This is the gradient of the mean, N times too small. Each box has a loss of its own: sum them.
# ---
# - loss(boxes, goal_cxcywh).sum().backward()
# + loss(boxes, goal_cxcywh).mean().backward()

# %% [raw] mistake="box_gradient/not_summed"
# `backward` wants one number, and the loss has N. Sum them first.
# ---
# - loss(boxes, goal_cxcywh).sum().backward()
# + loss(boxes, goal_cxcywh).backward()

# %% [raw] mistake="box_gradient/of_the_goal"
# This is the gradient with respect to the target. The prediction is what training moves.
# ---
# - boxes = boxes_cxcywh.detach().requires_grad_()
# - loss(boxes, goal_cxcywh).sum().backward()
# + boxes = goal_cxcywh.detach().requires_grad_()
# + loss(boxes_cxcywh, boxes).sum().backward()

# %% [raw] mistake="box_gradient/exchanged"
# Prediction and target changed places: the loss takes the predicted boxes first.
# ---
# - loss(boxes, goal_cxcywh).sum().backward()
# + loss(goal_cxcywh, boxes).sum().backward()

# %% [raw] mistake="box_gradient/descent"
# This is minus the gradient, the direction of a descent step. Return the gradient.
# ---
# - return boxes.grad
# + return -boxes.grad

# %% [raw] mistake="box_gradient/no_leaf"
# The boxes do not require a gradient, so none is kept. Write `.requires_grad_()` behind `.detach()`.
# ---
# - boxes = boxes_cxcywh.detach().requires_grad_()
# + boxes = boxes_cxcywh.detach()

# %% [raw] mistake="box_gradient/losses_returned"
# These are the losses. Return the gradient, one number for each of a box's four: (N, 4).
# ---
# - return boxes.grad
# + return loss(boxes, goal_cxcywh)

# %% [raw] mistake="box_gradient/tuple"
# A tuple came: `torch.autograd.grad` gives one gradient for each input. Take the first.
# ---
# - loss(boxes, goal_cxcywh).sum().backward()
# - return boxes.grad
# + return torch.autograd.grad(loss(boxes, goal_cxcywh).sum(), boxes)

# %% [raw] mistake="box_gradient/iou_pulls"
# The derivative of 1 − IoU is not −1. As long as the boxes do not overlap, a small change of cx leaves the intersection
# 0.
# ---
# - iou_derivative = 0
# + iou_derivative = -1

# %% [raw] mistake="box_gradient/sign"
# A step on 1 − GIoU does not move the box to the left: that would make the hull larger. The gradient points to a larger
# loss, and a step goes against it.
# ---
# - giou_moves = 1
# + giou_moves = -1

# %% [raw] mistake="box_gradient/giou_stands_still"
# The GIoU does move the box: the nearer the box, the smaller the hull.
# ---
# - giou_moves = 1
# + giou_moves = 0

# %% [raw] mistake="box_gradient/ratio_of_giou"
# Both losses would be equal with a ratio of 1; that is so for the GIoU. L1 is a distance: a tenth of .5 against a tenth
# of .05.
# ---
# - l1_ratio = 10
# + l1_ratio = 1

# %% [raw] mistake="box_gradient/ratio_of_areas"
# 100 is a ratio of squares. L1 is a distance: a tenth of .5 against a tenth of .05.
# ---
# - l1_ratio = 10
# + l1_ratio = 100

# %% [markdown]
# **The result**: gradients with respect to cx, then 300 steps of gradient descent on each loss from the same start.
# (Each step is .004 times the gradient at first, and ever less.)

# %%
def show_pull():
    def pairwise(measure):
        return lambda a, b: 1 - measure(cxcywh_to_xyxy(a), cxcywh_to_xyxy(b)).diagonal()

    losses = {"1 - IoU": pairwise(box_iou), "1 - GIoU": pairwise(generalized_box_iou),
              "L1": lambda a, b: (a - b).abs().sum(1)}
    start, goal = torch.tensor([[0.3, 0.5, 0.2, 0.2]]), torch.tensor([[0.7, 0.5, 0.2, 0.2]])
    pulls = {name: slope(loss, start, goal)[0, 0].item() for name, loss in losses.items()}
    print(f"1 - IoU:  derivative {abs(pulls['1 - IoU']):.3f}, you said {iou_derivative}")
    moves = int(pulls["1 - GIoU"] < 0) - int(pulls["1 - GIoU"] > 0)
    print(f"1 - GIoU: derivative {pulls['1 - GIoU']:.3f}, so cx moves {moves}, you said {giou_moves}")
    wide, narrow = (torch.tensor([[0.5, 0.5, w, 0.2]]) for w in (0.5, 0.05))
    large, small = (losses["L1"](box + torch.tensor([box[0, 2] / 10, 0, 0, 0]), box).item() for box in (wide, narrow))
    print(f"L1 of a shift by a tenth: {large:.3f} and {small:.3f}, {large / small:.0f} times, you said {l1_ratio}")
    both = [losses["1 - GIoU"](box + torch.tensor([box[0, 2] / 10, 0, 0, 0]), box).item() for box in (wide, narrow)]
    print(f"1 - GIoU of the same shifts: {both[0]:.3f} and {both[1]:.3f}")

    figure, axes = one_axes((7.4, 3.2))
    looks = ((GREY, ":"), ("#d95f02", "-"), ("#1f9e89", "--"))
    for (name, loss), (colour, style) in zip(losses.items(), looks):
        box, overlap = start.clone(), []
        for i in range(300):
            overlap.append(1 - losses["1 - IoU"](box, goal).item())
            box = box - 0.004 * (1 - i / 300) * slope(loss, box, goal)
            box[:, 2:] = box[:, 2:].clamp(min=0.01)
        axes.plot(overlap, style, color=colour, label=name)
    axes.set_xlabel("steps of gradient descent", color=GREY)
    axes.set_ylabel("IoU with the target", color=GREY)
    axes.set_title("A box that starts beside its target", color=GREY, fontsize=11.5)
    axes.legend(frameon=False, loc="center right", labelcolor=GREY)
    return figure


attempt(show_pull, after="box_gradient")

# %% [markdown]
# The IoU pulls nothing that does not overlap. The GIoU pulls by making the hull smaller, and it judges large and small
# boxes alike. L1 pulls from any distance, but an error of the same share weighs more on a large box: the paper combines
# both for this reason (section 3.1).
