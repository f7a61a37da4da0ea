# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 1 · From pixels to tokens · 2 points · 6 min · ●●○○○
# **You will be able to** predict how many tokens a picture becomes.
#
# A ResNet-50 halves height and width five times: in `conv1`, in `maxpool`, and at the start of `layer2`, `layer3` and
# `layer4`. Each of these is a convolution or pooling with stride 2 whose padding $p$ and kernel $k$ satisfy $k = 2p + 1$.
# Such a layer turns $n$ rows into
#
# $$\left\lfloor \frac{n + 2p - k}{2} \right\rfloor + 1 = \left\lfloor \frac{n - 1}{2} \right\rfloor + 1$$
#
# rows, and columns likewise. Try it on paper with $n = 6$ and with $n = 7$: what happens to an odd size?
#
# *Example.* Three halvings of a picture 52 pixels high and 75 wide: $52 \to 26 \to 13 \to 7$ rows,
# $75 \to 38 \to 19 \to 10$ columns. That makes $S = 7 \cdot 10 = 70$ tokens.
#
# Write `token_grid`. It returns the pair (rows, columns), as whole numbers, for any picture and any number of halvings.
# If stuck: `hint("grid")`.

# %% exercise="grid"
def token_grid(height, width, halvings=5):
    """Rows H and columns W of the feature map of a picture of height x width pixels.

    halvings: how often the backbone halves the size: 5 in a ResNet-50, 4 in its dilated form "DC5",
    3 in the backbone of the shapes model. Returns (H, W), whole numbers.
    """
    ### BEGIN SOLUTION
    for _ in range(halvings):
        height, width = (height + 1) // 2, (width + 1) // 2
    return height, width
    ### END SOLUTION

# %% check="grid" points=2
@check
def grid(draw):
    halvings = draw.integer(3, 5)
    stride = 2**halvings
    few, many = draw.integer(1, stride // 2 - 1), draw.integer(stride // 2 + 1, stride - 1)
    rows, columns = draw.integer(5, 19) * stride, draw.integer(20, 40) * stride
    sizes = [(rows + few, columns + many), (columns + many, rows), (rows + many, columns + few)]
    return {f"{height} x {width}, {halvings} halvings":
            [float(n) for n in token_grid(height, width, halvings)] for height, width in sizes}

# %% [raw] hints="grid"
# 1. A half row cannot be left over. Work out the formula for an even and for an odd n: does the layer drop the half
#    or keep it?
# 2. Every halving rounds up. Do that `halvings` times for the height and for the width, in that order.
# 3. In a loop over `range(halvings)`, replace each size n by (n + 1) // 2; then return the height's result first.

# %% [raw] mistake="grid/floored"
# The sizes were rounded down. The stages keep the last, half-filled cell, because their padding covers it: halving 13
# gives 7, so round up at every halving.
# ---
# def token_grid(height, width, halvings=5):
#     return height // 2**halvings, width // 2**halvings

# %% [raw] mistake="grid/swapped"
# The two numbers are right but in the order (columns, rows). Feature maps are (B, C, H, W), rows first: return the
# height's number before the width's.
# ---
# def token_grid(height, width, halvings=5):
#     return -(-width // 2**halvings), -(-height // 2**halvings)

# %% [raw] mistake="grid/nearest"
# The sizes were rounded to the nearest whole number. A padded stage with stride 2 never rounds down, however little is
# left over: round up.
# ---
# def token_grid(height, width, halvings=5):
#     return round(height / 2**halvings), round(width / 2**halvings)

# %% [raw] mistake="grid/always_one_more"
# One was added although the size divides exactly: 64 pixels halved five times are 2 cells, not 3. Add a cell only where
# something is left over.
# ---
# def token_grid(height, width, halvings=5):
#     return height // 2**halvings + 1, width // 2**halvings + 1

# %% [raw] mistake="grid/one_halving_short"
# The result is still one halving too large. In a ResNet-50 both conv1 and maxpool halve, and layer1 does not: count
# exactly `halvings` of them.
# ---
# def token_grid(height, width, halvings=5):
#     for _ in range(halvings - 1):
#         height, width = (height + 1) // 2, (width + 1) // 2
#     return height, width

# %% [markdown]
# The scene from above, with the cells that become its tokens. The shapes model first resizes the picture to 128 × 128,
# then its backbone halves it three times. Everything the transformer will ever know about the picture is one vector per
# cell.

# %%
def show_tokens():
    width, height = resized_size(scene.picture.size, *model.input_size)
    H, W = map(int, token_grid(height, width, halvings=3))
    figure, axes = plt.subplots(figsize=(4.2, 4.4), layout="constrained")
    axes.imshow(scene.picture)
    axes.set_xticks(np.linspace(0, scene.picture.width, W + 1), [])
    axes.set_yticks(np.linspace(0, scene.picture.height, H + 1), [])
    axes.grid(color="white", linewidth=0.8)
    axes.tick_params(length=0)
    axes.set_title(f"{H} x {W} cells = {H * W} tokens")
    plt.show()


attempt(show_tokens)
