"""The front end's ES modules joined into one, and its style sheet: no bundler, no network.

JupyterLab takes a widget's front end as one module, and a page from a USB stick may not import from files beside
it. So imports between our modules (`import { a, b } from "./x.js"`, one line each) are followed here, every module
goes in once before those that need it, and the words import and export fall away. Hence a top-level name may be used
in one module only, which is checked.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"
IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w.]+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|class)\b)", re.MULTILINE)
TOP_LEVEL = re.compile(r"^(?:async )?(?:function|const|let|class) ([\w$]+)", re.MULTILINE)


@cache
def joined(entry: str) -> str:
    """The module `static/<entry>` with all it imports, as one module's source."""
    modules: dict[str, str] = {}
    _collect(entry, modules)
    owners: dict[str, str] = {}
    for name, source in modules.items():
        for word in TOP_LEVEL.findall(source):
            assert word not in owners, f"{word} is defined in {owners[word]} and in {name}; rename one"
            owners[word] = name
    return "\n".join(modules.values())


@cache
def style(*names: str) -> str:
    """The text of `static/<name>`, one after the other."""
    return "\n".join((STATIC / name).read_text(encoding="utf-8") for name in names)


def _collect(name: str, modules: dict[str, str]) -> None:
    if name in modules:
        return
    source = (STATIC / name).read_text(encoding="utf-8")
    for needed in IMPORT.findall(source):
        _collect(needed, modules)
    source = EXPORT.sub("", IMPORT.sub("", source))
    assert not re.search(r"^import ", source, re.MULTILINE), f"{name}: one line for each import, please"
    modules[name] = source
