"""The parts of handing in: running, inspecting, pictures, printing, packing; each by itself."""

import base64
import io
import json
import re
import shutil
import zipfile

import nbformat
import pytest
from IPython.utils.capture import capture_output
from PIL import Image

from autograder.build.in_process import runner
from coursework.__main__ import main
from coursework.checks.attempt import attempt
from coursework.checks.blank import BLANK
from coursework.hand_in import gather as gathering
from coursework.hand_in import hand_in as way
from coursework.hand_in import inspect as inspecting
from coursework.hand_in import pdf
from coursework.hand_in.bundle import is_ours
from coursework.hand_in.page import cover_page, draw_formulas, print_page
from coursework.hand_in.pictures import clean_attachments, clean_picture
from coursework.hand_in.run import Run, network_is_closed, run_notebook
from coursework.marking.verdict import Verdict
from coursework.submission import plain_id
from tests.needs import need
from tests.small_release import HALF, answer, make_release, photo


def trivial(*sources):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def test_a_cell_that_does_not_end_is_stopped_and_the_rest_not_run(tmp_path):
    (tmp_path / "work").mkdir()
    run = run_notebook(trivial("print('a')", "while True: pass", "print('b')"), tmp_path, cell_seconds=2)
    assert (run.ended, run.last) == ("stopped", 1)
    assert run.notebook.cells[0].outputs and not run.notebook.cells[2].outputs


def test_a_kernel_that_dies_is_said_and_home_is_empty(tmp_path):
    (tmp_path / "work").mkdir()
    code = "import os\nprint(sorted(os.listdir(os.path.expanduser('~'))))"
    run = run_notebook(trivial(code, "os._exit(3)", "print('b')"), tmp_path)
    assert (run.ended, run.last) == ("died", 1)
    assert run.notebook.cells[0].outputs[0].text.strip() in ("['.ipython']", "[]", "['.cache', '.ipython']")


def test_without_python_no_network_either(tmp_path):
    """Where the system can close it, a program that asks no Python module has no network."""
    need(network_is_closed(), "this system gives no network namespace to this user")
    (tmp_path / "work").mkdir()
    run = run_notebook(trivial("print(open('/proc/net/dev').read().count(':'))"), tmp_path)
    assert run.notebook.cells[0].outputs[0].text.strip() == "1"  # lo alone


def inspected(folder, change):
    """What inspect says of the small notebook whose run was changed by `change(run)`."""
    saved = nbformat.read(folder / "small.ipynb", as_version=4)
    run = Run(nbformat.from_dict(saved))
    change(run)
    return [
        f"{finding.place}: {finding.sentence}" for finding in inspecting.inspect("small", run, saved, folder).findings
    ]


@pytest.fixture
def folder(tmp_path, tmp_path_factory):
    return make_release(tmp_path, tmp_path_factory.getbasetemp() / "built")


def test_unanswered_exercises_and_gone_cells_are_named(folder):
    def untouched(run):
        cell = next(cell for cell in run.notebook.cells if cell.id == "corners")
        html = Verdict(0.0, 3.0, "open", "in any words")._repr_html_()
        cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "0.0", "text/html": html})]

    assert any(line.endswith("not attempted yet") for line in inspected(folder, untouched))

    def without(run):
        run.notebook.cells = [cell for cell in run.notebook.cells if cell.id != "corners-code"]

    assert any("gone (corners_code)" in line for line in inspected(folder, without))


def test_what_several_places_share_is_said_once_and_what_is_serious_last():
    found = [
        inspecting.Finding("q", "Step 1", "fails", True),
        *(inspecting.Finding("q", place, "not yet") for place in ("Step 1", "Step 2", "Step 2")),
        inspecting.Finding("r", "Step 2", "not yet"),
    ]
    assert inspecting.lines(found) == [
        "  ○ q: not yet\n      - Step 1\n      - Step 2",
        "  ○ r: not yet (in Step 2)",
        "  ✗ q: fails (in Step 1)",
    ]


def test_a_figure_that_waits_for_a_step_is_missing(folder):
    with runner(folder), capture_output() as captured:
        attempt(lambda: BLANK + 1)
        attempt(lambda: 1 / 0)
    assert len(captured.outputs) == 2
    for shown in captured.outputs:

        def waits(run, shown=shown):
            output = nbformat.v4.new_output("display_data", shown.data, metadata=shown.metadata)
            run.notebook.cells.append(nbformat.v4.new_code_cell("attempt(show)", outputs=[output]))

        assert any("the figure is missing" in line for line in inspected(folder, waits))


def test_pictures_are_upright_and_only_pixels():
    clean = clean_picture(photo())
    with Image.open(io.BytesIO(clean)) as picture:
        assert picture.size == (7, 13) and picture.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        top, bottom = picture.getpixel((3, 2)), picture.getpixel((3, 11))
    assert top[0] > 200 and bottom[2] > 200  # orientation 6: the left side comes to the top
    png = io.BytesIO()
    Image.new("RGBA", (3, 2), (1, 2, 3, 4)).save(png, "PNG", exif=Image.Exif())
    with Image.open(io.BytesIO(clean_picture(png.getvalue() + b"GPS behind the end"))) as picture:
        assert picture.getpixel((0, 0)) == (1, 2, 3, 4)
    with pytest.raises(ValueError, match="no picture"):
        clean_picture(b"\x00\x00\x00\x18ftypheic")


def test_pasted_pictures_are_cleaned_and_damaged_ones_go():
    pasted = {"a.jpg": {"image/jpeg": base64.b64encode(photo()).decode()}, "b.jpg": {"image/jpeg": "AAAA"}}
    notebook = {"cells": [{"cell_type": "markdown", "attachments": pasted}]}
    clean_attachments(notebook)
    assert list(pasted) == ["a.jpg"] and b"SECRETCAM" not in base64.b64decode(pasted["a.jpg"]["image/jpeg"])


def test_a_picture_that_cannot_be_cleaned_is_left_out_and_said(folder, tmp_path):
    (folder / "cat.heic").write_bytes(b"GPS")
    (folder / "a:b.png").write_bytes(b"")
    work = tmp_path / "work"
    work.mkdir()
    found = gathering.gather(folder, work)
    assert "save it as PNG" in str(found.left_out["cat.heic"]) and "rename" in str(found.left_out["a:b.png"])
    course = ["assignment.json", "small.ipynb", "small.json", "small.safetensors"]
    assert sorted(path.name for path in work.iterdir()) == course


def test_what_is_too_large_is_left_out(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(gathering, "MAX_FILE", 1000)  # bytes
    (folder / "big.csv").write_bytes(b"0" * 1001)
    (tmp_path / "work").mkdir()
    assert "larger than" in str(gathering.gather(folder, tmp_path / "work").left_out["big.csv"])


def test_without_chromium_it_is_said_loudly_and_in_the_zip(folder, monkeypatch, capsys):
    monkeypatch.setenv(pdf.CHROMIUM, "no-such-browser")
    monkeypatch.setattr(way, "run_notebook", lambda notebook, session: Run(notebook))  # nothing is run here
    assert main(["hand-in", str(folder)]) == 1
    said = capsys.readouterr().out
    assert "THE PDF COULD NOT BE MADE" in said and "no-such-browser" in said
    with zipfile.ZipFile(folder.parent / "00_small.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert manifest["pdf"] is None and "no-such-browser" in manifest["why_no_pdf"]
        assert archive.namelist() == ["small.ipynb", "manifest.json"]


def test_a_notebook_too_heavy_for_the_intake_is_said(folder, monkeypatch, capsys):
    monkeypatch.setenv(pdf.CHROMIUM, "no-such-browser")
    monkeypatch.setattr(way, "run_notebook", lambda notebook, session: Run(notebook))
    monkeypatch.setattr(way, "MAX_FILE", 1000)
    main(["hand-in", str(folder)])
    assert "✗ small.ipynb: small.ipynb has 0 MB" in capsys.readouterr().out


def test_a_browser_that_fails_is_no_pdf(tmp_path, monkeypatch):
    monkeypatch.setenv(pdf.CHROMIUM, "true")
    (tmp_path / "a.html").write_text("<p>")
    with pytest.raises(pdf.NoPdf, match="true stopped with 0"):
        pdf.print_pdf(tmp_path / "a.html", tmp_path / "a.pdf")


def test_a_missing_or_damaged_notebook_is_said(folder, monkeypatch, capsys):
    monkeypatch.setenv(pdf.CHROMIUM, "no-such-browser")
    (folder / "small.ipynb").write_text("<<<<<<< HEAD")
    main(["hand-in", str(folder)])
    assert "small.ipynb: cannot be read" in capsys.readouterr().out
    (folder / "small.ipynb").unlink()
    main(["hand-in", str(folder)])
    assert "small.ipynb: is missing" in capsys.readouterr().out


def test_a_file_of_the_students_is_not_overwritten(folder, capsys):
    zipped = folder.parent / "00_small.zip"
    zipped.write_bytes(b"mine")
    assert main(["hand-in", str(folder)]) == 2
    assert "was not made by hand-in" in capsys.readouterr().err and zipped.read_bytes() == b"mine"
    assert not is_ours(zipped)


def test_the_folder_is_found_or_asked_for(folder, tmp_path):
    course = folder.parent.parent
    assert (
        way.find_folder(None, folder) == way.find_folder(None, folder.parent) == way.find_folder(None, course) == folder
    )
    shutil.copytree(folder, folder.parent / "01_more")
    with pytest.raises(ValueError, match=r"00_small, .*01_more"):
        way.find_folder(None, course)
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no folder of an assignment"):
        way.find_folder(str(tmp_path / "empty"))


def test_formulas_are_drawn_code_and_money_are_not():
    text = "Let $q = k$ and `$HOME` for $5, then\n$$\\frac{a}{b}$$\n```\n$x$\n``` and $\\nonsense{x}$"
    drawn = draw_formulas(text)
    assert drawn.count("<img") == 2 and "`$HOME`" in drawn and "$5, then" in drawn and "```\n$x$\n```" in drawn
    assert "<code>\\nonsense{x}</code>" in drawn


def test_paper_shows_what_a_widget_has_beside_itself():
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "a"}, "text/plain": "Explorer(rows=1)"}
    cell = nbformat.v4.new_code_cell("explore()")
    cell.outputs = [
        nbformat.v4.new_output("display_data", dict(widget)),
        nbformat.v4.new_output(
            "display_data", {**widget, "image/png": "iVBORw0KGgo=", "text/html": "<iframe></iframe>"}
        ),
    ]
    notebook = nbformat.v4.new_notebook(cells=[cell])
    html = print_page({"a": notebook}, "a")
    assert html.count("<img") == 1 and "Explorer(rows" not in html and "<iframe" not in html
    assert "text/plain" in notebook.cells[0].outputs[0].data  # what is handed in is as it was


def test_paper_shows_what_the_student_did_and_headings_of_the_rest(folder):
    notebook = nbformat.read(answer(folder, corners_code=HALF, why="Boxes have **centres**."), as_version=4)
    notebook.cells.append(nbformat.v4.new_markdown_cell("A remark of mine."))
    given = nbformat.v4.new_code_cell("show_them()", id=plain_id("show_them()"))
    given.outputs = [nbformat.v4.new_output("stream", text="a table")]
    notebook.cells.append(given)
    html = print_page({"small": notebook}, "small", cover_page("Small", "00_small", "today", {}))
    text = " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL).split())
    for wanted in (
        "Step 1 · Corners",
        "boxes_cxcywh",
        "Criterion 2a",
        "Boxes have centres",
        "A remark of mine",
        "a table",
    ):
        assert wanted in text
    for given_text in ("open_notebook", "draw.boxes_cxcywh", "8 min", "show_them"):
        assert given_text not in text
    assert text.index("Small Handed in as 00_small.zip, made on today") < text.index("Step 1")


def test_a_page_runs_and_fetches_nothing():
    cell = nbformat.v4.new_code_cell("x")
    cell.outputs = [nbformat.v4.new_output("display_data", {"text/html": "<script>alert(1)</script>"})]
    html = print_page({"a": nbformat.v4.new_notebook(cells=[cell])}, "a")
    assert re.search(r"Content-Security-Policy.*default-src 'none'", html)


def test_the_button_runs_the_command_and_shows_its_words(folder, monkeypatch):
    from coursework.hand_in import button as buttons

    ran = []

    class Process:
        def __init__(self, command, **_):
            ran.append(command)
            self.stdout = iter(["Handing in <small>\n"])

        __enter__ = lambda self: self  # noqa: E731
        __exit__ = lambda self, *_: None  # noqa: E731

    monkeypatch.setattr(buttons.subprocess, "Popen", Process)
    monkeypatch.setattr(
        buttons.threading, "Thread", lambda target, args, daemon: type("T", (), {"start": lambda _: target(*args)})()
    )
    shown = buttons.hand_in_button(folder.parent)
    shown.children[0].children[0].click()
    assert ran[0][-3:] == ["coursework", "hand-in", str(folder)]
    assert "Handing in &lt;small&gt;" in shown.children[1].value
    assert "no folder of an assignment" in buttons.hand_in_button(folder.parent.parent.parent / "nowhere").value
