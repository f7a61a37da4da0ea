# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

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
