# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 9 · Each decoder layer, with and without NMS · 4 points · 25 min · ●●●○○
# **You will be able to** measure what the decoder's layers do against duplicates.
#
# With auxiliary losses every decoder layer learns to predict, so each can be measured (section 4.2 and figure 4 of the
# paper). All share one norm and the two heads.
#
# **`predictions_of_layers(outputs, norm, class_embed, bbox_embed)`** (2 points). `outputs` (L, B, Q, D) is what the layers
# give **before** the shared norm. Returns logits (L, B, Q, K + 1) and boxes (L, B, Q, 4), cxcywh in 0..1.
#
# **`nms(boxes_xyxy, scores, labels, threshold)`** (2 points), non-maximum suppression, as detectors before DETR need it:
# the best-scored detection is kept, and each further one, in the order of the scores, unless its IoU with a *kept* one of
# the *same class* is **above** the threshold. Returns the indices of the kept ones, best first. `box_iou`
# of detrlab gives all pairs of two sets of boxes, (N, M). Ready-made suppression may not be used.
#
# *Example.* Three circles with scores .9, .8, .7; IoU .6 of the first and the second, .6 of the second and the third, .2
# of the first and the third; threshold .5. The first is kept, the second suppressed, the third kept: what suppressed it
# is gone.

# %% exercise="layers_nms" forbids="torchvision.ops.nms, torch.ops.torchvision.nms, torchvision.ops.batched_nms, torchvision.ops.boxes._batched_nms_vanilla, torchvision.ops.boxes._batched_nms_coordinate_trick, torchvision.models.detection.rpn.RegionProposalNetwork.filter_proposals, torchvision.models.detection.roi_heads.RoIHeads.postprocess_detections, torchvision.models.detection.retinanet.RetinaNet.postprocess_detections, torchvision.models.detection.fcos.FCOS.postprocess_detections, torchvision.models.detection.ssd.SSD.postprocess_detections"
def predictions_of_layers(outputs, norm, class_embed, bbox_embed):
    """Logits (L, B, Q, K + 1) and boxes cxcywh (L, B, Q, 4), in 0..1, of all decoder layers."""
    ### BEGIN SOLUTION
    hs = norm(outputs)  # (L, B, Q, D)
    return class_embed(hs), bbox_embed(hs).sigmoid()
    ### END SOLUTION


def nms(boxes_xyxy, scores, labels, threshold):
    """The indices of the detections that are kept, best score first. boxes (N, 4), scores (N,), labels (N,)."""
    ### BEGIN SOLUTION
    rival = (box_iou(boxes_xyxy, boxes_xyxy) > threshold) & (labels[:, None] == labels)  # (N, N)
    kept = []
    for n in scores.argsort(descending=True).tolist():
        if not rival[n, kept].any():
            kept.append(n)
    return kept
    ### END SOLUTION

# %% check="layers_nms" points=4
@check(parts={"1. layers": 2, "2. NMS": 2})
def layers_nms(draw):
    L, B, Q, K = draw.letters("L B Q K", 2, 7)
    D = draw.size(11, 17)
    draw.name(D=D)
    norm, heads = draw.fill(nn.LayerNorm(D)), (draw.fill(nn.Linear(D, K + 1)), draw.fill(MLP(D, D, 4, 3)))
    outputs = 3 * draw.normal(L, B, Q, D) + 1

    def layers():
        logits, boxes = predictions_of_layers(outputs.clone(), norm, *heads)
        return {"logits": logits.detach(), "boxes": boxes.detach()}

    def kept(classes, threshold):
        N = draw.size(29, 43)
        corner = np.array([[draw.integer(0, 12), draw.integer(0, 12)] for _ in range(N)])
        boxes = torch.tensor(np.concatenate([corner, corner + 10], 1), dtype=torch.float32)
        scores = (draw.permutation(N) + 1) / (N + 1)
        return boxes, scores, draw.permutation(N) % classes, threshold

    at = torch.tensor([[0, 0, 10, 10], [0, 0, 10, 5], [0, 0, 10, 20], [0, 5, 10, 10]], dtype=torch.float32)
    edge = (at[draw.permutation(4)], (draw.permutation(4) + 1) / 5, torch.zeros(4, dtype=torch.long), 0.5)
    cases = {"one class": kept(1, 0.3001), "three classes": kept(3, 0.2001), "IoU at the threshold": edge}
    return {"1. layers": attempted(layers),
            "2. NMS": attempted(lambda: {name: whole(nms(*each)) for name, each in cases.items()})}


# %% [raw] hints="layers_nms"
# 1. What did the last layer's output go through before the heads? The earlier ones have to, too. For NMS: whom may a
#    suppressed detection still suppress?
# 2. Norm and heads act on the last axis, so all layers go through at once. A box is the sigmoid of the head. NMS: a loop in
#    the order of the scores and a list of the kept ones.
# 3. `hs = norm(outputs)`, then both heads. In the loop: `if not rival[n, kept].any(): kept.append(n)`, where `rival` is
#    `(box_iou(boxes_xyxy, boxes_xyxy) > threshold) & ...`.

# %% [raw] mistake="layers_nms/no_norm"
# The outputs went into the heads without the shared norm. The heads have only ever seen what comes out of it.
# ---
# - hs = norm(outputs)  # (L, B, Q, D)
# + hs = outputs

# %% [raw] mistake="layers_nms/last_only_normed"
# Only the last layer went through the norm. Auxiliary losses train the earlier ones behind it, too.
# ---
# - hs = norm(outputs)  # (L, B, Q, D)
# + hs = torch.cat([outputs[:-1], norm(outputs[-1:])])

# %% [raw] mistake="layers_nms/normed_twice"
# The norm was applied twice. Its weights scale each channel, so twice is not once.
# ---
# - hs = norm(outputs)  # (L, B, Q, D)
# + hs = norm(norm(outputs))

# %% [raw] mistake="layers_nms/no_sigmoid"
# The boxes did not go through the sigmoid, so they are not in 0..1.
# ---
# - return class_embed(hs), bbox_embed(hs).sigmoid()
# + return class_embed(hs), bbox_embed(hs)

# %% [raw] mistake="layers_nms/last_layer_only"
# Only the last layer's predictions came. Return those of all L layers.
# ---
# - hs = norm(outputs)  # (L, B, Q, D)
# + hs = norm(outputs)[-1]

# %% [raw] mistake="layers_nms/across_classes"
# A detection was suppressed by one of another class. Two objects of different classes may overlap: compare labels, too.
# ---
# - rival = (box_iou(boxes_xyxy, boxes_xyxy) > threshold) & (labels[:, None] == labels)  # (N, N)
# + rival = box_iou(boxes_xyxy, boxes_xyxy) > threshold

# %% [raw] mistake="layers_nms/suppressed_suppress"
# A detection was dropped because of one that is suppressed itself. Only *kept* ones suppress.
# ---
# - for n in scores.argsort(descending=True).tolist():
# -     if not rival[n, kept].any():
# -         kept.append(n)
# + for n in scores.argsort(descending=True).tolist():
# +     if not (rival[n] & (scores > scores[n])).any():
# +         kept.append(n)

# %% [raw] mistake="layers_nms/at_threshold"
# An IoU that equals the threshold suppressed. It has to be above.
# ---
# - rival = (box_iou(boxes_xyxy, boxes_xyxy) > threshold) & (labels[:, None] == labels)  # (N, N)
# + rival = (box_iou(boxes_xyxy, boxes_xyxy) >= threshold) & (labels[:, None] == labels)

# %% [raw] mistake="layers_nms/order_given"
# The detections were visited in the order in which they came. The best score goes first, so that it is the one that stays.
# ---
# - for n in scores.argsort(descending=True).tolist():
# + for n in range(len(scores)):

# %% [raw] mistake="layers_nms/worst_first"
# The smallest score went first. The best one does.
# ---
# - for n in scores.argsort(descending=True).tolist():
# + for n in scores.argsort().tolist():

# %% [raw] mistake="layers_nms/sorted_indices"
# The indices stand in rising order. Return them in the order of the scores, best first.
# ---
# - return kept
# + return sorted(kept)

# %% [raw] mistake="layers_nms/far_ones_suppressed"
# Detections that hardly overlap were suppressed, those that do stayed. Above the threshold is a rival.
# ---
# - rival = (box_iou(boxes_xyxy, boxes_xyxy) > threshold) & (labels[:, None] == labels)  # (N, N)
# + rival = (box_iou(boxes_xyxy, boxes_xyxy) <= threshold) & (labels[:, None] == labels)

# %% [markdown]
# **Predict, then run**: does NMS raise the AP after the first of the three decoder layers of the shapes model, and after
# the last? Say it aloud, or write it down. Duplicates below are detections with a score above 0.5 that a better one of the
# same class overlaps by more than 0.7, the threshold of this NMS.

# %%
def show_layers():
    model, scenes, outputs, _, _ = shapes_run()
    with torch.no_grad():
        layers = zip(*predictions_of_layers(outputs, model.transformer.decoder.norm, model.class_embed, model.bbox_embed))
    print("layer   AP, all   AP after NMS   duplicates")
    for number, (logits, boxes_cxcywh) in enumerate(layers):
        boxes, scores, labels = best_of_each(logits, boxes_cxcywh)
        everything, thinned, duplicates = [], [], 0
        for i, scene in enumerate(scenes):
            keep = nms(boxes[i], scores[i], labels[i], 0.7)
            everything.append(as_image(scene, boxes[i], scores[i], labels[i]))
            thinned.append(as_image(scene, boxes[i][keep], scores[i][keep], labels[i][keep]))
            duplicates += int((scores[i] > 0.5).sum() - (scores[i][keep] > 0.5).sum())
        before, after = (mean_over_classes(images, len(SHAPES_CLASSES), class_ap) for images in (everything, thinned))
        print(f"{number:5}{before:10.3f}{after:15.3f}{duplicates:13}")


attempt(show_layers, after=(*AP_STEPS, "layers_nms"))

# %% [markdown]
# After layer 0 there are duplicates, and NMS raises the AP; after the last layer there is next to nothing to suppress, and
# the AP hardly changes. The paper finds the same on COCO (figure 4), with a small loss after the last layers, where NMS
# removes right detections. Its explanation: with one layer the queries cannot take account of each other's answers. You
# saw why in 02: in layer 0 the self-attention gives all queries the same vector.
