"""Empties sys.modules."""

# ends: finished|the notebook ended its own process|the notebook's process was ended by a signal
# %%
import sys

sys.modules.clear()
