"""A student's HTML in formgrader and on a feedback page, in a real browser: no button, no cover, no call, no script."""

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.feedback.pages import write_feedback
from tests.autograder.feedback.test_formgrader import answer_of_bob
from tests.small_course import ASSIGNMENT, graded_course

FIRST = """# corners

<b id="corners">a name</b>"""
ANSWER = r"""<b class="full-credit">press me</b> $\frac{1}{2} < x$

$$\sum_{i=1}^{n} i = \frac{n(n+1)}{2}$$

<div class="modal-backdrop">a</div>
<p class="navbar-fixed-top">b</p>
<div style="position:fixed;top:0;left:0;width:100%;height:100%;z-index:99999;background-color:red">c</div>
<div style="margin-top:-1900px;height:1900px;background-color:red;opacity:.9">d</div>
<div style="height:0;opacity:.9"><div style="height:1900px;background-color:red">e</div></div>
<p style="line-height:0;font-size:900px;opacity:.9">f</p>
<p style="float:left;height:1px;opacity:.9"><img style="height:1900px" src="data:image/gif;base64,R0lG"></p>
</div></div></div></div></div><div style="height:0;opacity:.9"><div style="height:1900px">g</div></div>
<img src="\\spy.example\a.png"><img src="/\spy.example/b.png">
<img src="&#9;//spy.example/c.png"><img src=" //spy.example/d.png">
<img src="/logout?e.png"><p style="width:1900px;height:9px;cursor:url(//spy.example/f.cur),auto">h</p>
"""
CONTROLS = "input.score, input.extra-credit, .full-credit, .no-credit, textarea.comment, nav a[href*=gradebook]"
# Of a control in the middle of the window: what is hit where it stands, if that is not the control.
HIT_INSTEAD = """control => {
    control.scrollIntoView({block: "center"});
    const {x, y, width, height} = control.getBoundingClientRect();
    const hit = document.elementFromPoint(x + width / 2, y + height / 2);
    return control.contains(hit) ? null : hit ? hit.outerHTML.slice(0, 200) : "nothing";
}"""


def hand_in(places):
    """Bob's notebook with that answer, and a cell of his own above all others."""
    path = places.autograded / "bob" / ASSIGNMENT / "small.ipynb"
    notebook = nbformat.read(path, as_version=4)
    next(cell for cell in notebook.cells if cell.get("id") == "why").source = ANSWER
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell(FIRST, id="own-1"))
    nbformat.write(notebook, path)


def mark_of(places, cell):
    with Gradebook(places.db_url, places.course_id) as gradebook:
        return gradebook.find_grade(cell, "small", ASSIGNMENT, "bob").manual_score


def give(page, cell, points):
    page.locator(f"input#{cell}").fill(points)
    page.locator(f"input#{cell}").press("Tab")


def opened(page, places, address):
    """Open Bob's answer; returns the list that every later request's address is added to."""
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(f"{address}/submissions/{answer_of_bob(places)}", wait_until="domcontentloaded")
    page.wait_for_function("formgrader.grade_uis && formgrader.grade_uis.length === 2")
    return requests


def test_an_answer_is_no_button_covers_nothing_and_takes_no_mark(served, page, tmp_path):
    places, address = served
    hand_in(places)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    requests = opened(page, places, address)
    page.screenshot(path=str(tmp_path / "formgrader.png"), full_page=True)
    controls = [control for control in page.query_selector_all(CONTROLS) if control.is_visible()]
    assert len(controls) == 13  # of two graded cells: mark, more, all, none; two comments; three ways back
    assert [hit for control in controls if (hit := control.evaluate(HIT_INSTEAD))] == []
    page.get_by_text("press me").click()
    page.wait_for_timeout(300)
    assert mark_of(places, "why") is None
    with page.expect_response(lambda response: "/formgrader/api/grade/" in response.url):
        give(page, "corners", "2")
    assert mark_of(places, "corners") == 2 and mark_of(places, "why") is None
    host = address.removesuffix("/formgrader")
    assert [url for url in requests if not url.startswith((f"{host}/formgrader/", "data:"))] == []
    assert page.evaluate("[...document.querySelectorAll('math')].every(math => math.getBoundingClientRect().width > 5)")
    assert page.locator("math").count() == 2 and errors == []


@pytest.mark.parametrize("served", ["unguarded"], indirect=True)
def test_without_the_filters_it_is_a_button_and_takes_the_mark(served, page):
    places, address = served
    hand_in(places)
    opened(page, places, address)
    with page.expect_response(lambda response: "/formgrader/api/grade/" in response.url):
        page.get_by_text("press me").dispatch_event("click")
    assert mark_of(places, "why") == 2
    give(page, "corners", "2")
    page.wait_for_timeout(300)
    assert mark_of(places, "corners") is None
    assert page.locator("input#corners").evaluate(HIT_INSTEAD)


def test_a_feedback_page_runs_nothing_fetches_nothing_and_shows_formulas(page, tmp_path):
    places = graded_course(tmp_path)
    hand_in(places)
    (path,) = [path for path in write_feedback(places, ASSIGNMENT, ["bob"]) if path.stem == "small"]
    page.context.set_offline(True)
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    page.screenshot(path=str(tmp_path / "feedback.png"), full_page=True)
    assert [url for url in requests if not url.startswith("data:")] == [path.as_uri()]
    assert page.locator("script").count() == 0
    sizes = page.evaluate("[...document.querySelectorAll('mfrac')].map(f => f.getBoundingClientRect().toJSON())")
    assert len(sizes) == 2 and all(size["width"] > 5 and size["height"] > 15 for size in sizes)
    assert "frac" not in page.inner_text("body")
