"""Reads address 0."""

# ends: the notebook's process was ended by a signal \(SIGSEGV\)
# %%
import ctypes

ctypes.string_at(0)
