"""Fine-tuning a detector on a data set of one's own in COCO's format; `detrlab train --coco PATH` calls it.

As the official `main.py` trains, with its rates and its loss of every decoder layer; pictures are mirrored and resized
at random (`datasets/coco.py`), but never cropped. Classes get their names from the data set's categories.
"""

import json
import math
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import ImageOps
from torch import Tensor, nn

from detrlab.detr.criterion import set_losses
from detrlab.detr.detr import DETR
from detrlab.evaluation.coco import CocoData, read_coco
from detrlab.images import PictureError, to_input
from detrlab.training.checkpoint import export
from detrlab.training.data import Batch, relative_cxcywh
from detrlab.training.loop import Report, Trainer
from detrlab.training.recipe import Recipe

SMALLEST = 0.6  # of the input's size: 480 of 800 pixels, as in the official code


def finetune(
    model: DETR,
    name: str,
    folder: str | Path,
    out: str | Path,
    *,
    epochs: int = 50,
    batch: int = 2,
    split: str = "train2017",
    report: Callable[[Report], object] = print,
) -> DETR:
    """Trains a model on a data set; returns it with averaged weights, in eval mode.

    A run that was stopped goes on with the same call, from `out`/checkpoint.pt. At the end `out`/model.safetensors has
    the weights, the names of the classes and of the architecture: `load_model(path)` reads it.

    Args:
        model: from `load_model`; changed. What it knows of a category by its name it keeps.
        name: of its architecture, as `load_model` takes it.
        folder: of a data set in COCO's format, with annotations/instances_{split}.json and {split}/. Crowds and boxes
            without area are left out; a picture that cannot be used is named and skipped.
        epochs: how often each picture is seen.
        batch: pictures at a time, padded to one size.
        report: gets a `Report` now and then, and at the end.

    Raises:
        ValueError: not a data set (see `read_coco`), one of crowds alone, no picture that can be used, or a checkpoint
            of other data or another recipe.
        TrainingError: see `Trainer.run`.
        KeyboardInterrupt: stopped; the checkpoint is written.
    """
    data = read_coco(folder, split)
    if data.left_out:
        print(data.left_out, file=sys.stderr)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    batches = CocoBatches(data, model.input_size, batch)
    rename_classes(model, [each["name"] for each in data.categories])
    model.aux_loss = True
    recipe = Recipe(
        name=f"{name} on {Path(folder).resolve().name} ({data.digest[:8]}), {batch} pictures a batch",
        steps=epochs * batches.per_epoch,
        backbone_rate=1e-5,
    )
    trainer = Trainer(model, set_losses, batches, recipe, checkpoint=out / "checkpoint.pt")
    trained = trainer.run(report=report)
    trained.aux_loss = False
    about = {"model": name, "classes": json.dumps(trained.classes)}
    export(trained.state_dict(), out / "model.safetensors", about)
    return trained.cpu()


def rename_classes(model: DETR, classes: list[str]) -> None:
    """Gives a model new classes: the logits of those that it knows by name, and of no-object, stay what they are."""
    old, known = model.class_embed, {name: label for label, name in enumerate(model.classes)}
    new = nn.Linear(old.in_features, len(classes) + 1)
    kept = {label: known[name] for label, name in enumerate(classes) if name in known}
    kept[len(classes)] = old.out_features - 1  # no-object
    with torch.no_grad():
        for label, before in kept.items():
            new.weight[label] = old.weight[before]
            new.bias[label] = old.bias[before]
    model.class_embed, model.classes = new, tuple(classes)


class CocoBatches:
    """What `Trainer` asks for: endless batches of a data set, batch number n always the same.

    A picture that cannot be used is named on stderr once and left out.
    """

    def __init__(self, data: CocoData, input_size: tuple[int, int], batch: int, seed: int = 0) -> None:
        if batch < 1:
            raise ValueError(f"batch is {batch}, at least 1 picture at a time is expected")
        self.data, self.input_size, self.batch, self.seed = data, input_size, batch, seed
        self.skipped: dict[int, str] = {}  # why, by "id" of the picture
        labels = {each["id"]: label for label, each in enumerate(data.categories)}
        self._objects: dict[int, list[tuple[int, list[float]]]] = {each["id"]: [] for each in data.images}
        for each in data.annotations:
            if not each["iscrowd"]:
                self._objects[each["image_id"]].append((labels[each["category_id"]], each["bbox"]))
        if not any(self._objects.values()):
            raise ValueError(f"{data.pictures} has crowds alone: training needs single objects")

    @property
    def per_epoch(self) -> int:
        """Batches in which each picture is there once."""
        return math.ceil(len(self.data.images) / self.batch)

    def __call__(self, start: int) -> Iterator[Batch]:
        for number in count(start):
            epoch, place = divmod(number, self.per_epoch)
            order = np.random.default_rng((self.seed, epoch)).permutation(len(self.data.images))
            rng = np.random.default_rng((self.seed, epoch, place))
            own = [self.data.images[i] for i in order[place * self.batch : (place + 1) * self.batch]]
            if examples := [example for image in own if (example := self._example(image, rng))]:
                inputs, targets = zip(*examples, strict=True)
                yield list(inputs), list(targets)
            elif len(self.skipped) == len(self.data.images):
                raise ValueError(f"no picture in {self.data.pictures} can be used; {next(iter(self.skipped.values()))}")

    def _example(self, image: dict[str, Any], rng: np.random.Generator) -> tuple[Tensor, dict[str, Tensor]] | None:
        """A picture (3, H, W) and its target, mirrored and resized at random; None where it cannot be used."""
        mirrored, size = rng.uniform() < 0.5, rng.uniform(SMALLEST, 1)  # drawn for pictures that are skipped, too
        try:
            picture = self.data.open(image)
        except PictureError as error:
            if image["id"] not in self.skipped:
                print(f"skipped: {error}", file=sys.stderr, flush=True)
            self.skipped[image["id"]] = str(error)
            return None
        objects = self._objects[image["id"]]
        boxes_xyxy = np.array([[x, y, x + w, y + h] for _, (x, y, w, h) in objects]).reshape(-1, 4)
        boxes_xyxy = boxes_xyxy.clip(0, np.tile(picture.size, 2))
        if mirrored:
            picture = ImageOps.mirror(picture)
            boxes_xyxy = boxes_xyxy[:, [2, 1, 0, 3]] * [-1, 1, -1, 1] + [picture.width, 0, picture.width, 0]
        target = {
            "labels": torch.tensor([label for label, _ in objects], dtype=torch.int64),
            "boxes": torch.from_numpy(relative_cxcywh(boxes_xyxy, picture.size)).float(),
            "image_id": torch.tensor(image["id"]),
        }
        shorter, longest = self.input_size
        return to_input(picture, round(size * shorter), longest), target
