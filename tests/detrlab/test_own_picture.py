import io

import numpy as np
import pytest
from PIL import Image

from detrlab.images import PictureError
from detrlab.own_picture import LONGEST_KEPT, keep_picture, picture_difference, same_picture, upload_button


def picture(width=67, height=43, colour=(200, 30, 90)):
    return Image.new("RGB", (width, height), colour)


def photograph(orientation=1):
    """JPEG bytes 67 x 43, left half black, right half white, with camera, place and orientation in its EXIF."""
    pixels = np.zeros((43, 67, 3), np.uint8)
    pixels[:, 34:] = 255
    exif = Image.Exif()
    exif[0x0110] = "Camera of a named person"
    exif[0x0112] = orientation
    exif.get_ifd(0x8825)[2] = (37.0, 27.0, 30.0)  # GPS latitude
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG", exif=exif, quality=95)
    return data.getvalue()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "my_picture.png"


def test_kept_picture_is_the_picture(path):
    kept = keep_picture(picture(), path)
    with Image.open(path) as file:
        assert file.format == "PNG" and file.mode == "RGB" and file.size == (67, 43)
        assert file.getpixel((11, 7)) == (200, 30, 90) == kept.getpixel((11, 7))


@pytest.mark.parametrize("given", ["path", "bytes", "upload"])
def test_sources(given, path, tmp_path):
    data = photograph()
    (tmp_path / "photo.jpg").write_bytes(data)
    source = {
        "path": str(tmp_path / "photo.jpg"),
        "bytes": data,
        "upload": ({"name": "photo.jpg", "type": "image/jpeg", "size": len(data), "content": memoryview(data)},),
    }[given]
    assert keep_picture(source, path).size == (67, 43)
    assert path.exists()


def test_metadata_stay_behind(path):
    data = photograph()
    assert Image.open(io.BytesIO(data)).getexif().get_ifd(0x8825)  # the photograph has a place
    keep_picture(data, path)
    with Image.open(path) as file:
        assert not file.info and not file.getexif()
    assert b"named person" not in path.read_bytes()


def test_turned_photograph_is_kept_upright(path):
    kept = keep_picture(photograph(orientation=6), path)  # 6: turn by 90 degrees clockwise
    assert kept.size == (43, 67)
    assert kept.getpixel((21, 5))[0] < 20 and kept.getpixel((21, 60))[0] > 235  # left half is on top now


def test_large_pictures_are_kept_smaller(path):
    large = picture(4 * LONGEST_KEPT, LONGEST_KEPT)
    kept = keep_picture(large, path)
    with Image.open(path) as file:
        assert kept.size == file.size == (LONGEST_KEPT, LONGEST_KEPT // 4)
    assert large.size == (4 * LONGEST_KEPT, LONGEST_KEPT)  # the caller's picture stays as it was


@pytest.mark.parametrize("gone", [(), "", "no_longer_there.jpg"])
def test_kept_picture_serves_when_the_source_is_gone(gone, path, capsys):
    keep_picture(picture(), path)
    again = keep_picture(gone, path)
    assert again.getpixel((11, 7)) == (200, 30, 90)
    assert "my_picture.png, kept before" in capsys.readouterr().out


def test_new_picture_replaces_the_old(path):
    keep_picture(picture(), path)
    keep_picture(picture(53, 59, (1, 2, 3)), path)
    with Image.open(path) as file:
        assert file.size == (53, 59) and file.getpixel((0, 0)) == (1, 2, 3)
    assert [file.name for file in path.parent.iterdir()] == ["my_picture.png"]  # nothing unfinished left


def test_same_picture_again_writes_nothing(path):
    keep_picture(picture(), path)
    before = path.stat().st_ino
    keep_picture(picture(), path)
    assert path.stat().st_ino == before


@pytest.mark.parametrize(
    ("source", "says"), [((), "drag a shape onto the composer's paper, or press"), ("nowhere.png", "there is no file")]
)
def test_nothing_to_keep(source, says, path):
    with pytest.raises(PictureError, match=says):
        keep_picture(source, path)
    assert not path.exists()


def test_same_picture_in_another_size_and_format():
    rng = np.random.default_rng(7)
    colours = Image.fromarray(rng.integers(0, 256, (5, 7, 3), dtype=np.uint8))
    blocks = colours.resize((259, 185), Image.Resampling.NEAREST)
    jpeg = io.BytesIO()
    blocks.resize((131, 97)).save(jpeg, "JPEG", quality=80)
    assert same_picture(blocks, Image.open(jpeg))
    assert not same_picture(blocks, blocks.transpose(Image.Transpose.FLIP_LEFT_RIGHT))


def test_grey_levels_decide():
    # Two flat pictures differ by exactly their grey levels; the limit is 6.
    assert same_picture(picture(colour=(100, 100, 100)), picture(colour=(105, 105, 105)))
    assert not same_picture(picture(colour=(100, 100, 100)), picture(colour=(107, 107, 107)))


def test_the_difference_is_the_mean_over_the_colours():
    # Of 3 colours one differs by 30 and one by 60, in both halves alike: (30 + 60 + 0) / 3.
    assert picture_difference(picture(colour=(200, 30, 90)), picture(53, 59, (170, 90, 90))) == 30
    assert picture_difference(picture(), picture()) == 0


def test_upload_button_takes_one_picture():
    button = upload_button()
    assert button.value == () and button.accept == "image/*" and not button.multiple
