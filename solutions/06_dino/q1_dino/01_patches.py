# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 1 · Patches · 3 points · 16 min · ●●○○○
# **You will be able to** turn an image into tokens, and say why a convolution does the same.
#
# A transformer reads a sequence of tokens. DETR gets them from a backbone. A ViT (Dosovitskiy et al. 2020,
# arXiv:2010.11929) has none: it cuts the image into squares of P × P pixels, and one matrix turns the numbers of each
# square into D numbers. Write
#
# 1. `cut(images, P)` (2 points): images (B, C, H·P, W·P) → patches (B, H·W, C·P·P). Patches come row by row: first
#    those of the uppermost row of patches, from left to right. The numbers of a patch come channel by channel, and
#    within a channel row by row of pixels.
# 2. `embed(patches, weight, bias)` (1 point): patches (B, S, C·P·P) → tokens (B, S, D). The weight is that of a
#    convolution whose kernel is one patch: (D, C, P, P). The bias is (D,). A patch meets every kernel once: number by
#    number they are multiplied, and the products added up.
#
# *Example.* One channel, P = 2, an image of two rows: `1 2 3 4` and `5 6 7 8`. The patches are `[1, 2, 5, 6]` and
# `[3, 4, 7, 8]`. `images.reshape(1, 2, 4)` has the same shape and gives `[1, 2, 3, 4]` and `[5, 6, 7, 8]`: rows of the
# image, no squares. With the kernel `[[1, 0], [0, 1]]` and the bias 10 the two patches become the tokens
# 10 + 1 + 6 = 17 and 10 + 3 + 8 = 21.
#
# `F.unfold` and `F.pixel_unshuffle` cut an image in one call. Here they may not be used, nor their modules and kernels,
# nor the library's `PatchEmbed`.

# %% exercise="patches" forbids="detrlab.dino.vision_transformer.PatchEmbed, detrlab.dino.vision_transformer.PatchEmbed.forward, torch.nn.functional.unfold, torch.nn.Unfold, torch.nn.functional.pixel_unshuffle, torch.nn.PixelUnshuffle, torch.ops.aten.im2col, torch.ops.aten.pixel_unshuffle"
def cut(images, P):
    """Images (B, C, H * P, W * P) -> patches (B, H * W, C * P * P), row by row."""
    ### BEGIN SOLUTION
    B, C, height, width = images.shape
    H, W = height // P, width // P
    x = images.reshape(B, C, H, P, W, P)
    x = x.permute(0, 2, 4, 1, 3, 5)  # (B, H, W, C, P, P)
    return x.reshape(B, H * W, C * P * P)
    ### END SOLUTION


def embed(patches, weight, bias):
    """Patches (B, S, C * P * P) -> tokens (B, S, D). weight: (D, C, P, P); bias: (D,)."""
    ### BEGIN SOLUTION
    matrix = weight.flatten(1)  # (D, C * P * P)
    return patches @ matrix.T + bias
    ### END SOLUTION

# %% check="patches" points=3
@check(parts={"1. cut": 2, "2. embed": 1})
def patches(draw):
    (B, C, side), (H, W) = draw.letters("B C P", 2, 5), draw.letters("H W", 3, 7)
    S, width = draw.letters("S D", 7, 13)
    images = draw.normal(B, C, H * side, W * side).requires_grad_()
    given, weight = draw.normal(B, S, C * side**2).requires_grad_(), draw.normal(width, C, side, side).requires_grad_()
    bias = (5 * draw.normal(width)).requires_grad_()
    return {"1. cut": told(lambda: cut(images * 1, side), images),
            "2. embed": told(lambda: embed(given * 1, weight * 1, bias * 1), given, weight, bias)}


# %% [raw] hints="patches"
# 1. A side of H·P pixels is H steps of P pixels. First give each of the two its own axis, then bring together what
#    belongs to one patch.
# 2. `reshape` splits an axis, `permute` reorders axes, and a second `reshape` joins those that stand side by side. In
#    `embed` each kernel, written as one row, is one row of a matrix: `weight.flatten(1)`.
# 3. `images.reshape(B, C, H, P, W, P).permute(0, 2, 4, ...)` is (B, H, W, C, P, P); then
#    `.reshape(B, H * W, ...)`. And `patches @ weight.flatten(1).T + ...`.

# %% [raw] mistake="patches/only_reshaped"
# The image was only reshaped. The numbers stay in the order of the image's rows then, and no row of the result is a
# square: split both sides and `permute` first.
# ---
# - x = x.permute(0, 2, 4, 1, 3, 5)  # (B, H, W, C, P, P)

# %% [raw] mistake="patches/strips_of_each_channel"
# The channels are right, but each channel was cut into strips along its rows of pixels, not into squares. Split height
# *and* width: (B, C, H, P, W, P).
# ---
# - x = images.reshape(B, C, H, P, W, P)
# - x = x.permute(0, 2, 4, 1, 3, 5)  # (B, H, W, C, P, P)
# + x = images.reshape(B, C, H * W, P * P).transpose(1, 2)

# %% [raw] mistake="patches/column_by_column"
# The patches come column by column. They come row by row: (H, W), not (W, H), stands behind B.
# ---
# - x = x.permute(0, 2, 4, 1, 3, 5)  # (B, H, W, C, P, P)
# + x = x.permute(0, 4, 2, 1, 3, 5)

# %% [raw] mistake="patches/channels_last"
# Within a patch the channels come last: the three numbers of a pixel stand side by side. The kernel of a convolution
# has its channels first, so each number would meet the weight of another one.
# ---
# - x = x.permute(0, 2, 4, 1, 3, 5)  # (B, H, W, C, P, P)
# + x = x.permute(0, 2, 4, 3, 5, 1)

# %% [raw] mistake="patches/patch_transposed"
# Rows and columns of pixels changed places within each patch. Behind the channels come first the rows of pixels, then
# the columns.
# ---
# - x = x.permute(0, 2, 4, 1, 3, 5)  # (B, H, W, C, P, P)
# + x = x.permute(0, 2, 4, 1, 5, 3)

# %% [raw] mistake="patches/every_hth_pixel"
# The side was split the other way round, as (P, H): so a "patch" has every H-th row of the image and every W-th column.
# Pixels of a patch are neighbours: split as (H, P) and (W, P).
# ---
# - x = images.reshape(B, C, H, P, W, P)
# - x = x.permute(0, 2, 4, 1, 3, 5)  # (B, H, W, C, P, P)
# + x = images.reshape(B, C, P, H, P, W)
# + x = x.permute(0, 3, 5, 1, 2, 4)

# %% [raw] mistake="patches/rows_of_pixels_apart"
# The axes were joined in the order rows of patches, rows of pixels, columns of patches: so a row of the result mixes
# pixels of neighbouring patches. Both axes of the patches come before all axes within a patch.
# ---
# - x = x.permute(0, 2, 4, 1, 3, 5)  # (B, H, W, C, P, P)
# + x = x.permute(0, 2, 3, 4, 1, 5)

# %% [raw] mistake="patches/patches_last"
# The patches stand on the last axis. Tokens come first, and their numbers last: (B, H·W, C·P·P).
# ---
# - return x.reshape(B, H * W, C * P * P)
# + return x.reshape(B, H * W, C * P * P).transpose(1, 2)

# %% [raw] mistake="patches/not_flattened"
# The patches are still squares. Join channel, row and column of a patch into one axis.
# ---
# - return x.reshape(B, H * W, C * P * P)
# + return x.reshape(B, H * W, C, P, P)

# %% [raw] mistake="patches/grid_kept"
# The patches still stand in a grid (H, W). A transformer reads a sequence: join the two into H·W.
# ---
# - return x.reshape(B, H * W, C * P * P)
# + return x.reshape(B, H, W, C * P * P)

# %% [raw] mistake="patches/kernel_with_channels_last"
# The kernels were flattened with their channels last. Patches have theirs first, as the weight itself does:
# `weight.flatten(1)`.
# ---
# - matrix = weight.flatten(1)  # (D, C * P * P)
# + matrix = weight.permute(0, 2, 3, 1).flatten(1)

# %% [raw] mistake="patches/kernels_transposed"
# Rows and columns of the kernels changed places. Flatten them as they stand.
# ---
# - matrix = weight.flatten(1)  # (D, C * P * P)
# + matrix = weight.transpose(2, 3).flatten(1)

# %% [raw] mistake="patches/kernels_reshaped"
# The weight was reshaped to (C·P·P, D), which mixes the kernels. Flatten each kernel into a row, (D, C·P·P), then
# transpose.
# ---
# - return patches @ matrix.T + bias
# + return patches @ weight.reshape(patches.shape[2], -1) + bias

# %% [raw] mistake="patches/no_bias"
# The bias was left out.
# ---
# - return patches @ matrix.T + bias
# + return patches @ matrix.T

# %% [raw] mistake="patches/bias_subtracted"
# The bias was subtracted. It is added.
# ---
# - return patches @ matrix.T + bias
# + return patches @ matrix.T - bias

# %% [raw] mistake="patches/no_gradient"
# The tokens have no gradient, so kernels and bias could not be trained. Leave out `torch.no_grad()` and `detach()`.
# ---
# - return patches @ matrix.T + bias
# + return (patches @ matrix.T + bias).detach()

# %% [raw] mistake="patches/mean_of_products"
# The products were averaged. They are added up, as in every convolution.
# ---
# - return patches @ matrix.T + bias
# + return patches @ matrix.T / patches.shape[2] + bias

# %% [markdown]
# **The result**: a scene as tiles. In the middle your patches, laid out row by row; on the right what a plain reshape
# makes of the same image, laid out alike. And your two functions beside a convolution of stride P, with the weights of
# the network that was trained for this course.

# %%
def tiles(patches):
    """Patches (64, 3 * 8 * 8), laid out in 8 rows with gaps between them: an image (H, W, 4) with clear gaps."""
    squares = patches.view(SIDE // P, SIDE // P, 3, P, P).permute(0, 1, 3, 4, 2)  # (8, 8, P, P, 3)
    laid = torch.zeros(SIDE // P, P + 2, SIDE // P, P + 2, 4)
    laid[:, 1:-1, :, 1:-1, :3] = squares.permute(0, 2, 1, 3, 4)
    laid[:, 1:-1, :, 1:-1, 3] = 1
    return laid.flatten(2, 3).flatten(0, 1).numpy()


def show_tiles():
    images, _ = unit_images(5)
    own = cut(images, P)
    layer = load_dino().patch_embed.proj
    with torch.no_grad():
        tokens, convolved = embed(own, layer.weight, layer.bias), layer(images)
    apart = (tokens - convolved.flatten(2).transpose(1, 2)).abs().max()
    print(f"an image of {images[0].numel():,} numbers -> {own.shape[1]} patches of {own.shape[2]} -> tokens of "
          f"{tokens.shape[2]}; largest difference from the convolution {apart:.0e}")
    figure, axes = clear_subplots(1, 3, (8.4, 3.1))
    axes = axes[0]
    show(axes[0], images[4], f"{SIDE} × {SIDE} pixels")
    for ax, patches, title in ((axes[1], own[4], "your patches"),
                               (axes[2], images[4].reshape(own[4].shape), "a plain reshape")):
        ax.imshow(tiles(patches), interpolation="nearest")
        ax.set_title(title, fontsize=9.5)
        ax.set(xticks=(), yticks=())
    return figure


attempt(show_tiles, after="patches")

# %% [markdown]
# So the first layer of a ViT is written as a convolution, `nn.Conv2d(3, D, kernel_size=P, stride=P)`. Its kernels never
# overlap: what lies in two patches meets for the first time in the attention.
