# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 2 · Parameter groups · 2 points · 12 min · ●●○○○
# **You will be able to** give the backbone a learning rate of its own, and leave out what is frozen.
#
# DETR's backbone is already trained and should change slowly: its rate is 1e-5, that of the transformer and the heads
# 1e-4 (A.4 of the paper; `main.py`, `--lr_backbone` and `--lr`). torch's optimisers take a list of groups: dicts with
# "params", and numbers that hold for this group only, such as "lr".
#
# **`parameter_groups(model, backbone_rate)`** returns such a list. Parameters below the module `model.backbone` (their
# names begin with "backbone.") get `backbone_rate`, all others the optimiser's own rate. Parameters with
# `requires_grad` False are in no group.
#
# *Example.* Of "backbone.0.weight" (frozen), "backbone.1.weight" and "class_embed.bias" the second stands in the group
# with "lr", the third in the one without, and the first in none.

# %% exercise="groups"
def parameter_groups(model, backbone_rate):
    """Groups for an optimiser: the backbone with its own rate, all else; without what is frozen."""
    ### BEGIN SOLUTION
    backbone, others = [], []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            (backbone if name.startswith("backbone.") else others).append(parameter)
    return [{"params": others}, {"params": backbone, "lr": backbone_rate}]
    ### END SOLUTION

# %% check="groups" points=2
@check(parts={"1. rates": 1, "2. frozen": 1})
def groups(draw):
    Q, K, C = draw.letters("Q K C", 3, 13)
    rate, backbone_rate = draw.number(0.1, 0.9), draw.number(0.001, 0.09)

    def optimised(freeze):
        model = MicroDETR(Q, K)
        model.backbone = nn.Sequential(nn.Linear(48, C), nn.ReLU(), nn.Linear(C, 11))
        model.backbone_norm = nn.LayerNorm(draw.size(3, 11))  # beside the backbone, not below it
        parameters = dict(model.named_parameters())
        frozen = [name for name, order in zip(parameters, draw.permutation(len(parameters)).tolist()) if order < 4]
        for name in frozen if freeze else ():
            parameters[name].requires_grad_(False)
        optimiser = torch.optim.AdamW(parameter_groups(model, backbone_rate), lr=rate)
        rates = {id(each): group["lr"] for group in optimiser.param_groups for each in group["params"]}
        return {name: rates.get(id(each), "in no group") for name, each in parameters.items()}

    return {"1. rates": attempted(lambda: optimised(False)), "2. frozen": attempted(lambda: optimised(True))}


# %% [raw] hints="groups"
# 1. Two lists of parameters, filled in one loop over `model.named_parameters()`.
# 2. `name.startswith("backbone.")` decides which list, `parameter.requires_grad` whether any.
# 3. `return [{"params": others}, {"params": backbone, ...: backbone_rate}]`.

# %% [raw] mistake="groups/frozen_kept"
# Frozen parameters are in a group. They get no gradient, so the optimiser never changes them: leave them out. Ask
# `parameter.requires_grad`.
# ---
# - if parameter.requires_grad:
# -     (backbone if name.startswith("backbone.") else others).append(parameter)
# + (backbone if name.startswith("backbone.") else others).append(parameter)

# %% [raw] mistake="groups/in_both"
# The backbone's parameters are in both groups, and the optimiser refuses that: each parameter has one learning rate.
# ---
# - return [{"params": others}, {"params": backbone, "lr": backbone_rate}]
# + return [{"params": others + backbone}, {"params": backbone, "lr": backbone_rate}]

# %% [raw] mistake="groups/rates_exchanged"
# The rates changed places: the backbone is the one that gets `backbone_rate`.
# ---
# - return [{"params": others}, {"params": backbone, "lr": backbone_rate}]
# + return [{"params": others, "lr": backbone_rate}, {"params": backbone}]

# %% [raw] mistake="groups/same_rate"
# All parameters have the optimiser's rate. The backbone's group needs "lr": backbone_rate.
# ---
# - return [{"params": others}, {"params": backbone, "lr": backbone_rate}]
# + return [{"params": others}, {"params": backbone}]

# %% [raw] mistake="groups/backbone_only"
# Only the backbone is trained. Transformer and heads need a group as well.
# ---
# - return [{"params": others}, {"params": backbone, "lr": backbone_rate}]
# + return [{"params": backbone, "lr": backbone_rate}]

# %% [raw] mistake="groups/backbone_left_out"
# The backbone is in no group, so it is not trained.
# ---
# - return [{"params": others}, {"params": backbone, "lr": backbone_rate}]
# + return [{"params": others}]

# %% [raw] mistake="groups/name_contains"
# A parameter whose name only contains "backbone", beside the module `backbone`, got its rate. Ask for the beginning
# "backbone.".
# ---
# - (backbone if name.startswith("backbone.") else others).append(parameter)
# + (backbone if "backbone" in name else others).append(parameter)

# %% [raw] mistake="groups/no_biases"
# Only parameters with two axes are in a group: biases and norms are trained, too.
# ---
# - if parameter.requires_grad:
# + if parameter.requires_grad and parameter.dim() > 1:

# %% [markdown]
# **The result**: the groups of the tiny DETR, whose backbone is frozen, and of the same model after
# `requires_grad_(True)`.

# %%
def show_groups():
    model = tiny_detr()
    for state in ("backbone frozen", "backbone trained"):
        counts = [sum(p.numel() for p in group["params"]) for group in parameter_groups(model, 1e-5)]
        print(f"{state}: {max(counts)} and {min(counts)} numbers in the two groups")
        model.requires_grad_(True)


attempt(show_groups, after="groups")
