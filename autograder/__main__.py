"""The command `autograder`: build the course's notebooks, grade a class, return and export marks."""

from __future__ import annotations

import argparse
import os
import sys

from .terminal import fail
from .verbs import authoring, grading, returning


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, 1 for what the user can put right, 130 where it was stopped."""
    options = _parser().parse_args(arguments)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # two spinning threads cost more than the work
    from .errors import GradeError, SourceError
    from .sandbox.cluster import ClusterError
    from .sandbox.levels import SandboxUnavailable

    try:
        return options.run(options)
    except (SourceError, SandboxUnavailable) as error:  # these quote tracebacks of our own
        return fail(*str(error).split("\n"))
    except (GradeError, ClusterError) as error:
        return fail(error)
    except OSError as error:  # a full disk, a folder without rights
        return fail(f"{error.strerror}: {error.filename}" if error.filename else error)
    except KeyboardInterrupt:
        return fail("stopped", code=130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="autograder", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for verbs in (authoring, grading, returning):
        verbs.add_to(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
