"""What this program says on a terminal, where much of the text is a stranger's: names, notes, messages of exceptions.

A terminal obeys control characters (it deletes lines, changes its title, answers as if typed), and shows text in
another order after a mark of direction. Neither gets there; letters of any language do.
"""

from __future__ import annotations

import logging
import sys
import unicodedata

_JOINERS = "\u200c\u200d"  # invisible as marks of direction are, but Persian, Hindi and emoji are written with them


def one_line(text: object) -> str:
    """The text on one line, without control characters, marks of direction and halves of characters."""
    spaced = " ".join(str(text).splitlines()).replace("\t", " ")
    if spaced.isascii() and spaced.isprintable():
        return spaced
    return "".join(c for c in spaced if c in _JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))


def tell(*lines: object) -> None:
    """Print these lines, each fit for a terminal."""
    for line in lines:
        print(one_line(line))


def tell_error(*lines: object) -> None:
    """The same on standard error."""
    for line in lines:
        print(one_line(line), file=sys.stderr)


class Handler(logging.Handler):
    """A logger's messages and tracebacks on standard error, each of their lines fit for a terminal."""

    def emit(self, record: logging.LogRecord) -> None:
        tell_error(*self.format(record).split("\n"))
