"""Names that an exercise asks students to write themselves: calling the library's own is refused while its check runs.

This is what the runner uses. Whatever keeps the library's functions stands in keeper.py, which is executed here for
each notebook in a namespace of its own, with builtins of its own: nothing in sys.modules leads there, and what a
notebook gives another meaning (a builtin, a module's attribute) keeps its own meaning there.
"""

from __future__ import annotations

import builtins
import secrets
import sys
from pathlib import Path
from typing import Any

from coursework.marking.outcome import ForbiddenCall

_FILE = Path(__file__).with_name("keeper.py")
_KEEPER = compile(_FILE.read_text(encoding="utf-8"), str(_FILE), "exec")  # once, before the forks


class Guards:
    """Guards in these functions, methods and classes ("torchvision.ops.box_convert") for the rest of the process.

    All may pass until `refuse` is called, and only the function that made the guards has a say.
    """

    def __init__(self, names: list[str]):
        self._key = f"forbid.{secrets.token_hex(8)}"  # its events; several notebooks' guards can be in one process
        if names:
            apart: dict[str, Any] = {"__name__": "keeper", "__builtins__": dict(vars(builtins))}
            exec(_KEEPER, apart)
            apart["Keeper"](names, sys._getframe(1), ForbiddenCall, self._key).watch()

    def refuse(self, names: tuple[str, ...] | list[str]) -> None:
        """From here on these names, and no others, are refused to the student's code."""
        sys.audit(f"{self._key}.refuse", list(names))

    def trust(self, source: str, *, is_check: bool) -> None:
        """A locked cell of the release is about to run: its functions are not the student's."""
        sys.audit(f"{self._key}.trust", source, is_check)
