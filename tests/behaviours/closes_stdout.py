"""Closes the standard streams."""

# ends: finished
# %%
import os
import sys

sys.stdout.close()
os.close(1)
os.close(2)
