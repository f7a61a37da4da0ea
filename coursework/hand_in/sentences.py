"""Every sentence that handing in says to a student, by id."""

from __future__ import annotations

from coursework.marking import messages

SENTENCES = {
    "start": "Handing in {folder}: each notebook is run from the beginning, {network}. Your files are not changed.",
    "network_namespace": "without a network, as a grader does",
    "network_python": "with the network closed to Python, as far as this computer allows",
    "running": "  running {name} (saved {saved}) ...",
    "ran": "  {name}: {points} of {maximum} points on the checks you see, {texts}{seconds:.0f} s",
    "texts": "{answered} of {count} texts written, ",
    "printing": "  printing ...",
    "title": "What a grader will see",
    "nothing": "  Nothing is missing.",
    "total": "  In all: {points} of {maximum} points on the checks you see",
    "total_texts": "; {answered} of {count} texts written, for up to {worth} points, which a person gives",
    "cover_points": "Points on the checks that the student sees",
    "cover_texts": "Texts written",
    "cover_all": "All",
    "cover_made": "Handed in as {name}.zip, made on {date}",
    "cover_short": "Answers, their checks and figures; what the course gives is left out, and is in the notebooks.",
    "missing_notebook": "is missing. A grader will find nothing for it: is it in another folder, or renamed?",
    "unreadable": "cannot be read ({error}). Open it in JupyterLab and save it again, or take the one from the course.",
    "fails": "this cell fails with {error}",
    "stopped": "this cell ran longer than {seconds} s and was stopped; what follows was not run",
    "died": "the kernel died in this cell (out of memory?); what follows was not run",
    "network": (
        "this cell asks for {host}. A grader has no network: keep a file beside the notebook and open that, "
        "in its cell as `keep_picture` does"
    ),
    "outside": (
        "this cell opens {path}, which lies outside the folder that is handed in. "
        "Copy the file beside the notebook and write only its name"
    ),
    "figure_gone": "your saved notebook shows a figure here; run from the beginning, none appears",
    "figure_waits": "the figure is missing, because a step it needs is not done or not right yet",
    "picture_missing": "the text shows {name}, which is not in the folder",
    "not_attempted": "not attempted yet",
    "not_right": "{earned} of {maximum} points",
    "fewer": (
        "{earned} of {maximum} points from the beginning, {saved} in your saved notebook: "
        "does it need a cell that comes later, or that is gone?"
    ),
    "not_written": "no answer is written yet",
    "cell_gone": "a cell of this exercise is gone ({name}); take it from the course's notebook, with its answer",
    "left_out": "{name} is left out: {why}",
    "a_link": "it is a link; put the file itself here",
    "not_plain": "its name has characters that other computers do not allow; rename it",
    "too_large": "it is larger than {megabytes} MB",
    "too_heavy": "{name} has {size} MB with its figures; a grader takes {megabytes}. Clear what is not needed",
    "too_much": "the files together are larger than {megabytes} MB",
    "too_many": "there are more than {count} files",
    "not_opened": "{error}",
    "no_picture": "it is no picture that can be read here, so place and time cannot be removed from it; save it as PNG",
    "other_notebook": "it is no notebook of this assignment",
    "not_used": "no notebook opens it",
    "fonts": "{script} is in your notebooks, and no font here has it: the PDF shows boxes. Install {package}.",
    "no_pdf": "THE PDF COULD NOT BE MADE: {why}. The zip says so too. Ask whether your course needs the PDF.",
    "no_chromium": "no Chromium, Chrome or Edge was found (name one in DETRLAB_CHROMIUM)",
    "chromium_failed": "{name} stopped with {code}: {last}",
    "chromium_slow": "{name} took longer than {seconds} s",
    "faces": (
        "Your pictures go along ({names}); place and time that a camera wrote into them are removed. "
        "If people can be recognised, ask them first, or take another picture."
    ),
    "packed": "Packed: {path} ({megabytes:.1f} MB) with {names}. Hand in this one file.",
    "no_folder": "{folder} is no folder of an assignment: {expected}",
    "expected_one": "one that holds its notebooks and assignment.json was expected",
    "expected_these": "name one of {folders}",
    "not_ours": "{path} is there already and was not made by hand-in; move it away, then run this again",
    "button": "Check and pack my homework",
    "choose": "Assignment:",
    "save_first": "Save the notebook first (Ctrl+S): what is on the disk is handed in. It takes a minute or two.",
}


def say(sentence: str, **values: object) -> str:
    """The sentence of that id, filled in."""
    return SENTENCES[sentence].format(**values)


class Note(messages.Note):
    """Something to be said that has its sentence here."""

    catalogue = SENTENCES
