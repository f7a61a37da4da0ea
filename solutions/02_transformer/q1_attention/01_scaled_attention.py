# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 1 · Scaled dot-product attention · 4 points · 18 min · ●●○○○
# **You will be able to** write attention as two matrix products and a softmax.
#
# Every query compares itself with every key; the softmax makes weights of the similarities; the output is the mean of
# the values with these weights (Vaswani et al. 2017, equation 1; A.1 of the DETR paper):
#
# $$\mathrm{weights} = \mathrm{softmax}\!\Big(\frac{q\,k^\top}{\sqrt d}\Big), \qquad \mathrm{output} = \mathrm{weights}\; v .$$
#
# | | shape | |
# |---|---|---|
# | `q` | (B, M, Q, d) | what looks |
# | `k` | (B, M, S, d) | what is compared with |
# | `v` | (B, M, S, c) | what is fetched; c need not equal d |
# | weights | (B, M, Q, S) | each row, one query's, sums to 1 |
# | output | (B, M, Q, c) | |
#
# *Example.* One query `[2, 0, 0, 0]`, three keys `[0, 5, 0, 0]`, `[0, 0, 1, 0]`, `[1, 0, 0, 0]`, three values `[10]`,
# `[20]`, `[30]`. The products are 0, 0, 2; divided by $\sqrt 4$ they are 0, 0, 1; the softmax gives .212, .212, .576;
# the output is $.212 \cdot 10 + .212 \cdot 20 + .576 \cdot 30 = 23.6$.
#
# Return the pair (output, weights), and leave q, k and v as they were. Torch has a function for this, `F.scaled_dot_product_attention`: it may not be used
# here, and neither may `nn.MultiheadAttention`.

# %% exercise="scaled_attention" forbids="torch.nn.functional.scaled_dot_product_attention, torch.nn.functional.multi_head_attention_forward, torch.nn.MultiheadAttention, torch._scaled_dot_product_attention_math, torch._scaled_dot_product_flash_attention_for_cpu, torch.nn.TransformerEncoderLayer, torch.nn.TransformerDecoderLayer, torch.nn.Transformer"
def attention(q, k, v):
    """Output (B, M, Q, c) and weights (B, M, Q, S).

    q: (B, M, Q, d), the queries. k: (B, M, S, d), the keys. v: (B, M, S, c), the values.
    """
    ### BEGIN SOLUTION
    scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])  # (B, M, Q, S)
    weights = scores.softmax(dim=3)  # (B, M, Q, S)
    return weights @ v, weights  # (B, M, Q, c)
    ### END SOLUTION

# %% check="scaled_attention" points=4
@check(parts={"1. weights": 2, "2. output": 2})
def scaled_attention(draw):
    (B, M), (Q, S, d, c) = draw.letters("B M", 2, 3), draw.letters("Q S d c", 5, 13)
    q, k, v = (draw.normal(B, M, *shape).requires_grad_() for shape in ((Q, d), (S, d), (S, c)))
    mine = q * 1, k * 1, v * 1  # as layers give them
    weights = told(lambda: attention(*mine)[1])
    kept = all(one.equal(other) for one, other in zip(mine, (q, k, v)))
    return {"1. weights": {"weights": weights, "q, k and v are left as they were": kept},
            "2. output": told(lambda: attention(q * 1, k * 1, v * 1)[0])}


# %% [raw] hints="scaled_attention"
# 1. Which two tensors are compared, and along which axis do they have the same length? That axis disappears in the
#    matrix product, and its length is what the root is taken of.
# 2. `@` multiplies the last two axes: k has to be turned so that (Q, d) meets (d, S). Divide, then softmax over the
#    axis that is looked at, then `@ v`.
# 3. `scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])`, then `weights = scores.softmax(dim=...)`, and the pair
#    `weights @ v, weights`.

# %% [raw] mistake="scaled_attention/not_scaled"
# The scores were not divided by √d. With many channels the products grow, and the softmax comes close to picking one
# key.
# ---
# - scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])  # (B, M, Q, S)
# + scores = q @ k.transpose(2, 3)

# %% [raw] mistake="scaled_attention/divided_by_d"
# The scores were divided by d, not by its root. The sum of d products of standard normal numbers has the standard
# deviation √d.
# ---
# - scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])  # (B, M, Q, S)
# + scores = q @ k.transpose(2, 3) / q.shape[-1]

# %% [raw] mistake="scaled_attention/whole_width"
# The scores were divided by the root of the whole width D = M·d. A head compares only its own d channels, so the root
# is that of d.
# ---
# - scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])  # (B, M, Q, S)
# + scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[1] * q.shape[-1])

# %% [raw] mistake="scaled_attention/root_of_keys"
# The scores were divided by the root of the number of keys. It is the number of channels that makes a product large: d.
# ---
# - scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])  # (B, M, Q, S)
# + scores = q @ k.transpose(2, 3) / math.sqrt(k.shape[2])

# %% [raw] mistake="scaled_attention/root_of_heads"
# The scores were divided by the root of the number of heads, q.shape[1]. It is the number of channels that makes a
# product large: d, the last axis of q.
# ---
# - scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])  # (B, M, Q, S)
# + scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[1])

# %% [raw] mistake="scaled_attention/root_of_queries"
# The scores were divided by the root of the number of queries. It is the number of channels that makes a product large:
# d, the last axis of q.
# ---
# - scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])  # (B, M, Q, S)
# + scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[2])

# %% [raw] mistake="scaled_attention/multiplied"
# The scores were multiplied by √d. Divide, so that their size does not depend on the number of channels.
# ---
# - scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])  # (B, M, Q, S)
# + scores = q @ k.transpose(2, 3) * math.sqrt(q.shape[-1])

# %% [raw] mistake="scaled_attention/reshaped_keys"
# The keys were reshaped to (d, S). That keeps the order of the numbers, so channels of different keys got mixed up:
# swap the last two axes instead.
# ---
# - scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])  # (B, M, Q, S)
# + scores = q @ k.reshape(*k.shape[:2], k.shape[3], k.shape[2]) / math.sqrt(q.shape[-1])

# %% [raw] mistake="scaled_attention/softmax_over_queries"
# The softmax runs over the queries, so each column sums to 1. A query spreads its weight over the keys: each row is to
# sum to 1.
# ---
# - weights = scores.softmax(dim=3)  # (B, M, Q, S)
# + weights = scores.softmax(dim=2)

# %% [raw] mistake="scaled_attention/softmax_over_heads"
# The softmax runs over the heads. Heads do not share weight: in each of them every query's row sums to 1.
# ---
# - weights = scores.softmax(dim=3)  # (B, M, Q, S)
# + weights = scores.softmax(dim=1)

# %% [raw] mistake="scaled_attention/softmax_over_everything"
# The softmax runs over all scores at once, so all weights together sum to 1. Each query's row is to sum to 1: only the
# keys share its weight.
# ---
# - weights = scores.softmax(dim=3)  # (B, M, Q, S)
# + weights = scores.flatten().softmax(dim=0).view_as(scores)

# %% [raw] mistake="scaled_attention/no_softmax"
# There is no softmax: these are the scores. Weights are positive, and each row sums to 1.
# ---
# - weights = scores.softmax(dim=3)  # (B, M, Q, S)
# + weights = scores

# %% [raw] mistake="scaled_attention/sigmoid"
# The sigmoid looks at every score by itself, so the rows do not sum to 1. The softmax lets the keys compete.
# ---
# - weights = scores.softmax(dim=3)  # (B, M, Q, S)
# + weights = scores.sigmoid()

# %% [raw] mistake="scaled_attention/scaled_after_softmax"
# The division by √d came after the softmax, so the rows no longer sum to 1. It belongs to the scores.
# ---
# - scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])  # (B, M, Q, S)
# - weights = scores.softmax(dim=3)  # (B, M, Q, S)
# + scores = q @ k.transpose(2, 3)
# + weights = scores.softmax(dim=3) / math.sqrt(q.shape[-1])

# %% [raw] mistake="scaled_attention/other_order"
# Weights and output changed places: the output comes first.
# ---
# - return weights @ v, weights  # (B, M, Q, c)
# + return weights, weights @ v

# %% [raw] mistake="scaled_attention/scores_returned"
# The second of the pair are the scores. Return the weights, after the softmax.
# ---
# - return weights @ v, weights  # (B, M, Q, c)
# + return weights @ v, scores

# %% [raw] mistake="scaled_attention/output_only"
# Only the output was returned. Return the pair (output, weights).
# ---
# - return weights @ v, weights  # (B, M, Q, c)
# + return weights @ v

# %% [raw] mistake="scaled_attention/changed_in_place"
# One of q, k and v was changed in place (`q /= ...` does that), so whoever calls this function has it changed, too.
# `q = q / ...` makes a new tensor.
# ---
# - scores = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])  # (B, M, Q, S)
# + q /= math.sqrt(q.shape[-1])
# + scores = q @ k.transpose(2, 3)

# %% [raw] mistake="scaled_attention/output_detached"
# The output is detached: in training no gradient would flow back from it.
# ---
# - return weights @ v, weights  # (B, M, Q, c)
# + return (weights @ v).detach(), weights

# %% [markdown]
# **Why the root?** Random queries and keys, standard normal, of d channels: their products have a standard deviation of
# about √d. Below: the largest weight among 850 keys, mean of 100 queries.

# %%
def show_scale():
    generator = torch.Generator().manual_seed(1)
    print("   d   std of q·k   largest weight, scores not divided   divided by √d")
    for d in (4, 32, 256):
        q, k = torch.randn(100, d, generator=generator), torch.randn(850, d, generator=generator)
        products = q @ k.T
        plain, scaled = (scores.softmax(1).amax(1).mean() for scores in (products, products / d**0.5))
        print(f"{d:4}{products.std():12.1f}{plain:36.2f}{scaled:16.2f}")


show_scale()
