# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

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
