"""Data sets in COCO's format: what is written, what is read, what is refused. pycocotools is the oracle."""

import json

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from detrlab.evaluation.coco import TWELVE, export_coco, judge, read_coco
from detrlab.scenes.compose import compose, draw_scene
from detrlab.scenes.parts import Shape

IMAGE = {"id": 7, "file_name": "a.png", "width": 131, "height": 97}
CATEGORY = {"id": 5, "name": "cat"}
BOX = {"id": 0, "image_id": 7, "category_id": 5, "bbox": [11, 13, 17, 19]}


def written(folder, **changes):
    """A data set of one picture and one box, with changes; its pictures are not there."""
    (folder / "annotations").mkdir(exist_ok=True)
    (folder / "val2017").mkdir(exist_ok=True)
    data = {"images": [IMAGE], "categories": [CATEGORY], "annotations": [BOX]} | changes
    (folder / "annotations" / "instances_val2017.json").write_text(json.dumps(data))
    return folder


def test_scenes_become_a_data_set_that_pycocotools_reads(tmp_path, capsys):
    scenes = [draw_scene(11, (131, 97)), compose([Shape("cross", (0.5, 0.5), 0.2)], size=(67, 89)), draw_scene(12)]
    coco = COCO(export_coco(tmp_path / "new" / "set", iter(scenes)))
    assert [each["name"] for each in coco.loadCats([1, 6])] == ["circle", "cross"]
    for number, scene in enumerate(scenes, start=1):
        (image,) = coco.loadImgs([number])
        with Image.open(tmp_path / "new" / "set" / "val2017" / image["file_name"]) as picture:
            assert np.array_equal(picture, scene.picture)
            assert (image["width"], image["height"]) == picture.size
        found = coco.loadAnns(coco.getAnnIds([number]))
        for each, box_xyxy, label, mask in zip(found, scene.boxes_xyxy, scene.labels, scene.masks, strict=True):
            x, y, w, h = each["bbox"]
            assert [x, y, x + w, y + h] == box_xyxy.tolist()
            assert each["category_id"] == label + 1
            assert each["area"] == mask.sum() <= w * h


def test_nothing_is_written_over_and_nothing_is_no_data_set(tmp_path):
    export_coco(tmp_path, [draw_scene(11, (67, 61))])
    with pytest.raises(ValueError, match="holds val2017 already"):
        export_coco(tmp_path, [draw_scene(12, (67, 61))])
    assert export_coco(tmp_path, [draw_scene(12, (67, 61))], "train2017").name == "instances_train2017.json"
    with pytest.raises(ValueError, match="no scenes"):
        export_coco(tmp_path / "other", [])
    assert not (tmp_path / "other").exists()


def test_what_data_sets_lack_is_filled_in(tmp_path):
    data = read_coco(written(tmp_path))
    assert data.images == [IMAGE] and data.categories == [CATEGORY] and data.left_out == ""
    expected = {"id": 1, "image_id": 7, "category_id": 5, "bbox": [11, 13, 17, 19], "area": 17 * 19, "iscrowd": 0}
    assert data.annotations == [expected]


@pytest.mark.parametrize(
    "bbox",
    [[11, 13, 0, 19], [11, 13, 17, -19], [131, 13, 17, 19], [11, -19, 17, 19], [-20, 13, 17, 19], [float("nan")] * 4],
)
def test_boxes_without_area_in_the_picture_are_left_out_and_counted(tmp_path, bbox):
    over_the_edge = BOX | {"bbox": [130, 96, 17, 19]}
    data = read_coco(written(tmp_path, annotations=[BOX, BOX | {"bbox": bbox}, over_the_edge]))
    assert [each["id"] for each in data.annotations] == [1, 2]
    assert data.annotations[1]["bbox"] == [130, 96, 17, 19]
    assert data.left_out.startswith("1 of 3 boxes have no area inside their picture") and "a.png" in data.left_out


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"images": []}, "lists no pictures"),
        ({"annotations": []}, "lists no boxes"),
        ({"annotations": [BOX | {"bbox": [11, 13, 0, 0]}]}, "no box has any area inside its picture"),
        ({"annotations": [BOX | {"bbox": [11, 13, 17]}]}, "annotation 0 has 3 numbers instead of 4"),
        ({"annotations": [BOX | {"bbox": None}]}, "not in COCO's format"),
        ({"annotations": [BOX | {"category_id": 6}]}, "the category 6, which is not listed"),
        ({"annotations": [BOX | {"image_id": 8}]}, "the picture 8, which is not listed"),
        ({"images": [IMAGE, IMAGE]}, "two pictures with one id"),
        ({"images": [IMAGE | {"width": 0}]}, "a.png has 0 x 97 pixels"),
        ({"images": [{"id": 7}]}, r"not in COCO's format \(KeyError: 'width'\)"),
        ({"categories": 5}, "not in COCO's format"),
    ],
)
def test_what_is_no_data_set_is_one_sentence(tmp_path, changes, says):
    with pytest.raises(ValueError, match=says) as caught:
        read_coco(written(tmp_path, **changes))
    assert "\n" not in str(caught.value)


def test_a_folder_without_annotations_or_with_damaged_ones(tmp_path):
    with pytest.raises(ValueError, match=r"no data set in COCO's format: .*instances_val2017\.json and the folder"):
        read_coco(tmp_path)
    (written(tmp_path) / "annotations" / "instances_val2017.json").write_bytes(b'{"images": [\xff')
    with pytest.raises(ValueError, match="not in COCO's format"):
        read_coco(tmp_path)


def test_perfect_detections_shifted_ones_and_none(tmp_path):
    """The annotation has id 0, with which pycocotools alone would call a perfect detection false."""
    data = read_coco(written(tmp_path))
    found = {"image_id": 7, "category_id": 5, "bbox": [11, 13, 17, 19], "score": 0.5}
    figures, text = judge(data.images, data.categories, data.annotations, [found])
    assert tuple(figures) == TWELVE
    for name in ("AP", "AP_small", "AR_1"):  # small: 17 * 19 < 32 * 32
        assert figures[name] == pytest.approx(1)
    assert figures["AP_medium"] == figures["AR_large"] == -1
    assert len(text.splitlines()) == 12 and text.splitlines()[1].endswith("maxDets=100 ] = 1.000")
    # One row of 19 missing above, one too many below: IoU 18 / 20 = .9 passes nine of ten thresholds.
    shifted = found | {"bbox": [11, 14, 17, 19]}
    assert judge(data.images, data.categories, data.annotations, [shifted])[0]["AP"] == pytest.approx(0.9)
    assert judge(data.images, data.categories, data.annotations, [])[0]["AP"] == 0
