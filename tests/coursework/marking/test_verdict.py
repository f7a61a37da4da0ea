"""The verdict's sign can be read on a light page and on a dark one; names of code in its words look like code."""

from __future__ import annotations

import re

import pytest

from coursework.marking.verdict import SIGNS, Verdict

READABLE = 4.5  # WCAG AA, of words


def rgb(colour: str) -> list[float]:
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    return [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]


def luminance(channels: list[float]) -> float:
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: list[float], other: list[float]) -> float:
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("state", SIGNS)
@pytest.mark.parametrize(("page", "words"), [("#fff", "#212121"), ("#111", "#fff")])
def test_the_sign_has_contrast_in_both_schemes(state, page, words):
    html = Verdict(1.0, 1.0, state, "A title")._repr_html_()
    (colour, share), *_ = set(re.findall(r"color-mix\(in srgb, (#\w{6}) (\d+)%, currentColor\)", html))
    part = int(share) / 100
    mixed = [part * a + (1 - part) * b for a, b in zip(rgb(colour), rgb(words), strict=True)]
    assert contrast(mixed, rgb(page)) >= READABLE


def test_contrast_of_black_and_white_is_21():
    assert contrast(rgb("#000"), rgb("#ffffff")) == pytest.approx(21)


def test_what_stands_in_backticks_is_code_and_a_single_one_stays():
    html = Verdict(0.0, 1.0, "wrong", "`f` is None", ("Use `a < b`, not `c`.", "```<b>``` too"))._repr_html_()
    assert re.findall("<code[^>]*>(.*?)</code>", html) == ["f", "a &lt; b", "c", "&lt;b&gt;"]
    assert "A lone ` stays" in Verdict(0.0, 1.0, "wrong", "A lone ` stays")._repr_html_()


def test_stars_are_emphasis_and_no_product_is():
    said = ("In *both* images", "B * H * W, 2*3*4, f(*args, **more) and `a *b* c`", "a *<b>* tag")
    html = Verdict(0.0, 1.0, "wrong", "No", said)._repr_html_()
    assert re.findall("<em>(.*?)</em>", html) == ["both", "&lt;b&gt;"]
    assert "B * H * W, 2*3*4, f(*args, **more)" in html and "a *b* c</code>" in html
