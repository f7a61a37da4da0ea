"""An honest notebook that needs processes and shared memory."""

# ends: finished
# limits: cell_cpu_s=5
# %%
import torch
from torch.utils.data import DataLoader, TensorDataset

loader = DataLoader(TensorDataset(torch.arange(8)), batch_size=2, num_workers=2)
assert sorted(torch.cat([batch for (batch,) in loader]).tolist()) == list(range(8))
