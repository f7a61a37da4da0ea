"""Standard output without end."""

# ends: a cell used more than 0.8 s of CPU time
# %%
while True:
    print('x' * 1000)
