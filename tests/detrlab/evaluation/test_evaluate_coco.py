"""`detrlab eval --coco`: the same AP as measured directly, goes on where it was stopped, names what it cannot use."""

import json
from types import SimpleNamespace

import pytest
import torch

from detrlab.__main__ import main
from detrlab.detr import models
from detrlab.detr.classes import COCO_CLASSES
from detrlab.detr.models import load_model, shapes_model
from detrlab.evaluation import evaluate_coco as under_test
from detrlab.evaluation.coco import export_coco
from detrlab.evaluation.evaluate import average_precision, held_out
from detrlab.evaluation.evaluate_coco import _category_ids, evaluate_coco
from detrlab.scenes.compose import draw_scene
from detrlab.training.data import stream

SIZES_WH = [(61, 67), (131, 67), (67, 61), (97, 89), (67, 61)]


@pytest.fixture
def folder(tmp_path):
    """Five scenes of several sizes."""
    export_coco(tmp_path / "set", (draw_scene(seed, size) for seed, size in enumerate(SIZES_WH, start=11)))
    return tmp_path / "set"


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return shapes_model().eval()


def changed(folder, change) -> None:
    path = folder / "annotations" / "instances_val2017.json"
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def test_the_ap_of_shapes_is_that_measured_directly(tmp_path):
    export_coco(tmp_path / "set", (draw_scene(stream("held_out", i)) for i in range(5)))
    assert main(["eval", "--coco", str(tmp_path / "set"), "--model", "shapes", "--out", str(tmp_path)]) == 0
    result = json.loads((tmp_path / "shapes" / "results.json").read_text())
    direct = average_precision(load_model("shapes"), held_out("held_out", 5))
    assert direct["AP"] > 0.5
    assert {name: result["figures"][name] for name in direct} == pytest.approx(direct, abs=1e-9)


def test_a_run_that_was_stopped_goes_on_and_ends_alike(folder, model, tmp_path, monkeypatch):
    whole = evaluate_coco(model, folder, tmp_path / "whole")
    calls, detect_in = [], under_test._detect_in

    def counted(quick, pictures, images):
        calls.append([each["id"] for each in images])
        if len(calls) == 2:
            raise KeyboardInterrupt
        return detect_in(quick, pictures, images)

    monkeypatch.setattr(under_test, "_detect_in", counted)
    with pytest.raises(KeyboardInterrupt):
        evaluate_coco(model, folder, tmp_path / "stopped")
    with (tmp_path / "stopped" / "detections.jsonl").open("a") as file:
        file.write('{"first": 2, "fou')  # killed while it wrote
    assert evaluate_coco(model, folder, tmp_path / "stopped") == whole
    assert [len(ids) for ids in calls] == [2, 2, 2, 1] and calls[1] == calls[2]
    names = ("detections.jsonl", "results.json", "results.txt")
    texts = [[(tmp_path / run / name).read_text() for name in names] for run in ("whole", "stopped")]
    assert texts[0] == texts[1]
    assert evaluate_coco(model, folder, tmp_path / "stopped") == whole
    assert len(calls) == 4


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda model, folder: (shapes_model(), folder, 2), "another model"),
        (lambda model, folder: (model, folder, 3), "another batch"),
        (lambda model, folder: changed(folder, lambda data: data["annotations"].pop()) or (model, folder, 2), "data"),
    ],
)
def test_detections_of_something_else_are_not_gone_on_from(folder, model, tmp_path, change, says):
    evaluate_coco(model, folder, tmp_path / "out")
    other, folder, batch = change(model, folder)
    with pytest.raises(ValueError, match=f"{says}: delete it, or choose another folder"):
        evaluate_coco(other, folder, tmp_path / "out", batch)


def test_pictures_that_cannot_be_used_are_named_skipped_counted_and_tried_again(folder, model, tmp_path, capsys):
    missing, damaged, other = (folder / "val2017" / f"{number:012d}.png" for number in (1, 2, 4))
    good = {path: path.read_bytes() for path in (missing, damaged, other)}
    missing.unlink()
    damaged.write_bytes(b"just words")
    other.write_bytes(good[damaged])  # 131 x 67 instead of 97 x 89
    result = evaluate_coco(model, folder, tmp_path / "out")
    assert (result.pictures, len(result.skipped)) == (2, 3)
    said = capsys.readouterr().err
    for path, says in ((missing, "there is no file"), (damaged, "not a picture"), (other, "has 131 x 67 pixels, its")):
        (line,) = (line for line in result.skipped if path.name in line)
        assert says in line and f"skipped: {line}\n" in said
    for path, data in good.items():
        path.write_bytes(data)
    assert evaluate_coco(model, folder, tmp_path / "out").pictures == 5


def test_no_picture_at_all_is_one_sentence(folder, model, tmp_path):
    for path in (folder / "val2017").iterdir():
        path.unlink()
    with pytest.raises(ValueError, match="none of the 5 pictures in .* can be used; there is no file"):
        evaluate_coco(model, folder, tmp_path / "out")


def test_categories_are_matched_by_name(folder, model, tmp_path, capsys):
    numbers = evaluate_coco(model, folder, tmp_path / "numbers")

    def renumber(data):
        for each in data["categories"]:
            each["id"] += 90
        for each in data["annotations"]:
            each["category_id"] += 90

    changed(folder, renumber)
    assert evaluate_coco(model, folder, tmp_path / "renumbered").figures == numbers.figures
    changed(folder, lambda data: data["categories"][0].update(name="balloon"))
    (note,) = evaluate_coco(model, folder, tmp_path / "renamed").notes
    assert note == "the model lacks the categories balloon: they count with an AP of 0"
    assert note in capsys.readouterr().err
    changed(folder, lambda data: [each.update(name=f"kind {each['id']}") for each in data["categories"]])
    with pytest.raises(ValueError, match=r"knows none of the categories kind 91, .*: its classes are circle, square"):
        evaluate_coco(model, folder, tmp_path / "none")


def test_labels_of_the_official_models_are_cocos_category_ids():
    categories = [{"id": i, "name": name} for i, name in enumerate(COCO_CLASSES) if name != "N/A"]
    ids = _category_ids(SimpleNamespace(classes=COCO_CLASSES), SimpleNamespace(categories=categories))
    assert len(ids) == 80 and all(label == number for label, number in ids.items())


def test_the_command_prints_and_writes_the_twelve_numbers(folder, model, tmp_path, monkeypatch, capsys):
    def load(name, weights):
        assert (name, weights) == ("detr_resnet50", "official")
        return model

    monkeypatch.setattr(models, "load_model", load)
    assert main(["eval", "--coco", str(folder), "--out", str(tmp_path), "--batch", "3"]) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[0] == f"detr_resnet50 on 5 pictures of {folder}, 0 skipped"
    assert "5/5" in printed.err
    text = (tmp_path / "detr_resnet50" / "results.txt").read_text().splitlines()
    assert lines[1:13] == text and " Average Precision  (AP) @[ IoU=0.50 " in text[1]
    assert lines[13] == f"wrote {tmp_path / 'detr_resnet50' / 'results.json'}"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "what is to be measured?"),
        (["shapes", "--coco", "a"], "what is to be measured?"),
        (["--model", "shapes", "--coco", "no_such_folder"], "no_such_folder is no data set in COCO's format"),
    ],
)
def test_mistakes_are_one_sentence_and_code_2(arguments, says, capsys, tmp_path):
    assert main(["eval", "--out", str(tmp_path), *arguments]) == 2
    assert says in (err := capsys.readouterr().err) and err.count("\n") == 1


def test_the_batch_is_a_whole_number(capsys):
    with pytest.raises(SystemExit):
        main(["eval", "--coco", "a", "--batch", "0"])
    assert "'0' is not a whole number above 0" in capsys.readouterr().err
