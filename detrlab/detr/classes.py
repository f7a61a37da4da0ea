"""Class names; the index in the tuple is the label.

COCO counts its 80 classes from 1 to 90 with gaps, and DETR predicts those numbers as they are.
"""

_COCO_GAPS = (0, 12, 26, 29, 30, 45, 66, 68, 69, 71, 83)
_COCO_NAMES = """
person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light, fire hydrant, stop sign,
parking meter, bench, bird, cat, dog, horse, sheep, cow, elephant, bear, zebra, giraffe, backpack, umbrella,
handbag, tie, suitcase, frisbee, skis, snowboard, sports ball, kite, baseball bat, baseball glove, skateboard,
surfboard, tennis racket, bottle, wine glass, cup, fork, knife, spoon, bowl, banana, apple, sandwich, orange,
broccoli, carrot, hot dog, pizza, donut, cake, chair, couch, potted plant, bed, dining table, toilet, tv, laptop,
mouse, remote, keyboard, cell phone, microwave, oven, toaster, sink, refrigerator, book, clock, vase, scissors,
teddy bear, hair drier, toothbrush
"""


def _coco_classes() -> tuple[str, ...]:
    names = iter(" ".join(_COCO_NAMES.split()).split(", "))
    return tuple("N/A" if label in _COCO_GAPS else next(names) for label in range(91))


COCO_CLASSES: tuple[str, ...] = _coco_classes()
SHAPES_CLASSES: tuple[str, ...] = ("circle", "square", "triangle", "star", "ring", "cross")
