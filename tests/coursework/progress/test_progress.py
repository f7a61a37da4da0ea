"""The progress line: bar, counts, time left; redrawn on a terminal, quiet elsewhere."""

import io

from autograder.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_line_has_a_bar_counts_and_the_time_left(monkeypatch):
    clock = iter([100.0, 130.0, 160.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    stream = Terminal()
    progress = Progress(8, stream)
    progress.step("graded")
    progress.step("repaired")
    progress.close()
    last = stream.getvalue().split("\r")[-1]
    assert "█████░" in last and "2/8  1 graded, 1 repaired  3:00 left" in last and last.endswith("\n")


def test_elsewhere_it_speaks_every_ten_seconds(monkeypatch):
    clock = iter([0.0, 1.0, 11.0, 12.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    stream = io.StringIO()
    progress = Progress(3, stream)
    for _ in range(3):
        progress.step("graded")
    progress.close()
    assert stream.getvalue().count("\n") == 1 and "2/3" in stream.getvalue()
