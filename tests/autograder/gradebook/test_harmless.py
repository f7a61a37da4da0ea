"""Which files of a student's keep their names, and what becomes of the others."""

import io
import mimetypes

import pytest
from PIL import Image

from autograder.feedback.pages import write_feedback
from autograder.grade import grade
from autograder.gradebook.harmless import HEAD, harmless_names
from tests.small_course import ASSIGNMENT, RIGHT, graded_course, hand_in

SCRIPT = b"<script>steal()</script>"


def picture(kind):
    buffer = io.BytesIO()
    Image.new("RGB", (7, 5), "red").save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"])
def test_pictures_keep_their_names_by_what_they_hold(kind):
    endings = {"JPEG": "jpg"}
    name = f"my_picture.{endings.get(kind, kind.lower())}"
    assert harmless_names({name: picture(kind)[:HEAD]}) == {name: name}
    assert harmless_names({name: SCRIPT[:HEAD]}) == {name: f"{name}.txt"}
    assert harmless_names({"page.html": picture(kind)[:HEAD]}) == {"page.html": "page.html.txt"}


@pytest.mark.parametrize(
    "name", ["a.csv", "a.json", "a.npy", "a.npz", "a.pt", "a.pth", "a.safetensors", "a.TXT", "a/b.html/c.tsv"]
)
def test_data_keep_their_names_whatever_they_hold(name):
    assert harmless_names({name: SCRIPT[:HEAD]}) == {name: name}


ACTS = """
plot.html plot.HTM evil.svg evil.svgz page.xhtml feed.xml sheet.xsl code.js code.mjs paper.pdf sheet.css help.py
nbgrader_config.py app.wasm page.mht page.shtml note.md old.eml frame.swf no_ending .html plot.html. my.png.html
deep/er/plot.html
"""


@pytest.mark.parametrize("name", ACTS.split())
def test_all_else_becomes_a_text(name):
    (new,) = harmless_names({name: SCRIPT[:HEAD]}).values()
    assert new == f"{name}.txt"
    assert mimetypes.guess_type(new) == ("text/plain", None)


def test_no_two_files_become_one():
    given = ["a.html", "a.html.txt", "A.HTML.TXT/b.csv", "c.js", "c.js.2.txt", "d.svg", "D.SVG"]
    names = harmless_names({name: SCRIPT for name in given}, beside=["C.js.txt", "d.svg.txt/e.json"])
    assert names == {
        "a.html": "a.html.2.txt",
        "a.html.txt": "a.html.txt",
        "A.HTML.TXT/b.csv": "A.HTML.TXT/b.csv",
        "c.js": "c.js.3.txt",
        "c.js.2.txt": "c.js.2.txt",
        "d.svg": "d.svg.2.txt",
        "D.SVG": "D.SVG.3.txt",
    }


def test_what_is_kept_of_a_submission_is_harmless_and_whole_and_only_our_pages_go_back(tmp_path):
    from tests.in_process import run_jobs

    places = graded_course(tmp_path)
    given = {
        "plot.html": SCRIPT,
        "evil.svg": b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>",
        "fake.png": SCRIPT,
        "my_picture.png": picture("PNG"),
        "numbers/found.csv": b"2,3\n",
    }
    for name, data in given.items():
        path = hand_in(places, "mallory", **RIGHT) / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    grade(places, ASSIGNMENT, run_jobs, "none (tests)", seed=5, say=lambda _: None)
    expected = {
        "plot.html.txt": given["plot.html"],
        "evil.svg.txt": given["evil.svg"],
        "fake.png.txt": given["fake.png"],
        "my_picture.png": given["my_picture.png"],
        "numbers/found.csv": given["numbers/found.csv"],
    }
    folder = places.autograded / "mallory" / ASSIGNMENT
    ours = {path.name for path in (places.source / ASSIGNMENT).iterdir()}
    assert {name: data for name, data in _files(folder).items() if name not in ours} == expected
    (folder / "stock.html").write_bytes(SCRIPT)  # as stock nbgrader leaves it
    write_feedback(places, ASSIGNMENT, ["mallory"])
    sent = _files(places.feedback / "mallory" / ASSIGNMENT)
    ours = {"index.html", "small.html", "wide.html", "submission_secret.txt", "timestamp.txt"}
    assert set(sent) == ours and not any(SCRIPT in data for data in sent.values())


def _files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
