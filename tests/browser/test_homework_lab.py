"""A student's hour in a real JupyterLab, in short: an exercise wrong and then right, a picture of one's own, the
explorer with the mouse and with the keys alone, and its page kept and opened where no server is."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import nbformat
import pytest
from PIL import Image

from autograder.course.registry import SOLUTIONS, read_registry
from autograder.course.source import read_source
from coursework.checks.solutions import read_solutions
from detrlab.attention.capture import CapturedAttention, capture_attention
from detrlab.detr.detect import detect
from detrlab.detr.models import load_model
from detrlab.images import open_picture
from detrlab.own_picture import KEPT_NAME, same_picture
from detrlab.scenes.compose import draw_scene
from tests.browser.chromium import watched_page
from tests.browser.lab import Lab
from tests.browser.painted import assert_paints
from tests.browser.student import LATER, SOON, Student

ROOT = Path(__file__).parents[2]
ASSIGNMENT, NAME = read_registry(SOLUTIONS)[0].name, "q2_detect_and_attend"
SOURCE = SOLUTIONS / ASSIGNMENT / NAME
SIZE = WIDTH, HEIGHT = 500, 325
MANY_TABS = 80


def photograph() -> bytes:
    """What the student chooses: a scene as a JPEG file, with the camera's place in it."""
    exif, file = Image.Exif(), io.BytesIO()
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    draw_scene(10, SIZE).picture.save(file, "JPEG", quality=95, exif=exif)
    return file.getvalue()


def captured(picture: Image.Image) -> CapturedAttention:
    model = load_model("shapes")
    with capture_attention(model) as attention:
        detect(model, picture)
    return attention


def assert_painted(canvas, expected) -> None:
    assert_paints(canvas, expected)


def answer_wrongly_and_then_right(student: Student, solution: str, screenshots: Path) -> None:
    mistake = next(each for each in read_source(SOURCE).mistakes if each.message_id == "corners/half_width")
    student.answer("corners_code", mistake.code)
    student.run_next("corners")
    student.reads("corners", mistake.says, LATER)
    student.cell("corners").scroll_into_view_if_needed()
    student.page.screenshot(path=screenshots / "homework_wrong.png")
    student.answer_above("corners_code", solution)
    student.run("corners")
    student.reads("corners", "Right.", LATER)
    student.page.screenshot(path=screenshots / "homework_right.png")


def break_it_and_ask_for_a_hint(student: Student, solution: str, screenshots: Path) -> None:
    """A check says that its answer did not run; `hint()` in a cell of one's own knows which exercise is meant."""
    student.answer("corners_code", solution.replace("return", "retrun"))
    student.reads("corners_code", "SyntaxError")
    student.run("corners")
    student.reads("corners", "The cell above did not run: its last run stopped with SyntaxError")
    student.page.screenshot(path=screenshots / "homework_stale.png")
    for key in ("Escape", "a", "Enter"):  # a new cell between the check and the next step, which is chosen now
        student.page.keyboard.press(key)
    student.type_over("hint()")
    student.page.get_by_text("Hint 1 of 3 · corners").wait_for(timeout=SOON)
    student.page.screenshot(path=screenshots / "homework_hint.png")
    for key in ("Escape", "k", "d", "d"):  # the cell goes again, so that the others keep their places
        student.page.keyboard.press(key)
    student.answer("corners_code", solution)
    student.run("corners")
    student.reads("corners", "Right.")


def choose_a_picture(student: Student, solution: str, folder: Path, screenshots: Path) -> None:
    chosen = photograph()
    student.run("upload = upload_button()")
    button = student.cell("upload = upload_button()").get_by_role("button", name="Choose a picture")
    with student.page.expect_file_chooser(timeout=SOON) as chooser:
        button.click()
    chooser.value.set_files({"name": "desk.jpg", "mimeType": "image/jpeg", "buffer": chosen})
    student.cell("upload = upload_button()").get_by_role("button", name="(1)").wait_for(timeout=SOON)
    function, _, _ = solution.partition("def my_source")
    mine = "def my_source():\n    return upload.value\n\n\nkeep_picture(my_source())"
    student.answer("own_picture_code", function + mine)
    student.cell("own_picture_code").locator(".jp-OutputArea img").wait_for(timeout=SOON)
    student.run_next("own_picture")
    student.reads("own_picture", "Right.")
    student.cell("own_picture_code").locator(".jp-OutputArea").evaluate("each => each.scrollIntoView()")
    student.page.screenshot(path=screenshots / "homework_picture.png")
    with Image.open(folder / KEPT_NAME) as kept:
        assert kept.size == SIZE and same_picture(kept, Image.open(io.BytesIO(chosen)))
        assert not kept.getexif() and not kept.info.get("exif")


def explore_with_the_mouse_and_the_keys(student: Student, folder: Path, screenshots: Path) -> None:
    page, picture = student.page, open_picture(folder / KEPT_NAME)
    attention = captured(picture)
    grid = attention.grid(0, picture)
    student.run('MODEL = "shapes"')
    page.keyboard.press("Shift+Enter")  # prose
    page.keyboard.press("Shift+Enter")  # the explorer
    cell = student.cell("explorer = attempt")
    stage, canvas = cell.locator(".dl-stage"), cell.locator(".dl-stage canvas")
    stage.wait_for(timeout=SOON)
    cell.locator(".jp-OutputArea").evaluate("each => each.scrollIntoView()")
    box = stage.bounding_box()
    for x, y in ((61.0, 43.0), (253.0, 131.0)):
        page.mouse.move(box["x"] + x * box["width"] / WIDTH, box["y"] + y * box["height"] / HEIGHT)
        assert_painted(canvas, attention.encoder(picture=picture).looks_at((x, y)))
    page.screenshot(path=screenshots / "homework_explorer.png")

    # The keys alone: from the cell into the picture, to a point, then on to the best detection.
    page.mouse.move(1, 1)
    cell.locator(".cm-content").focus()
    page.keyboard.press("Escape")
    for _ in range(MANY_TABS):
        page.keyboard.press("Tab")
        if stage.evaluate("each => each === document.activeElement"):
            break
    else:
        pytest.fail("Tab does not lead into the picture")
    for key in ("ArrowLeft",) * 30 + ("ArrowUp",) * 20 + ("ArrowDown",) * 3 + ("ArrowRight",) * 7:
        page.keyboard.press(key)
    x0, y0, x1, y1 = grid.cell_box_xyxy(3, 7)
    assert_painted(canvas, attention.encoder(picture=picture).looks_at(((x0 + x1) / 2, (y0 + y1) / 2)))
    page.keyboard.press("Tab")
    chosen = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert chosen.startswith("Detection 1: ")
    assert_painted(canvas, attention.decoder_cross(query=int(chosen.rpartition("query ")[2])))
    page.screenshot(path=screenshots / "homework_keys.png")


def save_the_page(student: Student, folder: Path, place: Path) -> Path:
    student.run("explorer = attempt")
    for key in ("Escape", "a", "Enter"):  # a new cell below it
        student.page.keyboard.press(key)
    student.type_over('explorer.save("my_explorer.html").name')
    student.page.get_by_text("'my_explorer.html'", exact=True).wait_for(timeout=SOON)
    return Path(shutil.move(folder / "my_explorer.html", place))


def assert_page_is_alive(page, saved: Path, picture: Image.Image) -> None:
    page.goto(saved.as_uri())
    stage = page.locator(".dl-stage")
    stage.wait_for()
    box = stage.bounding_box()
    page.mouse.move(box["x"] + 253 * box["width"] / WIDTH, box["y"] + 131 * box["height"] / HEIGHT)
    expected = captured(picture).encoder(picture=picture).looks_at((253.0, 131.0))
    assert_painted(page.locator(".dl-stage canvas"), expected)


def test_from_a_wrong_answer_to_a_page_that_needs_no_server(lab: Lab, browser, tmp_path, screenshots):
    folder = Path(shutil.copytree(ROOT / "notebooks" / ASSIGNMENT, lab.folder / tmp_path.name / ASSIGNMENT))
    notebook = nbformat.read(folder / f"{NAME}.ipynb", as_version=4)
    solutions = {name: text for name, (_, text) in read_solutions(SOURCE).items()}
    with watched_page(browser, viewport={"width": 1280, "height": 1000}) as page:
        lab.open(page, f"{tmp_path.name}/{ASSIGNMENT}/{NAME}.ipynb")
        student = Student(page, notebook)
        student.run("setup")
        answer_wrongly_and_then_right(student, solutions["corners"], screenshots)
        break_it_and_ask_for_a_hint(student, solutions["corners"], screenshots)
        choose_a_picture(student, solutions["own_picture"], folder, screenshots)
        explore_with_the_mouse_and_the_keys(student, folder, screenshots)
        saved = save_the_page(student, folder, tmp_path)
    with watched_page(browser, viewport={"width": 1040, "height": 900}, offline=True) as page:
        assert_page_is_alive(page, saved, open_picture(folder / KEPT_NAME))
        page.screenshot(path=screenshots / "homework_page.png", full_page=True)
