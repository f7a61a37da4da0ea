"""Writes into the gradebook."""

# ends: finished
# %%
try:
    with open('{course}/gradebook.db', 'a') as file:
        file.write('100 points')
except OSError:
    pass
