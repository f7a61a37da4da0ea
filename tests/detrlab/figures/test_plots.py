"""Figures by what they draw: images with their extents, boxes in pixels, titles; and that nothing is cut
off."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.transforms import Bbox
from PIL import Image
from torch import nn

from detrlab.attention.capture import capture_attention
from detrlab.attention.grid import FeatureGrid
from detrlab.detr.detect import Detections
from detrlab.figures.attention import (
    plot_attention_heads,
    plot_attention_layers,
    plot_decoder_attention,
    plot_encoder_attention,
)
from detrlab.figures.detections import plot_detections, plot_query_slots
from detrlab.figures.drawing import INK, clear_subplots

STRIDE, H, W = (
    8,
    5,
    7,
)  # cells; the input of 37 x 53 pixels leaves the last row and column hanging over its edge
INPUT_HW = (37, 53)
PICTURE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (74, 159, 3), dtype=np.uint8))  # 2 and 3 times
L, M, Q = 3, 2, 11


class Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 12, STRIDE, STRIDE, padding=4)
        self.transformer = nn.Transformer(12, M, L, L, 13, 0.0, batch_first=True)
        self.query_pos = nn.Parameter(torch.randn(1, Q, 12))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.transformer(self.conv(pictures).flatten(2).transpose(1, 2), self.query_pos)


@pytest.fixture(scope="module")
def attention():
    torch.manual_seed(0)
    model = Model()
    with torch.no_grad(), capture_attention(model, lazy=True) as attention:
        model(torch.randn(1, 3, *INPUT_HW))
    return attention


def detections(n: int) -> Detections:
    generator = torch.Generator().manual_seed(n)
    corner = torch.rand(n, 2, generator=generator) * torch.tensor([120.0, 50.0])
    return Detections(
        boxes_xyxy=torch.cat([corner, corner + torch.tensor([31.0, 17.0])], 1),
        labels=torch.zeros(n, dtype=torch.long),
        scores=torch.linspace(0.99, 0.71, n),
        queries=torch.arange(n).flip(0) % Q,
        names=("ring",) * n,
    )


def extents(ax: Axes) -> list[tuple[float, ...]]:
    return [tuple(image.get_extent()) for image in ax.images]


def boxes(ax: Axes) -> list[list[float]]:
    return [list(patch.get_bbox().extents) for patch in ax.patches if isinstance(patch, Rectangle)]


def assert_nothing_cut_off(figure: Figure) -> None:
    figure.draw_without_rendering()
    frame = figure.bbox.padded(0.5)
    for ax in figure.axes:
        box = ax.get_tightbbox()
        if box is not None and ax.axison:
            assert frame.x0 <= box.x0 and box.x1 <= frame.x1 and frame.y0 <= box.y0 and box.y1 <= frame.y1
    if figure.get_suptitle():
        title = figure._suptitle.get_window_extent()
        assert frame.x0 <= title.x0 and title.x1 <= frame.x1 and title.y1 <= frame.y1


@pytest.mark.parametrize(("n", "title"), [(0, "Nothing detected"), (1, "1 detection"), (33, "33 detections")])
def test_detections(n, title):
    found = detections(n)
    figure = plot_detections(PICTURE, found)
    (ax,) = figure.axes
    assert ax.get_title().startswith(title)
    assert extents(ax) == [(0, 159, 74, 0)]
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, 159), (74, 0))
    np.testing.assert_allclose(sorted(boxes(ax)), sorted(found.boxes_xyxy.tolist()), atol=1e-4)
    assert {text.get_text() for text in ax.texts} == {f"{i + 1} ring {s:.2f}" for i, s in enumerate(found.scores)}
    assert_nothing_cut_off(figure)
    assert not plt.get_fignums()  # a notebook shows it once, and none pile up


def test_labels_of_small_panels_are_small():
    small, large = (clear_subplots(1, 1, (side, side))[1][0, 0] for side in (2.5, 6.0))
    for ax in (small, large):
        plot_detections(PICTURE, detections(2), ax=ax)
    assert {text.get_fontsize() for text in small.texts} == {7.5}
    assert {text.get_fontsize() for text in large.texts} == {10.0}


def test_subplots_without_a_background_have_grey_words():
    figure, axes = clear_subplots(2, 3, (6.0, 4.0), "All of them")
    assert axes.shape == (2, 3)
    axes[1, 2].set(title="one", xlabel="x", ylabel="y")
    axes[1, 2].imshow(np.zeros((3, 5)))
    assert figure.get_facecolor()[3] == axes[1, 2].get_facecolor()[3] == 0
    ax, words = axes[1, 2], axes[1, 2].get_xticklabels()
    drawn = [figure._suptitle, ax.title, ax.xaxis.label, ax.yaxis.label, *words]
    assert {text.get_color() for text in drawn} == {INK}
    assert plt.get_fignums() == []


def test_boxes_over_the_edge_are_cut_and_given_axes_used():
    found = detections(1)
    found.boxes_xyxy[0] = torch.tensor([-20.0, 10.0, 170.0, 90.0])
    figure, ax = plt.subplots()
    assert plot_detections(PICTURE, found, ax) is figure
    assert boxes(ax) == [[0, 10, 159, 74]]
    plt.close(figure)


@pytest.mark.parametrize("inches", [(6.0, 3.0), (3.1, 1.7)])
def test_labels_keep_clear_of_each_other_however_large_the_figure_becomes(inches):
    found = detections(2)
    found.boxes_xyxy[:] = torch.tensor([30.0, 30.0, 90.0, 70.0])  # one box twice
    figure = plot_detections(PICTURE, found)
    figure.set_size_inches(inches)
    figure.draw_without_rendering()
    (ax,) = figure.axes
    first, second = (text.get_window_extent() for text in ax.texts)
    assert not first.overlaps(second)
    box = Bbox(ax.transData.transform([(30, 70), (90, 30)])).padded(30)  # pixels: a label beside it is 15 high
    assert first.overlaps(box) and second.overlaps(box)


def assert_map_over_the_grey_picture(ax: Axes, expected: torch.Tensor, largest: float) -> None:
    """8 input pixels are 24 x 16 of the picture: 7 * 24 and 5 * 16, past its edge at 159 and 74."""
    assert extents(ax) == [(0, 159, 74, 0), (0, 168, 80, 0)]
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, 159), (74, 0))
    below, above = ax.images
    assert np.asarray(below.get_array()).shape == (74, 159)
    assert below.cmap(0.3)[0] == below.cmap(0.3)[1] == below.cmap(0.3)[2]
    np.testing.assert_allclose(above.get_array(), expected, rtol=1e-6)
    assert above.get_clim() == (0, pytest.approx(largest))
    # Nothing is painted where nobody looks, and nearly nothing of the picture is left where the weight is largest.
    assert above.cmap(above.norm(0.0))[3] == 0 and above.cmap(above.norm(largest))[3] > 0.9


def scale_of(figure: Figure) -> list[str]:
    """The weights written below the bar of colours, which has Axes of its own."""
    return [text.get_text() for text in figure.axes[-1].texts]


@pytest.mark.parametrize("n", [0, 1, 8])
def test_decoder_attention(attention, n):
    found = detections(n)
    figure = plot_decoder_attention(PICTURE, found, attention, layer=1, head=0)
    assert_nothing_cut_off(figure)
    first, *panels = figure.axes[: 1 + n]
    assert extents(first) == [(0, 159, 74, 0)]
    assert "layer 1 (2nd of 3), head 0 (1st of 2)\nwhere the query" in figure.get_suptitle()
    if n == 0:
        assert first.get_title() == "no query above the threshold"
        return
    maps = attention.decoder_cross(1, 0)
    largest = max(maps[each.query].max().item() for each in found)
    assert [text.get_text() for text in first.texts] == [str(number) for number in range(1, n + 1)]
    for number, (detection, ax) in enumerate(zip(found, panels, strict=True), start=1):
        assert ax.get_title() == f"query {detection.query} looks at"
        assert [text.get_text() for text in ax.texts] == [f"{number} ring {detection.score:.2f}"]
        assert_map_over_the_grey_picture(ax, maps[detection.query], largest)
        np.testing.assert_allclose(boxes(ax), [detection.box_xyxy], atol=1e-4)
    # By the square root: a quarter of the way stands for a sixteenth of the largest weight.
    assert scale_of(figure) == ["0", *(f"{largest * share:.2g}" for share in (1 / 16, 1 / 4, 9 / 16, 1)), "weight"]


def test_figures_fit_into_a_notebook_with_words_of_9_points(attention):
    """890 pixels at 100 a inch is what JupyterLab has beside its file list at 1366; what is wider it shrinks."""
    square = Image.new("RGB", (90, 80))
    for picture in (PICTURE, square, Image.new("RGB", (40, 190))):
        for figure in (
            plot_decoder_attention(picture, detections(8), attention),
            plot_encoder_attention(picture, attention),
            plot_attention_heads(picture, attention, (20, 30)),
            plot_attention_layers(picture, attention, (20, 30)),
        ):
            assert_nothing_cut_off(figure)
            assert figure.get_figwidth() <= 8.9
            sizes = [text.get_fontsize() for text in figure.findobj(matplotlib.text.Text) if text.get_text()]
            assert min(sizes) >= 9


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = np.array(matplotlib.colors.to_rgb(colour))
    return float(
        np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
    )


def test_words_can_be_read_on_a_light_and_on_a_dark_page(attention):
    figures = (
        plot_detections(PICTURE, detections(1)),
        plot_decoder_attention(PICTURE, detections(1), attention),
        plot_encoder_attention(PICTURE, attention),
        plot_query_slots(torch.rand(3, 2, 4)),
    )
    for figure in figures:
        assert figure.get_facecolor() == (0, 0, 0, 0)
        figure.draw_without_rendering()
        for ax in figure.axes:
            assert ax.get_facecolor()[3] == 0
            # By the colour of ticks' labels IPython chooses a white or a black background.
            assert not [label for axis in (ax.xaxis, ax.yaxis) for label in axis.get_ticklabels()]
            words = [ax.title, ax.xaxis.label, figure._suptitle]
            for text in (each for each in words if each is not None and each.get_text()):
                ink = luminance(text.get_color()) + 0.05
                assert min(1.05 / ink, ink / (luminance("#111") + 0.05)) > 3.9


def test_labels_are_pills_in_the_colour_of_their_box():
    found = detections(3)
    (ax,) = plot_detections(PICTURE, found).axes
    frames = [patch.get_edgecolor() for patch in reversed(ax.patches)]  # the best last, on top
    assert [text.get_bbox_patch().get_facecolor() for text in ax.texts] == frames
    assert len(set(frames)) == 3


@pytest.mark.parametrize("direction", ["looks at", "is looked at from"])
def test_encoder_attention_of_each_direction(attention, direction):
    points = [(3, 4), (158, 73), (50, 33)]
    figure = plot_encoder_attention(PICTURE, attention, points, direction)
    assert_nothing_cut_off(figure)
    assert {"looks at": "(its row)", "is looked at from": "(its column)"}[direction] in figure.get_suptitle()
    assert "layer 2 (last of 3), mean of 2 heads" in figure.get_suptitle()
    centre, *around = figure.axes[:4]
    weights = attention.encoder().weights
    cells = [(0, 0), (4, 6), (2, 2)]
    of_cells = [weights[y, x] if direction == "looks at" else weights[:, :, y, x] for y, x in cells]
    largest = max(each.max().item() for each in of_cells)
    for number, (ax, expected) in enumerate(zip(around, of_cells, strict=True), start=1):
        assert ax.get_title() == f"point {number} {direction}"
        assert_map_over_the_grey_picture(ax, expected, largest)
    np.testing.assert_allclose(boxes(centre), [[0, 0, 24, 16], [144, 64, 159, 74], [48, 32, 72, 48]])
    assert [text.get_text() for text in centre.texts] == ["1", "2", "3"]


@pytest.mark.parametrize("size_wh", [(400, 90), (90, 400)])
def test_four_points_by_default_whatever_the_shape(attention, size_wh):
    figure = plot_encoder_attention(Image.new("RGB", size_wh), attention)
    assert len(figure.axes) == 5 + 1  # and the scale
    figure.draw_without_rendering()
    centre, *around = (ax.get_window_extent() for ax in figure.axes[:5])
    middle = (min(ax.y0 for ax in around) + max(ax.y1 for ax in around)) / 2
    assert (centre.y0 + centre.y1) / 2 == pytest.approx(middle, abs=15)  # pixels
    assert_nothing_cut_off(figure)


def test_all_heads_and_all_layers(attention):
    detection = next(iter(detections(4)))
    figure = plot_attention_heads(PICTURE, attention, detection, layer=0)
    assert_nothing_cut_off(figure)
    shown = {ax.get_title(): ax for ax in figure.axes[:-1]}
    assert list(shown) == ["ring 0.99", "mean of heads", "head 0", "head 1"]
    heads = attention.decoder_cross(0, "all", query=3)
    assert_map_over_the_grey_picture(shown["head 1"], heads[1], heads.max().item())
    assert_map_over_the_grey_picture(shown["mean of heads"], heads.mean(0), heads.max().item())
    assert "where query 3 looks" in figure.get_suptitle()

    figure = plot_attention_layers(PICTURE, attention, (50, 33), "is looked at from", head=1)
    assert_nothing_cut_off(figure)
    columns = [attention.encoder(layer, 1).weights[:, :, 2, 2] for layer in range(3)]
    largest = max(each.max().item() for each in columns)
    for ax, title, expected in zip(figure.axes[1:4], ("layer 0", "layer 1", "layer 2 (last)"), columns, strict=True):
        assert ax.get_title() == title
        assert_map_over_the_grey_picture(ax, expected, largest)
    assert "all 3 layers, head 1 (last of 2)\nwho looks at the marked point" in figure.get_suptitle()


def test_a_large_photograph_is_drawn_small_but_in_its_own_pixels():
    figure = plot_detections(Image.new("RGB", (4000, 3001)), detections(0))
    (image,) = figure.axes[0].images
    assert image.get_array().shape[:2] == (751, 1000)
    assert tuple(image.get_extent()) == (0, 4000, 3001, 0)


def test_errors_say_what_was_expected(attention):
    found = detections(2)
    with pytest.raises(ValueError, match="Got 1 Axes; this figure has 3 panels"):
        plot_decoder_attention(PICTURE, found, attention, axes=plot_detections(PICTURE, found).axes)
    with pytest.raises(ValueError, match="direction='row'; expected 'looks at' or 'is looked at from'"):
        plot_encoder_attention(PICTURE, attention, direction="row")
    with pytest.raises(ValueError, match="use plot_attention_heads"):
        plot_encoder_attention(PICTURE, attention, head="all")
    with pytest.raises(ValueError, match=r"\(200, 10\)|x=200, y=10.*159 x 74"):
        plot_encoder_attention(PICTURE, attention, [(200, 10)])
    with pytest.raises(ValueError, match=r"expected one of the detections, a point \(x, y\) .*, or 'class token'"):
        plot_attention_heads(PICTURE, attention, (1, 2, 3))
    with pytest.raises(ValueError, match=r"shape \(4, 4\); expected \(P, Q, 4\)"):
        plot_query_slots(torch.zeros(4, 4))


def test_the_extent_puts_pictures_and_cells_on_the_same_pixels():
    """Rendered: the border between two cells lies on the picture's pixel 48 of 70 where the stride says
    so."""
    from detrlab.figures.drawing import one_scale, show_map

    grid = FeatureGrid(cells_hw=(2, 2), input_hw=(35, 35), picture_hw=(70, 70), stride=24)
    figure = Figure(figsize=(0.7, 0.7), dpi=100)  # one screen pixel per pixel of the picture
    ax = figure.add_axes((0, 0, 1, 1))
    map_hw = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    show_map(ax, Image.new("RGB", (70, 70)), map_hw, grid, one_scale([map_hw]))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3].astype(int)
    same = np.abs(pixels - pixels[0, 0]).sum(-1) == 0
    assert same[:48, :48].all() and not same[:48, 48:].any() and not same[48:, :48].any() and same[48:, 48:].all()


def test_a_label_does_not_hide_a_small_box_in_a_corner():
    found = detections(1)
    found.boxes_xyxy[:] = torch.tensor([140.0, 0.0, 159.0, 12.0])
    figure = plot_detections(PICTURE, found)
    (ax,) = figure.axes
    pill, box = ax.texts[0].get_bbox_patch().get_window_extent(), ax.patches[0].get_window_extent()
    assert pill.y1 <= box.y0 and pill.x1 <= ax.get_window_extent().x1 + 1
