# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

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
    bare = drop_classifier(TinyResNet(channels=draw.size(11, 19)))
    features = backbone_features(backbone, pictures)
    return {"1. feature map": features, "2. parameters that stay": sizes_of(bare)}

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
