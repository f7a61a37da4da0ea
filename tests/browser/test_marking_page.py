"""The page for marking in Chromium, by keyboard alone: a class of thirty, some of them hostile."""

from __future__ import annotations

import pytest

from autograder.gradebook.log import Log
from autograder.gradebook.opened import Book
from autograder.gradebook.written import distribution
from bench.written_class import ASSIGNMENT, FIRST, NOTEBOOK, served, usual, written_class
from tests.browser.chromium import watched_page
from tests.needs import need_module

SCREEN = {"width": 1366, "height": 768}
STUDENTS = 30
HOSTILE = [
    "<script>document.title = 'stolen'</script><img src=x onerror=\"document.title = 'stolen'\">",
    '<b id="save">press</b><button id="levels">press</button><p class="level" name="criterion">x</p>',
    '<div style="position:fixed;inset:0;z-index:9999;background:red">cover</div><p style="margin:-999px">up</p>',
    '<img src="https://spy.example/a.png"><link rel=stylesheet href="//spy.example/b.css"><iframe src="//spy.example">',
    '<form action="/api/undo" method="post"><input autofocus><button accesskey="n">press</button></form>',
    "</div></div></article></section></main><h1>out</h1><style>* {display: none}</style><!--",
    "<div>" * 5_000 + "deep",
    '<meta http-equiv="refresh" content="0; url=https://spy.example"><base href="https://spy.example/">',
    "x" * 200_000 + "<textarea>",
    '<img title=" src=" alt="x onerror=document.title=1 id=save style=position:fixed;inset:0 y" src="a.png">',
    '<a href="javascript:document.title=1" accesskey="z">a</a><svg onload="document.title=1"><math><mi id="comment">',
]


def answers(number: int) -> tuple[str, str] | None:
    """The last is missing, the one before untouched, eleven are hostile."""
    if number >= STUDENTS - 2:
        return None if number == STUDENTS - 1 else ("", "")
    text, limit = usual(number)
    return (HOSTILE[number // 2] if number % 2 and number // 2 < len(HOSTILE) else text), limit


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    return written_class(tmp_path_factory.mktemp("course"), STUDENTS, answers)


@pytest.fixture
def page(browser, places):
    with served(places) as address, watched_page(browser, viewport=SCREEN) as opened:
        opened.goto(address)
        opened.wait_for_selector("body[data-shown]")
        yield opened


def expect(locator):
    """Playwright's assertions wait without evaluating a string, which the page's policy forbids."""
    return need_module("playwright.sync_api").expect(locator)


def shown(page) -> str:
    return page.get_attribute("body", "data-shown").split()[1]


def press(page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def wait_for(page, text: str) -> None:
    page.locator("#message").get_by_text(text).wait_for()


def marks(places) -> dict[float, int]:
    with Book(places) as book:
        return distribution(book.open(), ASSIGNMENT).get((NOTEBOOK, FIRST), {})


def test_three_are_marked_one_is_taken_back_and_a_reload_keeps_them(page, places, screenshots):
    order = []
    for points in ("2", "1", "0"):
        order.append(shown(page))
        press(page, points, "Enter")
        wait_for(page, f"Saved: {order[-1]}")
    assert len(set(order)) == 3 and marks(places) == {0.0: 1, 1.0: 1, 2.0: 1}
    assert page.inner_text("#count") == "3 of 28 read"
    press(page, "z")
    wait_for(page, f"Taken back: {order[2]}")
    assert shown(page) == order[2] and marks(places) == {1.0: 1, 2.0: 1}
    assert page.locator("[aria-pressed=true]").count() == 0
    press(page, "c")
    page.keyboard.type("Which point? n z 2")
    press(page, "Escape", "k")
    wait_for(page, "Kept")
    press(page, "1", "Enter")
    wait_for(page, f"Saved: {order[2]}")
    press(page, "a", "ArrowLeft", "ArrowRight")  # a draft waits where it was
    expect(page.locator("#comment")).to_have_value("Which point? n z 2")
    press(page, "c", "Control+a", "Delete", "Escape")
    assert "token" not in page.url
    page.reload()
    page.wait_for_selector("body[data-shown]")
    assert page.inner_text("#count") == "3 of 28 read" and marks(places) == {1.0: 2, 2.0: 1}
    press(page, "ArrowLeft")
    expect(page.locator("[aria-pressed=true] b")).to_have_text("1")
    assert page.input_value("#comment") == "Which point? n z 2"
    events = [event for event in Log(places.log).events() if event["event"] == "manual"]
    assert [event["new"]["manual_score"] for event in events] == [2.0, 1.0, 0.0, None, 1.0]
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=screenshots / f"marking_{scheme}.png")


CONTROLS = "header button, header select, .level, #comment, #keep, #save"
HIT_INSTEAD = """control => {
    const {x, y, width, height} = control.getBoundingClientRect();
    const hit = document.elementFromPoint(x + width / 2, y + height / 2);
    return control.contains(hit) ? null : (hit?.outerHTML ?? "nothing").slice(0, 200);
}"""
OVERFLOWS = (
    "() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight, innerWidth, innerHeight]"
)


def test_no_answer_acts_covers_a_control_or_makes_the_page_scroll(page, places):
    """Requests that leave the machine and scripts that fail are watched; each answer is looked at."""
    press(page, *["ArrowLeft"] * STUDENTS)
    wait_for(page, "There is no previous answer.")
    seen, kinds = set(), []
    for number in range(STUDENTS):
        expect(page.locator("#place")).to_have_text(f"answer {number + 1} of {STUDENTS}")
        seen.add(shown(page))
        kinds.append(page.inner_text("#answer"))
        assert page.title() == f"Marking {ASSIGNMENT}"
        assert [hit for each in page.locator(CONTROLS).all() if (hit := each.evaluate(HIT_INSTEAD))] == []
        width, height, inner_width, inner_height = page.evaluate(OVERFLOWS)
        assert (width, height) == (inner_width, inner_height), shown(page)
        assert page.locator("#answer :is(script, form, iframe, button, input, style, [id], [name])").count() == 0
        press(page, "ArrowRight")
    wait_for(page, "There is no next answer.")
    assert len(seen) == STUDENTS
    assert sum("was not handed in" in text for text in kinds) == sum("No response" in text for text in kinds) == 1
    assert "student0" not in page.content()


def test_a_usual_answer_needs_no_scrolling(page, places):
    inside = "each => each.scrollHeight <= each.clientHeight + 1 && each.scrollWidth <= each.clientWidth + 1"
    for _ in range(STUDENTS):
        if page.inner_text("#answer").startswith("Figure of step 7"):
            break
        press(page, "ArrowRight")
        page.wait_for_timeout(100)
    for pane in ("#answer", "#outputs", "aside"):
        assert page.locator(pane).evaluate(inside), pane
    assert page.locator("#outputs img").count() == 2 and page.locator("footer").is_visible()


def test_of_two_who_mark_at_once_the_second_sees_the_firsts_mark(page, browser, places):
    with served(places) as address, watched_page(browser, viewport=SCREEN) as other:
        other.goto(address)
        other.wait_for_selector("body[data-shown]")
        press(page, "n")
        press(other, "n")
        page.wait_for_timeout(300)
        mine = shown(page)
        assert shown(other) == mine
        press(page, "2", "Enter")
        wait_for(page, f"Saved: {mine}")
        press(other, "0", "Enter")
        wait_for(other, "Nothing was saved")
        assert shown(other) == mine and "You had chosen 0 points" in other.inner_text("#message")
        assert other.locator("[aria-pressed=true] b").inner_text() == "2"
