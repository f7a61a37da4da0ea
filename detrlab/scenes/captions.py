"""Captions of scenes by a small grammar, and the same captions made false by a swap.

A caption names groups of like shapes, "a red ring", "two blue stars". It lists them, or says how the last two lie to
each other: "a green cross and a red ring left of a blue star". It is an object whose text is `str(caption)`, so whether
it is true of a scene follows from the scene's shapes and boxes, and one that is false is made on purpose.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from typing import Protocol

import numpy as np

from detrlab.scenes.compose import compose, contrasting_colours
from detrlab.scenes.crisp import FARTHEST
from detrlab.scenes.parts import CLASSES, COLOURS, Background, Scene, Shape

# Relation -> the same said in other words, and its opposite.
RELATIONS = {
    "left of": ("left of", "right of"),
    "right of": ("right of", "left of"),
    "above": ("over", "below"),
    "below": ("under", "above"),
    "over": ("above", "under"),
    "under": ("below", "over"),
}
OPENINGS = ("", "a picture of ")  # with which a caption may begin; both mean the same
PLURALS = {name: name + ("es" if name == "cross" else "s") for name in CLASSES}
COUNTS = ("two", "three")
# "an" is another spelling of "a", no word of its own: a swap of colours leaves the words as they are.
CAPTION_WORDS = (
    *("a", *COUNTS, "and", "left", "right", "of", "above", "below", "over", "under", "picture"),
    *COLOURS,
    *CLASSES,
    *PLURALS.values(),
)
SWAPS = ("colours", "places", "order", "counts")

MOST = 3  # shapes of a captioned scene
RADII = (0.12, 0.2)  # of a captioned scene's shapes, as fractions of the shorter side
GAP = 0.03  # between two shapes, at least, as a fraction of the side
ALIKE = 0.25  # of shapes are like the one before
RELATED = 0.8  # of captions that can say how two groups lie do so
GROUND_KINDS = ("plain", "gradient", "grainy", "paper")


class Drawn(Protocol):
    """What a caption is about: N shapes and their boxes (N, 4) xyxy, in pixels or any other unit. A `Scene` is one."""

    @property
    def shapes(self) -> tuple[Shape, ...]: ...
    @property
    def boxes_xyxy(self) -> np.ndarray: ...


@dataclass(frozen=True)
class ShapeGroup:
    """Shapes of one colour and kind: "a red ring", "two red rings"."""

    count: int
    colour: str
    name: str

    def __str__(self) -> str:
        if self.count == 1:
            return f"{'an' if self.colour[0] in 'aeiou' else 'a'} {self.colour} {self.name}"
        count = COUNTS[self.count - 2] if self.count - 2 < len(COUNTS) else str(self.count)
        return f"{count} {self.colour} {PLURALS[self.name]}"


@dataclass(frozen=True)
class Caption:
    """A caption; `str(caption)` is its text.

    groups: what it names, in its order. relation: a key of RELATIONS, how the group before the last lies to the last;
    None where it only lists. opening: one of OPENINGS.
    """

    groups: tuple[ShapeGroup, ...]
    relation: str | None = None
    opening: str = ""

    def __str__(self) -> str:
        named = [str(group) for group in self.groups]
        if self.relation is not None:
            named[-2:] = [f"{named[-2]} {self.relation} {named[-1]}"]
        return self.opening + (" and ".join([", ".join(named[:-1]), named[-1]]) if len(named) > 1 else "".join(named))

    def is_true_of(self, scene: Drawn) -> bool:
        """Does the scene have exactly so many of each group, and does every one of the first related group lie so to
        every one of the last? A caption may leave out what else there is."""
        members = groups_of(scene)
        if any(len(members.get((each.colour, each.name), ())) != each.count for each in self.groups):
            return False
        if self.relation is None:
            return True
        first, last = (members[each.colour, each.name] for each in self.groups[-2:])
        return lies(self.relation, scene.boxes_xyxy[first], scene.boxes_xyxy[last])


def lies(relation: str, boxes_xyxy: np.ndarray, others_xyxy: np.ndarray) -> bool:
    """Is each of the boxes (N, 4) left of (right of, above, below) each of the others (M, 4)?

    Left of means that it ends before the other begins; y grows downwards. A box left of another and higher is both.
    """
    axis = 0 if relation in ("left of", "right of") else 1
    if relation in ("right of", "below", "under"):
        boxes_xyxy, others_xyxy = others_xyxy, boxes_xyxy
    return bool(boxes_xyxy[:, 2 + axis].max() <= others_xyxy[:, axis].min())


def groups_of(scene: Drawn) -> dict[tuple[str, str], list[int]]:
    """The scene's shapes by (colour, name): their indices."""
    found: dict[tuple[str, str], list[int]] = {}
    for i, shape in enumerate(scene.shapes):
        found.setdefault((shape.colour, shape.name), []).append(i)
    return found


def describe(scene: Drawn) -> str:
    """All of a scene's shapes as a list, "two red rings and a blue star", from the back to the front."""
    counted = Counter((shape.colour, shape.name) for shape in scene.shapes)
    return str(Caption(tuple(ShapeGroup(count, *kind) for kind, count in counted.items()))) or "nothing"


def draw_caption(scene: Drawn, seed: int | np.random.Generator) -> Caption:
    """A random caption that is true of a scene, and names all of its shapes.

    Seen again with another seed, a scene gets another one: another order, relation, word for it, or opening.
    """
    rng = np.random.default_rng(seed)
    members = groups_of(scene)
    kinds = list(members)
    kinds = [kinds[i] for i in rng.permutation(len(kinds))]
    opening = OPENINGS[int(rng.uniform() < 0.2)]
    relation = None
    if len(kinds) > 1 and rng.uniform() < RELATED:
        # With more than two groups the others come first; which two are related is random, as the order is.
        first, last = (scene.boxes_xyxy[members[kind]] for kind in kinds[-2:])
        found = [each for each in RELATIONS if lies(each, first, last)]
        relation = found[rng.integers(len(found))] if found else None
    return Caption(tuple(ShapeGroup(len(members[kind]), *kind) for kind in kinds), relation, opening)


def paraphrase(caption: Caption, seed: int | np.random.Generator) -> Caption:
    """The same said otherwise: in another order, with another word for the relation, or another opening."""
    ways = [each for each in _ways(caption) if each != caption]
    return ways[np.random.default_rng(seed).integers(len(ways))]


def _ways(caption: Caption) -> Iterator[Caption]:
    """Captions that say the same."""
    said: list[tuple[tuple[ShapeGroup, ...], str | None]] = []
    if caption.relation is None:
        said += [(groups, None) for groups in permutations(caption.groups)]
    else:
        *others, first, last = caption.groups
        word, opposite = RELATIONS[caption.relation]
        said += [((*others, first, last), each) for each in (caption.relation, word)]
        said += [((*others, last, first), each) for each in (opposite, RELATIONS[opposite][0])]
    for groups, relation in said:
        for opening in OPENINGS:
            yield Caption(groups, relation, opening)


def swapped(caption: Caption, kind: str, seed: int | np.random.Generator) -> Caption | None:
    """The caption with two things exchanged, so that it is false of every scene of MOST shapes of which it was true.

    kind: one of SWAPS.
        "colours": two groups that differ in kind and colour exchange colours: the same words, bound otherwise.
        "places": the opposite relation, "right of" for "left of".
        "order": the two related groups change places, "a blue star left of a red ring": the same words again.
        "counts": two groups of unlike size exchange their numbers.
    Returns None where there is nothing of that kind to exchange. Raises ValueError for another kind.
    """
    groups = caption.groups
    if kind not in SWAPS:
        raise ValueError(f"unknown swap {kind!r}; choose one of {', '.join(SWAPS)}")
    if kind in ("places", "order"):
        if caption.relation is None:
            return None
        if kind == "places":
            return replace(caption, relation=RELATIONS[caption.relation][1])
        return replace(caption, groups=(*groups[:-2], groups[-1], groups[-2]))
    pairs = [
        (i, j)
        for i, j in combinations(range(len(groups)), 2)
        if (
            groups[i].count != groups[j].count
            if kind == "counts"
            else groups[i].colour != groups[j].colour and groups[i].name != groups[j].name
        )
    ]
    if not pairs:
        return None
    i, j = pairs[np.random.default_rng(seed).integers(len(pairs))]
    what = "count" if kind == "counts" else "colour"
    exchanged = list(groups)
    exchanged[i] = replace(groups[i], **{what: getattr(groups[j], what)})
    exchanged[j] = replace(groups[j], **{what: getattr(groups[i], what)})
    return replace(caption, groups=tuple(exchanged))


def draw_captioned_scene(
    seed: int | np.random.Generator, size: tuple[int, int] = (512, 512), shapes: int | None = None
) -> Scene:
    """A random scene for captions: one to three whole shapes, flat or shaded, of which no two boxes overlap.

    So of two shapes one always lies left of the other, or above it. size: (width, height) in pixels. shapes: how many;
    None draws their number, too.
    """
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, MOST + 1)) if shapes is None else shapes
    ground = Background(
        kind=str(rng.choice(GROUND_KINDS)),
        colour=str(rng.choice(list(COLOURS))),
        tint=rng.uniform(-0.4, 0.6),
        seed=int(rng.integers(1, 2**31)),
    )
    colours = contrasting_colours(rng, [ground])
    kinds = [(colours[rng.integers(len(colours))], str(rng.choice(CLASSES))) for _ in range(count)]
    for i in range(1, count):
        if rng.uniform() < ALIKE:
            kinds[i] = kinds[i - 1]
    places = _places(rng, count)
    drawn = tuple(
        Shape(
            name=name,
            centre_xy=(x, y),
            radius=radius,
            angle=rng.uniform(0, 360),
            colour=colour,
            fill=str(rng.choice(["flat", "flat", "shaded"])),
            proportion=rng.uniform(),
            seed=int(rng.integers(1, 2**31)),
        )
        for (colour, name), (x, y, radius) in zip(kinds, places, strict=True)
    )
    return compose(drawn, ground, size)


def _places(rng: np.random.Generator, count: int) -> list[tuple[float, float, float]]:
    """Centres (x, y) and radii of shapes that lie inside a square picture of side 1 and apart from each other."""
    while True:
        placed: list[tuple[float, float, float]] = []
        for _ in range(40):
            radius = rng.uniform(*RADII)
            reach = FARTHEST * radius
            x, y = rng.uniform(reach, 1 - reach, 2)
            if all(max(abs(x - u), abs(y - v)) >= reach + FARTHEST * r + GAP for u, v, r in placed):
                placed.append((float(x), float(y), radius))
            if len(placed) == count:
                return placed
