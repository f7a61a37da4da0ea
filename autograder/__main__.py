"""The command `autograder`: build the course's notebooks from their sources."""

from __future__ import annotations

import argparse
import os
import sys


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="autograder", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="solutions/ -> build/source/ and notebooks/")
    build.add_argument("assignment", nargs="*", help="which assignments (all, if none is named)")
    prove = commands.add_parser("prove", help="run one source and prove its checks, writing build/source/ only")
    prove.add_argument("source", help="path of a source, e.g. solutions/01_detr/q1_build.py")
    options = parser.parse_args(arguments)

    os.environ.setdefault("OMP_NUM_THREADS", "1")  # two spinning threads cost more than the work
    from pathlib import Path

    from . import build as builder
    from .source import SourceError

    try:
        if options.command == "prove":
            builder.build_source(Path(options.source).resolve())
        for assignment in (options.assignment or builder.assignments()) if options.command == "build" else []:
            builder.build(assignment)
    except SourceError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
