"""200 MB of output in one go."""

# ends: finished
# limits: cell_cpu_s=6
# %%
print('x' * 200_000_000)
