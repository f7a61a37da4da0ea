"""A signal to one process of the machine."""

# ends: finished
# %%
import os
import signal

try:
    os.kill({pid}, signal.SIGTERM)
except OSError:
    pass
