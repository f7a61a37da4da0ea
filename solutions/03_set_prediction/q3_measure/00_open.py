# %% [markdown]
# # 3 · Measure: average precision, errors, layers
# 36 points · about 210 minutes · runs offline, on a laptop's processor
#
# **After this notebook you can**
#
# - write COCO's average precision (AP) so that it equals pycocotools', ties and crowds included;
# - say what AP does not tell: which kind of error, which size of object, which layer;
# - measure what non-maximum suppression changes after each decoder layer, and what each object query predicts;
# - leave a part out of a model, train it, and compare the difference with the spread of equal runs.
#
# An AP is a number that papers are compared by, and few who quote it could compute it. You write it once, from boxes to
# the mean over ten thresholds, and put it before a court of hard cases. Then you measure the shapes model with it:
# section 4 and figures 4 and 7 of the paper (Carion et al. 2020, arXiv:2005.12872).
#
# **Letters.** N detections, T true objects ("objects" below), Q object queries, K classes, L decoder layers. Boxes are
# (x0, y0, x1, y1). Steps 1 to 5, 7 and 8 use numpy arrays (float64, as pycocotools does), the others torch tensors.
#
# **How it works.** Replace each `____` as a whole; the cell below an exercise checks your answer, as often as you like.
# `hint()` in a cell of your own is the next of three hints. Steps do not wait for each other, but the measurements do:
# from step 5 on they are made with your own AP, and say which checks they wait for.

# %% setup
import contextlib
import copy
import io
import math
from functools import lru_cache

import numpy as np
import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from torch import nn

from coursework import attempt, attempted, kept, open_notebook, solution
from detrlab import ABLATIONS, DETR, MLP, SHAPES_CLASSES, Backbone, LiveTraining, PositionEmbeddingSine, Transformer
from detrlab import ablated_detr, ablation_runs, ablation_trainer, average_precision, box_iou, cxcywh_to_xyxy, draw_scene
from detrlab import load_model, measure_ablation, plot_ablations, plot_query_slots, seen, tiny_detr, tiny_scenes, to_input

____, check, hint = open_notebook("q3_measure")

THRESHOLDS = np.linspace(0.5, 0.95, 10)  # COCO's thresholds of IoU
RECALLS = np.linspace(0, 1, 101)  # the recalls at which COCO reads the precision
SCENES = 60  # of the shapes model's measurements, seeds 0 to 59


class Instead(nn.Module):
    """A module without weights, in place of another: it returns what `function` gives."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *args, **kwargs):
        return self.function(*args, **kwargs)


def random_detr(draw, Q, K):
    """A small DETR of 1 + 2 layers whose weights hang on the seed; it gives out the predictions of both decoder layers."""
    D = 20
    transformer = Transformer(D, nhead=2, num_encoder_layers=1, num_decoder_layers=2, dim_feedforward=23, dropout=0.0)
    backbone = Backbone(nn.Conv2d(3, 7, 3, stride=2), 7)
    return draw.fill(DETR(backbone, PositionEmbeddingSine(D // 2), transformer, K, Q, aux_loss=True), scale=2.0)


def floats(values):
    """An array or tensor of real numbers as a tensor, so that a check takes both."""
    return torch.from_numpy(np.array(values, dtype=np.float64, order="C"))


def whole(values):
    """Whole numbers as a list."""
    return [int(value) for value in values]


def case(boxes, scores, objects, crowd=None):
    """One image with one class. boxes: N detections xyxy, with N scores; objects: T boxes xyxy, of which some are crowds."""
    boxes, objects = (np.array(each, dtype=np.float64).reshape(-1, 4) for each in (boxes, objects))
    crowd = np.array(crowd if crowd is not None else [False] * len(objects), dtype=bool)
    if len(scores) != len(boxes) or len(crowd) != len(objects):
        raise ValueError(f"{len(boxes)} boxes, {len(scores)} scores, {len(objects)} objects, {len(crowd)} crowd flags")
    return {"boxes_xyxy": boxes, "scores": np.array(scores, dtype=np.float64), "labels": np.zeros(len(boxes), int),
            "true_boxes_xyxy": objects, "true_labels": np.zeros(len(objects), int), "crowd": crowd}


def sketch(text):
    """A case of "object x0 y0 x1 y1", "crowd x0 y0 x1 y1" and "score x0 y0 x1 y1", with commas between them."""
    boxes, scores, objects, crowd = [], [], [], []
    for row in text.split(","):
        kind, *box = row.split()
        if len(box) != 4:
            raise ValueError(f"{row.strip()!r} has {len(box)} numbers after its first word; a box has 4: x0 y0 x1 y1")
        if kind in ("object", "crowd"):
            objects.append([float(side) for side in box])
            crowd.append(kind == "crowd")
        else:
            boxes.append([float(side) for side in box])
            scores.append(float(kind))
    return case(boxes, scores, objects, crowd)


def coco_ap(images, K=1, thresholds=THRESHOLDS):
    """AP by pycocotools of images as `case` makes them; nan where no class has an object."""
    def sheet(annotations):
        coco = COCO()
        coco.dataset = {"info": {}, "images": [{"id": i} for i in range(len(images))], "annotations": annotations,
                        "categories": [{"id": label} for label in range(K)]}
        coco.createIndex()
        return coco

    def annotation(number, i, label, box, **more):
        x0, y0, x1, y1 = (float(side) for side in box)
        return {"id": number, "image_id": i, "category_id": int(label), "bbox": [x0, y0, x1 - x0, y1 - y0],
                "area": (x1 - x0) * (y1 - y0), "iscrowd": 0} | more

    truth, found = [], []
    for i, image in enumerate(images):
        for label, box, crowd in zip(image["true_labels"], image["true_boxes_xyxy"], image["crowd"]):
            truth.append(annotation(len(truth) + 1, i, label, box, iscrowd=int(crowd)))
        for label, box, score in zip(image["labels"], image["boxes_xyxy"], image["scores"]):
            found.append(annotation(len(found) + 1, i, label, box, score=float(score)))
    with contextlib.redirect_stdout(io.StringIO()):  # it prints its progress
        judge = COCOeval(sheet(truth), sheet(found), "bbox")
        judge.params.iouThrs, judge.params.maxDets = np.array(thresholds), [100]
        judge.params.areaRng, judge.params.areaRngLbl = [[0, 1e10]], ["all"]
        judge.evaluate()
        judge.accumulate()
    precision = judge.eval["precision"]
    known = precision[precision > -1]  # -1: a class without objects
    return float(known.mean()) if known.size else float("nan")


def class_ap(parts, threshold):
    """The AP of one class at one threshold, by your functions of steps 1 to 3. parts: that class's share of each image."""
    scores, hits, ignored, T = [], [], [], 0
    for part in parts:
        crowd = part["crowd"]
        if "ious" not in part:  # the same at every threshold
            part["ious"] = iou_matrix(part["boxes_xyxy"], part["true_boxes_xyxy"], crowd)
            part["crowd or none"] = np.append(crowd, False)  # -1, no match, reads the False
        matched = np.array(match_greedily(part["ious"], part["scores"], crowd, threshold), dtype=int).reshape(-1)
        on_crowd = part["crowd or none"][matched]
        scores.append(part["scores"])
        hits.append((matched >= 0) & ~on_crowd)
        ignored.append(on_crowd)
        T += len(crowd) - np.count_nonzero(crowd)
    precision, recall = (np.asarray(each) for each in precision_and_recall(scores, hits, ignored, T))
    return float(np.mean(precision_at_recalls(envelope(precision), recall)))


AP_STEPS = ("match_detections", "precision_recall", "envelope_101", "mean_ap")  # whose checks an AP of your own waits for


@lru_cache(maxsize=1)
def shapes_run():
    """The shapes model on SCENES scenes: the model, the scenes, the outputs of its decoder's layers before the shared norm
    (L, P, Q, D), logits (P, Q, K + 1) and boxes cxcywh (P, Q, 4)."""
    model = load_model("shapes")
    scenes = [draw_scene(seed, (192, 192)) for seed in range(SCENES)]
    raw = [[] for _ in model.transformer.decoder.layers]
    keep = lambda into: lambda module, args, output: into.append(output)
    hooks = [layer.register_forward_hook(keep(into)) for layer, into in zip(model.transformer.decoder.layers, raw)]
    with torch.no_grad():
        parts = [model(torch.stack([to_input(scene.picture, *model.input_size) for scene in scenes[i : i + 20]]))
                 for i in range(0, SCENES, 20)]
    for hook in hooks:
        hook.remove()
    logits, boxes_cxcywh = (torch.cat([part[name] for part in parts]) for name in ("pred_logits", "pred_boxes"))
    return model, scenes, torch.stack([torch.cat(outputs) for outputs in raw]), logits, boxes_cxcywh


def as_image(scene, boxes_xyxy, scores, labels):
    """One image of an AP: boxes xyxy (N, 4) in 0..1 of the scene, scores (N,), labels (N,); objects are the scene's."""
    W, H = scene.picture.size
    return {"boxes_xyxy": np.asarray(boxes_xyxy, dtype=np.float64), "scores": np.asarray(scores, dtype=np.float64),
            "labels": np.asarray(labels), "true_boxes_xyxy": scene.boxes_xyxy / np.array([W, H, W, H]),
            "true_labels": scene.labels, "crowd": np.zeros(len(scene.labels), dtype=bool)}


def best_of_each(logits, boxes_cxcywh):
    """Of each query the likeliest class that is not no-object: boxes xyxy (..., Q, 4), scores and labels (..., Q)."""
    scores, labels = logits.softmax(-1)[..., :-1].max(-1)
    return cxcywh_to_xyxy(boxes_cxcywh), scores, labels
