# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 4 · Encoder and decoder · 1 point · 6 min · ●○○○○
# **Goal:** set up PyTorch's transformer for DETR.
#
# In the encoder the S tokens attend to each other; in the decoder the Q queries attend to each other and to the
# encoder's output. Nothing is masked, since all queries are decoded in parallel (section 3.2, "Transformer decoder").
# The figure shows a layer of each in the full DETR.

# %%
plot_transformer_layers()

# %% [markdown]
# The short DETR uses `nn.Transformer` as it comes: positions and queries are added once, before the first layer.
#
# Look up in its signature which arguments the two depths, the number of heads and the width are, and leave all others
# at their defaults. That includes `batch_first=False`: sequences go in as (length, B, D).
#
# *Example.* $D = 256$ and $M = 8$ heads give each head $256 / 8 = 32$ channels: D has to be divisible by M.

# %% exercise="transformer_sizes"
def make_transformer(num_decoder_layers, num_encoder_layers, nheads, hidden_dim):
    """nn.Transformer with these depths, nheads heads, and width hidden_dim; all else by default."""
    return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)  # ____

# %% check="transformer_sizes" points=1
@check
def transformer_sizes(draw):
    nheads = draw.choice((5, 7))
    hidden_dim = nheads * 6 * draw.integer(1, 2)  # depths divide it, too, so one that is taken for the heads shows
    num_encoder_layers = draw.integer(1, 3)
    num_decoder_layers = num_encoder_layers % 3 + 1
    draw.name(M=nheads, D=hidden_dim)
    transformer = make_transformer(num_decoder_layers=num_decoder_layers, num_encoder_layers=num_encoder_layers,
                                   nheads=nheads, hidden_dim=hidden_dim)
    src, tgt = draw.normal(5, 3, hidden_dim), draw.normal(7, 3, hidden_dim)
    dropouts = {module.p for module in transformer.modules() if isinstance(module, nn.Dropout)}
    draw.fill(transformer).eval()
    return {"encoder layers": attempted(lambda: len(transformer.encoder.layers)),
            "decoder layers": attempted(lambda: len(transformer.decoder.layers)),
            "dropout": sorted(dropouts),
            "an encoder layer's output": attempted(lambda: transformer.encoder.layers[0](src)),
            "a decoder layer's output": attempted(lambda: transformer.decoder.layers[0](tgt, src)),
            "norms at the ends": attempted(lambda: [transformer.encoder.norm(src), transformer.decoder.norm(tgt)])}

# %% [raw] hints="transformer_sizes"
# 1. All you need is one constructor call; its signature is in nn.Transformer's documentation.
# 2. Its first four arguments are the width (d_model), the heads, the encoder's depth and the decoder's depth.
# 3. nn.Transformer(hidden_dim, nheads, …, …), or by keyword: num_encoder_layers=…, num_decoder_layers=….

# %% [raw] mistake="transformer_sizes/width_and_heads_swapped"
# nn.Transformer was given a width that its heads cannot share: width and number of heads are swapped, or all arguments
# stand in make_transformer's order. The order is width, heads, the encoder's depth, the decoder's depth.
# ---
# - return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
# + return nn.Transformer(nheads, hidden_dim, num_encoder_layers, num_decoder_layers)

# %% [raw] mistake="transformer_sizes/depths_swapped"
# The encoder got the decoder's depth and the other way round. In the official model both are 6, so nobody would notice;
# with other depths the weights would not load. The encoder's depth comes first.
# ---
# - return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
# + return nn.Transformer(hidden_dim, nheads, num_decoder_layers, num_encoder_layers)

# %% [raw] mistake="transformer_sizes/default_depths"
# The depths were left at PyTorch's default of 6 layers each. The official model has these, but the function is told which
# depths to build: pass them on.
# ---
# - return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
# + return nn.Transformer(hidden_dim, nheads)

# %% [raw] mistake="transformer_sizes/decoder_depth_default"
# The decoder's depth was not passed on, so the decoder has PyTorch's default of 6 layers.
# ---
# - return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
# + return nn.Transformer(hidden_dim, nheads, num_encoder_layers)

# %% [raw] mistake="transformer_sizes/one_depth_for_both"
# The encoder's depth was passed twice; the decoder has a depth of its own.
# ---
# - return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
# + return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_encoder_layers)

# %% [raw] mistake="transformer_sizes/heads_last"
# The number of heads came last, so a depth was taken for the number of heads. The order is width, heads, the encoder's
# depth, the decoder's depth.
# ---
# - return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
# + return nn.Transformer(hidden_dim, num_encoder_layers, num_decoder_layers, nheads)

# %% [raw] mistake="transformer_sizes/fixed_numbers"
# 256, 8, 6 and 6 are the official model's sizes. The function is told which sizes to take: use its arguments.
# ---
# - return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
# + return nn.Transformer(256, 8, 6, 6)

# %% [raw] mistake="transformer_sizes/encoder_only"
# This is an encoder alone. DETR has a decoder, too, in which the object queries look at the encoder's output:
# nn.Transformer holds both.
# ---
# - return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
# + return nn.TransformerEncoder(nn.TransformerEncoderLayer(hidden_dim, nheads), num_encoder_layers)

# %% [raw] mistake="transformer_sizes/batch_first"
# With batch_first=True the transformer takes the first axis for the batch, so here images would attend to each other
# instead of tokens. Leave it off: our sequences are (length, B, D).
# ---
# - return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
# + return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers, batch_first=True)

# %% [raw] mistake="transformer_sizes/norm_first"
# The layers normalise before attention instead of after it. DETR was trained in PyTorch's default order, and its weights
# mean something else in the other one: leave norm_first off.
# ---
# - return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
# + return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers, norm_first=True)

# %% [raw] mistake="transformer_sizes/feedforward_width"
# The width of the feed-forward networks was set. It is not the width of the tokens: leave dim_feedforward at its default.
# ---
# - return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
# + return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers, dim_feedforward=hidden_dim)

# %% [raw] mistake="transformer_sizes/activation"
# The activation was changed to gelu. DETR keeps relu, the default, and its weights were trained with it.
# ---
# - return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
# + return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers, activation="gelu")

# %% [raw] mistake="transformer_sizes/no_dropout"
# The dropout was switched off. It is off anyway when the model detects, but in training DETR has the default of 0.1.
# ---
# - return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers)
# + return nn.Transformer(hidden_dim, nheads, num_encoder_layers, num_decoder_layers, dropout=0.0)
