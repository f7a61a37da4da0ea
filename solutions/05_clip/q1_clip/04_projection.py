# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 4 · Into one space · 3 points · 18 min · ●●○○○
# **You will be able to** make one vector of an image, and bring images and texts into a space where only directions
# count.
#
# The image tower gives S features, one for each cell; the text tower gives one. Both have to become one vector of E
# numbers, of length 1. Then the product of two vectors is their cosine.
#
# 1. `pool(queries, attn, cells)` (1 point): *attention pooling*. As object queries do in DETR, Q learned queries
#    (Q, D) look at the cells (B, S, D) of each image, here by a single attention. Its answers stand one behind the
#    other: (B, Q·D), all of the first query first. `attn` is an `nn.MultiheadAttention`. (In the paper's ResNets one
#    query asks, made of the mean of the cells; section 2.4. Ours has 9, so that left and right are not lost.)
# 2. `residual_projection(layers, x)` (1 point): (B, d) → (B, E), which many small CLIPs use: a linear layer
#    `layers.linear1`; to *its* output p is added `layers.linear2` of GELU(p) (`F.gelu`); then the norm
#    `layers.layer_norm`. d and E may differ.
# 3. `linear_features(x, W)` (1 point): the paper's way. x (B, d) times a matrix W (d, E), without bias; then each row
#    is divided by its length, $\sqrt{\sum_e z_e^2}$: (B, E). (Section 2.3: the authors noticed no difference in training
#    between this and a non-linear projection.)
#
# *Examples.* A query whose scores with all cells are equal gets the mean of their values. If `linear1` gives (3, 1) and
# `linear2` gives 0, the norm makes (1, −1) of it. For x = (1, 2) and W = ((1.5, 0), (0, 1)) the product is (1.5, 2), of
# length 2.5: the features are (.6, .8).
#
# The library's `AttentionPool` and `Projection` may not be used.

# %% exercise="projection" forbids="detrlab.clip.image.AttentionPool, detrlab.clip.image.AttentionPool.forward, detrlab.clip.model.Projection, detrlab.clip.model.Projection.forward, detrlab.clip.model.CLIP.encode_image, detrlab.clip.model.CLIP.encode_text"
def pool(queries, attn, cells):
    """Learned queries (Q, D) look at the cells (B, S, D) of each image: (B, Q * D)."""
    ### BEGIN SOLUTION
    asked = queries.expand(len(cells), -1, -1)  # (B, Q, D)
    answers, _ = attn(asked, cells, cells)
    return answers.flatten(1)
    ### END SOLUTION


def residual_projection(layers, x):
    """A linear layer, a residual on it, and a norm: (B, d) -> (B, E)."""
    ### BEGIN SOLUTION
    p = layers.linear1(x)
    residual = layers.linear2(F.gelu(p))
    return layers.layer_norm(p + residual)
    ### END SOLUTION


def linear_features(x, W):
    """The paper's projection, with length 1: x (B, d) and W (d, E) -> (B, E)."""
    ### BEGIN SOLUTION
    z = x @ W
    return z / z.norm(dim=-1, keepdim=True)
    ### END SOLUTION

# %% check="projection" points=3
def learned(call):
    """What `call` gives, and whether weights could be learned through it."""
    value = attempted(call)
    if not isinstance(value, torch.Tensor):
        return value
    return {"values": value, "can be learned through": value.requires_grad}


@check(parts={"1. pool": 1, "2. residual_projection": 1, "3. linear_features": 1})
def projection(draw):
    (B, Q), (d, S), E = draw.letters("B Q", 2, 3), draw.letters("d S", 5, 7), 11
    draw.name(E=E)
    attn = draw.fill(nn.ModuleDict({"attn": nn.MultiheadAttention(2 * d, 2, batch_first=True)}), scale=1.5)["attn"]
    queries, cells = draw.normal(Q, 2 * d), draw.normal(B, S, 2 * d)
    x, y, W = draw.normal(B, d).requires_grad_(), draw.normal(B, E).requires_grad_(), draw.normal(d, E).requires_grad_()

    def layers_from(width):
        layers = nn.ModuleDict({"linear1": nn.Linear(width, E, bias=False), "linear2": nn.Linear(E, E, bias=False),
                                "layer_norm": nn.LayerNorm(E)})
        return SimpleNamespace(**draw.fill(layers, scale=1.5))

    return {"1. pool": learned(lambda: pool(queries.clone(), attn, cells.clone())),
            "2. residual_projection": {
                "d is not E": told(lambda: residual_projection(layers_from(d), x * 1), x),
                "d is E": told(lambda: residual_projection(layers_from(E), y * 1), y)},
            "3. linear_features": told(lambda: linear_features(x * 1, W * 1), x, W)}


# %% [raw] hints="projection"
# 1. Who asks, and who is asked? Every image is asked by the same queries. In the projection, what is the residual added
#    to: what came in, or what the first layer made of it? Each row of features has a length of its own.
# 2. `queries.expand(B, -1, -1)` is (B, Q, D); `attn(q, k, v)` gives a pair, of which the first is (B, Q, D), and
#    `flatten(1)` puts its rows one behind the other. `p + layers.linear2(F.gelu(p))`. `z.norm(dim=-1, keepdim=True)`.
# 3. `attn(queries.expand(len(cells), -1, -1), cells, cells)[0].flatten(...)`; `layers.layer_norm(p + ...)` with `p =
#    layers.linear1(x)`; `z / z.norm(dim=-1, keepdim=...)` with `z = x @ W`.

# %% [raw] mistake="projection/cells_ask"
# The cells ask, and the queries answer, so there is an answer for every cell. The queries ask: they come first in
# `attn(...)`, the cells are keys and values.
# ---
# - answers, _ = attn(asked, cells, cells)
# + answers, _ = attn(cells, asked, asked)

# %% [raw] mistake="projection/queries_answer"
# Keys and values are the queries themselves, so no cell is ever looked at.
# ---
# - answers, _ = attn(asked, cells, cells)
# + answers, _ = attn(asked, asked, asked)

# %% [raw] mistake="projection/queries_mixed"
# Each image got the same query several times, and others not at all. Every image is asked by all Q queries: repeat the
# whole table, not each of its rows.
# ---
# - asked = queries.expand(len(cells), -1, -1)  # (B, Q, D)
# + asked = queries.repeat_interleave(len(cells), dim=0).unflatten(0, (len(cells), -1))

# %% [raw] mistake="projection/queries_not_repeated"
# The queries are (Q, D), while the cells have a batch. Give every image the queries: (B, Q, D).
# ---
# - asked = queries.expand(len(cells), -1, -1)  # (B, Q, D)
# + asked = queries

# %% [raw] mistake="projection/pair_flattened"
# `attn` gives a pair, the answers and the weights. Flatten the first of the two.
# ---
# - answers, _ = attn(asked, cells, cells)
# + answers = attn(asked, cells, cells)

# %% [raw] mistake="projection/not_flattened"
# The answers are still (B, Q, D). Put those of an image one behind the other: (B, Q·D).
# ---
# - return answers.flatten(1)
# + return answers

# %% [raw] mistake="projection/channel_by_channel"
# The answers lie channel by channel. All D channels of the first query come first, then those of the second.
# ---
# - return answers.flatten(1)
# + return answers.transpose(1, 2).flatten(1)

# %% [raw] mistake="projection/mean_of_answers"
# This is the mean of the answers, (B, D): it no longer says which query saw what. Put them one behind the other.
# ---
# - return answers.flatten(1)
# + return answers.mean(1)

# %% [raw] mistake="projection/mean_of_cells"
# This is the mean of the cells. Let the queries look at them.
# ---
# - return answers.flatten(1)
# + return cells.mean(1)

# %% [raw] mistake="projection/queries_added"
# The queries were added to their answers. Pooling has no residual: only the answers count.
# ---
# - return answers.flatten(1)
# + return (asked + answers).flatten(1)

# %% [raw] mistake="projection/one_query_for_all"
# Only the first query asked. All Q of them do.
# ---
# - asked = queries.expand(len(cells), -1, -1)  # (B, Q, D)
# + asked = queries[:1].expand(len(cells), len(queries), -1)

# %% [raw] mistake="projection/weights_returned"
# These are the weights, the second of the pair. Return the answers.
# ---
# - answers, _ = attn(asked, cells, cells)
# + _, answers = attn(asked, cells, cells)

# %% [raw] mistake="projection/pooling_detached"
# The answers are detached, or were computed without gradients: queries and attention could not learn.
# ---
# - return answers.flatten(1)
# + return answers.flatten(1).detach()

# %% [raw] mistake="projection/residual_on_the_input"
# The residual was added to x. That fits only where d equals E: add it to the output of `linear1`.
# ---
# - return layers.layer_norm(p + residual)
# + return layers.layer_norm(x + residual)

# %% [raw] mistake="projection/norm_before_the_sum"
# The residual was normalised, and then added. Add first; the norm comes last.
# ---
# - return layers.layer_norm(p + residual)
# + return p + layers.layer_norm(residual)

# %% [raw] mistake="projection/first_layer_normed"
# The output of `linear1` was normalised, and then the residual added. Add first; the norm comes last.
# ---
# - return layers.layer_norm(p + residual)
# + return layers.layer_norm(p) + residual

# %% [raw] mistake="projection/no_residual"
# The output of `linear1` was not added. Without it this is a perceptron of two layers.
# ---
# - return layers.layer_norm(p + residual)
# + return layers.layer_norm(residual)

# %% [raw] mistake="projection/no_norm"
# The norm is missing: it comes last.
# ---
# - return layers.layer_norm(p + residual)
# + return p + residual

# %% [raw] mistake="projection/gelu_on_both"
# GELU bent what is added as well as the residual's input. Add `linear1`'s output as it is.
# ---
# - p = layers.linear1(x)
# - residual = layers.linear2(F.gelu(p))
# + p = F.gelu(layers.linear1(x))
# + residual = layers.linear2(p)

# %% [raw] mistake="projection/no_gelu"
# GELU is missing: two linear layers in a row are one.
# ---
# - residual = layers.linear2(F.gelu(p))
# + residual = layers.linear2(p)

# %% [raw] mistake="projection/gelu_last"
# GELU came after `linear2`. It comes before.
# ---
# - residual = layers.linear2(F.gelu(p))
# + residual = F.gelu(layers.linear2(p))

# %% [raw] mistake="projection/sum_in_place"
# `+=` changed p itself, which the gradient still needs as it was. Write `p + ...`.
# ---
# - residual = layers.linear2(F.gelu(p))
# - return layers.layer_norm(p + residual)
# + p += layers.linear2(F.gelu(p))
# + return layers.layer_norm(p)

# %% [raw] mistake="projection/gelu_first"
# GELU came before `linear1`. It bends only the input of `linear2`.
# ---
# - p = layers.linear1(x)
# + p = layers.linear1(F.gelu(x))

# %% [raw] mistake="projection/relu"
# This is ReLU, which is 0 for everything negative. Use `F.gelu`.
# ---
# - residual = layers.linear2(F.gelu(p))
# + residual = layers.linear2(F.relu(p))

# %% [raw] mistake="projection/quick_gelu"
# This is QuickGELU, p · sigmoid(1.702 p), which the blocks of the text tower have. Use `F.gelu`.
# ---
# - residual = layers.linear2(F.gelu(p))
# + residual = layers.linear2(p * torch.sigmoid(1.702 * p))

# %% [raw] mistake="projection/length_one_already"
# The output was brought to length 1, too. Here the norm is the last; length 1 comes later, for both kinds of
# projection.
# ---
# - return layers.layer_norm(p + residual)
# + return F.normalize(layers.layer_norm(p + residual), dim=-1)

# %% [raw] mistake="projection/not_length_one"
# These are the products, of any length. Divide each row by its length.
# ---
# - return z / z.norm(dim=-1, keepdim=True)
# + return z

# %% [raw] mistake="projection/length_one_before"
# x was brought to length 1 before it was multiplied, so the features have other lengths again. Multiply first.
# ---
# - z = x @ W
# - return z / z.norm(dim=-1, keepdim=True)
# + return F.normalize(x, dim=-1) @ W

# %% [raw] mistake="projection/over_the_batch"
# Columns were divided by their length: the length runs over the batch, so features depend on what else is in it. Each
# row has a length of its own, along the last axis.
# ---
# - return z / z.norm(dim=-1, keepdim=True)
# + return z / z.norm(dim=0, keepdim=True)

# %% [raw] mistake="projection/over_everything"
# All rows were divided by one number, the length of the whole batch. Each row has a length of its own.
# ---
# - return z / z.norm(dim=-1, keepdim=True)
# + return z / z.norm()

# %% [raw] mistake="projection/squared_length"
# Rows were divided by the square of their length. The length is its root.
# ---
# - return z / z.norm(dim=-1, keepdim=True)
# + return z / (z * z).sum(-1, keepdim=True)

# %% [raw] mistake="projection/sum_of_absolutes"
# Rows were divided by the sum of their absolute values. The length is the root of the sum of squares.
# ---
# - return z / z.norm(dim=-1, keepdim=True)
# + return z / z.abs().sum(-1, keepdim=True)

# %% [raw] mistake="projection/divided_by_the_sum"
# Rows were divided by their sum, which may even be negative. The length is the root of the sum of squares.
# ---
# - return z / z.norm(dim=-1, keepdim=True)
# + return z / z.sum(-1, keepdim=True)

# %% [raw] mistake="projection/softmax"
# A softmax makes rows sum to 1; their length is something else. Divide by the root of the sum of squares.
# ---
# - return z / z.norm(dim=-1, keepdim=True)
# + return z.softmax(-1)

# %% [raw] mistake="projection/standardised"
# A layer norm makes rows of mean 0 and variance 1. Divide by the length, and subtract nothing.
# ---
# - return z / z.norm(dim=-1, keepdim=True)
# + return F.layer_norm(z, z.shape[-1:])

# %% [raw] mistake="projection/matrix_transposed"
# W was transposed. It is (d, E), and x is (B, d): `x @ W` fits as they are. (`nn.Linear` keeps its weight as (E, d).)
# ---
# - z = x @ W
# + z = x @ W.T

# %% [raw] mistake="projection/detached"
# The length was detached, so the gradient treats it as a constant. It depends on x and W, too.
# ---
# - return z / z.norm(dim=-1, keepdim=True)
# + return z / z.norm(dim=-1, keepdim=True).detach()

# %% [raw] mistake="projection/divided_in_place"
# `/=` changed z itself, which the gradient still needs as it was. Write `z / ...`.
# ---
# - return z / z.norm(dim=-1, keepdim=True)
# + z /= z.norm(dim=-1, keepdim=True)
# + return z

# %% [markdown]
# **The result**, on the image side: the shipped image tower up to its cells, then your pooling, your projection, and
# length 1. The figure shows where its nine queries look in one scene (mean of the heads; each map has the scale of its
# own brightest cell). They began as a grid of 3 × 3 places, and are drawn in its order.

# %%
@torch.no_grad()
def show_pooling():
    model, scenes = load_clip(), captioned_scenes(40, "fresh", first=40)
    visual, pictures = model.visual, scenes.normalised()
    cells = visual.tokens(visual.stages(pictures), pictures)  # (B, S, D)
    features = residual_projection(visual.projection, pool(visual.pool.queries, visual.pool.attn, cells))
    same = (F.normalize(features, dim=-1) - encode_pictures(model, pictures)).abs().max()
    print(f"largest difference from the library's image tower: {same:.1e}")
    _, weights = visual.pool.attn(visual.pool.queries.expand(len(cells), -1, -1), cells, cells)  # (B, Q, S)
    inside = torch.zeros(len(cells), 8, 8)
    for cells_hw, truth in zip(inside, scenes.truths):
        for x0, y0, x1, y1 in (truth.boxes_xyxy / 8).round().astype(int):
            cells_hw[y0:y1, x0:x1] = 1
    inside = inside.flatten(1)  # (B, S), 1 in the boxes
    print(f"{len(cells)} scenes: boxes of shapes hold {inside.mean():.2f} of the cells, "
          f"and {(weights * inside[:, None]).sum(2).mean():.2f} of the weight")
    figure, axes = clear_subplots(3, 4, (7.6, 5.9))
    for ax in axes[:, 0]:
        ax.axis("off")
    axes[1, 0].imshow(scenes.pictures[0])
    axes[1, 0].set_title("the scene", fontsize=10)
    for query, (ax, map_hw) in enumerate(zip(axes[:, 1:].flat, weights[0].unflatten(1, (8, 8)))):
        ax.imshow(map_hw.numpy(), cmap="inferno", vmin=0)
        ax.set_title(f"query {query}: up to {map_hw.max():.2f}", fontsize=9.5)
        ax.set(xticks=(), yticks=())
    return figure


attempt(show_pooling, after="projection")

# %% [markdown]
# And on the text side: cosines of captions. The first three say the same, and have nearly the same direction. The fifth
# has the words of the first, bound otherwise: a tower that only counts words would give them a cosine of 1.

# %%
@torch.no_grad()
def show_captions():
    model = load_clip()
    captions = ["a red ring left of a blue star", "a blue star right of a red ring",
                "a picture of a red ring left of a blue star", "a red ring right of a blue star",
                "a blue ring left of a red star", "a red ring and a blue star", "two green crosses"]
    text = model.text
    at_the_end, text.projection = text.projection, nn.Identity()  # so that the tower gives what it is projected from
    features = F.normalize(residual_projection(at_the_end, text(model.tokenizer(captions))), dim=-1)
    cosines = features @ features.T
    figure, axes = clear_subplots(1, 1, (8.6, 4.4))
    ax = axes[0, 0]
    ax.imshow(cosines.numpy(), cmap="cividis", vmin=-1, vmax=1)
    for i, j in np.ndindex(*cosines.shape):
        ax.text(j, i, f"{cosines[i, j]:.2f}", ha="center", va="center", fontsize=9,
                color="black" if cosines[i, j] > 0.2 else "white")
    ax.set_xticks(range(len(captions)), range(1, len(captions) + 1), fontsize=9)
    ax.set_yticks(range(len(captions)), [f"{caption}  {i}" for i, caption in enumerate(captions, 1)], fontsize=9)
    ax.set_title("cosines of captions", fontsize=10)
    return figure


attempt(show_captions, after="projection")
