"""Messages as outputs: what a notebook file may hold, whatever was sent."""

import nbformat
import pytest

from autograder.sandbox.outputs import Outputs

DATA = {"data": {"text/plain": "x"}, "metadata": {}}
FORGED = [
    ("stream", {"name": "stdin", "text": "x"}),
    ("stream", {"name": "stdout"}),
    ("stream", {"name": "stdout", "text": ["x"]}),
    ("stream", "text"),
    ("error", {"ename": "E", "evalue": "v", "traceback": "t"}),
    ("error", {"ename": "E", "evalue": None, "traceback": []}),
    ("display_data", {"data": [], "metadata": {}}),
    ("display_data", {"data": {"text/plain": 3}, "metadata": {}}),
    ("display_data", {"data": {"text/plain": "x"}, "metadata": 3}),
    ("execute_result", {**DATA, "execution_count": "1"}),
    ("execute_result", {**DATA, "execution_count": -1}),
    ("update_display_data", {**DATA, "transient": {"display_id": [1]}}),
    ("clear_output", {"wait": 3}),
    ("comm_open", {"comm_id": "x", "data": {}}),
    ("status", {"execution_state": "idle"}),
    ("shutdown_reply", {}),
    (["stream"], {}),
    (None, None),
]
HONEST = [
    ("stream", {"name": "stdout", "text": "a"}),
    ("stream", {"name": "stderr", "text": "\ud800\0"}),
    ("error", {"ename": "E", "evalue": "v", "traceback": ["t"]}),
    ("display_data", {**DATA, "transient": {"display_id": "d"}}),
    ("execute_result", {**DATA, "execution_count": 3}),
    ("display_data", {"data": {"application/json": {"a": [1]}}, "metadata": {"a": {"b": 1}}}),
]


@pytest.mark.parametrize(("kind", "content"), FORGED + HONEST)
def test_every_output_is_one_that_a_notebook_may_hold(kind, content):
    outputs = Outputs(1)
    outputs.begin(0)
    outputs.add(0, kind, content)
    found = outputs.of(0)
    assert len(found) == ((kind, content) in HONEST)
    notebook = nbformat.from_dict(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell()]))
    notebook.cells[0].outputs = nbformat.from_dict(found)
    nbformat.validate(notebook)
    nbformat.writes(notebook).encode()


def test_streams_that_follow_each_other_become_one_and_others_do_not():
    outputs = Outputs(2)
    outputs.begin(0)
    for kind, content in (("stream", {"name": "stdout", "text": "a"}), ("stream", {"name": "stdout", "text": "b"})):
        outputs.add(0, kind, content)
    outputs.add(0, "display_data", DATA)
    outputs.add(0, "stream", {"name": "stdout", "text": "c"})
    outputs.begin(1)
    outputs.add(1, "stream", {"name": "stdout", "text": "d"})
    assert [output.get("text") for output in outputs.of(0)] == ["ab", None, "c"]
    assert [output["text"] for output in outputs.of(1)] == ["d"]


def test_displays_are_updated_where_they_stand_and_cleared_when_the_next_comes():
    outputs = Outputs(2)
    display = {**DATA, "transient": {"display_id": "d"}}
    outputs.begin(0)
    outputs.add(0, "display_data", display)
    outputs.begin(1)
    outputs.add(1, "stream", {"name": "stdout", "text": "gone"})
    outputs.add(1, "clear_output", {"wait": True})
    assert len(outputs.of(1)) == 1
    outputs.add(1, "update_display_data", {**display, "data": {"text/plain": "new"}})
    outputs.add(1, "stream", {"name": "stdout", "text": "next"})
    assert outputs.of(0)[0]["data"] == {"text/plain": "new"}
    assert [output["text"] for output in outputs.of(1)] == ["next"]
    outputs.add(1, "clear_output", {"wait": False})
    assert outputs.of(1) == []


def test_one_display_id_changes_a_bounded_number_of_outputs():
    outputs = Outputs(1)
    display = {**DATA, "transient": {"display_id": "d"}}
    for _ in range(53):
        outputs.add(0, "display_data", display)
    outputs.add(0, "update_display_data", {**display, "data": {"text/plain": "new"}})
    shown = [output["data"]["text/plain"] for output in outputs.of(0)]
    assert shown == ["new"] * 50 + ["x"] * 3


def test_a_cell_keeps_a_bounded_number_of_outputs():
    outputs = Outputs(1)
    for _ in range(3_000):
        outputs.add(0, "display_data", DATA)
    assert len(outputs.of(0)) == 2_000
