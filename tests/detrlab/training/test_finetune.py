"""Fine-tuning on COCO's format: it learns, its file loads by itself, goes on where it was, and says what it skips."""

import json

import numpy as np
import pytest
import torch

from detrlab.__main__ import main
from detrlab.detr.detect import detect
from detrlab.detr.models import load_model, shapes_model
from detrlab.evaluation.coco import export_coco, read_coco
from detrlab.scenes.compose import draw_scene
from detrlab.training.finetune import CocoBatches, finetune, rename_classes

SPLIT = "train2017"


@pytest.fixture
def folder(tmp_path):
    """Three scenes of two sizes."""
    sizes_wh = [(71, 61), (61, 71), (71, 61)]
    export_coco(tmp_path / "mine", (draw_scene(seed, size) for seed, size in enumerate(sizes_wh, start=3)), SPLIT)
    return tmp_path / "mine"


def changed(folder, change) -> None:
    path = folder / "annotations" / f"instances_{SPLIT}.json"
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def small():
    torch.manual_seed(0)
    model = shapes_model()
    model.input_size = (32, 53)
    return model


def test_it_learns_new_names_and_its_file_loads_by_itself(folder, tmp_path, capsys):
    changed(folder, lambda data: data["categories"].append({"id": 9, "name": "barrel"}))
    arguments = ["--coco", str(folder), "--model", "shapes", "--epochs", "1", "--batch", "2", "--out", str(tmp_path)]
    assert main(["train", *arguments]) == 0
    written = tmp_path / "mine" / "model.safetensors"
    assert f"wrote {written}" in capsys.readouterr().out
    model = load_model(str(written))
    assert model.classes == (*load_model("shapes").classes, "barrel")
    assert not model.training and not model.aux_loss
    # Two steps of a trained model change little: it still sees what it saw.
    scene = draw_scene(3, (71, 61))
    assert len(detect(model, scene.picture, 0.5)) == len(detect(load_model("shapes"), scene.picture, 0.5)) > 0
    assert main(["detect", str(next((folder / SPLIT).iterdir())), "--model", str(written), "--out", str(tmp_path)]) == 0


def test_loss_falls_on_a_small_set(folder, tmp_path):
    heard = []
    finetune(small(), "shapes", folder, tmp_path / "out", epochs=1, report=heard.append)
    first = heard[-1].losses["loss"]
    finetune(small(), "shapes", folder, tmp_path / "more", epochs=30, report=heard.append)
    assert heard[-1].losses["loss"] < 0.95 * first  # a mean over all of its steps


def test_known_names_and_no_object_keep_their_logits():
    model = small()
    weight, bias = model.class_embed.weight.detach().clone(), model.class_embed.bias.detach().clone()
    star = model.classes.index("star")
    rename_classes(model, ["balloon", "star"])
    assert model.classes == ("balloon", "star") and model.class_embed.out_features == 3
    torch.testing.assert_close(model.class_embed.weight[1:], weight[[star, -1]])
    torch.testing.assert_close(model.class_embed.bias[1:], bias[[star, -1]])


def test_a_run_that_was_stopped_ends_with_the_same_weights(folder, tmp_path, monkeypatch):
    whole = finetune(small(), "shapes", folder, tmp_path / "whole", epochs=3, report=lambda _: None)

    example, calls = CocoBatches._example, []

    def interrupted(self, image, rng):
        calls.append(image)
        if len(calls) > 6:
            raise KeyboardInterrupt
        return example(self, image, rng)

    monkeypatch.setattr("detrlab.training.loop.Trainer._due", lambda self, what: what == "save")
    with monkeypatch.context() as stops, pytest.raises(KeyboardInterrupt):
        stops.setattr(CocoBatches, "_example", interrupted)
        finetune(small(), "shapes", folder, tmp_path / "stopped", epochs=3, report=lambda _: None)
    assert (tmp_path / "stopped" / "checkpoint.pt").exists()
    again = finetune(small(), "shapes", folder, tmp_path / "stopped", epochs=3, report=lambda _: None)
    for name, value in whole.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value, rtol=0, atol=0, msg=name)


def test_mirrored_pictures_have_mirrored_boxes(folder):
    """Where a picture comes mirrored, its boxes do: the pixels in the box are the same, backwards."""
    data = read_coco(folder, SPLIT)
    batches = CocoBatches(data, (61, 103), 3)
    seen = set()
    for _, (inputs, targets) in zip(range(7), batches(0), strict=False):
        for x, target in zip(inputs, targets, strict=True):
            image = next(each for each in data.images if each["id"] == target["image_id"])
            plain = np.asarray(data.open(image)).mean(-1)
            boxes = [each["bbox"] for each in data.annotations if each["image_id"] == image["id"]]
            found = np.asarray(target["boxes"]) * np.tile([image["width"], image["height"]], 2)
            expected = np.array([[left + w / 2, top + h / 2, w, h] for left, top, w, h in boxes])
            backwards = expected * [-1, 1, 1, 1] + [image["width"], 0, 0, 0]
            mirrored = not np.allclose(found, expected, atol=1e-3)
            np.testing.assert_allclose(found, backwards if mirrored else expected, atol=1e-3)
            shown = torch.nn.functional.interpolate(x.mean(0)[None, None], plain.shape)[0, 0].numpy()
            alike = [np.corrcoef(shown.ravel(), each.ravel())[0, 1] for each in (plain, plain[:, ::-1])]
            assert alike[mirrored] > alike[not mirrored]
            seen.add(mirrored)
    assert seen == {True, False}


def test_what_cannot_be_used_is_named_once_and_left_out(folder, capsys):
    data = read_coco(folder, SPLIT)
    (data.pictures / data.images[1]["file_name"]).write_bytes(b"no picture")
    batches = CocoBatches(data, (32, 53), 2)
    ids = {int(target["image_id"]) for _, (_, targets) in zip(range(8), batches(0), strict=False) for target in targets}
    assert ids == {data.images[0]["id"], data.images[2]["id"]}
    said = capsys.readouterr().err
    assert said.count("skipped: ") == 1 and data.images[1]["file_name"] in said


def test_no_picture_at_all_is_a_sentence(folder, tmp_path, capsys):
    for path in (folder / SPLIT).iterdir():
        path.unlink()
    assert main(["train", "--coco", str(folder), "--model", "shapes", "--out", str(tmp_path)]) == 2
    assert "no picture in" in capsys.readouterr().err.splitlines()[-1]


def test_crowds_alone_cannot_be_learnt(folder):
    changed(folder, lambda data: [each.update(iscrowd=1) for each in data["annotations"]])
    with pytest.raises(ValueError, match="crowds alone"):
        CocoBatches(read_coco(folder, SPLIT), (32, 53), 2)


def test_a_file_that_says_nothing_of_its_model_is_refused():
    from detrlab.weights import data_path

    with pytest.raises(ValueError, match="does not say of which model"):
        load_model(str(data_path("shapes.safetensors")))


@pytest.mark.parametrize("arguments", [[], ["shapes", "--coco", "somewhere"]])
def test_one_thing_is_trained(arguments, capsys):
    assert main(["train", *arguments]) == 2
    assert "what is to be trained?" in capsys.readouterr().err
