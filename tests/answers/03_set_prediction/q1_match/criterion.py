# %% style="all layers in one list"
def every_layer(outputs, targets, match, losses_of):
    layers = [("", outputs)] + [(f"_{i}", layer) for i, layer in enumerate(outputs.get("aux_outputs", []))]
    return {
        name + end: loss
        for end, layer in layers
        for name, loss in losses_of(layer, targets, match(layer, targets)).items()
    }


def weighted_sum(losses):
    total = 0
    for name, loss in losses.items():
        weight = 5 if "bbox" in name else 2 if "giou" in name else 1
        total = total + weight * loss
    return total


# %% style="the official code's lines"
def every_layer(outputs, targets, match, losses_of):
    outputs_without_aux = {k: v for k, v in outputs.items() if k != "aux_outputs"}
    indices = match(outputs_without_aux, targets)
    losses = {}
    losses.update(losses_of(outputs_without_aux, targets, indices))
    if "aux_outputs" in outputs:
        for i, aux_outputs in enumerate(outputs["aux_outputs"]):
            indices = match(aux_outputs, targets)
            l_dict = losses_of(aux_outputs, targets, indices)
            l_dict = {k + f"_{i}": v for k, v in l_dict.items()}
            losses.update(l_dict)
    return losses


def weighted_sum(losses):
    weight_dict = {"loss_ce": 1, "loss_bbox": 5, "loss_giou": 2}
    aux = {}
    for i in range(len(losses)):
        aux.update({k + f"_{i}": v for k, v in weight_dict.items()})
    weight_dict = weight_dict | aux
    return sum(losses[k] * weight_dict[k] for k in losses.keys() if k in weight_dict)


# %% style="a nested function, a stack of losses"
def every_layer(outputs, targets, match, losses_of):
    def named(layer, end):
        return {f"{name}{end}": value for name, value in losses_of(layer, targets, match(layer, targets)).items()}

    losses = named(outputs, "")
    for i, layer in enumerate(outputs["aux_outputs"] if "aux_outputs" in outputs else ()):
        losses |= named(layer, f"_{i}")
    return losses


def weighted_sum(losses):
    kinds = ("loss_ce", "loss_bbox", "loss_giou")
    sums = torch.stack([torch.stack([v for k, v in losses.items() if k.startswith(kind)]).sum() for kind in kinds])
    return sums @ torch.tensor([1.0, 5.0, 2.0])
