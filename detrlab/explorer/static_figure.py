"""The explorer's still picture, for readers in which nothing moves: what each of the best detections looks at."""

from __future__ import annotations

import io

from matplotlib.figure import Figure
from PIL import Image

from detrlab.attention.capture import CapturedAttention
from detrlab.detr.detect import Detections
from detrlab.figures.attention import plot_attention_heads, plot_decoder_attention, plot_encoder_attention

SHOWN = 4  # detections; a figure of more takes longer than opening may
DPI = 80


def static_figure(
    picture: Image.Image, attention: CapturedAttention, detections: Detections, threshold: float, sample: int
) -> bytes:
    """A PNG file: the decoder's attention of the best detections above the threshold, else the encoder's; of a vision
    transformer where its class token looks."""
    if attention.encoder(sample=sample).lead:
        return png_file(plot_attention_heads(picture, attention, "class token", sample=sample))
    best = best_of(detections, threshold, SHOWN)
    if len(best):
        return png_file(plot_decoder_attention(picture, best, attention, sample=sample))
    return png_file(plot_encoder_attention(picture, attention, sample=sample))


def best_of(detections: Detections, threshold: float, most: int | None = None) -> Detections:
    """Those above the threshold, at most `most`; detections are sorted, best first."""
    kept = slice(min(int((detections.scores > threshold).sum()), len(detections) if most is None else most))
    return Detections(
        boxes_xyxy=detections.boxes_xyxy[kept],
        labels=detections.labels[kept],
        scores=detections.scores[kept],
        queries=detections.queries[kept],
        names=detections.names[kept],
    )


def png_file(figure: Figure) -> bytes:
    """The bytes of a PNG file."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DPI)
    return file.getvalue()
