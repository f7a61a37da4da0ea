"""kill -9 of its own process."""

# ends: the notebook's process was ended by a signal \(SIGKILL\)
# %%
import os
import signal

os.kill(os.getpid(), signal.SIGKILL)
