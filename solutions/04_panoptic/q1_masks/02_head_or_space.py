# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 2 · Heads and space, or each head · 2 points · 10 min · ●●○○○
# **You will be able to** say what a softmax over heads and space makes of the weights, and measure it.
#
# The official softmax runs over heads *and* cells, so the heads compete: one that sees much of the object darkens the
# others. A maintainer has retrained with a softmax for each head, and reports a better PQ
# (github.com/facebookresearch/detr, issue 247); the released weights were trained with the first form, so it stays.
# Both are small numbers, and the mask head has to hear them.
#
# **Work out first** (1 point), for the shapes model, with M = 4 maps of 16 × 16 cells for each query:
#
# - the official form: among how many weights is the 1 of a query shared? And with a softmax for each head: among how
#   many is each 1 shared? One over this number is the mean weight.
# - a guess, graded for being there: the brightest of the four maps of a query, in the official form, holds what share
#   of the query's weight? All alike would be .25, one alone 1. It is the mean over the objects of 20 scenes, for a
#   trained attention.
#
# **Then write** `head_shares(maps)` (1 point): maps (B, Q, M, H, W), of either form → the share that each head has in
# all the weight of its query, (B, Q, M). The shares of a query sum to 1.
#
# *Example.* One query, two heads of two cells: maps `[.125, .125]` and `[.375, .375]` give the shares .25 and .75; maps
# `[.5, .5]` and `[1, 0]` give .5 and .5.

# %% exercise="head_or_space"
# Worked out: among so many weights a 1 is shared, in the official form ...
weights_together = 1024  # ____
# ... and with a softmax for each head.
weights_per_head = 256  # ____
# A guess: the share of the brightest map in the official form, .25 to 1.
share_of_brightest = 0.5  # ____


def head_shares(maps):
    """Each head's share of its query's weight: (B, Q, M, H, W) -> (B, Q, M)."""
    ### BEGIN SOLUTION
    sums = maps.sum((3, 4))  # (B, Q, M)
    return sums / sums.sum(2, keepdim=True)
    ### END SOLUTION

# %% check="head_or_space" points=2
@check(parts={"1. said first": 1, "2. head_shares": 1})
def head_or_space(draw):
    B, Q, M, H, W = draw.letters("B Q M H W", 2, 11)
    scores = 2 * draw.normal(B, Q, M, H, W)
    scores[:, :, 0] += 2  # one head that sees much
    together = scores.flatten(2).softmax(2).view_as(scores)
    per_head = scores.flatten(3).softmax(3).view_as(scores) * draw.uniform(B, Q, 1, 1, 1, low=0.5, high=2)
    return {"1. said first": {"together": draw.sealed(lambda: weights_together, digits=0),
                              "per head": draw.sealed(lambda: weights_per_head, digits=0),
                              "guess": draw.guessed(lambda: share_of_brightest, 0.25, 1)},
            "2. head_shares": {"official form": attempted(lambda: head_shares(together)),
                               "each head alike": attempted(lambda: head_shares(per_head))}}


# %% [raw] hints="head_or_space"
# 1. What does the softmax flatten before it runs: the cells, or heads and cells? Count what is left in one row. A share
#    is a part of a whole: the whole of a query is the sum over all its heads and cells.
# 2. 16 × 16 cells, four maps. `maps.sum((3, 4))` sums the cells; `sum(2, keepdim=True)` the heads, and keeps the axis.
# 3. `sums = maps.sum((3, 4))`, then `sums / ...`.

# %% [raw] mistake="head_or_space/each_head_sums_to_one"
# 256 would be right if each head's map summed to 1. In the official form one 1 is shared by all cells of all heads.
# ---
# - weights_together = 1024
# + weights_together = 256

# %% [raw] mistake="head_or_space/heads_counted_per_head"
# With a softmax for each head the other heads take nothing away: only the cells of this one share its 1.
# ---
# - weights_per_head = 256
# + weights_per_head = 1024

# %% [raw] mistake="head_or_space/heads_only"
# 4 is the number of heads. The cells share the weight, too: count heads times cells.
# ---
# - weights_together = 1024
# + weights_together = 4

# %% [raw] mistake="head_or_space/four_times_the_side"
# 64 is four times one side of the map. It has 16 × 16 cells.
# ---
# - weights_together = 1024
# + weights_together = 64

# %% [raw] mistake="head_or_space/side_only"
# 16 is one side of the map. It has 16 × 16 cells.
# ---
# - weights_per_head = 256
# + weights_per_head = 16

# %% [raw] mistake="head_or_space/cells_over_heads"
# 64 are the cells divided by the heads. With a softmax for each head every head has a 1 of its own, for all its cells.
# ---
# - weights_per_head = 256
# + weights_per_head = 64

# %% [raw] mistake="head_or_space/per_cent"
# The guess is out of its range. It is a share, from .25 (all four alike) to 1 (one alone): half of the weight is .5.
# ---
# - share_of_brightest = 0.5
# + share_of_brightest = 50

# %% [raw] mistake="head_or_space/in_words"
# The guess is no number. Write a share from .25 to 1, without quotes.
# ---
# - share_of_brightest = 0.5
# + share_of_brightest = "half"

# %% [raw] mistake="head_or_space/not_divided"
# These are the sums of the maps. Where each map sums to something of its own, they are no shares yet: divide by the sum
# over the heads.
# ---
# - return sums / sums.sum(2, keepdim=True)
# + return sums

# %% [raw] mistake="head_or_space/divided_by_heads"
# The sums were divided by the number of heads. That is right only where each map sums to 1: divide by the sum over the
# heads.
# ---
# - return sums / sums.sum(2, keepdim=True)
# + return sums / maps.shape[2]

# %% [raw] mistake="head_or_space/largest_weights"
# The largest weights of the heads were compared. A share of the weight is a sum over cells.
# ---
# - sums = maps.sum((3, 4))  # (B, Q, M)
# + sums = maps.amax((3, 4))

# %% [raw] mistake="head_or_space/softmax_of_sums"
# A softmax of the sums is not their shares: it takes exponentials. Divide by their sum.
# ---
# - return sums / sums.sum(2, keepdim=True)
# + return sums.softmax(2)

# %% [raw] mistake="head_or_space/over_queries"
# The sums were divided by the sum over the queries. The whole is that of one query: the sum over its heads.
# ---
# - return sums / sums.sum(2, keepdim=True)
# + return sums / sums.sum(1, keepdim=True)

# %% [raw] mistake="head_or_space/over_everything"
# The sums were divided by the sum over all queries and images. The whole is that of one query.
# ---
# - return sums / sums.sum(2, keepdim=True)
# + return sums / sums.sum()

# %% [raw] mistake="head_or_space/brightest_only"
# This is the share of the brightest head. Return the shares of all M heads.
# ---
# - return sums / sums.sum(2, keepdim=True)
# + return (sums / sums.sum(2, keepdim=True)).amax(2)

# %% [raw] mistake="head_or_space/mean_of_queries"
# This is a mean over the queries of an image. Return one share for each query and head.
# ---
# - return sums / sums.sum(2, keepdim=True)
# + return (sums / sums.sum(2, keepdim=True)).mean(1)

# %% [markdown]
# **The result.** Where a trained attention looks: the query and key weights of the detector's own last cross-attention,
# with their positions, in both forms. (It was trained with a softmax for each head, as every attention of DETR is.) The
# figure shows one object's maps, each form with the scale of its own brightest cell.

# %%
def show_forms():
    model = frozen_shapes()
    attention, given = model.detr.transformer.decoder.layers[-1].multihead_attn, {}

    def note(module, args, kwargs):
        given.update(zip(("query", "key"), args), **kwargs)

    handle = attention.register_forward_pre_hook(note, with_kwargs=True)
    found = looked_at(model, range(520, 540))
    handle.remove()
    keys = given["key"].transpose(1, 2).unflatten(2, (16, 16))  # (B, D, H, W)
    pairs = [(i, query) for i, (queries, _) in enumerate(found.matches) for query in queries.tolist()]
    rows = {}
    for name, per_head in (("official", False), ("per head", True)):
        borrowed = MHAttentionMap(D, D, M, per_head)
        for linear, part in ((borrowed.q_linear, slice(0, D)), (borrowed.k_linear, slice(D, 2 * D))):
            linear.weight.data, linear.bias.data = attention.in_proj_weight[part], attention.in_proj_bias[part]
        with torch.no_grad():
            maps = borrowed(given["query"], keys)  # (B, Q, M, H, W)
        maps = torch.stack([maps[i, query] for i, query in pairs])  # (objects, M, H, W)
        rows[name] = maps
        brightest = head_shares(maps[None])[0].amax(1).mean()
        weights = maps[0].numel() if not per_head else maps[0, 0].numel()
        largest = maps.amax((1, 2, 3)).mean()
        print(f"{name:9} mean weight 1/{weights} = {1 / weights:.4f}, largest of a query {largest:.3f}, "
              f"share of the brightest head {brightest:.2f}")
    said = f"you said 1/{weights_together} and 1/{weights_per_head}, your guess {share_of_brightest}"
    print(f"{len(pairs)} objects; {said}")
    shares = head_shares(rows["official"][None])[0]
    chosen = int(shares.amax(1).argmax())  # where the two forms differ most
    scene = found.scenes[pairs[chosen][0]]
    x0, y0, x1, y1 = torch.cat([torch.tensor(each.boxes_xyxy[targets.tolist()]) for each, (_, targets)
                                in zip(found.scenes, found.matches)])[chosen].tolist()
    figure, axes = clear_subplots(2, M + 1, (8.4, 3.9))
    for row, (name, maps) in zip(axes, rows.items()):
        row[0].imshow(scene.picture)
        row[0].plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], color="black", linewidth=1.5,
                    scalex=False, scaley=False)
        row[0].set_title("the object", fontsize=9.5)
        row[0].set_ylabel(name, fontsize=9.5)
        for head, (ax, map_hw) in enumerate(zip(row[1:], maps[chosen])):
            ax.imshow(map_hw.numpy(), cmap="inferno", vmin=0, vmax=maps[chosen].max().item())
            ax.set_title(f"head {head}, sum {map_hw.sum():.2f}", fontsize=9.5)
        for ax in row:
            ax.set(xticks=(), yticks=())
    return figure


attempt(show_forms, after="head_or_space")

# %% [markdown]
# Neither form is wrong: the convolutions behind it can learn from both. In the official form a head that is dark is of
# no use to this query. And before anything is trained, all weights lie near their mean, 1/1024 or 1/256: what that
# means for the head is measured in step 7.
