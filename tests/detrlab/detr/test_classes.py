"""Class names: HuggingFace's configuration of DETR is the oracle for COCO's numbers."""

from detrlab.detr.classes import COCO_CLASSES, SHAPES_CLASSES


def test_coco_has_80_names_in_91_labels():
    assert len(COCO_CLASSES) == 91
    assert len(set(COCO_CLASSES) - {"N/A"}) == 80
    assert COCO_CLASSES[0] == "N/A"


def test_coco_labels_that_people_know():
    known = {
        1: "person",
        13: "stop sign",
        17: "cat",
        27: "backpack",
        44: "bottle",
        65: "bed",
        67: "dining table",
    }
    known |= {70: "toilet", 72: "tv", 75: "remote", 82: "refrigerator", 84: "book", 90: "toothbrush"}
    for label, name in known.items():
        assert COCO_CLASSES[label] == name


def test_coco_equals_torchvisions():
    from torchvision.models._meta import _COCO_CATEGORIES

    assert [name.replace("N/A", "__background__") for name in COCO_CLASSES[:1]] == _COCO_CATEGORIES[:1]
    assert list(COCO_CLASSES[1:]) == _COCO_CATEGORIES[1:]


def test_six_shapes():
    assert SHAPES_CLASSES == ("circle", "square", "triangle", "star", "ring", "cross")
