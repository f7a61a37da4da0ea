"""An exception whose text is an exception."""

# ends: finished
# %%
class Odd(Exception):
    def __str__(self):
        raise Odd


raise Odd
