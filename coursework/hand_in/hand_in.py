"""Handing in, from the folder to the zip: copy, run from the beginning, inspect, print, pack."""

from __future__ import annotations

import copy
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat

from coursework.assignment import assignment_folders, read_assignment
from coursework.submission import MAX_FILE

from .bundle import refuse_to_overwrite, write_zip
from .gather import Gathered, gather
from .inspect import Finding, Seen, inspect, lines
from .page import cover_page, print_page
from .pdf import NoPdf, missing_fonts, print_pdf
from .pictures import clean_attachments
from .run import Run, network_is_closed, run_notebook
from .sentences import Note, say


@dataclass
class HandIn:
    """What came of it: the zip, what a grader will see, and why there is no PDF (None where there is one)."""

    path: Path
    findings: list[Finding]
    no_pdf: str | None


def find_folder(named: str | None, here: Path | None = None) -> Path:
    """The assignment's folder: the one named, this one, or the only one below; else a ValueError with the choice."""
    here = here or Path.cwd()
    folder = Path(named) if named else here
    if read_assignment(folder):
        return folder.resolve()
    below = [*assignment_folders(folder), *assignment_folders(folder / "notebooks")]
    if len(below) == 1:
        return below[0].resolve()
    expected = say("expected_these", folders=", ".join(map(str, below))) if below else say("expected_one")
    raise ValueError(say("no_folder", folder=folder, expected=expected))


def hand_in(folder: Path, tell: Callable[[str], None] = print) -> HandIn:
    """Check `folder` as a grader will and pack it into `<folder>.zip` beside it; the folder itself is not changed."""
    path = folder.parent / f"{folder.name}.zip"
    refuse_to_overwrite(path)  # before minutes of work
    network = say("network_namespace" if network_is_closed() else "network_python")
    tell(say("start", folder=folder.name, network=network))
    with tempfile.TemporaryDirectory(prefix="hand-in-") as place:
        session = Path(place)
        work = session / "work"
        work.mkdir()
        gathered = gather(folder, work)
        findings = [
            Finding(folder.name, "", say("left_out", name=name, why=why), serious=name.lower().endswith(".ipynb"))
            for name, why in gathered.left_out.items()
            if why.id != "other_notebook"
        ]
        runs, seen = {}, {}
        for name, there in gathered.notebooks.items():
            if not there:
                findings.append(Finding(f"{name}.ipynb", "", say("missing_notebook"), True))
                continue
            saved = time.strftime("%H:%M", time.localtime((folder / f"{name}.ipynb").stat().st_mtime))
            tell(say("running", name=name, saved=saved))
            try:
                runs[name], seen[name] = _run(name, session)
            except (nbformat.reader.NotJSONError, nbformat.ValidationError, KeyError, TypeError, ValueError) as error:
                first = (str(error).splitlines() or [type(error).__name__])[0]
                findings.append(Finding(f"{name}.ipynb", "", say("unreadable", error=first[:100]), True))
                continue
            findings += seen[name].findings
            tell(_ran(name, runs[name], seen[name]))
        tell(say("printing"))
        no_pdf, more = _print(runs, seen, folder, session)
        findings += more
        files = _files(gathered, runs, session, None if no_pdf else f"{folder.name}.pdf")
        findings += [
            Finding(name, "", say("too_heavy", name=name, size=len(data) >> 20, megabytes=MAX_FILE >> 20), True)
            for name, data in files.items()
            if len(data) > MAX_FILE
        ]
        write_zip(path, files, _about(folder.name, runs, seen, findings, no_pdf))
    done = HandIn(path, findings, no_pdf)
    _tell(done, list(seen.values()), gathered, files, tell)
    return done


def _run(name: str, session: Path) -> tuple[Run, Seen]:
    notebook = nbformat.read(session / "work" / f"{name}.ipynb", as_version=4)
    saved = copy.deepcopy(notebook)
    clean_attachments(notebook)  # one that cannot be read goes: inspect() then says that it is missing
    run = run_notebook(notebook, session)
    nbformat.write(run.notebook, session / "work" / f"{name}.ipynb")
    return run, inspect(name, run, saved, session / "work")


def _ran(name: str, run: Run, seen: Seen) -> str:
    texts = say("texts", answered=seen.answered, count=seen.texts) if seen.texts else ""
    return say(
        "ran", name=name, points=f"{seen.points:g}", maximum=f"{seen.maximum:g}", texts=texts, seconds=run.seconds
    )


def _print(
    runs: dict[str, Run], seen: dict[str, Seen], folder: Path, session: Path
) -> tuple[str | None, list[Finding]]:
    """The PDF in the work folder; returns why there is none, and findings on fonts."""
    name, said = folder.name, read_assignment(folder)
    notebooks = {notebook: run.notebook for notebook, run in runs.items()}
    text = "".join(cell.source for notebook in notebooks.values() for cell in notebook.cells)
    findings = [Finding(f"{name}.pdf", "", sentence) for sentence in missing_fonts(text)]
    page = session / "work" / ".page.html"
    cover = cover_page(said.title if said else name, name, time.strftime("%d %B %Y, %H:%M"), seen)
    page.write_text(print_page(notebooks, name, cover), encoding="utf-8")
    try:
        print_pdf(page, session / f"{name}.pdf")
    except NoPdf as error:
        return str(error), findings
    return None, findings


def _files(gathered: Gathered, runs: dict[str, Run], session: Path, pdf: str | None) -> dict[str, bytes]:
    work = session / "work"
    opened = {event.what for run in runs.values() for event in run.events if event.kind == "read"}
    # A file that a cell keeps (my_picture.png) may only be there after the run.
    kept = sorted({path.name for pattern in gathered.kept for path in work.glob(pattern)})
    others = [name for name in gathered.others if name in opened and name not in kept]
    names = [*(f"{name}.ipynb" for name, there in gathered.notebooks.items() if there), *gathered.pictures, *others]
    names += [name for name in kept if name not in names]
    for name in gathered.others:
        if name not in opened and name not in kept:
            gathered.left_out[name] = Note("not_used")
    files = {name: (work / name).read_bytes() for name in names if (work / name).is_file()}
    return files | ({pdf: (session / pdf).read_bytes()} if pdf else {})


def _about(
    assignment: str, runs: dict[str, Run], seen: dict[str, Seen], findings: list[Finding], no_pdf: str | None
) -> dict:
    return {
        "assignment": assignment,
        "made": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "pdf": f"{assignment}.pdf" if no_pdf is None else None,
        "why_no_pdf": no_pdf,
        "network": "closed by the system" if network_is_closed() else "closed in Python",
        "notebooks": {
            name: {
                "ended": run.ended,
                "points_on_visible_checks": seen[name].points,
                "of": seen[name].maximum,
                "texts_written": seen[name].answered,
                "texts": seen[name].texts,
            }
            for name, run in runs.items()
        },
        "findings": [
            {"where": ", ".join(filter(None, (f.notebook, f.place))), "what": f.sentence, "serious": f.serious}
            for f in findings
        ],
    }


def _total(seen: list[Seen]) -> str:
    points, maximum = (f"{sum(getattr(each, name) for each in seen):g}" for name in ("points", "maximum"))
    answered, count = (sum(getattr(each, name) for each in seen) for name in ("answered", "texts"))
    worth = f"{sum(each.worth for each in seen):g}"
    texts = say("total_texts", answered=answered, count=count, worth=worth) if count else ""
    return say("total", points=points, maximum=maximum) + texts


def _tell(
    done: HandIn, seen: list[Seen], gathered: Gathered, files: dict[str, bytes], tell: Callable[[str], None]
) -> None:
    tell(f"\n{say('title')}")
    for line in lines(done.findings) or [say("nothing")]:
        tell(line)
    tell(_total(seen))
    for name, why in gathered.left_out.items():
        if why.id in ("other_notebook", "not_used"):
            tell(f"    {say('left_out', name=name, why=why)}")
    pictures = [name for name in gathered.pictures if name in files]
    if pictures:
        tell(f"\n{say('faces', names=', '.join(pictures))}")
    if done.no_pdf:
        tell(f"\n{say('no_pdf', why=done.no_pdf)}")
    size = done.path.stat().st_size / 1e6
    tell(f"\n{say('packed', path=done.path, megabytes=size, names=', '.join([*files, 'manifest.json']))}")
