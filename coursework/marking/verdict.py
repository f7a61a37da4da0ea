"""The object a check cell ends in: its text is the points earned as a plain number, its HTML what a tutor would say.

Stock nbgrader reads the text as partial credit; JupyterLab shows the HTML. Colours work on light and dark themes,
and a word and a sign carry the meaning where colours do not.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from html import escape

SIGNS = {"right": ("✓", "#2e7d32"), "partly": ("◐", "#b26a00"), "wrong": ("✗", "#c62828"), "open": ("○", "#6b7280")}
_EMPHASIS = re.compile(r"(?<![\w*])\*(\S(?:[^*]*\S)?)\*(?![\w*])")
WAITS = {"waits": True}  # metadata of what stands where a demonstration cannot be shown before its steps are done


@dataclass(frozen=True)
class Verdict:
    """Points earned and the lines to show; state is "right", "partly", "wrong" or "open"."""

    points: float
    maximum: float
    state: str
    title: str
    lines: tuple[str, ...] = ()

    def __repr__(self) -> str:
        safe = self.points if math.isfinite(self.points) else 0.0
        return str(float(min(max(safe, 0.0), self.maximum)))

    def _repr_html_(self) -> str:
        sign, colour = SIGNS[self.state]
        count = f"{float(repr(self)):g} / {self.maximum:g}" if self.maximum else ""
        # Darker on a light page, lighter on a dark one; a feedback page keeps the plain one.
        mixed = f"color-mix(in srgb, {colour} 70%, currentColor)"
        lines = "".join(f'<div style="margin-top:.25em">{_formatted(line)}</div>' for line in self.lines)
        state = f' data-state="{self.state}"' if self.maximum else ""  # for who reads the page, see `state_in`
        return (
            f'<div role="status"{state} style="border-left:4px solid {colour};border-left-color:{mixed};'
            f'padding:.4em .8em;line-height:1.45;font-family:var(--jp-ui-font-family,sans-serif);max-width:60em">'
            f'<div><span style="color:{colour};color:{mixed};font-weight:700">{sign}</span> '
            f'<b>{_formatted(self.title)}</b> <span style="opacity:.7">{count}</span></div>{lines}</div>'
        )

    def __float__(self) -> float:
        return float(repr(self))


def _formatted(text: str) -> str:
    """The text as HTML: what stands in backticks as code, what stands in stars (and is no product) as emphasis."""
    pieces = re.split("`+([^`]+)`+", escape(text))
    pieces[::2] = [_EMPHASIS.sub(r"<em>\1</em>", piece) for piece in pieces[::2]]
    pieces[1::2] = [f'<code style="background:none">{piece}</code>' for piece in pieces[1::2]]
    return "".join(pieces)


def state_in(html: str) -> str:
    """The state of the verdict that is shown in `html`; "" where there is none."""
    found = re.search(r'<div role="status" data-state="(\w+)"', html)
    return found[1] if found else ""
