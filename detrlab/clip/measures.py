"""What a CLIP knows: retrieval, zero-shot classification, binding, and the gap between its two halves.

CLIP (arXiv:2103.00020), section 3.1 "Zero-shot transfer"; binding: ARO (arXiv:2210.01936); gap: Liang et al. 2022
(arXiv:2203.02053).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from detrlab.clip.data import CaptionedScenes
from detrlab.clip.model import CLIP
from detrlab.scenes.captions import OPENINGS, ShapeGroup, swapped
from detrlab.scenes.parts import CLASSES, COLOURS

CHUNK = 100  # pictures or texts that go through a tower together
COLOURED_SHAPES = tuple((colour, name) for colour in COLOURS for name in CLASSES)  # the 72 classes


def recall_at_k(similarity: Tensor, captions: Sequence[str], k: int) -> tuple[float, float]:
    """Shares of pictures (of captions) among whose k most similar captions (pictures) there is a right one.

    A caption is right for every picture of which an equal caption was told: two pictures of "a red ring" cannot be told
    apart by it.

    Args:
        similarity: (N, N), pictures by captions, in one order.
        captions: the N texts.
        k: how many may be named.

    Returns:
        picture to text, text to picture.
    """
    number = {caption: i for i, caption in enumerate(dict.fromkeys(captions))}
    which = torch.tensor([number[caption] for caption in captions])
    right = which[:, None] == which  # (N, N)
    best = [similarity.topk(k, dim=1).indices, similarity.T.topk(k, dim=1).indices]
    found = [right.gather(1, each).any(1).float().mean().item() for each in best]
    return found[0], found[1]


@torch.no_grad()
def encode_pictures(model: CLIP, pictures: Tensor) -> Tensor:
    """Features (N, E) of length 1 of normalised pictures, a part at a time."""
    return torch.cat([model.encode_image(part) for part in pictures.split(CHUNK)])


@torch.no_grad()
def encode_texts(model: CLIP, texts: Sequence[str]) -> Tensor:
    """Features (N, E) of length 1 of texts, a part at a time."""
    return torch.cat([model.encode_text(part) for part in model.tokenizer(texts).split(CHUNK)])


def zero_shot_classifier(model: CLIP, prompts: Sequence[Sequence[str]]) -> Tensor:
    """One feature of length 1 for each class, (K, E): the mean of the features of its prompts, normalised again
    (section 3.1.4, "prompt ensembling")."""
    means = [encode_texts(model, texts).mean(0) for texts in prompts]
    return F.normalize(torch.stack(means), dim=-1)


def zero_shot(image_features: Tensor, classifier: Tensor) -> Tensor:
    """The class of each picture, (N,): whose feature (K, E) is nearest to the picture's (N, E)."""
    return (image_features @ classifier.T).argmax(1)


def prompts_of(colour: str, name: str) -> list[str]:
    """What one class of COLOURED_SHAPES is called: "a red ring", "a picture of a red ring"."""
    return [opening + str(ShapeGroup(1, colour, name)) for opening in OPENINGS]


def shape_prompts(name: str) -> list[str]:
    """A shape in all colours: the ensemble whose mean knows of no colour."""
    return [str(ShapeGroup(1, colour, name)) for colour in COLOURS]


def colour_prompts(colour: str) -> list[str]:
    """A colour on all shapes."""
    return [str(ShapeGroup(1, colour, name)) for name in CLASSES]


@dataclass(frozen=True)
class Binding:
    """How often the true caption was preferred to the swapped one: share (a tie counts half), of how many pairs."""

    share: float
    pairs: int

    @property
    def error(self) -> float:
        """The standard error of the share."""
        return (self.share * (1 - self.share) / self.pairs) ** 0.5


@torch.no_grad()
def binding(model: CLIP, scenes: CaptionedScenes, kind: str, seed: int = 0) -> Binding:
    """Is a scene's caption more similar to its picture than the same caption with a swap (a key of SWAPS)?

    Scenes whose caption has nothing of that kind to exchange are left out. Chance is 0.5.

    Raises:
        ValueError: an unknown kind, or no scene that has something to exchange.
    """
    chosen, told, false = [], [], []
    for i, caption in enumerate(scenes.captions(seed)):
        wrong = swapped(caption, kind, np.random.default_rng((i, seed, 306)))
        if wrong is not None:
            chosen.append(i)
            told.append(str(caption))
            false.append(str(wrong))
    if not chosen:
        raise ValueError(f"no caption of these scenes has {kind} to exchange: give more scenes")
    features = encode_pictures(model, scenes.normalised(chosen))  # (N, E)
    right, wrong = ((features * encode_texts(model, texts)).sum(1) for texts in (told, false))
    share = (right > wrong).float() + 0.5 * (right == wrong).float()
    return Binding(share.mean().item(), len(chosen))


def modality_gap(image_features: Tensor, text_features: Tensor) -> float:
    """The distance between the means of pictures' and of texts' features, (N, E) of length 1 each: 0 to 2."""
    return (image_features.mean(0) - text_features.mean(0)).norm().item()


def measure_clip(model: CLIP, held_out: CaptionedScenes, single: CaptionedScenes) -> dict[str, float]:
    """All figures of a model: on held-out scenes of one to three shapes, and on such of one shape each."""
    captions = [str(caption) for caption in held_out.captions()]
    images, texts = encode_pictures(model, held_out.normalised()), encode_texts(model, captions)
    found = {}
    for k in (1, 5):
        found[f"image_to_text_{k}"], found[f"text_to_image_{k}"] = recall_at_k(images @ texts.T, captions, k)
    features = encode_pictures(model, single.normalised())
    truth = [(truth.shapes[0].colour, truth.shapes[0].name) for truth in single.truths]
    for what, classes, prompts, of in (
        ("72", COLOURED_SHAPES, [prompts_of(*each) for each in COLOURED_SHAPES], truth),
        ("shape", CLASSES, [shape_prompts(name) for name in CLASSES], [name for _, name in truth]),
        ("colour", tuple(COLOURS), [colour_prompts(colour) for colour in COLOURS], [colour for colour, _ in truth]),
    ):
        goal = torch.tensor([list(classes).index(each) for each in of])
        chosen = zero_shot(features, zero_shot_classifier(model, prompts))
        found[f"zero_shot_{what}"] = (chosen == goal).float().mean().item()
    for kind in ("colours", "places", "order", "counts"):
        found[f"binding_{kind}"] = binding(model, held_out, kind).share
    found["modality_gap"] = modality_gap(images, texts)
    found["temperature"] = (-model.logit_scale).exp().item()
    return found
