"""Asks for a new kernel, as frontends can."""

# ends: finished
# %%
from IPython.display import Javascript, display

display(Javascript('IPython.notebook.kernel.restart()'))
get_ipython().kernel.do_shutdown(True)
