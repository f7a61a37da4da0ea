"""Look-alike answers: renamed copies are found, what everybody has is not, and hostile pictures harm nobody."""

import io
import random
import struct
import zlib

import nbformat
import pytest
from PIL import Image, ImageDraw

from autograder.review import lookalikes
from autograder.review.lookalikes import Alike, Answers, answers_of, look_alikes, picture_hash

RELEASE = [
    nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("def spread(weights):\n    return ____"),
            nbformat.v4.new_markdown_cell("Say why."),
        ]
    )
]
WORDS = "head map query key row column stripe corner edge middle colour square bright dark token shift wide far"


def own_code(seed, prefix):
    """Forty lines that only one person would write, with names of their own."""
    draw = random.Random(seed)
    operators = ["+", "-", "*", "//", "%", "@", "<<", "&", "|", "^"]
    return "\n".join(
        f"{prefix}{i} = {prefix}{draw.randrange(40)} {draw.choice(operators)} {draw.randrange(1000)} "
        f"{draw.choice(operators)} {prefix}{draw.randrange(40)}"
        for i in range(40)
    )


def own_prose(seed):
    draw = random.Random(seed)
    return " ".join(draw.choice(WORDS.split()) for _ in range(120))


def picture(seed, size=(320, 240), kind="PNG"):
    draw, image = random.Random(seed), Image.new("RGB", (320, 240), "white")
    for _ in range(12):
        x, y = draw.randrange(280), draw.randrange(200)
        ImageDraw.Draw(image).rectangle((x, y, x + 60, y + 60), fill=tuple(draw.choices(range(256), k=3)))
    buffer = io.BytesIO()
    image.resize(size).save(buffer, kind)
    return buffer.getvalue()


def test_a_renamed_copy_is_found_and_independent_work_is_not():
    students = {f"s{i}": Answers(code=[own_code(i, "a")]) for i in range(6)}
    students["copy"] = Answers(code=["# mine\n" + own_code(2, "zeta_")])
    (found,) = look_alikes(students, RELEASE)
    assert (found.what, found.students) == ("code", ("copy", "s2")) and found.score > 0.95


def test_what_all_write_and_what_was_released_counts_nothing():
    same = "def spread(weights):\n    return weights.std(dim=-1).mean()"
    assert look_alikes({f"s{i}": Answers(code=[same], prose=["Say why."]) for i in range(20)}, RELEASE) == []
    stub = RELEASE[0].cells[0].source
    stubs = "\n".join([stub] * 50)
    assert look_alikes({"a": Answers(code=[stubs]), "b": Answers(code=[stubs])}, RELEASE) == []


def test_copied_prose_is_found():
    students = {f"s{i}": Answers(prose=[own_prose(i)]) for i in range(6)}
    students["copy"] = Answers(prose=["In my view: " + own_prose(4).upper()])
    (found,) = look_alikes(students, RELEASE)
    assert (found.what, found.students) == ("prose", ("copy", "s4"))


def test_the_same_picture_in_another_size_and_format_is_found():
    students = {f"s{i}": Answers(pictures={"my_picture.png": picture(i)}) for i in range(8)}
    students["copy"] = Answers(pictures={"holiday.jpg": picture(3, (200, 150), "JPEG")})
    (found,) = look_alikes(students, RELEASE)
    assert (found.what, found.students) == ("picture", ("copy", "s3"))


def test_pairs_that_share_somebody_are_one_group():
    students = {f"s{i}": Answers(code=[own_code(i, "a")]) for i in range(6)}
    students |= {name: Answers(code=[own_code(1, name)]) for name in ("x", "y")}
    (found,) = look_alikes(students, RELEASE)
    assert found.students == ("s1", "x", "y")


def bomb() -> bytes:
    """A PNG of 100,000 x 100,000 pixels that says so in its header and holds nothing."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 10**5, 10**5, 8, 2, 0, 0, 0))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("data", [b"", b"no picture", b"GIF89a" + bytes(50), picture(1)[:200], bomb()])
def test_what_is_no_fit_picture_has_no_hash(data):
    assert picture_hash(data) is None


def test_a_picture_that_takes_long_and_more_than_ten_are_left_out(monkeypatch):
    monkeypatch.setattr(lookalikes, "MAX_PIXELS", 320 * 240)
    assert picture_hash(picture(1)) is not None and picture_hash(picture(1, (320, 241))) is None
    found = answers_of([], {f"{i:02}.PNG": b"" for i in range(13)} | {"notes.txt": b""})
    assert list(found.pictures) == [f"{i:02}.PNG" for i in range(10)]


def test_weights_are_the_same_byte_by_byte_or_say_nothing():
    files = {
        "ada": {"my_detr.safetensors": b"1" * 900, "notes.txt": b"x"},
        "bob": {"my_detr.safetensors": b"1" * 900, "notes.txt": b"x"},
        "cleo": {"weights/other.safetensors": b"1" * 900, "more.safetensors": b"2"},
        "dora": {"my_detr.safetensors": b"1" * 899 + b"2"},
        "emil": {"more.safetensors": b"2"},
    }
    found = look_alikes({name: answers_of([], each) for name, each in files.items()}, RELEASE)
    assert found == [
        Alike("weights", ("ada", "bob", "cleo"), 1.0, 1),
        Alike("weights", ("cleo", "emil"), 1.0, 1),
    ]


def test_an_even_picture_says_nothing():
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "white").save(buffer, "PNG")
    assert picture_hash(buffer.getvalue()) is None


def test_nobody_and_one_student_are_no_problem():
    assert look_alikes({}, RELEASE) == [] and look_alikes({"a": Answers(["x = 1 + 2 + 3"])}, RELEASE) == []


def test_what_half_of_the_class_has_word_by_word_is_said():
    """Twelve of twenty-three handed in the same: code and two texts, word by word (spaces and capitals aside)."""
    same = {f"c{i:02}": Answers(code=[own_code(1, "a")], prose=[own_prose(1), own_prose(2)]) for i in range(11)}
    same["c11"] = Answers(code=[own_code(1, "a") + "\n"], prose=[own_prose(1).upper(), f"  {own_prose(2)}  "])
    others = {f"s{i}": Answers(code=[own_code(10 + i, "b")], prose=[own_prose(10 + i)]) for i in range(11)}
    found = look_alikes({**same, **others}, RELEASE)
    assert [(alike.what, alike.students, alike.same) for alike in found] == [
        ("prose", tuple(same), 2),
        ("code", tuple(same), 1),
    ]


def test_texts_that_different_ones_share_are_told_apart():
    one, other, own = own_prose(1), own_prose(2), own_prose(3)
    students = {"a": Answers(prose=[one, other]), "b": Answers(prose=[other, one]), "c": Answers(prose=[one, own])}
    found = {alike.students: alike.same for alike in look_alikes(students, RELEASE)}
    assert found == {("a", "b", "c"): 1, ("a", "b"): 1}


def test_template_and_short_answers_are_no_sign_even_if_all_have_them():
    template = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(own_prose(5)), nbformat.v4.new_code_cell(own_code(5, "t"))]
    )
    everybody = Answers(code=[own_code(5, "t"), "x = 3"], prose=[own_prose(5), "I do not know why that is so, sorry."])
    assert look_alikes({f"s{i}": everybody for i in range(9)}, [template]) == []
