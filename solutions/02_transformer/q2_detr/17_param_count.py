# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# # C. Measured
#
# ### Step 17 · How many parameters? · 2 points · 15 min · ●●●○○
# **You will be able to** predict the size of a transformer from its widths, and check the numbers of a paper.
#
# First predict, by formula. With D the model's width and F the hidden width of the feed-forward network:
#
# - an attention has four linear maps D → D: for q, k, v and for the output. The number of heads changes nothing: each
#   head gets its share of the columns;
# - the feed-forward network has two linear layers, D → F and F → D;
# - a layer norm has a weight and a bias per channel;
# - an encoder layer has one attention, one feed-forward network and two norms; a decoder layer has an attention more, and a
#   norm more.
#
# Then say what a paper counts: "parameters" are usually those that are *trained*. Buffers are none, and a frozen layer
# (`requires_grad` is False) has parameters that do not count. DETR freezes the first two stages of its backbone
# (`conv1` and `layer1`), besides all batch norms.
#
# *Example.* A linear map 2 → 3 has 2 · 3 weights and 3 biases, 9 numbers. An attention with D = 2 has 4 · (2 · 2 + 2) = 24.

# %% exercise="param_count"
def layer_sizes(D, F):
    """How many numbers the parts of the transformer's layers learn."""
    attention = 4 * (D * D + D)  # ____
    feed_forward = D * F + F + F * D + D  # ____
    norm = 2 * D  # ____
    encoder_layer = attention + feed_forward + 2 * norm  # ____
    decoder_layer = 2 * attention + feed_forward + 3 * norm  # ____
    return {"attention": attention, "feed_forward": feed_forward, "norm": norm,
            "encoder_layer": encoder_layer, "decoder_layer": decoder_layer}


def trained_size(model):
    """How many numbers of a model are trained."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)  # ____

# %% check="param_count" points=2
@check(parts={"1. layers": 1, "2. trained": 1})
def param_count(draw):
    D, F = draw.letters("D F", 5, 47)

    def layers():
        sizes = layer_sizes(D, F)
        return {name: attempted(lambda name=name: int(sizes[name])) for name in
                ("attention", "feed_forward", "norm", "encoder_layer", "decoder_layer")}

    a, b, c, d = draw.sizes(4, 2, 23)
    model = nn.Sequential(nn.Conv2d(3, a, 3), nn.BatchNorm2d(a), nn.Conv2d(a, b, 1), nn.Linear(c, d), nn.Linear(c, d))
    model[0].requires_grad_(False)
    model[4].weight = model[3].weight  # one parameter in two places
    return {"1. layers": attempted(layers), "2. trained": attempted(lambda: {"trained": int(trained_size(model))})}

# %% [raw] hints="param_count"
# 1. Count one linear layer first: weights are inputs times outputs, biases are as many as outputs.
# 2. attention: four linear maps of D → D. feed_forward: D → F and F → D. The layers add up what you have. For the model:
#    model.parameters() gives each parameter once, p.numel() is its size, p.requires_grad says whether it is trained.
# 3. attention = 4 * (D * D + D); norm = 2 * D; decoder_layer = 2 * attention + … + 3 * norm; sum(p.numel() for p in
#    model.parameters() if …).

# %% [raw] mistake="param_count/three_maps"
# The attention has three linear maps here: q, k and v. There is a fourth, which mixes the heads' outputs (out_proj).
# ---
# - attention = 4 * (D * D + D)
# + attention = 3 * (D * D + D)

# %% [raw] mistake="param_count/no_attention_bias"
# The attention's biases are missing: D for each of the four maps.
# ---
# - attention = 4 * (D * D + D)
# + attention = 4 * D * D

# %% [raw] mistake="param_count/one_linear_layer"
# The feed-forward network has one layer here. It has two: D → F and back, F → D.
# ---
# - feed_forward = D * F + F + F * D + D
# + feed_forward = D * F + F

# %% [raw] mistake="param_count/no_feed_forward_bias"
# The biases of the feed-forward network are missing: F of its first layer, D of its second.
# ---
# - feed_forward = D * F + F + F * D + D
# + feed_forward = 2 * D * F

# %% [raw] mistake="param_count/bias_of_the_inputs"
# The biases were counted as 2 F. A linear layer has as many biases as *outputs*: F, then D.
# ---
# - feed_forward = D * F + F + F * D + D
# + feed_forward = 2 * (D * F + F)

# %% [raw] mistake="param_count/norm_without_bias"
# A layer norm has a weight and a bias for each channel.
# ---
# - norm = 2 * D
# + norm = D

# %% [raw] mistake="param_count/encoder_one_norm"
# The encoder layer has one norm here. There is one behind the attention and one behind the feed-forward network.
# ---
# - encoder_layer = attention + feed_forward + 2 * norm
# + encoder_layer = attention + feed_forward + norm

# %% [raw] mistake="param_count/decoder_as_encoder"
# The decoder layer was counted like an encoder layer. It has a self-attention *and* a cross-attention, and a norm behind each.
# ---
# - decoder_layer = 2 * attention + feed_forward + 3 * norm
# + decoder_layer = attention + feed_forward + 2 * norm

# %% [raw] mistake="param_count/decoder_two_norms"
# The decoder layer has two norms here. It has three parts, and a norm behind each.
# ---
# - decoder_layer = 2 * attention + feed_forward + 3 * norm
# + decoder_layer = 2 * attention + feed_forward + 2 * norm

# %% [raw] mistake="param_count/frozen_counted"
# Frozen parameters were counted. They are there, but no optimiser changes them: ask requires_grad.
# ---
# - return sum(p.numel() for p in model.parameters() if p.requires_grad)
# + return sum(p.numel() for p in model.parameters())

# %% [raw] mistake="param_count/state_counted"
# Everything that is saved was counted: frozen parameters, buffers, and what has two names twice. Ask model.parameters() for
# what is trained.
# ---
# - return sum(p.numel() for p in model.parameters() if p.requires_grad)
# + return sum(tensor.numel() for tensor in model.state_dict().values())

# %% [raw] mistake="param_count/shared_twice"
# A parameter that two modules share was counted twice. model.parameters() gives it once.
# ---
# - return sum(p.numel() for p in model.parameters() if p.requires_grad)
# + return sum(p.numel() for module in model.modules() for p in module.parameters(recurse=False) if p.requires_grad)

# %% [raw] mistake="param_count/tensors_counted"
# These are parameter tensors, not numbers: numel() says how many numbers one has.
# ---
# - return sum(p.numel() for p in model.parameters() if p.requires_grad)
# + return sum(1 for p in model.parameters() if p.requires_grad)

# %% [markdown]
# Now the paper's table 2 (33.4, 37.4, 41.3 and 49.2 M for 0, 3, 6 and 12 encoder layers) against real models, built on the
# `meta` device, where they need no memory. The first column is predicted: the size without encoder layers, plus your
# `encoder_layer` for each.

# %%
def official_size(encoder_layers):
    """The official DETR with ResNet-50 and that many encoder layers, without numbers."""
    from detrlab import resnet_backbone

    with torch.device("meta"):
        transformer = Transformer(256, 8, encoder_layers, 6, 2048)
        backbone, position = resnet_backbone("resnet50"), PositionEmbeddingSine(128)
        model = DETR(backbone, position, transformer, len(COCO_CLASSES), 100)
    for stage in ("conv1", "layer1"):
        getattr(model.backbone[0].body, stage).requires_grad_(False)
    return model


def audit_table_2():
    each = layer_sizes(256, 2048)["encoder_layer"]
    papers = {0: 33.4, 3: 37.4, 6: 41.3, 12: 49.2}
    models = {count: official_size(count) for count in papers}
    base = trained_size(models[0])
    print(f"{'encoder layers':<16}{'predicted':>12}{'counted':>12}{'paper':>10}")
    for count, paper in papers.items():
        predicted, counted = (base + count * each) / 1e6, trained_size(models[count]) / 1e6
        print(f"{count:<16}{predicted:>10.2f} M{counted:>10.2f} M{paper:>8} M")
    everything = sum(p.numel() for p in models[6].parameters())
    print(f"\nwith the frozen stages of the backbone: {everything / 1e6:.2f} M")
    print(f"buffers, which nobody counts:            {sum(b.numel() for b in models[6].buffers()) / 1e6:.2f} M")


attempt(audit_table_2, after="param_count")

# %% [markdown]
# **An audit.** In section 4.2 ("Importance of FFN") the paper takes the feed-forward networks out of all twelve layers: "from
# 41.3M to 28.7M, leaving only 10.8M in the transformer". The first two numbers can be recomputed, and the third.

# %%
def audit_feed_forward():
    sizes, model = layer_sizes(256, 2048), official_size(6)
    total, transformer = trained_size(model), trained_size(model.transformer)
    without = 12 * sizes["feed_forward"]
    counts = {"DETR": total, "of it the transformer": transformer, "twelve feed-forward networks": without,
              "DETR without them": total - without, "the transformer without them": transformer - without}
    for name, count in counts.items():
        print(f"{name:<30}{count / 1e6:>7.2f} M")


attempt(audit_feed_forward, after="param_count")

# %% [markdown]
# Two of the three numbers are right; the last is not. A number in a good paper can be wrong, and it takes a minute to see.
