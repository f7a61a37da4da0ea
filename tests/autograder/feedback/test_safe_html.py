"""What a student's HTML may do on a page: look like something, and nothing else."""

import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from traitlets.config import Config

from autograder.feedback.safe_html import clean_html, configure


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
    from html.parser import HTMLParser

    found = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag, attributes):
            found.append((tag, dict(attributes)))

    Tags().feed(clean_html(evil))
    for tag, attributes in found:
        assert tag in ("a", "img", "div", "table")
        assert not any(name.startswith("on") for name in attributes)
        link = attributes.get("href") or attributes.get("src") or ""
        assert link in ("", "x"), link
        assert "url" not in (attributes.get("style") or "")


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
    from autograder.feedback import safe_html

    links = []
    monkeypatch.setattr(safe_html, "strip_files_prefix", lambda text: links.append(text) or text)
    page = body(new_markdown_cell(text))
    assert f"<pre>{text.strip()}</pre>" in page.replace("\n</pre>", "</pre>")
    assert not any("[[" in text for text in links)
