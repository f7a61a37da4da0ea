"""NaN, infinities, lone surrogates and raw bytes in outputs."""

# ends: finished
# %%
from IPython.display import display

print('\ud800\x00\x1b[2J', b'\xff', float('nan'))
display({'text/plain': '\udfff', 'x': float('inf')}, raw=True)
