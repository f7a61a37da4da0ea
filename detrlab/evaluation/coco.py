"""Data sets in COCO's format (cocodataset.org, "Data format"): scenes written as one, one read and checked, and
detections on it judged by pycocotools.

    FOLDER/annotations/instances_val2017.json    pictures, boxes, categories
    FOLDER/val2017/                              the pictures

Boxes are xywh in pixels of the picture as it is on disk: left, top, width, height.
"""

import contextlib
import hashlib
import io
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from detrlab.images import PictureError, open_picture
from detrlab.scenes.parts import CLASSES, Scene

# What pycocotools reports, in its order.
TWELVE = (
    *("AP", "AP50", "AP75", "AP_small", "AP_medium", "AP_large"),
    *("AR_1", "AR_10", "AR_100", "AR_small", "AR_medium", "AR_large"),
)


@dataclass(frozen=True, eq=False)
class CocoData:
    """A data set that was read and checked. T boxes whose area lies at least partly inside their picture."""

    pictures: Path  # the folder
    images: list[dict[str, Any]]  # "id", "file_name", "width", "height"
    categories: list[dict[str, Any]]  # "id", "name"
    annotations: list[dict[str, Any]]  # T: "id" from 1, "image_id", "category_id", "bbox", "area", "iscrowd"
    left_out: str  # one sentence on boxes that were not kept, or ""
    digest: str  # SHA-256 of the annotations file

    def open(self, image: dict[str, Any]) -> Image.Image:
        """One of `images` as RGB.

        Raises:
            PictureError: it is not there, cannot be read, or is not as large as its annotations say.
        """
        path = self.pictures / image["file_name"]
        picture = open_picture(path)
        if picture.size != (image["width"], image["height"]):
            raise PictureError(
                f"the file {str(path)!r} has {picture.width} x {picture.height} pixels, "
                f"its annotations are of {image['width']} x {image['height']}"
            )
        return picture


def export_coco(folder: str | Path, scenes: Iterable[Scene], split: str = "val2017") -> Path:
    """Writes scenes as a data set in COCO's format, pictures as PNG; returns the annotations file.

    Args:
        folder: made where it is not there.
        scenes: from `draw_scene` or `compose`; drawn one at a time, so a generator of thousands needs no memory.
        split: the part of the data set, "val2017" or "train2017" say.

    Category ids are the labels of "shapes" plus 1; "area" is that of an object's visible pixels.

    Raises:
        ValueError: no scenes, or the folder holds this split already.
    """
    folder = Path(folder)
    annotations_file = folder / "annotations" / f"instances_{split}.json"
    pictures = folder / split
    if annotations_file.exists() or pictures.exists():
        raise ValueError(f"{folder} holds {split} already: choose another folder, or delete it")
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, scene in enumerate(scenes, start=1):
        pictures.mkdir(parents=True, exist_ok=True)
        file_name = f"{number:012d}.png"
        scene.picture.save(pictures / file_name)
        width, height = scene.picture.size
        images.append({"id": number, "file_name": file_name, "width": width, "height": height})
        for (x0, y0, x1, y1), label, mask in zip(scene.boxes_xyxy.tolist(), scene.labels.tolist(), scene.masks):
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": label + 1,
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "area": int(np.count_nonzero(mask)),
                    "iscrowd": 0,
                }
            )
    if not images:
        raise ValueError("there are no scenes to write: give at least one")
    categories = [{"id": label + 1, "name": name} for label, name in enumerate(CLASSES)]
    annotations_file.parent.mkdir(parents=True, exist_ok=True)
    part = annotations_file.with_suffix(".part")
    part.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    os.replace(part, annotations_file)  # last: its presence says that the data set is complete
    return annotations_file


def read_coco(folder: str | Path, split: str = "val2017") -> CocoData:
    """Reads and checks the annotations of a data set; its pictures are not opened.

    Boxes without area, or without area inside their picture, can be neither learnt nor found: they are left out, and
    `left_out` says so. What pycocotools needs and many data sets lack is filled in: "iscrowd" 0, "area" that of the
    box. Annotations are numbered anew from 1, since pycocotools takes a match with number 0 for none.

    Raises:
        ValueError: no such data set, not COCO's format, no pictures, no boxes, an unknown picture or category.
    """
    folder = Path(folder)
    path = folder / "annotations" / f"instances_{split}.json"
    pictures = folder / split
    if not path.is_file() or not pictures.is_dir():
        raise ValueError(f"{folder} is no data set in COCO's format: {path} and the folder {pictures} are expected")
    data = path.read_bytes()
    try:
        found = json.loads(data)
        images = [_image(each) for each in found["images"]]
        categories = [{"id": int(each["id"]), "name": str(each["name"])} for each in found["categories"]]
        annotations = [_annotation(each, i) for i, each in enumerate(found["annotations"])]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not in COCO's format ({type(error).__name__}: {error})") from None
    if not images or not annotations:
        what = "pictures" if not images else "boxes"
        raise ValueError(f"{path} lists no {what}: there is nothing to measure or to learn")

    sizes = {each["id"]: (each["width"], each["height"]) for each in images}
    names = {each["id"]: each["file_name"] for each in images}
    known = {each["id"] for each in categories}
    if len(sizes) < len(images):
        raise ValueError(f"{path} lists two pictures with one id: number them anew")
    for each in annotations:
        for key, ids, what in (("image_id", names, "picture"), ("category_id", known, "category")):
            if each[key] not in ids:
                raise ValueError(f"{path}: an annotation is of the {what} {each[key]!r}, which is not listed")
    kept = [each for each in annotations if _shows(each["bbox"], sizes[each["image_id"]])]
    if not kept:
        raise ValueError(f"{path}: no box has any area inside its picture; they are x, y, width, height in pixels")
    left_out = ""
    if lost := len(annotations) - len(kept):
        first = next(each for each in annotations if not _shows(each["bbox"], sizes[each["image_id"]]))
        left_out = (
            f"{lost} of {len(annotations)} boxes have no area inside their picture and are left out, "
            f"the first is {first['bbox']} (x, y, width, height) of {names[first['image_id']]}"
        )
    for number, each in enumerate(kept, start=1):
        each["id"] = number
    return CocoData(pictures, images, categories, kept, left_out, hashlib.sha256(data).hexdigest())


def _image(found: dict[str, Any]) -> dict[str, Any]:
    """What is needed of a picture's entry."""
    width, height = int(found["width"]), int(found["height"])
    if min(width, height) < 1:
        raise ValueError(f"{found['file_name']} has {width} x {height} pixels")
    return {"id": int(found["id"]), "file_name": str(found["file_name"]), "width": width, "height": height}


def _annotation(found: dict[str, Any], number: int) -> dict[str, Any]:
    """What is needed of an annotation."""
    bbox = [float(value) for value in found["bbox"]]
    if len(bbox) != 4:
        raise ValueError(f"the box of annotation {number} has {len(bbox)} numbers instead of 4")
    return {
        "image_id": int(found["image_id"]),
        "category_id": int(found["category_id"]),
        "bbox": bbox,
        "area": float(found.get("area", bbox[2] * bbox[3])),
        "iscrowd": int(found.get("iscrowd", 0)),
    }


def _shows(bbox: Sequence[float], size_wh: tuple[int, int]) -> bool:
    """Has a box (xywh, pixels) area inside a picture? Not with NaN either."""
    x, y, w, h = bbox
    return min(x + w, size_wh[0]) > max(x, 0) and min(y + h, size_wh[1]) > max(y, 0)


def judge(
    images: Sequence[dict[str, Any]],
    categories: Sequence[dict[str, Any]],
    annotations: Sequence[dict[str, Any]],
    detections: Sequence[dict[str, Any]],
) -> tuple[dict[str, float], str]:
    """pycocotools' twelve numbers by name (-1 where no object is of that size), and its own lines of text.

    Args:
        images, categories, annotations: as in COCO's files; annotations of other pictures do not count.
        detections: "image_id", "category_id", "bbox" (xywh in pixels), "score"; at most 100 a picture count.
    """
    text = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints its progress
        coco = COCO()
        coco.dataset = {"info": {}, "images": images, "categories": categories, "annotations": annotations}
        coco.createIndex()
        found = coco.loadRes(list(detections)) if detections else COCO()
        judged = COCOeval(coco, found, "bbox")
        judged.params.imgIds = sorted(each["id"] for each in images)
        judged.evaluate()
        judged.accumulate()
        with contextlib.redirect_stdout(text):
            judged.summarize()
    return dict(zip(TWELVE, map(float, judged.stats), strict=True)), text.getvalue()
