"""What reaches a terminal: letters of any language, and nothing that a terminal obeys."""

import logging

import pytest

from autograder.terminal import Handler, one_line, tell, tell_error


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
