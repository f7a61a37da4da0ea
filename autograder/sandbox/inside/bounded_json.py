"""A stranger's JSON, parsed only where it holds no more values than it may.

Python makes an object of each value, so 3 bytes of text (`[],`) become 64 in memory: a short file of many small values
takes gigabytes. They are counted before anything is made of them, in one pass that keeps nothing.
"""

from __future__ import annotations

import json
import re
from typing import Any

# Up to the next character outside of strings that begins a value, or to the end. Possessive throughout, and a string
# without its end goes up to the text's: it never turns back, so the time is that of reading the text once.
_NEXT = re.compile(r'(?:[^"\[{,]++|"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z))*+(?:([\[{,])|\Z)', re.DOTALL)
# Bytes that one counted character can cost: of `{"1234567":"1234567"},` both take 171 each, and nothing takes more.
BYTES_PER_VALUE = 175


class TooManyValues(ValueError):
    """The text holds more values than it may."""


def load(text: str, most: int) -> Any:
    """The parsed text; raises TooManyValues where "[", "{" and "," outside of strings are more than `most`."""
    if holds_more(text, most):
        raise TooManyValues(f"more than {most:,} values")
    return json.loads(text)


def holds_more(text: str, most: int) -> bool:
    """Are there more than `most` beginnings of a value in the text?"""
    if len(text) <= most:
        return False
    count = 0
    for found in _NEXT.finditer(text):
        count += found.lastindex is not None
        if count > most:
            return True
    return False
