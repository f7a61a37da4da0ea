"""Frames: read as they were written, however they are cut, and refused where they are damaged or too long."""

import socket

import pytest

from autograder.sandbox.inside.wire import MAX_HEAD, MAX_VALUES, Frames, WireError, encode, read_frame


def test_frames_come_back_however_the_bytes_are_cut():
    data = encode({"a": 1}) + encode({"b": "ü\ud800"}, b"\0\1\2") + encode({})
    for step in (1, 2, 7, 1000):
        frames, reader = [], Frames(1000)
        for start in range(0, len(data), step):
            frames += reader.feed(data[start : start + step])
        assert frames == [({"a": 1}, b"", 7), ({"b": "ü\ud800"}, b"\0\1\2", 20), ({}, b"", 2)]


def test_a_blocking_reader_gets_the_same_and_none_at_the_end():
    one, other = socket.socketpair()
    with one, other:
        one.sendall(encode({"x": [1]}, b"body"))
        one.shutdown(socket.SHUT_WR)
        assert read_frame(other) == ({"x": [1]}, b"body")
        assert read_frame(other) is None


@pytest.mark.parametrize(
    "data",
    [
        b"\xff" * 8,
        (MAX_HEAD + 1).to_bytes(4, "big") + bytes(4),
        bytes([0, 0, 0, 3, 0, 0, 0, 0]) + b"{x}",
        bytes([0, 0, 0, 2, 0, 0, 0, 0]) + b"[]",
        (10**5).to_bytes(4, "big") + bytes(4) + b"[" * 10**5,
        (2 * MAX_VALUES + 9).to_bytes(4, "big") + bytes(4) + b'{"a":[' + b"0," * MAX_VALUES + b"0]}",
        bytes([0, 0, 0, 10, 0, 0, 0, 0]) + '{"a":"ü"}'.encode(),
    ],
    ids=["all ones", "long head", "no json", "no object", "nested", "values", "no ascii"],
)
def test_damage_is_refused(data):
    with pytest.raises(WireError):
        Frames(10**7).feed(data)


def test_more_than_the_budget_is_refused():
    reader = Frames(20)
    assert reader.feed(encode({})) == [({}, b"", 2)]
    with pytest.raises(WireError, match="more bytes"):
        reader.feed(encode({"long": "text"}))


def test_what_the_reader_would_refuse_is_not_written():
    for head in ({"a": [0] * MAX_VALUES}, {"a": "x" * MAX_HEAD}):  # "{", "[" and a comma less than numbers: one over
        with pytest.raises(WireError, match="longer than allowed"):
            encode(head)
    assert len(encode({"a": [0] * (MAX_VALUES - 1)})) == 8 + 2 * MAX_VALUES + 5
