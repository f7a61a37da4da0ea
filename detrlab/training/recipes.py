"""The models that `detrlab train NAME` trains."""

from detrlab.clip.training import ShippedCLIP
from detrlab.dino.training import STEPS, ShippedDINO, dino_recipe
from detrlab.training.learners import LOSS_WEIGHTS, PlainLearner, ShapesLearner
from detrlab.training.masks import MASK_LOSSES, ShippedHead
from detrlab.training.recipe import Recipe
from detrlab.training.shipped import SHORTER_SIDES, Shipped, ShippedModel


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


RECIPES: dict[str, Shipped] = {
    # The steps of the shipped weights took 53 minutes on two free cores.
    "shapes": ShippedModel(shapes_recipe("shapes", 11_510), ShapesLearner, restart_heads=True),
    # The control: the same scenes and the same model, learned as the paper learns, without any trick of ours.
    "shapes_plain": ShippedModel(
        shapes_recipe("shapes_plain", 9000, no_object=(0.1, 0.1)),
        PlainLearner,
        shorter_sides={0.4: {64: 1.0}, 0.7: {96: 1.0}, 1.0: SHORTER_SIDES[1.0]},
        batch=8,
    ),
    # Masks on the first, which stays as it is.
    "shapes_panoptic": ShippedHead(
        Recipe(
            name="shapes_panoptic",
            steps=4500,
            learning_rate=1e-3,
            warm_up=100,
            clip_norm=1.0,
            loss_weights=MASK_LOSSES,
        )
    ),
    "clip": ShippedCLIP(
        Recipe(
            name="clip",
            steps=1100,
            learning_rate=1.5e-3,
            weight_decay=1e-2,
            betas=(0.9, 0.98),
            warm_up=50,
            clip_norm=1.0,
            averaging=0.99,
            loss_weights={"loss_clip": 1.0},
        ),
        plain=0.4,
    ),
    "dino": ShippedDINO(dino_recipe(STEPS)),
}
