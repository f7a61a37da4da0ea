"""What a ViT that was trained without labels came to, beside its controls; `detrlab eval dino` prints it."""

from functools import lru_cache

import torch
from torch import Tensor

from detrlab.dino.attention_maps import measure_jaccard
from detrlab.dino.features import accuracy, extract_features, knn_predict, linear_probe, pixel_features
from detrlab.dino.scenes import OneShapeScenes, one_shape_scenes
from detrlab.dino.vision_transformer import VisionTransformer, untrained_dino

REFERENCE, HELD_OUT, CHOOSING = 2000, 500, 300  # scenes: neighbours, questions, to choose a head on
LABELS = ("shape", "colour", "ground")  # of which there are 6, 12 and 12


def measure_dino(vit: VisionTransformer, linear: bool = False) -> dict[str, float]:
    """Figures of a network in eval mode on held-out scenes, all 0..1.

    "knn_shape", "knn_colour", "knn_ground": accuracies of the 20 nearest neighbours among other scenes. "jaccard": of
    the fixed head with the masks; "jaccard_other_picture": with the map of another picture; "jaccard_best_head": of
    each object's best head. With `linear` also "linear_shape", "linear_colour", "linear_ground", of a linear probe.
    """
    reference, held_out, choosing = scenes_to_measure()
    found = _by_features(extract_features(vit, reference.inputs()), extract_features(vit, held_out.inputs()), linear)
    to_choose = choosing.inputs(), torch.from_numpy(choosing.masks)
    jaccard = measure_jaccard(vit, held_out.inputs(), torch.from_numpy(held_out.masks), to_choose)
    return found | {
        "jaccard": jaccard.fixed_head,
        "jaccard_other_picture": jaccard.other_picture,
        "jaccard_best_head": jaccard.best_head,
    }


def measure_with_controls(vit: VisionTransformer) -> dict[str, float]:
    """All figures, linear probes too; with "random_" in front those of the same network before its training (seed 0),
    with "pixels_" those without a network."""
    torch.manual_seed(0)
    random, pixels = measure_dino(untrained_dino().eval(), linear=True), measure_pixels(linear=True)
    found = measure_dino(vit, linear=True)
    found |= {f"random_{name}": value for name, value in random.items()}
    return found | {f"pixels_{name}": value for name, value in pixels.items()}


def measure_pixels(linear: bool = False) -> dict[str, float]:
    """The same of pictures shrunk to 16 x 16 pixels, as far as there is such a thing without a network."""
    reference, held_out, _ = scenes_to_measure()
    return _by_features(pixel_features(reference.inputs()), pixel_features(held_out.inputs()), linear)


@lru_cache(maxsize=1)
def scenes_to_measure() -> tuple[OneShapeScenes, OneShapeScenes, OneShapeScenes]:
    """Scenes to find neighbours among, held-out ones, and those on which a head is chosen."""
    return (
        one_shape_scenes(REFERENCE, "reference"),
        one_shape_scenes(HELD_OUT, "held_out"),
        one_shape_scenes(CHOOSING, "choosing"),
    )


def _by_features(bank: Tensor, features: Tensor, linear: bool) -> dict[str, float]:
    reference, held_out, _ = scenes_to_measure()
    found = {}
    for name in LABELS:
        labels, wanted = (torch.from_numpy(getattr(scenes, f"{name}s")) for scenes in (reference, held_out))
        found[f"knn_{name}"] = accuracy(knn_predict(features, bank, labels), wanted)
        if linear:
            found[f"linear_{name}"] = linear_probe(bank, labels, features, wanted)
    return found
