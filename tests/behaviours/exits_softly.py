"""sys.exit(0)."""

# ends: finished
# %%
import sys

sys.exit(0)
