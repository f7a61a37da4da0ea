# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 9 · The decoder's first self-attention · 2 points · 10 min · ●●●○○
# **You will be able to** compute what an attention gives when all its values are equal.
#
# DETR's decoder starts from `tgt` = 0 (A.3: "initially set to zero"). So in the first layer's self-attention query and
# key are `query_pos`, and every value is zero. The learned queries differ, and so do the attention weights. Does the
# output? Think before you go on: what is a weighted mean of equal values?
#
# 1. `first_output(self_attn, query_pos)` (1 point), the measurement: what the first layer's `self_attn`, an
#    `nn.MultiheadAttention` with the batch first, gives from a start of zeros; (Q, D) for `query_pos` (Q, D), one
#    image.
# 2. `from_weights(self_attn)` (1 point), the explanation: the vector (D,) that you expect for every query, from the
#    module's weights alone, without calling it. They are `in_proj_weight`, `in_proj_bias` (q, k, v, as in step 2),
#    `out_proj.weight`, `out_proj.bias`.
#
# *Example.* One head, $D = 2$. The three biases of q, k and v are `[1, 1]`, `[2, 2]`, `[3, 4]`. Each value is
# $W_v \cdot 0 + b_v = (3, 4)$, so the mean of the values is $(3, 4)$, whatever the weights. `out_proj` makes
# $W_o (3, 4) + b_o$ of it.

# %% exercise="first_self_attention"
def first_output(self_attn, query_pos):
    """(Q, D): the output of the decoder's first self-attention; query_pos: (Q, D)."""
    ### BEGIN SOLUTION
    tgt = torch.zeros_like(query_pos)[None]  # (1, Q, D)
    q = k = tgt + query_pos
    return self_attn(q, k, tgt)[0][0]
    ### END SOLUTION


def from_weights(self_attn):
    """(D,): the same for any query, without calling the attention."""
    ### BEGIN SOLUTION
    D = self_attn.embed_dim
    value = self_attn.in_proj_bias[2 * D :]  # (D,)
    return self_attn.out_proj(value)
    ### END SOLUTION

# %% check="first_self_attention" points=2
@check(parts={"1. first_output": 1, "2. from_weights": 1})
def first_self_attention(draw):
    Q, M = draw.letters("Q M", 2, 5)
    D = M * draw.size(7, 11)
    draw.name(D=D)
    self_attn = draw.fill(LayerParts(D, M, D)).self_attn.eval()
    self_attn.in_proj_bias.data, self_attn.out_proj.bias.data = draw.normal(3 * D), draw.normal(D)
    query_pos, output = draw.normal(Q, D), draw.normal(1, Q, D).requires_grad_()

    def look_inside():
        with attention_gives(self_attn, output) as given:
            result = attempted(lambda: first_output(self_attn, query_pos))
        if getattr(result, "is_open", False):
            return result  # the blank
        result = or_not_called(result, "self_attn", given)
        inputs = noted(given, result, "query", "key", "value")
        return {**{name: x[None] if getattr(x, "ndim", 0) == 2 else x for name, x in inputs.items()},  # it takes both
                "hides anything": [given.get("key_padding_mask"), given.get("attn_mask")] != [None, None],
                "its output is returned": told(lambda: result)}

    def without_attention():
        self_attn.forward = refuse
        return from_weights(self_attn)

    return {"1. first_output": {"attention is given": attempted(look_inside),
                                "output": attempted(lambda: first_output(self_attn, query_pos))},
            "2. from_weights": attempted(without_attention)}


def refuse(*args, **kwargs):
    """Stands for the attention's forward; its linear layer out_proj can still be called."""
    raise RuntimeError("from_weights is to do without the attention")


# %% [raw] hints="first_self_attention"
# 1. Weights of a query sum to 1. If all values are the same vector, their weighted mean is that vector. Which vector do
#    values of a zero input have? A linear layer of zero gives its bias.
# 2. `self_attn(query, key, value)[0]` is (1, Q, D), so `query_pos[None]` goes in. Of the 3D biases in `in_proj_bias`
#    the last D are those of the values; `self_attn.out_proj(...)` is the last linear layer.
# 3. `self_attn(query_pos[None], query_pos[None], torch.zeros_like(query_pos)[None])[0][0]`, and
#    `self_attn.out_proj(self_attn.in_proj_bias[...])`.

# %% [raw] mistake="first_self_attention/queries_as_values"
# The values are query_pos. The value is tgt, which is zero at the start; learned queries are added to query and key
# only.
# ---
# - return self_attn(q, k, tgt)[0][0]
# + return self_attn(q, k, q)[0][0]

# %% [raw] mistake="first_self_attention/all_zero"
# Query and key are zero, too. query_pos is added to both; only the value is tgt alone.
# ---
# - q = k = tgt + query_pos
# + q = k = tgt

# %% [raw] mistake="first_self_attention/key_without_queries"
# The key is tgt alone. query_pos is added to query and key.
# ---
# - return self_attn(q, k, tgt)[0][0]
# + return self_attn(q, tgt, tgt)[0][0]

# %% [raw] mistake="first_self_attention/queries_as_batch"
# The queries stand on the axis of the batch, so none of them sees another. The batch is first: query_pos[None].
# ---
# - tgt = torch.zeros_like(query_pos)[None]  # (1, Q, D)
# - q = k = tgt + query_pos
# - return self_attn(q, k, tgt)[0][0]
# + q = k = query_pos[:, None]
# + return self_attn(q, k, torch.zeros_like(q))[0][:, 0]

# %% [raw] mistake="first_self_attention/not_called"
# self_attn was not called (its `forward` called by hand does not count): first_output is to measure what it gives.
# ---
# - return self_attn(q, k, tgt)[0][0]
# + return self_attn.forward(q, k, tgt)[0][0]

# %% [raw] mistake="first_self_attention/batch_axis"
# The axis of the batch is still there: return (Q, D).
# ---
# - return self_attn(q, k, tgt)[0][0]
# + return self_attn(q, k, tgt)[0]

# %% [raw] mistake="first_self_attention/weights_returned"
# These are the attention weights, (Q, Q). The output is the first of the two that the module returns.
# ---
# - return self_attn(q, k, tgt)[0][0]
# + return self_attn(q, k, tgt)[1][0]

# %% [raw] mistake="first_self_attention/attention_called"
# from_weights calls the attention. It is to explain what the attention gives: compute it from the biases and out_proj.
# ---
# - value = self_attn.in_proj_bias[2 * D :]  # (D,)
# - return self_attn.out_proj(value)
# + zero = torch.zeros(1, 1, D)
# + return self_attn(zero, zero, zero)[0][0, 0]

# %% [raw] mistake="first_self_attention/zero_expected"
# Zero is not what comes out: values of a zero input are the bias of v, and out_proj has a bias, too.
# ---
# - return self_attn.out_proj(value)
# + return torch.zeros(D)

# %% [raw] mistake="first_self_attention/output_bias_only"
# The bias of v was forgotten. Values of a zero input are b_v, and out_proj makes W_o·b_v + b_o of it.
# ---
# - return self_attn.out_proj(value)
# + return self_attn.out_proj(torch.zeros(D))

# %% [raw] mistake="first_self_attention/bias_of_v"
# This is the bias of v, the mean of the values. The last linear layer, out_proj, still comes after it.
# ---
# - return self_attn.out_proj(value)
# + return value

# %% [raw] mistake="first_self_attention/no_output_bias"
# The bias of out_proj is missing.
# ---
# - return self_attn.out_proj(value)
# + return self_attn.out_proj.weight @ value

# %% [raw] mistake="first_self_attention/bias_of_k"
# This is made of the bias of k. in_proj_bias holds q, k, v, in this order: v is the last third.
# ---
# - value = self_attn.in_proj_bias[2 * D :]  # (D,)
# + value = self_attn.in_proj_bias[D : 2 * D]

# %% [raw] mistake="first_self_attention/bias_of_q"
# This is made of the bias of q. in_proj_bias holds q, k, v, in this order: v is the last third.
# ---
# - value = self_attn.in_proj_bias[2 * D :]  # (D,)
# + value = self_attn.in_proj_bias[:D]

# %% [raw] mistake="first_self_attention/not_turned"
# The matrix of out_proj was used the wrong way round. A linear layer's weight is (out, in): W_o·b_v, with the matrix
# first.
# ---
# - return self_attn.out_proj(value)
# + return value @ self_attn.out_proj.weight + self_attn.out_proj.bias

# %% [markdown]
# **In a trained model.** What the self-attention of each layer gives in the shapes model, for one scene: how far the
# queries' outputs lie apart at most (largest difference in any channel).

# %%
def show_first():
    model = load_model("shapes")
    layers = model.transformer.decoder.layers
    outputs = []
    keep = lambda module, args, output: outputs.append(output[0][0])
    hooks = [layer.self_attn.register_forward_hook(keep) for layer in layers]
    with torch.no_grad():
        model(to_input(draw_scene(8, (128, 192)).picture, 128, 192)[None])
        for hook in hooks:
            hook.remove()
        measured = first_output(layers[0].self_attn, model.query_embed.weight)
        expected = from_weights(layers[0].self_attn)
    for number, output in enumerate(outputs):
        apart = (output.amax(0) - output.amin(0)).max()
        print(f"layer {number}: outputs of different queries differ by at most {apart:.4f}")
    difference = (measured - expected).abs().max()
    print(f"layer 0: your measurement differs from the weights' prediction by at most {difference:.0e}")
    print(f"layer 0: largest channel of that one vector {expected.abs().max():.2f}")


attempt(show_first, after="first_self_attention")

# %% [markdown]
# So the first self-attention of this decoder is a constant: it adds one vector to all queries, the same for every
# image. The argument needs the zero start only, so it holds for the official models, too. What tells the queries apart
# is `query_pos` in the cross-attention that follows.
