# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 3 · The text tower · 4 points · 22 min · ●●●○○
# **You will be able to** write CLIP's text transformer, and say at which token it speaks for the whole text.
#
# Tokens get an embedding and a position, run through L blocks, and through one more norm. A block is a *pre-norm*
# layer: it normalises what goes into attention and perceptron, and leaves the sum that runs through as it is. (The
# layers of DETR normalise the sum.)
#
# 1. `text_block(layers, x, mask)` (1 point): x (B, T, D) → (B, T, D). First x plus the attention of its normalised self
#    (`layers.ln_1`, `layers.attn`), under `mask`; then this plus the perceptron of its normalised self
#    (`layers.ln_2`, `layers.mlp`). `layers.attn` is an `nn.MultiheadAttention`: `attn(q, k, v, attn_mask=mask)` gives a
#    pair, the output and the weights.
# 2. `read(tower, tokens, mask)` (2 points): tokens (B, T) → features (B, T, D). `tower.token_embedding` is an
#    `nn.Embedding`, `tower.positional_embedding` a table with a row for each position; there may be more rows than T.
#    `tower.blocks` is a list of functions of x and mask. After the last of them comes `tower.ln_final`.
# 3. `at_end(x, tokens, end)` (1 point): of the features (B, T, D) those at each text's end token, (B, D). `end` is the
#    id of the end token; each text has exactly one, and it is the largest id.
#
# *Example.* For end = 5 and tokens `[[1, 2, 5, 0], [3, 5, 0, 0]]`, `at_end` gives `x[0, 2]` and `x[1, 1]`.
#
# The library's `TextTransformer` and `ResidualAttentionBlock` may not be used.

# %% exercise="text_tower" forbids="detrlab.clip.text.TextTransformer, detrlab.clip.text.TextTransformer.forward, detrlab.clip.text.ResidualAttentionBlock, detrlab.clip.text.ResidualAttentionBlock.forward"
def text_block(layers, x, mask):
    """A pre-norm layer: x (B, T, D) -> (B, T, D); mask: (T, T), added to the scores of the attention."""
    ### BEGIN SOLUTION
    y = layers.ln_1(x)
    attended, _ = layers.attn(y, y, y, attn_mask=mask)
    x = x + attended
    return x + layers.mlp(layers.ln_2(x))
    ### END SOLUTION


def read(tower, tokens, mask):
    """Features of all tokens: ids (B, T) -> (B, T, D); mask: (T, T), for every block."""
    ### BEGIN SOLUTION
    T = tokens.shape[1]
    x = tower.token_embedding(tokens)  # (B, T, D)
    x = x + tower.positional_embedding[:T]
    for block in tower.blocks:
        x = block(x, mask)
    return tower.ln_final(x)
    ### END SOLUTION


def at_end(x, tokens, end):
    """Features at the end tokens: (B, T, D) and ids (B, T) -> (B, D)."""
    ### BEGIN SOLUTION
    place = (tokens == end).int().argmax(1)  # (B,)
    return x[torch.arange(len(x)), place]
    ### END SOLUTION

# %% check="text_tower" points=4
def learned(call):
    """What `call` gives, and whether weights could be learned through it."""
    value = attempted(call)
    if not isinstance(value, torch.Tensor):
        return value
    return {"values": value, "can be learned through": value.requires_grad}


@check(parts={"1. text_block": 1, "2. read": 2, "3. at_end": 1})
def text_tower(draw):
    (B, heads), T, d = draw.letters("B M", 2, 3), draw.size(5, 7), 4
    layers = drawn_layers(draw, heads * d, heads)
    draw.name(T=T, D=heads * d)
    x = draw.normal(B, T, heads * d)
    # Another mask than the causal one: the pairs that it hides are drawn, and no token is hidden from itself.
    hidden = (draw.uniform(T, T) < 0.5) & ~torch.eye(T, dtype=torch.bool)
    mask = torch.zeros(T, T).masked_fill(hidden, -math.inf)

    V, width = draw.size(17, 23), draw.size(5, 7)
    tower = drawn_tower(draw, V, T + 4, width, 3)
    lengths = [draw.integer(2, T - 1) for _ in range(B + 2)]
    tokens = torch.zeros(B + 2, T, dtype=torch.int64)
    for row, length in zip(tokens, lengths):
        row[:length] = torch.tensor([draw.integer(1, V - 2) for _ in range(length - 1)] + [V - 1])
    features = draw.normal(B + 2, T, width).requires_grad_()
    return {"1. text_block": learned(lambda: text_block(layers, x.clone(), mask.clone())),
            "2. read": learned(lambda: read(tower, tokens.clone(), detrlab.causal_mask(T))),
            "3. at_end": told(lambda: at_end(features * 1, tokens.clone(), V - 1), features)}


# %% [raw] hints="text_tower"
# 1. In a block two things are added to x, one after the other, each made of a normalised x: what runs through is never
#    normalised itself. Which features of a text have seen all of its words, and nothing else?
# 2. `y = layers.ln_1(x)` is query, key and value; the attention's output is the first of the pair. A table of more than
#    T positions is cut to `[:T]`. `(tokens == end).int().argmax(1)` is the place of each end.
# 3. `x = x + layers.attn(y, y, y, attn_mask=mask)[0]`, then `x + layers.mlp(...)`. `x = block(x, mask)` for each block.
#    `x[torch.arange(len(x)), ...]` takes one place of each row.

# %% [raw] mistake="text_tower/norm_after_the_sum"
# The sums were normalised, as in DETR's layers (post-norm). Here the norms lie before attention and perceptron, and x
# itself runs through unchanged.
# ---
# - y = layers.ln_1(x)
# - attended, _ = layers.attn(y, y, y, attn_mask=mask)
# - x = x + attended
# - return x + layers.mlp(layers.ln_2(x))
# + attended, _ = layers.attn(x, x, x, attn_mask=mask)
# + x = layers.ln_1(x + attended)
# + return layers.ln_2(x + layers.mlp(x))

# %% [raw] mistake="text_tower/sum_from_the_normed"
# The attention was added to the normalised x. Add it to x itself.
# ---
# - x = x + attended
# + x = y + attended

# %% [raw] mistake="text_tower/attention_not_added"
# The attention took the place of x. Add it to x.
# ---
# - x = x + attended
# + x = attended

# %% [raw] mistake="text_tower/perceptron_not_added"
# The perceptron took the place of x. Add it to x.
# ---
# - return x + layers.mlp(layers.ln_2(x))
# + return layers.mlp(layers.ln_2(x))

# %% [raw] mistake="text_tower/second_sum_from_the_normed"
# The perceptron was added to the normalised x. Add it to x itself.
# ---
# - return x + layers.mlp(layers.ln_2(x))
# + x = layers.ln_2(x)
# + return x + layers.mlp(x)

# %% [raw] mistake="text_tower/attention_without_norm"
# The attention got x as it is. Normalise it by `ln_1` first.
# ---
# - y = layers.ln_1(x)
# + y = x

# %% [raw] mistake="text_tower/perceptron_without_norm"
# The perceptron got x as it is. Normalise it by `ln_2` first.
# ---
# - return x + layers.mlp(layers.ln_2(x))
# + return x + layers.mlp(x)

# %% [raw] mistake="text_tower/only_queries_normed"
# Only the queries were normalised. Keys and values come from the normalised x, too.
# ---
# - attended, _ = layers.attn(y, y, y, attn_mask=mask)
# + attended, _ = layers.attn(y, x, x, attn_mask=mask)

# %% [raw] mistake="text_tower/values_not_normed"
# The values come from x as it is. They come from the normalised x, as queries and keys do.
# ---
# - attended, _ = layers.attn(y, y, y, attn_mask=mask)
# + attended, _ = layers.attn(y, y, x, attn_mask=mask)

# %% [raw] mistake="text_tower/attention_not_masked"
# The attention has no mask, so every token sees all the others. Give it `attn_mask=mask`.
# ---
# - attended, _ = layers.attn(y, y, y, attn_mask=mask)
# + attended, _ = layers.attn(y, y, y)

# %% [raw] mistake="text_tower/mask_as_padding"
# The fourth input of `attn` in its order is a mask of padding, and not this one. Give yours by its name:
# `attn_mask=mask`.
# ---
# - attended, _ = layers.attn(y, y, y, attn_mask=mask)
# + attended, _ = layers.attn(y, y, y, mask)

# %% [raw] mistake="text_tower/always_causal"
# With `is_causal` torch takes the causal mask, whatever `attn_mask` is. Leave it out.
# ---
# - attended, _ = layers.attn(y, y, y, attn_mask=mask)
# + attended, _ = layers.attn(y, y, y, attn_mask=mask, need_weights=False, is_causal=True)

# %% [raw] mistake="text_tower/side_by_side"
# Attention and perceptron both read the x that came in. The perceptron reads the sum of x and attention.
# ---
# - x = x + attended
# - return x + layers.mlp(layers.ln_2(x))
# + return x + attended + layers.mlp(layers.ln_2(x))

# %% [raw] mistake="text_tower/perceptron_reads_first_norm"
# The perceptron's norm is `ln_1`. It has one of its own, `ln_2`.
# ---
# - return x + layers.mlp(layers.ln_2(x))
# + return x + layers.mlp(layers.ln_1(x))

# %% [raw] mistake="text_tower/pair_added"
# `attn` gives a pair, the output and the weights. Add the first of the two.
# ---
# - attended, _ = layers.attn(y, y, y, attn_mask=mask)
# + attended = layers.attn(y, y, y, attn_mask=mask)

# %% [raw] mistake="text_tower/no_perceptron"
# The perceptron is missing.
# ---
# - return x + layers.mlp(layers.ln_2(x))
# + return x

# %% [raw] mistake="text_tower/block_detached"
# The result is detached, or was computed without gradients: nothing before it could learn.
# ---
# - return x + layers.mlp(layers.ln_2(x))
# + return (x + layers.mlp(layers.ln_2(x))).detach()

# %% [raw] mistake="text_tower/features_detached"
# The features are detached, or were computed without gradients: the tower could not learn.
# ---
# - return tower.ln_final(x)
# + return tower.ln_final(x).detach()

# %% [raw] mistake="text_tower/no_positions"
# The positions are missing: for a layer without them "a red ring left of a blue star" has no order but that of its
# mask.
# ---
# - x = x + tower.positional_embedding[:T]

# %% [raw] mistake="text_tower/all_positions"
# The table of positions has more rows than the text has tokens. Take the first T.
# ---
# - x = x + tower.positional_embedding[:T]
# + x = x + tower.positional_embedding

# %% [raw] mistake="text_tower/last_positions"
# These are the last T positions. The first token has the first one.
# ---
# - x = x + tower.positional_embedding[:T]
# + x = x + tower.positional_embedding[-T:]

# %% [raw] mistake="text_tower/first_position_for_all"
# All tokens got the first position. Token t has row t of the table.
# ---
# - x = x + tower.positional_embedding[:T]
# + x = x + tower.positional_embedding[0]

# %% [raw] mistake="text_tower/positions_at_the_end"
# The positions were added after the blocks, where no attention hears of them. Add them before the first block.
# ---
# - x = x + tower.positional_embedding[:T]
# - for block in tower.blocks:
# -     x = block(x, mask)
# + for block in tower.blocks:
# +     x = block(x, mask)
# + x = x + tower.positional_embedding[:T]

# %% [raw] mistake="text_tower/positions_in_every_block"
# The positions were added before every block. They are added once, before the first.
# ---
# - x = x + tower.positional_embedding[:T]
# - for block in tower.blocks:
# -     x = block(x, mask)
# + for block in tower.blocks:
# +     x = block(x + tower.positional_embedding[:T], mask)

# %% [raw] mistake="text_tower/blocks_not_masked"
# The blocks got no mask. Every block needs it: one that looks ahead is enough to let the end token hear of the padding.
# ---
# - x = block(x, mask)
# + x = block(x, None)

# %% [raw] mistake="text_tower/first_block_masked_alone"
# Only the first block got the mask. Every block needs it: one that looks ahead is enough.
# ---
# - for block in tower.blocks:
# -     x = block(x, mask)
# + for i, block in enumerate(tower.blocks):
# +     x = block(x, mask if i == 0 else None)

# %% [raw] mistake="text_tower/every_block_fed_the_first"
# Every block got the embeddings, so only the last one counts. Each gets what the one before gave.
# ---
# - for block in tower.blocks:
# -     x = block(x, mask)
# + first = x
# + for block in tower.blocks:
# +     x = block(first, mask)

# %% [raw] mistake="text_tower/blocks_backwards"
# The blocks ran in the reverse order.
# ---
# - for block in tower.blocks:
# + for block in reversed(tower.blocks):

# %% [raw] mistake="text_tower/one_block"
# Only one block ran. Run all of `tower.blocks`, one after the other.
# ---
# - for block in tower.blocks:
# -     x = block(x, mask)
# + x = tower.blocks[0](x, mask)

# %% [raw] mistake="text_tower/no_last_norm"
# The last norm is missing: pre-norm layers leave their sum as it is, so `ln_final` comes after the last of them.
# ---
# - return tower.ln_final(x)
# + return x

# %% [raw] mistake="text_tower/norm_before_the_blocks"
# `ln_final` ran before the blocks. It comes after the last one.
# ---
# - for block in tower.blocks:
# -     x = block(x, mask)
# - return tower.ln_final(x)
# + x = tower.ln_final(x)
# + for block in tower.blocks:
# +     x = block(x, mask)
# + return x

# %% [raw] mistake="text_tower/norm_after_every_block"
# `ln_final` ran after every block. It runs once, after the last one.
# ---
# - for block in tower.blocks:
# -     x = block(x, mask)
# - return tower.ln_final(x)
# + for block in tower.blocks:
# +     x = tower.ln_final(block(x, mask))
# + return x

# %% [raw] mistake="text_tower/last_position"
# These are the features at the last position, which is padding in a short text. Find each text's end token.
# ---
# - return x[torch.arange(len(x)), place]
# + return x[:, -1]

# %% [raw] mistake="text_tower/first_position"
# These are the features at the first position. The mask lets it see nothing but its own word; the end token sees all.
# ---
# - return x[torch.arange(len(x)), place]
# + return x[:, 0]

# %% [raw] mistake="text_tower/last_word"
# These are the features at the last word. The end token stands one behind it.
# ---
# - return x[torch.arange(len(x)), place]
# + return x[torch.arange(len(x)), place - 1]

# %% [raw] mistake="text_tower/one_behind_the_end"
# These are the features one behind the end token. Take those at it.
# ---
# - return x[torch.arange(len(x)), place]
# + return x[torch.arange(len(x)), place + 1]

# %% [raw] mistake="text_tower/mean_with_padding"
# This is a mean over all positions, padding among them. Take the features at the end token alone.
# ---
# - return x[torch.arange(len(x)), place]
# + return x.mean(1)

# %% [raw] mistake="text_tower/mean_of_the_tokens"
# This is a mean over the tokens of each text. Take the features at the end token alone: it has seen all the others.
# ---
# - return x[torch.arange(len(x)), place]
# + inside = (tokens != 0).float()[:, :, None]
# + return (x * inside).sum(1) / inside.sum(1)

# %% [raw] mistake="text_tower/largest_features"
# These are the largest features over all positions. Take those at the end token.
# ---
# - return x[torch.arange(len(x)), place]
# + return x.amax(1)

# %% [raw] mistake="text_tower/every_end_of_every_text"
# `x[:, place]` takes all the places from every text, (B, B, D). Each text has one place: index both axes together, by
# `torch.arange(B)` and `place`.
# ---
# - return x[torch.arange(len(x)), place]
# + return x[:, place]

# %% [raw] mistake="text_tower/end_as_a_place"
# `end` is the id of the end token, not its place. Find where `tokens` has that id.
# ---
# - return x[torch.arange(len(x)), place]
# + return x[:, end]

# %% [raw] mistake="text_tower/place_in_the_batch"
# For each position this seeks the text with the end: one of B. Seek the position within each text, along axis 1.
# ---
# - place = (tokens == end).int().argmax(1)  # (B,)
# + place = (tokens == end).int().argmax(0)

# %% [raw] mistake="text_tower/largest_truth_value"
# `argmax` does not work on truth values. Make them whole numbers first: `.int()`.
# ---
# - place = (tokens == end).int().argmax(1)  # (B,)
# + place = (tokens == end).argmax(1)

# %% [raw] mistake="text_tower/end_of_the_first_text"
# All texts were read where the first one ends. Each has an end of its own.
# ---
# - return x[torch.arange(len(x)), place]
# + return x[:, place[0]]

# %% [markdown]
# **The result.** Your three functions with the shipped weights. Each row of the figure puts another word in place of
# one; each column is a position, and the colour says how far its features moved. A change is heard only to the right of
# it, and the end token hears every one.

# %%
@torch.no_grad()
def show_reading():
    model = load_clip()
    tower, end = tower_of(model.text, text_block), model.tokenizer.end
    caption = "a red ring left of a blue star"
    tokens = model.tokenizer([caption])
    n = len(caption.split())
    x = read(tower, tokens, detrlab.causal_mask(T))
    same = (model.text.projection(at_end(x, tokens, end)) - model.text(tokens)).abs().max()
    print(f"largest difference from the library's text tower: {same:.1e}")
    behind = tokens.clone()
    behind[0, n + 1 :] = torch.arange(1, T - n)
    for name, mask in (("with the mask", detrlab.causal_mask(T)), ("without", torch.zeros(T, T))):
        ends = [at_end(read(tower, each, mask), tokens, end) for each in (tokens, behind)]
        print(f"other tokens in place of the padding, {name:13}: the features at the end move by "
              f"{(ends[0] - ends[1]).norm() / ends[0].norm():.2f} of their length")
    others = model.tokenizer("two green cross right and three yellow circle")[0]
    changed = tokens.repeat(n, 1)
    changed[range(n), range(n)] = others[:n]  # row i: word i is another one
    moved = (read(tower, changed, detrlab.causal_mask(T)) - x).norm(dim=2) / x.norm(dim=2)  # (n, T)
    figure, axes = clear_subplots(1, 1, (6.2, 4.0))
    ax, words = axes[0, 0], caption.split()
    image = ax.imshow(moved[:, : n + 1].numpy(), cmap="inferno", vmin=0)
    ax.set_xticks(range(n + 1), [*words, "EOT"], rotation=60, fontsize=9)
    ax.set_yticks(range(n), [f"{old} → {model.tokenizer.words[new - 1]}" for old, new in zip(words, others.tolist())],
                  fontsize=9)
    ax.set_title("how far features move when one word is another", fontsize=10)
    ax.set_xlabel("whose features", fontsize=9)
    bar = figure.colorbar(image, ax=ax)
    bar.ax.tick_params(colors=GREY)
    bar.outline.set_edgecolor(GREY)
    return figure


attempt(show_reading, after="text_tower")
