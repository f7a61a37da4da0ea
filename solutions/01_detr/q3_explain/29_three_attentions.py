# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# # D. Your analysis
#
# Fifteen texts of two to five sentences, each graded by the one criterion above it, and one intervention of your own.
#
# 1. **Point at evidence**: a figure or a printed number of *your* run, by name ("median elsewhere .31"). A sentence
#    that would fit any image earns nothing in its cell.
# 2. **Say what you see before you say why.** Why is a guess to be tested.
# 3. **Contradict the paper, or this notebook, whenever your evidence does.** That earns full marks.
#
# ### Step 29 · What the three attentions are for · 3 points · 15 min · ●●○○○
# **Goal:** explain DETR's attentions to somebody who knows transformers but not DETR.
#
# Three things are often told wrongly:
# - *"q = k, so the map is symmetric."* $W_q$ and $W_k$ differ, and the softmax runs over each row (line 1 below).
# - *"The first decoder self-attention sorts out the queries."* The decoder starts with `tgt` = 0, so its first map
#   depends on `query_pos` only: the same for every image (line 2).
# - *"The decoder's self-attention is a detail."* In training, Hungarian matching gives each true object to exactly one
#   query; every other query is taught "no object" there. Line 3 lets each query see only itself from the second layer
#   on, and counts repeats in 60 scenes: detections of the same class that overlap a better one by IoU > 0.5. In the
#   paper (section 4.2) non-maximum suppression helps after the first decoder layer, and not after later ones.

# %%
@contextmanager
def queries_on_their_own(model):
    """While open, each query sees only itself in the decoder's self-attentions, from the second layer on."""
    def blind(module, args, kwargs):
        others = ~torch.eye(args[0].shape[1], dtype=torch.bool)     # (Q, Q), True: may not be looked at
        return args, kwargs | {"attn_mask": others}

    layers = list(model.transformer.decoder.layers)[1:]
    handles = [layer.self_attn.register_forward_pre_hook(blind, with_kwargs=True) for layer in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def detections_and_repeats(model, pictures):
    """How many detections above 0.7 in all pictures, and how many of them repeat a better one."""
    count = repeats = 0
    for each in pictures:
        detections = detect(model, each, threshold=0.7)      # best first
        same = (box_iou(detections.boxes_xyxy, detections.boxes_xyxy) > 0.5) & (
            detections.labels[:, None] == detections.labels)
        count, repeats = count + len(detections), repeats + int(same.tril(-1).any(1).sum())
    return count, repeats


Q, H, W = here.maps.shape
one_head = here.attention.encoder(head=0).weights.reshape(H * W, H * W)
other_run, decoder_layers = elsewhere[0].attention, here.attention.layers("self")
changes = [
    (here.attention.decoder_self(layer) - other_run.decoder_self(layer)).abs().max() for layer in (0, -1)
]
print("60 scenes, with and without the exchange between queries: some seconds ...")
scenes = [draw_scene(seed, (192, 192)) for seed in range(400, 460)]       # 60 scenes, with their truth
pictures = [scene.picture for scene in scenes]
together = detections_and_repeats(model, pictures)
with queries_on_their_own(model):
    alone = detections_and_repeats(model, pictures)
print(f"1. encoder, last layer, head 0: largest weight {one_head.max():.2f}, "
      f"largest |a_ij - a_ji| {(one_head - one_head.T).abs().max():.2f}")
print(f"2. decoder self-attention, largest change to another image: "
      f"first layer {changes[0]:.3f}, last layer {changes[1]:.3f}")
for name, (count, repeats) in (("queries see each other", together), ("queries on their own  ", alone)):
    print(f"3. {name}: {count} detections above 0.7 in {len(scenes)} scenes, "
          f"{repeats} of them repeat another")

title = "Decoder self-attention, mean of heads: who looks at whom"
figure, axes = clear_subplots(1, decoder_layers, (2.9 * decoder_layers, 3.6), title)
for layer, ax in enumerate(axes[0]):
    ax.imshow(here.attention.decoder_self(layer).numpy(), cmap="cividis", vmin=0)
    ax.set(title=f"layer {layer} of 0..{decoder_layers - 1}", xlabel="query looked at (key)",
           ylabel="query that looks", xticks=(0, Q - 1), yticks=(0, Q - 1))
display(figure)

# %% [markdown]
# **Criterion 29a · The encoder's self-attention (1 point)**
# - 1: what it contributes that neither the backbone nor the decoder does, with one observation of your run or the paper.
# - 0.5: such a role without any observation.
# - 0: no role, or that of another attention.

# %% [markdown] written="mechanism_encoder" points=1
# The encoder is the only place where a cell can gather what lies far away in the image; the backbone's convolutions
# see a neighbourhood, and the decoder only reads what the encoder left. So the cells of one object can be told from
# a neighbour's before any query asks. The paper (section 4.2) reports 3.9 AP less without encoder layers, and 6.0
# less for large objects, where a neighbourhood is not enough. My line 1 shows that this exchange has a direction:
# the largest weight is 0.19, and between some pair of cells the two directions differ by 0.14.

# %% [markdown]
# **Criterion 29b · The decoder's self-attention (1 point)**
# - 1: what queries need each other for, with one observation (lines 2 or 3, the figure, or the paper).
# - 0.5: such a role without any observation.
# - 0: no role, or the attention is taken for one to the image.

# %% [markdown] written="mechanism_decoder_self" points=1
# Queries must agree on who takes which object: all are decoded at once, and Hungarian matching rewards one query for
# each object and punishes a second one. Line 3: with every query on its own, 24 of 126 detections repeat another
# one; when they see each other it is 2 of 214. So the exchange suppresses repeats, and also helps to find objects.
# In the first layer it cannot, since tgt is zero and the map is the same for every image (line 2: a change of 0.000,
# against 0.696 in the last layer). A caution: the model was never trained to work like this, so line 3 does not show
# that this is the exchange's *only* use.

# %% [markdown]
# **Criterion 29c · The decoder's cross-attention (1 point)**
# - 1: what a query takes from the image here, and how it can know *where* although values carry no positions, with one
#   observation of your run or the paper.
# - 0.5: a role without any observation.
# - 0: no role, or memory and queries interchanged.

# %% [markdown] written="mechanism_decoder_cross" points=1
# It is the only way from the image to a query: whatever the class and box heads say was fetched here, from k =
# memory + pos and v = memory. Values carry no positions, so a query learns *where* its object is through which cells
# fit its q, and through what the encoder has written into the memory. In my run the followed query has 0.99 of its
# mass in the box it predicts, a lift of 4.7 (step 26).
