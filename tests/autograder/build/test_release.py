"""The zip that a teacher hands out: complete enough to work, and nothing in it to copy from."""

import json
import re
import tomllib
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder.__main__ import main
from autograder.build import release
from autograder.build.release import NAME, make_release
from autograder.errors import GradeError
from tests.small_course import ASSIGNMENT, make_course
from tests.small_source import SMALL

ROOT = Path(__file__).resolve().parents[3]
SECRET = "5ecre7-0f-the-in5truc7or"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The release of a small course in which a lot lies around that must stay behind: {name: bytes}."""
    root = tmp_path_factory.mktemp("course")
    places = make_course(root)
    (root / "solutions" / "start.py").write_bytes((ROOT / "solutions" / "start.py").read_bytes())
    with (root / "solutions" / ASSIGNMENT / "assignment.toml").open("a") as registered:
        registered.write('data = ["shapes.safetensors"]\n')
    linked = "coursework detrlab tools data pyproject.toml LICENSE environment.yml requirements.lock"
    for name in linked.split():
        (root / name).symlink_to(ROOT / name)
    (root / "secret.txt").write_text(SECRET)
    (places.source / ASSIGNMENT / ".progress.json").write_text("{}")
    (root / "solutions" / ASSIGNMENT / "small" / "01_step.mutants.json").write_text("{}")
    path = make_release(root / "out", places=places, root=root)
    again = make_release(root / "again", [ASSIGNMENT], places, root)
    assert path.read_bytes() == again.read_bytes()
    with zipfile.ZipFile(path) as archive:
        assert all(name.startswith(f"{NAME}/") for name in archive.namelist())
        return {name.removeprefix(f"{NAME}/"): archive.read(name) for name in archive.namelist()}


def test_what_a_student_needs_is_there(files):
    assert {
        "README.md",
        "LICENSE",
        "Makefile",
        "pyproject.toml",
        "requirements.lock",
        "environment.yml",
        "release/start.ipynb",
        f"release/{ASSIGNMENT}/small.ipynb",
        f"release/{ASSIGNMENT}/assignment.json",
        f"release/{ASSIGNMENT}/small.json",
        f"release/{ASSIGNMENT}/small.safetensors",
        "coursework/checks/notebook.py",
        "coursework/progress/progress_page.html.j2",
        "data/shapes.safetensors",
    } <= set(files)
    packages = [path for name in ("coursework", "detrlab") for path in (ROOT / name).rglob("*") if path.is_file()]
    library = {path.relative_to(ROOT).as_posix() for path in packages if "__pycache__" not in path.parts}
    assert library == {name for name in files if name.startswith(("coursework/", "detrlab/"))}
    folders, single = "coursework|detrlab|data|release", r"[A-Z][A-Za-z]+(\.md)?|add_new\.py|[a-z]+\.(toml|lock|yml)"
    for name in files:
        assert re.fullmatch(rf"({folders})/.+|{single}", name), name
    assert {name for name in files if name.startswith("data/")} == {"data/README.md", "data/shapes.safetensors"}
    assert "small.ipynb" in files["release/start.ipynb"].decode()


def test_there_is_nothing_to_copy_from(files):
    text = {name: data.decode("utf-8", "replace") for name, data in files.items()}
    assert not any(name.startswith(("solutions", "autograder", "training", "tests", "build")) for name in files)
    assert not any(".progress.json" in name or "__pycache__" in name for name in files)
    assert not any("mutants" in name for name in files)
    for name, content in text.items():
        assert SECRET not in content
        if name.startswith("release/"):
            for hidden in ("SOLUTION", "HIDDEN", ".hidden(", "boxes_cxcywh[..., 2:]", "given by their centre"):
                assert hidden not in content, name
    assert "[..., 2:] / 2" in SMALL, "the solution that is looked for"


def test_what_trains_the_short_detr_stays_behind(files):
    """tools/train_short holds the whole answer to the first notebook of the first homework."""
    source = (ROOT / "tools" / "train_short" / "short_detr.py").read_text()
    answer = [line.strip() for line in source.partition("        super()")[2].splitlines() if len(line.strip()) > 40]
    assert len(answer) > 10
    for name, data in files.items():
        assert "train_short" not in name and "warm_start" not in name
        text = data.decode("utf-8", "replace")
        assert "ShortDETR" not in text and not [line for line in answer if line in text], name


def test_hidden_seeds_and_their_values_stay_behind(files):
    stored = json.loads(files[f"release/{ASSIGNMENT}/small.json"])
    assert stored["checks"]["corners"]["seeds"] == [11, 12]  # and not 77, the hidden one of the small course
    assert len(stored["checks"]["corners"]["expected"]) == 2
    notebook = nbformat.reads(files[f"release/{ASSIGNMENT}/small.ipynb"].decode(), as_version=4)
    nbformat.validate(notebook)
    checks = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "corners"]
    assert checks[0].source.endswith("\n\ncorners()") and not any(cell.get("outputs") for cell in notebook.cells)
    assert checks[0].metadata.nbgrader.checksum


def test_the_library_can_be_installed_without_the_grader(files):
    project = tomllib.loads(files["pyproject.toml"].decode())
    verbs = {name: f"{name}.__main__:main" for name in ("coursework", "detrlab")}
    assert project["project"]["scripts"] == verbs
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["coursework", "detrlab"] and all(name in ("data",) for name in wheel["force-include"])
    assert project["project"]["readme"] in files


def test_the_students_verbs_are_those_of_the_readme(files):
    verbs = set(re.findall(r"^([a-z-]+):.*##", files["Makefile"].decode(), re.MULTILINE))
    assert verbs == {"help", "lab", "hand-in"}
    assert set(re.findall(r"^make ([a-z-]+)", files["README.md"].decode(), re.MULTILINE)) <= verbs


def test_the_verb_writes_into_dist_and_says_how_large_the_zip_is(monkeypatch, tmp_path, capsys):
    def written(out, names):
        assert names == []
        assert out == ROOT / "dist"
        path = tmp_path / "detrlab-course.zip"
        path.write_bytes(bytes(1_730_000))
        return path

    monkeypatch.setattr("autograder.course.places.ROOT", tmp_path)
    monkeypatch.setattr(release, "refuse_unproven", lambda names, root: None)
    monkeypatch.setattr(release, "make_release", lambda out, names: written(ROOT / out.relative_to(tmp_path), names))
    assert main(["release"]) == 0
    assert capsys.readouterr().out == "detrlab-course.zip: 1.7 MB\n"


def test_the_verb_says_in_one_sentence_what_is_not_built(monkeypatch, capsys):
    def unbuilt(out, names):
        raise GradeError("01_detr is not built yet: run `make build`")

    monkeypatch.setattr(release, "make_release", unbuilt)
    assert main(["release"]) == 1
    assert capsys.readouterr().err == "01_detr is not built yet: run `make build`\n"


def test_make_calls_the_verb():
    assert "\n\t@$(BIN)/python -m autograder release $(ASSIGNMENT)\n" in (ROOT / "Makefile").read_text()
