"""The explorer in a notebook (anywidget): what is sent when it opens, and rows on demand for large models.

With the small model all queries and keys go to the browser at once and Python has nothing more to do. With DETR-R50
(850 tokens, 6 layers, 8 heads) they stay here, and each move of the mouse asks for the rows it shows.
"""

from __future__ import annotations

from functools import cached_property

from PIL import Image

from detrlab.attention.capture import CapturedAttention
from detrlab.detr.detect import Detections
from detrlab.explorer.front_end import joined, style
from detrlab.explorer.page_widget import PageWidget
from detrlab.explorer.payload import ALL_AT_ONCE, Payload, bytes_of, make_payload
from detrlab.explorer.rows import kept_layers
from detrlab.explorer.static_figure import static_figure


class Explorer(PageWidget):
    """The attention of one picture to move around in; made by `explore`."""

    _esm = joined("widget.js")
    _css = style("explorer.css", "controls.css")
    title = "Attention explorer"
    entry = "page.js"

    def __init__(
        self,
        attention: CapturedAttention,
        picture: Image.Image,
        detections: Detections,
        threshold: float,
        sample: int = 0,
    ) -> None:
        """attention: captured with lazy=True. picture: the original. detections: of all queries, best first; of a
        vision transformer none. sample: the picture's place in the batch."""
        self._attention, self._original, self._detections = attention, picture, detections
        self._threshold, self._sample = threshold, sample
        self._layers = kept_layers(attention, sample)
        whole = bytes_of(self._layers) <= ALL_AT_ONCE
        opening = self._payload(whole)
        super().__init__(meta=opening.meta, data=opening.data, picture=opening.picture)
        if whole:
            self.whole = opening
        else:
            for layer in self._layers["encoder"]:
                layer.lse  # noqa: B018  now, not when somebody first asks who looks at a point
        self.on_msg(self._answer)

    @cached_property
    def whole(self) -> Payload:
        return self._payload(whole=True)

    @cached_property
    def figure(self) -> bytes:
        return static_figure(self._original, self._attention, self._detections, self._threshold, self._sample)

    def _payload(self, whole: bool) -> Payload:
        encoder = self._attention.encoder(sample=self._sample, picture=self._original)
        return make_payload(
            self._original,
            encoder.grid,
            self._detections,
            self._layers,
            self._threshold,
            lead=encoder.lead,
            whole=whole,
        )

    def _answer(self, _widget: object, question: dict, _buffers: list) -> None:
        """Rows that the front end asks for (static/source.js), each a float32 buffer, in the order of the panels."""
        buffers = [
            self._layers[want["kind"]][layer].weights(want["direction"], want["index"], head).numpy().tobytes()
            for want in question["wants"]
            for layer, head in want["panels"]
        ]
        self.send({"number": question["number"]}, buffers)

    def _summary(self) -> str:
        return f"{len(self._detections)} queries" if len(self._detections) else "a class token and patches"
