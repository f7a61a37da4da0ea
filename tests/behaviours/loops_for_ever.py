"""An infinite loop."""

# ends: a cell used more than 0.8 s of CPU time
# %%
while True:
    pass
