"""What runs beside a student, for any course: checks of exercises, a tutor's words, progress, handing in.

    from coursework import open_notebook

    ____, check, hint = open_notebook("q1_build")   # the blank, and what this notebook's cells use

Every name below is imported with `from coursework import NAME`, and costs nothing until then; `help(NAME)` says more.

In a notebook
    open_notebook    the blank, `check` and `hint` of the notebook of this name
    solution         an exercise's solution, where the course's sources are there
    kept             the weights that a student trained: loaded from their file, or trained and written to it
    attempt          calls a demonstration of the student's own functions, which may not be written yet
    BLANK            the blank `____` that a student fills in
    NotAttempted     raised where the value of a blank is needed

In a check
    Draw             what a check is given: sizes, tensors, boxes, pictures and weights, all drawn from a seed
    attempted        what a call returns, or the exception it raised as a value: one part that fails costs no other
    drawn_axes       all axes of a matplotlib figure
    drawn_boxes      the boxes that a figure shows
    drawn_circles    the circles and markers that a figure shows
    drawn_colours    the colours of the picture at places in one axes
    drawn_images     the images that a figure shows, as they are seen, with their extents
    drawn_labels     the texts in one axes, and what each of them covers
    drawn_texts      the texts that a figure shows
    shapes_of        a torch module's parameters by name, with their shapes
    sizes_of         how many numbers each part of a module learns
    output_of        what a module gives, or the name of its error
    layer_outputs    what layers of a module give, in a `with` block
    runs_inside      is a function being called right now?

On the start page
    show_progress    the course map with one's own progress
    forget_progress  deletes what was kept of it
    hand_in_button   runs an assignment as a grader does, and packs one file to hand in

For those who run notebooks
    recording        while open, checks run on given seeds and only record what came out
    run_check        one check on one seed: its Outcome
    freeze           a private copy of what a check returned, as plain data
    Outcome          what a check returned, or which error ended it
    Array            a tensor or array as plain data
    Notebook         the stored data of a notebook: hints, points, expected values

On the command line: `coursework hand-in [FOLDER]`.
"""

import typing
from importlib import import_module

if typing.TYPE_CHECKING:  # what type checkers and editors see; at run time a name is imported when it is asked for
    # isort: off
    from .checks.attempt import attempt as attempt
    from .checks.blank import BLANK as BLANK, NotAttempted as NotAttempted
    from .checks.draw import Draw as Draw
    from .checks.figures import (
        drawn_axes as drawn_axes,
        drawn_boxes as drawn_boxes,
        drawn_circles as drawn_circles,
        drawn_colours as drawn_colours,
        drawn_images as drawn_images,
        drawn_labels as drawn_labels,
        drawn_texts as drawn_texts,
    )
    from .checks.freezing import attempted as attempted, freeze as freeze
    from .checks.modules import (
        layer_outputs as layer_outputs,
        output_of as output_of,
        runs_inside as runs_inside,
        shapes_of as shapes_of,
        sizes_of as sizes_of,
    )
    from .checks.notebook import (
        Notebook as Notebook,
        open_notebook as open_notebook,
        recording as recording,
        solution as solution,
    )
    from .checks.running import run_check as run_check
    from .checks.trained import kept as kept
    from .hand_in.button import hand_in_button as hand_in_button
    from .marking.outcome import Outcome as Outcome
    from .marking.values import Array as Array
    from .progress.progress import forget_progress as forget_progress, show_progress as show_progress

_HOMES = {
    "checks.attempt": ("attempt",),
    "checks.blank": ("BLANK", "NotAttempted"),
    "checks.draw": ("Draw",),
    "checks.figures": (
        "drawn_axes",
        "drawn_boxes",
        "drawn_circles",
        "drawn_colours",
        "drawn_images",
        "drawn_labels",
        "drawn_texts",
    ),
    "checks.freezing": ("attempted", "freeze"),
    "checks.modules": ("layer_outputs", "output_of", "runs_inside", "shapes_of", "sizes_of"),
    "checks.notebook": ("Notebook", "open_notebook", "recording", "solution"),
    "checks.running": ("run_check",),
    "checks.trained": ("kept",),
    "hand_in.button": ("hand_in_button",),
    "marking.outcome": ("Outcome",),
    "marking.values": ("Array",),
    "progress.progress": ("forget_progress", "show_progress"),
}
_HOME = {name: f"{__name__}.{module}" for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> typing.Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME} - {"import_module", "typing"})
