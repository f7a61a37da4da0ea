"""The command line: `coursework hand-in [FOLDER]` runs an assignment as a grader will, and packs it into one zip."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the code is 2 for what the user can put right, 1 where the PDF could not be made."""
    options = _parser().parse_args(arguments)
    from coursework.hand_in.hand_in import find_folder, hand_in

    try:
        done = hand_in(find_folder(options.folder))
    except (ValueError, OSError) as error:
        print(f"coursework: {error}", file=sys.stderr)
        return 2
    return 1 if done.no_pdf else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="coursework", description="Beside a student: checking and packing homework.")
    commands = parser.add_subparsers(dest="command", required=True)
    hand_in = commands.add_parser(
        "hand-in",
        help="check an assignment as a grader will, and pack it into one zip",
        description="Runs the notebooks of a folder from the beginning, without a network, says what a grader will "
        "see, and packs notebooks, pictures and a PDF into FOLDER.zip. The folder itself is not changed.",
    )
    hand_in.add_argument("folder", metavar="FOLDER", nargs="?", help="e.g. notebooks/ASSIGNMENT (else, this folder)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
