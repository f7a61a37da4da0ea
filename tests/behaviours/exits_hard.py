"""os._exit(0) looks like success to who only reads exit codes."""

# ends: the notebook ended its own process \(exit code 0\)
# %%
import os

os._exit(0)
