"""Recursion without end and without Python's stop."""

# ends: the notebook's process was ended by a signal|finished|the notebook used more than|a cell used
# limits: memory_mb=300
# %%
import sys

sys.setrecursionlimit(10**9)


def deeper():
    return deeper()


deeper()
