# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## Maps, and tokens as colours
# What the class token looks at, head by head, in the trained network and in a random one. Each map has the scale of its
# own largest weight. Is there a head that marks the object in all four images, or one that marks the ground in all
# four? Both would tell the two apart, but the IoU of step 6 rewards only the first.

# %%
def show_heads(first=20, count=4):
    scenes = one_shape_scenes(count, "held_out", first)
    figure, axes = clear_subplots(2 * count, 7, (7.6, 8.6))
    for half, (name, vit) in enumerate((("trained", load_dino()), ("random", random_vit(0)))):
        maps = cls_attention(vit, scenes.inputs())  # (N, M, H, W)
        for i in range(count):
            row = axes[half * count + i]
            shown(row[0], scenes.pictures[i], name if i == 0 else "")
            for head in range(6):
                map_hw = maps[i, head]
                shown(row[1 + head], map_hw.numpy(), f"head {head}" if i == 0 else "", cmap="cividis", vmin=0,
                      vmax=float(map_hw.max()))
    return figure


attempt(show_heads)

# %% [markdown]
# **Patch tokens as colours.** The three directions in which the patches' outputs differ most (PCA over all images
# together) become red, green and blue. Equal colours mean similar tokens, in different images, too.

# %%
def show_pca(first=20, count=8):
    scenes = one_shape_scenes(count, "held_out", first)
    figure, axes = clear_subplots(3, count, (8.4, 3.5))
    for ax, picture in zip(axes[0], scenes.pictures):
        shown(ax, picture)
    for row, vit in zip(axes[1:], (load_dino(), random_vit(0))):
        with torch.no_grad():
            tokens = vit.forward_features(scenes.inputs())[:, 1:]  # (N, S, D)
        for ax, colours in zip(row, pca_rgb(tokens)):
            shown(ax, colours.unflatten(0, (8, 8)).numpy())
    for ax, name in zip(axes[:, 0], ("image", "trained", "random")):
        ax.set_ylabel(name, fontsize=9.5)
    return figure


attempt(show_pca)

# %% [markdown]
# The random network's tokens separate shape and ground, too: tokens of unlike colours are unlike, in any network. What
# such an image shows depends on the images at least as much as on what was learned.
#
# **All patches, layers and heads.** Move the mouse over the image for what a patch looks at; the button is the class
# token, with which it begins. Which patches look at their own colour, in which layer and head? Does the class token of
# the last layer look at the object, and is it the same head in the next image (`first=21`)?

# %%
def look_inside(first=20):
    from PIL import Image

    from detrlab import explore

    return explore(load_dino(), Image.fromarray(one_shape_scenes(1, "held_out", first).pictures[0]))


explorer = attempt(look_inside)
explorer
