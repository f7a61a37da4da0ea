"""What the page shows of a stranger's cells: harmless text, raster pictures, and what belongs to the answer first."""

import base64
import io

import nbformat
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from autograder.by_criterion.answers import picture_uri, shown
from autograder.by_criterion.criteria import criteria
from autograder.course.assignment import load_assignment
from bench.written_class import ASSIGNMENT, FIRST, NOTEBOOK, SECOND, written_class

SCRIPT = b"<svg xmlns='http://www.w3.org/2000/svg'><script>steal()</script></svg>"


def picture(kind="PNG", size=(7, 5)):
    buffer = io.BytesIO()
    Image.new("1", size).convert("RGB" if kind == "JPEG" else "1").save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
def look(tmp_path):
    """(what a change of the notebook's cells makes of an answer): the answer as it is shown then."""
    places = written_class(tmp_path, 1)
    assignment = load_assignment(places, ASSIGNMENT)
    folder = places.autograded / "student000" / ASSIGNMENT

    def look(criterion, change=lambda cells: None):
        path = folder / f"{NOTEBOOK}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        change({cell.metadata.get("nbgrader", {}).get("grade_id", cell.source): cell for cell in notebook.cells})
        nbformat.write(notebook, path)
        (wanted,) = [each for each in criteria(assignment) if each.id[1] == criterion]
        return shown(places, assignment, "student000", wanted)

    look.folder = folder
    return look


def texts(answer):
    return [(output["text"], output["near"]) for output in answer["outputs"] if "text" in output]


def test_what_the_step_drew_and_printed_above_the_answer(look):
    first, second = look(FIRST), look(SECOND)
    assert [sorted(output) for output in first["outputs"]] == [["near", "picture"]] * 2 + [["near", "text"]]
    assert texts(first) == [("mass in the box 0.00", True)]
    assert texts(second) == [("mass in the box 0.00", False), ("entropy 0.03", True)]


def test_a_students_own_cell_in_the_step_counts(look):
    def add(cells):
        cells["draw_figures()"].outputs = []
        cells[FIRST].source = "See $x^2$."

    assert texts(look(FIRST, add)) == [] and "<math" in look(FIRST)["html"]
    path = look.folder / f"{NOTEBOOK}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    at = next(i for i, cell in enumerate(notebook.cells) if cell.source == "draw_figures()")
    own = nbformat.v4.new_code_cell("mine", id="own-1", outputs=[nbformat.v4.new_output("stream", text="my number")])
    notebook.cells.insert(at + 1, own)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("other", id="own-2", outputs=own.outputs))
    nbformat.write(notebook, path)
    assert texts(look(FIRST)) == [("my number", True)]


HOSTILE = """<script>steal()</script><b id="save" class="level" name="open">b</b> <img src=x onerror="steal()">
<img src="https://spy.example/a.png"> <form action="/api/undo"><button>press</button></form>
<iframe src="//spy.example"></iframe><link rel=stylesheet href=//spy.example><style>*{display:none}</style>
<a href="javascript:steal()">a</a> <div style="position:fixed;background:url(//spy.example)">c</div> </article>"""


def test_hostile_text_is_harmless(look):
    html = look(FIRST, lambda cells: cells[FIRST].update(source=HOSTILE))["html"]
    for acts in ("<script", "<form", "<button", "<iframe", "<link", "<style", 'id="', 'class="', 'name="', "onerror=\"",
                 'src="https', 'href="java', "position", "url(", "</article>"):  # fmt: skip
        assert acts not in html, acts
    assert "press" in html and html.count("<div") == html.count("</div>")


def test_no_value_of_an_attribute_begins_a_source(look):
    (look.folder / "a.png").write_bytes(picture())
    source = """<img title=" src=" alt="x onerror=alert(1) id=save style=position:fixed;inset:0 y" src="a.png">"""
    html = look(FIRST, lambda cells: cells[FIRST].update(source=source))["html"]
    (shown,) = BeautifulSoup(html, "html.parser").find_all("img")
    assert set(shown.attrs) == {"title", "alt", "src"} and shown["title"] == " src="
    assert shown["src"] == f"data:image/png;base64,{base64.b64encode(picture()).decode()}"


def test_files_of_the_students_own_are_shown_where_they_are_pictures(look):
    for name, data in (("my picture.png", picture()), ("fake.png", SCRIPT)):
        (look.folder / name).write_bytes(data)
    (look.folder.parent / "outside.png").write_bytes(picture())
    (look.folder / "link.png").symlink_to(look.folder.parent / "outside.png")
    names = ("my%20picture.png", "fake.png", "missing.png", "link.png", "../outside.png")
    source = "\n".join(f"![{name}]({name})" for name in names)
    html = look(FIRST, lambda cells: cells[FIRST].update(source=source))["html"]
    uri = f"data:image/png;base64,{base64.b64encode(picture()).decode()}"
    assert html.count(uri) == 1 and html.count('src="data:,"') == 3 and html.count("src=") == 4


def test_only_raster_pictures_of_a_sane_size_are_shown(look):
    assert picture_uri(picture("JPEG")).startswith("data:image/jpeg;base64,")
    assert [picture_uri(data) for data in (SCRIPT, b"", picture()[:20], picture(size=(6_000, 5_001)))] == [None] * 4

    def draw(cells):
        outputs = [{"image/svg+xml": SCRIPT.decode()}, {"text/html": "<script>steal()</script>"}, {"image/png": "%%%"}]
        outputs += [{"image/png": base64.b64encode(SCRIPT).decode()}, {"text/plain": "<Figure>"}, {"text/plain": "17"}]
        cells["draw_figures()"].outputs = [nbformat.v4.new_output("display_data", data) for data in outputs]

    assert look(FIRST, draw)["outputs"] == [{"text": "17", "near": True}]


def test_long_and_coloured_text_is_cut_and_plain(look):
    def say(cells):
        text = "\x1b[31mred\x1b[0m " + "x" * 5_000
        cells["draw_figures()"].outputs = [
            nbformat.v4.new_output("stream", text=text),
            nbformat.v4.new_output("error", ename="KeyError", evalue="'a'", traceback=["\x1b[31m..."]),
        ]

    (long, _), (error, _) = texts(look(FIRST, say))
    assert long.startswith("red xxx") and long.endswith("(The rest is not shown here: it is too long.)")
    assert len(long) < 4_100 and error == "KeyError: 'a'"
