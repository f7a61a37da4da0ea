"""What hotcoco says of the maps in panoptic_quality.safetensors; writes hotcoco_quality.json and prints the drift.

hotcoco is no dependency. In a virtual environment of its own, anywhere:

    pip install hotcoco==1.3.0 numpy pillow safetensors
    python tests/golden/hotcoco_quality.py
"""

import json
import tempfile
from pathlib import Path

import hotcoco
import numpy as np
from hotcoco.panoptic import PanopticEval
from PIL import Image
from safetensors.numpy import load_file

HERE = Path(__file__).parent
OUT = HERE / "hotcoco_quality.json"
LISTED = json.loads((HERE / "panoptic_quality.json").read_text())
MAPS = load_file(HERE / "panoptic_quality.safetensors")


def write(folder: Path, maps: np.ndarray, segments: list[list[dict]]) -> Path:
    """A data set in COCO's panoptic format: the path of its JSON; PNG files hold ids as colours."""
    pictures = folder / "pictures"
    pictures.mkdir(parents=True)
    images, annotations = [], []
    for i, (ids, listed) in enumerate(zip(maps, segments, strict=True)):
        ids = ids.astype(np.uint32)
        colours = np.stack([ids % 256, ids // 256 % 256, ids // 65536], axis=-1).astype(np.uint8)
        Image.fromarray(colours).save(pictures / f"{i}.png")
        images.append({"id": i, "width": ids.shape[1], "height": ids.shape[0], "file_name": f"{i}.png"})
        infos = [
            {
                "id": s["id"],
                "category_id": s["category"] + 1,  # COCO's begin with 1
                "iscrowd": s.get("crowd", 0),
                "area": int((ids == s["id"]).sum()),
                "bbox": [0, 0, 1, 1],
            }
            for s in listed
        ]
        annotations.append({"image_id": i, "file_name": f"{i}.png", "segments_info": infos})
    categories = [
        {"id": int(label) + 1, "name": label, "isthing": each["isthing"]}
        for label, each in LISTED["categories"].items()
    ]
    path = folder / "set.json"
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return path


def of(name: str) -> dict:
    """hotcoco's counts of one set by label, of the labels that it has, and its averages."""
    listed = LISTED["sets"][name]["segments"]
    with tempfile.TemporaryDirectory() as place:
        truth, predicted = (
            write(Path(place) / side, MAPS[f"{name}.{side}"], [each[side] for each in listed])
            for side in ("truth", "predicted")
        )
        folders = {"gt_folder": str(truth.parent / "pictures"), "pred_folder": str(predicted.parent / "pictures")}
        evaluation = PanopticEval(str(truth), str(predicted), **folders)
        evaluation.run()
        results = evaluation.results()
    counts = {
        str(int(label) - 1): {key: counted[key] for key in ("iou", "tp", "fp", "fn")}
        for label, counted in results["per_class"].items()
        if counted["tp"] + counted["fp"] + counted["fn"]
    }
    return {"per_category": counts, "average": {kind.lower(): results[kind] for kind in ("All", "Things", "Stuff")}}


def numbers(found: object) -> list[float]:
    """All numbers of nested dicts, in order."""
    return [n for each in found.values() for n in numbers(each)] if isinstance(found, dict) else [found or 0]


if __name__ == "__main__":
    found = {name: of(name) for name in LISTED["sets"]}
    if OUT.exists():
        before = numbers(json.loads(OUT.read_text())["sets"])
        print("drift", max(abs(a - b) for a, b in zip(before, numbers(found), strict=True)))
    OUT.write_text(json.dumps({"hotcoco": hotcoco.__version__, "sets": found}) + "\n")
