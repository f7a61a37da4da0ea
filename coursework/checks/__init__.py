"""The check protocol: how an exercise's check draws its inputs, what it returns, and what a student is told.

A check *returns what the student's code produced*; it never decides a mark itself. In a notebook the returned value
is compared with stored values for the seeds students see; a grader compares it outside, on seeds of its own.
"""

from coursework.marking import Array, Outcome

from .blank import BLANK, NotAttempted, attempt
from .draw import Draw
from .figures import drawn_boxes, drawn_circles, drawn_images, drawn_texts
from .freezing import freeze
from .notebook import Notebook, open_notebook, recording, solution
from .running import run_check

__all__ = [
    "BLANK",
    "Array",
    "Draw",
    "NotAttempted",
    "Notebook",
    "Outcome",
    "attempt",
    "drawn_boxes",
    "drawn_circles",
    "drawn_images",
    "drawn_texts",
    "freeze",
    "open_notebook",
    "recording",
    "run_check",
    "solution",
]
