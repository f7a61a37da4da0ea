# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 1 · One step of training · 4 points · 20 min · ●●○○○
# **You will be able to** write the six lines that every training repeats, in the one order that works.
#
# **`training_step(model, optimiser, pictures, targets, clip_norm)`**. `model(pictures)` gives outputs; `set_losses(outputs,
# targets)` the losses of all decoder layers by name; `total_loss(losses)` their weighted sum. The step
#
# - removes the gradients of the step before;
# - computes the loss, and the gradients of all parameters;
# - scales all gradients by one factor, so that their norm *together* is at most `clip_norm` (the official code: .1);
# - lets the optimiser change the weights.
#
# It returns the loss as a plain number: the one from *before* the weights changed.
#
# *Example.* Two parameters have the gradients 3 and 4. Their norm together is √(9 + 16) = 5. With `clip_norm` 1 both
# are divided by 5: .6 and .8. With `clip_norm` 10 nothing changes.

# %% exercise="train_step"
def training_step(model, optimiser, pictures, targets, clip_norm):
    """One step of training; returns the loss (a plain number) that the batch had before it."""
    ### BEGIN SOLUTION
    loss = total_loss(set_losses(model(pictures), targets))
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
    optimiser.step()
    return loss.item()
    ### END SOLUTION

# %% check="train_step" points=4
@check(parts={"1. one step": 1, "2. three steps": 1, "3. clipped": 1, "4. the loss": 1})
def train_step(draw):
    Q, K, B = draw.letters("Q K B", 3, 11)
    batch = micro_batch(draw, B, K)

    def steps(count, clip_norm):
        model = draw.fill(MicroDETR(Q, K)).eval()
        optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
        losses = [filled_in(training_step(model, optimiser, *batch, clip_norm)) for _ in range(count)]
        return losses, weights_of(model)

    return {
        "1. one step": attempted(lambda: steps(1, 1e6)[1]),
        "2. three steps": attempted(lambda: steps(3, 1e6)[1]),
        "3. clipped": attempted(lambda: steps(1, 0.5)[1]),
        "4. the loss": attempted(lambda: steps(2, 1e6)[0]),
    }


# %% [raw] hints="train_step"
# 1. Gradients *add up* in each parameter's `.grad` until somebody removes them. They exist only after `backward`, and the
#    optimiser reads them when it steps. So where is the only place for clipping?
# 2. `optimiser.zero_grad()`, `loss.backward()`, `nn.utils.clip_grad_norm_(model.parameters(), clip_norm)`,
#    `optimiser.step()`; `loss.item()` is a plain number.
# 3. `loss = total_loss(set_losses(model(pictures), targets))`, then the four calls of hint 2 in this order, then
#    `return loss....`

# %% [raw] mistake="train_step/clips_before_backward"
# The optimiser used gradients that are not clipped. There is no gradient to clip before `backward`: clip between `backward`
# and `step`.
# ---
# - loss.backward()
# - nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
# + nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
# + loss.backward()

# %% [raw] mistake="train_step/clips_values"
# Each number of the gradients was cut by itself, which changes their direction. Scale all of them by one factor:
# `clip_grad_norm_`.
# ---
# - nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
# + nn.utils.clip_grad_value_(model.parameters(), clip_norm)

# %% [raw] mistake="train_step/clips_each"
# Each parameter's gradient was clipped by itself. One norm of all together decides, and one factor scales them all.
# ---
# - nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
# + for parameter in model.parameters():
# +     nn.utils.clip_grad_norm_([parameter], clip_norm)

# %% [raw] mistake="train_step/zero_grad_after_backward"
# The weights did not change. Either `optimiser.step()` is missing, or `zero_grad` between `backward` and `step` removes
# the gradients before they are used.
# ---
# - optimiser.zero_grad()
# - loss.backward()
# + loss.backward()
# + optimiser.zero_grad()

# %% [raw] mistake="train_step/no_zero_grad"
# The first step is right, the later ones are not: gradients of the steps before are still there, and add up. Call
# `optimiser.zero_grad()`.
# ---
# - optimiser.zero_grad()

# %% [raw] mistake="train_step/last_layer_only"
# Only the last decoder layer was trained. `set_losses` takes all that the model gives, with "aux_outputs" in it.
# ---
# - loss = total_loss(set_losses(model(pictures), targets))
# + outputs = model(pictures)
# + loss = total_loss(set_losses({name: outputs[name] for name in ("pred_logits", "pred_boxes")}, targets))

# %% [raw] mistake="train_step/unweighted"
# The losses were added without their weights. `total_loss` weighs them: 1, 5 and 2.
# ---
# - loss = total_loss(set_losses(model(pictures), targets))
# + loss = sum(set_losses(model(pictures), targets).values())

# %% [raw] mistake="train_step/loss_after"
# This is the loss after the step. Return the one that the gradients came from; a second forward pass would also take
# time.
# ---
# - return loss.item()
# + return total_loss(set_losses(model(pictures), targets)).item()

# %% [markdown]
# **The result**: your step on one batch of eight scenes, 12 times with the paper's clip norm. The learning rate is 10 times
# the paper's 1e-4, as the model is small.

# %%
def show_steps():
    torch.manual_seed(0)
    model = tiny_detr().train()
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    pictures, targets = next(tiny_scenes(8).batches(8)(0))
    losses = [training_step(model, optimiser, pictures, targets, 0.1) for _ in range(12)]
    print("loss:", " ".join(f"{loss:.2f}" for loss in losses))


attempt(show_steps, after="train_step")

# %% [markdown]
# A falling loss on one batch says that gradients reach the weights. It does not say that the model learns what it should:
# steps 3 and 4 are about that.
