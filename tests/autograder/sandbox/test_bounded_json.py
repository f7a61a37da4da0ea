"""A stranger's JSON: values are counted before they are made, outside of strings, and the count bounds the memory."""

import json
import tracemalloc

import pytest

from autograder.sandbox.inside.bounded_json import BYTES_PER_VALUE, TooManyValues, holds_more, load


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("[1, 2, 3]", 3),  # one bracket, two commas
        ('{"a": [], "b": {}}', 4),
        ('["[{,", "\\"[,", "\\\\"]', 3),  # what stands in a string is no value, nor does \\" end it
        ('["\n[,"]', 1),
        ("3", 0),
        ('["unfinished [,', 1),
        ('["unfinished \\', 1),
    ],
)
def test_what_begins_a_value_is_counted_outside_of_strings(text, count):
    assert not holds_more(text, count) and holds_more(text, count - 1)


def test_values_up_to_the_limit_are_parsed_and_more_are_not():
    text = json.dumps([[]] * 1000)  # 1,001 brackets and 999 commas
    assert load(text, 2000) == [[]] * 1000
    with pytest.raises(TooManyValues, match="more than 1,999 values"):
        load(text, 1999)


@pytest.mark.parametrize("unit", ["[]", "{}", '{"%07d":"%07d"}', '{"%07d":0,"b%07d":0}', '["%07d"]', "1.5", '"%07d"'])
def test_the_limit_bounds_the_memory(unit):
    parts = [unit % ((i,) * unit.count("%")) for i in range(40_000)]
    text = f"[{','.join(parts)}]"
    count = sum(map(text.count, "[{,"))
    tracemalloc.start()
    try:
        load(text, count)
        assert tracemalloc.get_traced_memory()[1] < BYTES_PER_VALUE * count
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("start", "unit"), [('["', "x"), ("[", '"'), ('["', '\\"'), ("[", '"a" '), ("[", '"",'), ("[", " "), ("[", "1 ")]
)
def test_looking_reads_the_text_once(start, unit):
    text = start + unit * (2**22 // len(unit))  # begun anew at each place, it would not end today
    assert holds_more(text, 2**19) == (unit == '"",')  # 2**22 / 3 commas; nothing else begins a value there
