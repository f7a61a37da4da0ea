"""What each model that ships reaches on held-out scenes; `detrlab eval NAME` calls it. Each kind has figures of its
own, which stand with their meaning in data/README.md."""

import torch

from detrlab.clip.data import measured_scenes
from detrlab.clip.measures import measure_clip
from detrlab.clip.model import load_clip
from detrlab.detr.models import load_model, shapes_model
from detrlab.dino.evaluate import measure_with_controls
from detrlab.dino.vision_transformer import load_dino
from detrlab.evaluation.evaluate import evaluate
from detrlab.evaluation.evaluate_panoptic import evaluate_panoptic, panoptic_scenes
from detrlab.panoptic.stuff import StuffSegm


def measure_shipped(name: str, scenes: int) -> dict[str, float]:
    """Figures by name, of a model by name ("shapes", "shapes_plain", "shapes_panoptic", "clip", "dino").

    scenes: how many, where the kind leaves it open.

    Raises:
        WeightsError: weights that are not there or cannot be read.
    """
    torch.manual_seed(0)  # of the controls that are not trained
    if name == "clip":
        return measure_clip(load_clip(), *measured_scenes(scenes))
    if name == "dino":
        return measure_with_controls(load_dino())
    model = load_model(name)
    if isinstance(model, StuffSegm):
        return evaluate_panoptic(model, panoptic_scenes(scenes))
    return evaluate(model, scenes, untrained=shapes_model())
