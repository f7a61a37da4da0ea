"""The front end's modules one by one, in a real browser, on numbers that a person can derive."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan, log

import pytest

from detrlab.explorer.front_end import STATIC
from tests.browser.chromium import watched_page

# Two heads of width 1, two tokens that look at three: weights[i, j] = exp(q_i k_j - lse_i). In head 0 token 0 has
# exp(k) = 1, 2, 5 of 8 and token 1, which looks twice as sharply, 1, 4, 25 of 30. Head 1 looks everywhere alike.
LAYER = {
    "q": [1, 2, 0, 0],
    "k": [0, log(2), log(5), 0, 0, 0],
    "lse": [log(8), log(30), log(3), log(3)],
    "M": 2,
    "N": 2,
    "S": 3,
    "d": 1,
}
# A map of 2 x 3 cells of 10 x 5 pixels on a picture 25 pixels wide: of the last column 5 pixels can be seen.
GRID = {"H": 2, "W": 3, "cell_width": 10, "cell_height": 5, "x_edges": [0, 10, 20, 25], "y_edges": [0, 5, 10]}


@pytest.fixture(scope="module")
def page(browser) -> Iterator:
    """An empty page whose modules are the files of detrlab/explorer/static."""

    def serve(route) -> None:
        name = route.request.url.rpartition("/")[2]
        if name.endswith(".js"):
            route.fulfill(content_type="text/javascript", body=(STATIC / name).read_text(encoding="utf-8"))
        else:
            route.fulfill(content_type="text/html", body="<!doctype html><link rel='icon' href='data:,'>")

    with watched_page(browser) as page:
        page.route("**/*", serve)
        page.goto("http://localhost/")
        yield page


def call(page, module: str, body: str, argument: object = None) -> object:
    """What `body` returns, with the module as `it` and the argument as `given`."""
    return page.evaluate(f"async (given) => {{ const it = await import('/{module}.js'); {body} }}", argument)


@pytest.mark.parametrize(
    ("direction", "index", "head", "expected"),
    [
        ("row", 0, 0, [1 / 8, 2 / 8, 5 / 8]),
        ("row", 1, 0, [1 / 30, 4 / 30, 25 / 30]),
        ("row", 0, 1, [1 / 3, 1 / 3, 1 / 3]),
        ("row", 0, "mean", [(1 / 8 + 1 / 3) / 2, (2 / 8 + 1 / 3) / 2, (5 / 8 + 1 / 3) / 2]),
        ("column", 1, 0, [2 / 8, 4 / 30]),
        ("column", 2, "mean", [(5 / 8 + 1 / 3) / 2, (25 / 30 + 1 / 3) / 2]),
    ],
)
def test_weights_of_a_row_and_of_a_column(page, direction, index, head, expected):
    body = """
        const layer = { ...given.layer };
        for (const part of ["q", "k", "lse"]) layer[part] = Float32Array.from(layer[part]);
        return Array.from(it.weightsOf(layer, given.direction, given.index, given.head));
    """
    given = {"layer": LAYER, "direction": direction, "index": index, "head": head}
    assert call(page, "attention_math", body, given) == pytest.approx(expected, abs=1e-6)


def test_summary_of_a_map(page):
    # Shares 1/4, 1/4, 1/2, 0: entropy (2 * 1/4 * ln 4 + 1/2 * ln 2) / ln 4 = 3/4.
    summary = call(page, "attention_math", "return it.summaryOf([1, 1, 2, 0])")
    assert summary == pytest.approx({"sum": 4, "mean": 1, "peak": 2, "peakAt": 2, "entropy": 0.75})
    assert call(page, "attention_math", "return it.summaryOf([0, 3, 0]).entropy") == 0
    assert call(page, "attention_math", "return it.summaryOf([2, 2, 2]).entropy") == pytest.approx(1)


def test_share_of_a_map_in_a_box(page):
    # 2 of 4 lie inside; the box covers 1.5 of 4 cells.
    found = call(page, "attention_math", "return it.inBox([1, 1, 2, 0], 4, [0, 0, 1, 0.5])")
    assert found == pytest.approx({"mass": 0.5, "lift": 0.5 / (1.5 / 4)})
    nowhere = call(page, "attention_math", "return it.inBox([1, 1], 2, [0, 0])")
    assert nowhere["mass"] == 0 and isnan(nowhere["lift"])


@pytest.mark.parametrize(
    ("point", "cell"), [((0, 0), 0), ((12, 7), 4), ((10, 0), 1), ((9.99, 4.99), 0), ((-3, -3), 0), ((99, 99), 5)]
)
def test_the_cell_of_a_point(page, point, cell):
    assert call(page, "grid", "return it.cellAt(given[0], ...given[1])", [GRID, point]) == cell


def test_the_place_of_a_cell_ends_with_the_picture(page):
    place = {"row": 1, "column": 2, "x0": 20, "y0": 5, "x1": 25, "y1": 10}
    assert call(page, "grid", "return it.placeOf(given, 5)", GRID) == place


@pytest.mark.parametrize(
    ("box_xyxy", "cover"),
    [
        ((5, 0, 15, 5), [0.5, 0.5, 0, 0, 0, 0]),
        ((0, 0, 25, 10), [1] * 6),
        ((20, 2.5, 22.5, 7.5), [0, 0, 0.25, 0, 0, 0.25]),
        ((-9, -9, -1, -1), [0] * 6),
    ],
)
def test_which_share_of_each_cell_a_box_covers(page, box_xyxy, cover):
    assert call(page, "grid", "return Array.from(it.coverOf(given[0], given[1]))", [GRID, box_xyxy]) == cover


def test_arrays_may_start_at_any_byte_and_are_widened_by_channel(page):
    body = """
        const bytes = new Uint8Array([9, 9, 9, 1, 0, 255, 255, 2, 0, 3, 0]);
        const view = new DataView(bytes.buffer, 2); // its byte 1 is byte 3 of the buffer, no multiple of 2
        const found = it.arrayAt(view, { start: 1, shape: [2, 1, 2], type: "int16" });
        return [Array.from(found.values), found.shape, Array.from(it.widened(found, [10, 100, 1000, 0.5]))];
    """
    assert call(page, "arrays", body) == [[1, -1, 2, 3], [2, 1, 2], [10, -100, 2000, 1.5]]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("it.asPercent(0.0831)", "8.3 %"),
        ("it.asPercent(0.0995)", "10 %"),
        ("it.asPercent(0.00042)", "0.04 %"),
        ("it.asTimes(21.4)", "21 ×"),
        ("it.asTimes(1.26)", "1.3 ×"),
        ("it.howMany(1, 'head')", "1 head"),
        ("it.howMany(0, 'head')", "0 heads"),
        ("it.headline({ query: 7, column: false }, (query) => `query ${query}`)", "Where query 7 looks"),
        ("it.headline({ query: null, column: true })", "Who looks at this point"),
        ("it.subline('encoder', [2, 'mean'], 3, 4)", "Encoder self-attention · layer 2 (last of 3) · mean of 4 heads"),
        ("it.subline('cross', [0, 3], 3, 4)", "Decoder cross-attention · layer 0 (1st of 3) · head 3 (last of 4)"),
    ],
)
def test_words(page, written, words):
    assert call(page, "words", f"return {written}") == words


def test_a_map_is_painted_from_nothing_to_its_own_maximum(page):
    # Colour i is (i, i, i): half of the maximum lies at 127.5, between two colours, and is rounded up.
    body = """
        const colours = Array.from({ length: 3 * 256 }, (_, at) => Math.floor(at / 3));
        const canvas = document.createElement("canvas");
        const peak = it.paintMap(canvas, given, { H: 1, W: 3 }, colours);
        const pixels = canvas.getContext("2d").getImageData(0, 0, 3, 1).data;
        return [peak, canvas.dataset.max, Array.from(pixels)];
    """
    white = [255, 255, 255, 255]
    assert call(page, "painting", body, [0, 1, 2]) == [2, "2", [0, 0, 0, 255, 128, 128, 128, 255, *white]]
    assert call(page, "painting", body, [0, 0, 0]) == [0, "0", [0, 0, 0, 255] * 3]


def test_of_the_questions_that_wait_for_python_only_the_last_is_asked(page):
    body = """
        const [sent, told] = [[], []];
        let arrive = null;
        const model = { send: (message) => sent.push(message), on: (_, receive) => (arrive = receive) };
        const source = it.askingSource(model);
        const view = (...values) => new DataView(Float32Array.from(values).buffer);
        const tell = (name) => (maps) => told.push([name, maps[0].map((map) => [...map])]);
        for (const name of ["a", "b", "c"]) source.answer([{ name, panels: [[0, 0], [0, 1]] }], tell(name));
        arrive({ number: 99 }, [view(9), view(9)]); // no answer to what was asked
        arrive({ number: 1 }, [view(1, 2), view(3)]);
        arrive({ number: 2 }, [view(4), view(5)]);
        return [sent.map(({ wants, number }) => [wants[0].name, number]), told];
    """
    asked, told = call(page, "source", body)
    assert asked == [["a", 1], ["c", 2]]
    assert told == [["a", [[1, 2], [3]]], ["c", [[4], [5]]]]
