"""Locking a stranger's notebook in: levels, their proof at start (self_test), launching and locking down."""

from .levels import UNSAFE, Level, SandboxUnavailable, found_level

__all__ = ["UNSAFE", "Level", "SandboxUnavailable", "found_level", "level", "prove"]


def level() -> Level:
    """The best level of this machine, proven by a few attacks; raises SandboxUnavailable: the reason and the cure."""
    found = found_level()
    prove(found)
    return found


def prove(level: Level) -> None:
    """Try a few attacks at `level`, once per process; raises SandboxUnavailable where one succeeds."""
    from .self_test import prove

    prove(level)
