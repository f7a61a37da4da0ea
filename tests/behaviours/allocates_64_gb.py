"""A tensor larger than the machine."""

# ends: finished
# %%
import torch

torch.zeros(16 * 2**30)
