"""Locking a stranger's notebook in: levels, their proof at start (self_test), launching and locking down."""

from .levels import UNSAFE, Level, SandboxUnavailable

__all__ = ["UNSAFE", "Level", "SandboxUnavailable", "level"]


def level() -> Level:
    """The best level of this machine, proven by a few attacks; raises SandboxUnavailable: the reason and the cure."""
    from .self_test import proven_level

    return proven_level()
