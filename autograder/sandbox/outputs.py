"""A kernel's messages as a notebook's outputs, as nbclient makes them; streams that follow each other become one.

Written anew because the sender is not trusted (every part is looked at before it is kept) and because nbformat's
validation of each output takes longer than many a notebook.
"""

from __future__ import annotations

import math
from typing import Any

from .outcomes import clean_text

_MAX_OUTPUTS = 2_000  # per cell
_MAX_TEXT = 1 << 25
_MAX_UPDATED = 50  # outputs that one display id changes


class Outputs:
    """Collects the outputs of a notebook's cells. `add` never raises: what is no proper message is left out."""

    def __init__(self, count: int):
        self._cells: list[list[dict[str, Any]]] = [[] for _ in range(count)]
        self._displays: dict[str, list[dict[str, Any]]] = {}  # outputs by display id, to be updated
        self._clear_next = False

    def begin(self, cell: int) -> None:
        """From here on messages belong to that cell."""
        self._clear_next = False

    def add(self, cell: int, kind: Any, content: Any) -> None:
        """One message of the running cell."""
        content = _clean(content)
        if not isinstance(kind, str) or not isinstance(content, dict):
            return
        if kind == "clear_output":
            self._clear_next = bool(content.get("wait"))
            if not self._clear_next:
                self._cells[cell].clear()
            return
        output = _output(kind, content)
        display_id = _display_id(content) if kind.endswith(("display_data", "execute_result")) else None
        if output and display_id:
            for shown in self._displays.get(display_id, []):
                shown.update(data=output["data"], metadata=output["metadata"])
        if output and kind != "update_display_data":
            self._keep(cell, output, display_id)

    def _keep(self, cell: int, output: dict[str, Any], display_id: str | None) -> None:
        outputs = self._cells[cell]
        if self._clear_next:
            outputs.clear()
            self._clear_next = False
        last = outputs[-1] if outputs else {}
        if output["output_type"] == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        elif len(outputs) < _MAX_OUTPUTS:
            outputs.append(output)
            shown = self._displays.setdefault(display_id, []) if display_id else []
            if len(shown) < _MAX_UPDATED:
                shown.append(output)

    def of(self, cell: int) -> list[dict[str, Any]]:
        """The cell's outputs as nbformat has them."""
        return [
            {**output, "text": "".join(output["text"])} if output["output_type"] == "stream" else dict(output)
            for output in self._cells[cell]
        ]


def _output(kind: str, content: dict[str, Any]) -> dict[str, Any] | None:
    """The output of one message, or None where a notebook may not hold it. A stream's text is a list of parts."""
    if kind == "stream":
        name, text = content.get("name"), content.get("text")
        fits = name in ("stdout", "stderr") and isinstance(text, str)
        return {"output_type": kind, "name": name, "text": [text]} if fits else None
    if kind == "error":
        parts = {name: content.get(name) for name in ("ename", "evalue", "traceback")}
        lines = parts["traceback"]
        fits = isinstance(lines, list) and all(isinstance(x, str) for x in [parts["ename"], parts["evalue"], *lines])
        return {"output_type": kind, **parts} if fits else None
    if kind not in ("display_data", "execute_result", "update_display_data"):
        return None
    data, metadata = content.get("data"), content.get("metadata") or {}
    if not isinstance(data, dict) or not isinstance(metadata, dict):
        return None
    if not all(isinstance(item, str) or "json" in name for name, item in data.items()):
        return None
    output: dict[str, Any] = {"output_type": "display_data", "data": data, "metadata": metadata}
    if kind == "execute_result":
        count = content.get("execution_count")
        if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count < 2**31:
            return None
        output.update(output_type=kind, execution_count=count)
    return output


def _display_id(content: dict[str, Any]) -> str | None:
    transient = content.get("transient")
    name = transient.get("display_id") if isinstance(transient, dict) else None
    return name if isinstance(name, str) and name else None


def _clean(value: Any, depth: int = 12) -> Any:
    """The value with text that any file takes, numbers that JSON has, and no more than `depth` levels."""
    if isinstance(value, str):
        return clean_text(value, _MAX_TEXT)
    if depth and isinstance(value, dict):
        return {clean_text(key, 1000): _clean(item, depth - 1) for key, item in value.items()}
    if depth and isinstance(value, list):
        return [_clean(item, depth - 1) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, int | bool | None) else None
