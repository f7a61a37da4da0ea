# %% [markdown]
# # 1 · Build a DETR
# 24 points · about 80 minutes · runs offline, on a laptop's processor
#
# **After this notebook you can**
#
# - say what happens to a picture on its way to a set of boxes, with the shape of every tensor on the way;
# - write that way as a short PyTorch class, whose parameter names fit weights that others have trained;
# - explain what positional encodings, object queries and the no-object class are for.
#
# You build the *short DETR*: the whole detector in a few dozen lines, as its authors print it in the appendix of their
# paper (Carion et al. 2020, arXiv:2005.12872, section A.6). At the end your class loads trained weights and detects.
#
# **How it works.** Wherever you see `____`, something is missing: replace the whole `____`. The cell below each exercise
# checks your answer; run it as often as you like. `hint("grid")` gives a first hint, called again a second and a third.
# Each step stands on its own: if you are stuck, go on with the next one. Learning alone, with the course's `solutions/`
# folder there? Then `solution("grid")` shows how we did it.

# %% setup
import warnings

# nn.Transformer, built exactly as this notebook asks, warns about a speed-up that it cannot use.
warnings.filterwarnings("ignore", message="enable_nested_tensor is True")

from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.cbook import get_sample_data
from torch import nn

from coursework import attempt, open_notebook, solution
from detrlab import COCO_CLASSES, SHAPES_CLASSES, SmallResNet, detect, draw_scene, is_cached, load_model
from detrlab import official_weights, open_picture, plot_detections, resized_size, short_weights

____, check, hint = open_notebook("q1_build")


# What the checks below use: a classifier small enough to run in a blink, and two ways to describe a module.
class TinyResNet(SmallResNet):
    """A picture classifier in miniature: a ResNet's stages, average pooling and a layer `fc`."""

    def __init__(self, channels):
        super().__init__(widths=(11, 11, 11, 11, channels))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, 11)

    def forward(self, pictures):
        for layer in self.children():
            pictures = layer(pictures.flatten(1) if layer is self.fc else pictures)
        return pictures


def shapes_of(module):
    """{parameter name: its shape as text}."""
    return {name: str(tuple(parameter.shape)) for name, parameter in module.named_parameters()}


def output_of(module, x):
    """What the module gives for x, or the name of the error if x does not fit it."""
    try:
        return module(x)
    except RuntimeError as error:
        return type(error).__name__

# %% [markdown]
# ## What you are going to build (5 min)
# A finished detector first. `load_model("shapes")` is a small DETR that was trained on pictures of six kinds of shapes;
# `draw_scene` draws such a picture from a seed. Change the seed and run the cell again.

# %%
model = load_model("shapes")
scene = draw_scene(seed=14)
plot_detections(scene.picture, detect(model, scene.picture))

# %% [markdown]
# Every box came out of the network directly, all of them at once. There are no anchors, no sliding windows, and no step
# afterwards that throws out duplicates (section 1 of the paper). This is the way of the picture through the short DETR:
#
# ```
# pictures (B, 3, height, width)
#     │  backbone: a ResNet without its classifier ······················ step 2
# feature map (B, 2048, H, W) ··· how large are H and W? ················ step 1
#     │  conv: 1x1 convolution ·········································· step 3
# (B, D, H, W)
#     │  one token per cell, plus its position: row_embed, col_embed ···· steps 7, 8, 9
# tokens (S, B, D), S = H·W           queries (Q, B, D): query_pos ······ steps 7, 9
#     │                                   │
#     └────────► transformer ◄────────────┘  ···························· steps 4, 9
#                     │
#              (B, Q, D), one vector per object query
#                  │       │
#        linear_class     linear_bbox and sigmoid ······················· steps 5, 6
#     (B, Q, K + 1)       (B, Q, 4) ····································· step 10
# ```
#
# | letter | meaning | the official model |
# |---|---|---|
# | B | pictures in a batch | |
# | H, W, S | rows and columns of the feature map, tokens S = H·W | 25, 34, 850 for a picture of 800 × 1066 |
# | D | width of the transformer (`hidden_dim`) | 256 |
# | M | attention heads (`nheads`) | 8 |
# | Q | object queries | 100 |
# | K | classes, without "no object" | 91 |

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

# %% [markdown]
# ### Step 2 · The backbone's stages · 3 points · 9 min · ●●○○○
# **You will be able to** take the feature map out of a classifier.
#
# A torchvision ResNet ends in average pooling and a linear layer `fc`, which turn the last feature map into one vector
# of class scores. A detector has to know *where* things are, so DETR stops before both, after `layer4` (section 3.2,
# "Backbone"). Calling `backbone(pictures)` would run to the very end; call the stages one by one instead, in the order
# in which they stand in the network: `conv1`, `bn1`, `relu`, `maxpool`, `layer1` … `layer4`.
#
# What is not used should not be there either: `fc` holds 2 million numbers of a ResNet-50, and the weights of the short
# DETR do not contain it. So `drop_classifier` removes that layer from a ResNet and returns the same ResNet, with all
# other layers under their names. (`avgpool` has no weights and may stay.)
#
# *Example.* Above each line stands the shape it gives in a ResNet-50, for one picture of 800 × 1066 pixels. Check them
# against step 1: the stride is 2 after `conv1`, 4 after `maxpool`, 8, 16 and 32 after `layer2`, `layer3` and `layer4`.
#
# The library's `SmallResNet.forward` runs the same stages: it may not be called in your answer.
# If stuck: `hint("stages")`.

# %% exercise="stages" forbids="detrlab.detr.backbone.SmallResNet.forward"
def drop_classifier(resnet):
    """The ResNet it is given, without the layer fc; every other layer keeps its name."""
    ### BEGIN SOLUTION
    del resnet.fc
    return resnet
    ### END SOLUTION


def backbone_features(backbone, pictures):
    """The last feature map of a ResNet.

    backbone: a ResNet with the attributes conv1, bn1, relu, maxpool, layer1, layer2, layer3, layer4.
    pictures: (B, 3, height, width), normalised.
    Returns (B, C, H, W), what layer4 gives; C is 2048 in a ResNet-50.
    """
    # (1, 64, 400, 533)
    x = backbone.conv1(pictures)  # ____
    # (1, 64, 400, 533), every channel normalised
    x = backbone.bn1(x)  # ____
    # (1, 64, 400, 533), no negative numbers
    x = backbone.relu(x)  # ____
    # (1, 64, 200, 267)
    x = backbone.maxpool(x)  # ____
    # (1, 256, 200, 267)
    x = backbone.layer1(x)  # ____
    # (1, 512, 100, 134)
    x = backbone.layer2(x)  # ____
    # (1, 1024, 50, 67)
    x = backbone.layer3(x)  # ____
    # (1, 2048, 25, 34)
    x = backbone.layer4(x)  # ____
    return x

# %% check="stages" points=3
@check
def stages(draw):
    backbone = draw.fill(TinyResNet(channels=draw.size(11, 19))).eval()
    B, height, width = draw.size(2, 3), draw.size(29, 37), draw.size(41, 47)
    # Noise in one colour: then relu has whole areas to cut off.
    pictures = draw.normal(B, 3, 1, 1) + draw.normal(B, 3, height, width)
    bare, sizes = drop_classifier(TinyResNet(channels=draw.size(11, 19))), Counter()
    for name, parameter in bare.named_parameters():
        sizes[name.split(".")[0]] += parameter.numel()
    features = backbone_features(backbone, pictures)
    return {"1. feature map": features, "2. parameters that stay": dict(sizes)}

# %% [raw] hints="stages"
# 1. Look at a torchvision ResNet: `import torchvision`, then print(torchvision.models.resnet18()). The names in its first
#    column are stages, in running order.
# 2. Each stage is a module: call it on the result of the one before. Stop after layer4; avgpool and fc stay unused.
#    A layer is an attribute, and Python's `del` removes attributes.
# 3. The first line is `backbone.conv1(pictures)`, the second `backbone.bn1(x)`; the other six follow the same pattern.
#    In drop_classifier, `del resnet.fc` and then return the ResNet.

# %% [raw] mistake="stages/no_maxpool"
# The max-pooling was skipped, so the map has twice as many rows and columns as it should, and the transformer would get
# four times as many tokens. Pool between relu and layer1.
# ---
# def drop_classifier(resnet):
#     del resnet.fc
#     return resnet
# def backbone_features(backbone, pictures):
#     x = backbone.relu(backbone.bn1(backbone.conv1(pictures)))
#     return backbone.layer4(backbone.layer3(backbone.layer2(backbone.layer1(x))))

# %% [raw] mistake="stages/pooled"
# The average pooling was kept: it boils the whole map down to a single cell, and with it goes every trace of where
# things are. Stop after layer4.
# ---
# def drop_classifier(resnet):
#     del resnet.fc
#     return resnet
# def backbone_features(backbone, pictures):
#     x = backbone.maxpool(backbone.relu(backbone.bn1(backbone.conv1(pictures))))
#     return backbone.avgpool(backbone.layer4(backbone.layer3(backbone.layer2(backbone.layer1(x)))))

# %% [raw] mistake="stages/whole_classifier"
# These are class scores of whole pictures: the backbone was called as a classifier, with avgpool and fc. DETR needs the
# map before them, so call the stages yourself.
# ---
# def drop_classifier(resnet):
#     del resnet.fc
#     return resnet
# def backbone_features(backbone, pictures):
#     return backbone(pictures)

# %% [raw] mistake="stages/no_relu"
# The relu after bn1 is missing, so negative responses went on into the pooling. The shape cannot show that; the weights
# were trained with it in place.
# ---
# def drop_classifier(resnet):
#     del resnet.fc
#     return resnet
# def backbone_features(backbone, pictures):
#     x = backbone.maxpool(backbone.bn1(backbone.conv1(pictures)))
#     return backbone.layer4(backbone.layer3(backbone.layer2(backbone.layer1(x))))

# %% [raw] mistake="stages/no_norm"
# bn1 is missing. The shape stays the same without it, but all later weights expect channels of comparable size:
# normalise between conv1 and relu.
# ---
# def drop_classifier(resnet):
#     del resnet.fc
#     return resnet
# def backbone_features(backbone, pictures):
#     x = backbone.maxpool(backbone.relu(backbone.conv1(pictures)))
#     return backbone.layer4(backbone.layer3(backbone.layer2(backbone.layer1(x))))

# %% [raw] mistake="stages/stopped_early"
# This is the map of layer3. DETR takes the last stage, whose cells have seen the largest part of the picture: go one
# stage further.
# ---
# def drop_classifier(resnet):
#     del resnet.fc
#     return resnet
# def backbone_features(backbone, pictures):
#     x = backbone.maxpool(backbone.relu(backbone.bn1(backbone.conv1(pictures))))
#     return backbone.layer3(backbone.layer2(backbone.layer1(x)))

# %% [raw] mistake="stages/classifier_kept"
# The features are right, but fc is still in the model. Nothing would ever train it, and a file of weights for the short
# DETR has none to load: delete the attribute before you return the ResNet.
# ---
# def drop_classifier(resnet):
#     return resnet
# def backbone_features(backbone, pictures):
#     x = backbone.maxpool(backbone.relu(backbone.bn1(backbone.conv1(pictures))))
#     return backbone.layer4(backbone.layer3(backbone.layer2(backbone.layer1(x))))

# %% [raw] mistake="stages/renamed_by_sequential"
# nn.Sequential gives its layers numbers for names, so conv1.weight became 0.weight and no weights file would fit. Take fc
# away from the ResNet itself and return that.
# ---
# def drop_classifier(resnet):
#     return nn.Sequential(*list(resnet.children())[:-1])
# def backbone_features(backbone, pictures):
#     x = backbone.maxpool(backbone.relu(backbone.bn1(backbone.conv1(pictures))))
#     return backbone.layer4(backbone.layer3(backbone.layer2(backbone.layer1(x))))

# %% [markdown]
# Now a real ResNet-50 and a picture of full size. PyTorch's `meta` device computes shapes but no numbers, so this costs
# next to nothing. The two lines must agree on H and W.

# %%
def real_size():
    import torchvision  # here, since it takes seconds and little needs it

    with torch.device("meta"):
        resnet = torchvision.models.resnet50(weights=None).eval()
        shape = backbone_features(resnet, torch.empty(1, 3, 800, 1066)).shape
    print("token_grid(800, 1066):", token_grid(800, 1066))
    print("ResNet-50 up to layer4:", tuple(shape))


attempt(real_size)

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

# %% [markdown]
# ### Step 4 · Encoder and decoder · 1 point · 5 min · ●○○○○
# **You will be able to** set up PyTorch's transformer for DETR.
#
# DETR needs no transformer of its own kind. The short form uses `nn.Transformer` as it comes: an encoder, in which the
# S tokens of the picture attend to each other, and a decoder, in which the Q queries attend to each other and to the
# encoder's output. Nothing masks the future, because no order exists among the objects: all queries are decoded in
# parallel (section 3.2, "Transformer decoder").
#
# Besides the four sizes below, leave everything at its default. That includes `batch_first=False`: sequences go in as
# (length, B, D), and step 9 relies on it. D has to be divisible by the number of heads.
#
# *Example.* $D = 256$ and $M = 8$ heads give each head $256 / 8 = 32$ channels. If stuck: `hint("transformer_sizes")`.

# %% exercise="transformer_sizes"
def make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers):
    """nn.Transformer of width hidden_dim, with nheads heads and these depths; all else by default."""
    return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)  # ____

# %% check="transformer_sizes" points=1
@check
def transformer_sizes(draw):
    nheads = draw.choice((2, 3, 5))
    hidden_dim = nheads * draw.size(3, 7)
    num_encoder_layers = draw.integer(1, 3)
    num_decoder_layers = num_encoder_layers % 3 + 1
    transformer = make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
    src, tgt = draw.normal(5, 3, hidden_dim), draw.normal(5, 3, hidden_dim)
    output = draw.fill(transformer).eval()(src, tgt)
    layers = {tuple(name.split(".")[::2][:2]) for name in shapes_of(transformer) if ".layers." in name}
    depths = Counter(part for part, _ in layers)
    return {"layers": dict(depths), "output": output}

# %% [raw] hints="transformer_sizes"
# 1. All you need is one constructor call; its signature is in nn.Transformer's documentation.
# 2. Its first four arguments are the width (d_model), the heads, the encoder's depth and the decoder's depth.
# 3. nn.Transformer(hidden_dim, nheads, …, …): pass the two depths, encoder first.

# %% [raw] mistake="transformer_sizes/width_and_heads_swapped"
# Width and number of heads are swapped: a width of `nheads` cannot be shared out among `hidden_dim` heads. The width
# stands first.
# ---
# def make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers):
#     return nn.Transformer(nheads, hidden_dim, num_encoder_layers, num_decoder_layers)

# %% [raw] mistake="transformer_sizes/depths_swapped"
# The encoder got the decoder's depth and the other way round. In the official model both are 6, so nobody would notice;
# with other depths the weights would not load. The encoder's depth comes first.
# ---
# def make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers):
#     return nn.Transformer(hidden_dim, nheads, num_decoder_layers, num_encoder_layers)

# %% [raw] mistake="transformer_sizes/default_depths"
# The depths were left at PyTorch's default of 6 layers each. That is what the official model has, but the function is
# told which depths to build: pass them on.
# ---
# def make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers):
#     return nn.Transformer(hidden_dim, nheads)

# %% [raw] mistake="transformer_sizes/batch_first"
# With batch_first=True the transformer takes the first axis for the batch, so here pictures would attend to each other
# instead of tokens. Leave it off: our sequences are (length, B, D).
# ---
# def make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers):
#     return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers, batch_first=True)

# %% [raw] mistake="transformer_sizes/norm_first"
# The layers normalise before attention instead of after it. DETR was trained in PyTorch's default order, and its weights
# mean something else in the other one: leave norm_first off.
# ---
# def make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers):
#     return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers, norm_first=True)

# %% [markdown]
# ### Step 5 · Which class? · 2 points · 5 min · ●○○○○
# **You will be able to** say what "no object" is and where it lives.
#
# Q is fixed and larger than the number of objects in a picture. So most queries must be able to answer "there is nothing
# for me here", and this answer, ∅ in the paper, is simply one more class, the last one (section 3.2). The head is a
# single linear layer. It gives *logits*, numbers of any size; the softmax follows later, outside the model, both in the
# loss and in `detect`.
#
# *Example.* With $K = 2$ classes, cat and dog, a query may answer $(0, 0, 3)$. After the softmax that is
# $(0.045, 0.045, 0.909)$: no object, quite sure.
#
# Return one `nn.Linear` that maps (B, Q, hidden_dim) to those logits. If stuck: `hint("class_layer")`.

# %% exercise="class_layer"
def make_class_head(hidden_dim, num_classes):
    """The linear layer from a query's vector to its logits; num_classes is K, without no-object."""
    return nn.Linear(hidden_dim, num_classes + 1)  # ____

# %% check="class_layer" points=2
@check
def class_layer(draw):
    (B, Q, num_classes), hidden_dim = draw.sizes(3, 2, 13), draw.size(17, 29)
    head = draw.fill(make_class_head(hidden_dim, num_classes))
    objects = draw.normal(B, Q, hidden_dim)
    return {"parameters": shapes_of(head), "result": output_of(head, objects)}

# %% [raw] hints="class_layer"
# 1. Count the answers that a query can give. With cat and dog, are there two?
# 2. nn.Linear takes the width that comes in and the number of answers that goes out.
# 3. The second argument is the number of classes and one more; no activation follows.

# %% [raw] mistake="class_layer/no_no_object"
# There are only K answers, so a query without an object has none to give and must name a class. Make room for one
# more: no-object.
# ---
# def make_class_head(hidden_dim, num_classes):
#     return nn.Linear(hidden_dim, num_classes)

# %% [raw] mistake="class_layer/sigmoid"
# A sigmoid was added. The answers of one query exclude each other, so their probabilities come from one softmax over all
# of them, and that is taken outside the model: return the bare linear layer.
# ---
# def make_class_head(hidden_dim, num_classes):
#     return nn.Sequential(nn.Linear(hidden_dim, num_classes + 1), nn.Sigmoid())

# %% [raw] mistake="class_layer/softmax"
# A softmax was added to the head. The loss and `detect` take it themselves, from logits; twice in a row would flatten
# all probabilities. Return the bare linear layer.
# ---
# def make_class_head(hidden_dim, num_classes):
#     return nn.Sequential(nn.Linear(hidden_dim, num_classes + 1), nn.Softmax(dim=-1))

# %% [raw] mistake="class_layer/swapped"
# Input and output width are swapped. The layer takes a query's vector of hidden_dim numbers and gives the logits.
# ---
# def make_class_head(hidden_dim, num_classes):
#     return nn.Linear(num_classes + 1, hidden_dim)

# %% [markdown]
# ### Step 6 · Where? · 2 points · 5 min · ●●○○○
# **You will be able to** turn any four numbers into a box inside the picture.
#
# A box is $(c_x, c_y, w, h)$: its centre and its size, as fractions of the picture's width and height, all in 0..1.
# A linear layer can give any number; the sigmoid $\sigma(z) = 1 / (1 + e^{-z})$ squeezes each of the four, by itself,
# into 0..1. The paper's head is a perceptron of three layers (section 3.2, "Prediction feed-forward networks"); the
# short DETR makes do with one.
#
# *Example.* $z = (0, 0, -1.1, -1.1)$ gives about $(0.5, 0.5, 0.25, 0.25)$: a box in the middle of the picture, a quarter of its
# width and a quarter of its height.
#
# Two blanks: the layer (one `nn.Linear`, without the sigmoid), and the use of it, where the sigmoid belongs.
# If stuck: `hint("box_layer")`.

# %% exercise="box_layer"
def make_box_head(hidden_dim):
    """The linear layer from a query's vector to the numbers of its box, before the sigmoid."""
    return nn.Linear(hidden_dim, 4)  # ____


def predict_boxes(linear_bbox, h):
    """Boxes cxcywh in 0..1 of the picture (B, Q, 4).

    linear_bbox: a layer that make_box_head made. h: the queries' vectors (B, Q, D).
    """
    return linear_bbox(h).sigmoid()  # ____

# %% check="box_layer" points=2
@check
def box_layer(draw):
    B, Q, hidden_dim = draw.sizes(3, 3, 13)
    head = draw.fill(nn.Linear(hidden_dim, 4))
    return {"parameters": shapes_of(make_box_head(hidden_dim)),
            "predicted boxes": predict_boxes(head, 0.3 * draw.normal(B, Q, hidden_dim))}


@box_layer.must("every number of a box lies between 0 and 1")
def _(answer):
    return ((answer["predicted boxes"] >= 0) & (answer["predicted boxes"] <= 1)).all()

# %% [raw] hints="box_layer"
# 1. How many numbers say where a box is and how large? And what keeps each of them between 0 and 1?
# 2. The layer is a plain nn.Linear. Apply it to h, then the sigmoid to the result, number by number.
# 3. A tensor has a method for it: (…).sigmoid(), around what linear_bbox gives for h.

# %% [raw] mistake="box_layer/no_sigmoid"
# The sigmoid is missing: the linear layer's numbers can be negative or far above 1, and a box outside 0..1 is outside
# the picture. Squeeze each number into 0..1.
# ---
# def make_box_head(hidden_dim):
#     return nn.Linear(hidden_dim, 4)
# def predict_boxes(linear_bbox, h):
#     return linear_bbox(h)

# %% [raw] mistake="box_layer/two_outputs"
# The layer gives two numbers, enough for a point. A box has a centre and a size: four numbers.
# ---
# def make_box_head(hidden_dim):
#     return nn.Linear(hidden_dim, 2)
# def predict_boxes(linear_bbox, h):
#     return linear_bbox(h).sigmoid()

# %% [raw] mistake="box_layer/softmax"
# A softmax makes the four numbers of a box share a total of 1, so a box could not be wide, high and far to the right at
# once. They are independent: squeeze each by itself.
# ---
# def make_box_head(hidden_dim):
#     return nn.Linear(hidden_dim, 4)
# def predict_boxes(linear_bbox, h):
#     return linear_bbox(h).softmax(dim=-1)

# %% [raw] mistake="box_layer/sigmoid_in_the_layer"
# The sigmoid sits inside the layer. Its parameters are then called 0.weight and 0.bias, and trained weights called
# linear_bbox.weight would not load: keep the layer bare and apply the sigmoid where it is used.
# ---
# def make_box_head(hidden_dim):
#     return nn.Sequential(nn.Linear(hidden_dim, 4), nn.Sigmoid())
# def predict_boxes(linear_bbox, h):
#     return linear_bbox(h)

# %% [raw] mistake="box_layer/clamped"
# The numbers were cut off at 0 and 1. Beyond the cut the gradient is zero, so a box that is wrong there would never be
# corrected in training; the sigmoid bends instead of cutting.
# ---
# def make_box_head(hidden_dim):
#     return nn.Linear(hidden_dim, 4)
# def predict_boxes(linear_bbox, h):
#     return linear_bbox(h).clamp(0, 1)

# %% [markdown]
# ### Step 7 · Queries and positions to learn · 2 points · 6 min · ●●○○○
# **You will be able to** give a model tables of free, learned vectors.
#
# Three tables complete the parameters. No layer belongs to them: each row is a vector that training moves.
#
# - `query_pos` (Q, D): one row per object query. Q of them go into the decoder, Q boxes come out, and training teaches
#   each to look after certain places and sizes (figure 7 of the paper).
# - `row_embed` and `col_embed` (50, D / 2): one row per row, and one per column, of the feature map, for up to 50 of
#   each. Half the width each, because step 8 puts two of them side by side.
#
# For a tensor to be trained, and to be saved and loaded by name, it must be an `nn.Parameter`. Draw the starting values
# with `torch.rand`: rows that start equal could not be told apart.
#
# *Example.* $Q = 3$, $D = 8$: `query_pos` is (3, 8), the two position tables are (50, 4) each.
#
# `make_position_tables` returns the pair (`row_embed`, `col_embed`). If stuck: `hint("tables")`.

# %% exercise="tables"
def make_query_table(num_queries, hidden_dim):
    """query_pos: an nn.Parameter (num_queries, hidden_dim), random at the start."""
    return nn.Parameter(torch.rand(num_queries, hidden_dim))  # ____


def make_position_tables(hidden_dim, length=50):
    """row_embed, col_embed: two nn.Parameters (length, hidden_dim // 2), random at the start."""
    row_embed = nn.Parameter(torch.rand(length, hidden_dim // 2))  # ____
    col_embed = nn.Parameter(torch.rand(length, hidden_dim // 2))  # ____
    return row_embed, col_embed

# %% check="tables" points=2
@check
def tables(draw):
    num_queries, half, length = draw.sizes(3, 5, 47)
    made = [make_query_table(num_queries, 2 * half), *make_position_tables(2 * half, length)]
    module = nn.Module()
    for name, table in zip(("query_pos", "row_embed", "col_embed"), made, strict=True):
        setattr(module, name, table.cpu())  # the table itself; a blank stops here as not attempted
    rows = {name: len(table.detach().unique(dim=0)) for name, table in module.named_parameters()}
    return {"1. shapes": shapes_of(module), "2. different rows": rows}

# %% [raw] hints="tables"
# 1. A model's list of parameters contains what? A plain tensor is not in it.
# 2. nn.Parameter wraps a tensor; torch.rand(rows, columns) makes one. One row per query, or per row or column of the
#    map; half the width in the position tables.
# 3. nn.Parameter(torch.rand(…, …)) three times; the sizes are in the docstrings. Use // for the half, so that it
#    stays a whole number.

# %% [raw] mistake="tables/transposed"
# The query table lies on its side: its rows are channels. Tables are indexed by query first, so that query_pos[3] is the
# vector of query 3.
# ---
# def make_query_table(num_queries, hidden_dim):
#     return nn.Parameter(torch.rand(hidden_dim, num_queries))
# def make_position_tables(hidden_dim, length=50):
#     return nn.Parameter(torch.rand(length, hidden_dim // 2)), nn.Parameter(torch.rand(length, hidden_dim // 2))

# %% [raw] mistake="tables/tables_transposed"
# The position tables lie on their side: their rows are channels. The first index is the row or column of the feature
# map, so that row_embed[7] is the vector of row 7.
# ---
# def make_query_table(num_queries, hidden_dim):
#     return nn.Parameter(torch.rand(num_queries, hidden_dim))
# def make_position_tables(hidden_dim, length=50):
#     return nn.Parameter(torch.rand(hidden_dim // 2, length)), nn.Parameter(torch.rand(hidden_dim // 2, length))

# %% [raw] mistake="tables/full_width"
# Each position table has the transformer's full width. A cell's position is a column vector and a row vector side by
# side, so together they would be twice too wide: give each table half.
# ---
# def make_query_table(num_queries, hidden_dim):
#     return nn.Parameter(torch.rand(num_queries, hidden_dim))
# def make_position_tables(hidden_dim, length=50):
#     return nn.Parameter(torch.rand(length, hidden_dim)), nn.Parameter(torch.rand(length, hidden_dim))

# %% [raw] mistake="tables/plain_tensors"
# These are plain tensors. A model does not list them among its parameters, so no optimiser would train them and no
# weights file would bring them: make each an nn.Parameter.
# ---
# def make_query_table(num_queries, hidden_dim):
#     return torch.rand(num_queries, hidden_dim)
# def make_position_tables(hidden_dim, length=50):
#     return torch.rand(length, hidden_dim // 2), torch.rand(length, hidden_dim // 2)

# %% [raw] mistake="tables/embedding"
# nn.Embedding holds such a table too, but under the name query_pos.weight. The short DETR's weights call it query_pos:
# use an nn.Parameter, which is the table itself.
# ---
# def make_query_table(num_queries, hidden_dim):
#     return nn.Embedding(num_queries, hidden_dim)
# def make_position_tables(hidden_dim, length=50):
#     return nn.Embedding(length, hidden_dim // 2), nn.Embedding(length, hidden_dim // 2)

# %% [raw] mistake="tables/all_zero"
# All rows start equal. Then every query gives the same class and the same box, and every cell seems to lie in the same
# place: start from random numbers.
# ---
# def make_query_table(num_queries, hidden_dim):
#     return nn.Parameter(torch.zeros(num_queries, hidden_dim))
# def make_position_tables(hidden_dim, length=50):
#     return nn.Parameter(torch.zeros(length, hidden_dim // 2)), nn.Parameter(torch.zeros(length, hidden_dim // 2))

# %% [raw] mistake="tables/shared"
# Rows and columns share one table, so the model holds it only once. Row 3 and column 3 need vectors of their own, or
# cell (3, 5) and cell (5, 3) would be hard to tell apart: make two tables.
# ---
# def make_query_table(num_queries, hidden_dim):
#     return nn.Parameter(torch.rand(num_queries, hidden_dim))
# def make_position_tables(hidden_dim, length=50):
#     table = nn.Parameter(torch.rand(length, hidden_dim // 2))
#     return table, table

# %% [markdown]
# ### Step 8 · A position for every cell · 4 points · 10 min · ●●●○○
# **You will be able to** give a sequence back the two dimensions it lost.
#
# Attention does not know in which order its tokens come: without positions, a picture with its cells shuffled would be
# the same picture. So every cell gets a vector that says where it is. In the paper these are sines and cosines of the
# place; the short DETR learns them. The vector of the cell in row $y$ and column $x$ is
#
# $$\mathrm{pos}(y, x) = \big[\, \mathrm{col}_x \;\big|\; \mathrm{row}_y \,\big] \in \mathbb{R}^D ,$$
#
# the column's vector first, the row's vector after it. Dropping the positions of the picture altogether costs the paper's
# model 7.8 AP (table 3).
#
# **Order of the tokens.** Row by row, as one reads: the cell in row $y$ and column $x$ is token number $y \cdot W + x$. This
# is the order that `flatten` gives for the axes (H, W). The result has shape (S, 1, D); the axis of length 1 lets the
# same positions serve every picture of a batch.
#
# *Example.* $H = 2$, $W = 3$, $D = 2$, `col_embed = [[10], [11], [12], …]`, `row_embed = [[20], [21], …]`. The six tokens,
# each inside one more pair of brackets, are
#
# ```
# [10, 20]  [11, 20]  [12, 20]  [10, 21]  [11, 21]  [12, 21]
# ```
#
# The tables are longer than needed: use their first H and first W rows. The library's `PositionEmbeddingLearned` may not
# be used in your answer. If stuck: `hint("positions")`.

# %% exercise="positions" forbids="detrlab.detr.position.PositionEmbeddingLearned, detrlab.detr.position.PositionEmbeddingLearned.forward"
def position_map(row_embed, col_embed, H, W):
    """Positions of all cells of a feature map, as tokens in reading order.

    row_embed, col_embed: (length, D / 2) each, with length >= H and length >= W.
    Returns (S, 1, D) with S = H * W; token y * W + x holds [col_embed[x] | row_embed[y]].
    """
    ### BEGIN SOLUTION
    columns = col_embed[:W].unsqueeze(0).expand(H, W, -1)  # (H, W, D/2), the same in every row
    rows = row_embed[:H].unsqueeze(1).expand(H, W, -1)  # (H, W, D/2), the same in every column
    return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)  # (S, 1, D)
    ### END SOLUTION

# %% check="positions" points=4
@check
def positions(draw):
    length, half = draw.size(17, 47), draw.size(2, 5)
    H, W = draw.sizes(2, 2, 13)
    return position_map(draw.normal(length, half), draw.normal(length, half), H, W)

# %% [raw] hints="positions"
# 1. Think of two maps of H x W cells: one repeats the column vectors in every row, the other repeats the row vectors in
#    every column.
# 2. col_embed[:W] needs a new axis in front, row_embed[:H] one in the middle; expand or repeat both to (H, W, D/2),
#    concatenate along the last axis, flatten the first two.
# 3. Columns: col_embed[:W].unsqueeze(0).expand(H, -1, -1). Rows: the same with unsqueeze(1) and W. Then
#    torch.cat([…, …], dim=-1), .flatten(0, 1) and .unsqueeze(1).

# %% [raw] mistake="positions/rows_first"
# The two halves are in the wrong order: the row's vector comes first here. Any order could be learned, but the trained
# weights expect the column's vector in the first half.
# ---
# def position_map(row_embed, col_embed, H, W):
#     columns, rows = col_embed[:W].expand(H, W, -1), row_embed[:H, None].expand(H, W, -1)
#     return torch.cat([rows, columns], dim=-1).flatten(0, 1).unsqueeze(1)

# %% [raw] mistake="positions/column_by_column"
# The vectors are right, but the tokens run down the columns. The feature map is flattened row by row, so almost every
# cell would get the position of another one: let the column change fastest.
# ---
# def position_map(row_embed, col_embed, H, W):
#     columns, rows = col_embed[:W, None].expand(W, H, -1), row_embed[:H].expand(W, H, -1)
#     return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)

# %% [raw] mistake="positions/swapped_sizes"
# H and W are swapped: the column table was cut to H entries and the row table to W. There is one column vector for each
# of the W columns.
# ---
# def position_map(row_embed, col_embed, H, W):
#     columns, rows = col_embed[:H].expand(W, H, -1), row_embed[:W, None].expand(W, H, -1)
#     return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)

# %% [raw] mistake="positions/swapped_tables"
# The tables changed roles: the first half holds the row table's vectors, chosen by column. Take col_embed for x and
# row_embed for y.
# ---
# def position_map(row_embed, col_embed, H, W):
#     columns, rows = row_embed[:W].expand(H, W, -1), col_embed[:H, None].expand(H, W, -1)
#     return torch.cat([columns, rows], dim=-1).flatten(0, 1).unsqueeze(1)

# %% [raw] mistake="positions/summed"
# The two vectors were added, so the result is half as wide as the tokens it is for. Put them side by side: each keeps
# its own half of the channels.
# ---
# def position_map(row_embed, col_embed, H, W):
#     return (col_embed[:W] + row_embed[:H, None]).flatten(0, 1).unsqueeze(1)

# %% [raw] mistake="positions/no_batch_axis"
# All values are there, but the axis for the batch is missing: (S, D) instead of (S, 1, D). Without it the positions would
# be added along the wrong axis of (S, B, D).
# ---
# def position_map(row_embed, col_embed, H, W):
#     columns, rows = col_embed[:W].expand(H, W, -1), row_embed[:H, None].expand(H, W, -1)
#     return torch.cat([columns, rows], dim=-1).flatten(0, 1)

# %% [raw] mistake="positions/not_flattened"
# The map still has its two axes H and W. The transformer takes a sequence: make one axis of them, row by row, and add
# the axis for the batch.
# ---
# def position_map(row_embed, col_embed, H, W):
#     columns, rows = col_embed[:W].expand(H, W, -1), row_embed[:H, None].expand(H, W, -1)
#     return torch.cat([columns, rows], dim=-1)

# %% [markdown]
# What such a map means: how alike is the position of one cell to those of all others? With random tables, cells of the
# same row share half of the vector, cells of the same column the other half, and the rest nearly nothing. A straight
# cross should appear.

# %%
def show_positions(H=10, W=16, y=6, x=4):
    tables = torch.randn(2, 50, 64, generator=torch.Generator().manual_seed(0))
    row_embed, col_embed = nn.functional.normalize(tables, dim=-1)
    pos = position_map(row_embed, col_embed, H, W)[:, 0]  # (S, D)
    alike = torch.cosine_similarity(pos[y * W + x], pos, dim=-1).reshape(H, W)
    figure, axes = plt.subplots(figsize=(5.4, 3.3), layout="constrained")
    image = axes.imshow(alike.numpy(), cmap="cividis", vmin=0, vmax=1)
    axes.set(xlabel="column x", ylabel="row y")
    axes.set_title(f"Likeness of each cell's position to cell (x={x}, y={y})")
    figure.colorbar(image, label="cosine")
    plt.show()


attempt(show_positions)

# %% [markdown]
# ### Step 9 · Tokens in, objects out · 2 points · 10 min · ●●●●○
# **You will be able to** feed a feature map to a transformer, and object queries with it.
#
# Four lines:
#
# 1. **The encoder's input.** The map $h$ (B, D, H, W) becomes a sequence (S, B, D): flatten the two spatial axes into one,
#    then *move* the axes to the order token, picture, channel. Scale it by 0.1 and add the positions:
#    $\;\mathrm{src} = \mathrm{pos} + 0.1 \cdot \mathrm{tokens}(h)$. The factor belongs to the short DETR, not to the paper:
#    it keeps the features from drowning the positions.
# 2. **The decoder's input.** The queries (Q, D), the same ones for every picture: (Q, B, D).
# 3. **The transformer**: it takes the encoder's input, then the decoder's, and gives (Q, B, D). Call it once, for all
#    pictures together (or its `encoder` and then its `decoder`, as a whole): the check looks at what they are given.
# 4. **The result** with the batch first: (B, Q, D).
#
# *Example.* Moving axes is not reshaping. Take one picture with $D = 2$ channels and three cells: $h$ flattened is
# `[[a1, a2, a3], [b1, b2, b3]]`, one row per channel. Its tokens are `[a1, b1]`, `[a2, b2]`, `[a3, b3]`, the channels of
# one cell together. `reshape(3, 2)` would give `[a1, a2]`, `[a3, b1]`, `[b2, b3]`: same shape, nonsense.
#
# | | the paper (section 3.2, A.3) | the short DETR |
# |---|---|---|
# | positions | added to queries and keys of every attention on the picture | added once, to the encoder's input |
# | object queries | added in every layer of the decoder, which starts from zeros | are the decoder's input |
#
# If stuck: `hint("sequence")`.

# %% exercise="sequence"
def encode_decode(transformer, h, pos, query_pos):
    """One vector per object query and picture.

    transformer: an nn.Transformer that takes sequences (length, B, D).
    h: (B, D, H, W). pos: (S, 1, D), S = H * W. query_pos: (Q, D). Returns (B, Q, D).
    """
    B = h.shape[0]
    # (S, B, D): the positions, and a tenth of the features
    src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)  # ____
    # (Q, B, D): the same queries for every picture
    tgt = query_pos.unsqueeze(1).repeat(1, B, 1)  # ____
    # (Q, B, D): encoder and decoder
    out = transformer(src, tgt)  # ____
    # (B, Q, D)
    return out.transpose(0, 1)  # ____

# %% check="sequence" points=2
@check
def sequence(draw):
    B, Q, H, W = draw.sizes(4, 2, 7)
    D = 2 * draw.size(3, 7)
    transformer = draw.fill(nn.Transformer(D, 2, 1, 1, dim_feedforward=13)).eval()
    h, pos, query_pos = draw.normal(B, D, H, W), draw.normal(H * W, 1, D), draw.normal(Q, D)
    inputs = {}

    def keep(*names):
        def hook(_, args, kwargs):
            given = dict(zip(names, args)) | kwargs
            for name in names:
                inputs.setdefault(name, given.get(name))
        return hook

    transformer.register_forward_pre_hook(keep("src", "tgt"), with_kwargs=True)
    transformer.encoder.register_forward_pre_hook(keep("src"), with_kwargs=True)
    transformer.decoder.register_forward_pre_hook(keep("tgt"), with_kwargs=True)
    try:
        result = encode_decode(transformer, h, pos, query_pos)
    except RuntimeError:
        if not inputs:
            raise
        result = "the transformer refused its inputs"
    return {"1. encoder's input": inputs.get("src"), "2. decoder's input": inputs.get("tgt"),
            "3. result": result}

# %% [raw] hints="sequence"
# 1. Write the axes of each tensor beside its name, and ask for each line which axis has to go where. Only the order may
#    change, never which numbers belong to one cell.
# 2. flatten(2) makes (B, D, S) of the map; permute names the new order of axes. unsqueeze gives the queries an axis for
#    the batch, repeat or expand fills it, transpose swaps two axes of the result.
# 3. src is pos + 0.1 * h.flatten(2).permute(2, 0, 1); tgt is query_pos.unsqueeze(1).repeat(1, …, 1); then
#    transformer(src, tgt), and at last .transpose(0, 1).

# %% [raw] mistake="sequence/scaled_positions"
# The factor 0.1 is on the positions. It is meant for the features, so that they do not drown the positions: the other
# way round the model hardly knows where anything is.
# ---
# def encode_decode(transformer, h, pos, query_pos):
#     src = 0.1 * pos + h.flatten(2).permute(2, 0, 1)
#     return transformer(src, query_pos.unsqueeze(1).repeat(1, h.shape[0], 1)).transpose(0, 1)

# %% [raw] mistake="sequence/unscaled"
# The features went in at full size. The trained weights expect a tenth of them beside the positions: put the factor 0.1
# on the features.
# ---
# def encode_decode(transformer, h, pos, query_pos):
#     src = pos + h.flatten(2).permute(2, 0, 1)
#     return transformer(src, query_pos.unsqueeze(1).repeat(1, h.shape[0], 1)).transpose(0, 1)

# %% [raw] mistake="sequence/all_scaled"
# Positions and features were both scaled, the factor 0.1 stands before their sum. Only the features are to be scaled:
# mind the brackets.
# ---
# def encode_decode(transformer, h, pos, query_pos):
#     src = 0.1 * (pos + h.flatten(2).permute(2, 0, 1))
#     return transformer(src, query_pos.unsqueeze(1).repeat(1, h.shape[0], 1)).transpose(0, 1)

# %% [raw] mistake="sequence/reshaped"
# The shape is right, but the numbers were poured into it: reshape does not move axes, so one "token" now holds a single
# channel of many cells. Change the order of the axes instead.
# ---
# def encode_decode(transformer, h, pos, query_pos):
#     B, D, H, W = h.shape
#     src = pos + 0.1 * h.reshape(H * W, B, D)
#     return transformer(src, query_pos.unsqueeze(1).repeat(1, B, 1)).transpose(0, 1)

# %% [raw] mistake="sequence/no_positions"
# The positions are missing, so the encoder cannot tell one place from another: shuffled cells would give the same
# answer. Add them to the features.
# ---
# def encode_decode(transformer, h, pos, query_pos):
#     src = 0.1 * h.flatten(2).permute(2, 0, 1)
#     return transformer(src, query_pos.unsqueeze(1).repeat(1, h.shape[0], 1)).transpose(0, 1)

# %% [raw] mistake="sequence/one_picture_only"
# The queries have a batch axis of length 1, so this works for a single picture only; the transformer refuses two.
# Repeat the queries for each picture of the batch.
# ---
# def encode_decode(transformer, h, pos, query_pos):
#     src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
#     return transformer(src, query_pos.unsqueeze(1)).transpose(0, 1)

# %% [raw] mistake="sequence/swapped_inputs"
# Picture and queries changed places: the encoder got the queries, the decoder the picture, so there is one result per
# cell. The transformer takes the encoder's input first.
# ---
# def encode_decode(transformer, h, pos, query_pos):
#     src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
#     return transformer(query_pos.unsqueeze(1).repeat(1, h.shape[0], 1), src).transpose(0, 1)

# %% [raw] mistake="sequence/queries_first"
# The result still has the queries on its first axis, (Q, B, D). From here on the batch comes first: swap the first two
# axes.
# ---
# def encode_decode(transformer, h, pos, query_pos):
#     src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
#     return transformer(src, query_pos.unsqueeze(1).repeat(1, h.shape[0], 1))

# %% [raw] mistake="sequence/result_reshaped"
# The result has the right shape, but reshape does not move axes: vectors of different pictures got mixed up. Swap the
# first two axes instead.
# ---
# def encode_decode(transformer, h, pos, query_pos):
#     B, Q = h.shape[0], query_pos.shape[0]
#     src = pos + 0.1 * h.flatten(2).permute(2, 0, 1)
#     return transformer(src, query_pos.unsqueeze(1).repeat(1, B, 1)).reshape(B, Q, -1)

# %% [markdown]
# ### Steps 2 to 9 in one class · 2 points · 8 min · ●●○○○
# **You will be able to** write DETR down, whole.
#
# Every part exists now. Put them together: call the functions you have written, or write their lines out again; both are
# right. Two things matter.
#
# - **The names.** Weights are loaded by name, so the attributes have to be called exactly as in the official short DETR:
#   `backbone`, `conv`, `transformer`, `linear_class`, `linear_bbox`, `query_pos`, `row_embed` and `col_embed`.
# - **The order.** H and W of the position map are those of the feature map, not of the picture.
#
# The backbone is handed over ready-made, without the layer `fc`. The class returns raw logits, and boxes as cxcywh in 0..1.
#
# *Example.* `ShortDETR(num_classes=91, backbone=…)` with all other sizes at their defaults is the official short DETR.
# On one picture of 800 × 1066 it goes (1, 3, 800, 1066) → (1, 2048, 25, 34) → (1, 256, 25, 34) → (850, 1, 256) → (1, 100,
# 256), one vector for each of the 100 queries, which the two heads then read.
#
# This check runs your own functions, all of them, so it needs the steps above. If stuck: `hint("short_detr")`.

# %% exercise="short_detr"
class ShortDETR(nn.Module):
    """The short DETR.

    num_classes: K, without no-object. channels: of the backbone's last feature map.
    """

    def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
                 num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
        super().__init__()
        # step 2: handed over ready-made
        self.backbone = backbone  # ____
        # steps 3 and 4
        self.conv = make_projection(channels, hidden_dim)  # ____
        self.transformer = make_transformer(
            hidden_dim, nheads, num_encoder_layers, num_decoder_layers)  # ____
        # steps 5 and 6
        self.linear_class = make_class_head(hidden_dim, num_classes)  # ____
        self.linear_bbox = make_box_head(hidden_dim)  # ____
        # step 7
        self.query_pos = make_query_table(num_queries, hidden_dim)  # ____
        self.row_embed, self.col_embed = make_position_tables(hidden_dim)  # ____

    def forward(self, pictures):
        """Normalised pictures (B, 3, height, width) -> logits (B, Q, K + 1), boxes (B, Q, 4)."""
        # step 2: (B, channels, H, W)
        features = backbone_features(self.backbone, pictures)  # ____
        # step 3: (B, D, H, W)
        h = self.conv(features)  # ____
        # step 8: (S, 1, D)
        pos = position_map(self.row_embed, self.col_embed, h.shape[2], h.shape[3])  # ____
        # step 9: (B, Q, D)
        objects = encode_decode(self.transformer, h, pos, self.query_pos)  # ____
        # steps 5 and 6: (B, Q, K + 1) and (B, Q, 4)
        logits = self.linear_class(objects)  # ____
        boxes_cxcywh = predict_boxes(self.linear_bbox, objects)  # ____
        return {"pred_logits": logits, "pred_boxes": boxes_cxcywh}

# %% check="short_detr" points=2
@check
def short_detr(draw):
    nheads, K, Q = draw.sizes(3, 2, 11)
    channels, hidden_dim = draw.size(11, 19), 2 * nheads * draw.size(2, 3)
    depth = draw.integer(1, 2)
    backbone = TinyResNet(channels)
    del backbone.fc
    model = ShortDETR(K, backbone, channels, hidden_dim, nheads, depth, 3 - depth, Q)
    model = draw.fill(model).eval()
    sizes = Counter()
    for name, parameter in model.named_parameters():
        sizes[name.split(".")[0]] += parameter.numel()
    out = model(draw.normal(2, 3, draw.size(29, 37), draw.size(41, 47)))
    return {"numbers to learn": dict(sizes),
            "pred_logits": out["pred_logits"], "pred_boxes": out["pred_boxes"]}


@short_detr.must("boxes lie between 0 and 1")
def _(answer):
    return ((answer["pred_boxes"] >= 0) & (answer["pred_boxes"] <= 1)).all()

# %% [raw] hints="short_detr"
# 1. The constructor makes every part once; forward sends the pictures through them. Steps 2 to 9 are its lines.
# 2. Each of your functions fits one blank: make_… in the constructor, the others in forward. What comes out of one line
#    goes into the next; the shapes in the comments say which.
# 3. For instance self.conv = make_projection(channels, hidden_dim), and in forward h = self.conv(features); position_map
#    takes the two tables, then h.shape[2] and h.shape[3].

# %% [raw] mistake="short_detr/other_names"
# The 1x1 convolution bears another name. Weights are loaded by name, and the short DETR's file calls it conv: keep the
# attribute names of the task, also where the full DETR uses others.
# ---
# class ShortDETR(nn.Module):
#     def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
#                  num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
#         super().__init__()
#         self.backbone = backbone
#         self.input_proj = make_projection(channels, hidden_dim)
#         self.transformer = make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
#         self.linear_class = make_class_head(hidden_dim, num_classes)
#         self.linear_bbox = make_box_head(hidden_dim)
#         self.query_pos = make_query_table(num_queries, hidden_dim)
#         self.row_embed, self.col_embed = make_position_tables(hidden_dim)
#     def forward(self, pictures):
#         h = self.input_proj(backbone_features(self.backbone, pictures))
#         pos = position_map(self.row_embed, self.col_embed, h.shape[2], h.shape[3])
#         objects = encode_decode(self.transformer, h, pos, self.query_pos)
#         return {"pred_logits": self.linear_class(objects), "pred_boxes": predict_boxes(self.linear_bbox, objects)}

# %% [raw] mistake="short_detr/full_names"
# These are the parameter names of the full DETR (class_embed, bbox_embed, query_embed, input_proj). The short one has its
# own, listed in the task, and its weights fit only those.
# ---
# class ShortDETR(nn.Module):
#     def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
#                  num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
#         super().__init__()
#         self.backbone = backbone
#         self.input_proj = make_projection(channels, hidden_dim)
#         self.transformer = make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
#         self.class_embed = make_class_head(hidden_dim, num_classes)
#         self.bbox_embed = make_box_head(hidden_dim)
#         self.query_embed = make_query_table(num_queries, hidden_dim)
#         self.row_embed, self.col_embed = make_position_tables(hidden_dim)
#     def forward(self, pictures):
#         h = self.input_proj(backbone_features(self.backbone, pictures))
#         pos = position_map(self.row_embed, self.col_embed, h.shape[2], h.shape[3])
#         objects = encode_decode(self.transformer, h, pos, self.query_embed)
#         return {"pred_logits": self.class_embed(objects), "pred_boxes": predict_boxes(self.bbox_embed, objects)}

# %% [raw] mistake="short_detr/no_object_twice"
# There is one class too many: no-object was counted twice, in the call and in the head. num_classes is K; let one place
# add the one.
# ---
# class ShortDETR(nn.Module):
#     def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
#                  num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
#         super().__init__()
#         self.backbone = backbone
#         self.conv = make_projection(channels, hidden_dim)
#         self.transformer = make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
#         self.linear_class = make_class_head(hidden_dim, num_classes + 1)
#         self.linear_bbox = make_box_head(hidden_dim)
#         self.query_pos = make_query_table(num_queries, hidden_dim)
#         self.row_embed, self.col_embed = make_position_tables(hidden_dim)
#     def forward(self, pictures):
#         h = self.conv(backbone_features(self.backbone, pictures))
#         pos = position_map(self.row_embed, self.col_embed, h.shape[2], h.shape[3])
#         objects = encode_decode(self.transformer, h, pos, self.query_pos)
#         return {"pred_logits": self.linear_class(objects), "pred_boxes": predict_boxes(self.linear_bbox, objects)}

# %% [raw] mistake="short_detr/tables_exchanged"
# Row and column table changed names on the way. Your own model would not mind, but trained weights come by name: mind
# the order of the pair that make_position_tables returns and of what position_map takes.
# ---
# class ShortDETR(nn.Module):
#     def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
#                  num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
#         super().__init__()
#         self.backbone = backbone
#         self.conv = make_projection(channels, hidden_dim)
#         self.transformer = make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
#         self.linear_class = make_class_head(hidden_dim, num_classes)
#         self.linear_bbox = make_box_head(hidden_dim)
#         self.query_pos = make_query_table(num_queries, hidden_dim)
#         self.row_embed, self.col_embed = make_position_tables(hidden_dim)
#     def forward(self, pictures):
#         h = self.conv(backbone_features(self.backbone, pictures))
#         pos = position_map(self.col_embed, self.row_embed, h.shape[2], h.shape[3])
#         objects = encode_decode(self.transformer, h, pos, self.query_pos)
#         return {"pred_logits": self.linear_class(objects), "pred_boxes": predict_boxes(self.linear_bbox, objects)}

# %% [raw] mistake="short_detr/swapped_sizes"
# The position map was asked for W rows and H columns. There are as many tokens as before, so nothing breaks, but their
# positions are wrong: axis 2 of a feature map is H, axis 3 is W.
# ---
# class ShortDETR(nn.Module):
#     def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
#                  num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
#         super().__init__()
#         self.backbone = backbone
#         self.conv = make_projection(channels, hidden_dim)
#         self.transformer = make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
#         self.linear_class = make_class_head(hidden_dim, num_classes)
#         self.linear_bbox = make_box_head(hidden_dim)
#         self.query_pos = make_query_table(num_queries, hidden_dim)
#         self.row_embed, self.col_embed = make_position_tables(hidden_dim)
#     def forward(self, pictures):
#         h = self.conv(backbone_features(self.backbone, pictures))
#         pos = position_map(self.row_embed, self.col_embed, h.shape[3], h.shape[2])
#         objects = encode_decode(self.transformer, h, pos, self.query_pos)
#         return {"pred_logits": self.linear_class(objects), "pred_boxes": predict_boxes(self.linear_bbox, objects)}

# %% [raw] mistake="short_detr/no_sigmoid"
# The boxes are the bare output of linear_bbox, so they can lie anywhere. The sigmoid of step 6 belongs in forward.
# ---
# class ShortDETR(nn.Module):
#     def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
#                  num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
#         super().__init__()
#         self.backbone = backbone
#         self.conv = make_projection(channels, hidden_dim)
#         self.transformer = make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
#         self.linear_class = make_class_head(hidden_dim, num_classes)
#         self.linear_bbox = make_box_head(hidden_dim)
#         self.query_pos = make_query_table(num_queries, hidden_dim)
#         self.row_embed, self.col_embed = make_position_tables(hidden_dim)
#     def forward(self, pictures):
#         h = self.conv(backbone_features(self.backbone, pictures))
#         pos = position_map(self.row_embed, self.col_embed, h.shape[2], h.shape[3])
#         objects = encode_decode(self.transformer, h, pos, self.query_pos)
#         return {"pred_logits": self.linear_class(objects), "pred_boxes": self.linear_bbox(objects)}

# %% [raw] mistake="short_detr/probabilities"
# The model returns probabilities instead of logits. The loss and `detect` take the softmax themselves; return what
# linear_class gives.
# ---
# class ShortDETR(nn.Module):
#     def __init__(self, num_classes, backbone, channels=2048, hidden_dim=256, nheads=8,
#                  num_encoder_layers=6, num_decoder_layers=6, num_queries=100):
#         super().__init__()
#         self.backbone = backbone
#         self.conv = make_projection(channels, hidden_dim)
#         self.transformer = make_transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
#         self.linear_class = make_class_head(hidden_dim, num_classes)
#         self.linear_bbox = make_box_head(hidden_dim)
#         self.query_pos = make_query_table(num_queries, hidden_dim)
#         self.row_embed, self.col_embed = make_position_tables(hidden_dim)
#     def forward(self, pictures):
#         h = self.conv(backbone_features(self.backbone, pictures))
#         pos = position_map(self.row_embed, self.col_embed, h.shape[2], h.shape[3])
#         objects = encode_decode(self.transformer, h, pos, self.query_pos)
#         return {"pred_logits": self.linear_class(objects).softmax(-1),
#                 "pred_boxes": predict_boxes(self.linear_bbox, objects)}

# %% [markdown]
# Where does the size of the model lie? The official short DETR, again on the `meta` device. Its 41,459,616 parameters
# should come out of your class to the last one.

# %%
def count_parameters():
    import torchvision

    with torch.device("meta"):
        backbone = drop_classifier(torchvision.models.resnet50(weights=None))
        official_size = ShortDETR(num_classes=91, backbone=backbone)
    sizes = Counter()
    for name, parameter in official_size.named_parameters():
        sizes[name.split(".")[0]] += parameter.numel()
    for part, size in sizes.most_common():
        print(f"{part:<14}{size:>12,}{size / sizes.total():>9.2%}")
    print(f"{'together':<14}{sizes.total():>12,}")


attempt(count_parameters)

# %% [markdown]
# ### Step 10 · What comes out · 2 points · 6 min · ●●●○○
# **You will be able to** predict the shapes of DETR's outputs and of its attention maps.
#
# Say it before you run anything: B pictures, S tokens, Q object queries, K classes.
#
# - **Outputs.** Each object query answers for itself, with one distribution over all its possible answers and with one
#   box. A detector of the Faster R-CNN family predicts a box *per class*; DETR predicts one box per query.
# - **Attention maps**, which the next notebook looks at. Such a map is a table with a row for each vector that looks and
#   a column for each vector that it can look at. In the encoder, tokens look at tokens. In the decoder's cross-attention,
#   object queries look at tokens. The batch comes first, and the heads are averaged, so that they have no axis.
#
# *Example.* With a single picture, 70 tokens, 3 queries and 9 classes, the logits are 30 numbers, the boxes 12, the
# encoder's map 4900 and the decoder's map 210.
#
# Fill in the four shapes, as tuples. If stuck: `hint("output_sizes")`.

# %% exercise="output_sizes"
def output_shapes(B, S, Q, K):
    """Shapes for B pictures, S tokens, Q object queries and K classes (without no-object)."""
    logits = (B, Q, K + 1)  # ____
    boxes = (B, Q, 4)  # ____
    encoder_map = (B, S, S)  # ____
    decoder_map = (B, Q, S)  # ____
    return {"logits": logits, "boxes": boxes, "encoder_map": encoder_map, "decoder_map": decoder_map}

# %% check="output_sizes" points=2
@check
def output_sizes(draw):
    B, S, Q, K = draw.sizes(4, 5, 47)
    return {name: [int(n) for n in shape] for name, shape in output_shapes(B, S, Q, K).items()}

# %% [raw] hints="output_sizes"
# 1. Axis by axis. For the outputs: which picture, which query, which number. For the maps: which picture, who looks, at
#    what.
# 2. Logits and boxes begin alike; the last axis counts possible answers (remember step 5) or numbers of a box. A map of
#    tokens that look at tokens is square, that of the queries is not.
# 3. (B, Q, …) for logits and boxes, ending in the classes and no-object, or in the four numbers cxcywh. (B, …, …) for the
#    maps: S rows and S columns in the encoder, Q rows in the decoder.

# %% [raw] mistake="output_sizes/queries_first"
# The query axis stands first in the outputs. Inside nn.Transformer that is the order, but step 9 brought the batch back
# to the front.
# ---
# def output_shapes(B, S, Q, K):
#     return {"logits": (Q, B, K + 1), "boxes": (Q, B, 4), "encoder_map": (B, S, S), "decoder_map": (B, Q, S)}

# %% [raw] mistake="output_sizes/no_no_object"
# The logits have only K entries per query. No-object is an answer as well, and by far the most frequent one: count it.
# ---
# def output_shapes(B, S, Q, K):
#     return {"logits": (B, Q, K), "boxes": (B, Q, 4), "encoder_map": (B, S, S), "decoder_map": (B, Q, S)}

# %% [raw] mistake="output_sizes/box_per_class"
# This has a box for every class. In DETR a query has one box, whatever its class turns out to be: four numbers.
# ---
# def output_shapes(B, S, Q, K):
#     return {"logits": (B, Q, K + 1), "boxes": (B, Q, 4 * K), "encoder_map": (B, S, S), "decoder_map": (B, Q, S)}

# %% [raw] mistake="output_sizes/box_per_class_axis"
# This has a box for every class, on an axis of its own. In DETR a query has one box, whatever its class turns out to be.
# ---
# def output_shapes(B, S, Q, K):
#     return {"logits": (B, Q, K + 1), "boxes": (B, Q, K, 4), "encoder_map": (B, S, S), "decoder_map": (B, Q, S)}

# %% [raw] mistake="output_sizes/map_transposed"
# The decoder's map lies on its side. Rows look, columns are looked at, and in the cross-attention the object queries do
# the looking.
# ---
# def output_shapes(B, S, Q, K):
#     return {"logits": (B, Q, K + 1), "boxes": (B, Q, 4), "encoder_map": (B, S, S), "decoder_map": (B, S, Q)}

# %% [raw] mistake="output_sizes/queries_at_queries"
# This is the map of the decoder's self-attention, in which object queries look at each other. In the cross-attention
# they look at the encoder's tokens.
# ---
# def output_shapes(B, S, Q, K):
#     return {"logits": (B, Q, K + 1), "boxes": (B, Q, 4), "encoder_map": (B, S, S), "decoder_map": (B, Q, Q)}

# %% [raw] mistake="output_sizes/encoder_with_queries"
# Object queries appear in the encoder's map. The encoder has not met them: it sees tokens only, and each looks at all.
# ---
# def output_shapes(B, S, Q, K):
#     return {"logits": (B, Q, K + 1), "boxes": (B, Q, 4), "encoder_map": (B, Q, S), "decoder_map": (B, Q, S)}

# %% [markdown]
# ## Your DETR at work
# Your class, trained. The backbone is a small ResNet-like one, so that the weights are a small file; the rest is what you
# wrote, with fewer layers and narrower. `load_state_dict` is strict: a single wrong name or shape, and it refuses.
# Change the seed. Where does it miss something, and does the shapes model from the beginning miss it too?

# %%
def my_detr_at_work(seed=10):
    my_detr = ShortDETR(len(SHAPES_CLASSES), SmallResNet(), channels=128, hidden_dim=128, nheads=4,
                        num_encoder_layers=3, num_decoder_layers=3, num_queries=20)
    my_detr.load_state_dict(short_weights())
    my_detr.classes, my_detr.input_size = SHAPES_CLASSES, (128, 213)  # `detect` asks for both
    picture = draw_scene(seed).picture
    return plot_detections(picture, detect(my_detr, picture))


attempt(my_detr_at_work)

# %% [markdown]
# And the same class in full size, with the weights that DETR's authors trained on COCO, on a photograph that comes with
# matplotlib. The weights are 166 MB. This cell never downloads them: to fetch them once, run
# `official_weights("detr_demo")` in a cell of your own, then run this one again.

# %%
def official_at_work():
    if not is_cached("detr_demo"):
        print("The official weights are not on this computer. To fetch them once:")
        print('official_weights("detr_demo")')
        return None
    import torchvision

    backbone = drop_classifier(torchvision.models.resnet50(weights=None))
    my_detr = ShortDETR(num_classes=91, backbone=backbone)
    my_detr.load_state_dict(official_weights("detr_demo"))
    my_detr.classes, my_detr.input_size = COCO_CLASSES, (800, 1333)
    picture = open_picture(get_sample_data("grace_hopper.jpg", asfileobj=False))
    return plot_detections(picture, detect(my_detr, picture))


attempt(official_at_work)

# %% [markdown]
# ## What you have seen
# - A picture becomes S = H·W tokens, one per cell of the last feature map; every halving rounds up.
# - The 1 × 1 convolution changes the width of each token and mixes nothing; places are mixed by attention alone.
# - Attention sees a set. Positions make it a picture: a column's vector beside a row's vector, in the order of `flatten`.
# - Object queries are learned vectors. Q go in, Q answers come out, in parallel; "no object" is the last class.
# - Boxes are four sigmoids per query: centre and size, as fractions of the picture.
# - Reshaping keeps the order of numbers, permuting changes it. The shape alone does not tell you which one was needed.
# - Names are an interface: they decide which weights your class can load.
#
# In the next notebook you use a detector on a picture of your own and look at what its attention looks at.
#
# ## Further reading
# - Carion et al. 2020, *End-to-End Object Detection with Transformers*, arXiv:2005.12872: section 3.2 and figure 2 (the
#   architecture), A.3 and figure 10 (the transformer in detail), table 3 (which positions are needed), figure 7 (what each
#   query looks after), A.6 (the short DETR).
# - Vaswani et al. 2017, *Attention Is All You Need*, arXiv:1706.03762: section 3, the transformer.
# - He et al. 2015, *Deep Residual Learning for Image Recognition*, arXiv:1512.03385: table 1, the stages of a ResNet.
