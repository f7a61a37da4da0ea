"""Signals to the parent, to process 1, to the bystander, to all."""

# ends: finished|the notebook's process was ended by a signal \(SIGKILL\)
# %%
import os
assert os.path.isdir('/grader'), 'only ever inside the sandbox'
import signal

for pid in (os.getppid(), 1, {pid}, -1):
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
