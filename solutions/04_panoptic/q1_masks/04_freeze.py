# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 4 · A frozen detector · 2 points · 12 min · ●●○○○
# **You will be able to** train a part of a model so that nothing of the rest moves.
#
# The official way is to train the detector first, then the mask head alone for 25 epochs (section 4.4). Two things move
# a module in training:
#
# - *the optimiser*, which changes parameters that get a gradient. `parameter.requires_grad = False` stops it, and
#   `module.requires_grad_(False)` does so for all parameters of a module. (`module.requires_grad = False` sets a new
#   attribute that nobody reads.)
# - *its own forward pass*, in train mode: a batch norm takes the mean of each batch into its running statistics, which
#   are buffers, not parameters; dropout removes at random. Only `eval()` stops that. The official detector has frozen
#   batch norms; the shapes model's are usual ones.
#
# `model.train()` puts *all* modules below it into train mode, and training loops call it before every epoch.
# `model.eval()` is `model.train(False)`. Write two methods of the class below:
#
# - `freeze()` (1 point): no parameter of the detector gets a gradient; the head's do.
# - `train(mode)` (1 point): as in `nn.Module` (`super().train(mode)` does that), but the detector stays in eval mode,
#   whatever `mode` is. Like every `train` it returns the model.
#
# *Example.* After `model.train()`: `model.training` and `model.head.training` are True, `model.detr.training` is False,
# and so it is for every module in `model.detr`.

# %% exercise="freeze"
class FrozenWithHead(nn.Module):
    """A head behind a detector that stays as it is."""

    def __init__(self, detr, head):
        super().__init__()
        self.detr, self.head = detr, head
        self.freeze()
        self.train()

    def forward(self, x):
        return self.head(self.detr(x))

    def freeze(self):
        """No gradients for the detector."""
        ### BEGIN SOLUTION
        self.detr.requires_grad_(False)
        ### END SOLUTION

    def train(self, mode=True):
        """Train mode (or eval mode) for all but the detector, which stays in eval mode."""
        ### BEGIN SOLUTION
        super().train(mode)
        self.detr.eval()
        return self
        ### END SOLUTION

# %% check="freeze" points=2
@check(parts={"1. freeze": 1, "2. train": 1})
def freeze(draw):
    n, a, b, c = draw.sizes(4, 3, 13)

    def made():
        detr = nn.Sequential(nn.Linear(a, b), nn.BatchNorm1d(b), nn.Sequential(nn.Linear(b, c), nn.Dropout(0.5)))
        return FrozenWithHead(detr, nn.Sequential(nn.Linear(c, c), nn.BatchNorm1d(c)))

    def gradients():
        model = draw.fill(made())
        if model.freeze() is ____:
            return ____
        model.detr.eval()  # whatever `train` does
        model.head.eval()
        model(draw.normal(n, a)).square().sum().backward()
        return {name: "none" if each.grad is None else each.grad for name, each in model.named_parameters()}

    def modes():
        model = draw.fill(made())
        said, told = model.train(), {}
        if said is ____:
            return ____
        told["train() gives"] = "the model" if said is model else "nothing" if said is None else "something else"
        for name, call in (("train", model.train), ("eval", model.eval)):
            call()
            told[f"modes after {name}()"] = {part or "model": each.training for part, each in model.named_modules()}
        model.train(True)
        torch.manual_seed(0)
        model(draw.normal(n, a))
        told["running mean of the detector"] = model.detr[1].running_mean
        before = draw.fill(made()).head[1].running_mean
        told["running mean of the head moved"] = not torch.equal(model.head[1].running_mean, before)
        return told

    return {"1. freeze": attempted(gradients), "2. train": attempted(modes)}


# %% [raw] hints="freeze"
# 1. Two different switches: one on parameters, one on modules. Which of them does a batch norm's running mean obey?
# 2. `self.detr.requires_grad_(False)`, with an underscore. In `train` first let `nn.Module` do its work, then put the
#    detector back.
# 3. `super().train(mode)`, then `self.detr....()`, then `return ...`.

# %% [raw] mistake="freeze/attribute"
# The detector's parameters still get gradients. `requires_grad` set on a module is read by nobody, and eval mode stops
# no gradient: call `self.detr.requires_grad_(False)`.
# ---
# - self.detr.requires_grad_(False)
# + self.detr.requires_grad = False

# %% [raw] mistake="freeze/head_too"
# The head is frozen, too, so nothing is trained. This happens when all of `self` is frozen after the head was made:
# freeze `self.detr`.
# ---
# - self.detr.requires_grad_(False)
# + self.requires_grad_(False)

# %% [raw] mistake="freeze/head_instead"
# The head is frozen, and the detector is trained. It is the other way round.
# ---
# - self.detr.requires_grad_(False)
# + self.head.requires_grad_(False)

# %% [raw] mistake="freeze/direct_children_only"
# Only the parameters of some of the detector's modules are frozen. `requires_grad_` on the detector takes all below it.
# ---
# - self.detr.requires_grad_(False)
# + for child in self.detr.children():
# +     for parameter in child.parameters(recurse=False):
# +         parameter.requires_grad_(False)

# %% [raw] mistake="freeze/weights_only"
# Only weights are frozen; the biases still get gradients.
# ---
# - self.detr.requires_grad_(False)
# + for name, parameter in self.detr.named_parameters():
# +     parameter.requires_grad_("weight" not in name)

# %% [raw] mistake="freeze/follows_the_mode"
# The detector follows the mode, so its batch norms change their running statistics though no parameter moves. Call
# `self.detr.eval()` in `train`, *after* `super().train(mode)`, which would undo it.
# ---
# - super().train(mode)
# - self.detr.eval()
# - return self
# + return super().train(mode)

# %% [raw] mistake="freeze/everything_in_eval"
# The head is in eval mode even after `train()`. Only the detector stays there.
# ---
# - super().train(mode)
# - self.detr.eval()
# + super().train(False)

# %% [raw] mistake="freeze/mode_ignored"
# The head stays in train mode after `eval()`: `mode` was not passed on.
# ---
# - super().train(mode)
# + super().train()

# %% [raw] mistake="freeze/outermost_only"
# Only the outermost module of the detector says that it is in eval mode; those inside it do not. `eval()` goes through
# all.
# ---
# - self.detr.eval()
# + self.detr.training = False

# %% [raw] mistake="freeze/batch_norms_only"
# Only the detector's batch norms are in eval mode. Its dropout would still remove numbers at random: all of it stays in
# eval mode.
# ---
# - self.detr.eval()
# + for module in self.detr.modules():
# +     if isinstance(module, nn.BatchNorm1d):
# +         module.eval()

# %% [raw] mistake="freeze/model_itself"
# The model itself stays in train mode after `eval()`, though its parts follow. `super().train(mode)` switches the model
# and all its parts.
# ---
# - super().train(mode)
# + self.head.train(mode)

# %% [raw] mistake="freeze/detector_returned"
# `train` returned something else than the model. `model.train()` gives the model, and `model.eval()` does, too: people
# write `model = load().eval()`.
# ---
# - self.detr.eval()
# - return self
# + return self.detr.eval()

# %% [raw] mistake="freeze/nothing_returned"
# `train` returned nothing. `model.train()` gives the model, and `model.eval()` does, too: people write
# `model = load().eval()`.
# ---
# - return self

# %% [markdown]
# **The result**: the shapes model without gradients, five batches of eight images in the mode that a training loop
# chooses. Before and after it detects in 20 scenes, in eval mode.

# %%
def show_drift():
    scenes = [draw_scene(seed, (SIDE, SIDE)) for seed in range(540, 580)]
    inputs = torch.stack([to_input(scene.picture, SIDE, SIDE) for scene in scenes])
    for name in ("no gradients", "your class"):
        detr = load_model("shapes")
        model = FrozenWithHead(detr, nn.Identity()) if name == "your class" else detr.requires_grad_(False)
        means = {key: buffer.clone() for key, buffer in detr.named_buffers() if "running_mean" in key}
        with torch.no_grad():
            before = detr.eval()(inputs[:20])
            sure = before["pred_logits"].softmax(-1)[..., :-1].amax(-1) > 0.7
            model.train()
            for batch in inputs.split(8):
                model(batch)
            detr.eval()
            after = detr(inputs[:20])
        moved = sum(not torch.equal(buffer, means[key]) for key, buffer in detr.named_buffers() if key in means)
        boxes = SIDE * (after["pred_boxes"] - before["pred_boxes"]).abs()[sure].amax(1)  # of each detection, in pixels
        print(f"{name:13} {moved} of {len(means)} batch norms moved; boxes of {sure.sum()} detections moved by up to "
              f"{boxes.max():.2f} pixels, {boxes.mean():.2f} on average")


attempt(show_drift, after="freeze")

# %% [markdown]
# A loss would not have said so: the head learns whatever the detector gives it. But this is no longer the detector that
# was measured, and the masks kept with the head belong to another one.
