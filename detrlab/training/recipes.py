"""The models that `detrlab train NAME` trains."""

from detrlab.detr.models import shapes_model
from detrlab.training.learners import PlainLearner, ShapesLearner
from detrlab.training.loop import Recipe

RECIPES = {
    "shapes": Recipe("shapes", ShapesLearner, shapes_model, minutes=70.0, restart_heads=True),
    # The control: what comes of the same scenes, the same model and the same budget without any trick of ours.
    "shapes_plain": Recipe("shapes_plain", PlainLearner, shapes_model, minutes=70.0, no_object=(0.1, 0.1)),
}
