"""An explorer's page as a user has it: opened from its file, moved over, its choices clicked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.browser.chromium import watched_page

LAPTOP = {"width": 1366, "height": 768}


@contextmanager
def opened_explorer(browser, address: str, viewport: dict[str, int] | None = None) -> Iterator:
    """The page at `address` with its picture, on a laptop's screen if no other is given; watched as `watched_page`."""
    with watched_page(browser, viewport=viewport or LAPTOP) as page:
        page.goto(address)
        page.wait_for_selector(".dl-stage")
        yield page


def hover(page, x: float, y: float, size_wh: tuple[int, int]) -> None:
    """Move the mouse to a point in pixels of the picture, which has that width and height."""
    box = page.locator(".dl-stage").bounding_box()
    page.mouse.move(box["x"] + x * box["width"] / size_wh[0], box["y"] + y * box["height"] / size_wh[1])


def choose(page, field: str, value: str) -> None:
    page.get_by_role("group", name=field).get_by_text(value, exact=True).click()
