"""Every sentence that checks and graders say, by message id (the course's own sentences live beside each notebook).

What is found is kept and decided by id (`Note`); its sentence is made when it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

MESSAGES = {
    "right": "Right.",
    "not_attempted": "Not attempted yet: fill in the blank, then run this cell again.",
    "no_check_data": "This notebook's file {file} is missing: copy it from the course folder to here.",
    "unknown_check": "There is no exercise called {name!r} in this notebook; its exercises are: {names}.",
    "forbidden": "This exercise is about writing it yourself: {name} may not be called here.",
    "raised": "Your code stopped with {error}",
    "stopped_at": "{name} returned {came}, and the check could do nothing with it ({error})",
    "stopped_at_value": "What stands in your cell could not be used ({error})",
    "asked": "What {name} is asked for: {asked}",
    "asked_in_task": "Compare it with what the task asks for.",
    "came": "What came: {came}",
    "expected": "What was expected: {expected}",
    "place": "{what} {place}",
    "invariant": "This must hold and does not: {sentence}",
    "like": "It looks like this: {sentence}",
    "like_too": "And like this: {sentence}",
    "rest": "Besides, something else differs{place}: {came} came, {expected} was expected.",
    "rest_untold": "Besides, something else is wrong{place}: {came} came.",
    "place_in": " {place}",
    "only_visible": "Right on the draws you see, wrong on others: does it rest on a fixed size, seed or picture?",
    "none": "A None was used as a value. A function that ends without `return` gives None: is a `return` missing?",
    "returned_none": "Your function returned None: is a `return` missing?",
    "too_many": "Not expected here: {items}",
    "too_few": "Missing here: {items}",
    "no_idea": "It equals none of the mistakes we know. Print a small case and compare with the worked example.",
    "kind_type": "The kind of value differs",
    "kind_keys": "The keys differ",
    "kind_shape": "The shape differs",
    "kind_dtype": "The dtype differs",
    "kind_value": "The values differ",
    "kind_value_alone": "Type, shape and dtype are right; the values differ",
    "axes_swapped": "The axes are the right ones in another order: {came} came, {expected} was expected.",
    "axis_missing": "The axis {axis} is missing: {came} came, {expected} was expected.",
    "whole_numbers": "Whole numbers were expected here.",
    "sizes": "The sizes of this draw: {sizes}",
    "at_line": '{error} (at "{line}")',
    "hint": "Hint {number} of {count}",
    "no_more_hints": "That was the last hint. Compare your cell with the worked example, line by line.",
    "no_more_hints_but_solution": "That was the last hint. If you learn alone: solution({name!r}) shows how we did it.",
    "solution": "The solution of {name}. Read it, close it, and write yours without looking.",
    "no_solutions": (
        "The solutions are not here: your course hands the notebooks out without them. "
        "hint({name!r}) helps further, and so does your teacher."
    ),
    "no_notebook": "Run the notebook's first cell first: it opens the notebook whose solutions are meant.",
    "forgot": "Your progress is deleted.",
    "nothing_to_forget": "No progress was kept here.",
    "progress_next": "Next: {title} (about {minutes} minutes)",
    "progress_done": "Everything here is done. Hand it in, or look at it once more with fresh eyes.",
    "progress_newer": "A newer version of this homework lies in {folder}; what you wrote is where it was.",
    "progress_no_course": "No notebook of the course lies in this folder.",
    "progress_checks": "{earned} of {points} points on the checks",
    "progress_written": "{answered} of {count} texts written",
    "solution_seen": "solution seen",
    "column_step": "Step",
    "column_points": "Points",
    "column_tries": "Tries",
    "column_hints": "Hints",
    "state_right": "done",
    "state_partly": "partly done",
    "state_wrong": "not right yet",
    "state_open": "not begun",
    "part": "{name}: {verdict}",
    "part_right": "right",
    "part_wrong": "not yet",
    "part_open": "not attempted yet",
    # Trained work, which is measured (see measured.py).
    "measured": "{file} was measured: {number} on average over {count} draws.",
    "measured_steps": "Points: {steps}.",
    "measured_step": "{points} from {threshold} on",
    "measured_no_number": "With the weights in {file} the measure is no number.",
    "not_measured": "With the weights in {file} nothing could be measured ({error}).",
    # What an exception usually means; true whatever its cause.
    "means_unknown": (
        "Call your function by itself in a new cell, with small inputs: the whole traceback shows the line and the way "
        "to it."
    ),
    "means_blank_unknown": "A blank ____ is still there, or the notebook's first cell did not run yet.",
    "means_name": (
        "Nothing is called {name} here: it is misspelt, or the cell or line that makes it did not run before."
    ),
    "means_unbound": "{name} is used before it gets a value in this function, at least on the way that this call took.",
    "means_import": "What is imported is not there: a name is misspelt, or the package is not installed.",
    "means_super_init": (
        "`super().__init__()` must be called in `__init__` before a layer becomes an attribute of self."
    ),
    "means_tensor_attribute": (
        "A tensor has no `{name}`: misspelt, a name of another library, or meant for another value."
    ),
    "means_module_attribute": "{module} has nothing called `{name}`: misspelt, or it belongs to another module.",
    "means_attribute": "A {kind} has no `{name}`: misspelt, never set in `__init__`, or another object was meant.",
    "means_keyword": "What is called has no argument `{name}`: misspelt, or it belongs to another function.",
    "means_argument_twice": "`{name}` is given twice, once by its place and once by its name (a method's self counts).",
    "means_argument_missing": (
        "{function} needs more arguments than it is given (a method called on a class lacks self)."
    ),
    "means_too_many_arguments": "{function} is given more arguments than it takes (a method's self counts as one).",
    "means_not_callable": "(...) follows a {kind}, which is no function: is an operator missing, or a name used twice?",
    "means_not_subscriptable": (
        "[...] follows a {kind}, which has no items: should it be called first, or is it another?"
    ),
    "means_no_assignment": "An item of a {kind} cannot be set: build a new one, or use a list, a dict or a tensor.",
    "means_not_iterable": (
        "Something without items was looped over or unpacked: a single value where several were meant."
    ),
    "means_operand": "{sign} does not work between a {one} and a {other}: one of them is not what you take it for.",
    "means_argument_kind": (
        "Argument `{name}` must be of type {wanted} and is a {kind}: another value was meant or made."
    ),
    "means_arguments": (
        "The types or number of the arguments fit no form of this call: look at its help, then at yours."
    ),
    "means_no_forward": (
        "The module has no `forward` of its own: misspelt, or indented so that the class does not hold it."
    ),
    "means_weights": "The module's names and sizes must be those of the weights. {what}",
    "weights_missing": "there are no weights for {names}",
    "weights_unexpected": "the module has no {names}",
    "weights_size": "of another size: {names}",
    "means_product": (
        "In a matrix product the left one's columns ({b}) must be as many as the right one's rows ({c}). Of a linear "
        "layer the right one is the weight: it takes {c} numbers on the last axis, and {b} came."
    ),
    "means_batched_product": "In a batched product the first axes must be equal, and the inner ones, too.",
    "means_elementwise": (
        "Two tensors meet number by number, and on axis {axis} they have {a} and {b}. Axes are matched from the last "
        "one on; their lengths must be equal, or one of them 1."
    ),
    "means_cat": "Tensors that are joined along axis {axis} must agree on all others; here {a} and {b} met.",
    "means_stack": "Tensors that are stacked must all have the same shape.",
    "means_axes_count": "Tensors that are joined must have equally many axes; here {a} and {b}.",
    "means_channels": (
        "The convolution takes {wanted} channels (axis 1 of (B, C, H, W)) and got {came}: ({shape}) came."
    ),
    "means_conv_axes": "A convolution takes (B, C, H, W), or (C, H, W) for a single image; ({shape}) came.",
    "means_norm_axes": "This layer takes (B, C, H, W), and {count} axes came: is the batch axis there?",
    "means_attention_axes": (
        "Attention takes (S, B, D), or (B, S, D) with batch_first: three axes, two without a batch."
    ),
    "means_attention_width": "The attention was made for tokens of width {wanted}, on the last axis; {came} came.",
    "means_reshape": "{count} numbers do not fill the shape ({shape}): the product of the sizes must be {count}.",
    "means_view": "The numbers do not lie in memory as `view` needs them: use `reshape`, or `contiguous()` before.",
    "means_permute": "`permute` names every axis of the tensor exactly once.",
    "means_expand": "`expand` only repeats axes of length 1, and matches axes from the last one on.",
    "means_einsum": "In `einsum` each operand needs one letter per axis, and a letter stands for one size.",
    "means_unpack_few": "{wanted} names stand on the left, and {came} values came: fewer axes or items than you think.",
    "means_unpack_many": "{wanted} names stand on the left, and more values came: more axes or items than you think.",
    "means_index_axis": (
        "Axis {axis} has {size} entries, 0 to {size} - 1, and entry {index} was asked for: the right axis?"
    ),
    "means_too_many_indices": "There are more indices in [...] than the tensor has axes.",
    "means_axis": "There is no axis {axis}: this tensor's axes are {range}. It has fewer than you think.",
    "means_index": "The {kind} is shorter than the index that was asked for; counting begins at 0.",
    "means_mask": "A mask must have the shape of the axes that it selects from.",
    "means_index_kind": "An index must be whole numbers or truth values; real numbers came, or something else.",
    "means_key": "A dict has no key {key}: it is spelt differently where it was put in, or was never put in.",
    "means_truth": (
        "`if`, `and`, `or` and `not` want one truth value, and a tensor of several came: any(), all() or `&`?"
    ),
    "means_scalar": "One number was wanted, and a tensor of several came.",
    "means_numpy_grad": "A tensor that carries a gradient becomes an array after `.detach()` only.",
    "means_leaf": "A parameter was changed in place while gradients are kept: compute a new tensor, or use no_grad.",
    "means_target": "A target is {target}, and there are not so many classes: they are the second axis of the logits.",
    "means_one_hot": "A class is as large as the number of classes, or larger: they are counted from 0.",
    "means_no_gpu": 'There is no GPU here: leave out `.cuda()` and `device="cuda"`, the course runs on the processor.',
    "means_inplace": "A tensor that the gradient needs was changed in place: compute a new tensor instead.",
    "means_no_grad": "Nothing here leads back to a parameter: was it detached, or computed under no_grad?",
    "means_device": "Tensors that meet must be on the same device.",
    "means_dtype": "Tensors that meet must have the same dtype: float32 is usual, whole numbers need `.float()`.",
    "means_floating": "This works on real numbers, and whole numbers or truth values came: `.float()` makes them real.",
    "means_zero": "Something was divided by 0.",
    "means_recursion": "A function or module calls itself without end.",
    "means_file": "There is no such file here: is the name right, and relative to the notebook's folder?",
    "means_too_large": "More came than a check can take: far larger, or nested deeper, than what was asked.",
    "means_assert": "An `assert` did not hold: the message, or the line it stands in, says what must.",
    "means_exit": "`exit` ends the notebook; an answer does not need it.",
    # What stands where a step's own demonstration cannot be shown yet.
    "waits": "This appears once the steps above are filled in.",
    "waits_wrong": "This appears once the steps above are right (now: {error}).",
    # On the pages that a grader gives back.
    "did_not_run": "This check did not run: {ended}",
    "could_not_grade": "This notebook could not be graded.",
    "not_handed_in": "This notebook was not handed in.",
    "repaired": "What had to be repaired before grading:",
    "cell_stopped": "A cell had to be stopped, and earned nothing:",
    "run_stopped": "The run stopped:",
    "ran_without": "{cell}: {why}; the notebook was run again without this cell",
    "run_stopped_kept": "What was done before keeps its points.",
    "cut": "(The rest is not shown here: it is too long.)",
    "missing_picture": "(missing picture: {name})",
    "not_read_yet": "Not read yet, of {points}",
    "picture_again": "(The same picture as above.)",
    "picture_not_shown": "(A picture that cannot be shown.)",
    "pictures_smaller": (
        "Pictures of more than {kilobytes} kB are shown here compressed, with at most {side} pixels a side; "
        "what was handed in stays as it is."
    ),
    "folded_setup": "Setup, the same for everybody",
    "folded_check": "The check's code, the same for everybody",
    "folded_given": "Code that was given",
    "folded_untouched": "As it was given: nothing was changed in this cell",
    "late_none": "Late work loses no points.",
    "late_zero": "Late work counts 0 points.",
    "late_own": "Late work may lose points, by the rule of your course.",
    "called_forbidden": "What the exercise asks to be written was called instead.",
    # How a notebook's run ended.
    "finished": "finished",
    "cell_cpu": "a cell used more than {seconds} s of CPU time",
    "cell_wall": "a cell ran for more than {seconds} s; it seems to wait for something",
    "notebook_cpu": "the notebook used more than {seconds} s of CPU time",
    "notebook_wall": "the notebook ran for more than {seconds} s",
    "too_much_memory": "the notebook used more than {megabytes} MB of memory",
    "connection_closed": "the notebook closed its connection to the grader",
    "connection_damaged": "the notebook damaged its connection to the grader ({error})",
    "ended_by_signal": "the notebook's process was ended by a signal ({signal})",
    "ended_itself": "the notebook ended its own process (exit code {code})",
    "sandbox_broke": "the sandbox broke twice ({error})",
    "workers_died": "the workers that ran it died, one after the other ({error})",
    # What was taken of a submission, and what was not.
    "nothing_handed_in": "nothing was handed in",
    "no_date": "{file} is not a date: when it was handed in is unknown",
    "left_out": "left out {name}: {why}",
    "file_too_large": "file larger than {megabytes} MB",
    "files_too_large": "files larger than {megabytes} MB",
    "name_taken": "another file has this name",
    "name_of_a_folder": "a file cannot have the name of a folder",
    "name_of_its_folder": "another file has the name of its folder",
    "our_name": "the assignment's own file has this name",
    "too_deep": "folders nested more than {count} deep",
    "not_plain": "not a plain file name",
    "not_plain_inside": "not a plain name inside the submission",
    "a_link": "a link, only regular files are read",
    "only_regular": "not a regular file, only regular files are read",
    "not_regular": "not a regular file",
    "not_opened": "{error}",
    "encrypted": "it is encrypted",
    "compression": "its compression is not read; zip it in the ordinary way (deflate)",
    "not_unpacked": "it cannot be unpacked ({error})",
    "not_all_read": "not everything was read: {why}",
    "not_all_readable": "not everything could be read ({error})",
    "too_many_names": "more than {count} names",
    "too_many_files": "more than {count} files",
    "too_many_packed": "an archive of more than {count} names",
    "unpacks_to_too_much": "archives that unpack to more than {megabytes} MB",
    "no_archive": "{name} is not a readable archive ({error})",
    "archive_without_end": "it has no end; was the upload cut off?",
    "archive_cut_off": "it ends too early; was the upload cut off?",
    "name_too_long": "a name of {count} bytes",
    "sparse_file": "it holds a sparse file; its map of holes may have no end",
    "impossible_size": "a member of {count} bytes",
    "archive_fails": "{name} cannot be unpacked ({error})",
    # What a file that should be a notebook is, and what was repaired in it.
    "not_readable": "{file} cannot be read: {why}",
    "empty_file": "the file is empty",
    "not_a_notebook": "it holds a {kind}, not a notebook",
    "not_json": "it is not valid JSON, so no notebook program opens it ({cause})",
    "not_json_number": "it is not valid JSON ({error})",
    "merge_conflict": "it was changed by a merge",
    "json_error": "line {line}: {error}",
    "nested_deeply": "its JSON is nested too deeply",
    "too_many_values": "it holds {found}; clear all outputs in Jupyter, save it and hand it in again",
    "too_much_text": "its cells hold more than {millions} million characters",
    "too_many_cells": "it has {count} cells; at most {most} are read",
    "no_cells": "it has no cells",
    "old_and_large": "it has the old format {version} and more than {millions} million bytes",
    "old_and_broken": "it has the old format {version} and could not be converted ({error})",
    "converted": "it was converted from notebook format {version}",
    "unknown_format": "its notebook format {version} is unknown; it was read as format 4",
    "foreign_kernel": "it was saved with a kernel for {language}; it is graded as Python",
    "byte_order_mark": "a byte order mark was removed",
    "bytes_replaced": "bytes that are no text were replaced",
    "no_cell": "something that is no cell was left out",
    "unknown_cell": "a cell of unknown type {kind} became a raw cell",
    # Which file is which notebook, and which cell which.
    "taken_for": "{file} was taken for {notebook}.ipynb",
    "one_of_several": "{file} was graded, not {others}",
    "no_notebook_of_ours": "{file} belongs to no notebook of this assignment",
    "cells_moved": "cells were moved; they are back in the order of the release",
    "cell_missing": "{cell}: the cell was missing and is back as released",
    "locked_changed": "{cell}: a locked cell was changed; it is as released",
    "locked_kind": "{cell}: the kind of a locked cell was changed; it is as released",
    "cell_repeated": "{cell}: the cell was there {count} times",
    "all_are_run": "{cell}: the cell was there {count} times; all are run, one is the answer",
    "texts_together": "{cell}: the cell was there {count} times; its texts were put together",
    "kind_restored": "{cell}: a {came} cell became a {kind} cell again",
    "markdown_restored": "{cell}: a cell became a markdown cell again",
    # Why a person should look.
    "not_read": "the grader failed to read it ({error})",
    "not_run": "it was not run: {ended}",
    "not_judged": "what came back could not be judged ({error})",
    "not_kept": "what came back could not be kept ({error})",
    "earlier_marks_stand": "the marks from before stand",
    "no_notebook_found": "no notebook of this assignment was found",
    "file_missing": "{notebook}.ipynb was not handed in",
    "others_beside": "other processes of the notebook, where nothing is refused, ran beside {check}",
    "not_measured_here": "{check} could not be measured: {why}",
    "pointer": "{found}",
    "not_looked_at": "its code could not be looked at ({error})",
}


def say(message: str, **values: object) -> str:
    """The sentence of that id, filled in."""
    return MESSAGES[message].format(**values)


@dataclass(frozen=True)
class Note:
    """Something to be said: a message's id, and what its sentence is filled in with (which may be notes again)."""

    id: str
    values: Mapping[str, object] = field(default_factory=dict)
    about: str = ""  # the notebook, or the file, that it is about
    catalogue: ClassVar[Mapping[str, str]] = MESSAGES

    @property
    def sentence(self) -> str:
        """What is said, without whom or what it is about."""
        return self.catalogue[self.id].format(**self.values)

    def __str__(self) -> str:
        return f"{self.about}: {self.sentence}" if self.about else self.sentence
