# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 11 · Every layer, one sum · 2 points · 12 min · ●●●○○
# **You will be able to** write the loss of a whole DETR with auxiliary losses.
#
# Each decoder layer is asked for predictions, by the same two heads (section 3.2, auxiliary decoding losses). `outputs`
# holds those of the last layer, "pred_logits" and "pred_boxes", and under "aux_outputs" a list with such a dict for
# each earlier layer, the first one first. A model without auxiliary losses has no such key.
#
# 1. `every_layer(outputs, targets, match, losses_of)` (1 point): a dict of all losses. `match(layer, targets)` gives
#    the matches of one layer's predictions; `losses_of(layer, targets, matches)` gives its losses, a dict with
#    "loss_ce", "loss_bbox" and "loss_giou". The last layer's keep their names; those of earlier layer 0, 1, ... end in
#    `_0`, `_1`, ... **Each layer is matched anew**: its boxes are its own.
# 2. `weighted_sum(losses)` (1 point): one number, with weights 1 for loss_ce, 5 for loss_bbox, 2 for loss_giou, in
#    every layer alike.
#
# *Example.* {"loss_ce": 1, "loss_bbox": .1, "loss_giou": .5, "loss_ce_0": 2, "loss_bbox_0": .3, "loss_giou_0": 1} is
# $1 + 5 \cdot .1 + 2 \cdot .5 + 2 + 5 \cdot .3 + 2 \cdot 1 = 8$.

# %% exercise="criterion" forbids="detrlab.detr.criterion.set_losses, detrlab.detr.criterion.total_loss, detrlab.training.learners.learning_losses"
def every_layer(outputs, targets, match, losses_of):
    """All losses of a batch by name: the last layer's, and those of earlier layers with _0, _1, ... at the end."""
    ### BEGIN SOLUTION
    losses = dict(losses_of(outputs, targets, match(outputs, targets)))
    for i, layer in enumerate(outputs.get("aux_outputs", [])):
        for name, loss in losses_of(layer, targets, match(layer, targets)).items():
            losses[f"{name}_{i}"] = loss
    return losses
    ### END SOLUTION


def weighted_sum(losses):
    """The sum that training minimises: 1, 5 and 2 times class loss, L1 and GIoU, in every layer."""
    ### BEGIN SOLUTION
    weights = {"ce": 1, "bbox": 5, "giou": 2}
    return sum(weights[name.split("_")[1]] * loss for name, loss in losses.items())
    ### END SOLUTION

# %% check="criterion" points=2
@check(parts={"1. every_layer": 1, "2. weighted_sum": 1})
def criterion(draw):
    L, Q = draw.letters("L Q", 3, 7)
    layers = [{"pred_logits": draw.normal(1, Q, 3), "pred_boxes": draw.boxes_cxcywh(1, Q)} for _ in range(L)]
    targets = [{"labels": torch.tensor([1]), "boxes": draw.boxes_cxcywh(1)}]

    def stand_in_match(layer, targets):
        queries = layer["pred_logits"][0, :, 0].argsort()[: 1 + len(targets[0]["labels"])]
        return [(queries, layer["pred_boxes"][0, :2, 0].argsort())]

    def stand_in_losses(layer, targets, matches):
        (queries, which), boxes = matches[0], layer["pred_boxes"][0]
        return {"loss_ce": layer["pred_logits"].exp().mean() + which[0], "loss_bbox": boxes[queries, 0].sum(),
                "loss_giou": (boxes[queries, 1] * targets[0]["boxes"][0, 0]).sum()}

    def ask(outputs):
        result = every_layer(outputs, targets, stand_in_match, stand_in_losses)
        return dict(result) if isinstance(result, dict) else result

    names = ["loss_ce", "loss_bbox", "loss_giou"]
    losses = {name: draw.uniform(1, low=1, high=9)[0].requires_grad_() for name in names}
    many = {f"{name}_{i}": draw.uniform(1, low=1, high=9)[0].requires_grad_() for i in range(11) for name in names}
    both = losses | many
    return {"1. every_layer": {"with earlier layers": attempted(lambda: ask(layers[-1] | {"aux_outputs": layers[:-1]})),
                               "last layer only": attempted(lambda: ask(layers[-1]))},
            "2. weighted_sum": {"one layer": attempted(lambda: told(weighted_sum(losses), *losses.values())),
                                "twelve layers": attempted(lambda: told(weighted_sum(both), *both.values()))}}


# %% [raw] hints="criterion"
# 1. The same two calls for each layer: match its predictions, then ask for its losses. Only the names differ.
# 2. `outputs.get("aux_outputs", [])` is an empty list where there is none, and `enumerate` counts its layers. For the
#    weight, the word in the middle of the name is enough: `name.split("_")[1]` is ce, bbox or giou.
# 3. `losses = dict(losses_of(outputs, targets, match(outputs, targets)))`, then for each layer i and each of its losses
#    `losses[f"{name}_{i}"] = loss`. The sum: `sum(weights[...] * loss for name, loss in losses.items())`.

# %% [raw] mistake="criterion/matched_once"
# every_layer: the last layer's match was used for all layers. Each layer's boxes are its own: match it anew.
# ---
# - for name, loss in losses_of(layer, targets, match(layer, targets)).items():
# + for name, loss in losses_of(layer, targets, match(outputs, targets)).items():

# %% [raw] mistake="criterion/last_layer_again"
# every_layer: the losses of the last layer were written for the earlier ones, too. Give `losses_of` that layer's own
# predictions.
# ---
# - for name, loss in losses_of(layer, targets, match(layer, targets)).items():
# + for name, loss in losses_of(outputs, targets, match(outputs, targets)).items():

# %% [raw] mistake="criterion/names_overwritten"
# every_layer: the earlier layers have the same names as the last one, so they overwrite it. Their names end in _0, _1,
# ...
# ---
# - losses[f"{name}_{i}"] = loss
# + losses[name] = loss

# %% [raw] mistake="criterion/counted_from_one"
# every_layer: the earlier layers were counted from 1. The first one is _0.
# ---
# - losses[f"{name}_{i}"] = loss
# + losses[f"{name}_{i + 1}"] = loss

# %% [raw] mistake="criterion/last_only"
# every_layer: the losses of the earlier layers are missing.
# ---
# - for i, layer in enumerate(outputs.get("aux_outputs", [])):
# -     for name, loss in losses_of(layer, targets, match(layer, targets)).items():
# -         losses[f"{name}_{i}"] = loss

# %% [raw] mistake="criterion/key_expected"
# every_layer: a model without auxiliary losses has no "aux_outputs". `outputs.get("aux_outputs", [])` gives an empty
# list then.
# ---
# - for i, layer in enumerate(outputs.get("aux_outputs", [])):
# + for i, layer in enumerate(outputs["aux_outputs"]):

# %% [raw] mistake="criterion/all_weights_one"
# weighted_sum: all weights are 1. L1 has 5, the GIoU has 2.
# ---
# - weights = {"ce": 1, "bbox": 5, "giou": 2}
# + weights = {"ce": 1, "bbox": 1, "giou": 1}

# %% [raw] mistake="criterion/weights_exchanged"
# weighted_sum: 5 and 2 changed places. L1 has 5, the GIoU has 2.
# ---
# - weights = {"ce": 1, "bbox": 5, "giou": 2}
# + weights = {"ce": 1, "bbox": 2, "giou": 5}

# %% [raw] mistake="criterion/last_layer_summed"
# weighted_sum: only the last layer was summed. The losses of the earlier layers count the same.
# ---
# - return sum(weights[name.split("_")[1]] * loss for name, loss in losses.items())
# + return sum(weights[name.split("_")[1]] * loss for name, loss in losses.items() if name.count("_") == 1)

# %% [raw] mistake="criterion/earlier_layers_unweighted"
# weighted_sum: the earlier layers have weight 1 for everything. A name like loss_bbox_0 has the weight of loss_bbox.
# ---
# - return sum(weights[name.split("_")[1]] * loss for name, loss in losses.items())
# + return sum(weights.get(name[5:], 1) * loss for name, loss in losses.items())

# %% [raw] mistake="criterion/mean_of_layers"
# weighted_sum: the sum was divided by the number of layers. The official code adds them all.
# ---
# - return sum(weights[name.split("_")[1]] * loss for name, loss in losses.items())
# + return sum(weights[name.split("_")[1]] * loss for name, loss in losses.items()) * 3 / len(losses)

# %% [raw] mistake="criterion/plain_number"
# weighted_sum: a plain number came, and no gradient flows back from one. Add the losses as the tensors that they are.
# ---
# - return sum(weights[name.split("_")[1]] * loss for name, loss in losses.items())
# + return sum(weights[name.split("_")[1]] * loss.item() for name, loss in losses.items())

# %% [raw] mistake="criterion/detached"
# weighted_sum: the numbers are right, but no gradient flows back, so nothing would be trained. Do not turn losses into
# plain numbers or detach them.
# ---
# - return sum(weights[name.split("_")[1]] * loss for name, loss in losses.items())
# + return sum(weights[name.split("_")[1]] * loss.detach() for name, loss in losses.items())

# %% [markdown]
# **All your steps together**, for the shapes model on 16 scenes and all its three decoder layers, against the library;
# the library's numbers and gradients equal the official code's.

# %%
def my_match(layer, targets):
    rows = []
    for logits, boxes in zip(layer["pred_logits"], layer["pred_boxes"]):
        labels, goal = (torch.cat([target[name] for target in targets]) for name in ("labels", "boxes"))
        rows.append(pair_costs(class_cost(logits, labels), l1_cost(boxes, goal), boxes, goal))
    matches = match_images(torch.stack(rows), [len(target["labels"]) for target in targets])
    return [(torch.as_tensor(queries), torch.as_tensor(which)) for queries, which in matches]


def my_losses_of(layer, targets, matches):
    B, Q, logits = *layer["pred_logits"].shape[:2], layer["pred_logits"]
    classes = target_classes(matches, [target["labels"] for target in targets], Q, logits.shape[2] - 1)
    boxes, goal = matched_boxes(layer["pred_boxes"], [target["boxes"] for target in targets], matches)
    l1, giou = l1_and_giou(boxes, goal, [len(target["labels"]) for target in targets])
    return {"loss_ce": weighted_loss(logits, classes, 0.1), "loss_bbox": l1, "loss_giou": giou}


def show_criterion():
    outputs, targets = scene_batch(load_model("shapes"), range(400, 416))
    layers = [outputs, *outputs["aux_outputs"]]
    for layer in layers:
        layer["pred_logits"].requires_grad_()
        layer["pred_boxes"].requires_grad_()
    inputs = [layer[name] for layer in layers for name in ("pred_logits", "pred_boxes")]
    mine, theirs = every_layer(outputs, targets, my_match, my_losses_of), set_losses(outputs, targets)
    for name in sorted(theirs):
        print(f"{name:12} yours {float(mine[name]):8.5f}   library {theirs[name].item():8.5f}")
    gradients = [torch.autograd.grad(total, inputs) for total in (weighted_sum(mine), total_loss(theirs))]
    apart = max((a - b).abs().max().item() for a, b in zip(*gradients))
    print(f"sum          yours {float(weighted_sum(mine)):8.5f}   library {total_loss(theirs).item():8.5f}")
    print(f"gradients differ by at most {apart:.0e}")


attempt(show_criterion, after=("cost_matrix", "match_batch", "class_loss", "box_losses", "criterion"))

# %% [markdown]
# **Matched anew, or once?** How many targets have another query in an earlier layer than in the last one, and what L1
# costs an earlier layer with its own match and with the last layer's: 30 scenes, trained and with random weights. This
# says how often the two ways differ, not which one trains better.

# %%
def show_matches():
    torch.manual_seed(11)
    print("                    layer   targets with another query   L1, own match   L1, last layer's match")
    for name, model in (("trained", load_model("shapes")), ("random weights", shapes_model().eval())):
        outputs, targets = scene_batch(model, range(400, 430))
        sizes, goals = [len(target["labels"]) for target in targets], [target["boxes"] for target in targets]
        last = match(outputs, targets)
        for number, layer in enumerate(outputs["aux_outputs"]):
            own = match(layer, targets)
            same = sum(len({*sorted_pairs(a)} & {*sorted_pairs(b)}) for a, b in zip(own, last))
            boxes = layer["pred_boxes"]
            l1 = [l1_and_giou(*matched_boxes(boxes, goals, pairs), sizes)[0].item() for pairs in (own, last)]
            print(f"{name:20}{number:3}{sum(sizes) - same:16} of {sum(sizes)}{l1[0]:18.4f}{l1[1]:20.4f}")


attempt(show_matches, after="box_losses")
