"""Every sentence on what happened in this kernel, by id; what a check says of an answer is in `coursework.marking`."""

from __future__ import annotations

SENTENCES = {
    "failed": "The cell above did not run: its last run stopped with {error}",
    "failed_next": "What it defined before was not judged. Mend the cell, run it, then run this one.",
    "edited": "The cell above was changed after its last run. Run it, then run this one.",
    "not_run": "The cell above has not run yet. Run it, then run this one.",
    "waits_for": "This appears once the check of {steps} says Right: run the cell, its check, then this cell.",
    "which_hint": 'Which exercise? Name it, as in `hint("{first}")`; those of this notebook are: {names}.',
    # Weights that a student trained, in a file (see trained.py).
    "kept_loaded": "{file} is loaded, and nothing is trained. To train anew, move it away or rename it.",
    "kept_written": "{file} holds what was trained: hand it in with this notebook.",
    "kept_appeared": "{file} was written during this training and stays as it is: what was trained here is not kept.",
    "kept_not_written": (
        "{file} could not be written ({error}), so what was trained lasts only as long as this kernel. Make room, then "
        "call kept(...) again with `lambda: ` and this model in the place of the training."
    ),
    "kept_waits": "Nothing is trained yet: fill in the blanks of the steps above, then run this cell again.",
    "kept_missing": (
        "There is no {file} beside this notebook: train it where there is time, and hand it in, too (a file of more "
        "than {megabytes} MB is not taken)."
    ),
    "kept_not_read": "{file} cannot be read ({error}).",
    "kept_too_large": "{file} has more than {megabytes} MB, and no more can be handed in: hold on to weights alone.",
    "kept_pickle": "{file} is a pickle under another name, and nothing pickled is opened: let kept(...) write it.",
    "kept_damaged": "{file} is damaged, or no safetensors file at all: move it away, and let kept(...) write it anew.",
    "kept_other_model": "{file} has the weights of another model: {what}.",
    "kept_no_numbers": "{file} holds weights that are no finite numbers (NaN or infinite), in {names}.",
    "kept_no_weights": "train() returned a {came}: a trained module, or its state dict, is expected.",
    "other_missing": "it lacks {names}",
    "other_strange": "this one has no {names}",
    "other_shape": "its {name} has the shape {came}, and {own} is expected",
    "other_kind": "its {name} holds {came}, and {own} is expected",
}


def say(sentence: str, **values: object) -> str:
    """The sentence of that id, filled in."""
    return SENTENCES[sentence].format(**values)
