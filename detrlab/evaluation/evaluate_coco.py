"""A model's average precision on a data set in COCO's format; `detrlab eval --coco PATH` calls it.

As `engine.py` and `PostProcess` in `models/detr.py` of the official code do: every query is a detection, with the
likeliest class that is not no-object, and pycocotools judges. A run takes hours on a processor, so what is found goes
to a file batch by batch, and the same call goes on where it was stopped.
"""

import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from detrlab.boxes import cxcywh_to_xyxy, scale_to_pixels
from detrlab.detr.detr import DETR
from detrlab.detr.fast import fast
from detrlab.evaluation.coco import CocoData, judge, read_coco
from detrlab.images import PictureError, resized_size, to_input

KEPT = "detections.jsonl"  # a line says of what it is, then a line for each batch


@dataclass(frozen=True)
class CocoResult:
    """COCO's twelve numbers by name, -1 where no object is of that size, and what they are of."""

    figures: dict[str, float]  # AP, AP50, ..., AR_large
    text: str  # the same as pycocotools prints them
    pictures: int  # that were measured
    skipped: list[str]  # pictures that could not be used, and why
    notes: list[str]  # a sentence each: boxes that were left out, categories that the model lacks


def evaluate_coco(
    model: DETR, folder: str | Path, out: str | Path, batch: int = 2, split: str = "val2017"
) -> CocoResult:
    """Detects in every picture of a data set, and judges what was found.

    Shows its progress, with the time left. `out` gets detections.jsonl, which a later call with the same model, data
    set and batch goes on from; results.json; and results.txt.

    Args:
        model: from `load_model`; computes on a GPU where there is one.
        folder: of a data set in COCO's format, with annotations/instances_{split}.json and {split}/.
        batch: pictures at a time, padded to one size. Padding costs a DC5 model accuracy: measure it with 1.

    The model's classes and the data set's categories are matched by name; for COCO and the official models these are
    the same numbers. Categories that the model lacks count with an AP of 0.

    Raises:
        ValueError: not a data set (see `read_coco`), none of its categories in the model, no picture that can be
            read, `out` with detections of something else, too little memory.
    """
    from tqdm import tqdm  # only wanted where progress is shown

    if batch < 1:
        raise ValueError(f"batch is {batch}, at least 1 picture at a time is expected")
    data = read_coco(folder, split)
    out = Path(out)
    ids = _category_ids(model, data)
    notes = [note for note in (data.left_out, _lacking(data, ids)) if note]
    for note in notes:
        tqdm.write(note, file=sys.stderr)

    # Pictures of like sizes come together, for little padding. Batches hang on the data set alone, so that a run that
    # was stopped ends with the same numbers.
    images = sorted(data.images, key=lambda each: resized_size((each["width"], each["height"]), *model.input_size))
    batches = [images[first : first + batch] for first in range(0, len(images), batch)]
    kept = _Kept(out / KEPT, {"model": _fingerprint(model), "data": data.digest, "batch": batch})
    skipped: list[str] = []
    quick = fast(model).to("cuda" if torch.cuda.is_available() else "cpu")
    done = sum(len(part) for part in batches if part[0]["id"] in kept.first)
    with tqdm(total=len(images), initial=done, unit=" pictures", file=sys.stderr) as bar:
        for part in batches:
            if part[0]["id"] in kept.first:
                continue
            found, unusable = _detect_in(quick, data, part)
            for line in unusable:
                tqdm.write(f"skipped: {line}", file=sys.stderr)
            skipped += unusable
            if not unusable:  # else it is tried again next time
                kept.add(part[0]["id"], found)
            else:
                kept.found += found
            bar.update(len(part))

    measured = {each["image_id"] for each in kept.found}
    if not measured:
        raise ValueError(f"none of the {len(images)} pictures in {data.pictures} can be used; {skipped[0]}")
    figures, text = judge(
        [each for each in data.images if each["id"] in measured],
        data.categories,
        data.annotations,
        list(_as_coco(kept.found, ids)),
    )
    result = CocoResult(figures, text, len(measured), skipped, notes)
    (out / "results.json").write_text(json.dumps(asdict(result), indent=2) + "\n", encoding="utf-8")
    (out / "results.txt").write_text(text, encoding="utf-8")
    return result


def _category_ids(model: DETR, data: CocoData) -> dict[int, int]:
    """Label of the model -> category id of the data set, by name."""
    by_name = {each["name"]: each["id"] for each in data.categories}
    ids = {label: by_name[name] for label, name in enumerate(model.classes) if name in by_name}
    if not ids:
        raise ValueError(
            f"the model knows none of the categories {_some(by_name)}: its classes are {_some(model.classes)}"
        )
    return ids


def _lacking(data: CocoData, ids: dict[int, int]) -> str:
    names = [each["name"] for each in data.categories if each["id"] not in ids.values()]
    return f"the model lacks the categories {_some(names)}: they count with an AP of 0" if names else ""


def _some(names: Any) -> str:
    names = list(names)
    return ", ".join(names[:9]) + (f" and {len(names) - 9} more" if len(names) > 9 else "")


def _fingerprint(model: DETR) -> str:
    """SHA-256 of a model's classes and weights."""
    digest = hashlib.sha256(repr(tuple(model.classes)).encode())
    for name, tensor in model.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy())
    return digest.hexdigest()


def _detect_in(model: DETR, data: CocoData, images: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    """All queries' detections in a batch of pictures, one dict a picture, and why pictures could not be used."""
    inputs, usable, unusable = [], [], []
    for image in images:
        try:
            picture = data.open(image)
        except PictureError as error:
            unusable.append(str(error))
        else:
            inputs.append(to_input(picture, *model.input_size))
            usable.append(image)
    if not usable:
        return [], unusable
    device = next(model.parameters()).device
    try:
        with torch.inference_mode():
            out = model([each.to(device) for each in inputs])
    except torch.OutOfMemoryError:
        raise ValueError(f"{len(inputs)} pictures at a time need more memory than the GPU has: lower --batch") from None
    # The last class is no-object: it takes part in the softmax, but is never an answer.
    scores, labels = out["pred_logits"].softmax(-1)[..., :-1].cpu().max(-1)  # (B, Q) each
    found = []
    for image, boxes_cxcywh, *rest in zip(usable, out["pred_boxes"].cpu(), labels, scores):
        boxes_xyxy = scale_to_pixels(cxcywh_to_xyxy(boxes_cxcywh), (image["width"], image["height"]))  # (Q, 4)
        labels_of, scores_of = (each.tolist() for each in rest)
        found.append(
            {"image_id": image["id"], "labels": labels_of, "scores": scores_of, "boxes_xyxy": boxes_xyxy.tolist()}
        )
    return found, unusable


def _as_coco(found: Sequence[dict[str, Any]], ids: dict[int, int]) -> Iterator[dict[str, Any]]:
    """Detections as COCO's result files hold them; those of classes that the data set lacks are left out."""
    for each in found:
        for label, score, (x0, y0, x1, y1) in zip(each["labels"], each["scores"], each["boxes_xyxy"]):
            if label in ids:
                bbox = [x0, y0, x1 - x0, y1 - y0]
                yield {"image_id": each["image_id"], "category_id": ids[label], "bbox": bbox, "score": score}


class _Kept:
    """Batches that are done, in a file: `found` in all of them, and the id of the `first` picture of each.

    A line that was not written to its end belongs to a run that was killed: it is cut off, and its batch done again.
    """

    def __init__(self, path: Path, head: dict[str, Any]) -> None:
        self.path = path
        self.found: list[dict[str, Any]] = []
        self.first: set[int] = set()
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = []
        if path.exists():
            whole = [line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if line[-1] == "\n"]
        if not whole:
            path.write_text(json.dumps(head) + "\n", encoding="utf-8")
            return
        differs = [key for key, value in json.loads(whole[0]).items() if head.get(key) != value]
        if differs:
            raise ValueError(
                f"{path} holds detections with another {' and '.join(differs)}: delete it, or choose another folder "
                "with --out"
            )
        for line in whole[1:]:
            batch = json.loads(line)
            self.first.add(batch["first"])
            self.found += batch["found"]
        with path.open("r+", encoding="utf-8") as file:
            file.truncate(sum(len(line.encode()) for line in whole))

    def add(self, first: int, found: list[dict[str, Any]]) -> None:
        """Keep a batch."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"first": first, "found": found}) + "\n")
        self.first.add(first)
        self.found += found
