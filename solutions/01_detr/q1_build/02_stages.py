# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 2 · The backbone · 2 points · 10 min · ●●○○○
# **Goal:** take the feature map out of a classifier.
#
# A torchvision ResNet ends in average pooling, `avgpool`, and a linear layer, `fc`, which give class scores of the
# whole image. A detector has to know *where* things are, so DETR stops before both (section 3.2, "Backbone").
#
# - `make_backbone` makes a ResNet and removes `fc`, whose weights are not in the files of the short DETR. All other
#   layers keep their names; `avgpool` has no weights and may stay.
# - `backbone_features` calls the layers one by one, in the order in which a ResNet runs them.
#   `print(TinyResNet(channels=16))` in a cell of your own shows one.
#
# *Example.* The shapes in the comments are those of a ResNet-50 for one image of 800 × 1066 pixels.
#
# The library's `SmallResNet.forward` may not be called in your answer.

# %% exercise="stages" forbids="detrlab.detr.backbone.SmallResNet.forward"
def make_backbone(resnet50):
    """A ResNet without its layer fc; every other layer keeps its name.

    resnet50: makes a ResNet when it is called, as torchvision's function of this name does.
    """
    ### BEGIN SOLUTION
    backbone = resnet50()
    del backbone.fc
    return backbone
    ### END SOLUTION


def backbone_features(backbone, pictures):
    """The last feature map of a ResNet.

    backbone: its layers are, by alphabet, bn1, conv1, layer1, layer2, layer3, layer4, maxpool, relu.
    pictures: (B, 3, height, width), normalised.
    Returns (B, C, H, W); C is 2048 in a ResNet-50.
    """
    # (1, 64, 400, 533): 64 channels instead of three colours, at half the size
    x = backbone.conv1(pictures)  # ____
    # (1, 64, 400, 533): every channel shifted and scaled
    x = backbone.bn1(x)  # ____
    # (1, 64, 400, 533): no negative number is left
    x = backbone.relu(x)  # ____
    # (1, 64, 200, 267): the largest numbers of small neighbourhoods
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

# %% check="stages" points=2
@check(parts={"1. feature map": 1, "2. backbone": 1})
def stages(draw):
    backbone = draw.fill(TinyResNet(channels=draw.size(11, 19))).eval()
    B, height, width = draw.size(2, 3), draw.size(29, 37), draw.size(41, 47)
    # Noise in one colour: then relu has whole areas to cut off.
    pictures = draw.normal(B, 3, 1, 1) + draw.normal(B, 3, height, width)
    channels = draw.size(11, 19)
    features = with_gradients(attempted(lambda: backbone_features(backbone, pictures)))
    if not is_exception(features) and features["lets gradients through"] is True:  # as far as conv1?
        reached = torch.autograd.grad(features["its values"].sum(), backbone.conv1.weight, allow_unused=True)[0]
        features["lets gradients through"] = reached is not None
    return {"1. feature map": features,
            "2. backbone": attempted(lambda: sizes_of(make_backbone(lambda: TinyResNet(channels))))}

# %% [raw] hints="stages"
# 1. Print a ResNet. The names in its first column stand in the order in which they run.
# 2. Each layer is a module: call it on the result of the one before. A layer is an attribute, and Python's `del` removes
#    attributes.
# 3. The first two lines are `backbone.conv1(pictures)` and `backbone.bn1(x)`; the other six follow the same pattern.
#    In make_backbone: make the ResNet, `del` its …, return it.

# %% [raw] mistake="stages/no_maxpool"
# The max-pooling was skipped, so the map has twice as many rows and columns, and the transformer would get four times as
# many tokens. Pool between relu and layer1.
# ---
# - x = backbone.maxpool(x)

# %% [raw] mistake="stages/pooled"
# The average pooling was kept: it reduces the map to one cell, so it is lost where things are. Stop after layer4.
# ---
# - x = backbone.layer4(x)
# + x = backbone.avgpool(backbone.layer4(x))

# %% [raw] mistake="stages/whole_classifier"
# These are class scores of whole images: the backbone was called as a classifier, with avgpool and fc. DETR needs the
# map before them: call the layers yourself.
# ---
# - return x
# + return backbone(pictures)

# %% [raw] mistake="stages/no_relu"
# The relu after bn1 is missing, so negative numbers went on into the pooling. The shape cannot show that; the weights
# were trained with it in place.
# ---
# - x = backbone.relu(x)

# %% [raw] mistake="stages/no_norm"
# bn1 is missing. The shape stays the same without it, but all later weights expect channels of comparable size:
# normalise between conv1 and relu.
# ---
# - x = backbone.bn1(x)

# %% [raw] mistake="stages/relu_before_norm"
# relu and bn1 changed places. Both keep the shape; in a ResNet the norm comes first, and relu cuts off below zero after it.
# ---
# - x = backbone.bn1(x)
# + y = backbone.relu(x)
# - x = backbone.relu(x)
# + x = backbone.bn1(y)

# %% [raw] mistake="stages/stopped_early"
# This is the map of layer3. DETR takes the last one, whose cells have seen the largest part of the image: go one layer
# further.
# ---
# - x = backbone.layer4(x)

# %% [raw] mistake="stages/layer_skipped"
# layer3 was skipped: layer4 was given the map of layer2. All four run, one after the other.
# ---
# - x = backbone.layer3(x)

# %% [raw] mistake="stages/maxpool_after_layer1"
# The max-pooling came after layer1. It belongs between relu and layer1: that is why layer1 works on a quarter of the
# image's height and width.
# ---
# - x = backbone.maxpool(x)
# + y = backbone.layer1(x)
# - x = backbone.layer1(x)
# + x = backbone.maxpool(y)

# %% [raw] mistake="stages/started_anew"
# relu was given the images again, so what conv1 and bn1 computed was lost, and three channels came where 64 are meant.
# Each layer takes the result of the one before.
# ---
# - x = backbone.relu(x)
# + x = backbone.relu(pictures)

# %% [raw] mistake="stages/flattened"
# Rows and columns were flattened into one axis. That comes in step 9; the 1 × 1 convolution of step 3 takes the map
# (B, C, H, W) as layer4 gives it.
# ---
# - return x
# + return x.flatten(2)

# %% [raw] mistake="stages/detached"
# The map was detached from its computation. The values are right, but in training no gradient would reach the backbone.
# ---
# - return x
# + return x.detach()

# %% [raw] mistake="stages/classifier_kept"
# fc is still in the model. Nothing would ever train it, and a file of weights for the short DETR has none to load: delete
# the attribute before you return the ResNet.
# ---
# - del backbone.fc

# %% [raw] mistake="stages/renamed_by_sequential"
# nn.Sequential gives its layers numbers for names: conv1.weight became 0.weight. The shortest form of DETR (section A.6)
# is written in this way, and its weights bear such names; the files for this class have conv1.weight. Take fc away from
# the ResNet itself.
# ---
# - del backbone.fc
# - return backbone
# + return nn.Sequential(*list(backbone.children())[:-1])

# %% [markdown]
# A real ResNet-50 on PyTorch's `meta` device, which computes shapes only. The last line is `token_grid` of step 1: its H
# and W must be those of the line above.

# %%
def real_size():
    from torchvision.models import resnet50  # here, since it takes seconds and little needs it

    with torch.device("meta"):
        x, backbone = torch.empty(1, 3, 800, 1066), make_backbone(resnet50).eval()
        print(f"fc, which is gone, had {sizes_of(resnet50())['fc']:,} parameters")
        for name, layer in backbone.named_children():
            if name == "avgpool":
                break
            x = layer(x)
            print(f"{name:<10}{tuple(x.shape)}")
        print("backbone_features:   ", tuple(backbone_features(backbone, torch.empty(1, 3, 800, 1066)).shape))
    print("token_grid(800, 1066):", token_grid(800, 1066))


attempt(real_size, after=("stages", "grid"))
