"""input() has nobody to ask."""

# ends: finished
# %%
input('name? ')
