"""`detrlab detect` and `detrlab explore` as a user runs them: table, figures, a page, a sentence for a mistake."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import torch
from PIL import Image

from detrlab.__main__ import MODELS, _folder_of, main
from detrlab.detr import models
from detrlab.detr.models import OFFICIAL_MODELS, SHIPPED_MODELS, shapes_model
from detrlab.training.masks import ShippedHead
from detrlab.training.shipped import ShippedModel


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "scene.png"
    Image.new("RGB", (70, 50), "red").save(path)
    return path


@pytest.fixture
def sees_stars(monkeypatch):
    """A model whose queries all see the class star, in boxes of half the picture."""

    def load(name: str, weights: str | None) -> torch.nn.Module:
        assert (name, weights) == ("shapes", None)
        torch.manual_seed(0)
        model = shapes_model().eval()
        torch.nn.init.zeros_(model.class_embed.weight)
        torch.nn.init.zeros_(model.bbox_embed.layers[-1].weight)
        torch.nn.init.zeros_(model.bbox_embed.layers[-1].bias)
        model.class_embed.bias.data = torch.tensor([0.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0])
        return model

    monkeypatch.setattr(models, "load_model", load)


def test_detections_are_printed_and_drawn(picture, sees_stars, tmp_path, capsys):
    out = tmp_path / "new" / "folder"
    assert main(["detect", str(picture), "--attention", "--out", str(out)]) == 0
    out = out / "scene"
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"shapes found 20 objects above 0.7 in {picture} (70 x 50 pixels)"
    assert lines[2].split() == ["#", "class", "score", "x0", "y0", "x1", "y1", "(pixels)"]
    # sigmoid(0) = 0.5: centre and size half of 70 x 50; e^9 / (e^9 + 6) = 0.999
    assert lines[3].split() == ["1", "star", "1.00", "17.5", "12.5", "52.5", "37.5"]
    assert lines[-3:] == [f"wrote {out / name}" for name in ("detections.png", "decoder.png", "encoder.png")]
    for name in ("detections.png", "decoder.png", "encoder.png"):
        with Image.open(out / name) as figure:
            assert min(figure.size) > 200


def test_nothing_found_is_said_and_drawn(picture, sees_stars, tmp_path, capsys):
    assert main(["detect", str(picture), "--threshold", "1", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("shapes found nothing above 1 in") and "class" not in printed
    assert {path.name for path in (tmp_path / "scene").iterdir()} == {"picture.txt", "detections.png"}


def test_each_picture_has_a_folder_that_no_other_one_writes_into(picture, sees_stars, tmp_path, capsys):
    """Pictures of one name from two folders, the first one twice, and a folder of that name that is somebody else's."""
    other = tmp_path / "other" / "scene.png"
    other.parent.mkdir()
    Image.new("RGB", (50, 70), "blue").save(other)
    theirs = tmp_path / "out" / "scene_2"
    theirs.mkdir(parents=True)
    for each in (picture, other, picture):
        assert main(["detect", str(each), "--out", str(tmp_path / "out")]) == 0
    wrote = [Path(line[6:]) for line in capsys.readouterr().out.splitlines() if line.startswith("wrote ")]
    assert [path.parent.name for path in wrote] == ["scene", "scene_3", "scene"]
    assert not list(theirs.iterdir())
    with Image.open(wrote[0]) as first, Image.open(wrote[1]) as second:
        assert first.width / first.height > 1 > second.width / second.height


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://a.example/cats/my%20cat.jpg?size=3", "my_20cat"),
        ("http://a.example/", "picture"),
        ("HTTP://a/..", "picture"),
    ],
)
def test_folders_of_addresses_are_named_after_their_last_part(address, name, tmp_path):
    assert _folder_of(address, tmp_path) == tmp_path / name
    assert _folder_of(address.replace("a", "b", 1), tmp_path) == tmp_path / f"{name}_2"


def test_explore_writes_a_page_and_says_where(picture, sees_stars, tmp_path, capsys):
    assert main(["explore", str(picture), "--out", str(tmp_path / "out")]) == 0
    page = tmp_path / "out" / "scene" / "explorer.html"
    assert capsys.readouterr().out == f"wrote {page}: open it in a browser, it needs no network\n"
    assert "Attention explorer" in page.read_text(encoding="utf-8")


def test_version(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    assert capsys.readouterr().out == f"detrlab {project['project']['version']}\n"


def test_mistakes_end_in_one_sentence_and_code_2(picture, tmp_path, capsys, monkeypatch):
    web_page = tmp_path / "page.jpg"
    web_page.write_text("<html>not found</html>")
    for arguments, says in [
        ([str(tmp_path / "missing.png")], "missing.png"),
        ([str(web_page)], "page.jpg"),
        ([str(picture), "--out", str(picture)], "scene.png"),
    ]:
        assert main(["detect", *arguments]) == 2
        captured = capsys.readouterr()
        assert captured.err.startswith("detrlab: ") and captured.err.count("\n") == 1
        assert says in captured.err and "Traceback" not in captured.err and captured.out == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["detect"], "PICTURE"),
        (["detect", "a.png", "--threshold", "70"], "'70' is not a number from 0 to 1"),
        (["detect", "a.png", "--threshold", "nan"], "'nan' is not a number from 0 to 1"),
        (["detect", "a.png", "--model", "yolo"], "detr_resnet101_dc5"),
        ([], "COMMAND"),
    ],
)
def test_wrong_options_end_in_code_2(arguments, says, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert says in capsys.readouterr().err


def test_models_are_those_of_the_library():
    assert set(MODELS) == {*SHIPPED_MODELS, *OFFICIAL_MODELS}


@pytest.mark.parametrize(("name", "kind"), [("shapes", ShippedModel), ("shapes_panoptic", ShippedHead)])
def test_training_a_small_model(name, kind, monkeypatch):
    asked = []
    monkeypatch.setattr(kind, "train", lambda self, steps: asked.append((self.recipe.name, steps)) or 0)
    assert main(["train", name]) == main(["train", name, "--steps", "3"]) == 0
    assert asked == [(name, None), (name, 3)]


def test_measuring_masks(monkeypatch, capsys):
    monkeypatch.setattr(
        "detrlab.evaluation.shipped.evaluate_panoptic",
        lambda model, scenes: {"pq": len(list(scenes)) + 0.12345},
    )
    assert main(["eval", "shapes_panoptic", "--scenes", "2"]) == 0
    assert json.loads(capsys.readouterr().out) == {"pq": 2.1235}


def test_help_does_not_wait_for_torch():
    code = (
        "import sys\nfrom detrlab.__main__ import main\n"
        "try: main(['detect', '--help'])\nexcept SystemExit as stop: print(stop.code, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 False"
    assert "detr_resnet50_dc5" in done.stdout and "0.7" in done.stdout


def test_measuring_weights_that_are_not_there_is_one_sentence(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("detrlab.weights.__file__", str(tmp_path / "detrlab" / "weights.py"))
    assert main(["eval", "shapes_plain"]) == 2
    assert capsys.readouterr().err.startswith("detrlab: data/shapes_plain.safetensors is not there: ")
