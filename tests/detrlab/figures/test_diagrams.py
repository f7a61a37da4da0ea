"""The diagrams: what they say, that all of it can be read, on white and on black."""

import re
from itertools import combinations

import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyBboxPatch, Rectangle

from coursework.checks.figures import drawn_texts
from detrlab.figures import diagrams
from detrlab.figures.conventions import COLUMN, ROW, plot_box_frames, plot_row_and_column
from detrlab.figures.diagrams import plot_detr, plot_transformer_layers

NOTES = {
    "features": "step 1",
    "backbone": "step 2",
    "conv": "conv, step 3",
    "encoder": "step 4",
    "decoder": "step 4",
    "classes": "linear_class, step 5",
    "boxes": "linear_bbox, step 6",
    "queries": "query_pos, step 7",
    "positions": "steps 7, 8",
    "tokens": "step 9",
    "objects": "step 9",
}
FIGURES = {
    "detr": plot_detr,
    "detr with notes": lambda: plot_detr(notes=NOTES),
    "a batch of small pictures": lambda: plot_detr((128, 213), B=16, stride=8, channels=128, D=128, Q=20, K=6),
    "layers": plot_transformer_layers,
    "small layers": lambda: plot_transformer_layers(S=256, Q=20, D=128, M=4, F=512),
    "frames": plot_box_frames,
    "frames of a photograph": lambda: plot_box_frames((0.5, 0.5, 0.2, 0.3), size_wh=(4032, 3024)),
    "frames of a portrait": lambda: plot_box_frames((0.5, 0.5, 0.2, 0.3), size_wh=(427, 640)),
    "row and column": plot_row_and_column,
    "more cells": lambda: plot_row_and_column(cells_hw=(3, 4), query=11, key=0),
    "one column of cells": lambda: plot_row_and_column(cells_hw=(3, 1), query=0, key=2),
}


@pytest.mark.parametrize("name", FIGURES)
def test_all_texts_can_be_read_on_a_page_that_shows_through(name):
    figure = FIGURES[name]()
    assert figure.patch.get_alpha() == 0 and not figure.axes[0].axison
    assert plt.get_fignums() == []  # a notebook would show it twice
    figure.draw_without_rendering()
    (ax,) = figure.axes
    boxes = {text: text.get_window_extent() for text in ax.texts}
    assert all(text.get_fontsize() >= 9 for text in boxes)
    for (one, a), (other, b) in combinations(boxes.items(), 2):
        assert not a.overlaps(b), (one.get_text(), other.get_text())
    shapes = [patch.get_window_extent() for patch in ax.patches]
    for text, box in boxes.items():
        around = [shape for shape in shapes if shape.x0 <= box.x0 and box.x1 <= shape.x1]
        assert any(shape.y0 <= box.y0 and box.y1 <= shape.y1 for shape in around), f"{text.get_text()} sticks out"
    blocks = [patch.get_window_extent() for patch in ax.patches if isinstance(patch, FancyBboxPatch)]
    assert not any(a.overlaps(b) for a, b in combinations(blocks, 2))
    page = figure.bbox
    assert all(page.x0 <= shape.x0 and shape.x1 <= page.x1 for shape in shapes)
    assert all(page.y0 <= shape.y0 and shape.y1 <= page.y1 for shape in shapes)


def contrast(one, other):
    """WCAG 2: from 1 to 21."""
    lights = []
    for colour in (one, other):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
        lights.append(sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True)))
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def test_lines_show_on_white_and_on_black_and_texts_on_their_blocks():
    assert min(contrast(diagrams.LINE, "white"), contrast(diagrams.LINE, "#111111")) > 3.7
    for colour in (diagrams.TENSOR, diagrams.MODULE, diagrams.TABLE, diagrams.PLAIN, ROW, COLUMN):
        assert contrast(colour, diagrams.DARK) > 7


def test_numbers_in_cells_show_whatever_the_cell():
    weights = torch.linspace(0, 1, 36).reshape(6, 6)
    ax = plot_row_and_column(weights).axes[0]
    cells = {(patch.get_x(), patch.get_y()): patch.get_facecolor() for patch in ax.patches if hasattr(patch, "get_xy")}
    side = 0.46
    for text in ax.texts:
        x, y = text.get_position()
        colours = [c for (a, b), c in cells.items() if abs(a + side / 2 - x) < 1e-6 and abs(b + side / 2 - y) < 1e-6]
        assert all(contrast(text.get_color(), colour[:3]) > 4.5 for colour in colours if colour[3])


def test_the_shapes_on_the_way():
    texts = drawn_texts(plot_detr((96, 130), B=3, stride=8, channels=7, D=5, Q=11, K=2, notes={"conv": "here"}))
    # 96 / 8 = 12 rows, 130 / 8 = 16.25: 17 columns, 12 * 17 = 204 tokens
    for shape in ("(3, 3, 96, 130)", "(3, 7, 12, 17)", "(3, 5, 12, 17)", "(204, 3, 5)", "(204, 1, 5)", "(11, 3, 5)"):
        assert shape in texts
    assert {"(3, 11, 5)", "(3, 11, 3)", "(3, 11, 4)", "stride 8", "here"} < set(texts)
    assert "flatten: one token per cell, S = H · W = 12 · 17 = 204" in texts
    with pytest.raises(ValueError, match="no block 'neck' to note something at; the blocks are picture, backbone"):
        plot_detr(notes={"neck": "?"})


def test_where_q_k_and_v_come_from():
    figure = plot_transformer_layers(S=6, Q=5, D=12, M=4, F=7)
    texts = drawn_texts(figure)
    assert {"(S, D) = (6, 12)", "(Q, D) = (5, 12)", "cross-attention, 4 heads of 3"} < set(texts)
    assert "feed-forward, 12 → 7 → 12" in texts
    below = {}  # what stands under each letter
    places = [(text.get_text(), *text.get_position()) for text in figure.axes[0].texts]
    for letter, x, y in places:
        if letter in ("q", "k", "v"):
            source = min((y2 - y, text) for text, x2, y2 in places if x2 == x and y2 > y)[1]
            below.setdefault(letter, []).append(source)
    assert below == {
        "q": ["x + positions", "o + queries", "o + queries"],
        "k": ["x + positions", "o + queries", "memory + positions"],
        "v": ["x", "o", "memory"],
    }


def test_one_box_in_four_frames():
    figure = plot_box_frames((0.5, 0.25, 0.2, 0.5), size_wh=(400, 200), shorter=100, longest=1000)
    texts = drawn_texts(figure)
    # 200 high becomes 100; x 0.4..0.6, y 0..0.5
    assert {"(0.500, 0.250, 0.200, 0.500)", "(0.400, 0.000, 0.600, 0.500)"} < set(texts)
    assert {"(80.0, 0.0, 120.0, 50.0)", "(160.0, 0.0, 240.0, 100.0)", "(200, 100)", "(400, 200)"} < set(texts)
    rectangles = [patch.get_bbox() for patch in figure.axes[0].patches if type(patch) is Rectangle]
    for frame, box in zip(rectangles[::2], rectangles[1::2], strict=True):
        within = [(box.x0 - frame.x0) / frame.width, (box.x1 - frame.x0) / frame.width]
        within += [(box.y0 - frame.y0) / frame.height, (box.y1 - frame.y0) / frame.height]
        assert within == pytest.approx([0.4, 0.6, 0.0, 0.5])


@pytest.mark.parametrize("key", range(6))
def test_the_numbers_of_the_example_add_up_as_they_are_shown(key):
    texts = [text.get_text() for text in plot_row_and_column(query=5 - key, key=key).axes[0].texts]
    numbers = [text for text in texts if re.fullmatch(r"\d\.\d\d", text)]
    row, column = numbers[36:42], numbers[42:]  # after the matrix
    assert len(numbers) == 6 * 6 + 6 + 6
    assert [f"sum {sum(map(float, shown)):.2f}" for shown in (row, column)] == [t for t in texts if "sum" in t]
    assert sum(map(float, row)) == pytest.approx(1)


def test_a_row_sums_to_one_and_a_column_need_not():
    weights = torch.tensor([[0.75, 0.25], [0.5, 0.5]])
    texts = drawn_texts(plot_row_and_column(weights, cells_hw=(1, 2), query=1, key=0))
    assert {"row 1: what token 1 looks at", "column 0: who looks at token 0", "sum 1.00", "sum 1.25"} < set(texts)
    assert texts.count("0.75") == 2 and texts.count("0.50") == 2 + 2 + 1 and texts.count("0.25") == 1
    for wrong in ({"cells_hw": (2, 2)}, {"cells_hw": (1, 2), "query": 2}, {"cells_hw": (1, 2), "key": -1}):
        with pytest.raises(ValueError, match="cells have|numbered 0..1"):
            plot_row_and_column(weights, **wrong)
