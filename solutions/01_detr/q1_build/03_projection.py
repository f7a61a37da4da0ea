# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 3 · 2048 channels to D · 1 point · 5 min · ●○○○○
# **Goal:** change the number of channels of a map without mixing its cells.
#
# The vector of *each cell*, of length 2048, is multiplied by the same matrix, and a bias is added; the result has
# length $D = 256$. No cell sees its neighbours.
#
# *Example.* From 2 channels to 1 with weights $(3, -1)$ and bias $10$: a cell $(4, 5)$ becomes
# $3 \cdot 4 - 1 \cdot 5 + 10 = 17$.
#
# Return one convolution, with a bias, that does this.

# %% exercise="projection"
def make_projection(channels, hidden_dim):
    """The convolution (B, channels, H, W) -> (B, hidden_dim, H, W) that sees one cell at a time."""
    return nn.Conv2d(channels, hidden_dim, kernel_size=1)  # ____

# %% check="projection" points=1
@check
def projection(draw):
    channels, hidden_dim, H, W = draw.sizes(4, 3, 13)
    draw.name(D=hidden_dim, H=H, W=W)
    conv = draw.fill(make_projection(channels, hidden_dim))
    with torch.no_grad():
        for name, parameter in conv.named_parameters():
            if "bias" in name:  # whether there is one is seen from the shapes
                parameter.zero_()
    x = draw.normal(2, channels, H, W)

    def result():
        return conv(x)  # students read this line where it raises

    return {"parameters": shapes_of(conv), "result without bias": attempted(result)}

# %% [raw] hints="projection"
# 1. How large may the kernel be if a cell must not see its neighbours?
# 2. nn.Conv2d takes the channels that come in, the channels that go out, and the kernel's size. A bias is its default.
# 3. nn.Conv2d(…, …, kernel_size=1): which of the two numbers of channels comes in?

# %% [raw] mistake="projection/swapped"
# The two numbers of channels are swapped: this layer expects hidden_dim channels and gives `channels`. What comes in
# stands first.
# ---
# - return nn.Conv2d(channels, hidden_dim, kernel_size=1)
# + return nn.Conv2d(hidden_dim, channels, kernel_size=1)

# %% [raw] mistake="projection/three_by_three"
# A 3 × 3 kernel without padding mixes neighbouring cells and cuts off the map's border, so the number of tokens changes.
# Here every cell is treated by itself.
# ---
# - return nn.Conv2d(channels, hidden_dim, kernel_size=1)
# + return nn.Conv2d(channels, hidden_dim, kernel_size=3)

# %% [raw] mistake="projection/three_padded"
# The map keeps its size, but a 3 × 3 kernel mixes each cell with its eight neighbours and has nine times the weights.
# Mixing places is the transformer's work: use a kernel that covers a single cell.
# ---
# - return nn.Conv2d(channels, hidden_dim, kernel_size=1)
# + return nn.Conv2d(channels, hidden_dim, kernel_size=3, padding=1)

# %% [raw] mistake="projection/no_bias"
# The bias is missing. In a ResNet the batch norm after each convolution brings one, which is why those go without;
# nothing of the kind follows here, and the trained weights have a conv.bias to load.
# ---
# - return nn.Conv2d(channels, hidden_dim, kernel_size=1)
# + return nn.Conv2d(channels, hidden_dim, kernel_size=1, bias=False)

# %% [raw] mistake="projection/linear"
# nn.Linear computes the right thing, but on the last axis, and a map has its channels on axis 1. Use the convolution
# that does the same for every cell; the trained weights have its four axes.
# ---
# - return nn.Conv2d(channels, hidden_dim, kernel_size=1)
# + return nn.Linear(channels, hidden_dim)

# %% [raw] mistake="projection/stride"
# A stride of 2 leaves out three of four cells, so the transformer would see a quarter of the tokens. Only the channels
# change here: leave the stride at 1.
# ---
# - return nn.Conv2d(channels, hidden_dim, kernel_size=1)
# + return nn.Conv2d(channels, hidden_dim, kernel_size=1, stride=2)

# %% [raw] mistake="projection/one_dimension"
# nn.Conv1d is for sequences. A feature map has two axes of space, H and W: use the convolution for two.
# ---
# - return nn.Conv2d(channels, hidden_dim, kernel_size=1)
# + return nn.Conv1d(channels, hidden_dim, kernel_size=1)

# %% [raw] mistake="projection/padded"
# Padding adds a rim of cells that are no part of the image, so the map grows. A 1 × 1 kernel needs none.
# ---
# - return nn.Conv2d(channels, hidden_dim, kernel_size=1)
# + return nn.Conv2d(channels, hidden_dim, kernel_size=1, padding=1)

# %% [raw] mistake="projection/fixed_numbers"
# 2048 and 256 are the sizes of the official model. The function is told which sizes to take: use its arguments.
# ---
# - return nn.Conv2d(channels, hidden_dim, kernel_size=1)
# + return nn.Conv2d(2048, 256, kernel_size=1)

# %% [raw] mistake="projection/relu_added"
# A relu follows the convolution, in an nn.Sequential. It cuts off all negative numbers, and the parameters get other
# names: return the bare convolution.
# ---
# - return nn.Conv2d(channels, hidden_dim, kernel_size=1)
# + return nn.Sequential(nn.Conv2d(channels, hidden_dim, kernel_size=1), nn.ReLU())

# %% [raw] mistake="projection/sequential"
# The convolution lies in an nn.Sequential, so its parameters are called 0.weight and 0.bias, and trained weights called
# conv.weight and conv.bias would not load: return the bare convolution.
# ---
# - return nn.Conv2d(channels, hidden_dim, kernel_size=1)
# + return nn.Sequential(nn.Conv2d(channels, hidden_dim, kernel_size=1))

# %% [raw] mistake="projection/no_kernel"
# nn.Conv2d must be told the size of its kernel. Which size sees a single cell?
# ---
# - return nn.Conv2d(channels, hidden_dim, kernel_size=1)
# + return nn.Conv2d(channels, hidden_dim)
