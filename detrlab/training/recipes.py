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


# Those of the shipped weights. The plain model has fewer: no processor with bfloat16 was at hand.
STEPS, PLAIN_STEPS = 11_510, 2_400
RECIPES = {
    "shapes": ShippedModel(shapes_recipe("shapes", STEPS), ShapesLearner, restart_heads=True),
    # The control: what comes of the same scenes and the same model without any trick of ours.
    "shapes_plain": ShippedModel(shapes_recipe("shapes_plain", PLAIN_STEPS, no_object=(0.1, 0.1)), PlainLearner),
}
