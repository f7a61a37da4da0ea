"""Links in a student's HTML lead to the web, or nowhere; their text stays."""

from html.parser import HTMLParser

import pytest

from autograder.feedback.safe_html import clean_html, rendered_markdown


def links(page):
    found = []

    class Links(HTMLParser):
        def handle_starttag(self, tag, attributes):
            if tag == "a":
                found.append(dict(attributes))

    Links().feed(page)
    return found


@pytest.mark.parametrize(
    "address",
    [
        "plot.html",
        "./evil.svg",
        "../../grading/submitted/me/plot.html",
        "/formgrader?path=grading/submitted/me",
        "//host/plot.html",
        r"\\host\plot.html",
        r"/\host/plot.html",
        "http:plot.html",
        "HTTP:/plot.html",
        r"http:\plot.html",
        "http&colon;plot.html",
        "http&amp;colon;//plot.html",
        "http:/&#9;/plot.html",
        "ht&#10;tp:plot.html",
        "files/plot.html",
        "attachment:plot.html",
        "#corners",
        "?index=2",
        "",
        "javascript:x",
        "data:text/html,x",
        "ftp://host/x",
    ],
)
def test_no_link_leads_to_a_file_or_into_the_page(address):
    for page in (
        clean_html({}, f'see <a href="{address}">my plot</a>'),
        rendered_markdown({}, f'<a href="{address}">my plot</a>'),
    ):
        assert links(page) == [{}], page
        assert "my plot</a>" in page


@pytest.mark.parametrize("address", ["https://arxiv.org/abs/2005.12872?a=1&amp;b=2", "HTTP://host/", "mailto:me@host"])
def test_a_link_to_the_web_opens_a_tab_that_knows_nothing_of_the_page(address):
    page = clean_html({}, f'<a href="{address}" target="_top" rel="opener" onclick="x">paper</a>')
    (link,) = links(page)
    assert link == {"href": address.replace("&amp;", "&"), "target": "_blank", "rel": "noopener noreferrer"}
