"""More files than its folder has room for."""

# ends: finished|a cell used more than 0.8 s of CPU time
# limits: cell_cpu_s=3
# %%
for number in range(10**6):
    open(f'file{number}', 'w').close()
