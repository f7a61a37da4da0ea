"""Reading a stranger's notebook: repaired, or refused with a reason; never another exception."""

import json
import tracemalloc

import nbformat
import pytest

from autograder.intake.read_notebook import MAX_CELLS, MAX_OLD, MAX_VALUES, Unreadable, read_notebook


def notebook(cells=({"cell_type": "code", "source": "x = 1", "metadata": {}},), **fields):
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **fields}


def read(tree, **options):
    return read_notebook(json.dumps(tree, **options).encode())


def test_a_sound_notebook_is_read_without_a_word():
    cell = {"cell_type": "code", "id": "a", "source": ["x = 1\n", "y"], "metadata": {"nbgrader": {"grade_id": "g"}}}
    got = read(notebook([cell]))
    (only,) = got.cells
    assert (only.kind, only.source, only.grade_id, only.cell_id) == ("code", "x = 1\ny", "g", "a")
    assert got.notes == []


REFUSED = {
    "empty": (b"", "empty"),
    "blank": (b" \n", "empty"),
    "cut_off": (b'{"cells": [', "not valid JSON"),
    "merge_conflict": (b'{"a":\n<<<<<<< HEAD\n1}', "merge"),
    "a_list": (b"[1, 2]", "holds a list"),
    "a_number": (b"3", "holds a int"),
    "nested_deeply": (b"[" * 200_000, "nested too deeply"),
    "huge_number": (b'{"cells": ' + b"9" * 10_000 + b"}", "not valid JSON"),
    "no_cells": (b'{"nbformat": 4}', "no cells"),
    "cells_are_a_dict": (b'{"nbformat": 4, "cells": {}}', "no cells"),
    "old_and_broken": (b'{"nbformat": 3, "worksheets": 5}', "old format"),
    "zero_bytes": (bytes(100), "not valid JSON"),
    "a_picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not valid JSON"),
    "too_many_cells": (json.dumps(notebook([{"cell_type": "code"}] * (MAX_CELLS + 1))).encode(), "2,001 cells"),
    "too_many_old_cells": (
        json.dumps({"nbformat": 3, "worksheets": [{"cells": [{}] * 1001}] * 2}).encode(),
        "2,002 cells",
    ),
    "too_large_and_old": (
        json.dumps({"nbformat": 3, "worksheets": [], "x": "x" * MAX_OLD}).encode(),
        "4 million bytes",
    ),
    "too_many_values": (
        b'{"nbformat": 4, "cells": [], "x": [' + b"[]," * (MAX_VALUES // 2) + b"0]}",
        "more than 1,000,000 values; clear all outputs",
    ),
    "too_much_text": (json.dumps(notebook([{"cell_type": "code", "source": "x" * 5_000_000}])).encode(), "million"),
}


@pytest.mark.parametrize(("data", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_notebook_is_refused_with_a_reason(data, reason):
    with pytest.raises(Unreadable, match=reason) as caught:
        read_notebook(data)
    assert "\n" not in str(caught.value)


REPAIRED = {
    "byte_order_mark": (b"\xef\xbb\xbf" + json.dumps(notebook()).encode(), "byte order mark"),
    "utf_16": (json.dumps(notebook()).encode("utf-16"), "byte order mark"),
    "raw_bytes": (json.dumps(notebook()).encode().replace(b"x = 1", b"x = '\xff'"), "no text"),
    "unknown_format": (json.dumps(notebook(nbformat=77)).encode(), "format 77"),
    "format_is_text": (json.dumps(notebook(nbformat="4")).encode(), "format '4'"),
    "foreign_kernel": (json.dumps(notebook(metadata={"kernelspec": {"language": "R"}})).encode(), "'r'"),
    "strange_cells": (json.dumps(notebook([7, None, {"cell_type": "slide"}])).encode(), "no cell"),
    "odd_metadata": (
        json.dumps(notebook([{"cell_type": "code", "metadata": [], "source": {}}], metadata=3)).encode(),
        "",
    ),
    "nan": (b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x", "metadata": {"a": NaN}}]}', ""),
}


@pytest.mark.parametrize(("data", "note"), REPAIRED.values(), ids=REPAIRED.keys())
def test_what_can_be_repaired_is_repaired_and_said(data, note):
    got = read_notebook(data)
    assert note in " ".join(map(str, got.notes))


def test_an_old_notebook_is_converted():
    old = nbformat.v3.new_notebook(
        worksheets=[nbformat.v3.new_worksheet(cells=[nbformat.v3.new_code_cell(input="x = 3")])]
    )
    got = read(old)
    assert [cell.source for cell in got.cells] == ["x = 3"] and "format 3" in str(got.notes[0])


@pytest.mark.parametrize(
    ("level", "hashes"), [(2, "##"), (300_000_000, "######"), (-1, "#"), ("9" * 9, "#"), (None, "#")]
)
def test_an_old_heading_has_one_to_six_levels(level, hashes):
    cell = {"cell_type": "heading", "source": "Title", "level": level}
    got = read({"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [cell]}]})
    assert [cell.source for cell in got.cells] == [f"{hashes} Title"]


def test_half_characters_and_foreign_line_ends_are_replaced():
    got = read(notebook([{"cell_type": "code", "source": "a\ud800\r\nb\rc"}]))
    assert got.cells[0].source == "a?\nb\nc"


def test_only_pictures_survive_as_attachments():
    attachments = {"p.png": {"image/png": "AAAA", "text/html": "<script>"}, "q": 3}
    got = read(notebook([{"cell_type": "markdown", "source": "", "attachments": attachments}]))
    assert got.cells[0].attachments == {"p.png": {"image/png": "AAAA"}}


@pytest.mark.parametrize(
    ("data", "most"),
    [
        (b'{"cells": [' + b"[]," * (10 << 20) + b"[]]}", 1),  # 30 MB; each value, were it made, would take 64 bytes
        (json.dumps(notebook([{"cell_type": "code", "source": ["x" * 1000] * 30_000}])).encode(), 3),
    ],
    ids=["values", "text"],
)
def test_a_file_that_is_refused_takes_few_times_its_size(data, most):
    tracemalloc.start()
    try:
        with pytest.raises(Unreadable):
            read_notebook(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < (most + 0.1) * len(data)  # as text, and where it is parsed its strings (with a header each)


def test_large_outputs_do_not_keep_a_notebook_from_being_read():
    picture = {"output_type": "display_data", "data": {"image/png": "A" * (2 << 20)}, "metadata": {}}
    printed = {"output_type": "stream", "name": "stdout", "text": ["[0.25, 0.5, {1, 2}],\n" * 1000] * 300}
    plotted = {"output_type": "display_data", "data": {"application/vnd.plotly.v1+json": {"z": [[0.5] * 640] * 480}}}
    data = json.dumps(notebook([{"cell_type": "code", "source": "x", "outputs": [picture] * 10 + [printed, plotted]}]))
    assert len(data) > 20 << 20 and data.count(",") > MAX_VALUES  # most of them in what was printed
    assert [cell.source for cell in read_notebook(data.encode()).cells] == ["x"]


def test_an_attachment_that_is_no_base64_text_is_dropped():
    attachments = {"p.png": {"image/png": "AAAA\U0001f600", "image/jpeg": "AAAA"}}
    got = read(notebook([{"cell_type": "markdown", "source": "", "attachments": attachments}]))
    assert got.cells[0].attachments == {"p.png": {"image/jpeg": "AAAA"}}
