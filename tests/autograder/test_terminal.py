"""What reaches a terminal: letters of any language, and nothing that a terminal obeys."""

import io
import logging
import os
import sys

import pytest

from autograder.terminal import Handler, one_line, progress, tell, tell_error


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, as it is", "plain text, as it is"),
        ("과제를 제출했습니다 — día 3 × ½", "과제를 제출했습니다 — día 3 × ½"),
        ("\x1b]0;title\x07a\x08b\x7f\x00", "]0;titleab"),
        ("a\x9b2Jb\x85c", "a2Jb c"),  # C1: another ESC [, and another end of a line
        ("marks\u202e001\u2066x\u200f\u061c\ufeff", "marks001x"),  # marks of direction, and what is not seen
        ("two\nlines\r\nand\ttab\u2028more", "two lines and tab more"),
        ("می\u200cخواهم 👩\u200d🏫", "می\u200cخواهم 👩\u200d🏫"),  # joiners belong to what is written
        ("half \ud800 a letter", "half  a letter"),
        (ValueError("\x1b[31mred"), "[31mred"),
    ],
)
def test_a_line_keeps_its_letters_and_loses_what_a_terminal_obeys(text, shown):
    assert one_line(text) == shown


def test_each_line_told_is_one_line(capsys):
    tell("a\nb", "c\x1b[2J")
    tell_error("d\re", 3)
    assert capsys.readouterr() == ("a b\nc[2J\n", "d e\n3\n")


def test_a_loggers_traceback_keeps_its_lines_and_no_control_character(capsys):
    record = logging.LogRecord("n", logging.ERROR, "file", 1, "it failed: %s\nTraceback", ("\x1b]0;x\x07",), None)
    Handler().emit(record)
    assert capsys.readouterr().err == "it failed: ]0;x\nTraceback\n"


class Screen(io.StringIO):
    """Standard error on a terminal."""

    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """The time in seconds that a bar sees: a list of one number, to be changed."""
    seconds = [1000.0]
    monkeypatch.setattr("tqdm.std.time", lambda: seconds[0])
    return seconds


def test_on_a_terminal_a_bar_shows_counts_and_the_time_left(monkeypatch, clock):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "stderr", Screen())
    with progress(8) as step:
        clock[0] += 30
        step("graded")
        clock[0] += 90
        step("repaired")
        states = [state.strip() for state in sys.stderr.getvalue().split("\r")]
        # 2 of 8 are a quarter of 20 squares; 120 seconds for 2 leave 360 for 6
        assert states[-1] == "█" * 5 + "░" * 15 + " 2/8  1 graded, 1 repaired  06:00 left"
        assert states[1].startswith("░" * 20 + " 0/8") and "1/8  1 graded  03:30 left" in states[2]
    assert sys.stderr.getvalue().endswith("\n") and "2/8" in sys.stderr.getvalue().split("\r")[-1]


def test_a_terminal_that_knows_no_size_shows_the_bar(monkeypatch):
    reader, writer = os.openpty()  # of 0 columns and 0 rows
    monkeypatch.delenv("COLUMNS", raising=False)
    with open(writer, "w") as screen, open(reader, "rb"):
        monkeypatch.setattr(sys, "stderr", screen)
        with progress(2):
            pass
        print("end", file=screen, flush=True)
        assert "░ 0/2" in os.read(reader, 1000).decode()


@pytest.mark.parametrize(
    ("waits", "said"),
    [((1, 10, 8, 5), ["2/4", "4/4"]), ((1, 10, 8), ["2/3", "3/3"])],  # at 1, 11, 19 and 24 seconds
)
def test_elsewhere_a_line_comes_every_ten_seconds_and_at_the_end(waits, said, capsys, clock):
    with progress(len(waits)) as step:
        for seconds in waits:
            clock[0] += seconds
            step("graded")
    lines = capsys.readouterr().err.split("\n")
    assert [line.split()[1] for line in lines[:-1]] == said and lines[-1] == ""
    assert "█" in lines[0] and lines[0].endswith("░ 2/4  2 graded  00:11 left" if len(waits) == 4 else "00:05 left")


def test_elsewhere_a_short_run_says_nothing(capsys, clock):
    with progress(1) as step:
        clock[0] += 9
        step("graded")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_holds_nothing_that_a_terminal_obeys(terminal, monkeypatch, clock):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "stderr", Screen() if terminal else io.StringIO())
    with progress(2) as step:
        clock[0] += 11
        step("\x1b]0;me\x07\u202egra\nded")
    said = sys.stderr.getvalue().replace("\r", "").replace("\n", "")
    assert "1 ]0;megra ded" in said and said.isprintable()
