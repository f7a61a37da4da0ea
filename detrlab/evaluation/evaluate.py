"""Measures a model on held-out scenes; `detrlab eval shapes` calls it.

Average precision as COCO defines it (by pycocotools), duplicates, and how much of the decoder's attention
lies on the object, beside two controls: the same query and box on another picture, and an untrained model.
Scenes are drawn sharp, at 512 px, and resized as for everyone who calls `detect`.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from detrlab.boxes import box_iou, cxcywh_to_xyxy, scale_to_pixels
from detrlab.detr.detr import DETR
from detrlab.evaluation.coco import judge
from detrlab.images import to_input
from detrlab.scenes import compose as scenes
from detrlab.training.data import stream

INPUT_SIZE = 128, 213  # shorter side, longest side: what both models see
THRESHOLD = 0.7  # a detection's score, as in `detect`
HIT_IOU = 0.5  # and the class must be the object's
BATCH = 25

STYLES = {"held_out": "shapes", "hand_drawn": "hand_drawn"}


@dataclass(frozen=True, eq=False)
class HeldOut:
    """N scenes as the model sees them, (N, 3, h, w), and per scene boxes (T, 4) xyxy in pixels of the
    drawing and labels (T,)."""

    inputs: Tensor
    boxes_xyxy: list[Tensor]
    labels: list[Tensor]
    size_wh: tuple[int, int]


@lru_cache(maxsize=2)
def held_out(use: str, count: int, size_wh: tuple[int, int] = (512, 512)) -> HeldOut:
    """The first `count` scenes of a held-out set, "held_out" (the training style) or "hand_drawn"."""
    drawn = (scenes.draw_scene(stream(use, i), size_wh, STYLES[use]) for i in range(count))
    inputs, boxes, labels = [], [], []
    for scene in drawn:
        inputs.append(to_input(scene.picture, *INPUT_SIZE))
        boxes.append(torch.from_numpy(scene.boxes_xyxy).float())
        labels.append(torch.from_numpy(scene.labels))
    return HeldOut(torch.stack(inputs), boxes, labels, size_wh)


@torch.no_grad()
def predict(model: nn.Module, held: HeldOut) -> dict[str, Tensor]:
    """Per scene and query: "scores" (N, Q), "labels" (N, Q) of the likeliest class, "boxes_xyxy" (N, Q, 4)
    in pixels of the drawing, and, where the model has official-style layers, "attention" (N, Q, S) of the
    last cross-attention, mean over heads."""
    maps: list[Tensor] = []
    handles = []
    if isinstance(model, DETR):
        last = model.transformer.decoder.layers[-1].multihead_attn
        handles.append(last.register_forward_hook(lambda module, inputs, output: maps.append(output[1])))
    try:
        device = next(model.parameters()).device
        outputs = [model(part.to(device)) for part in held.inputs.split(BATCH)]
    finally:
        for handle in handles:
            handle.remove()
    scores, labels = torch.cat([o["pred_logits"] for o in outputs]).cpu().softmax(-1)[..., :-1].max(-1)
    boxes_cxcywh = torch.cat([o["pred_boxes"] for o in outputs]).cpu()
    result = {
        "scores": scores,
        "labels": labels,
        "boxes_xyxy": scale_to_pixels(cxcywh_to_xyxy(boxes_cxcywh), held.size_wh),
    }
    return result | ({"attention": torch.cat(maps).cpu()} if maps else {})


def average_precision(model: nn.Module, held: HeldOut) -> dict[str, float]:
    """COCO's AP (mean over IoU .50 to .95), AP50 and AP75 of a model in eval mode."""
    return _coco_ap(predict(model, held), held)


def _coco_ap(predicted: dict[str, Tensor], held: HeldOut) -> dict[str, float]:
    W, H = held.size_wh
    truth: list[dict[str, Any]] = []
    answers = []
    for i, (boxes_xyxy, labels) in enumerate(zip(held.boxes_xyxy, held.labels, strict=True)):
        for box, label in zip(_xywh(boxes_xyxy).tolist(), labels.tolist(), strict=True):
            extra = {"id": len(truth) + 1, "iscrowd": 0, "area": box[2] * box[3]}
            truth.append({"image_id": i, "category_id": label, "bbox": box, **extra})
        found = _xywh(predicted["boxes_xyxy"][i]), predicted["labels"][i], predicted["scores"][i]
        for box, label, score in zip(*(part.tolist() for part in found), strict=True):
            answers.append({"image_id": i, "category_id": label, "bbox": box, "score": score})
    images = [{"id": i, "width": W, "height": H} for i in range(len(held.labels))]
    categories = [{"id": label, "name": name} for label, name in enumerate(scenes.CLASSES)]
    figures, _ = judge(images, categories, truth, answers)
    return {name: figures[name] for name in ("AP", "AP50", "AP75")}


def _xywh(boxes_xyxy: Tensor) -> Tensor:
    """Corners (N, 4) as COCO writes a box: left, top, width, height."""
    return torch.cat([boxes_xyxy[:, :2], boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]], dim=1)


def hits(
    predicted: dict[str, Tensor], held: HeldOut, threshold: float = THRESHOLD
) -> tuple[list[tuple[int, int, int]], int, int]:
    """Detections above the threshold, best first, each given to the free object of its class it overlaps
    most.

    Returns (picture, query, object) of the hits, the number of duplicates (only objects already hit
    overlap), and of detections.
    """
    found, duplicates, detections = [], 0, 0
    for i, (boxes_xyxy, labels) in enumerate(zip(held.boxes_xyxy, held.labels, strict=True)):
        overlap = box_iou(predicted["boxes_xyxy"][i], boxes_xyxy)  # (Q, T)
        overlap[predicted["labels"][i][:, None] != labels] = 0
        taken: set[int] = set()
        for q in predicted["scores"][i].argsort(descending=True).tolist():
            if predicted["scores"][i, q] <= threshold:
                break
            detections += 1
            candidates = [t for t in overlap[q].argsort(descending=True).tolist() if overlap[q, t] >= HIT_IOU]
            free = [t for t in candidates if t not in taken]
            if free:
                taken.add(free[0])
                found.append((i, q, free[0]))
            elif candidates:
                duplicates += 1
    return found, duplicates, detections


def _attention_in_box(attention: Tensor, found: list[tuple[int, int, int]], held: HeldOut) -> tuple[float, float]:
    """Mean attention mass on the map's cells whose centre lies in the object's true box: of the query that
    hit it, and, as a control, of the same query with the same box on the next picture. attention: (N, Q,
    S)."""
    H, W = (-(-side // 8) for side in held.inputs.shape[-2:])
    picture_w, picture_h = held.size_wh
    x = ((torch.arange(W) + 0.5) * picture_w / W).repeat(H)  # (S,)
    y = ((torch.arange(H) + 0.5) * picture_h / H).repeat_interleave(W)  # (S,)
    own, other = [], []
    for i, q, t in found:
        x0, y0, x1, y1 = held.boxes_xyxy[i][t]
        inside = (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
        own.append(attention[i, q, inside].sum().item())
        other.append(attention[(i + 1) % len(attention), q, inside].sum().item())
    return float(np.mean(own)), float(np.mean(other))


def evaluate(model: nn.Module, scenes_count: int = 1000, untrained: nn.Module | None = None) -> dict[str, float]:
    """All figures of a model in eval mode; attention where it is an official-style DETR. Takes minutes.

    `untrained`, the same model before it has learnt anything, is one more control of the attention.
    """
    held = held_out("held_out", scenes_count)
    predicted = predict(model, held)
    found, duplicates, detections = hits(predicted, held)
    figures = _coco_ap(predicted, held)
    figures["duplicates_percent"] = 100 * duplicates / max(detections, 1)
    if "attention" in predicted:
        own, control = _attention_in_box(predicted["attention"], found, held)
        figures |= {"attention_in_box": own, "attention_in_box_control": control}
        if untrained is not None:
            figures["attention_in_box_untrained"], _ = _attention_in_box(
                predict(untrained.eval(), held)["attention"], found, held
            )
    drawn = average_precision(model, held_out("hand_drawn", scenes_count))
    return figures | {"AP_hand_drawn": drawn["AP"], "AP50_hand_drawn": drawn["AP50"]}
