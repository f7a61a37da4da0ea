# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 3 · 2048 channels to D · 2 points · 5 min · ●○○○○
# **You will be able to** change the number of channels of a map without mixing its cells.
#
# The map has 2048 channels, the transformer works with vectors of length $D = 256$. A convolution with a 1 × 1 kernel
# multiplies the vector of *each cell* by the same matrix and adds a bias: it is a linear layer applied to every cell,
# and no cell sees its neighbours.
#
# *Example.* From 2 channels to 1 with weights $(3, -1)$ and bias $10$: a cell with the values $(4, 5)$ becomes
# $3 \cdot 4 - 1 \cdot 5 + 10 = 17$, whatever lies around it.
#
# Return one `nn.Conv2d` that takes maps (B, channels, H, W) to (B, hidden_dim, H, W), with a bias.
# If stuck: `hint("projection")`.

# %% exercise="projection"
def make_projection(channels, hidden_dim):
    """The convolution (B, channels, H, W) -> (B, hidden_dim, H, W) that sees one cell at a time."""
    return nn.Conv2d(channels, hidden_dim, kernel_size=1)  # ____

# %% check="projection" points=2
@check
def projection(draw):
    channels, hidden_dim, H, W = draw.sizes(4, 3, 13)
    conv = draw.fill(make_projection(channels, hidden_dim))
    features = draw.normal(2, channels, H, W)
    return {"parameters": shapes_of(conv), "result": output_of(conv, features)}

# %% [raw] hints="projection"
# 1. How large may the kernel be if a cell must not see its neighbours?
# 2. nn.Conv2d takes the channels that come in, the channels that go out, and the kernel's size. A bias is its default.
# 3. nn.Conv2d(…, …, kernel_size=1), with the channels of the map first and the width of the transformer second.

# %% [raw] mistake="projection/swapped"
# The two channel numbers are swapped: this layer expects hidden_dim channels and gives `channels`. What comes in stands
# first.
# ---
# def make_projection(channels, hidden_dim):
#     return nn.Conv2d(hidden_dim, channels, kernel_size=1)

# %% [raw] mistake="projection/three_by_three"
# A 3 × 3 kernel without padding mixes neighbouring cells and eats the map's border, so the number of tokens changes.
# Here every cell is to be treated by itself.
# ---
# def make_projection(channels, hidden_dim):
#     return nn.Conv2d(channels, hidden_dim, kernel_size=3)

# %% [raw] mistake="projection/three_padded"
# The map keeps its size, but a 3 × 3 kernel mixes each cell with its eight neighbours and has nine times the weights.
# Mixing places is the transformer's work: use a kernel that covers a single cell.
# ---
# def make_projection(channels, hidden_dim):
#     return nn.Conv2d(channels, hidden_dim, kernel_size=3, padding=1)

# %% [raw] mistake="projection/no_bias"
# The bias is missing. In a ResNet the batch norm after each convolution brings one, which is why those go without;
# nothing of the kind follows here, and the trained weights have a conv.bias to load.
# ---
# def make_projection(channels, hidden_dim):
#     return nn.Conv2d(channels, hidden_dim, kernel_size=1, bias=False)

# %% [raw] mistake="projection/linear"
# nn.Linear computes the right thing, but on the last axis, and a map has its channels on axis 1. Use the convolution
# that does the same for every cell; the trained weights have its four axes.
# ---
# def make_projection(channels, hidden_dim):
#     return nn.Linear(channels, hidden_dim)
