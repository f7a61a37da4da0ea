"""What a student did as one page for printing: a cover, then answers, their checks and figures, nothing clipped.

What the course gives (prose, setup, code of checks and demonstrations) is left out but for its headings and outputs: a
reader has it, and it is four fifths of a notebook. No script runs and nothing is fetched; formulas are drawn by
matplotlib, and stay as text where it cannot.
"""

from __future__ import annotations

import base64
import copy
import io
import re
from html import escape

import nbformat

from coursework.progress.course_map import step_of
from coursework.submission import plain_id

from .inspect import Seen, criterion
from .sentences import say

_GIVEN = "given"  # the tag of cells whose code the course gives: only what they put out is printed
_HEADING = re.compile(r"^(#{1,4})\s+(.+?)\s*$", re.MULTILINE)
_QUESTION = re.compile(r"^#{2,4}\s+.*\b\d+\s*min\b", re.MULTILINE)  # a step's heading names its minutes
_TEXT_OR_MATH = re.compile(
    r"(?P<code>```.*?```|``.+?``|`[^`\n]+`)"
    r"|\$\$(?P<display>.+?)\$\$"
    r"|(?<![\\$])\$(?P<inline>[^\s$](?:[^$\n]*[^\s$\\])?)\$(?!\d)",
    re.DOTALL,
)
# What a notebook's outputs bring along may neither run nor fetch anything.
_NO_SCRIPT = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; img-src data: file:; style-src 'unsafe-inline'\">"
)
_STYLE = """
@page { size: A4; margin: 16mm 15mm 18mm;
  @bottom-left { content: "TITLE"; font: 8pt sans-serif; color: #555; }
  @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; color: #555; } }
html { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
body { margin: 0; color: #111; background: #fff; font: 9.5pt/1.4 "Noto Sans", "DejaVu Sans", "Noto Sans CJK KR",
  "Apple SD Gothic Neo", "Malgun Gothic", "Noto Color Emoji", "Apple Color Emoji", "Segoe UI Emoji", sans-serif;
  overflow-wrap: break-word; }
section.cover { break-after: page; padding-top: 60mm; }
section.cover table { font-size: 11pt; }
section.cover td:not(:first-child), section.cover th:not(:first-child) { text-align: right; }
pre, code, .highlight { font: 7.5pt/1.3 "DejaVu Sans Mono", "Noto Sans Mono", "Noto Sans Mono CJK KR",
  "Noto Color Emoji", monospace; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; word-break: break-word; margin: 0; }
.text_cell pre, .jp-MarkdownCell pre { break-inside: avoid; }
.input, .jp-InputArea { border-left: 3px solid #bbb; background: #f6f6f6; padding: 4px 8px; margin: 6px 0; }
.prompt, .jp-InputPrompt, .jp-OutputPrompt, .anchor-link { display: none; }
.output, .output_wrapper { margin: 4px 0 8px; }
.output_stderr, .output_error { background: #fdeceb; padding: 4px 8px; }
img, svg { max-width: 100%; max-height: 72mm; height: auto; break-inside: avoid; }
img.formula { max-height: none; }
table { border-collapse: collapse; max-width: 100%; break-inside: auto; margin: 6px 0; font-size: 9pt; }
th, td { border: 1px solid #ccc; padding: 2px 6px; overflow-wrap: break-word; }
h1, h2, h3, h4 { break-after: avoid; line-height: 1.25; }
p:has(> strong:only-child) { break-after: avoid; }
.answer { border-left: 4px solid #2e7d32; padding-left: 10px; }
p.formula { text-align: center; }
"""


def print_page(notebooks: dict[str, nbformat.NotebookNode], title: str, cover: str = "") -> str:
    """One HTML page: `cover`, then executed notebooks by name, in order.

    Pictures that texts show are meant relative to the page.
    """
    from nbconvert import HTMLExporter
    from pygments.formatters import HtmlFormatter
    from traitlets.config import Config

    folded = Config(TagRemovePreprocessor={"enabled": True, "remove_input_tags": {_GIVEN}})
    exporter = HTMLExporter(config=folded, template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True)
    questions = ("".join(_question(cells, exporter) for cells in _questions(each)) for each in notebooks.values())
    body = cover + "".join(f'<section class="notebook">{html}</section>' for html in questions)
    style = HtmlFormatter().get_style_defs(".highlight") + _STYLE.replace("TITLE", title.replace('"', "'"))
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{_NO_SCRIPT}<title>{escape(title)}</title>'
        f"<style>{style}</style></head><body>{body}</body></html>"
    )


def cover_page(title: str, name: str, date: str, seen: dict[str, Seen]) -> str:
    """The first sheet: what was handed in, when, and what each notebook comes to."""
    rows = [(notebook, each.points, each.maximum, each.answered, each.texts) for notebook, each in seen.items()]
    rows.append((say("cover_all"), *(sum(row[i] for row in rows) for i in (1, 2, 3, 4))))
    lines = "".join(
        f"<tr><td>{escape(notebook)}</td><td>{points:g} / {maximum:g}</td><td>{answered} / {texts}</td></tr>"
        for notebook, points, maximum, answered, texts in rows
    )
    return (
        f'<section class="cover"><h1>{escape(title)}</h1><p>{escape(say("cover_made", name=name, date=date))}</p>'
        f"<table><tr><th></th><th>{say('cover_points')}</th><th>{say('cover_texts')}</th></tr>{lines}</table>"
        f"<p>{say('cover_short')}</p></section>"
    )


def _questions(notebook: nbformat.NotebookNode) -> list[list]:
    """The cells that are printed, in groups that begin with a question's heading."""
    groups: list[list] = [[]]
    kept = [(cell, _kept(notebook.cells, i)) for i, cell in enumerate(notebook.cells)]
    shown = [(cell, copied) for cell, copied in kept if copied is not None]
    for n, (cell, copied) in enumerate(shown):
        if cell.cell_type == "markdown" and _QUESTION.search(cell.source) and groups[-1]:
            groups.append([])
        below = _levels(shown[n + 1][1]) if n + 1 < len(shown) else [0]
        mine = _levels(copied)
        if not mine or not below or below[0] > mine[-1]:  # a heading with nothing below it says nothing
            groups[-1].append(copied)
    return groups


def _levels(cell: nbformat.NotebookNode) -> list[int]:
    """The levels of the headings that a cell consists of; [] where it holds anything else, too."""
    lines = [line for line in cell.source.splitlines() if line.strip()] if cell.cell_type == "markdown" else [""]
    found = [_HEADING.match(line) for line in lines]
    return [len(each[1]) for each in found if each] if all(found) else []


def _kept(cells: list, i: int) -> nbformat.NotebookNode | None:
    """A copy of a cell as paper shows it, or None: of what the course gives, headings, criteria and outputs."""
    cell, tags = copy.deepcopy(cells[i]), cells[i].metadata.get("nbgrader", {})
    given = str(cell.get("id", "")).startswith(plain_id(cell.source))
    if cell.cell_type == "markdown":
        if given and not tags:
            below = cells[i + 1].metadata.get("nbgrader", {}) if i + 1 < len(cells) else {}
            asked = criterion(cells, i + 1) if below.get("grade") and below.get("solution") else ""
            titles = [f"{marks} {step_of(text).title}" for marks, text in _HEADING.findall(cell.source)]
            cell.source = "\n\n".join([*titles, *([f"**{asked}**"] if asked else [])])
        cell.source = draw_formulas(cell.source)
        return cell if cell.source.strip() else None
    if cell.cell_type != "code":
        return cell
    cell.outputs = [output for output in cell.outputs if _still(output)]
    if given or tags.get("locked"):
        cell.metadata["tags"] = [_GIVEN]
        return cell if cell.outputs else None
    return cell


def _question(cells: list, exporter) -> str:
    html: list[str] = []
    run: list = []

    def flush() -> None:
        if run:
            html.append(exporter.from_notebook_node(nbformat.v4.new_notebook(cells=list(run)))[0])
            run.clear()

    for cell in cells:
        tags = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "markdown" and tags.get("grade"):
            flush()
            run.append(cell)
            html.append('<div class="answer">')
            flush()
            html.append("</div>")
        else:
            run.append(cell)
    flush()
    return f'<section class="question">{"".join(html)}</section>' if html else ""


def _still(output: dict) -> bool:
    """Take from an output what needs a script, in place; is there anything left that paper can show?"""
    data = output.get("data", {})
    alive = [kind for kind in data if "widget" in kind or "javascript" in kind]
    if alive and any(kind.startswith("image/") for kind in data):
        alive.append("text/html")  # the live page of what the picture shows
    for kind in alive:
        data.pop(kind, None)
    return not alive or bool(set(data) - {"text/plain"})


def draw_formulas(text: str) -> str:
    """Markdown whose $formulas$ are pictures; code stays as it is, and a formula that cannot be drawn as its text."""

    def draw(match: re.Match) -> str:
        if match.group("code"):
            return match.group()
        formula, display = match.group("display") or match.group("inline"), bool(match.group("display"))
        drawn = _svg(" ".join(formula.split()))
        if drawn is None:
            return f"<code>{escape(formula)}</code>"
        svg, height, depth = drawn
        picture = (
            f'<img class="formula" alt="{escape(formula)}" style="height:{height:.2f}em;vertical-align:{-depth:.2f}em" '
            f'src="data:image/svg+xml;base64,{base64.b64encode(svg).decode()}">'
        )
        return f'<p class="formula">{picture}</p>' if display else picture

    return _TEXT_OR_MATH.sub(draw, text)


def _svg(formula: str) -> tuple[bytes, float, float] | None:
    """A formula as SVG with its height and its depth below the line, both in em; None where it cannot be drawn."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.mathtext import MathTextParser, math_to_image

    formula = f"${formula.replace(chr(92) + 'dfrac', chr(92) + 'frac')}$"
    size, properties = 10.0, FontProperties(size=10.0)
    svg = io.BytesIO()
    try:
        depth = math_to_image(formula, svg, prop=properties, dpi=72, format="svg")
        _, height, *_ = MathTextParser("path").parse(formula, dpi=72, prop=properties)
    except (ValueError, RuntimeError):  # mathtext's way of saying that it does not know a command
        return None
    return svg.getvalue(), height / size, depth / size
