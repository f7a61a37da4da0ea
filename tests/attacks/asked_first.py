"""Detections of a check's own, handed in as the student's: made by the library, kept by a patched class."""

from tests.course_graders import looks_first, ours, source

DEFENCE = (
    "a check asks the answer before anything of the library's looks at the picture, and sees which model runs begin"
)
OURS, WITHOUT = ours, looks_first
KEEPS = """# q2_detect_and_attend own_picture
import detrlab.detr.detect as library
kept, Made = [], library.Detections
def keep(**given):
    kept.append(Made(**given))
    return kept[-1]
library.Detections = keep
def above(threshold):
    sure = kept[-1].scores > threshold
    return kept[-1].boxes_xyxy[sure], kept[-1].labels[sure], kept[-1].scores[sure]
"""
MINE = (
    "\n\ndef my_source"
    + source("q2_detect_and_attend").named("exercise")["own_picture"].source.partition("def my_source")[2]
)
ATTACKS = {
    "hands_in_what_the_check_found": KEEPS
    + """
def detect_in_file(model, path, threshold=0.7):
    return above(threshold)
"""
    + MINE,
    "hands_in_what_the_check_found_and_runs_the_model_for_show": KEEPS
    + """
def detect_in_file(model, path, threshold=0.7):
    model.eval()(torch.zeros(1, 3, 64, 64))
    return above(threshold)
"""
    + MINE,
    "has_the_explorer_detect": KEEPS
    + """
def detect_in_file(model, path, threshold=0.7):
    model.eval()(torch.zeros(1, 3, 64, 64))
    explore(shapes, path, threshold=0.0)
    return above(threshold)
"""
    + MINE,
}
