"""One thread for torch in every test: two that wait for each other on a busy machine cost far more than the work."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import matplotlib
import torch

matplotlib.use("Agg")
torch.set_num_threads(1)


def pytest_collection_modifyitems(items):
    """Browser tests last: their playwright keeps an event loop open in this thread, which kernels cannot share."""
    items.sort(key=lambda item: item.path.parent.name == "browser")
