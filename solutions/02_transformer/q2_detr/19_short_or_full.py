# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 19 · Short or full: what does it change? · 2 points · 15 min · ●●●●○
# **You will be able to** measure what an architecture does differently, on trained weights.
#
# | | short DETR (first assignment) | full DETR |
# |---|---|---|
# | positions of the cells | added once, to the encoder's input: they reach q, k **and v** | added in every layer, to q and k only |
# | object queries | are the decoder's input: they reach q, k **and v** | added in every layer, to q and k; the decoder starts from zeros |
#
# Write two measurements:
#
# 1. `value_share(attention, content, pos)`: how much of the values is due to positions. With the value projection
#    $V(x) = x\,W_v^\top + b_v$ it is $\lVert V(\mathrm{content} + \mathrm{pos}) - V(\mathrm{content}) \rVert \,/\,
#    \lVert V(\mathrm{content} + \mathrm{pos}) \rVert$, the norms over all numbers; a plain number. `nn.MultiheadAttention` keeps
#    the weights of q, k and v one below the other in `in_proj_weight` (3 D, D), the biases in `in_proj_bias` (3 D).
# 2. `twin_boxes(model, image, query, other)`: object query `other` gets the vector of `query` (in `model.query_embed.weight`);
#    what boxes (4,) do the two predict now for the image (3, H, W)? Returns (box of query, box of other). The model stays as
#    it was: work on a copy.
#
# Say first, for both kinds of DETR: will the twins' boxes be equal, similar, or will self-attention tell them apart?
#
# *Example.* With D = 1, $W_v$ = 2 and $b_v$ = 1, content 3 and position 4: V(7) = 15 and V(3) = 7, so the share is 8 / 15 = 0.53.

# %% exercise="short_or_full"
def value_share(attention, content, pos):
    """The share of an nn.MultiheadAttention's values that is due to positions. content, pos: (..., D)."""
    ### BEGIN SOLUTION
    W_q, W_k, W_v = attention.in_proj_weight.chunk(3)  # (D, D) each
    b_v = attention.in_proj_bias.chunk(3)[2]  # (D,)
    both = F.linear(content + pos, W_v, b_v)
    alone = F.linear(content, W_v, b_v)
    return ((both - alone).norm() / both.norm()).item()
    ### END SOLUTION


def twin_boxes(model, image, query, other):
    """(box of query, box of other), cxcywh, after `other` was given the vector of `query`."""
    ### BEGIN SOLUTION
    twin = copy.deepcopy(model)
    with torch.no_grad():
        twin.query_embed.weight[other] = twin.query_embed.weight[query]
        boxes = twin(image[None])["pred_boxes"][0]  # (Q, 4)
    return boxes[query], boxes[other]
    ### END SOLUTION

# %% check="short_or_full" points=2
shapes = load_model("shapes")

@check(parts={"1. values": 1, "2. twins": 1})
def short_or_full(draw):
    B, S, half = draw.letters("B S half", 2, 7)
    D = 2 * half
    attention = nn.MultiheadAttention(D, 2, batch_first=True)
    with torch.no_grad():  # biases as large as what they are added to
        attention.in_proj_weight.copy_(draw.normal(3 * D, D))
        attention.in_proj_bias.copy_(3 * draw.normal(3 * D))
    # Tokens of very different size: the mean of their shares is not the share of all.
    pairs = [(draw.uniform(B, S, 1, low=0.1, high=4) * draw.normal(B, S, D), draw.number(0.3, 3.0) * draw.normal(B, S, D))
             for _ in range(4)]

    model = copy.deepcopy(shapes)
    image = to_input(draw_scene(draw.scene_seed(), (64, 80)).picture, 64, 80)  # small, so that it is quick
    before = model.query_embed.weight.detach().clone()
    query, other, *_ = draw.permutation(len(before)).tolist()

    def twins():
        boxes = twin_boxes(model, image, query, other)
        return {"box of query": boxes[0], "box of other": boxes[1],
                "the model is as it was": model.query_embed.weight.equal(before)}

    return {"1. values": attempted(lambda: [float(value_share(attention, *pair)) for pair in pairs]), "2. twins": attempted(twins)}

# %% [raw] hints="short_or_full"
# 1. Values come from the last third of in_proj_weight and in_proj_bias. Twins: change one row of the query table, run the model,
#    read two rows of its boxes.
# 2. attention.in_proj_weight.chunk(3)[2] is W_v; F.linear(x, W_v, b_v) is the projection. copy.deepcopy(model) is a copy whose
#    rows can be changed under torch.no_grad(). The model wants a batch: image[None].
# 3. (F.linear(content + pos, W_v, b_v) − F.linear(…)).norm() divided by the first one's norm; twin.query_embed.weight[other] =
#    twin.query_embed.weight[…], then boxes = twin(image[None])["pred_boxes"][0].

# %% [raw] mistake="short_or_full/query_weights"
# These are the weights of q, the first third. Values are the last third: q, k, v stand in this order.
# ---
# - both = F.linear(content + pos, W_v, b_v)
# - alone = F.linear(content, W_v, b_v)
# + both = F.linear(content + pos, W_q, attention.in_proj_bias.chunk(3)[0])
# + alone = F.linear(content, W_q, attention.in_proj_bias.chunk(3)[0])

# %% [raw] mistake="short_or_full/key_weights"
# These are the weights of k, the second third. Values are the last third.
# ---
# - both = F.linear(content + pos, W_v, b_v)
# - alone = F.linear(content, W_v, b_v)
# + both = F.linear(content + pos, W_k, attention.in_proj_bias.chunk(3)[1])
# + alone = F.linear(content, W_k, attention.in_proj_bias.chunk(3)[1])

# %% [raw] mistake="short_or_full/no_bias"
# The bias is missing. It cancels in the difference, but not in the norm that the difference is divided by.
# ---
# - both = F.linear(content + pos, W_v, b_v)
# - alone = F.linear(content, W_v, b_v)
# + both = F.linear(content + pos, W_v)
# + alone = F.linear(content, W_v)

# %% [raw] mistake="short_or_full/not_transposed"
# The tokens were multiplied by W and not by its transpose. W is square here, so nothing breaks; a linear layer computes x Wᵀ + b,
# as F.linear does.
# ---
# - both = F.linear(content + pos, W_v, b_v)
# - alone = F.linear(content, W_v, b_v)
# + both = (content + pos) @ W_v + b_v
# + alone = content @ W_v + b_v

# %% [raw] mistake="short_or_full/over_content"
# The difference was divided by the norm of the values without positions. The share is of the values as they are: with them.
# ---
# - return ((both - alone).norm() / both.norm()).item()
# + return ((both - alone).norm() / alone.norm()).item()

# %% [raw] mistake="short_or_full/squared"
# The norms were squared. The share is a ratio of the norms themselves.
# ---
# - return ((both - alone).norm() / both.norm()).item()
# + return ((both - alone).square().sum() / both.square().sum()).item()

# %% [raw] mistake="short_or_full/mean_of_tokens"
# The share was taken for each token and then averaged. Here both norms run over all numbers at once.
# ---
# - return ((both - alone).norm() / both.norm()).item()
# + return ((both - alone).norm(dim=-1) / both.norm(dim=-1)).mean().item()

# %% [raw] mistake="short_or_full/without_values"
# The positions were compared with the tokens themselves. What is carried over are the values, behind W_v.
# ---
# - return ((both - alone).norm() / both.norm()).item()
# + return (pos.norm() / (content + pos).norm()).item()

# %% [raw] mistake="short_or_full/model_changed"
# The model that was handed in has the twins now. Whoever calls this still needs it as it was: work on a copy.
# ---
# - twin = copy.deepcopy(model)
# + twin = model

# %% [raw] mistake="short_or_full/other_way_round"
# `query` was given the vector of `other`. It is the other way round: `other` becomes the twin of `query`.
# ---
# - twin.query_embed.weight[other] = twin.query_embed.weight[query]
# + twin.query_embed.weight[query] = twin.query_embed.weight[other]

# %% [raw] mistake="short_or_full/no_twins"
# These are the boxes of the model as it was: nobody was given another's vector.
# ---
# - twin.query_embed.weight[other] = twin.query_embed.weight[query]

# %% [raw] mistake="short_or_full/exchanged"
# The two queries exchanged their vectors. Only `other` changes; then there are two equal ones.
# ---
# - twin.query_embed.weight[other] = twin.query_embed.weight[query]
# + twin.query_embed.weight[[query, other]] = twin.query_embed.weight[[other, query]]

# %% [raw] mistake="short_or_full/logits"
# These are logits, not boxes.
# ---
# - boxes = twin(image[None])["pred_boxes"][0]  # (Q, 4)
# + boxes = twin(image[None])["pred_logits"][0]

# %% [raw] mistake="short_or_full/batch_axis"
# The boxes still have the batch's axis, so index `query` asked for another image. Take image 0 first.
# ---
# - boxes = twin(image[None])["pred_boxes"][0]  # (Q, 4)
# + boxes = twin(image[None])["pred_boxes"]

# %% [markdown]
# Now on the shipped weights: the short DETR of the first assignment and the full one, both trained on the same kind of scenes. The
# first encoder layer's values, on one image; the first decoder self-attention's values, which no image reaches; and twins.

# %%
def first_values():
    short, full = short_weights(), load_model("shapes")
    image = to_input(draw_scene(10).picture, *full.input_size)[None]

    def part(name):
        start = f"{name}."
        return {key.removeprefix(start): value for key, value in short.items() if key.startswith(start)}

    body, position, projection = SmallResNet().eval(), PositionEmbeddingLearned(64), nn.Conv2d(128, 128, 1)
    body.load_state_dict(part("backbone"))
    position.load_state_dict({"row_embed.weight": short["row_embed"], "col_embed.weight": short["col_embed"]})
    projection.load_state_dict(part("conv"))
    attention = nn.MultiheadAttention(128, 4)
    attention.load_state_dict(part("transformer.encoder.layers.0.self_attn"))
    seen = {}
    layer = full.transformer.encoder.layers[0]
    hook = layer.register_forward_pre_hook(lambda _, args: seen.update(src=args[0], pos=args[2]))
    with torch.no_grad():
        content = 0.1 * projection(body(image))
        pos = position(torch.zeros(1, *content.shape[2:], dtype=torch.bool))
        share = value_share(attention, *(x.flatten(2).mT for x in (content, pos)))
        print(f"share of positions in the values, short:           {share:.2f}")
        full(image)
        hook.remove()
        print("                                  full:            0.00, since v is handed no positions")
        share = value_share(layer.self_attn, seen["src"], seen["pos"])
        print(f"                                  full, were they: {share:.2f}")

    attention.load_state_dict(part("transformer.decoder.layers.0.self_attn"))
    decoder = full.transformer.decoder.layers[0].self_attn
    both = (("short", attention, short["query_pos"]), ("full", decoder, torch.zeros(20, 128)))
    for name, module, entering in both:
        W_v, b_v = (each.detach().chunk(3)[2] for each in (module.in_proj_weight, module.in_proj_bias))
        values = F.linear(entering, W_v, b_v)
        apart = (values - values[0]).abs().max()
        print(f"first decoder self-attention, {name}: the values of the queries differ by up to {apart:.2f}")


attempt(first_values, after="short_or_full")

# %%
def twins_of_both():
    short, full = short_weights(), load_model("shapes")
    image = to_input(draw_scene(10).picture, *full.input_size)
    one, other = twin_boxes(full, image, 7, 3)
    with torch.no_grad():
        unlike = (full(image[None])["pred_boxes"][0, 3] - one).abs().max()
    apart = (one - other).abs().max()
    print(f"full:  the twins' boxes differ by {apart:.1g}; before, query 3 lay {unlike:.2f} away")
    decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(128, 4), 3, nn.LayerNorm(128)).eval()
    start = "transformer.decoder."
    own = {key.removeprefix(start): each for key, each in short.items() if key.startswith(start)}
    decoder.load_state_dict(own)
    queries = short["query_pos"].clone()
    queries[3] = queries[7]
    torch.manual_seed(0)
    with torch.no_grad():
        objects = decoder(queries[:, None], torch.randn(256, 1, 128))
    print(f"short: the twins' vectors differ by {(objects[3] - objects[7]).abs().max():.1g}")


attempt(twins_of_both, after="short_or_full")

# %% [markdown]
# Equal vectors in, equal boxes out, in both: attention and heads do the same with equal rows, and nothing else says which query is
# which. What keeps two queries from one object is that training made their vectors different.
#
# And if the positions did reach the values of the full, trained model? The next cell adds them there, first in the encoder, then in
# the decoder's cross-attention as well, and detects in 20 scenes.

# %%
def positions_in_the_values():
    full, scenes = load_model("shapes"), [draw_scene(seed) for seed in range(100, 120)]
    layers = full.transformer

    def detections():
        return sum(len(detect(full, scene.picture)) for scene in scenes)

    def also_in_the_values(attention):
        def change(_, args, kwargs):
            return args, kwargs | {"value": args[1]}

        attention.register_forward_pre_hook(change, with_kwargs=True)

    print(f"{sum(len(scene.labels) for scene in scenes)} objects; detections {detections()}")
    for layer in layers.encoder.layers:
        also_in_the_values(layer.self_attn)
    print(f"positions in the encoder's values, too: {detections()}")
    for layer in layers.decoder.layers:
        also_in_the_values(layer.multihead_attn)
    print(f"and in those of the cross-attention:    {detections()}")


print("20 scenes, three times: this takes some seconds.")
attempt(positions_in_the_values)

# %% [markdown]
# The encoder of this model does not mind, though a large share of its values changed; the decoder does, a little. So "positions
# must not reach the values" is more than these numbers say: this model was trained without, and what it would be if it had been
# trained with them is not measured here. The paper's table 3 compares models that were *trained* one way or the other.
