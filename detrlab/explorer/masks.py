"""The masks of one picture to move over: each mask's attention maps, and its way from these to full size.

All that is shown is sent when it opens, as whole numbers of 8 bits where a picture is looked at and not read from.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from PIL import Image
from torch import Tensor

from detrlab.explorer.front_end import joined, style
from detrlab.explorer.page import STYLES
from detrlab.explorer.page_widget import PageWidget
from detrlab.explorer.payload import Payload, map_colours, pack, shown_picture
from detrlab.explorer.static_figure import png_file
from detrlab.figures.drawing import colour_of
from detrlab.figures.masks import plot_masks
from detrlab.images import to_input
from detrlab.panoptic.mask_path import MaskPath, mask_path
from detrlab.panoptic.postprocess import segment
from detrlab.panoptic.segmentation import DETRsegm
from detrlab.panoptic.segments import PanopticMap

LONGEST_IDS = 400  # pixels of the map of segments as sent


class MaskExplorer(PageWidget):
    """The segments of one picture; made by `explore` from a model with masks. `.found` is the `PanopticMap`."""

    _esm = joined("masks_widget.js")
    _css = style(*STYLES)
    title = "Mask explorer"
    entry = "masks_page.js"

    def __init__(self, model: DETRsegm, picture: Image.Image, threshold: float) -> None:
        """threshold: of the class's probability, above which object queries count."""
        self._original, self._classes = picture, model.classes
        self.found = segment(model, picture, threshold)
        # A merged segment is looked into by the first of its queries.
        queries = [each.queries[0] for each in self.found.segments]
        path = mask_path(model, to_input(picture, *model.input_size), queries) if queries else None
        opening = masks_payload(picture, self.found, path, model)
        super().__init__(meta=opening.meta, data=opening.data, picture=opening.picture)
        self.whole = opening

    @cached_property
    def figure(self) -> bytes:
        return png_file(plot_masks(self._original, self.found, self._classes))

    def _summary(self) -> str:
        return f"{len(self.found.segments)} segments"


def masks_payload(picture: Image.Image, found: PanopticMap, path: MaskPath | None, model: DETRsegm) -> Payload:
    """Everything the front end needs.

    path: of the first query of each segment; None where there is no segment.
    """
    areas = found.areas
    arrays = {"colours": map_colours(), "ids": _reduced(found.ids)}
    segments = []
    for number, each in enumerate(found.segments):
        segments.append(
            {
                "id": each.id,
                "name": model.classes[each.label],
                "thing": each.label in model.things,
                "queries": list(each.queries),
                "share": areas[each.id] / found.ids.size,
                "colour": colour_of(number),
            }
        )
    steps: list[dict[str, object]] = []
    if path is not None:
        arrays["attention"] = path.attention.numpy()  # (Q', M, h, w)
        finer = ["", *model.stages]
        for number, (features, channels) in enumerate(zip(path.features, path.channels, strict=True)):
            arrays[f"step.{number}"], peaks = eight_bits(features)
            steps.append({"stage": finer[number], "channels": channels, "peaks": peaks})
        arrays[f"step.{len(steps)}"], peaks = eight_bits(path.logits.sigmoid())
        steps.append({"stage": "", "channels": 1, "peaks": peaks})
    places, data = pack(arrays)
    meta = {
        "picture": {"width": picture.width, "height": picture.height},
        "segments": segments,
        "steps": steps,
        "heads": model.bbox_attention.num_heads,
        "arrays": places,
        "whole": True,
    }
    return Payload(meta, data, shown_picture(picture))


def eight_bits(maps: Tensor) -> tuple[np.ndarray, list[float]]:
    """Maps (Q', h, w), none negative, as uint8 from 0 to each map's own maximum, and these maxima."""
    peaks = maps.amax((1, 2)).clamp(min=1e-12)  # (Q',)
    return (maps / peaks[:, None, None] * 255).round().numpy().astype(np.uint8), peaks.tolist()


def _reduced(ids: np.ndarray) -> np.ndarray:
    """Ids (H, W) as uint8 at most LONGEST_IDS a side, each pixel as the original's at its centre."""
    scale = max(1.0, max(ids.shape) / LONGEST_IDS)
    rows, columns = (((np.arange(round(n / scale)) + 0.5) * n / round(n / scale)).astype(int) for n in ids.shape)
    return ids[rows[:, None], columns].astype(np.uint8)
