"""Formulas as MathML: what students write is converted, and nothing of it becomes markup."""

import time
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from autograder.feedback.formulas import MAX_FORMULA, Room, marked, typeset


def converted(formula):
    return typeset(marked(formula), Room())


def text_of(formula):
    return "".join(ElementTree.fromstring(converted(formula)).itertext())


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (r"$Q K^\top$", "QK⊤"),
        (r"$\frac{1}{2} \le x < y$", "12≤x<y"),
        (r"$\operatorname{softmax}(x)$", "softmax(x)"),
        (r"$\mathbf{W} \in \mathbb{R}^{d \times d}$", "𝐖∈ℝd×d"),
        (r"$\hat{y} = \arg\max_i p_i$", "ŷ=argmaxipi".replace("ŷ", "y^")),
        (r"$$\begin{aligned} a &= b \\ c &= d \end{aligned}$$", "a=bc=d"),
        (r"\begin{equation} a = b \end{equation}", "a=b"),
        (r"$\text{IoU} \ge 50\%$", "IoU≥50%"),
    ],
)
def test_what_students_write_is_converted(formula, text):
    assert converted(formula).startswith("<math") and text_of(formula) == text


def test_a_functions_name_keeps_its_distance():
    assert '<mo form="prefix" lspace="0.167em" rspace="0.1em">log</mo><mi>x</mi>' in converted(r"$\log x$")


@pytest.mark.parametrize("text", ["<img src=x onerror=x>", "&lt;img&gt;", "&#x3c;img&#x3e;", '" onload="', "]]>"])
@pytest.mark.parametrize(
    "formula", [r"$\text{%s}$", "$%s$", r"$\mathrm{%s}$", r"$\operatorname{%s}$", r"$\left%s\right.$"]
)
def test_no_text_becomes_markup(formula, text):
    elements = list(ElementTree.fromstring(converted(formula.replace("%s", text))).iter())
    assert all(element.tag == "code" or element.tag.startswith("m") for element in elements)
    assert not any(name.startswith("on") for element in elements for name in element.attrib)


@pytest.mark.parametrize(
    "formula",
    [
        r"$\class{full-credit}{x}$",
        r"$\style{position:fixed}{x}$",
        r"$\href{//spy.example}{x}$",
        r"$\color{red}{x}$",
        r"$\hspace{-99em} x$",
        r"$\rule{99em}{99em}$",
        r"$\raise{9em}{x}$",
        r"$\def\a{x}\a$",
        r"$\\\def\a{x}\a$",
        r"$\text{\}\def\a{x}\a$",
        r"$\newcommand{\a}{x}\a$",
        r"$\sideset{}{}{x}$",
        r"$\begin{tikz}x\end{tikz}$",
        r"$\unknown$",
        r"$\frac{1}$",
        r"$x_{$",
        "$" + "x" * (MAX_FORMULA + 1) + "$",
        "$" + r"\sqrt{" * 50 + "x" + "}" * 50 + "$",
        "$" + "{" * 400 + "}" * 400 + "$",
    ],
)
def test_what_is_no_plain_formula_stays_as_it_was_written(formula):
    assert converted(formula) == marked(formula).replace(' role="math"', "")


def test_macros_that_double_do_not_grow():
    names = "abcdefghijklmnopqrstuvwxyz"
    doubling = "".join(rf"\def\{a}{{\{b}\{b}}}" for a, b in pairwise(names))
    started = time.process_time()
    assert converted(f"${doubling}\\a$").startswith("<code>")
    assert time.process_time() - started < 1


def test_no_more_is_converted_than_there_is_room_for():
    html = marked("$x$") + marked("$y$") + marked("$z$")
    assert typeset(html, Room(6)).count("<math") == 2
