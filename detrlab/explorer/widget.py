"""The explorer in a notebook (anywidget): what is sent when it opens, and rows on demand for large models.

With the small model all queries and keys go to the browser at once and Python has nothing more to do. With DETR-R50
(850 tokens, 6 layers, 8 heads) they stay here, and each move of the mouse asks for the rows it shows.
"""

from __future__ import annotations

import base64
from functools import cached_property
from pathlib import Path

import anywidget
import traitlets
from PIL import Image

from detrlab.attention.capture import CapturedAttention
from detrlab.detr.detect import Detections
from detrlab.explorer.front_end import joined, style
from detrlab.explorer.page import embedded_html, page_html
from detrlab.explorer.payload import ALL_AT_ONCE, Payload, bytes_of, make_payload
from detrlab.explorer.rows import kept_layers
from detrlab.explorer.static_figure import static_figure

TITLE = "Attention explorer"


class Explorer(anywidget.AnyWidget):
    """The attention of one picture to move around in; made by `explore`."""

    _esm = joined("widget.js")
    _css = style("explorer.css", "controls.css")
    meta = traitlets.Dict().tag(sync=True)
    data = traitlets.Bytes().tag(sync=True)
    picture = traitlets.Bytes().tag(sync=True)

    def __init__(
        self,
        attention: CapturedAttention,
        picture: Image.Image,
        detections: Detections,
        threshold: float,
        sample: int = 0,
    ) -> None:
        """attention: captured with lazy=True. picture: the original. detections: of all queries, best first.
        sample: the picture's place in the batch."""
        self._attention, self._original, self._detections = attention, picture, detections
        self._threshold, self._sample = threshold, sample
        self._layers = kept_layers(attention, sample)
        whole = bytes_of(self._layers) <= ALL_AT_ONCE
        opening = self._payload(whole)
        super().__init__(meta=opening.meta, data=opening.data, picture=opening.picture)
        if whole:
            self._whole = opening
        else:
            for layer in self._layers["encoder"]:
                layer.lse  # noqa: B018  now, not when somebody first asks who looks at a point
        self.on_msg(self._answer)

    def save(self, path: str | Path) -> Path:
        """Write the explorer as one HTML file that needs neither server nor network; returns its path."""
        path = Path(path)
        path.write_text(page_html(self._whole, self._figure, TITLE), encoding="utf-8")
        return path

    @cached_property
    def _whole(self) -> Payload:
        return self._payload(whole=True)

    @cached_property
    def _figure(self) -> bytes:
        return static_figure(self._original, self._attention, self._detections, self._threshold, self._sample)

    def _payload(self, whole: bool) -> Payload:
        grid = self._attention.grid(self._sample, self._original)
        return make_payload(self._original, grid, self._detections, self._layers, self._threshold, whole=whole)

    def _answer(self, _widget: object, question: dict, _buffers: list) -> None:
        """Rows that the front end asks for (static/source.js), each a float32 buffer, in the order of the panels."""
        buffers = [
            self._layers[want["kind"]][layer].weights(want["direction"], want["index"], head).numpy().tobytes()
            for want in question["wants"]
            for layer, head in want["panels"]
        ]
        self.send({"number": question["number"]}, buffers)

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict, dict]:
        """The live widget; for exported notebooks a page in a frame, and a figure where not even that is allowed."""
        data, metadata = super()._repr_mimebundle_(**kwargs)
        data["image/png"] = base64.b64encode(self._figure).decode("ascii")
        if self.meta["whole"]:
            data["text/html"] = embedded_html(self._whole, self._figure, TITLE)
        data["text/plain"] = f"{TITLE}: {len(self._detections)} queries; .save('page.html') keeps it as a page"
        return data, metadata
