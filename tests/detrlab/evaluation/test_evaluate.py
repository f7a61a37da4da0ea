"""The figures that the model card reports, on predictions whose figures a person can derive."""

import numpy as np
import pytest
import torch

from detrlab.evaluation.evaluate import HeldOut, _attention_in_box, _coco_ap, held_out, hits


def _held(boxes_per_picture, labels_per_picture):
    return HeldOut(
        inputs=torch.zeros(len(boxes_per_picture), 3, 40, 56),
        boxes_xyxy=[torch.tensor(boxes, dtype=torch.float32).view(-1, 4) for boxes in boxes_per_picture],
        labels=[torch.tensor(labels, dtype=torch.int64) for labels in labels_per_picture],
        size_wh=(560, 400),
    )


A, B = [10, 10, 110, 110], [200, 100, 300, 300]


def _predicted(boxes, labels, scores):
    return {
        "boxes_xyxy": torch.tensor(boxes, dtype=torch.float32),
        "labels": torch.tensor(labels),
        "scores": torch.tensor(scores),
    }


def test_perfect_answers_have_an_average_precision_of_one():
    held = _held([[A, B], [B]], [[0, 3], [0]])
    predicted = _predicted([[A, B], [B, A]], [[0, 3], [0, 2]], [[0.9, 0.8], [0.9, 0.1]])
    figures = _coco_ap(predicted, held)
    assert figures == pytest.approx({"AP": 1, "AP50": 1, "AP75": 1})


def test_a_box_with_iou_two_thirds_counts_up_to_a_threshold_of_two_thirds():
    # 100 wide, moved by 20: IoU 80/120. It passes .50, .55, .60 and .65, four of COCO's ten thresholds.
    held = _held([[A]], [[0]])
    predicted = _predicted([[[30, 10, 130, 110]]], [[0]], [[0.9]])
    assert _coco_ap(predicted, held) == pytest.approx({"AP": 0.4, "AP50": 1, "AP75": 0})


def test_a_second_detection_of_an_object_is_a_duplicate_but_not_one_of_another_class_or_below_the_threshold():
    held = _held([[A, B]], [[0, 3]])
    predicted = _predicted([[A, A, A, A, B]], [[0, 0, 1, 0, 3]], [[0.8, 0.9, 0.95, 0.6, 0.75]])
    found, duplicates, detections = hits(predicted, held)
    assert found == [(0, 1, 0), (0, 4, 1)]
    assert duplicates == 1
    assert detections == 4


def test_two_close_objects_of_a_class_are_no_duplicates():
    near = [20, 10, 120, 110]
    held = _held([[A, near]], [[0, 0]])
    found, duplicates, _ = hits(_predicted([[A, A]], [[0, 0]], [[0.9, 0.8]]), held)
    assert found == [(0, 0, 0), (0, 1, 1)]
    assert duplicates == 0


def test_attention_mass_is_that_on_cells_centred_in_the_box_and_the_control_is_the_next_picture():
    # The map of a 40 x 56 input has 5 x 7 cells, of 80 pixels of the drawing. The box covers the centres of
    # columns 1 and 2 in row 0.
    held = _held([[[100, 0, 220, 60]], [[100, 0, 220, 60]]], [[0], [0]])
    attention = torch.zeros(2, 3, 35)
    attention[0, 2, 1], attention[0, 2, 2], attention[0, 2, 8] = 0.5, 0.25, 0.25
    attention[1, 2, 1], attention[1, 2, 34] = 0.1, 0.9
    own, control = _attention_in_box(attention, [(0, 2, 0)], held)
    assert own == pytest.approx(0.75)
    assert control == pytest.approx(0.1)


def test_held_out_scenes_are_drawn_sharp_and_seen_at_the_size_of_the_models_input():
    held = held_out("hand_drawn", 2, (96, 72))
    assert held.inputs.shape[-2:] == (128, 170)
    assert all(np.ptp(boxes.numpy()) > 0 for boxes in held.boxes_xyxy)
