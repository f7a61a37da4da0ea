# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 14 · The mask on the feature map · 2 points · 10 min · ●●○○○
# **You will be able to** tell the transformer which tokens are padding.
#
# The mask knows pixels, the transformer tokens. `token_mask` brings the mask (B, H, W) to the size (h, w) of the feature map
# and flattens it in the order of the tokens of the first assignment, row by row: (B, S), S = h·w, bool, True on padding.
#
# The authors' code takes the *nearest* pixel: cell i of h takes pixel ⌊i · H / h⌋, its first one, and nothing is averaged. That
# is what `F.interpolate` does with its default mode; it wants numbers and an axis for channels. Averaging would make
# fractions at the border, and as a bool every fraction is True.
#
# *Example.* A mask with a row of 5 pixels, `F F F F T`, for 3 cells. They take pixels 0, ⌊5 / 3⌋ = 1 and ⌊10 / 3⌋ = 3, so the
# row becomes `F F F`: the last cell counts as image, though it reaches into the padding. Bilinear weights would make 0.67 of it,
# and as a bool that is True.

# %% exercise="mask_to_tokens"
def token_mask(mask, h, w):
    """The mask (B, H, W), True on padding, for the tokens of a map of h x w cells: (B, h * w), bool."""
    ### BEGIN SOLUTION
    resized = F.interpolate(mask[:, None].float(), size=(h, w))  # (B, 1, h, w)
    return resized.bool().flatten(1)
    ### END SOLUTION

# %% check="mask_to_tokens" points=2
@check
def mask_to_tokens(draw):
    h, w = draw.letters("h w", 3, 7)
    H = draw.choice([side for side in (29, 31, 37, 41, 43, 47) if side % h > 1])
    W = draw.choice([side for side in (29, 31, 37, 41, 43, 47) if side % w > 1 and side != H])
    draw.name(H=H, W=W, S=h * w)
    masks = torch.ones(8, H, W, dtype=torch.bool)
    for i, (y, x) in enumerate([(y, W) for y in ends(H, h)] + [(H, x) for x in ends(W, w)]):
        masks[i, : y - draw.integer(0, 1) * (y == H), : x - draw.integer(0, 1) * (x == W)] = False
    return token_mask(masks[draw.permutation(8)], h, w)


def ends(pixels, cells):
    """Where an image may end: behind a cell's first pixel, at its middle, before its last; and before a late cell's first."""
    middles = [(cell + 0.5) * pixels / cells - 0.5 for cell in range(cells)]
    between = [int(middle) + 1 for middle in middles if 0 < middle % 1 < 0.5]
    return [pixels // cells + 1, between[-1], 2 * pixels // cells - 1, (cells - 1) * pixels // cells]

# %% [raw] hints="mask_to_tokens"
# 1. Two steps: the size of the map, then one row of tokens for each image. The mask is still True or False after both.
# 2. F.interpolate takes (B, C, H, W) of numbers and size=(h, w); [:, None] makes the axis for channels, .float() the numbers,
#    .bool() brings them back.
# 3. F.interpolate(mask[:, None].float(), size=(…, …)), then .bool() and .flatten(1).

# %% [raw] mistake="mask_to_tokens/bilinear"
# The mask was resized bilinearly. At the border that gives fractions, and .bool() makes True of each: tokens that count as image
# are masked. Take the nearest pixel.
# ---
# - resized = F.interpolate(mask[:, None].float(), size=(h, w))  # (B, 1, h, w)
# + resized = F.interpolate(mask[:, None].float(), size=(h, w), mode="bilinear")

# %% [raw] mistake="mask_to_tokens/nearest_exact"
# Each cell took the pixel in its middle (mode "nearest-exact"). The authors' code, and the trained weights, have mode "nearest":
# the cell's first pixel.
# ---
# - resized = F.interpolate(mask[:, None].float(), size=(h, w))  # (B, 1, h, w)
# + resized = F.interpolate(mask[:, None].float(), size=(h, w), mode="nearest-exact")

# %% [raw] mistake="mask_to_tokens/stride"
# The cells took pixels in equal steps of ⌊H / h⌋ (or ⌊W / w⌋): rounded first, multiplied then. Cell i of h takes pixel
# ⌊i · H / h⌋, which may lie further on.
# ---
# - resized = F.interpolate(mask[:, None].float(), size=(h, w))  # (B, 1, h, w)
# - return resized.bool().flatten(1)
# + H, W = mask.shape[1:]
# + return mask[:, :: H // h, :: W // w][:, :h, :w].flatten(1)

# %% [raw] mistake="mask_to_tokens/any_padding"
# A cell is masked here as soon as one of its pixels is padding. In DETR it is masked when its first pixel is.
# ---
# - resized = F.interpolate(mask[:, None].float(), size=(h, w))  # (B, 1, h, w)
# + resized = F.adaptive_max_pool2d(mask[:, None].float(), (h, w))

# %% [raw] mistake="mask_to_tokens/columns_first"
# The map was flattened column by column. Tokens come row by row, so the mask would leave out other places.
# ---
# - return resized.bool().flatten(1)
# + return resized.bool().transpose(2, 3).flatten(1)

# %% [raw] mistake="mask_to_tokens/sides_swapped"
# h and w changed places in size=. There are as many tokens as before, so nothing breaks, but they are other places.
# ---
# - resized = F.interpolate(mask[:, None].float(), size=(h, w))  # (B, 1, h, w)
# + resized = F.interpolate(mask[:, None].float(), size=(w, h))

# %% [raw] mistake="mask_to_tokens/inverted"
# The mask is True on the image. True means padding, before and after.
# ---
# - return resized.bool().flatten(1)
# + return ~resized.bool().flatten(1)

# %% [raw] mistake="mask_to_tokens/numbers"
# The mask holds numbers. A mask of numbers would be added to the attention's scores: make it bool again.
# ---
# - return resized.bool().flatten(1)
# + return resized.flatten(1)

# %% [raw] mistake="mask_to_tokens/a_map"
# The mask is still a map. Tokens have one axis: flatten rows and columns.
# ---
# - return resized.bool().flatten(1)
# + return resized.bool()[:, 0]

# %% [raw] mistake="mask_to_tokens/channel_axis_left"
# The axis for channels is still there: (B, 1, S). Flatten from it on, or take it out.
# ---
# - return resized.bool().flatten(1)
# + return resized.bool().flatten(2)

# %% [raw] mistake="mask_to_tokens/tokens_first"
# The tokens stand on the first axis. The batch comes first: (B, S).
# ---
# - return resized.bool().flatten(1)
# + return resized.bool().flatten(1).T

# %% [raw] mistake="mask_to_tokens/bool_resized"
# F.interpolate does not take a bool tensor. Make numbers of it first, and bool of the result.
# ---
# - resized = F.interpolate(mask[:, None].float(), size=(h, w))  # (B, 1, h, w)
# + resized = F.interpolate(mask[:, None], size=(h, w))

# %% [markdown]
# The example, in three modes; then a batch of two images as the official backbone (stride 32) sees it.

# %%
def show_token_mask():
    row = torch.tensor([[[False] * 4 + [True]]])
    print("nearest      ", token_mask(row, 1, 3)[0].tolist())
    for mode in ("nearest-exact", "bilinear"):
        numbers = F.interpolate(row[:, None].float(), size=(1, 3), mode=mode).flatten().tolist()
        rounded = [round(number, 2) for number in numbers]
        print(f"{mode:<13}", [bool(number) for number in numbers], "from", rounded)
    mask = torch.ones(2, 800, 1066, dtype=torch.bool)
    mask[0, :800, :600], mask[1, :480, :1066] = False, False
    tokens = token_mask(mask, 25, 34)
    for image in (0, 1):
        print(f"image {image}: {int((~tokens[image]).sum())} of {tokens.shape[1]} tokens show the image")


attempt(show_token_mask, after="mask_to_tokens")
