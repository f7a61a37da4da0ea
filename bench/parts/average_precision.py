"""The average precision that students write in 03_set_prediction, against pycocotools' on the same detections."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median

from autograder.build.expected import step_cells
from autograder.build.in_process import runner
from autograder.course.source import read_source
from bench.figure import ROOT, Figure, cpu_seconds
from coursework.checks.notebook import recording

NOTEBOOK = ROOT / "solutions" / "03_set_prediction" / "q3_measure"
STEP, EXERCISE = "04_mean_ap", "mean_ap"
EARLIER = ("match_detections", "precision_recall", "envelope_101")  # what `class_ap` of the opening is made of
ROUNDS = 5
TOLERANCE = 1e-9


def measure() -> dict[str, Figure]:
    """`measure.ap_cpu_ratio_pycocotools`: the solution's seconds by pycocotools', both from arrays to one number."""
    cells = step_cells(read_source(NOTEBOOK), STEP, {EXERCISE: EARLIER})
    with tempfile.TemporaryDirectory() as place, runner(Path(place)) as kernel:
        with recording([1]):
            for cell in cells:
                if (run := kernel.run(cell.source)).error:
                    raise RuntimeError(f"{NOTEBOOK.name}, {cell.kind} {cell.name}: {run.error}")
        held = kernel.namespace
        model, scenes, _, logits, boxes_cxcywh = held["shapes_run"]()
        K = len(model.classes)
        found = zip(scenes, *held["best_of_each"](logits, boxes_cxcywh), strict=True)
        images = [held["as_image"](*each) for each in found]
        own, coco = [], []
        values: dict[str, float] = {}
        for _ in range(ROUNDS):
            own.append(cpu_seconds(lambda: values.update(own=held["mean_over_classes"](images, K, held["class_ap"]))))
            coco.append(cpu_seconds(lambda: values.update(coco=held["coco_ap"](images, K))))
    if not abs(values["own"] - values["coco"]) < TOLERANCE:
        raise RuntimeError(f"the two differ: {values}")
    how = (
        f"{len(images)} scenes, {K} classes, ten thresholds, both say {values['own']:.4f}; "
        f"{median(own):.2f} against {median(coco):.2f} CPU s, medians of {ROUNDS}"
    )
    return {"measure.ap_cpu_ratio_pycocotools": Figure(median(own) / median(coco), "of its time", "<= 3", how)}
