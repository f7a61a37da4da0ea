"""The code of docs/attention.md runs, prints what stands there, and its table names what there is."""

import contextlib
import io
import re

import matplotlib
import pytest

matplotlib.use("Agg")

from detrlab import CapturedAttention
from detrlab.attention.encoder import EncoderAttention
from tests.imports import ROOT

TEXT = (ROOT / "docs" / "attention.md").read_text(encoding="utf-8")


def test_the_code_runs_and_prints_what_stands_below_it():
    blocks = re.findall(r"```(python)?\n(.*?)```", TEXT, re.S)
    namespace: dict[str, object] = {}
    printed = None
    for language, body in blocks:
        if language:
            assert not printed, "a block prints what the text does not show"
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(body, "docs/attention.md", "exec"), namespace)
            printed = out.getvalue()
        else:
            assert printed == body
            printed = None
    assert printed == ""


@pytest.mark.parametrize("name", re.findall(r"`attention\.(\w+)", TEXT))
def test_all_that_is_named_is_there(name):
    assert hasattr(CapturedAttention, name)


def test_what_a_point_can_be_asked_is_there():
    assert {"looks_at", "is_looked_at_from"} <= set(re.findall(r"\.(\w+)\(\(x, y\)\)", TEXT)) & set(
        dir(EncoderAttention)
    )


def test_the_readme_leads_here():
    assert "docs/attention.md" in (ROOT / "README.md").read_text(encoding="utf-8")
