"""What can go wrong in training, each in one sentence: targets that cannot be learnt, NaN, too little memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

SLACK = 1e-4  # of a picture's side: boxes may stick out by rounding
NAMED = 8  # pictures that a sentence names


class TrainingError(RuntimeError):
    """Training cannot go on; the message says where, why and what to do."""


def check_targets(targets: Iterable[Mapping[str, Tensor]], num_classes: int) -> None:
    """Looks through targets before anything is learnt from them.

    targets: per picture "labels" (T,) int64 and "boxes" (T, 4) cxcywh in 0..1 of the picture; "image_id", where it is
    there, names the picture in errors, otherwise its place does. A picture may have no object.

    Raises:
        ValueError: no picture at all, labels and boxes that do not fit together, a box that is outside the picture, has
            no area or is no number, or a label outside 0..num_classes - 1.
    """
    targets = list(targets)
    if not targets:
        raise ValueError("the data set is empty: training needs one picture at least")
    for i, target in enumerate(targets):
        labels, boxes = target["labels"], target["boxes"]
        if boxes.shape != (len(labels), 4):
            expected = f"{(len(labels), 4)} for its {len(labels)} labels"
            raise ValueError(f"{_picture(target, i)} has boxes of shape {tuple(boxes.shape)}, expected {expected}")
    owner = torch.repeat_interleave(torch.tensor([len(target["labels"]) for target in targets]))  # (sum T,)
    labels = torch.cat([target["labels"] for target in targets])
    boxes_cxcywh = torch.cat([target["boxes"] for target in targets])
    centre, size = boxes_cxcywh[:, :2], boxes_cxcywh[:, 2:]
    outside = ((centre - size / 2 < -SLACK) | (centre + size / 2 > 1 + SLACK)).any(-1)
    faults = (
        (~boxes_cxcywh.isfinite().all(-1), "which is no number: look at how it was computed"),
        ((size <= 0).any(-1), "which has no area: leave the object out"),
        (outside, "which is not inside 0..1: give cxcywh, divided by the picture's width and height, cut at its edges"),
    )
    for wrong, why in faults:
        if wrong.any():
            first = int(wrong.nonzero()[0])
            box = ", ".join(f"{value:.4g}" for value in boxes_cxcywh[first].tolist())
            raise ValueError(f"{_picture(targets[owner[first]], int(owner[first]))} has the box ({box}), {why}")
    wrong = (labels < 0) | (labels >= num_classes)
    if wrong.any():
        first = int(wrong.nonzero()[0])
        raise ValueError(
            f"{_picture(targets[owner[first]], int(owner[first]))} has the label {labels[first].item()}, but the model "
            f"has {num_classes} classes: labels are 0 to {num_classes - 1}, no-object is added by the loss"
        )


def _picture(target: Mapping[str, Tensor], place: int) -> str:
    return f"picture {target['image_id'].item() if 'image_id' in target else place}"


def names_of(targets: Sequence[Mapping[str, Tensor]]) -> str:
    """The pictures of a batch by "image_id", or how many they are: "pictures 3, 17 and 5 more"."""
    known = [str(target["image_id"].item()) for target in targets if "image_id" in target]
    if not known:
        return f"{len(targets)} pictures"
    more = f" and {len(known) - NAMED} more" if len(known) > NAMED else ""
    return f"pictures {', '.join(known[:NAMED])}{more}"


def not_finite(found: Any, name: str = "") -> Iterator[str]:
    """Names of the tensors with NaN or infinity in nested dicts and lists: "aux_outputs.0.pred_boxes"."""
    if isinstance(found, Tensor):
        if found.is_floating_point() and not found.isfinite().all():
            yield name
    elif isinstance(found, Mapping):
        for key, value in found.items():
            yield from not_finite(value, f"{name}.{key}".lstrip("."))
    elif isinstance(found, list | tuple):
        for i, value in enumerate(found):
            yield from not_finite(value, f"{name}.{i}".lstrip("."))


def is_out_of_memory(error: BaseException) -> bool:
    """Too little memory, on a GPU or on the processor (torch has no class of its own for the latter)."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "DefaultCPUAllocator" in str(error)
