"""One thread for torch in every test: two that wait for each other on a busy machine cost far more than the work."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import matplotlib
import torch

matplotlib.use("Agg")
torch.set_num_threads(1)
