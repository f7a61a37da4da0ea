"""Chromium without a screen, for tests and for measuring: how it is started, and how long the explorer's painting
takes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import quantiles

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MOVES = 200
# From a move of the mouse until the browser has painted what it changed: script, style, layout and paint.
PAINT_TIMES = """async (moves) => {
    const stage = document.querySelector(".dl-stage");
    const area = stage.getBoundingClientRect();
    const frame = () => new Promise(requestAnimationFrame);
    const painted = () => new Promise((done) => {
        const channel = new MessageChannel();
        channel.port1.onmessage = done;
        channel.port2.postMessage(0);
    });
    const times = [];
    for (let i = 0; i < moves; i++) {
        await frame();
        const started = performance.now();
        const [clientX, clientY] = [area.left + ((i * 37) % area.width), area.top + ((i * 23) % area.height)];
        stage.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY, bubbles: true, pointerType: "mouse" }));
        await painted(); // a task that runs after this frame was painted
        times.push(performance.now() - started);
    }
    return times;
}"""


class NoBrowser(RuntimeError):
    """There is no Chromium, or nothing to drive it with; the message says what to install."""


@contextmanager
def chromium() -> Iterator:
    """A started browser (playwright's `Browser`)."""
    path = shutil.which("chromium")
    if path is None:
        raise NoBrowser("there is no chromium on the PATH: apt-get install chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise NoBrowser("playwright is not installed: pip install 'detrlab[dev]'") from None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def paint_ms(page) -> float:
    """The 95th percentile of 200 moves over the explorer of a page, milliseconds."""
    return quantiles(page.evaluate(PAINT_TIMES, MOVES), n=20)[-1]
