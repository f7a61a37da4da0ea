# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 3 · The mask head · 5 points · 26 min · ●●●●○
# **You will be able to** write the small convolutional network that makes masks of maps, with a pyramid for the edges.
#
# The maps have a cell for every 8 pixels. The head runs *once for every query*: it gets the D channels of the image
# (what the encoder was given, not its memory) with the M maps of this query. On its way it is enlarged twice, and each
# time one of the backbone's earlier, finer maps is added (a feature pyramid, Lin et al. 2017). The official head has
# three such maps, this one two.
#
# | layer | from → to channels | at size |
# |---|---|---|
# | `lay1`, `gn1` | dim → dim, with dim = D + M | h × w |
# | `lay2`, `gn2` | dim → D/2 | h × w |
# | `adapter1` | first finer map → D/2 | h₁ × w₁ |
# | `lay3`, `gn3` | D/2 → D/4 | h₁ × w₁ |
# | `adapter2` | second finer map → D/4 | h₂ × w₂ |
# | `lay4`, `gn4` | D/4 → D/8 | h₂ × w₂ |
# | `out_lay` | D/8 → 1 | h₂ × w₂ |
#
# `lay` and `out_lay` are 3 × 3 convolutions that keep the size, `gn` is `nn.GroupNorm(groups, channels)`, adapters are
# 1 × 1 convolutions. A GroupNorm standardises each sample by itself, in groups of channels: so a mask does not depend
# on which other queries run along, as it would with a batch norm. Write
#
# 1. `head_layers(dim, fpn_dims, D, groups)` (1 point): an `nn.ModuleDict` of these layers under these names. `fpn_dims`
#    are the channels of the two finer maps.
# 2. `join(x, maps)` (1 point): the image's x (B, D, h, w) and the maps (B, Q, M, h, w) → (B·Q, D + M, h, w), channels
#    of the image first, all queries of the first image first.
# 3. `finer(x, fpn, adapter, Q)` (1 point): x (B·Q, C, h, w) enlarged to the *size* of the finer map (B, C', h', w'),
#    with `mode="nearest"`; plus that map, which the adapter brings to C channels.
# 4. `masks_of(layers, x, maps, fpns)` (2 points): each `lay` is followed by its `gn` and a ReLU; the finer maps are
#    added before `lay3` and before `lay4`; `out_lay` ends it, without norm or ReLU. Masks are logits, (B, Q, h₂, w₂).
#
# *Example.* Two images a and b with three queries each: rows 0, 1, 2 of `join` hold image a, rows 3, 4, 5 image b. With
# D = 128 and M = 4 `lay1` goes from 132 channels to 132. The official 8 groups do not divide 132; 4 do.
#
# The library's `MaskHeadSmallConv` may not be used.

# %% exercise="mask_head" forbids="detrlab.panoptic.mask_head.MaskHeadSmallConv, detrlab.panoptic.mask_head.MaskHeadSmallConv.forward, detrlab.panoptic.segmentation.DETRsegm"
def head_layers(dim, fpn_dims, D, groups):
    """An nn.ModuleDict of the head's layers. fpn_dims: channels of the two finer maps, the coarser first."""
    ### BEGIN SOLUTION
    widths = [dim, dim, D // 2, D // 4, D // 8]
    layers = nn.ModuleDict()
    for i in range(1, 5):
        layers[f"lay{i}"] = nn.Conv2d(widths[i - 1], widths[i], kernel_size=3, padding=1)
        layers[f"gn{i}"] = nn.GroupNorm(groups, widths[i])
    layers["out_lay"] = nn.Conv2d(widths[4], 1, kernel_size=3, padding=1)
    layers["adapter1"] = nn.Conv2d(fpn_dims[0], widths[2], kernel_size=1)
    layers["adapter2"] = nn.Conv2d(fpn_dims[1], widths[3], kernel_size=1)
    return layers
    ### END SOLUTION


def join(x, maps):
    """(B, D, h, w) and (B, Q, M, h, w) -> (B * Q, D + M, h, w)."""
    ### BEGIN SOLUTION
    Q = maps.shape[1]
    repeated = x.repeat_interleave(Q, dim=0)  # (B * Q, D, h, w)
    return torch.cat([repeated, maps.flatten(0, 1)], dim=1)
    ### END SOLUTION


def finer(x, fpn, adapter, Q):
    """x (B * Q, C, h, w), enlarged, plus the finer map fpn (B, C', h', w') behind its adapter: (B * Q, C, h', w')."""
    ### BEGIN SOLUTION
    added = adapter(fpn).repeat_interleave(Q, dim=0)  # (B * Q, C, h', w')
    larger = F.interpolate(x, size=fpn.shape[2:], mode="nearest")
    return larger + added
    ### END SOLUTION


def masks_of(layers, x, maps, fpns):
    """Logits (B, Q, h2, w2). layers: see above. x: (B, D, h, w). maps: (B, Q, M, h, w). fpns: two finer maps."""
    ### BEGIN SOLUTION
    B, Q = maps.shape[:2]
    x = join(x, maps)
    x = layers["gn1"](layers["lay1"](x)).relu()
    x = layers["gn2"](layers["lay2"](x)).relu()
    x = finer(x, fpns[0], layers["adapter1"], Q)
    x = layers["gn3"](layers["lay3"](x)).relu()
    x = finer(x, fpns[1], layers["adapter2"], Q)
    x = layers["gn4"](layers["lay4"](x)).relu()
    return layers["out_lay"](x).view(B, Q, *x.shape[2:])
    ### END SOLUTION

# %% check="mask_head" points=5
def described(layer):
    """Of a convolution the shapes of its weights and what comes of 5 x 7 cells; of a norm its groups and channels."""
    if isinstance(layer, nn.GroupNorm):
        return f"GroupNorm of {layer.num_channels} channels in {layer.num_groups} groups"
    if not isinstance(layer, nn.Conv2d):
        return type(layer).__name__
    shapes = {name: list(parameter.shape) for name, parameter in layer.named_parameters()}
    with torch.no_grad():
        return shapes | {"5 x 7 becomes": list(layer(torch.zeros(1, layer.in_channels, 5, 7)).shape[2:])}


@check(parts={"1. layers": 1, "2. join": 1, "3. finer": 1, "4. masks_of": 2})
def mask_head(draw):
    (B, Q), (M, C) = draw.letters("B Q", 2, 3), draw.letters("M C", 5, 7)
    (h, w), (h1, w1, h2, w2) = draw.sizes(2, 3, 5), draw.sizes(4, 5, 13)
    h1, h2, w1, w2 = *sorted((h1, h2)), *sorted((w1, w2))
    draw.name(h1=h1, w1=w1, h2=h2, w2=w2)

    def layers_made():
        groups, wide = draw.size(2, 3), draw.size(2, 5)
        dim, width = groups * draw.size(5, 11), 8 * groups * wide
        made = head_layers(dim, (19, 23), width, groups)
        if made is ____:
            return made
        layers = {name: described(layer) for name, layer in sorted(made.items())}
        return {"in an nn.ModuleDict": isinstance(made, nn.ModuleDict)} | layers

    x, maps = draw.normal(B, C, h, w).requires_grad_(), draw.normal(B, Q, M, h, w).requires_grad_()
    fpns = [draw.normal(B, 3, h1, w1).requires_grad_(), draw.normal(B, 5, h2, w2).requires_grad_()]
    # Stand-ins for the head's layers: these are 1 x 1 convolutions of other widths.
    layers = nn.ModuleDict({f"lay{i}": nn.Conv2d(a, b, 1) for i, a, b in
                            ((1, C + M, 7), (2, 7, 5), (3, 5, 3), (4, 3, 2))})
    layers.update({f"gn{i}": nn.GroupNorm(1, c) for i, c in ((1, 7), (2, 5), (3, 3), (4, 2))})
    layers.update({"adapter1": nn.Conv2d(3, 5, 1), "adapter2": nn.Conv2d(5, 3, 1), "out_lay": nn.Conv2d(2, 1, 1)})
    draw.fill(layers)
    with torch.no_grad():  # logits of both signs
        layers["out_lay"].weight[0, :, 0, 0] = draw.number(1, 2) * torch.tensor([1.0, -1.0])
    y = draw.normal(B * Q, 5, h, w).requires_grad_()
    return {"1. layers": attempted(layers_made),
            "2. join": told(lambda: join(x * 1, maps * 1), x, maps),
            "3. finer": told(lambda: finer(y * 1, fpns[0] * 1, layers["adapter1"], Q), y, fpns[0]),
            "4. masks_of": told(lambda: masks_of(layers, x * 1, maps * 1, [fpn * 1 for fpn in fpns]), x, maps, *fpns)}


# %% [raw] hints="mask_head"
# 1. The widths are dim, dim, D/2, D/4, D/8. Each image has to stand Q times in the batch, its copies side by side,
#    since the maps of its queries lie side by side. The head itself is the table, from the top to the bottom.
# 2. `nn.Conv2d(a, b, kernel_size=3, padding=1)` keeps the size. `x.repeat_interleave(Q, dim=0)` repeats each image Q
#    times, side by side; `maps.flatten(0, 1)` joins B and Q; `torch.cat([..., ...], dim=1)`. `F.interpolate(x,
#    size=..., mode="nearest")`. A layer is `layers["gn1"](layers["lay1"](x)).relu()`.
# 3. `finer` is `F.interpolate(x, size=fpn.shape[2:], mode="nearest") + adapter(fpn).repeat_interleave(...)`. The head:
#    join, layer 1, layer 2, finer with `fpns[0]` and `adapter1`, layer 3, finer with ..., layer 4, `out_lay`, and
#    `.view(B, Q, ...)`.

# %% [raw] mistake="mask_head/plain_dict"
# The layers are right, but stand in a plain dict: no optimiser finds their parameters there. Put them into an
# `nn.ModuleDict`.
# ---
# - return layers
# + return dict(layers.items())

# %% [raw] mistake="mask_head/eight_groups"
# 8 groups do not divide every number of channels, such as 132. Use `groups`.
# ---
# - layers[f"gn{i}"] = nn.GroupNorm(groups, widths[i])
# + layers[f"gn{i}"] = nn.GroupNorm(8, widths[i])

# %% [raw] mistake="mask_head/groups_and_channels_exchanged"
# Groups and channels of the norms changed places: it is `nn.GroupNorm(groups, channels)`.
# ---
# - layers[f"gn{i}"] = nn.GroupNorm(groups, widths[i])
# + layers[f"gn{i}"] = nn.GroupNorm(widths[i], groups)

# %% [raw] mistake="mask_head/batch_norm"
# The norms are batch norms: a mask would depend on the other queries and images that run along. Use `nn.GroupNorm`.
# ---
# - layers[f"gn{i}"] = nn.GroupNorm(groups, widths[i])
# + layers[f"gn{i}"] = nn.BatchNorm2d(widths[i])

# %% [raw] mistake="mask_head/no_padding"
# The 3 × 3 convolutions lose a border of one cell. `padding=1` keeps the size.
# ---
# - layers[f"lay{i}"] = nn.Conv2d(widths[i - 1], widths[i], kernel_size=3, padding=1)
# + layers[f"lay{i}"] = nn.Conv2d(widths[i - 1], widths[i], kernel_size=3)

# %% [raw] mistake="mask_head/out_without_padding"
# `out_lay` loses a border of one cell. `padding=1` keeps the size.
# ---
# - layers["out_lay"] = nn.Conv2d(widths[4], 1, kernel_size=3, padding=1)
# + layers["out_lay"] = nn.Conv2d(widths[4], 1, kernel_size=3)

# %% [raw] mistake="mask_head/out_one_by_one"
# `out_lay` is a 1 × 1 convolution. It is 3 × 3, as the other layers are; only adapters are 1 × 1.
# ---
# - layers["out_lay"] = nn.Conv2d(widths[4], 1, kernel_size=3, padding=1)
# + layers["out_lay"] = nn.Conv2d(widths[4], 1, kernel_size=1)

# %% [raw] mistake="mask_head/first_layer_narrows"
# `lay1` narrows the channels already. It keeps all D + M of them; `lay2` goes to D/2.
# ---
# - widths = [dim, dim, D // 2, D // 4, D // 8]
# + widths = [dim, D // 2, D // 4, D // 8, D // 16]

# %% [raw] mistake="mask_head/adapters_one_layer_late"
# The adapters have the channels of the layer behind them. They are added *before* `lay3` and `lay4`: D/2 and D/4
# channels.
# ---
# - layers["adapter1"] = nn.Conv2d(fpn_dims[0], widths[2], kernel_size=1)
# - layers["adapter2"] = nn.Conv2d(fpn_dims[1], widths[3], kernel_size=1)
# + layers["adapter1"] = nn.Conv2d(fpn_dims[0], widths[3], kernel_size=1)
# + layers["adapter2"] = nn.Conv2d(fpn_dims[1], widths[4], kernel_size=1)

# %% [raw] mistake="mask_head/adapters_exchanged"
# The adapters changed places: `adapter1` is for the first, coarser map.
# ---
# - layers["adapter1"] = nn.Conv2d(fpn_dims[0], widths[2], kernel_size=1)
# - layers["adapter2"] = nn.Conv2d(fpn_dims[1], widths[3], kernel_size=1)
# + layers["adapter1"] = nn.Conv2d(fpn_dims[1], widths[2], kernel_size=1)
# + layers["adapter2"] = nn.Conv2d(fpn_dims[0], widths[3], kernel_size=1)

# %% [raw] mistake="mask_head/images_by_turns"
# The images stand in the batch by turns, a, b, a, b: `repeat` repeats the whole batch. So queries of one image meet the
# pixels of another, and no shape shows it. `repeat_interleave` repeats each image: a, a, b, b.
# ---
# - repeated = x.repeat_interleave(Q, dim=0)  # (B * Q, D, h, w)
# + repeated = x.repeat(Q, 1, 1, 1)

# %% [raw] mistake="mask_head/finer_by_turns"
# In `finer` the maps of the images stand by turns: `repeat` repeats the whole batch. Use `repeat_interleave`, as in
# `join`.
# ---
# - added = adapter(fpn).repeat_interleave(Q, dim=0)  # (B * Q, C, h', w')
# + added = adapter(fpn).repeat(Q, 1, 1, 1)

# %% [raw] mistake="mask_head/maps_first"
# The maps come before the image's channels. The weights of `lay1` know them behind.
# ---
# - return torch.cat([repeated, maps.flatten(0, 1)], dim=1)
# + return torch.cat([maps.flatten(0, 1), repeated], dim=1)

# %% [raw] mistake="mask_head/queries_first"
# The rows begin with the first query of all images. All queries of the first image come first: flatten B and Q as they
# stand.
# ---
# - repeated = x.repeat_interleave(Q, dim=0)  # (B * Q, D, h, w)
# - return torch.cat([repeated, maps.flatten(0, 1)], dim=1)
# + return torch.cat([x.repeat(Q, 1, 1, 1), maps.transpose(0, 1).flatten(0, 1)], dim=1)

# %% [raw] mistake="mask_head/bilinear"
# The result was enlarged bilinearly. The official head uses "nearest"; its weights were trained with it.
# ---
# - larger = F.interpolate(x, size=fpn.shape[2:], mode="nearest")
# + larger = F.interpolate(x, size=fpn.shape[2:], mode="bilinear")

# %% [raw] mistake="mask_head/doubled"
# The result was doubled in size. A backbone rounds up, so 4 cells may have come of 7: enlarge to the *size* of the
# finer map.
# ---
# - larger = F.interpolate(x, size=fpn.shape[2:], mode="nearest")
# + larger = F.interpolate(x, scale_factor=2, mode="nearest")

# %% [raw] mistake="mask_head/map_shrunk"
# The finer map was shrunk to the coarse one, so the edges are lost. Enlarge x instead.
# ---
# - larger = F.interpolate(x, size=fpn.shape[2:], mode="nearest")
# - return larger + added
# + return x + F.interpolate(added, size=x.shape[2:], mode="nearest")

# %% [raw] mistake="mask_head/finer_map_left_out"
# Only the enlarged x came back. The finer map, behind its adapter, is to be added.
# ---
# - return larger + added
# + return larger

# %% [raw] mistake="mask_head/multiplied"
# The finer map was multiplied. It is added.
# ---
# - return larger + added
# + return larger * added

# %% [raw] mistake="mask_head/relu_before_norm"
# The ReLU comes before the norm. The order is convolution, GroupNorm, ReLU.
# ---
# - x = layers["gn1"](layers["lay1"](x)).relu()
# - x = layers["gn2"](layers["lay2"](x)).relu()
# + x = layers["gn1"](layers["lay1"](x).relu())
# + x = layers["gn2"](layers["lay2"](x).relu())
# - x = layers["gn3"](layers["lay3"](x)).relu()
# + x = layers["gn3"](layers["lay3"](x).relu())
# - x = layers["gn4"](layers["lay4"](x)).relu()
# + x = layers["gn4"](layers["lay4"](x).relu())

# %% [raw] mistake="mask_head/no_relu"
# There is no ReLU behind the norms: then the head is nearly linear. Each `lay` is followed by its `gn` and a ReLU.
# ---
# - x = layers["gn1"](layers["lay1"](x)).relu()
# - x = layers["gn2"](layers["lay2"](x)).relu()
# + x = layers["gn1"](layers["lay1"](x))
# + x = layers["gn2"](layers["lay2"](x))
# - x = layers["gn3"](layers["lay3"](x)).relu()
# + x = layers["gn3"](layers["lay3"](x))
# - x = layers["gn4"](layers["lay4"](x)).relu()
# + x = layers["gn4"](layers["lay4"](x))

# %% [raw] mistake="mask_head/no_norm"
# The norms were left out. Each `lay` is followed by its `gn`.
# ---
# - x = layers["gn1"](layers["lay1"](x)).relu()
# - x = layers["gn2"](layers["lay2"](x)).relu()
# + x = layers["lay1"](x).relu()
# + x = layers["lay2"](x).relu()
# - x = layers["gn3"](layers["lay3"](x)).relu()
# + x = layers["lay3"](x).relu()
# - x = layers["gn4"](layers["lay4"](x)).relu()
# + x = layers["lay4"](x).relu()

# %% [raw] mistake="mask_head/finer_after_the_layers"
# The finer maps were added behind `lay3` and `lay4`, when x has fewer channels than the adapters. They are added before.
# ---
# - x = finer(x, fpns[0], layers["adapter1"], Q)
# - x = layers["gn3"](layers["lay3"](x)).relu()
# - x = finer(x, fpns[1], layers["adapter2"], Q)
# - x = layers["gn4"](layers["lay4"](x)).relu()
# + x = layers["gn3"](layers["lay3"](x)).relu()
# + x = finer(x, fpns[0], layers["adapter1"], Q)
# + x = layers["gn4"](layers["lay4"](x)).relu()
# + x = finer(x, fpns[1], layers["adapter2"], Q)

# %% [raw] mistake="mask_head/relu_at_the_end"
# A ReLU ends the head, so no logit is negative, and no pixel could be said to lie outside. `out_lay` is the last thing.
# ---
# - return layers["out_lay"](x).view(B, Q, *x.shape[2:])
# + return layers["out_lay"](x).relu().view(B, Q, *x.shape[2:])

# %% [raw] mistake="mask_head/probabilities"
# These are probabilities. Return logits: the losses take the sigmoid themselves.
# ---
# - return layers["out_lay"](x).view(B, Q, *x.shape[2:])
# + return layers["out_lay"](x).sigmoid().view(B, Q, *x.shape[2:])

# %% [raw] mistake="mask_head/one_axis_too_few"
# B and Q are still one axis, and the channel stands beside them: (B·Q, 1, h₂, w₂). Give the masks as (B, Q, h₂, w₂).
# ---
# - return layers["out_lay"](x).view(B, Q, *x.shape[2:])
# + return layers["out_lay"](x)

# %% [raw] mistake="mask_head/queries_before_images"
# The rows of the batch were read as (Q, B). The queries of the first image come first: (B, Q).
# ---
# - return layers["out_lay"](x).view(B, Q, *x.shape[2:])
# + return layers["out_lay"](x).view(Q, B, *x.shape[2:]).transpose(0, 1)

# %% [markdown]
# **The result**: your head beside the library's, which has the official names, with the same weights.

# %%
def show_head():
    torch.manual_seed(0)
    channels = list(STAGES.values())
    mine, library = head_layers(D + M, channels, D, GROUPS), MaskHeadSmallConv(D + M, channels, D, GROUPS)
    mine.load_state_dict(library.state_dict())
    x, maps = torch.randn(2, D, 16, 16), torch.rand(2, 3, M, 16, 16)
    fpns = [torch.randn(2, 64, 32, 32), torch.randn(2, 32, 64, 64)]
    with torch.no_grad():
        masks = masks_of(mine, x, maps, fpns)
        same = torch.allclose(masks.flatten(0, 1), library(x, maps, fpns)[:, 0], atol=1e-4)
    count = sum(parameter.numel() for parameter in mine.parameters())
    print(f"masks {tuple(masks.shape)}, equal to the library's: {same}; {count:,} parameters")


attempt(show_head, after="mask_head")
