"""Errors that whoever runs the grader can mend: one sentence with the cure each, and no import that takes time."""


class GradeError(Exception):
    """The run cannot go on; the message is one sentence with what to do."""


class SourceError(ValueError):
    """A notebook source that does not follow the syntax; the message names the file, the cell and the cure."""
