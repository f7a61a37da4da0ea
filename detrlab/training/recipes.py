"""The models that `detrlab train NAME` trains."""

from detrlab.detr.models import shapes_model
from detrlab.training.learners import ShapesLearner
from detrlab.training.loop import Recipe

RECIPES = {"shapes": Recipe("shapes", ShapesLearner, shapes_model, minutes=70.0, restart_heads=True)}
