"""What this program says on a terminal, where much of the text is a stranger's: names, notes, messages of exceptions.

A terminal obeys control characters (it deletes lines, changes its title, answers as if typed), and shows text in
another order after a mark of direction. Neither gets there; letters of any language do.
"""

from __future__ import annotations

import logging
import shutil
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

_JOINERS = "\u200c\u200d"  # invisible as marks of direction are, but Persian, Hindi and emoji are written with them


def one_line(text: object) -> str:
    """The text on one line, without control characters, marks of direction and halves of characters."""
    spaced = " ".join(str(text).splitlines()).replace("\t", " ")
    if spaced.isascii() and spaced.isprintable():
        return spaced
    return "".join(c for c in spaced if c in _JOINERS or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))


def listed(names: Iterable[str], most: int = 10) -> str:
    """Names in a sentence: the first ones, and how many more there are."""
    names = list(names)
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def tell(*lines: object) -> None:
    """Print these lines, each fit for a terminal."""
    for line in lines:
        print(one_line(line))


def tell_error(*lines: object) -> None:
    """The same on standard error."""
    for line in lines:
        print(one_line(line), file=sys.stderr)


def fail(*lines: object, code: int = 1) -> int:
    """The same, and returns the exit code of a command that ends with it."""
    tell_error(*lines)
    return code


class Handler(logging.Handler):
    """A logger's messages and tracebacks on standard error, each of their lines fit for a terminal."""

    def emit(self, record: logging.LogRecord) -> None:
        tell_error(*self.format(record).split("\n"))


@contextmanager
def progress(total: int) -> Iterator[Callable[[str], None]]:
    """A function to call with a status per submission, of `total`, until the end of the block.

    On a terminal standard error has a bar, counts per status and the time left; elsewhere it has them as a line about
    every ten seconds, and none of a run that is shorter.
    """
    from tqdm import tqdm  # here, for most commands show no progress

    class Bar(tqdm):
        monitor_interval = 0  # no thread that looks whether the line is old: each call below does

    live = sys.stderr.isatty()
    columns, rows = shutil.get_terminal_size()  # 80 and 24 where a terminal knows no size: tqdm would show nothing
    counts: Counter[str] = Counter()
    with Bar(
        total=total,
        file=sys.stderr if live else _Lines(),
        bar_format="{bar:20} {n_fmt}/{total_fmt}  {desc}  {remaining} left",
        ascii="░█",
        ncols=columns if live else None,
        nrows=rows,
        miniters=1,
        mininterval=0.1 if live else 10,
        delay=0 if live else 10,
        smoothing=0,  # the time left is by the whole run: submissions take very different times
    ) as bar:

        def step(status: str) -> None:
            counts[status] += 1
            said = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
            bar.set_description_str(one_line(said), refresh=False)
            bar.update()

        yield step


class _Lines:
    """Standard error for a bar that is not redrawn: each state of it is a line."""

    _last = ""

    def write(self, text: str) -> None:
        line = text.strip("\r\n ")
        if line and line != self._last:  # a bar that is closed shows itself once more
            tell_error(line)
            self._last = line

    def flush(self) -> None:
        sys.stderr.flush()
