"""A DETR so small that training it takes milliseconds a step, its scenes, and `python -m tests.detrlab.training.tiny
CHECKPOINT`, which trains it until it is killed or at its end."""

import random
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import nn

from detrlab.detr.backbone import Backbone
from detrlab.detr.criterion import set_losses
from detrlab.detr.detr import DETR
from detrlab.detr.position import PositionEmbeddingSine
from detrlab.detr.transformer import Transformer
from detrlab.training.data import Batch
from detrlab.training.loop import Trainer
from detrlab.training.recipe import Recipe

RECIPE = Recipe(name="tiny", steps=41, learning_rate=1e-3, backbone_rate=1e-4, warm_up=5, averaging=0.9)


def tiny_model() -> DETR:
    """D 16, one layer each, 5 queries, 3 classes, with dropout: it uses torch's random numbers."""
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(3, 8, 5, stride=4, padding=2), nn.BatchNorm2d(8), nn.ReLU())
    transformer = Transformer(16, 2, num_encoder_layers=1, num_decoder_layers=2, dim_feedforward=32, dropout=0.1)
    model = DETR(Backbone(body, 8), PositionEmbeddingSine(8), transformer, num_classes=3, num_queries=5, aux_loss=True)
    return model


def batches(start: int) -> Iterator[Batch]:
    """Random pictures, which take all three kinds of random numbers as they come; a trainer restores these."""
    number = start
    while True:
        pictures = torch.randn(2, 3, 20, 28) + random.random() + np.random.rand()
        boxes = [0.3 + 0.4 * torch.rand(T, 4) * torch.tensor([1, 1, 0.5, 0.5]) for T in (3, 1)]
        yield (
            pictures,
            [
                {"labels": torch.arange(len(own)), "boxes": own, "image_id": torch.tensor(2 * number + i)}
                for i, own in enumerate(boxes)
            ],
        )
        number += 1


def tiny_trainer(checkpoint: Path | None = None, recipe: Recipe = RECIPE, **others) -> Trainer:
    model = tiny_model()
    options = {"criterion": set_losses, "batches": batches, "device": "cpu", "report_every": 0.0} | others
    return Trainer(model, recipe=recipe, checkpoint=checkpoint, **options)


if __name__ == "__main__":
    torch.set_num_threads(1)
    tiny_trainer(Path(sys.argv[1]), save_every=0.0).run(report=lambda report: print(report.step, flush=True))
