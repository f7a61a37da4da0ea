"""Pictures in a page: each once, small, from nowhere but the page and the student's own folder."""

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from autograder.feedback.pictures import MAX_KB, MAX_PICTURES, MAX_SIDE, embed
from autograder.feedback.safe_html import clean_html

AGAIN, NOT_SHOWN = "<em>(The same picture as above.)</em>", "<em>(A picture that cannot be shown.)</em>"


def picture(width=31, height=17, noise=False, kind="PNG", **more):
    values = np.random.default_rng(5).integers(0, 256, (height, width, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(values if noise else values * 0).save(file, kind, **more)
    return file.getvalue()


def inline(data, kind="png"):
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def held(page):
    (found,) = re.findall(r'src="data:image/(\w+);base64,([^"]*)"', page)
    return found[0], base64.b64decode(found[1])


def test_a_small_picture_stays_byte_for_byte(tmp_path):
    tag = f'<img alt="a" src="{inline(picture())}" width=300>'
    assert embed(f"<p>{tag}</p>", tmp_path) == f"<p>{tag}</p>"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_a_large_picture_is_compressed_and_keeps_its_shape(tmp_path, kind):
    data = picture(2 * MAX_SIDE, MAX_SIDE // 2, noise=True, kind=kind)
    assert len(data) > MAX_KB * 1000
    kind, smaller = held(embed(f'<img src="{inline(data, kind.lower())}">', tmp_path))
    assert kind == "webp" and len(smaller) < len(data) / 2
    assert Image.open(io.BytesIO(smaller)).size == (MAX_SIDE, MAX_SIDE // 4)


def test_a_drawing_stays_sharp(tmp_path):
    values = np.array([[250, 250, 250], [20, 20, 20], [213, 94, 0]], dtype=np.uint8)
    colours = values[np.random.default_rng(5).integers(0, 3, (203, 151)).repeat(3, axis=1)]  # as text: edges all over
    file = io.BytesIO()
    Image.fromarray(colours).save(file, "PNG", compress_level=0)
    kind, smaller = held(embed(f'<img src="{inline(file.getvalue())}">', tmp_path))
    assert kind == "webp" and len(smaller) < MAX_KB * 1000
    np.testing.assert_array_equal(Image.open(io.BytesIO(smaller)).convert("RGB"), colours)


def test_a_bar_of_many_colours_shows_no_steps(tmp_path):
    """Few colours would make it smaller, and are seen."""
    reds = np.linspace(40, 215, 701).round().astype(np.uint8)
    colours = np.stack([reds, reds // 2, 255 - reds], -1)[None].repeat(37, axis=0)
    file = io.BytesIO()
    Image.fromarray(colours).save(file, "PNG", compress_level=0)
    shown = Image.open(io.BytesIO(held(embed(f'<img src="{inline(file.getvalue())}">', tmp_path))[1])).convert("RGB")
    assert np.abs(np.diff(np.asarray(shown)[18, :, 0].astype(int))).max() < 8


def test_a_file_of_the_students_becomes_part_of_the_page_once(tmp_path):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures/my picture.png").write_bytes(picture())
    page = embed(
        '<img src="pictures/my%20picture.png" alt="x"> and <img alt="y" src="pictures/my%20picture.png">', tmp_path
    )
    assert page == f'<img src="{inline(picture())}" alt="x"> and {AGAIN}'


def test_no_value_of_an_attribute_begins_a_source(tmp_path):
    (tmp_path / "a.png").write_bytes(picture())
    title = f"title=\" src='{inline(picture(7))}'\""
    assert embed(f'<img {title} src="a.png">', tmp_path) == f'<img {title} src="{inline(picture())}">'


def test_the_same_picture_inline_and_as_a_file_is_there_once(tmp_path):
    (tmp_path / "a.png").write_bytes(picture())
    assert embed(f'<img src="{inline(picture())}"><img src="a.png">', tmp_path).endswith(AGAIN)


@pytest.mark.parametrize("source", ["gone.png", "../outside.png", "/etc/passwd", "link.png", "text.png", "", "x" * 999])
def test_what_is_no_picture_of_the_students_is_a_sentence(tmp_path, source):
    folder = tmp_path / "mine"
    folder.mkdir()
    (tmp_path / "outside.png").write_bytes(picture())
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    (folder / "text.png").write_text("<script>")
    assert embed(f'<img src="{source}">', folder) == NOT_SHOWN


def test_a_picture_of_very_many_pixels_is_not_decoded(tmp_path):
    bomb = picture(8_000, 6_000)
    assert len(bomb) > MAX_KB * 1000
    assert embed(f'<img src="{inline(bomb)}">', tmp_path) == NOT_SHOWN


def test_a_page_has_no_more_than_so_many_pictures(tmp_path):
    tags = [f'<img src="{inline(picture(number))}">' for number in range(1, MAX_PICTURES + 8)]
    assert embed("".join(tags), tmp_path).count("<img") == MAX_PICTURES


def test_a_drawing_and_an_image_without_address_stay(tmp_path):
    page = '<img src="data:image/svg+xml;base64,AAAA"><img alt="a">'
    assert embed(page, tmp_path) == page


@pytest.mark.parametrize(
    "evil",
    [
        """<p title="<img src=">x</p><p title="x onerror=steal() y">y</p>""",
        """<p title='<img src="'>x</p><p title='" onerror=steal() x="'>y</p>""",
        """<img alt='"><img src="a.png" onerror=steal() x="' src="b.png">""",
        """<p title="<img src='">x</p><p title="' onerror=steal() x='">y</p>""",
    ],
)
def test_no_attribute_of_a_students_gets_out_of_its_quotes(tmp_path, evil):
    acting = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attributes):
            acting.extend(name for name, _ in attributes if name.startswith("on"))

    Tags().feed(embed(clean_html({}, evil), tmp_path))
    assert acting == []
