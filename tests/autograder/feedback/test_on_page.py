"""What a page shows of long, colourful and wild texts; honest ones are shown as they are."""

import copy

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder.feedback.shorten import is_wild, shorten

CUT = "(The rest is not shown here: it is too long.)"
PICTURE = "data:image/png;base64," + "A" * 60_000


def shown(*cells):
    return shorten(new_notebook(cells=[copy.deepcopy(cell) for cell in cells]), {})[0].cells


def shown_output(kind="display_data", **content):
    (cell,) = shown(new_code_cell("", outputs=[new_output(kind, **content)]))
    return cell.outputs[0]


def test_honest_cells_and_outputs_stay_as_they_are():
    table = "<table>" + "<tr><td><b>1</b></td><td>2<br></td></tr>" * 300 + "</table>"
    cells = [
        new_markdown_cell("a < b, $x_1$ and <b>bold</b>\n" * 1_000),
        new_code_cell(
            "x = 1\n" * 2_000,
            outputs=[
                new_output("stream", text="\x1b[1mx\x1b[0m" * 500 + "y" * 90_000),
                new_output("display_data", {"text/html": table, "text/plain": "t", "image/png": "A" * 200_000}),
                new_output("display_data", {"text/html": f'<img alt="a" src="{PICTURE}">'}),
                new_output("error", ename="E", evalue="v", traceback=["\x1b[31mE\x1b[0m", "v"]),
            ],
        ),
    ]
    got = shown(*cells)
    assert got[0] == cells[0] and got[1].outputs[:3] == cells[1].outputs[:3]
    assert got[1].outputs[3].traceback == cells[1].outputs[3].traceback


def test_a_long_text_is_cut_and_says_so():
    assert shown_output("stream", text="x" * 100_001).text == "x" * 100_000 + "\n" + CUT
    assert shown_output(data={"text/plain": "x" * 100_001}).data["text/plain"].endswith("x\n" + CUT)
    assert shown_output(data={"text/html": "x" * 50_001}).data["text/html"] == "x" * 50_000 + "\n\n" + CUT
    assert shown_output("error", ename="", evalue="", traceback=["x" * 60_000] * 2).traceback[-1] == CUT
    written, code = shown(new_markdown_cell("x" * 50_001), new_code_cell("x" * 50_001))
    assert written.source == "x" * 50_000 + "\n\n" + CUT and code.source == "x" * 50_000 + "\n# " + CUT


def test_many_cells_have_no_more_room_than_a_page():
    cells = shown(*[new_markdown_cell("x" * 50_000) for _ in range(7)])
    assert [len(cell.source) for cell in cells] == [50_000] * 6 + [2 + len(CUT)]


def test_pictures_do_not_count_and_are_never_cut():
    text = f'<img src="{PICTURE}">' * 3 + "x" * 60_000
    got = shown_output(data={"text/html": text}).data["text/html"]
    assert got.count(PICTURE) == 3 and got.endswith("x\n\n" + CUT)
    page = f'<div><img alt="a" data-page="{"&lt;" * 50_000}" src="{PICTURE}"></div>'  # the explorer's
    assert shown_output(data={"text/html": page}).data["text/html"] == f'<div><img alt="a" src="{PICTURE}"></div>'


def test_of_very_many_colours_the_first_are_kept():
    got = shown_output("stream", text="\x1b[1mx" * 1_003).text
    assert got == "\x1b[1mx" * 1_000 + "xxx"
    coloured = new_output("stream", text="\x1b[1mx" * 1_000)
    cells = shown(*[new_code_cell("", outputs=[coloured]) for _ in range(11)])
    assert [cell.outputs[0].text.count("\x1b") for cell in cells] == [1_000] * 10 + [0]


@pytest.mark.parametrize(
    "text",
    [
        "<i>x</i>" * 2_001,
        "<div>" * 201,
        "<ul><li>" * 101,
        "<DIV\n>" * 201,
        "<div/>" * 201,
        "<div></p>" * 201,
        "<div><!--</div>-->" * 201,
        "<div title='</div>'>" * 201,
        "<div title = </div>" * 201,
        "<!-->" + "<div>" * 201 + "-->",
        '<b ="' + "><div" * 201 + '">',
        "<p>" + "".join(f"<b id={i}>" for i in range(99)) + "</p>" + "<p>x</p>" * 99,
    ],
)
def test_wild_html_is_shown_as_text(text):
    assert is_wild(text)
    assert "<" not in shown_output(data={"text/html": text}).data["text/html"]
    assert "<" not in shown(new_markdown_cell(text))[0].source


@pytest.mark.parametrize(
    "text", ["<div></div>" * 999, "<br>" * 999, "<div title='<p>'></div>" * 999, "<!--<div>-->" * 999, "a<1" * 9_999]
)
def test_much_html_that_is_well_nested_is_tame(text):
    assert not is_wild(text)
