"""What the build stores comes back as it was, the parts of a check in the order in which the check returns them."""

from __future__ import annotations

from coursework.marking.feedback import judge_runs
from coursework.marking.hidden import pack_hidden, unpack_hidden
from coursework.marking.outcome import Outcome
from coursework.marking.stored import Stored, StoredCheck, read_stored, write_stored

RIGHT, WRONG = Outcome({"b": 1, "a": 1}), Outcome({"a": 2, "b": 2})
CHECK = StoredCheck(2.0, {"b": 1.0, "a": 1.0}, [3], [RIGHT], [])


def test_of_two_wrong_parts_the_one_that_the_check_returns_first_is_told(tmp_path):
    write_stored(Stored("small", {"second": [], "first": []}, {"z": CHECK, "y": CHECK}), tmp_path)
    stored = read_stored(tmp_path / "small.json")
    assert [list(stored.hints), list(stored.checks)] == [["second", "first"], ["z", "y"]]
    verdict = judge_runs([WRONG], stored.checks["z"], list)
    assert '"b"' in verdict.title
    assert ['"b"' in line or "b:" in line for line in verdict.lines[:2]] == [True, False]


def test_hidden_values_keep_the_order_of_the_parts():
    _, (right,) = unpack_hidden(pack_hidden([3], [RIGHT]))
    assert list(right.value) == ["b", "a"]


def test_equal_data_give_equal_bytes(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_stored(Stored("small", {"first": ["a hint"]}, {"z": CHECK}), tmp_path / name)
    one, two = ((tmp_path / name / "small.json").read_bytes() for name in ("one", "two"))
    assert one == two
