"""A BaseException of its own."""

# ends: finished
# %%
class Odd(BaseException):
    pass


raise Odd
