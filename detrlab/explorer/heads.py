"""Switch heads off: what is lost when decoder heads no longer look at the picture, or the encoder skips a layer?

Every head of the decoder's cross-attention and every layer of the encoder is a switch (ablation.py); the detections
follow, with what they were before beside them.
"""

from __future__ import annotations

import base64
from collections import Counter

import anywidget
import torch
import traitlets
from torch import nn

from detrlab.attention.ablation import layers_of, switched_off
from detrlab.boxes import box_iou
from detrlab.detr.detect import Detection, Detections, detect
from detrlab.explorer.front_end import joined, style
from detrlab.explorer.payload import shown_picture
from detrlab.explorer.static_figure import best_of, png_file
from detrlab.figures.detections import plot_detections
from detrlab.figures.drawing import colour_of
from detrlab.images import Source, open_picture

SAME_PLACE_IOU = 0.5  # of a box with what it was; one that overlaps less has moved away
FATES = ("in place", "moved", "other class", "lost", "new")


class HeadSwitches(anywidget.AnyWidget):
    """Made by `switch_heads`. `.off` says what is off, `.detections` what is detected then."""

    _esm = joined("heads_widget.js")
    _css = style("explorer.css", "controls.css", "studio.css")
    meta = traitlets.Dict().tag(sync=True)
    picture_file = traitlets.Bytes().tag(sync=True)
    off = traitlets.Dict().tag(sync=True)
    result = traitlets.Dict().tag(sync=True)

    def __init__(self, model: nn.Module, picture: Source, threshold: float = 0.7) -> None:
        """threshold: detections score above it, 0..1."""
        self._model, self._picture, self._threshold = model, open_picture(picture), threshold
        encoder, decoder = layers_of(model)
        self._before = detect(model, self._picture, 0.0)
        super().__init__(
            meta={
                "width": self._picture.width,
                "height": self._picture.height,
                "encoder_layers": len(encoder),
                "decoder_layers": len(decoder),
                "heads": decoder[0].multihead_attn.num_heads,
            },
            picture_file=shown_picture(self._picture),
            off={"heads": [], "encoder_layers": []},
        )

    @traitlets.observe("off")
    def _detect(self, _change: object) -> None:
        heads, layers = self.off["heads"], self.off["encoder_layers"]
        with switched_off(self._model, heads, layers):
            now = detect(self._model, self._picture, 0.0)
        rows = compared(self._before, now, self._threshold)
        self.detections = best_of(now, self._threshold)
        fates = Counter(row["fate"] for row in rows)
        self.result = {
            "rows": rows,
            "heads_off": len(heads),
            "layers_off": len(layers),
            "of": len(rows) - fates["new"],
            "fates": {fate: fates[fate] for fate in FATES},
        }

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict, dict]:
        """The live widget, and for exported notebooks the detections of the moment."""
        data, metadata = super()._repr_mimebundle_(**kwargs)
        figure = png_file(plot_detections(self._picture, self.detections))
        data["image/png"] = base64.b64encode(figure).decode("ascii")
        data["text/plain"] = f"Switch heads off: {self.off}"
        return data, metadata


def switch_heads(model: nn.Module, picture: Source, threshold: float = 0.7) -> HeadSwitches:
    """Switches for the decoder's heads and the encoder's layers, over a picture with its detections.

    Args:
        model: from `load_model`.
        picture: anything `open_picture` takes.
        threshold: detections score above it, 0..1.

    Raises:
        ValueError: a threshold outside 0..1, or a model built unlike DETR.
        PictureError: the picture cannot be opened.
    """
    return HeadSwitches(model, picture, threshold)


def compared(before: Detections, now: Detections, threshold: float) -> list[dict]:
    """A row for each query that scores above the threshold before or now, the best of before first.

    before, now: of all queries. box_xyxy is where the query's detection is now (of a lost one, where it was), was_xyxy
    where it was, and iou how well the two overlap; both are None of one that is new or lost.
    """
    now_of = {each.query: each for each in now}
    rows: list[dict[str, object]] = []
    for was in before:
        is_now: Detection = now_of[was.query]
        if max(was.score, is_now.score) <= threshold:
            continue
        lost, new = is_now.score <= threshold, was.score <= threshold
        iou = float(box_iou(torch.tensor([was.box_xyxy]), torch.tensor([is_now.box_xyxy])))
        if lost or new:
            fate = "lost" if lost else "new"
        elif iou <= SAME_PLACE_IOU:
            fate = "moved"
        else:
            fate = "in place" if was.name == is_now.name else "other class"
        rows.append(
            {
                "number": len(rows) + 1,
                "colour": colour_of(len(rows)),
                "query": was.query,
                "name": was.name,
                "before": was.score,
                "name_now": is_now.name,
                "now": is_now.score,
                "fate": fate,
                "iou": None if lost or new else iou,
                "box_xyxy": list(was.box_xyxy if lost else is_now.box_xyxy),
                "was_xyxy": None if lost or new else list(was.box_xyxy),
            }
        )
    return rows
