"""Handing in: `coursework hand-in [FOLDER]` runs an assignment as a grader does, says what a grader will see, packs it.

Only the button is imported here: the rest is wanted in a process of its own.
"""

from .button import hand_in_button

__all__ = ["hand_in_button"]
