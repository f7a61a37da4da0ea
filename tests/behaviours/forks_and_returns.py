"""A fork that comes back out of the cell, too."""

# ends: finished
# %%
import os

os.fork()
