# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 1 · From pixels to tokens · 2 points · 6 min · ●●○○○
# **Goal:** predict how many tokens an image becomes.
#
# A ResNet-50 halves height and width five times: in `conv1`, in `maxpool`, and at the start of `layer2`, `layer3` and
# `layer4`. Each of these has stride 2, and a kernel $k$ and padding $p$ with $k = 2p + 1$. It turns $n$ rows into
#
# $$\left\lfloor \frac{n + 2p - k}{2} \right\rfloor + 1 = \left\lfloor \frac{n - 1}{2} \right\rfloor + 1$$
#
# rows, and columns likewise.
#
# *Example.* Three halvings of an image 52 pixels high and 75 wide: $52 \to 26 \to 13 \to 7$ rows,
# $75 \to 38 \to 19 \to 10$ columns, so $S = 7 \cdot 10 = 70$ tokens.

# %% exercise="grid"
def token_grid(height, width, halvings=5):
    """Rows H and columns W of the feature map of an image of height x width pixels.

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
    grids = {}
    for halvings in (3, 4, 5):
        stride = 2**halvings
        few, many = draw.integer(1, stride // 2 - 1), draw.integer(stride // 2 + 1, stride - 1)
        rows, columns = draw.integer(5, 19) * stride, draw.integer(20, 40) * stride
        for height, width in ((rows + few, columns + many), (columns + many, rows), (rows + many, columns + few)):
            H, W = token_grid(height, width, halvings)
            grids[f"{height} x {width}, {halvings} halvings"] = [float(H), float(W)]
    return grids

# %% [raw] hints="grid"
# 1. Work out the formula for an even and for an odd n. Is a half row dropped or kept?
# 2. Every halving rounds up. Repeat that for the height and for the width.
# 3. In a loop over `range(halvings)` each size n becomes (n + …) // 2; return the height's result first.

# %% [raw] mistake="grid/floored"
# The sizes were rounded down. The layers keep the last, half-filled cell, because their padding covers it: 13 becomes 7,
# so round up at every halving.
# ---
# - for _ in range(halvings):
# - height, width = (height + 1) // 2, (width + 1) // 2
# - return height, width
# + return height // 2**halvings, width // 2**halvings

# %% [raw] mistake="grid/floored_and_swapped"
# The two numbers are in the order (columns, rows), and both were rounded down. Return the height's first, and round up at
# every halving.
# ---
# - for _ in range(halvings):
# - height, width = (height + 1) // 2, (width + 1) // 2
# - return height, width
# + return width // 2**halvings, height // 2**halvings

# %% [raw] mistake="grid/swapped"
# The two numbers are right but in the order (columns, rows). Feature maps are (B, C, H, W), rows first.
# ---
# - return height, width
# + return width, height

# %% [raw] mistake="grid/nearest"
# The sizes were rounded to the nearest whole number. A padded layer with stride 2 never rounds down, however little is
# left over: round up.
# ---
# - for _ in range(halvings):
# - height, width = (height + 1) // 2, (width + 1) // 2
# - return height, width
# + return round(height / 2**halvings), round(width / 2**halvings)

# %% [raw] mistake="grid/always_one_more"
# One was added although the size divides exactly: 64 pixels halved five times are 2 cells, not 3. Add a cell only where
# something is left over.
# ---
# - for _ in range(halvings):
# - height, width = (height + 1) // 2, (width + 1) // 2
# - return height, width
# + return height // 2**halvings + 1, width // 2**halvings + 1

# %% [raw] mistake="grid/one_halving_short"
# The result is one halving too large. In a ResNet-50 both conv1 and maxpool halve, and layer1 does not: halve exactly
# `halvings` times.
# ---
# - for _ in range(halvings):
# + for _ in range(halvings - 1):

# %% [raw] mistake="grid/one_halving"
# Only one halving was done, however large `halvings` is: `return` stands inside the loop, or each turn begins with the
# image's size again. Let each turn halve the result of the one before, and return after the loop.
# ---
# - for _ in range(halvings):
# + for _ in range(1):

# %% [raw] mistake="grid/no_floor"
# The formula's floor is missing, so the sizes have fractions. Each halving ends in a whole number: `//` divides and
# rounds down.
# ---
# - height, width = (height + 1) // 2, (width + 1) // 2
# + height, width = (height - 1) / 2 + 1, (width - 1) / 2 + 1

# %% [raw] mistake="grid/always_32"
# The sizes were divided by 32, whatever `halvings` is. 32 is the stride of five halvings; the function is told how many.
# ---
# - for _ in range(halvings):
# + for _ in range(5):

# %% [raw] mistake="grid/times_for_power"
# The sizes were divided by 2 times `halvings`. Halving repeatedly multiplies the divisor: it is 2 to the power of
# `halvings`.
# ---
# - for _ in range(halvings):
# - height, width = (height + 1) // 2, (width + 1) // 2
# - return height, width
# + return -(-height // (2 * halvings)), -(-width // (2 * halvings))

# %% [raw] mistake="grid/product"
# One number came back, the number of tokens perhaps. Return two, (H, W): their product no longer says which is which.
# ---
# - return height, width
# + return height * width

# %% [raw] mistake="grid/not_rounded"
# The sizes have fractions. Half a row cannot be left over: each halving rounds up to a whole number.
# ---
# - for _ in range(halvings):
# - height, width = (height + 1) // 2, (width + 1) // 2
# - return height, width
# + return height / 2**halvings, width / 2**halvings

# %% [raw] mistake="grid/result_to_the_power"
# One halving's result was raised to the power of `halvings`. It is the halving that has to be repeated.
# ---
# - for _ in range(halvings):
# - height, width = (height + 1) // 2, (width + 1) // 2
# - return height, width
# + return ((height + 1) // 2) ** halvings, ((width + 1) // 2) ** halvings

# %% [raw] mistake="grid/no_plus_one"
# The `+ 1` behind the formula's bracket is missing, so every halving gives one cell too few.
# ---
# - height, width = (height + 1) // 2, (width + 1) // 2
# + height, width = (height - 1) // 2, (width - 1) // 2

# %% [raw] mistake="grid/width_from_height"
# The columns were computed from the height that was just halved: the width comes from the width.
# ---
# - height, width = (height + 1) // 2, (width + 1) // 2
# + height = (height + 1) // 2
# + width = (height + 1) // 2

# %% [markdown]
# The cells of the scene above. The shapes model resizes the image to 128 × 128 and halves it three times.

# %%
def show_tokens():
    width, height = resized_size(scene.picture.size, *model.input_size)
    H, W = map(int, token_grid(height, width, halvings=3))
    figure = clear_figure((4.2, 4.4))
    axes = figure.subplots()
    axes.imshow(scene.picture)
    axes.set_xticks(np.linspace(0, scene.picture.width, W + 1), [])
    axes.set_yticks(np.linspace(0, scene.picture.height, H + 1), [])
    axes.grid(color="white", linewidth=0.8)
    axes.tick_params(length=0)
    axes.set_title(f"{width} x {height} pixels: {H} x {W} cells = {H * W} tokens", color=GREY)
    return figure


attempt(show_tokens, after="grid")
