# %% style="two comprehensions"
def parameter_groups(model, backbone_rate):
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    return [
        {"params": [p for name, p in trained.items() if not name.startswith("backbone.")]},
        {"params": [p for name, p in trained.items() if name.startswith("backbone.")], "lr": backbone_rate},
    ]


# %% style="by identity, backbone first"
def parameter_groups(model, backbone_rate):
    below = {id(p) for p in model.backbone.parameters()}
    groups = [{"params": [], "lr": backbone_rate}, {"params": []}]
    for parameter in model.parameters():
        if parameter.requires_grad:
            groups[0 if id(parameter) in below else 1]["params"].append(parameter)
    return groups


# %% style="a group for each parameter"
def parameter_groups(model, backbone_rate):
    groups = []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        group = {"params": [parameter]}
        if name.split(".")[0] == "backbone":
            group["lr"] = backbone_rate
        groups.append(group)
    return groups
