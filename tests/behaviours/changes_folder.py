"""chdir, for all later cells."""

# ends: finished
# %%
import os

os.chdir('/')
