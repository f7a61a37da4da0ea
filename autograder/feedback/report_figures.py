"""The class report's figures, as SVG text to put into the page: no scripts, no files, text stays text."""

from __future__ import annotations

import io
import re

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

_INK, _BLUE, _ORANGE, _GREY = "#1f2937", "#3b6fb6", "#c8741b", "#d1d5db"
_STYLE = {
    "svg.fonttype": "none",
    "font.size": 10,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": "#9ca3af",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": _INK,
    "ytick.color": _INK,
}


def distribution(shares: list[float]) -> str:
    """Histogram of the share of automatic points, in ten steps."""
    figure, axes = _figure(7.2, 2.6, "distribution")
    counts, edges = np.histogram(shares, bins=10, range=(0, 1))
    axes.bar(100 * edges[:-1], counts, width=9.2, align="edge", color=_BLUE)
    for left, count in zip(edges, counts, strict=False):
        if count:
            axes.text(100 * left + 4.6, count, str(count), ha="center", va="bottom", fontsize=9)
    if shares:
        median = 100 * float(np.median(shares))
        axes.axvline(median, color=_ORANGE, linewidth=1.6, linestyle="--")
        above = axes.get_xaxis_transform()
        axes.text(median, 1.06, f"median {median:.0f} %", color=_ORANGE, ha="center", va="bottom", transform=above)
    axes.set(xlabel="automatic points, % of the maximum", ylabel="students", xlim=(0, 100))
    axes.yaxis.get_major_locator().set_params(integer=True)
    return _svg(figure)


def exercises(names: list[str], difficulty: list[float], discrimination: list[float | None]) -> str:
    """Per exercise: how many points the class earned (bar), and how well it tells the strong from the weak (dot)."""
    figure, (left, right) = _figure(7.2, 0.9 + 0.27 * len(names), "exercises", columns=2)
    rows = np.arange(len(names))
    left.barh(rows, 100 * np.asarray(difficulty), height=0.66, color=_BLUE)
    left.set(yticks=rows, yticklabels=names, xlim=(0, 100), xlabel="% of the points earned")
    known = [(row, value) for row, value in zip(rows, discrimination, strict=True) if value is not None]
    right.axvspan(-0.25, 0.2, color="#fdf0e1", linewidth=0)
    right.axvline(0, color=_GREY, linewidth=1)
    right.hlines([row for row, _ in known], 0, [value for _, value in known], color=_GREY, linewidth=1.5)
    colours = [_BLUE if value >= 0.2 else _ORANGE for _, value in known]
    right.scatter([value for _, value in known], [row for row, _ in known], color=colours, zorder=3)
    right.set(yticks=rows, yticklabels=[], xlim=(-0.25, 1), xlabel="correlation with the rest")
    for axes in (left, right):
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
    return _svg(figure)


def criteria(names: list[str], counts: list[dict[float, int]]) -> str:
    """Per written answer: how many students got which share of its points, from none (orange) to all (blue)."""
    figure, axes = _figure(7.2, 0.9 + 0.32 * len(names), "criteria")
    colours = LinearSegmentedColormap.from_list("points", [_ORANGE, "#e5e7eb", _BLUE])
    for row, shares in enumerate(counts):
        left = 0
        for share, students in sorted(shares.items()):
            share = min(max(share, 0.0), 1.0)
            axes.barh(row, students, left=left, height=0.66, color=colours(share), edgecolor="white")
            text = f"{100 * share:.0f} %" if students > 1 else ""
            ink = "white" if abs(share - 0.5) > 0.3 else _INK
            axes.text(left + students / 2, row, text, ha="center", va="center", fontsize=8, color=ink)
            left += students
    axes.set(yticks=range(len(names)), yticklabels=names, xlabel="students, by the share of the points that they got")
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.get_major_locator().set_params(integer=True)
    return _svg(figure)


def mistakes(names: list[str], counts: list[int]) -> str:
    """How often each known mistake was made."""
    figure, axes = _figure(7.2, 0.8 + 0.27 * len(names), "mistakes")
    rows = np.arange(len(names))
    axes.barh(rows, counts, height=0.66, color=_ORANGE)
    for row, count in zip(rows, counts, strict=True):
        axes.text(count, row, f" {count}", va="center", fontsize=9)
    axes.set(yticks=rows, yticklabels=names, xlabel="students", ylim=(len(names) - 0.4, -0.6))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.tick_params(axis="y", length=0)
    return _svg(figure)


def times(by_notebook: dict[str, list[float]]) -> str:
    """CPU seconds that students' notebooks took, a dot each, with the median."""
    figure, axes = _figure(7.2, 0.8 + 0.5 * len(by_notebook), "times")
    for row, taken in enumerate(by_notebook.values()):
        seconds = np.maximum(taken, 0.1)
        spread = np.random.default_rng(row).uniform(-0.22, 0.22, len(seconds))
        axes.scatter(seconds, row + spread, s=14, color=_BLUE, alpha=0.55, linewidths=0)
        if len(seconds):
            axes.plot([np.median(seconds)] * 2, [row - 0.33, row + 0.33], color=_ORANGE, linewidth=2)
    axes.set(yticks=range(len(by_notebook)), yticklabels=list(by_notebook), xlabel="CPU seconds (line: median)")
    axes.set_ylim(len(by_notebook) - 0.4, -0.6)
    if any(by_notebook.values()):
        axes.set_xscale("log")  # one notebook that ran into its limit leaves room for the others
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: f"{seconds:g}"))
        axes.xaxis.set_minor_locator(NullLocator())
    axes.tick_params(axis="y", length=0)
    return _svg(figure)


def _figure(width: float, height: float, name: str, columns: int = 1):
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(width, height), layout="constrained")
        figure.set_gid(name)
        axes = figure.subplots(1, columns)
    return figure, axes


def _svg(figure: Figure) -> str:
    name, buffer = figure.get_gid(), io.StringIO()
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    # One page holds several figures: what they number must not collide.
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    return re.sub(r"(url\(#|href=\"#)", rf"\g<1>{name}-", text)
