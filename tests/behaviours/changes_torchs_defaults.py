"""Default dtype, threads and grad mode, left behind for later cells."""

# ends: finished
# %%
import torch

torch.set_default_dtype(torch.float64)
torch.set_grad_enabled(False)
torch.set_num_threads(8)
