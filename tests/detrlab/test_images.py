"""Opening pictures of every kind, refusing what is none, and the official resize rule."""

import io
import json
import time

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import functional as F

from detrlab import images
from detrlab.images import PictureError, open_picture, resized_size, to_input
from tests.golden_data import golden_file
from tests.loopback import serving

WIDTH, HEIGHT = 41, 37
TOO_MANY = images.MAX_PIXELS // 1000 + 1


def colours(mode: str = "RGB") -> Image.Image:
    """A picture whose left half is red and whose right half is blue."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[:, : WIDTH // 2, 0] = 255
    pixels[:, WIDTH // 2 :, 2] = 255
    return Image.fromarray(pixels).convert(mode)


def encoded(picture: Image.Image, format: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def left_and_right(picture: Image.Image) -> tuple:
    """The colours at both sides, to the nearest ten: YCbCr rounds."""
    assert picture.mode == "RGB"
    left, right = picture.getpixel((3, 3)), picture.getpixel((WIDTH - 4, 3))
    return tuple(round(v / 255, 1) * 255 for v in left), tuple(round(v / 255, 1) * 255 for v in right)


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
RED_AND_BLUE = ((255, 0, 0), (0, 0, 255))


def test_every_source_gives_the_same_picture(tmp_path):
    data = encoded(colours())
    path = tmp_path / "mine.png"
    path.write_bytes(data)
    upload = {"name": "mine.png", "type": "image/png", "size": len(data), "content": memoryview(data)}
    with serving({"mine.png": data}) as address:
        sources = [
            path,
            str(path),
            address + "mine.png",
            data,
            memoryview(data),
            (upload,),
            upload,
            colours(),
        ]
        for source in sources:
            picture = open_picture(source)
            assert picture.size == (WIDTH, HEIGHT)
            assert left_and_right(picture) == RED_AND_BLUE


def test_the_value_of_a_real_upload_widget():
    from ipywidgets import FileUpload

    widget = FileUpload()
    widget.set_state(
        {
            "value": [
                {
                    "name": "mine.png",
                    "type": "image/png",
                    "size": 1,
                    "last_modified": 0,
                    "content": memoryview(encoded(colours())),
                }
            ]
        }
    )
    assert left_and_right(open_picture(widget.value)) == RED_AND_BLUE


@pytest.mark.parametrize("format", images.FORMATS)
def test_file_formats(format):
    assert left_and_right(open_picture(encoded(colours(), format))) == RED_AND_BLUE


@pytest.mark.parametrize("mode", ["P", "RGBA", "CMYK", "YCbCr", "HSV"])
def test_colour_modes(mode):
    assert left_and_right(open_picture(colours(mode))) == RED_AND_BLUE


@pytest.mark.parametrize(("mode", "value"), [("L", 102), ("LA", (102, 255)), ("1", 255)])
def test_grey_modes(mode, value):
    grey = 255 if mode == "1" else 102
    picture = open_picture(encoded(Image.new(mode, (WIDTH, HEIGHT), value)))
    assert picture.getpixel((3, 3)) == (grey, grey, grey)


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_16_bits_are_scaled_not_clipped(format):
    deep = Image.fromarray(np.full((HEIGHT, WIDTH), 102 * 257, np.uint16))
    assert open_picture(encoded(deep, format)).getpixel((3, 3)) == (102, 102, 102)


def test_transparent_parts_are_white():
    clear = Image.new("RGBA", (WIDTH, HEIGHT), (0, 0, 0, 0))
    clear.paste((0, 0, 255, 255), (WIDTH // 2, 0, WIDTH, HEIGHT))
    for source in (clear, encoded(clear), encoded(clear.quantize(4))):
        assert left_and_right(open_picture(source)) == ((255, 255, 255), (0, 0, 255))


def test_an_animation_gives_its_first_frame():
    frames = [colours(), Image.new("RGB", (WIDTH, HEIGHT), "lime")]
    for format in ("GIF", "PNG", "WEBP"):
        options = {"lossless": True} if format == "WEBP" else {}
        data = encoded(frames[0], format, save_all=True, append_images=frames[1:], **options)
        assert left_and_right(open_picture(data)) == RED_AND_BLUE
    with Image.open(io.BytesIO(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))) as mine:
        mine.seek(1)
        assert left_and_right(open_picture(mine)) == RED_AND_BLUE
        assert mine.tell() == 1


def test_upright_and_without_metadata():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    exif[0x010F] = "a camera"
    sideways = encoded(colours().transpose(Image.Transpose.ROTATE_90), "TIFF", exif=exif)
    photograph = encoded(colours().transpose(Image.Transpose.ROTATE_90), "PNG", exif=exif)
    for data in (sideways, photograph):
        picture = open_picture(data)
        assert picture.size == (WIDTH, HEIGHT)
        assert left_and_right(picture) == RED_AND_BLUE
        assert not picture.getexif()
        assert b"a camera" not in encoded(picture, "PNG")


def test_the_callers_picture_stays_as_it_is():
    mine = colours()
    open_picture(mine).paste("black", (0, 0, WIDTH, HEIGHT))
    assert left_and_right(mine) == RED_AND_BLUE


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"<!DOCTYPE html><html>cat</html>", "the data is not a picture but a web page"),
        (b"<?xml version='1.0'?><svg></svg>", "SVG"),
        (b"\0\0\0\x18ftypheic....", "HEIC"),
        (b"", "it is empty"),
        (encoded(colours(), "EPS"), "the data is not a picture"),
        (b"just words", "the data is not a picture: use a JPEG or PNG"),
        (encoded(NOISE, "JPEG")[:-2000], "the data is damaged or incomplete"),
        (encoded(NOISE)[:-2000], "the data is damaged or incomplete"),
        (Image.new("RGB", (31, 400)), "31 x 400 pixels, each side needs 32"),
        (Image.new("1", (1000, TOO_MANY)), f"1000 x {TOO_MANY} pixels, at most 50,000,000"),
        (encoded(Image.new("1", (20_000, 20_000))), "far more than 50,000,000"),
        (encoded(Image.new("1", (10_000, 10_000))), "10000 x 10000 pixels, at most"),
        ("no_such_cat.jpg", "there is no file 'no_such_cat.jpg' seen from the folder"),
        (".", "the file '.' cannot be read"),
        ((), "the upload holds 0 files, one is expected"),
        ({"data": b""}, "has the entry 'content'"),
        (None, "cannot be opened from NoneType"),
        (np.zeros((64, 64, 3)), "cannot be opened from ndarray"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
def test_what_cannot_be_used(source, message):
    with pytest.raises(PictureError, match=message):
        open_picture(source)


def test_a_web_page_saved_as_jpg(tmp_path):
    path = tmp_path / "cat.jpg"
    path.write_text("\n <html><body>a cat</body></html>")
    with pytest.raises(PictureError, match=r"cat\.jpg' is not a picture but a web page"):
        open_picture(path)


def drip(handler) -> None:
    """A byte now and then would keep any time-out between bytes happy for ever."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    try:
        for _ in range(20):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        pass


def pause(handler) -> None:
    cut_off(handler)
    handler.wfile.flush()
    time.sleep(0.5)


def cut_off(handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"x" * 10)


def test_downloads_that_fail(monkeypatch):
    monkeypatch.setattr(images, "TIMEOUT_S", 0.2)
    monkeypatch.setattr(images, "MAX_DOWNLOAD", 2**20)
    routes = {
        "gone.jpg": 404,
        "broken.jpg": 500,
        "pause.jpg": pause,
        "silent.jpg": lambda handler: time.sleep(0.5),
        "drip.jpg": drip,
        "cut.jpg": cut_off,
        "huge.jpg": bytes(2**20 + 1),
        "page.jpg": b"<html></html>",
    }
    expected = {
        "gone.jpg": "404 Not Found",
        "broken.jpg": "500 Internal Server Error",
        "pause.jpg": "within 0.2 s",
        "silent.jpg": "within 0.2 s",
        "drip.jpg": "within 0.2 s",
        "cut.jpg": "cannot be reached",
        "huge.jpg": "larger than 1 MiB",
        "page.jpg": "a web page",
    }
    with serving(routes) as address:
        for name, message in expected.items():
            with pytest.raises(PictureError, match=message):
                open_picture(address + name)
    with pytest.raises(PictureError, match="cannot be reached"):
        open_picture(address + "closed.jpg")
    with pytest.raises(PictureError, match="cannot be reached"):
        open_picture("http://")


@pytest.mark.parametrize(
    ("size_wh", "resized_wh"),
    [
        ((640, 480), (1066, 800)),  # 800 * 4 / 3 = 1066.7, rounded down
        ((480, 640), (800, 1066)),
        ((100, 100), (800, 800)),
        ((2000, 500), (1332, 333)),  # 1333 / 4 = 333.25; 4 * 333
        ((1333, 800), (1333, 800)),
        ((500, 169), (1334, 451)),  # 450.55 rounds up, and 451 / 169 * 500 passes 1333
        ((10_000, 2), (5000, 1)),  # never less than a pixel
    ],
)
def test_the_resize_rule_by_hand(size_wh, resized_wh):
    assert resized_size(size_wh) == resized_wh


def test_the_resize_rule_of_a_small_model():
    assert resized_size((512, 512), 128, 213) == (128, 128)
    assert resized_size((640, 480), 128, 213) == (170, 128)
    assert resized_size((128, 150), 128, 213) == (128, 150)


def test_the_resize_rule_equals_the_official_code():
    rows = json.loads(golden_file("resize_800_1333.json").read_text())["rows"]
    assert len(rows) == 68
    for in_w, in_h, out_w, out_h in rows:
        assert resized_size((in_w, in_h)) == (out_w, out_h)


def test_the_input_equals_torchvisions():
    rng = np.random.default_rng(0)
    picture = Image.fromarray(rng.integers(0, 256, (53, 71, 3), dtype=np.uint8))
    ours = to_input(picture, 37, 97)
    resized = F.resize(picture, [37, 49])  # 37 * 71 / 53 = 49.6
    theirs = F.normalize(F.to_tensor(resized), [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    assert ours.shape == (3, 37, 49)
    assert ours.dtype == torch.float32
    torch.testing.assert_close(ours, theirs)


def test_normalised_white_by_hand():
    white = images.normalise(torch.ones(2, 3, 1, 1))
    torch.testing.assert_close(white[1, :, 0, 0], torch.tensor([0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225]))
