"""Recursion in C."""

# ends: the notebook's process was ended by a signal \(SIG(SEGV|ABRT)\)|finished|a cell used more than 0.8 s of CPU time
# limits: cell_cpu_s=6
# %%
import sys

sys.setrecursionlimit(10**9)


def deeper(*values):
    return max([1], key=deeper)


deeper()
