"""How good the shipped models are, on held-out scenes that training never sees."""

from __future__ import annotations

from bench.figure import Figure
from detrlab.detr.models import load_model
from detrlab.evaluation.evaluate import evaluate
from tools.train_short.__main__ import shipped

SCENES = 1000


def measure() -> dict[str, Figure]:
    """AP of "shapes" and of the short DETR, and what attention of "shapes" does."""
    shapes, short = evaluate(load_model("shapes"), SCENES), evaluate(shipped(), SCENES)
    how = f"COCO metric on {SCENES} held-out scenes, drawn at 512 px"
    return {
        "shapes.AP": Figure(shapes["AP"], "AP", ">= 0.85", how),
        "shapes.AP50": Figure(shapes["AP50"], "AP", ">= 0.98", how),
        "shapes.AP_hand_drawn": Figure(shapes["AP_hand_drawn"], "AP", ">= 0.75", how + ", hand-drawn style"),
        "shapes.duplicates": Figure(
            shapes["duplicates_percent"], "%", "<= 2", "second hits among detections above 0.7"
        ),
        "shapes.attention_in_box": Figure(
            shapes["attention_in_box"], "of mass", ">= 0.85", "last cross-attention, mean of heads, found objects"
        ),
        "shapes.attention_in_box_control": Figure(
            shapes["attention_in_box_control"], "of mass", "", "same query and box, another picture"
        ),
        "shapes.attention_ratio": Figure(
            shapes["attention_in_box"] / shapes["attention_in_box_control"], "x control", ">= 2", "the two above"
        ),
        "short.AP50": Figure(short["AP50"], "AP", ">= 0.70", how + ", the homework's short DETR"),
    }
