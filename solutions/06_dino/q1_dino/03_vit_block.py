# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 3 · The block of a ViT · 3 points · 20 min · ●●●○○
# **You will be able to** write the two parts of a ViT that DETR's encoder does not have: the class token, and blocks
# that begin with a norm.
#
# *The class token.* An image is to become one vector. A ViT puts one more token in front of the patches. It is learned,
# the same for all images, and has no pixels of its own: what it knows of an image at the end it got by attention. Its
# last output is the image's *feature*.
#
# *Pre-norm.* A layer of DETR's encoder adds, then normalises: $x \leftarrow \mathrm{norm}(x + f(x))$. A block of a ViT
# normalises on the way into each branch, and adds to what came: $x \leftarrow x + f(\mathrm{norm}(x))$. So x itself
# runs from the first block to the last one, and no norm touches it. Write
#
# 1. `tokens_of(patches, class_token, positions)` (1 point): patches (B, S, D), the class token (1, 1, D), positions
#    (1, 1 + S, D) → (B, 1 + S, D). The class token comes first; positions are added to all tokens, to the class token
#    as well.
# 2. `block(x, norm1, attn, norm2, mlp)` (2 points): tokens (B, N, D) → the same shape. First branch: `norm1`, then
#    `attn`, which is an `nn.MultiheadAttention` with `batch_first=True`; queries, keys and values are all the normed
#    tokens. Second branch: `norm2` of what the first one left, then `mlp`.
#
# *Examples.* D = 1, patches 1 and 2, the class token 5, positions 10, 20, 30: the tokens are 15, 21 and 32. And if
# both branches give 0, a block leaves a token `[1, 3]` as it is. DETR's layer would make `[-1, 1]` of it.
#
# The library's `Block` and `VisionTransformer` may not be used, nor PyTorch's encoder layer.

# %% exercise="vit_block" forbids="detrlab.dino.vision_transformer.Block, detrlab.dino.vision_transformer.Block.forward, detrlab.dino.vision_transformer.VisionTransformer, detrlab.dino.vision_transformer.VisionTransformer.prepare_tokens, detrlab.dino.vision_transformer.VisionTransformer.forward_features, detrlab.dino.vision_transformer.VisionTransformer.forward, detrlab.clip.text.ResidualAttentionBlock, detrlab.clip.text.ResidualAttentionBlock.forward, torch.nn.TransformerEncoderLayer, torch.nn.TransformerEncoderLayer.forward, torch.nn.TransformerEncoder, torch.nn.Transformer"
def tokens_of(patches, class_token, positions):
    """Patches (B, S, D), class token (1, 1, D), positions (1, 1 + S, D) -> tokens (B, 1 + S, D)."""
    ### BEGIN SOLUTION
    first = class_token.expand(len(patches), -1, -1)  # (B, 1, D)
    x = torch.cat([first, patches], dim=1)
    return x + positions
    ### END SOLUTION


def block(x, norm1, attn, norm2, mlp):
    """Tokens (B, N, D) -> the same. attn: an nn.MultiheadAttention with batch_first=True."""
    ### BEGIN SOLUTION
    y = norm1(x)
    x = x + attn(y, y, y)[0]
    return x + mlp(norm2(x))
    ### END SOLUTION

# %% check="vit_block" points=3
@check(parts={"1. tokens_of": 1, "2. block": 2})
def vit_block(draw):
    (B, S), (heads, each) = draw.letters("B S", 2, 11), draw.sizes(2, 2, 5)
    width = heads * each
    draw.name(D=width)
    given = [draw.normal(*shape, width).requires_grad_() for shape in ((B, S), (1, 1), (1, 1 + S))]
    x = (3 + 2 * draw.normal(B, S, width)).requires_grad_()
    parts = nn.ModuleDict({
        "norm1": nn.LayerNorm(width), "norm2": nn.LayerNorm(width),
        "attn": nn.MultiheadAttention(width, heads, batch_first=True),
        "mlp": nn.Sequential(nn.Linear(width, 3 * width), nn.GELU(), nn.Linear(3 * width, width)),
    })
    draw.fill(parts)
    with torch.no_grad():  # norms that tell themselves apart
        parts["norm1"].bias.copy_(draw.normal(width))
        parts["norm2"].bias.copy_(draw.normal(width))
    names = ("norm1", "attn", "norm2", "mlp")
    return {"1. tokens_of": told(lambda: tokens_of(*(each * 1 for each in given)), *given),
            "2. block": told(lambda: block(x * 1, *(parts[name] for name in names)), x)}


# %% [raw] hints="vit_block"
# 1. Each image of the batch needs the class token once. In the block there are two branches, and each is added to what
#    stood before it. Only the branches see normed tokens.
# 2. `class_token.expand(B, -1, -1)`, then `torch.cat([..., patches], dim=1)`, then the positions. `attn(y, y, y)` gives
#    a pair: the output and the weights.
# 3. `y = norm1(x)`, then `x = x + attn(y, y, y)[0]`. The second branch in the same way, of the new x: `x + ...`.

# %% [raw] mistake="vit_block/class_token_last"
# The class token comes last. It comes first, and the first row of the positions is its own.
# ---
# - x = torch.cat([first, patches], dim=1)
# + x = torch.cat([patches, first], dim=1)

# %% [raw] mistake="vit_block/class_token_without_position"
# The class token got no position. Positions are added to all 1 + S tokens.
# ---
# - x = torch.cat([first, patches], dim=1)
# - return x + positions
# + return torch.cat([first, patches + positions[:, 1:]], dim=1)

# %% [raw] mistake="vit_block/positions_shifted"
# The patches have the positions of their neighbours: the first patch has that of the class token. The first row of the
# table is the class token's.
# ---
# - return x + positions
# + return torch.cat([first + positions[:, -1:], patches + positions[:, :-1]], dim=1)

# %% [raw] mistake="vit_block/no_positions"
# The positions were not added. Without them the network could not tell where a patch was cut out.
# ---
# - return x + positions
# + return x

# %% [raw] mistake="vit_block/no_class_token"
# There is no class token, only the patches. One more token is put in front.
# ---
# - return x + positions
# + return patches + positions[:, 1:]

# %% [raw] mistake="vit_block/class_token_added"
# The class token was added to every patch. It is a token of its own, in front of them.
# ---
# - return x + positions
# + return patches + class_token + positions[:, 1:]

# %% [raw] mistake="vit_block/mean_of_patches"
# The first token is the mean of the patches. The class token is learned and equal for all images: `class_token`.
# ---
# - first = class_token.expand(len(patches), -1, -1)  # (B, 1, D)
# + first = patches.mean(1, keepdim=True)

# %% [raw] mistake="vit_block/not_repeated"
# There is one class token, and B images. Give each its own: `class_token.expand(B, -1, -1)`.
# ---
# - first = class_token.expand(len(patches), -1, -1)  # (B, 1, D)
# + first = class_token

# %% [raw] mistake="vit_block/post_norm"
# This is a layer of DETR's encoder: it adds, then normalises. A block of a ViT normalises on the way into each branch,
# and leaves the sum alone.
# ---
# - y = norm1(x)
# - x = x + attn(y, y, y)[0]
# - return x + mlp(norm2(x))
# + x = norm1(x + attn(x, x, x)[0])
# + return norm2(x + mlp(x))

# %% [raw] mistake="vit_block/added_to_the_normed"
# The attention was added to the normed tokens, so what came in is lost. Add it to x.
# ---
# - x = x + attn(y, y, y)[0]
# + x = y + attn(y, y, y)[0]

# %% [raw] mistake="vit_block/mlp_added_to_the_normed"
# The MLP was added to the normed tokens. Add it to what the first branch left.
# ---
# - return x + mlp(norm2(x))
# + y = norm2(x)
# + return y + mlp(y)

# %% [raw] mistake="vit_block/both_added_to_the_normed"
# Both branches were added to normed tokens. In a pre-norm block x itself runs past the norms: only the branches see
# normed tokens.
# ---
# - x = x + attn(y, y, y)[0]
# - return x + mlp(norm2(x))
# + x = y + attn(y, y, y)[0]
# + y = norm2(x)
# + return y + mlp(y)

# %% [raw] mistake="vit_block/second_sum_skips_attention"
# The second sum begins with the block's input, so the attention is lost but for what the MLP sees of it. Add to what
# the first branch left.
# ---
# - x = x + attn(y, y, y)[0]
# - return x + mlp(norm2(x))
# + seen = x + attn(y, y, y)[0]
# + return x + mlp(norm2(seen))

# %% [raw] mistake="vit_block/branches_side_by_side"
# Both branches start from the block's input. The MLP comes after the attention: it sees what that left.
# ---
# - x = x + attn(y, y, y)[0]
# - return x + mlp(norm2(x))
# + return x + attn(y, y, y)[0] + mlp(norm2(x))

# %% [raw] mistake="vit_block/no_sum_with_attention"
# The attention's output replaced the tokens. Add it to them.
# ---
# - x = x + attn(y, y, y)[0]
# + x = attn(y, y, y)[0]

# %% [raw] mistake="vit_block/no_sum_with_mlp"
# The MLP's output replaced the tokens. Add it to them.
# ---
# - return x + mlp(norm2(x))
# + return mlp(norm2(x))

# %% [raw] mistake="vit_block/no_first_norm"
# The attention got tokens that were not normed. `norm1` comes before it.
# ---
# - y = norm1(x)
# + y = x

# %% [raw] mistake="vit_block/no_second_norm"
# The MLP got tokens that were not normed. `norm2` comes before it.
# ---
# - return x + mlp(norm2(x))
# + return x + mlp(x)

# %% [raw] mistake="vit_block/first_norm_twice"
# The MLP's branch begins with `norm1` again. It has a norm of its own, `norm2`.
# ---
# - return x + mlp(norm2(x))
# + return x + mlp(norm1(x))

# %% [raw] mistake="vit_block/only_queries_normed"
# Only the queries are normed. Keys and values are of the normed tokens, too.
# ---
# - x = x + attn(y, y, y)[0]
# + x = x + attn(y, x, x)[0]

# %% [raw] mistake="vit_block/values_not_normed"
# The values are not normed. All three inputs of the attention are the normed tokens.
# ---
# - x = x + attn(y, y, y)[0]
# + x = x + attn(y, y, x)[0]

# %% [raw] mistake="vit_block/normed_at_the_end"
# A norm ends the block. The norm of a ViT's output comes once, behind the last block.
# ---
# - return x + mlp(norm2(x))
# + return norm2(x + mlp(norm2(x)))

# %% [raw] mistake="vit_block/in_place"
# The numbers are right, but `+=` writes over tokens that a norm has seen, and its gradients need them as they were.
# Write `x = x + ...`: a new tensor.
# ---
# - x = x + attn(y, y, y)[0]
# + x += attn(y, y, y)[0]

# %% [raw] mistake="vit_block/no_gradient"
# The block's output has no gradient, so nothing could be trained. Leave out `torch.no_grad()` and `detach()`.
# ---
# - return x + mlp(norm2(x))
# + return (x + mlp(norm2(x))).detach()

# %% [raw] mistake="vit_block/tokens_without_gradient"
# The tokens have no gradient, so class token and positions could not be learned. Leave out `torch.no_grad()` and
# `detach()`.
# ---
# - return x + positions
# + return (x + positions).detach()

# %% [raw] mistake="vit_block/pair_added"
# `attn(...)` gives a pair, the output and the weights. Add its first part: `attn(y, y, y)[0]`.
# ---
# - x = x + attn(y, y, y)[0]
# + x = x + attn(y, y, y)

# %% [markdown]
# **The result**: a whole ViT of nothing but your functions of the first three steps, with the weights that were trained
# for this course. Its output beside the library's, for images and for crops of 32 pixels. Below: how similar the token
# of one patch (the cross) is to those of all patches, before the first block and after each, with trained weights and
# with random ones.

# %%
def all_tokens(vit, images):
    """The tokens (B, 1 + S, D) before the first block and after each, by the functions of steps 1 to 3."""
    proj, (H, W) = vit.patch_embed.proj, (side // P for side in images.shape[2:])
    patches = embed(cut(images, P), proj.weight, proj.bias)
    stages = [tokens_of(patches, vit.cls_token, positions_for(*taken_apart(vit.pos_embed), H, W))]
    for each in vit.blocks:
        stages.append(block(stages[-1], each.norm1, each.attn, each.norm2, each.mlp))
    return stages


@torch.no_grad()
def show_vit():
    scenes = one_shape_scenes(8, "held_out")
    images = scenes.inputs()
    torch.manual_seed(0)
    networks = {"trained": load_dino(), "random": dino_vit().eval()}
    for side, shown in ((SIDE, images), (SIDE // 2, images[:, :, 16:48, 16:48])):
        vit = networks["trained"]
        apart = (vit.norm(all_tokens(vit, shown)[-1])[:, 0] - vit(shown)).abs().max()
        print(f"features of {len(shown)} images of {side} × {side} pixels: {'equal' if apart < 1e-4 else 'NOT equal'}, "
              f"largest difference {apart:.0e}")
    titles = ("before block 1", "after block 1", "after block 2")
    print(f"{'mean cosine with shape / with ground':38}" + "".join(f"{title:17}" for title in titles))
    figure, axes = clear_subplots(2, 4, (8.6, 4.6))
    share = torch.from_numpy(scenes.masks[4]).view(8, P, 8, P).float().mean((1, 3)).flatten()  # of it in the shape
    patch = share.argmax().item()
    y, x = divmod(patch, SIDE // P)
    for row, (name, vit) in zip(axes, networks.items()):
        show(row[0], unit_images(8)[0][4], f"{name} weights")
        row[0].plot(P * x + P / 2 - 0.5, P * y + P / 2 - 0.5, "x", color="white", mec="white", ms=9, mew=4)
        row[0].plot(P * x + P / 2 - 0.5, P * y + P / 2 - 0.5, "x", color="black", ms=8, mew=1.6)
        said = []
        for ax, tokens, title in zip(row[1:], all_tokens(vit, images), titles):
            unit = F.normalize(tokens[4, 1:], dim=-1)  # (S, D)
            cosines = unit @ unit[patch]
            said.append(f"{cosines[share == 1].mean():.2f} / {cosines[share == 0].mean():.2f}")
            drawn = ax.imshow(cosines.view(8, 8).numpy(), cmap="cividis", vmin=0.4, vmax=1)
            ax.set_title(title, fontsize=9.5)
            ax.set(xticks=(), yticks=())
        print(f"{name + ' weights':38}" + "".join(f"{each:17}" for each in said))
    bar = figure.colorbar(drawn, ax=axes, fraction=0.03)
    bar.set_label("cosine with the marked patch", color=GREY, fontsize=9)
    bar.ax.tick_params(colors=GREY, labelsize=8)
    return figure


attempt(show_vit, after=("patches", "interpolate", "vit_block"))

# %% [markdown]
# With random weights the shape stands out as well, and here even more: patches of one flat colour are alike before
# anything is learned. So a map that looks right proves nothing as long as no untrained network stands beside it.
