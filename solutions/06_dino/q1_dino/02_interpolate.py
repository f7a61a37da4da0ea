# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 2 · Positions for another size · 3 points · 16 min · ●●●○○
# **You will be able to** feed a ViT with images of another size than the one its positions were learned for.
#
# A sequence of patches does not say where they were cut out. So a learned number is added to each of the D numbers of
# each token: the table of positions is (1, 1 + side², D). Its first row belongs to the class token, a token without a
# patch, which you will meet in the next step. The others belong to side × side patches, row by row.
#
# DINO shows the network crops of two sizes. A crop of 32 pixels has 4 × 4 patches, and the table has 8 × 8. So the
# table is *resized*, as an image with D channels: whatever the size is, positions go from one border to the other. Write
#
# 1. `taken_apart(table)` (1 point): the table (1, 1 + side², D) → the row of the class token (1, 1, D), and the
#    positions of the patches as an image (1, D, side, side).
# 2. `positions_for(of_class, grid, H, W)` (2 points): these two → a table (1, 1 + H·W, D) for H rows and W columns of
#    patches. The grid is resized by `F.interpolate`, with `mode="bicubic"` and `align_corners=False`, as in the
#    official code (without antialiasing). The class token lies nowhere in the image: its row stays as it is, and comes
#    first.
#
# *Example.* D = 1, side = 2, the table 9, 0, 1, 2, 3. The class token has 9, the grid is `[[0, 1], [2, 3]]`. For
# 2 × 2 patches the table stays as it is. For 1 × 1 it is 9, 1.5: the one patch lies in the middle of the four.
#
# The library's `interpolate_pos_encoding` may not be used, nor its `VisionTransformer`.

# %% exercise="interpolate" forbids="detrlab.dino.vision_transformer.interpolate_pos_encoding, detrlab.dino.vision_transformer.VisionTransformer, detrlab.dino.vision_transformer.VisionTransformer.prepare_tokens, detrlab.dino.vision_transformer.VisionTransformer.forward_features, detrlab.dino.vision_transformer.VisionTransformer.forward"
def taken_apart(table):
    """Table (1, 1 + side^2, D) -> the class token's row (1, 1, D), and the patches' as an image (1, D, side, side)."""
    ### BEGIN SOLUTION
    side = math.isqrt(table.shape[1] - 1)
    of_class, of_patches = table[:, :1], table[:, 1:]
    grid = of_patches.unflatten(1, (side, side)).permute(0, 3, 1, 2)
    return of_class, grid
    ### END SOLUTION


def positions_for(of_class, grid, H, W):
    """The class token's row (1, 1, D) and positions (1, D, side, side) -> a table (1, 1 + H * W, D)."""
    ### BEGIN SOLUTION
    resized = F.interpolate(grid, size=(H, W), mode="bicubic", align_corners=False)
    of_patches = resized.flatten(2).transpose(1, 2)  # (1, H * W, D)
    return torch.cat([of_class, of_patches], dim=1)
    ### END SOLUTION

# %% check="interpolate" points=3
@check(parts={"1. taken_apart": 1, "2. positions_for": 2})
def interpolate(draw):
    side, width, H, W = draw.letters("side D H W", 3, 11)
    draw.name(S=side**2)
    table = draw.normal(1, 1 + side**2, width)
    of_class, grid = draw.normal(1, 1, width).requires_grad_(), draw.normal(1, width, side, side).requires_grad_()

    def parts():
        given = taken_apart(table.clone())
        if given is ____:
            return ____
        first, image = given
        return {"class token": first, "patches": image}

    def sizes():
        asked = {"H x W": (H, W), "larger": (side + 2, side + 5), "smaller": (side - 1, side - 2)}
        return {name: told(lambda: positions_for(of_class * 1, grid * 1, *size), of_class, grid)
                for name, size in asked.items()}

    return {"1. taken_apart": attempted(parts), "2. positions_for": attempted(sizes)}


# %% [raw] hints="interpolate"
# 1. The first row goes its own way. The others are a grid of side × side, row by row; for `F.interpolate` channels come
#    before rows and columns. How many are side × side, if the table has 1 + side² rows?
# 2. `table[:, :1]` keeps the axis, `table[:, 0]` loses it. `unflatten(1, (side, side))` makes a grid of a sequence,
#    `permute` brings D forward. On the way back: `flatten(2)`, `transpose(1, 2)`, and `torch.cat` with the class token.
# 3. `table[:, 1:].unflatten(1, (side, side)).permute(0, 3, ...)`. Then `torch.cat([of_class, F.interpolate(grid,
#    size=(H, W), mode="bicubic").flatten(2)....], dim=1)`.

# %% [raw] mistake="interpolate/last_row_of_class"
# The last row was taken for the class token's. It is the first.
# ---
# - of_class, of_patches = table[:, :1], table[:, 1:]
# + of_class, of_patches = table[:, -1:], table[:, :-1]

# %% [raw] mistake="interpolate/half_for_the_side"
# The side is the root of the number of patches, not half of it: 4 patches are 2 × 2, but 9 are 3 × 3.
# ---
# - side = math.isqrt(table.shape[1] - 1)
# + side = (table.shape[1] - 1) // 2

# %% [raw] mistake="interpolate/axis_lost"
# The class token's row lost its axis: `table[:, 0]` is (1, D). `table[:, :1]` is (1, 1, D).
# ---
# - of_class, of_patches = table[:, :1], table[:, 1:]
# + of_class, of_patches = table[:, 0], table[:, 1:]

# %% [raw] mistake="interpolate/viewed_as_image"
# The positions were reshaped to (1, D, side, side) as they stand: so a "channel" holds all numbers of a few patches. In
# the table D is the last axis; make the grid first, then `permute`.
# ---
# - grid = of_patches.unflatten(1, (side, side)).permute(0, 3, 1, 2)
# + grid = of_patches.reshape(1, -1, side, side)

# %% [raw] mistake="interpolate/grid_transposed"
# Rows and columns of the grid changed places. The table has its patches row by row: (side, side, D) → (D, rows,
# columns).
# ---
# - grid = of_patches.unflatten(1, (side, side)).permute(0, 3, 1, 2)
# + grid = of_patches.unflatten(1, (side, side)).permute(0, 3, 2, 1)

# %% [raw] mistake="interpolate/channels_last"
# D still stands last, as (1, side, side, D). `F.interpolate` resizes the last two axes: bring D forward.
# ---
# - grid = of_patches.unflatten(1, (side, side)).permute(0, 3, 1, 2)
# + grid = of_patches.unflatten(1, (side, side))

# %% [raw] mistake="interpolate/columns_before_rows"
# The grid was resized to (W, H). `size` is rows, then columns: (H, W). The sequence has the same length, so nothing
# complains; but the tokens of the image would get positions of other places.
# ---
# - resized = F.interpolate(grid, size=(H, W), mode="bicubic", align_corners=False)
# + resized = F.interpolate(grid, size=(W, H), mode="bicubic", align_corners=False)

# %% [raw] mistake="interpolate/read_by_columns"
# The resized grid was read column by column. Patches come row by row.
# ---
# - of_patches = resized.flatten(2).transpose(1, 2)  # (1, H * W, D)
# + of_patches = resized.transpose(2, 3).flatten(2).transpose(1, 2)

# %% [raw] mistake="interpolate/sequence_resized"
# The class token's row was resized along with the others, as one sequence. It belongs to no place, and neighbours in a
# sequence are neighbours in a row only: resize the grid, and put the row in front afterwards.
# ---
# - resized = F.interpolate(grid, size=(H, W), mode="bicubic", align_corners=False)
# - of_patches = resized.flatten(2).transpose(1, 2)  # (1, H * W, D)
# - return torch.cat([of_class, of_patches], dim=1)
# + sequence = torch.cat([of_class, grid.flatten(2).transpose(1, 2)], dim=1).transpose(1, 2)
# + return F.interpolate(sequence, size=1 + H * W, mode="linear").transpose(1, 2)

# %% [raw] mistake="interpolate/no_class_token"
# The row of the class token is missing. The table has 1 + H·W rows.
# ---
# - return torch.cat([of_class, of_patches], dim=1)
# + return of_patches

# %% [raw] mistake="interpolate/class_token_last"
# The class token's row comes last. It comes first, as in the table that was given.
# ---
# - return torch.cat([of_class, of_patches], dim=1)
# + return torch.cat([of_patches, of_class], dim=1)

# %% [raw] mistake="interpolate/class_token_added"
# The class token's row was added to the positions of all patches. It is one more row, in front.
# ---
# - return torch.cat([of_class, of_patches], dim=1)
# + return torch.cat([of_class, of_class + of_patches], dim=1)

# %% [raw] mistake="interpolate/class_token_zero"
# The class token got zeros. Its position is learned as well: keep its row.
# ---
# - return torch.cat([of_class, of_patches], dim=1)
# + return torch.cat([torch.zeros_like(of_class), of_patches], dim=1)

# %% [raw] mistake="interpolate/cropped"
# The upper left part of the table was taken. A small crop shows a part of the scene, but it is an image of its own: its
# positions go from one border to the other.
# ---
# - resized = F.interpolate(grid, size=(H, W), mode="bicubic", align_corners=False)
# + rows, columns = (torch.arange(length).clamp(max=grid.shape[2] - 1) for length in (H, W))
# + resized = grid[:, :, rows][:, :, :, columns]

# %% [raw] mistake="interpolate/bilinear"
# The grid was resized bilinearly. The official code takes `mode="bicubic"`.
# ---
# - resized = F.interpolate(grid, size=(H, W), mode="bicubic", align_corners=False)
# + resized = F.interpolate(grid, size=(H, W), mode="bilinear", align_corners=False)

# %% [raw] mistake="interpolate/nearest"
# The grid was resized to the nearest cell, which is the default of `F.interpolate`. So several patches share one
# position, or some positions are lost. Give `mode="bicubic"`.
# ---
# - resized = F.interpolate(grid, size=(H, W), mode="bicubic", align_corners=False)
# + resized = F.interpolate(grid, size=(H, W))

# %% [raw] mistake="interpolate/corners_aligned"
# The centres of the outermost cells were laid over each other (`align_corners=True`). Patches are areas: the borders of
# the two grids are, which is the default.
# ---
# - resized = F.interpolate(grid, size=(H, W), mode="bicubic", align_corners=False)
# + resized = F.interpolate(grid, size=(H, W), mode="bicubic", align_corners=True)

# %% [raw] mistake="interpolate/antialiased"
# The grid was smoothed where it shrinks (`antialias=True`). The official code does not do so.
# ---
# - resized = F.interpolate(grid, size=(H, W), mode="bicubic", align_corners=False)
# + resized = F.interpolate(grid, size=(H, W), mode="bicubic", align_corners=False, antialias=True)

# %% [raw] mistake="interpolate/no_gradient"
# The positions have no gradient, so small crops could not train them. Leave out `torch.no_grad()` and `detach()`.
# ---
# - return torch.cat([of_class, of_patches], dim=1)
# + return torch.cat([of_class, of_patches], dim=1).detach()

# %% [markdown]
# **The result**: the positions that were trained for this course, for crops of 32 pixels, as they were learned for 64,
# and for an image of 96 × 160. Each map shows one of the D numbers of all patches, for the three that vary most:
# purple is above 0, orange below.

# %%
def show_positions():
    table = load_dino().pos_embed.detach()
    of_class, grid = taken_apart(table)
    channels = grid.flatten(2).std(2)[0].topk(3).indices.tolist()
    figure, axes = clear_subplots(3, 3, (8.2, 6.8))
    for column, (H, W) in zip(axes.T, ((4, 4), (SIDE // P, SIDE // P), (12, 20))):
        resized = positions_for(of_class, grid, H, W)
        same = torch.equal(resized[:, :1], table[:, :1])
        print(f"{H} × {W} patches: {resized.shape[1]} rows, the class token's unchanged: {same}")
        if H == SIDE // P:
            print(f"{H} × {W} is the learned size, all rows unchanged: {torch.allclose(resized, table, atol=1e-6)}")
        for ax, channel in zip(column, channels):
            limit = grid[0, channel].abs().max().item()
            ax.imshow(resized[0, 1:, channel].view(H, W).numpy(), cmap="PuOr", vmin=-limit, vmax=limit)
            ax.set_title(f"{H} × {W} patches, number {channel}", fontsize=9.5)
            ax.set(xticks=(), yticks=())
    return figure


attempt(show_positions, after="interpolate")

# %% [markdown]
# The same pattern at three sizes. Nothing else in the network knows the size of the image: attention and MLPs take any
# number of tokens.
