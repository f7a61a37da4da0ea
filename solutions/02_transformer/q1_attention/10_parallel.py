# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 10 · All at once, or one after another · 2 points · 12 min · ●●●○○
# **You will be able to** say what parallel decoding is, and what it is not.
#
# A language model decodes one token after another: each one sees those before it. DETR decodes its Q object queries
# **in parallel**: the decoder runs once, and all of them see each other in every layer. (Its layers are no rounds of
# predicting and correcting: no prediction is fed back.) Three experiments with the 20 object queries of the shapes model
# and one scene:
#
# - **reversed**: the queries go in in reversed order, and the outputs are put back into the old one;
# - **one after another**: query $i$ is decoded together with the queries before it, $0 .. i$, and only its own output
#   is kept; that takes one run of the decoder for each query;
# - **causal**: self-attention hides from each query those behind it, as in a language model; once in one run for all
#   queries, and once one after another. These two are compared.
#
# **Predict first** (1 point, for being there): in how many of the 20 queries do the two outputs differ? A difference of
# more than 0.001 counts.
#
# **Then write** `one_after_another(decode, query_pos)` (1 point): `decode` takes n object queries (n, D), for any n,
# and gives their n outputs (n, D).
#
# *Example.* A `decode` that gives each query the sum of all that it was given makes 6, 6, 6 of 1, 2, 3. One after
# another they become 1, 3, 6.

# %% exercise="parallel"
# Prediction: in how many of the 20 queries does the output differ from the usual decoder's ...
differ_when_reversed = 0  # ____
differ_one_after_another = 19  # ____
# ... and with a causal mask, in how many does one run for all differ from one after another?
causal_at_once_differs = 0  # ____


def one_after_another(decode, query_pos):
    """(Q, D): the output of each query when it sees itself and those before it only. query_pos: (Q, D).

    A gradient can flow back, as in training.
    """
    ### BEGIN SOLUTION
    outputs = [decode(query_pos[: i + 1])[-1] for i in range(len(query_pos))]
    return torch.stack(outputs)
    ### END SOLUTION

# %% check="parallel" points=2
@check(parts={"1. prediction": 1, "2. one_after_another": 1})
def parallel(draw):
    Q, S = draw.letters("Q S", 5, 11)
    D = 2 * draw.size(5, 7)
    draw.name(D=D)
    layer = draw.fill(TransformerDecoderLayer(D, 2, D, 0.0)).eval()
    memory, pos, query_pos = draw.normal(1, S, D), draw.normal(1, S, D), draw.normal(Q, D).requires_grad_()

    def decode(queries):
        return layer(queries[None] / 2, memory, None, pos, queries[None])[0]

    names = ("differ_when_reversed", "differ_one_after_another", "causal_at_once_differs")
    return {"1. prediction": attempted(lambda: {name: prediction(name, 20, draw.integer(1, 10**6)) for name in names}),
            "2. one_after_another": told(lambda: one_after_another(decode, query_pos * 1))}


# %% [raw] hints="parallel"
# 1. What does an output depend on: on the place of a query in the list, or on which other queries there are? And what
#    does the last query see, one after another?
# 2. `query_pos[: i + 1]` are the queries 0 to i. Of what `decode` gives for them, the last row belongs to query i.
# 3. `torch.stack([decode(query_pos[: i + 1])[...] for i in range(len(query_pos))])`; and a number from 0 to 20 behind
#    each `=`.

# %% [raw] mistake="parallel/all_visible"
# Every query saw all the others, later ones, too: this is what the parallel decoder gives. Give `decode` the queries up
# to i.
# ---
# - outputs = [decode(query_pos[: i + 1])[-1] for i in range(len(query_pos))]
# + outputs = [decode(query_pos)[i] for i in range(len(query_pos))]

# %% [raw] mistake="parallel/each_alone"
# Each query was decoded alone. It sees those before it, too: query_pos[: i + 1].
# ---
# - outputs = [decode(query_pos[: i + 1])[-1] for i in range(len(query_pos))]
# + outputs = [decode(query_pos[i : i + 1])[-1] for i in range(len(query_pos))]

# %% [raw] mistake="parallel/first_output"
# The output of query 0 was kept in every run. That of query i is the last one of its run.
# ---
# - outputs = [decode(query_pos[: i + 1])[-1] for i in range(len(query_pos))]
# + outputs = [decode(query_pos[: i + 1])[0] for i in range(len(query_pos))]

# %% [raw] mistake="parallel/later_ones"
# Each query saw itself and those *behind* it. One after another, it sees those before it: query_pos[: i + 1].
# ---
# - outputs = [decode(query_pos[: i + 1])[-1] for i in range(len(query_pos))]
# + outputs = [decode(query_pos[i:])[0] for i in range(len(query_pos))]

# %% [raw] mistake="parallel/fed_back"
# The outputs were fed into the decoder again, round after round. That is a refinement; neither DETR nor this experiment
# feeds a prediction back. Each run begins with the object queries themselves.
# ---
# - outputs = [decode(query_pos[: i + 1])[-1] for i in range(len(query_pos))]
# - return torch.stack(outputs)
# + for _ in range(len(query_pos)):
# +     query_pos = decode(query_pos)
# + return query_pos

# %% [raw] mistake="parallel/outputs_as_queries"
# The queries before query i were replaced by their outputs. Each run begins with the object queries themselves.
# ---
# - outputs = [decode(query_pos[: i + 1])[-1] for i in range(len(query_pos))]
# + outputs = []
# + for i in range(len(query_pos)):
# +     outputs.append(decode(torch.stack([*outputs, query_pos[i]]))[-1])

# %% [raw] mistake="parallel/all_of_each_run"
# All outputs of all runs were kept. Keep one for each query: the last of its run.
# ---
# - outputs = [decode(query_pos[: i + 1])[-1] for i in range(len(query_pos))]
# - return torch.stack(outputs)
# + return torch.cat([decode(query_pos[: i + 1]) for i in range(len(query_pos))])

# %% [raw] mistake="parallel/no_number_reversed"
# `differ_when_reversed` is no number. Write how many queries differ, from 0 to 20, without quotes; True and False do
# not say how many.
# ---
# - differ_when_reversed = 0
# + differ_when_reversed = "none"

# %% [raw] mistake="parallel/out_of_range_reversed"
# `differ_when_reversed` is out of its range. The shapes model has 20 object queries, so the number is from 0 to 20.
# ---
# - differ_when_reversed = 0
# + differ_when_reversed = 21

# %% [raw] mistake="parallel/no_number_in_turn"
# `differ_one_after_another` is no number. Write how many queries differ, from 0 to 20, without quotes; True and False do
# not say how many.
# ---
# - differ_one_after_another = 19
# + differ_one_after_another = "most"

# %% [raw] mistake="parallel/out_of_range_in_turn"
# `differ_one_after_another` is out of its range. The shapes model has 20 object queries, so the number is from 0 to 20.
# ---
# - differ_one_after_another = 19
# + differ_one_after_another = 190

# %% [raw] mistake="parallel/no_number_causal"
# `causal_at_once_differs` is no number. Write how many queries differ, from 0 to 20, without quotes; True and False do
# not say how many.
# ---
# - causal_at_once_differs = 0
# + causal_at_once_differs = "none"

# %% [raw] mistake="parallel/out_of_range_causal"
# `causal_at_once_differs` is out of its range. The shapes model has 20 object queries, so the number is from 0 to 20.
# ---
# - causal_at_once_differs = 0
# + causal_at_once_differs = -1

# %% [markdown]
# **The result**, with the time of each way on this computer.

# %%
def show_parallel():
    model = load_model("shapes")
    decoder, query_pos = model.transformer.decoder, model.query_embed.weight.detach()
    with torch.no_grad():
        src = model.input_proj(model.backbone[0](to_input(draw_scene(8, (128, 192)).picture, 128, 192)[None]))
        padding = torch.zeros_like(src[:, 0], dtype=torch.bool)
        src, pos = (x.flatten(2).transpose(1, 2) for x in (src, model.backbone[1](padding)))
        memory = model.transformer.encoder(src, padding.flatten(1), pos)

    def decode(queries):
        with torch.no_grad():
            tgt = torch.zeros_like(queries)[None]
            return decoder(tgt, memory, padding.flatten(1), pos, queries[None])[-1, 0]

    def hide_later(module, args, kwargs):
        later = torch.ones(args[0].shape[1], args[0].shape[1], dtype=torch.bool).triu(1)
        return args, kwargs | {"attn_mask": later}

    def causal(queries):
        attentions = [layer.self_attn for layer in decoder.layers]
        handles = [each.register_forward_pre_hook(hide_later, with_kwargs=True) for each in attentions]
        try:
            return decode(queries)
        finally:
            for handle in handles:
                handle.remove()

    def timed(way):
        start = time.perf_counter()
        return way(), time.perf_counter() - start

    usual, at_once = timed(lambda: decode(query_pos))
    in_turn, turns = timed(lambda: one_after_another(decode, query_pos))
    causal_in_turn = one_after_another(causal, query_pos)
    rows = (("reversed, put back", decode(query_pos.flip(0)).flip(0), usual, differ_when_reversed),
            ("one after another", in_turn, usual, differ_one_after_another),
            ("causal, at once or in turn", causal(query_pos), causal_in_turn, causal_at_once_differs))
    print(f"{'':32}differ   predicted   largest difference")
    for name, one, other, guess in rows:
        difference = (one - other).abs().amax(1)  # (Q,)
        print(f"{name:32}{(difference > 0.001).sum().item():6}{guess:12}{difference.max():21.1e}")
    print(f"seconds: in parallel {at_once:.3f}, one after another {turns:.3f}")


attempt(show_parallel, after="parallel")

# %% [markdown]
# - **The order of the queries means nothing**: permuted queries give permuted outputs (equivariance; the outputs are
#   not *invariant*, since they move along). The loss matches boxes to objects as a set, so no order is needed.
# - **The others mean something**: with only those before it, a query answers otherwise. Only the last one, which sees
#   all, agrees.
# - **What is hidden may be absent**: with a causal mask one run gives what many runs give. So a language model can be
#   *trained* in parallel, but it speaks one token after another. DETR, without such a mask, also *detects* in parallel.
