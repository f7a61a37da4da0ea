"""Breaks IPython's own machinery."""

# ends: finished
# %%
shell = get_ipython()
shell.showtraceback = None
shell.run_code = None
shell.display_pub.publish = None
1 / 0
