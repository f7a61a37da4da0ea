"""A file larger than its folder."""

# ends: finished
# %%
import os

with open('big', 'wb') as file:
    for _ in range(10_000):
        file.write(bytes(2**20))
