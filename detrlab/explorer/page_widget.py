"""What the live views of one picture have in common: a widget in a notebook, a page that needs nobody, a figure."""

from __future__ import annotations

import base64
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import anywidget
import traitlets

from detrlab.explorer.page import embedded_html, page_html
from detrlab.explorer.payload import Payload


class PageWidget(anywidget.AnyWidget):
    """A live view whose payload can stand in a page. A subclass says `title`, `entry` (the page's module in static/),
    and makes `whole` and `figure`."""

    title: ClassVar[str]
    entry: ClassVar[str]
    meta = traitlets.Dict().tag(sync=True)
    data = traitlets.Bytes().tag(sync=True)
    picture = traitlets.Bytes().tag(sync=True)

    @cached_property
    def whole(self) -> Payload:
        """All that the front end needs where there is no Python to ask."""
        raise NotImplementedError

    @cached_property
    def figure(self) -> bytes:
        """A PNG file for readers in which nothing moves."""
        raise NotImplementedError

    def save(self, path: str | Path) -> Path:
        """Write the view as one HTML file that needs neither server nor network; returns its path."""
        path = Path(path)
        path.write_text(page_html(self.whole, self.figure, self.title, self.entry), encoding="utf-8")
        return path

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict, dict]:
        """The live widget; for exported notebooks a page in a frame, and a figure where not even that is allowed."""
        data, metadata = super()._repr_mimebundle_(**kwargs)
        data["image/png"] = base64.b64encode(self.figure).decode("ascii")
        if self.meta["whole"]:
            data["text/html"] = embedded_html(self.whole, self.figure, self.title, self.entry)
        data["text/plain"] = f"{self.title}: {self._summary()}; .save('page.html') keeps it as a page"
        return data, metadata

    def _summary(self) -> str:
        raise NotImplementedError
