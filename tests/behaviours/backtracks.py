"""A regular expression that backtracks for ages in C."""

# ends: a cell used more than 0.8 s of CPU time
# %%
import re

re.match(r'(a+)+$', 'a' * 60 + 'b')
