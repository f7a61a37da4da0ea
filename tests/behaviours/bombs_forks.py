"""A fork bomb."""

# ends: finished|a cell used more than 0.8 s of CPU time|a cell ran for more than|the notebook used more than
# %%
import os
assert os.path.isdir('/grader'), 'only ever inside the sandbox'
while True:
    try:
        os.fork()
    except OSError:
        pass
