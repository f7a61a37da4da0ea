"""What the third notebook says in numbers is what its cells print: its prose, and the model answers' evidence.

The notebook runs once, solved. A number in a text must stand in an output above it, or be listed here with its source.
So new weights, another scene or a changed measurement show which sentences have to be measured again.
"""

from __future__ import annotations

import re
from pathlib import Path

from autograder.build.in_process import run_notebook
from autograder.course.registry import SOLUTIONS
from autograder.course.source import read_source

CITED = {  # what no cell prints, and where it comes from
    "3.9": "AP without encoder layers, paper, section 4.2",
    "6.0": "the same for large objects, paper, section 4.2",
    "7.8": "AP without spatial encodings and queries at the input only, paper, table 3",
    "0.5": "a threshold of IoU, and half a point",
    "0.7": "the threshold of detections",
    "0.1": "a threshold, of mass or IoU; the paper's weight of no-object",
    "0.4": "the last weight of no-object, data/README.md",
    "0.25": "an inner quarter's share of its box: 1/2 of each side",
    "0.31": "how a text may point at its evidence, an example",
}
_NUMBER = re.compile(r"(?<![\w.])\d*\.\d+(?![\w]|\.\d)|(?<![\w.])\d{2,}(?![\w]|\.\d)")
_NAMED = r"\b(?:steps?|sections?|figures?|appendix)\s[A-Z]?\.?\d[\d.]*(?:(?:,| to| and)\s[\d.]+)*"
_REFERENCE = re.compile(rf"{_NAMED}|arXiv:\S+|\d+ %|^#.*$|\$.*?\$|`.*?`", re.IGNORECASE | re.MULTILINE)
_LEVEL = re.compile(r"^- \d(?:\.\d)?: ", re.M)


def unsupported(text: str, printed: str, decimals_only: bool = False) -> list[str]:
    """The numbers of a text that neither stand in what was printed nor are cited."""
    known = {float(number) for number in [*re.findall(r"\d*\.\d+|\d+", printed), *CITED]}
    worked_out = text.split("*Example")[0]  # an example is worked out where it stands
    said = _NUMBER.findall(_LEVEL.sub("", _REFERENCE.sub("", worked_out)))
    return [number for number in said if float(number) not in known and ("." in number or not decimals_only)]


def test_a_number_that_nothing_prints_is_found():
    assert unsupported("a mass of 0.97, and 24 of 126 repeats", "mass 0.98\n24 of 126") == ["0.97"]
    assert unsupported("lift .5 and 13.1 (step 26, section 4.2, 10 %)", "lift 13.1") == []
    assert unsupported("sections 3.2, 4.1 and 4.4; arXiv:2005.12872", "") == []
    assert unsupported("- 0.5: half\n\nIn 61 scenes", "60 scenes") == ["61"]
    assert unsupported("In 61 scenes it is 0.98.", "60 scenes", decimals_only=True) == ["0.98"]


def test_every_number_of_the_third_notebook_is_printed_above_it(tmp_path: Path):
    notebook = read_source(SOLUTIONS / "01_detr" / "q3_explain")
    run = run_notebook([cell.source for cell in notebook.code()], tmp_path, seeds=[])
    assert run.errors == {}
    outputs, printed, wrong = iter(run.cells), "", {}
    for cell in notebook.cells:
        if cell.kind in ("prose", "written"):
            found = unsupported(cell.source, printed, decimals_only=cell.kind == "prose")
            if found:
                wrong[f"{cell.step} {cell.name}".strip()] = found
        else:
            printed += next(outputs).stdout
    assert wrong == {}
