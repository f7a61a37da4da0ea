"""What the explorer's front end is given: one JSON tree and one run of bytes.

The tree says what is what (picture, grid, detections, layers) and where each array lies in the bytes. Projected
queries and keys go as 16-bit whole numbers, from which JavaScript rebuilds any row: a tenth of what the maps would
take. Whole numbers with one step per channel, because float16 has 11 bits and gets weights wrong by up to 0.0016
(sharp heads of the shapes model); these have 16 and get them wrong by 0.0001.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import matplotlib
import numpy as np
import torch
from PIL import Image

from detrlab.attention.grid import FeatureGrid
from detrlab.detr.detect import Detections
from detrlab.explorer.rows import AttentionRows, Layers
from detrlab.figures.drawing import COLOURS, MAP_COLOURS

LONGEST_SHOWN = 1000  # pixels of the picture as shown; places stay in pixels of the original
ALL_AT_ONCE = 4 * 2**20  # bytes of queries and keys up to which the widget sends everything when it opens
LARGEST_INT16 = 32767


@dataclass(frozen=True)
class Payload:
    """meta: the JSON tree. data: the arrays' bytes. picture: a WebP file."""

    meta: dict
    data: bytes
    picture: bytes


def make_payload(
    picture: Image.Image,
    grid: FeatureGrid,
    detections: Detections,
    layers: Layers,
    threshold: float,
    *,
    lead: int = 0,
    whole: bool,
) -> Payload:
    """Everything the front end needs.

    Args:
        picture: the original; grid: over its pixels; detections: one for every query, best first.
        layers: from `kept_layers`; threshold: where the slider starts.
        lead: 1 if a class token stands in front of the encoder's cells.
        whole: with all queries and keys, or without them for rows on demand.
    """
    arrays = {"colours": map_colours()}
    if whole:
        for kind, of_kind in layers.items():
            for number, layer in enumerate(of_kind):
                arrays |= {f"{kind}.{number}.{part}": array for part, array in sixteen_bits(layer).items()}
    places, data = pack(arrays)
    meta = {
        "picture": {"width": picture.width, "height": picture.height},
        "grid": grid_tree(grid),
        "detections": [
            {"query": each.query, "name": each.name, "score": each.score, "box_xyxy": list(each.box_xyxy)}
            for each in detections
        ],
        "lead": lead,
        "threshold": threshold,
        "layers": {kind: len(of_kind) for kind, of_kind in layers.items()},
        "heads": {kind: len(of_kind[0].q) for kind, of_kind in layers.items()},
        "colours": list(COLOURS),
        "arrays": places,
        "whole": whole,
    }
    return Payload(meta, data, shown_picture(picture))


def grid_tree(grid: FeatureGrid) -> dict[str, object]:
    """Where the cells lie in the picture, for static/grid.js."""
    (H, W), (cell_width, cell_height), (x_edges, y_edges) = grid.cells_hw, grid.cell_size_xy, grid.edges_xy()
    return {
        "H": H,
        "W": W,
        "cell_width": cell_width,
        "cell_height": cell_height,
        "x_edges": x_edges.tolist(),
        "y_edges": y_edges.tolist(),
    }


def sixteen_bits(layer: AttentionRows) -> dict[str, np.ndarray]:
    """A layer as it is sent: q (M, N, D/M) and k (M, S, D/M) int16, times q_step and k_step (M, D/M); lse (M, N)."""
    arrays, restored = {}, []
    for name, tensor in {"q": layer.q, "k": layer.k}.items():
        step = (tensor.abs().amax(1, keepdim=True) / LARGEST_INT16).clamp(min=1e-30)  # (M, 1, D/M)
        integers = (tensor / step).round()
        restored.append(integers * step)
        arrays[name] = integers.to(torch.int16).numpy()
        arrays[f"{name}_step"] = step[:, 0].numpy()
    # Of what is sent, not of what it was: then rows sum to 1 and columns fit them.
    return arrays | {"lse": AttentionRows(*restored).lse.numpy()}


def bytes_of(layers: Layers) -> int:
    """Bytes that all queries and keys take as 16-bit numbers."""
    return sum(2 * (layer.q.numel() + layer.k.numel()) for of_kind in layers.values() for layer in of_kind)


def pack(arrays: dict[str, np.ndarray]) -> tuple[dict[str, dict], bytes]:
    """{"name": {"start", "shape", "type"}} and the bytes, little-endian."""
    places, parts, start = {}, [], 0
    for name, array in arrays.items():
        raw = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
        places[name] = {"start": start, "shape": list(array.shape), "type": array.dtype.name}
        parts.append(raw)
        start += len(raw)
    return places, b"".join(parts)


def map_colours() -> np.ndarray:
    """(256, 3) uint8, red green blue from the map's zero to its maximum: the colours of the figures."""
    return (matplotlib.colormaps[MAP_COLOURS](np.arange(256))[:, :3] * 255).round().astype(np.uint8)


def shown_picture(picture: Image.Image) -> bytes:
    """The picture as a WebP file, at most 1000 pixels a side."""
    if max(picture.size) > LONGEST_SHOWN:
        picture = picture.copy()
        picture.thumbnail((LONGEST_SHOWN, LONGEST_SHOWN), Image.Resampling.LANCZOS)
    encoded = io.BytesIO()
    picture.save(encoded, "WEBP", quality=90, method=0)
    return encoded.getvalue()
