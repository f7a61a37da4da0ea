"""One call in C that never lets go of the interpreter's lock."""

# ends: a cell used more than 0.8 s of CPU time
# %%
sum(range(10**13))
