"""What an explorer has painted, read back from its canvas as weights, to be held against a capture."""

from __future__ import annotations

import base64

import numpy as np

from detrlab.explorer.payload import map_colours

READ = """canvas => {
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
    // As one text: a list of numbers is handed over one by one.
    let text = "";
    for (let i = 0; i < data.length; i += 30_000) text += String.fromCharCode(...data.subarray(i, i + 30_000));
    return { width, height, max: Number(canvas.dataset.max), bytes: btoa(text) };
}"""
FINE = 255 * 64 + 1
WITHIN = 1e-3


def read_canvas(canvas) -> tuple[np.ndarray, float]:
    """(H, W, 4) red green blue alpha, 0..255, of a canvas (a playwright locator), and the maximum it says."""
    read = canvas.evaluate(READ)
    pixels = np.frombuffer(base64.b64decode(read["bytes"]), dtype=np.uint8)
    return pixels.reshape(read["height"], read["width"], 4).astype(np.float64), read["max"]


def fine_colours() -> np.ndarray:
    """(FINE, 3) the map's colours, interpolated between the table's 256."""
    table = map_colours().astype(np.float64)
    at = np.linspace(0, 255, FINE)
    return np.stack([np.interp(at, np.arange(256), table[:, channel]) for channel in range(3)], axis=1)


def painted_weights(canvas) -> np.ndarray:
    """(H, W) weights on a canvas (a playwright locator): the place of each colour on the scale times its maximum."""
    pixels, most = read_canvas(canvas)
    assert (pixels[..., 3] == 255).all()
    seen, back = np.unique(pixels[..., :3].reshape(-1, 3), axis=0, return_inverse=True)
    distances = ((seen[:, None] - fine_colours()) ** 2).sum(-1)  # (colours, FINE)
    shares = distances.argmin(1) / (FINE - 1)
    return shares[back.reshape(-1)].reshape(pixels.shape[:2]) * most


def assert_coloured(canvas, expected, channels: int = 6) -> None:
    """The canvas has the colours of these weights (H, W), from 0 to their maximum, within so many of 255 a channel:
    for maps of thousands of cells, which reading back would take too long, and that were sent with 8 bits."""
    pixels = read_canvas(canvas)[0][..., :3]
    shares = np.asarray(expected, dtype=np.float64) / float(expected.max())
    table = map_colours().astype(np.float64)
    wanted = np.stack([np.interp(255 * shares, np.arange(256), table[:, channel]) for channel in range(3)], axis=-1)
    assert np.abs(pixels - wanted).max() <= channels


def assert_paints(canvas, expected) -> None:
    """The canvas shows these weights (H, W), within 1e-3, or what 8-bit colours can carry where a map is so sharp that
    this is more: rounding cividis to whole channels moves a colour by up to 1.5 of 255 steps along the scale."""
    atol = max(WITHIN, 1.5 * float(expected.max()) / 255)
    np.testing.assert_allclose(painted_weights(canvas), expected, rtol=0, atol=atol)
