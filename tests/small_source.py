"""A small notebook source that tests of the build bend in one place each."""

SMALL = '''# %% [markdown]
# # A small notebook

# %% setup
import torch
from coursework import open_notebook
____, check, hint = open_notebook("small")

# %% exercise="corners"
def corner(boxes_cxcywh):
    """The corner (x0, y0)."""
    ### BEGIN SOLUTION
    return boxes_cxcywh[..., :2] - boxes_cxcywh[..., 2:] / 2
    ### END SOLUTION

# %% check="corners" points=3
@check
def corners(draw):
    return corner(draw.boxes_cxcywh(5))

# %% [raw] hints="corners"
# 1. Where is the centre?
# 2. Half of the size
#    lies on each side.
# 3. Subtract size / 2.

# %% [raw] mistake="corners/half_width"
# The whole size was subtracted:
# halve it.
# ---
# def corner(boxes_cxcywh):
#     return boxes_cxcywh[..., :2] - boxes_cxcywh[..., 2:]

# %% [raw] mistake="corners/centre"
# This is the centre.
# ---
# def corner(boxes_cxcywh):
#     return boxes_cxcywh[..., :2]

# %% [markdown] written="why" points=2
# Because boxes are given by their centre.
'''


REGISTERED = """\
title = "A small assignment"
order = 7
released = true
packages = ["torch"]
kept = ["my_picture.*"]
"""
OPENS = "# %%\n# %run -i 00_open.py\n\n"


def write(folder, text=SMALL, name="small"):
    """The source as a notebook of an assignment, a folder of two steps; returns its path."""
    path = folder / "solutions" / "00_small" / name
    path.mkdir(parents=True, exist_ok=True)
    opening, mark, step = text.partition("# %% exercise=")
    (path / "00_open.py").write_text(opening, encoding="utf-8")
    (path / "01_step.py").write_text(f"{OPENS}{mark}{step}", encoding="utf-8")
    (path.parent / "assignment.toml").write_text(REGISTERED, encoding="utf-8")
    return path
