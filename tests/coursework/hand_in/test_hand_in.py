"""Handing in: a notebook with one of each trouble is run, inspected, printed and packed, and the intake takes it.

One real run in a fresh kernel serves all tests; what needs no kernel is in test_hand_in_parts.py.
"""

import hashlib
import io
import json
import re
import shutil
import subprocess
import zipfile

import nbformat
import pytest
from PIL import Image

from autograder.intake import collect as intake
from autograder.intake.align import align
from autograder.intake.identify import identify
from autograder.intake.read_notebook import read_notebook
from coursework.hand_in import hand_in as way
from tests.needs import need, need_program
from tests.small_release import HALF, answer, make_release, photo

GPS_PHOTO = "고양이.jpg"
LONG = "long = '" + "0123456789" * 30 + "THE_END'"
NEW_CELLS = {
    "needs the network": "import requests\nrequests.get('http://example.org/cat.png')",
    "swallows it": (
        "import urllib.request\ntry:\n    urllib.request.urlopen('http://example.com')\nexcept OSError:\n    pass"
    ),
    "picture elsewhere": "from PIL import Image\nImage.open({outside!r})",
    "own picture": f"import PIL.Image\nprint(PIL.Image.open({GPS_PHOTO!r}).size, open('table.csv').read())",
    "figure": "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    "figure gone": "print('no figure any more')",
    "fails": "1 / 0",
    "unicode": f"print('한국어 Кириллица 🦊')\n{LONG}",
}


def build(root, built):
    """A student's folder with one of each trouble, and a picture outside of it."""
    folder = make_release(root, built)
    outside = root / "elsewhere.png"
    Image.new("RGB", (5, 3)).save(outside)
    (folder / GPS_PHOTO).write_bytes(photo())
    (folder / "table.csv").write_text("1,2")
    (folder / "diary.txt").write_text("private")
    (folder / "my_notes.ipynb").write_text("{}")
    (folder / ".progress.json").write_text("{}")
    (folder / "linked.png").symlink_to(outside)
    path = answer(folder, corners_code=HALF)
    notebook = nbformat.read(path, as_version=4)
    for name, source in NEW_CELLS.items():
        cell = nbformat.v4.new_code_cell(source.replace("{outside!r}", repr(str(outside))), id=name.replace(" ", "-"))
        if "figure" in name:
            cell.outputs = [nbformat.v4.new_output("display_data", {"image/png": "iVBO", "text/plain": "<Figure>"})]
        notebook.cells.append(cell)
    for cell in notebook.cells:  # as saved when it still was right
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "corners":
            cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "3.0", "text/html": ""})]
    notebook.cells.append(nbformat.v4.new_markdown_cell("![gone](gone.png) ![here](" + GPS_PHOTO + ")", id="shown"))
    notebook.metadata["widgets"] = {"state": "SECRETCAM"}
    nbformat.write(notebook, path)
    return folder


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """(folder, what was said, the files of the zip, hashes of the folder before)."""
    root = tmp_path_factory.mktemp("student")
    folder = build(root, tmp_path_factory.getbasetemp() / "built")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    said: list[str] = []
    done = way.hand_in(folder, said.append)
    with zipfile.ZipFile(done.path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return folder, "\n".join(said), files, before, done


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("import requests", "asks for example.org"),
        ("import urllib.request", "asks for example.com"),
        ("from PIL import Image", "elsewhere.png, which lies outside the folder"),
        ("1 / 0", "fails with ZeroDivisionError: division by zero"),
        ("no figure any more", "your saved notebook shows a figure here"),
        ("(in Step 1 · Corners)", "0 of 3 points from the beginning, 3 in your saved notebook"),
        ("Step 2 · Why?, Criterion 2a", "no answer is written yet"),
        (
            "In all: 0 of 3 points on the checks you see; 0 of 1 texts written, for up to 2 points",
            "which a person gives",
        ),
        ("Step 2 · Why?", "the text shows gone.png"),
        ("00_small", "linked.png is left out: it is a link"),
    ],
)
def test_a_student_is_told_what_a_grader_will_see(handed_in, where, sentence):
    assert any(where in line and sentence in line for line in handed_in[1].splitlines()), handed_in[1]


def test_nothing_else_is_complained_about(handed_in):
    *_, done = handed_in
    # The cell with the picture elsewhere and the one without network are named twice: why, and that they fail.
    assert len(done.findings) == 11, done.findings


def test_the_students_files_are_not_changed(handed_in):
    folder, _, _, before, _ = handed_in
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_the_zip_holds_notebooks_own_pictures_and_what_they_open(handed_in):
    _, said, files, _, _ = handed_in
    assert set(files) - {"00_small.pdf"} == {"small.ipynb", GPS_PHOTO, "table.csv", "manifest.json"}
    assert "diary.txt is left out: no notebook opens it" in said and "my_notes.ipynb is left out" in said
    assert "ask them first" in said


def test_place_and_device_are_gone(handed_in):
    files = handed_in[2]
    assert not any(b"SECRETCAM" in data for data in files.values())
    with Image.open(io.BytesIO(files[GPS_PHOTO])) as picture:
        assert picture.size == (7, 13) and not picture.getexif()
    notebook = nbformat.reads(files["small.ipynb"].decode(), as_version=4)
    own = next(cell for cell in notebook.cells if cell.id == "own-picture")
    assert own.outputs[0].text == "(7, 13) 1,2\n"  # it ran on the picture that is handed in


def test_the_manifest_has_the_hashes_and_says_what_was_found(handed_in):
    files = handed_in[2]
    manifest = json.loads(files["manifest.json"])
    assert manifest["files"] == {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        for name, data in sorted(files.items())
        if name != "manifest.json"
    }
    assert manifest["assignment"] == "00_small"
    assert manifest["notebooks"]["small"] == {
        "ended": "finished",
        "points_on_visible_checks": 0.0,
        "of": 3.0,
        "texts_written": 0,
        "texts": 1,
    }
    assert any("example.org" in finding["what"] for finding in manifest["findings"])


def test_the_intake_takes_the_zip_as_it_is(handed_in, tmp_path):
    folder, _, files, _, done = handed_in
    (tmp_path / "anna").mkdir()
    shutil.copy(done.path, tmp_path / "anna")
    assert intake.students(tmp_path, "00_small") == ["anna"]
    taken = intake.collect(tmp_path, "anna", "00_small")
    assert taken.notes == [] and taken.files == files
    release = nbformat.read(folder / "small.ipynb", as_version=4)
    cells = read_notebook(taken.files["small.ipynb"])
    assert cells.notes == [] and identify({"small.ipynb": cells.cells}, {"small": release}) == (
        {"small": "small.ipynb"},
        [],
    )
    aligned = align(cells.cells, release)
    assert aligned.notes == []
    assert next(cell for cell in aligned.notebook.cells if cell.id == "corners-code").source == HALF


def test_the_pdf_shows_everything(handed_in, tmp_path):
    _, _, files, _, done = handed_in
    need(not done.no_pdf, f"no PDF here: {done.no_pdf}")
    need_program("pdftotext", "poppler-utils")
    (tmp_path / "a.pdf").write_bytes(files["00_small.pdf"])
    text = subprocess.run(["pdftotext", tmp_path / "a.pdf", "-"], capture_output=True, text=True, check=True).stdout
    for wanted in ("한국어 Кириллица", "A small notebook", "ZeroDivisionError"):
        assert wanted in text
    # The long line is wrapped, not clipped: its end is there, and no word comes nearer than 10 mm to the edge.
    assert "THE_END" in text.replace("\n", "")
    boxes = subprocess.run(["pdftotext", "-bbox", tmp_path / "a.pdf", "-"], capture_output=True, text=True).stdout
    width = float(re.search(r'<page width="([\d.]+)"', boxes).group(1))
    assert max(float(found) for found in re.findall(r'xMax="([\d.]+)"', boxes)) <= width - 10 / 25.4 * 72
    listed = subprocess.run(["pdfimages", "-list", tmp_path / "a.pdf"], capture_output=True, text=True).stdout
    sizes = {tuple(map(int, line.split()[3:5])) for line in listed.splitlines()[2:]}
    assert (7, 13) in sizes and len(sizes) >= 2  # the own picture, shown by a text, and the figure
    pages = text.split("\f")
    cover = " ".join(pages[0].split())
    assert "A small assignment Handed in as 00_small.zip, made on" in cover and "All 0/3 0/1" in cover.replace(
        " / ", "/"
    )
    assert "Step 1 · Corners" in pages[1] and "def corner" in pages[1] and "Criterion 2a" in text
    # What the course gives is in the notebooks.
    assert not any(given in text for given in ("open_notebook", "@check", "find_spec"))
