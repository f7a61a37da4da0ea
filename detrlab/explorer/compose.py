"""Compose a scene: drag shapes onto paper, and watch what the model detects while you drag.

A picture of one's own that needs neither camera nor network. The scene is drawn by `detrlab.scenes`, so it looks like
those the model learnt from, or unlike them if one tries.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from itertools import count

import anywidget
import torch
import traitlets
from PIL import Image
from torch import nn

from detrlab.boxes import box_iou
from detrlab.detr.detect import Detections, detect
from detrlab.explorer.front_end import joined, style
from detrlab.explorer.payload import shown_picture
from detrlab.explorer.static_figure import png_file
from detrlab.figures.detections import plot_detections
from detrlab.figures.drawing import colour_of
from detrlab.scenes.captions import describe
from detrlab.scenes.compose import compose
from detrlab.scenes.parts import BACKGROUNDS, CLASSES, COLOURS, FILLS, Background, Scene, Shape

SIDE = 512  # pixels of the paper
SEED = 1  # of textures: they stay the same while one drags
OUTLINED = 0.12  # width of the outline of an unfilled shape, of its radius
FOUND_IOU = 0.5  # with the right class, a box that overlaps so much counts as found


class SceneComposer(anywidget.AnyWidget):
    """Made by `compose_scene`. After dragging, `.picture` is the picture (PIL), or None while the paper is empty."""

    _esm = joined("compose_widget.js")
    _css = style("explorer.css", "controls.css", "studio.css")
    choices = traitlets.Dict().tag(sync=True)
    arrangement = traitlets.Dict().tag(sync=True)
    picture_file = traitlets.Bytes().tag(sync=True)
    result = traitlets.Dict().tag(sync=True)

    def __init__(self, model: nn.Module, threshold: float = 0.7) -> None:
        """threshold: detections score above it, 0..1."""
        self._model, self._threshold = model, threshold
        self._colours: dict[int, int] = {}  # {query: the number of its colour}
        super().__init__(
            choices={
                "classes": list(CLASSES),
                "colours": {name: f"rgb{rgb}" for name, rgb in COLOURS.items()},
                "fills": list(FILLS),
                "backgrounds": list(BACKGROUNDS),
                "side": SIDE,
            },
            arrangement={"shapes": [], "background": {"kind": "paper", "colour": "white"}},
        )

    @property
    def picture(self) -> Image.Image | None:
        """The scene as a picture, or None while nothing lies on the paper."""
        return self.scene.picture if self.arrangement["shapes"] else None

    @traitlets.observe("arrangement")
    def _draw(self, _change: object) -> None:
        """Draw the arrangement, detect, and send both in one message."""
        self.scene = scene_of(self.arrangement)
        self.detections = detect(self._model, self.scene.picture, self._threshold)
        self._colours = kept_colours(self._colours, self.detections.queries.tolist())
        with self.hold_sync():
            self.picture_file = shown_picture(self.scene.picture)
            self.result = {
                "detections": [
                    {
                        "box_xyxy": list(each.box_xyxy),
                        "label": f"{each.name} {each.score:.2f}",
                        "colour": colour_of(self._colours[each.query]),
                    }
                    for each in self.detections
                ],
                "found": found(self.scene, self.detections),
                "of": len(self.scene.names),
                "caption": describe(self.scene),
            }

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict, dict]:
        """The live widget, and for exported notebooks the scene with its detections."""
        data, metadata = super()._repr_mimebundle_(**kwargs)
        figure = png_file(plot_detections(self.scene.picture, self.detections))
        data["image/png"] = base64.b64encode(figure).decode("ascii")
        data["text/plain"] = f"Compose a scene: {describe(self.scene)}"
        return data, metadata


def compose_scene(model: nn.Module) -> SceneComposer:
    """A paper to drag shapes onto, with the model's detections.

    In the next cell `composer.picture` is the picture; it is None while the paper is empty, and then
    `keep_picture(composer.picture)` takes the picture that was kept before.
    """
    return SceneComposer(model)


def scene_of(arrangement: dict) -> Scene:
    """Draw {"shapes": [{name, x, y, radius, angle, colour, fill}, ...], "background": {kind, colour}}.

    x, y: the centre, 0..1 of the paper, x to the right, y down; radius: of the paper's side; angle: degrees clockwise;
    shapes from the back to the front.
    """
    shapes = [
        Shape(
            each["name"],
            (each["x"], each["y"]),
            each["radius"],
            angle=each["angle"],
            colour=each["colour"],
            fill=each["fill"],
            outline_colour=each["colour"],
            outline_width=OUTLINED if each["fill"] in ("none", "hatched") else 0.0,
            seed=SEED,
        )
        for each in arrangement["shapes"]
    ]
    background = arrangement["background"]
    return compose(shapes, Background(background["kind"], background["colour"], seed=SEED), (SIDE, SIDE))


def kept_colours(before: dict[int, int], queries: Iterable[int]) -> dict[int, int]:
    """{query: the number of its colour}.

    Queries of before keep theirs, so no box changes its colour because another one goes; others take the first that is
    free.
    """
    queries = list(queries)
    stay = {query: before[query] for query in queries if query in before}
    free = (number for number in count() if number not in stay.values())
    return {query: stay[query] if query in stay else next(free) for query in queries}


def found(scene: Scene, detections: Detections) -> int:
    """How many of the scene's shapes have a detection of their class that overlaps them well."""
    if not len(detections) or not scene.names:
        return 0
    overlap = box_iou(torch.from_numpy(scene.boxes_xyxy).float(), detections.boxes_xyxy)  # (T, N)
    same = torch.tensor([[shape == name for name in detections.names] for shape in scene.names])
    return int((same & (overlap > FOUND_IOU)).any(1).sum())
