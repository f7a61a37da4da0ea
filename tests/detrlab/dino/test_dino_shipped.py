"""The shipped weights on a few scenes, with a wide margin, beside the same network untrained."""

import pytest
import torch

from detrlab.dino import evaluate
from detrlab.dino.vision_transformer import VisionTransformer, load_dino, untrained_dino
from detrlab.weights import data_path


@pytest.fixture(scope="module")
def figures():
    """Of the shipped network and a random one, on 150 questions, 600 neighbours and 80 scenes to choose a head on."""
    with pytest.MonkeyPatch.context() as patch:
        for name, count in (("REFERENCE", 600), ("HELD_OUT", 150), ("CHOOSING", 80)):
            patch.setattr(evaluate, name, count)
        evaluate.scenes_to_measure.cache_clear()
        torch.manual_seed(0)
        yield evaluate.measure_dino(load_dino()), evaluate.measure_dino(untrained_dino().eval())
        evaluate.scenes_to_measure.cache_clear()


def test_it_loads_and_nothing_else_does():
    model = load_dino()
    assert isinstance(model, VisionTransformer) and not model.training
    with pytest.raises(ValueError, match="into dino"):
        load_dino(data_path("shapes.safetensors"))


def test_colour_is_learned_and_random_weights_know_less(figures):
    shipped, random = figures
    assert shipped["knn_colour"] > 0.45
    assert shipped["knn_colour"] > random["knn_colour"] + 0.05


def test_heads_mark_the_shape_more_than_another_pictures(figures):
    shipped, random = figures
    assert shipped["jaccard"] > shipped["jaccard_other_picture"] + 0.03
    assert shipped["jaccard_best_head"] > random["jaccard_best_head"] + 0.04
