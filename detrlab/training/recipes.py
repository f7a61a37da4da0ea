"""The models that `detrlab train NAME` trains."""

from detrlab.training.learners import LOSS_WEIGHTS, PlainLearner, ShapesLearner
from detrlab.training.recipe import Recipe
from detrlab.training.shipped import ShippedModel


def shapes_recipe(name: str, steps: int, no_object: tuple[float, float] = (0.1, 0.4)) -> Recipe:
    """What the shipped models have in common."""
    return Recipe(
        name=name,
        steps=steps,
        learning_rate=6e-4,
        betas=(0.9, 0.98),
        warm_up=300,
        clip_norm=1.0,
        no_object=no_object,
        loss_weights=LOSS_WEIGHTS,
    )


STEPS = 11_510  # those of the shipped weights: 53 minutes on two free cores
RECIPES = {
    "shapes": ShippedModel(shapes_recipe("shapes", STEPS), ShapesLearner, restart_heads=True),
    # The control: what comes of the same scenes, the same model and the same budget without any trick of ours.
    "shapes_plain": ShippedModel(shapes_recipe("shapes_plain", STEPS, no_object=(0.1, 0.1)), PlainLearner),
}
