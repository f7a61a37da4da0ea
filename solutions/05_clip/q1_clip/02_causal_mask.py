# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 2 · Who may look at whom · 2 points · 12 min · ●●○○○
# **You will be able to** write the mask that keeps a token from what stands behind it, and use it in an attention.
#
# In CLIP's text tower a token looks at itself and at the tokens *before* it. Section 2.4 says why: so the tower can
# start from a trained language model, or learn to predict the next word as well. For us it has a use of its own. The
# end token sees the whole text, and nothing of the padding behind it. So no mask of padding is needed.
#
# An attention has scores (B, M, T, T), `[query, key]`: the row looks, the column is looked at. A mask (T, T) is *added*
# to them before the softmax: 0 changes nothing, and −∞ makes a weight 0, since $e^{-\infty} = 0$. Write
#
# 1. `may_look(T)` (1 point): the causal mask, (T, T) float32: 0 where the row may look, −∞ elsewhere.
# 2. `masked_weights(scores, mask)` (1 point): the weights (B, M, T, T), with any such mask. Every row sums to 1, and
#    weights are 0 where the mask is −∞. In every row of a mask at least one entry is 0.
#
# *Example.* For T = 3 the mask is
#
# | | key 0 | key 1 | key 2 |
# |---|---|---|---|
# | query 0 | 0 | −∞ | −∞ |
# | query 1 | 0 | 0 | −∞ |
# | query 2 | 0 | 0 | 0 |
#
# and of scores that are all equal come the weights `[1, 0, 0]`, `[1/2, 1/2, 0]` and `[1/3, 1/3, 1/3]`.
#
# The library's `causal_mask` and torch's `generate_square_subsequent_mask` may not be used.

# %% exercise="causal_mask" forbids="detrlab.clip.text.causal_mask, torch.nn.modules.transformer._generate_square_subsequent_mask, torch.nn.modules.transformer.Transformer.generate_square_subsequent_mask"
def may_look(T):
    """The causal mask: (T, T), 0 where the query (row) may look at the key (column), -inf elsewhere."""
    ### BEGIN SOLUTION
    hidden = torch.full((T, T), -math.inf)
    return hidden.triu(1)
    ### END SOLUTION


def masked_weights(scores, mask):
    """Scores (B, M, T, T) and a mask (T, T) of 0 and -inf -> weights of the same shape as the scores."""
    ### BEGIN SOLUTION
    return (scores + mask).softmax(-1)
    ### END SOLUTION

# %% check="causal_mask" points=2
@check(parts={"1. may_look": 1, "2. masked_weights": 1})
def causal_mask(draw):
    (B, M), T = draw.letters("B M", 2, 3), draw.size(5, 13)
    draw.name(T=T)
    scores = (2 * draw.normal(B, M, T, T)).requires_grad_()
    # Another mask than the causal one: the pairs that it hides are drawn, and no token is hidden from itself.
    hidden = (draw.uniform(T, T) < 0.5) & ~torch.eye(T, dtype=torch.bool)
    mask = torch.zeros(T, T).masked_fill(hidden, -math.inf)
    return {"1. may_look": attempted(lambda: may_look(T)),
            "2. masked_weights": told(lambda: masked_weights(scores * 1, mask.clone()), scores)}


# %% [raw] hints="causal_mask"
# 1. Which pairs (row, column) are hidden: those above the diagonal, below it, or on it? In the second function the
#    order matters: what is hidden must be out before the weights of a row are made to sum to 1.
# 2. `torch.full((T, T), -math.inf)` is −∞ everywhere, and `triu(1)` keeps what lies above the diagonal and makes the
#    rest 0. `scores + mask`, then `softmax` over the keys, the last axis.
# 3. `return torch.full((T, T), -math.inf).triu(...)`, and `return (scores + mask).softmax(...)`.

# %% [raw] mistake="causal_mask/not_even_itself"
# The diagonal is hidden, too, so no token sees itself. The first one sees nothing at all: its row of the softmax is
# NaN. The mask begins one above the diagonal.
# ---
# - return hidden.triu(1)
# + return hidden.triu()

# %% [raw] mistake="causal_mask/one_ahead"
# A token sees the next one as well. The mask begins one above the diagonal.
# ---
# - return hidden.triu(1)
# + return hidden.triu(2)

# %% [raw] mistake="causal_mask/past_hidden"
# The past is hidden, and the future is seen. The row looks: hide the columns to the right of the diagonal.
# ---
# - return hidden.triu(1)
# + return hidden.tril(-1)

# %% [raw] mistake="causal_mask/past_and_itself_hidden"
# Everything up to the diagonal is hidden. That is what the row may look at: hide what lies above the diagonal.
# ---
# - return hidden.triu(1)
# + return hidden.tril()

# %% [raw] mistake="causal_mask/all_hidden"
# Everything is hidden, the diagonal and the past, too. Keep −∞ above the diagonal alone.
# ---
# - return hidden.triu(1)
# + return hidden

# %% [raw] mistake="causal_mask/one_for_hidden"
# The mask is 1 where a key is hidden. Added to a score, 1 *raises* its weight; −∞ makes it 0.
# ---
# - hidden = torch.full((T, T), -math.inf)
# + hidden = torch.ones(T, T)

# %% [raw] mistake="causal_mask/minus_one_for_hidden"
# The mask is −1 where a key is hidden, which makes its weight smaller by a factor of e. −∞ makes it 0.
# ---
# - hidden = torch.full((T, T), -math.inf)
# + hidden = -torch.ones(T, T)

# %% [raw] mistake="causal_mask/one_for_seen"
# The mask is 1 where the row may look, and 0 elsewhere: a mask to multiply with. This one is added: 0 where the row may
# look, −∞ elsewhere.
# ---
# - hidden = torch.full((T, T), -math.inf)
# - return hidden.triu(1)
# + return torch.ones(T, T).tril()

# %% [raw] mistake="causal_mask/zero_times_infinity"
# 0 times −∞ is NaN, so all that should be 0 is NaN. Begin with −∞ everywhere and keep a triangle of it.
# ---
# - hidden = torch.full((T, T), -math.inf)
# - return hidden.triu(1)
# + return torch.ones(T, T).triu(1) * -math.inf

# %% [raw] mistake="causal_mask/true_for_hidden"
# The mask is of truth values, True where a key is hidden. Some modules of torch take such a mask, but added to scores
# True is 1. Return float32, 0 and −∞.
# ---
# - return hidden.triu(1)
# + return hidden.triu(1) != 0

# %% [raw] mistake="causal_mask/true_for_seen"
# The mask is of truth values, True where the row may look. It is added to scores: return float32, 0 and −∞.
# ---
# - return hidden.triu(1)
# + return hidden.triu(1) == 0

# %% [raw] mistake="causal_mask/large_number"
# Hidden pairs have a large negative number. In float32 this often comes to the same weights, but not in every number
# format, and what the score was still counts. Use −∞.
# ---
# - hidden = torch.full((T, T), -math.inf)
# + hidden = torch.full((T, T), -1e9)

# %% [raw] mistake="causal_mask/smallest_number"
# Hidden pairs have the smallest number that float32 can hold. That is often enough, but −∞ is asked for: it makes a
# weight 0 whatever the score was.
# ---
# - hidden = torch.full((T, T), -math.inf)
# + hidden = torch.full((T, T), torch.finfo(torch.float32).min)

# %% [raw] mistake="causal_mask/plus_infinity"
# Hidden pairs have +∞, which takes all the weight. It is −∞.
# ---
# - hidden = torch.full((T, T), -math.inf)
# + hidden = torch.full((T, T), math.inf)

# %% [raw] mistake="causal_mask/nothing_hidden"
# Nothing is hidden: `tril` of zeros is zeros. Begin with −∞.
# ---
# - hidden = torch.full((T, T), -math.inf)
# + hidden = torch.zeros(T, T)

# %% [raw] mistake="causal_mask/not_masked"
# The mask was not used. Add it to the scores.
# ---
# - return (scores + mask).softmax(-1)
# + return scores.softmax(-1)

# %% [raw] mistake="causal_mask/causal_in_any_case"
# The causal mask was used, whatever mask came. Add the one that the function is given.
# ---
# - return (scores + mask).softmax(-1)
# + return (scores + may_look(scores.shape[-1])).softmax(-1)

# %% [raw] mistake="causal_mask/mask_after_softmax"
# The mask was added to the weights, after the softmax, so hidden ones are −∞ and the rest does not sum to 1. Add it to
# the scores.
# ---
# - return (scores + mask).softmax(-1)
# + return scores.softmax(-1) + mask

# %% [raw] mistake="causal_mask/zeroed_after_softmax"
# Hidden weights were set to 0 after the softmax, so the rest of a row sums to less than 1. Add the mask to the scores,
# before.
# ---
# - return (scores + mask).softmax(-1)
# + return scores.softmax(-1) * mask.exp()

# %% [raw] mistake="causal_mask/mask_multiplied"
# The scores were multiplied by the mask: what may be seen becomes 0, and the hidden scores ±∞. Add it.
# ---
# - return (scores + mask).softmax(-1)
# + return (scores * mask).softmax(-1)

# %% [raw] mistake="causal_mask/filled_with_zero"
# Hidden scores were set to 0. A score of 0 has a weight like any other, e⁰ = 1 before it is divided; −∞ has none.
# ---
# - return (scores + mask).softmax(-1)
# + return scores.masked_fill(mask != 0, 0).softmax(-1)

# %% [raw] mistake="causal_mask/mask_inverted"
# What may be seen was hidden, and the rest was left: the mask is −∞ where a key is hidden.
# ---
# - return (scores + mask).softmax(-1)
# + return scores.masked_fill(mask == 0, -math.inf).softmax(-1)

# %% [raw] mistake="causal_mask/mask_transposed"
# Rows and columns of the mask changed places. It is `[query, key]`, as the scores are.
# ---
# - return (scores + mask).softmax(-1)
# + return (scores + mask.T).softmax(-1)

# %% [raw] mistake="causal_mask/over_queries"
# The softmax runs over the queries, so columns sum to 1. Each row shares a 1 among the keys, the last axis.
# ---
# - return (scores + mask).softmax(-1)
# + return (scores + mask).softmax(-2)

# %% [raw] mistake="causal_mask/over_heads"
# The softmax runs over the heads. Each row shares a 1 among the keys, the last axis.
# ---
# - return (scores + mask).softmax(-1)
# + return (scores + mask).softmax(1)

# %% [raw] mistake="causal_mask/over_all_pairs"
# One softmax runs over all pairs, so a whole map sums to 1. Each row has a 1 of its own.
# ---
# - return (scores + mask).softmax(-1)
# + return (scores + mask).flatten(2).softmax(-1).view_as(scores)

# %% [raw] mistake="causal_mask/scores_returned"
# These are the masked scores. Their softmax over the keys is missing.
# ---
# - return (scores + mask).softmax(-1)
# + return scores + mask

# %% [markdown]
# **The result**: the first layer of the shipped text tower reads a caption. Left: your mask. Middle: the weights of one
# head under it. Right: the same head without a mask, as it was never trained. Rows look, columns are looked at.

# %%
def show_mask():
    model = load_clip()
    text, caption = model.text, "a red ring left of a blue star"
    tokens = model.tokenizer(caption)[:, :11]
    words = [*caption.split(), "EOT", "pad", "pad"]
    block = text.transformer["resblocks"][0]
    with torch.no_grad():
        x = block.ln_1(text.token_embedding(tokens) + text.positional_embedding[: len(words)])  # (1, T, D)
        qkv = F.linear(x, block.attn.in_proj_weight, block.attn.in_proj_bias)  # (1, T, 3 D)
        q, k, _ = (each.unflatten(2, (M, -1)).transpose(1, 2) for each in qkv.chunk(3, dim=2))  # (1, M, T, d)
        scores = q @ k.transpose(2, 3) / math.sqrt(D / M)
        mask = may_look(len(words))
        seen, ahead = (masked_weights(scores.clone(), each)[0] for each in (mask, 0 * mask.exp()))
    print("weight of the end token on what lies behind it, mean of the heads: "
          f"with the mask {seen[:, 8, 9:].sum(-1).mean():.2f}, without {ahead[:, 8, 9:].sum(-1).mean():.2f}")
    head = int(seen[:, 8].amax(-1).argmax())  # whose end token looks most clearly
    figure, axes = clear_subplots(1, 3, (8.8, 3.7))
    shown = (("the mask: white may look", mask.exp(), "gray"), (f"weights of head {head}", seen[head], "inferno"),
             (f"head {head} without the mask", ahead[head], "inferno"))
    for ax, (title, values, colours) in zip(axes[0], shown):
        ax.imshow(values.numpy(), cmap=colours, vmin=0, vmax=1)
        ax.set_title(title, fontsize=10)
        ax.set_xticks(range(len(words)), words, rotation=90, fontsize=9)
        ax.set_yticks(range(len(words)), words if ax is axes[0, 0] else [], fontsize=9)
        ax.set_xlabel("is looked at", fontsize=9)
    axes[0, 0].set_ylabel("looks", fontsize=9)
    return figure


attempt(show_mask, after="causal_mask")
