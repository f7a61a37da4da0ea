# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ## What you are going to build (5 min)
# `load_model("shapes")` is a small trained DETR; `draw_scene` draws an image for it. Change the seed.

# %%
model = load_model("shapes")
scene = draw_scene(seed=14)
plot_detections(scene.picture, detect(model, scene.picture))

# %% [markdown]
# All boxes come at once: no anchors, no sliding windows, no removal of duplicates afterwards (section 1 of the paper).
# The figure names the step in which you write each part.

# %%
plot_detr(notes={"features": "step 1", "backbone": "step 2", "conv": "conv, step 3", "encoder": "step 4",
                 "decoder": "step 4", "classes": "linear_class, step 5", "boxes": "linear_bbox, step 6",
                 "queries": "query_pos, step 7", "positions": "steps 7, 8", "tokens": "step 9",
                 "objects": "step 9"})

# %% [markdown]
# | letter | meaning | the official model |
# |---|---|---|
# | B | images in a batch | |
# | H, W, S | rows and columns of the feature map, tokens S = H·W | 25, 34, 850 for an image of 800 × 1066 |
# | D | width of the transformer (`hidden_dim`) | 256 |
# | M | attention heads (`nheads`) | 8 |
# | Q | object queries | 100 |
# | K | classes, without "no object" | 91 |
