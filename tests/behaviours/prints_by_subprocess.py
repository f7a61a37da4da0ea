"""A subprocess that prints without end, past Python."""

# ends: a cell used more than 0.8 s of CPU time|a cell ran for more than
# %%
import subprocess

subprocess.run(['yes'])
