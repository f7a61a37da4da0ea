"""What a student's HTML may do on a page: look like something, and nothing else."""

from html.parser import HTMLParser
from pathlib import Path

import nbgrader
import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from traitlets.config import Config

from autograder.feedback import safe_html
from autograder.feedback.safe_html import configure


def clean_html(text):
    """What is left of it, without the box around it."""
    start, end = safe_html._BOX.split("{}")
    return safe_html.clean_html({}, text).removeprefix(start).removesuffix(end)


class Tags(HTMLParser):
    """The tags of a text: (name, attributes)."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


@pytest.mark.parametrize(
    "evil",
    [
        "<script>x</script>",
        '<img src=x onerror="x">',
        '<a href="javascript:x">',
        '<a href=" java\nscript:x">',
        '<a href="data:text/html,x">',
        '<a href="DA\tTA:text/html,x">',
        '<a href="&#100;ata:text/html,x">',
        '<form action="/formgrader/api/grade/1"><input></form>',
        '<iframe src="//x"></iframe>',
        '<svg onload="x">',
        '<img src="https://spy.example/x.png">',
        '<img src="//spy.example/x.png">',
        '<img src="data:text/html,x">',
        '<div style="background:url(https://spy.example)">',
        '<meta http-equiv="refresh" content="0;url=//x">',
        "<style>*{display:none}</style>",
        '<object data="x"></object>',
        '<math><mtext><style><img src=x onerror="x">',
    ],
)
def test_nothing_that_acts_survives(evil):
    for tag, attributes in Tags(clean_html(evil)).found:
        assert tag in ("a", "img", "div", "table")
        assert not any(name.startswith("on") for name in attributes)
        link = attributes.get("href") or attributes.get("src") or ""
        assert link in ("", "x"), link
        assert "url" not in (attributes.get("style") or "")


@pytest.mark.parametrize(
    "evil",
    [
        '<b class="full-credit">x</b>',
        '<b class="k full-credit">x</b>',
        '<b class="modal-backdrop">x</b>',
        '<b class="navbar-fixed-top">x</b>',
        '<b class="output_subarea">x</b>',
        '<b id="corners">x</b>',
        '<b name="corners">x</b>',
        '<a id="corners" name="corners">x</a>',
    ],
)
def test_no_class_and_no_name_of_the_page_survives(evil):
    ((_, attributes),) = Tags(clean_html(evil)).found
    assert attributes == {}


def test_code_keeps_its_colours():
    code = '<div class="highlight"><pre><span class="kn">import</span></pre></div>'
    assert clean_html(code) == code


@pytest.mark.parametrize(
    "address",
    [
        r"\\host\a.png",
        r"/\host/b.png",
        r"\/host/b.png",
        "\t//host/a.png",
        " //host/a.png",
        "/\t/host/a.png",
        "/logout",
        "logout",
        "next?x=.png",
        "../../api/a.png",
        "a/../b.png",
        "a/%2e%2e/b.png",
        "%2F%2Fhost/a.png",
        "%5C%5Chost/a.png",
        "a/%252e%252e/b.png",
        "&#47;&#47;host/a.png",
        "&Tab;//host/a.png",
        "http:host/a.png",
        "x:a.png",
        "a.svg",
        ".hidden.png",
        "data:text/html;base64,AAAA",
        "a.png\n",
    ],
)
def test_no_picture_is_fetched_from_elsewhere(address):
    ((_, attributes),) = Tags(clean_html(f'<img alt="a" src="{address}">')).found
    assert attributes == {"alt": "a"}


@pytest.mark.parametrize("address", ["a.png", "my picture (2).JPG", "pictures/b_1.gif", "%C3%BC%20a.png", "ü.webp"])
def test_a_picture_beside_the_page_stays(address):
    assert Tags(clean_html(f'<img src="{address}">')).found == [("img", {"src": address})]


@pytest.mark.parametrize(
    "style",
    [
        "cursor: url(https://spy.example/a.cur), auto",
        "cursor: url('a.cur'), auto",
        r"cursor: u\72l(https://spy.example/a.cur), auto",
        "cursor: image-set('https://spy.example/a.png' 1x), auto",
        "background-color: var(--x, url(//spy.example))",
        "position: fixed",
        "position: absolute; z-index: 9",
        "inset: 0",
        "transform: scale(99)",
        "margin-top: -500px",
        "margin: 0 0 0 -99em",
        "margin: calc(0px - 500px)",
        "text-indent: -9999px",
        "height: 99999px",
        "width: 1e9em",
    ],
)
def test_a_style_neither_fetches_nor_moves(style):
    ((_, attributes),) = Tags(clean_html(f'<p style="{style}">x</p>')).found
    assert attributes.get("style", "") == ""


def test_a_style_that_only_looks_stays():
    style = "color: rgb(1, 2, 3); margin: .25em 0; border-left: 4px solid #c62828; background-color: hsl(10 20% 30%)"
    ((_, attributes),) = Tags(clean_html(f'<p style="{style}; position: fixed">x</p>')).found
    assert attributes["style"] == style


def test_a_table_is_not_a_thousand_columns_wide():
    assert clean_html('<table><tr><td colspan="12">x</td></tr></table>').count('colspan="12"') == 1
    assert "span" not in clean_html('<table><tr><td colspan="1000" rowspan="65534">x</td></tr></table>')


def test_a_verdict_keeps_its_looks():
    from coursework.marking.verdict import Verdict

    html = Verdict(1.0, 3.0, "wrong", "Not <yet>", ("line",))._repr_html_()
    cleaned = clean_html(html)
    assert "border-left: 4px solid #c62828" in cleaned.replace("border-left:4px", "border-left: 4px")
    assert "&lt;yet&gt;" in cleaned and "1 / 3" in cleaned and 'role="status"' in cleaned


def test_a_picture_in_the_page_stays():
    picture = '<img src="data:image/png;base64,AAAA" alt="p">'
    assert clean_html(picture) == picture


def test_what_no_parser_gets_through_is_shown_as_text():
    style = '<p style="color:' + "rgb(" * 3_000 + '">x</p>'
    assert clean_html(style) == style.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def body(*cells):
    config = Config()
    configure(config)
    page, _ = HTMLExporter(config=config).from_notebook_node(new_notebook(cells=list(cells)))
    return page.split("<body", 1)[1]


def test_a_pasted_picture_that_is_missing_leaves_a_note():
    gone = "![a](attachment:gone.png) ![a][r] ![a](attachment:empty.png) ![a](attachment:here.png)\n\n[r]: attachment:x"
    attachments = {"here.png": {"image/png": "AAAA"}, "empty.png": {}}
    page = body(
        new_markdown_cell(gone, attachments=attachments),
        new_code_cell("", outputs=[new_output("display_data", {"text/markdown": "![a](attachment:in.png) *b*"})]),
    )
    for name in ("gone.png", "x", "empty.png", "in.png"):
        assert f"(missing picture: {name})" in page
    assert page.count("data:image/png;base64,AAAA") == 1 and "<em>b</em>" in page


@pytest.mark.parametrize("text", [r"\begin{a}" * 2_001, "[" * 2_001, "a|b\n-|-\n" + "x|y\n" * 2_001])
def test_markdown_that_takes_its_parser_long_is_shown_as_it_is(text, monkeypatch):
    links = []
    monkeypatch.setattr(safe_html, "strip_files_prefix", lambda text: links.append(text) or text)
    page = body(new_markdown_cell(text))
    assert f"<pre>{text.strip()}</pre>" in page.replace("\n</pre>", "</pre>")
    assert not any("[[" in text for text in links)


def feedback(*cells, **metadata):
    """The body of nbgrader's feedback page of these cells."""
    config = Config()
    configure(config)
    config.HTMLExporter.template_name = "feedback"
    static = Path(nbgrader.__file__).parent / "server_extensions/formgrader/static/node_modules/bootstrap/dist/css"
    config.HTMLExporter.extra_template_paths = [str(static)]
    resources = {"nbgrader": {"notebook": "small", "score": 0, "max_score": 0, "late_penalty": 0}}
    notebook = new_notebook(cells=list(cells), metadata=metadata)
    page, _ = HTMLExporter(config=config).from_notebook_node(notebook, resources=resources)
    assert "<script" not in page and "://cdn" not in page
    return page.split("<body", 1)[1]


def test_metadata_become_no_classes_and_no_addresses():
    evil = {"image/png": {"width": "1 class=full-credit onload=steal()", "height": 7}}
    evil |= {"filenames": {"image/png": "https://spy.example/a.png"}, "text/html": {"isolated": True}}
    cell = new_code_cell("x = 1", id="corners", metadata={"tags": ["x full-credit"]})
    cell.outputs = [
        new_output("display_data", {"image/png": "AAAA"}, metadata=evil),
        new_output("display_data", {"text/html": "<b>x</b>"}, metadata=evil),
    ]
    page = feedback(cell, language_info={"name": "python", "pygments_lexer": "x full-credit"})
    tags = Tags("<body" + page).found
    assert not any("full-credit" in str(attributes.get("class")) for _, attributes in tags)
    assert not any(attributes.get("id") == "corners" for _, attributes in tags)
    assert not any(tag == "iframe" or "onload" in attributes for tag, attributes in tags)
    assert [attributes["src"] for tag, attributes in tags if tag == "img"] == ["data:image/png;base64,AAAA"]
    assert [attributes.get("height") for tag, attributes in tags if tag == "img"] == ["7"]


def test_a_heading_becomes_no_id():
    page = feedback(new_markdown_cell("# corners\n\n## why not"))
    assert "<h1>corners</h1>" in page and "<h2>why not</h2>" in page


def test_formulas_are_mathml_in_text_answers_and_outputs():
    text = (
        "If $a < b$, \\\\(c\\\\) and\n\n$$d$$\n\n\\\\[e\\\\]\n\n\\begin{equation}f\\end{equation}\n\n`$g$` costs 5 $."
    )
    output = new_output("display_data", {"text/latex": "$\\frac{h}{2}$", "text/plain": "h/2"})
    page = feedback(new_markdown_cell(text), new_code_cell("", outputs=[output]))
    assert "<mi>a</mi><mo>&lt;</mo><mi>b</mi>" in page and "<mfrac>" in page and "h/2" not in page
    for name in "abcdefh":
        assert f"<mi>{name}</mi>" in page
    assert page.count("<math") == 6 and page.count('<math display="block"') == 3
    assert "<code>$g$</code> costs 5 $." in page


def test_a_page_of_formulas_is_converted_as_far_as_there_is_room():
    formula = "$" + "x+" * 400 + "x$"
    page = feedback(*(new_markdown_cell(f"{formula} {formula}") for _ in range(40)))
    assert page.count("<math") == 30_000 // len(formula) and page.count(f"<code>{formula}</code>") == 80 - 37
