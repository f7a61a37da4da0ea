# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 7 · Masks of the matched queries · 2 points · 16 min · ●●●○○
# **You will be able to** run the head for what is learnt from alone, and measure the masks.
#
# Which query answers for which object is settled by classes and boxes, as ever: `matches` has (queries, targets) for
# each image. The other queries have no mask to learn. As the GroupNorm looks at one sample at a time, the head may be
# run for the matched ones alone, a few of the 20. (The official code runs all 100, and picks afterwards.)
#
# **The gain.** Before anything is trained, the weights of step 2 are near 1/1024, and stand beside the D channels of
# the image, which are far larger: what tells the queries apart is hardly heard. So we multiply the *maps* by 100 before
# they enter the head. The official code has no such factor; we keep it outside of the official module, whose weights
# and output stay what they are.
#
# What the frozen detector gave for B images, `seen`:
#
# | `seen.` | shape | |
# |---|---|---|
# | `hs` | (L, B, Q, D) | outputs of the decoder layers, the last one last |
# | `memory` | (B, D, h, w) | the encoder's output: for the attention |
# | `src` | (B, D, h, w) | the encoder's *input*: for the head |
# | `mask` | (B, h, w) | True on padding: for the attention |
# | `fpns` | two of (B, C', h', w') | finer maps: for the head |
#
# 1. `matched_logits(attention, head, seen, matches, gain)` (1 point): the masks (N, h₂, w₂) of all matched queries,
#    image by image, in the order of the matches. `attention(q, memory, mask)` gives maps (B, Q', M, h, w) of queries
#    (B, Q', D); `head(src, maps, fpns)` gives (B·Q', 1, h₂, w₂). Images have different numbers of objects, so take one
#    at a time: a batch of 1.
# 2. `mask_ious(logits, masks)` (1 point): (N, h, w) logits and truths (bool) → the N IoUs. A pixel belongs to a mask
#    whose probability there is above .5. For a logit that is ... ?
#
# *Example.* Logits `[[.3, 2, −1, .1]]`, truth `[[True, True, True, False]]`: the mask has pixels 0, 1 and 3; 2 are
# shared, the union has 4, the IoU is .5.
#
# The library's `DETRsegm.masks` may not be used.

# %% exercise="train_head" forbids="detrlab.panoptic.segmentation.DETRsegm.masks, detrlab.panoptic.segmentation.DETRsegm.forward"
def matched_logits(attention, head, seen, matches, gain):
    """Logits (N, h2, w2) of the matched queries, the first image's first."""
    ### BEGIN SOLUTION
    found = []
    for i, (queries, _) in enumerate(matches):
        one = slice(i, i + 1)
        maps = attention(seen.hs[-1, one, queries], seen.memory[one], seen.mask[one])  # (1, T, M, h, w)
        found.append(head(seen.src[one], gain * maps, [fpn[one] for fpn in seen.fpns])[:, 0])  # (T, h2, w2)
    return torch.cat(found)
    ### END SOLUTION


def mask_ious(logits, masks):
    """The IoU of every mask: (N, h, w) logits and (N, h, w) bool -> (N,)."""
    ### BEGIN SOLUTION
    inside = logits > 0
    shared = (inside & masks).sum((1, 2))
    union = (inside | masks).sum((1, 2))
    return shared / union
    ### END SOLUTION

# %% check="train_head" points=2
@check(parts={"1. matched_logits": 1, "2. mask_ious": 1})
def train_head(draw):
    (B,), (h, w, Q) = draw.letters("B", 2, 3), draw.letters("h w Q", 5, 11)
    L, width, heads = 3, 8, 2
    attention = draw.fill(MHAttentionMap(width, width, heads), scale=2.0)
    head = draw.fill(MaskHeadSmallConv(width + heads, (3, 5), width, groups=1))
    seen = SimpleNamespace(
        hs=draw.normal(L, B, Q, width), memory=draw.normal(B, width, h, w), src=draw.normal(B, width, h, w),
        mask=padded_cells(draw, B, h, w), fpns=[draw.normal(B, 3, 2 * h, 2 * w), draw.normal(B, 5, 13, 17)])
    counts = [2, *(draw.integer(1, 2) for _ in range(B - 1))]
    chosen = [draw.permutation(Q)[:T].sort(descending=True).values for T in counts]
    matches = [(queries, (queries + 1) % Q) for queries in chosen]
    gain, rows = draw.number(20, 60), []
    handle = head.register_forward_hook(lambda module, inputs, output: rows.append(len(output)))
    weights = (attention.q_linear.weight, head.lay1.weight)
    made = told(lambda: matched_logits(attention, head, seen, matches, gain), *weights)
    handle.remove()
    logits, masks = draw.normal(11, h, w), (draw.permutation(11 * h * w) % 2 == 0).view(11, h, w)
    masks[:, 0, 0] = True  # no truth is empty
    ious = attempted(lambda: mask_ious(logits.clone(), masks.clone()))
    return {"1. matched_logits": {"logits": made, "masks that the head made": sum(rows)} if rows else made,
            "2. mask_ious": ious}


# %% [raw] hints="train_head"
# 1. One image is a batch of 1: which slice keeps the axis? Which of the table's tensors goes to the attention, and
#    which to the head? A sigmoid of .5 belongs to which logit?
# 2. `seen.memory[i : i + 1]` is (1, D, h, w), and `seen.hs[-1, i : i + 1, queries]` is (1, T, D). Multiply what
#    `attention` gives by `gain`. For the IoU: `&` and `|` of truth values, `.sum((1, 2))`.
# 3. `maps = attention(seen.hs[-1, i : i + 1, queries], seen.memory[...], seen.mask[...])`, then `head(seen.src[...],
#    gain * maps, [...])[:, 0]`, and `torch.cat` at the end. `inside = logits > ...`.

# %% [raw] mistake="train_head/no_gain"
# The maps were not multiplied by the gain.
# ---
# - found.append(head(seen.src[one], gain * maps, [fpn[one] for fpn in seen.fpns])[:, 0])  # (T, h2, w2)
# + found.append(head(seen.src[one], maps, [fpn[one] for fpn in seen.fpns])[:, 0])

# %% [raw] mistake="train_head/gain_inside"
# The gain went into the attention, through the queries: inside its softmax it makes the maps sharper, not larger.
# Multiply what comes out.
# ---
# - maps = attention(seen.hs[-1, one, queries], seen.memory[one], seen.mask[one])  # (1, T, M, h, w)
# - found.append(head(seen.src[one], gain * maps, [fpn[one] for fpn in seen.fpns])[:, 0])  # (T, h2, w2)
# + maps = attention(gain * seen.hs[-1, one, queries], seen.memory[one], seen.mask[one])
# + found.append(head(seen.src[one], maps, [fpn[one] for fpn in seen.fpns])[:, 0])

# %% [raw] mistake="train_head/gain_in_place"
# The maps were changed in place (`*=`), but the softmax needs them as they were for its gradient. Write `gain * maps`.
# ---
# - found.append(head(seen.src[one], gain * maps, [fpn[one] for fpn in seen.fpns])[:, 0])  # (T, h2, w2)
# + maps *= gain
# + found.append(head(seen.src[one], maps, [fpn[one] for fpn in seen.fpns])[:, 0])

# %% [raw] mistake="train_head/gain_behind"
# The gain multiplied the logits. It belongs to the maps, before the head.
# ---
# - found.append(head(seen.src[one], gain * maps, [fpn[one] for fpn in seen.fpns])[:, 0])  # (T, h2, w2)
# + found.append(gain * head(seen.src[one], maps, [fpn[one] for fpn in seen.fpns])[:, 0])

# %% [raw] mistake="train_head/gain_on_the_image"
# The gain multiplied the image's channels too, so nothing is gained. It is for the maps alone.
# ---
# - found.append(head(seen.src[one], gain * maps, [fpn[one] for fpn in seen.fpns])[:, 0])  # (T, h2, w2)
# + found.append(head(gain * seen.src[one], gain * maps, [fpn[one] for fpn in seen.fpns])[:, 0])

# %% [raw] mistake="train_head/all_queries"
# The head ran for all queries. Most of them have no mask to learn: pick the matched ones before the attention.
# ---
# - maps = attention(seen.hs[-1, one, queries], seen.memory[one], seen.mask[one])  # (1, T, M, h, w)
# - found.append(head(seen.src[one], gain * maps, [fpn[one] for fpn in seen.fpns])[:, 0])  # (T, h2, w2)
# + maps = attention(seen.hs[-1, one], seen.memory[one], seen.mask[one])
# + found.append(head(seen.src[one], gain * maps, [fpn[one] for fpn in seen.fpns])[queries, 0])

# %% [raw] mistake="train_head/first_layer"
# The queries are those of the first decoder layer. The last one's are `hs[-1]`.
# ---
# - maps = attention(seen.hs[-1, one, queries], seen.memory[one], seen.mask[one])  # (1, T, M, h, w)
# + maps = attention(seen.hs[0, one, queries], seen.memory[one], seen.mask[one])

# %% [raw] mistake="train_head/targets_for_queries"
# The numbers of the targets were used for those of the queries. A match is (queries, targets).
# ---
# - for i, (queries, _) in enumerate(matches):
# + for i, (_, queries) in enumerate(matches):

# %% [raw] mistake="train_head/sorted_queries"
# The queries were sorted, so the masks no longer stand in the order of their targets. Take them as the match gives
# them.
# ---
# - for i, (queries, _) in enumerate(matches):
# + for i, queries in enumerate(each.sort().values for each, _ in matches):

# %% [raw] mistake="train_head/first_image"
# Every image's queries met the first image. Take slice i of all tensors.
# ---
# - maps = attention(seen.hs[-1, one, queries], seen.memory[one], seen.mask[one])  # (1, T, M, h, w)
# - found.append(head(seen.src[one], gain * maps, [fpn[one] for fpn in seen.fpns])[:, 0])  # (T, h2, w2)
# + first = slice(0, 1)
# + maps = attention(seen.hs[-1, one, queries], seen.memory[first], seen.mask[first])
# + found.append(head(seen.src[first], gain * maps, [fpn[first] for fpn in seen.fpns])[:, 0])

# %% [raw] mistake="train_head/memory_into_the_head"
# The head got the memory. The official head reads `src`, what the encoder was given; only the attention reads the
# memory.
# ---
# - found.append(head(seen.src[one], gain * maps, [fpn[one] for fpn in seen.fpns])[:, 0])  # (T, h2, w2)
# + found.append(head(seen.memory[one], gain * maps, [fpn[one] for fpn in seen.fpns])[:, 0])

# %% [raw] mistake="train_head/src_into_the_attention"
# The attention got `src`. Queries look at the encoder's output, `memory`, as in the decoder.
# ---
# - maps = attention(seen.hs[-1, one, queries], seen.memory[one], seen.mask[one])  # (1, T, M, h, w)
# + maps = attention(seen.hs[-1, one, queries], seen.src[one], seen.mask[one])

# %% [raw] mistake="train_head/no_mask"
# The attention got no padding mask, so queries look at padding as well.
# ---
# - maps = attention(seen.hs[-1, one, queries], seen.memory[one], seen.mask[one])  # (1, T, M, h, w)
# + maps = attention(seen.hs[-1, one, queries], seen.memory[one])

# %% [raw] mistake="train_head/no_gradient"
# The logits have no gradient, so the head could not be trained. Leave out `torch.no_grad()` and `detach()`.
# ---
# - return torch.cat(found)
# + return torch.cat(found).detach()

# %% [raw] mistake="train_head/probabilities"
# These are probabilities. Return logits, as the head gives them: the losses take the sigmoid themselves.
# ---
# - return torch.cat(found)
# + return torch.cat(found).sigmoid()

# %% [raw] mistake="train_head/cut_at_a_half"
# The logits were cut at .5. The *probability* .5 is the logit 0.
# ---
# - inside = logits > 0
# + inside = logits > 0.5

# %% [raw] mistake="train_head/dice"
# This is the dice overlap: twice the shared pixels over both sizes. The IoU has the shared ones over the union.
# ---
# - return shared / union
# + return 2 * shared / (shared + union)

# %% [raw] mistake="train_head/over_both_sizes"
# What is shared was divided by the sum of both sizes. In the union shared pixels count once.
# ---
# - union = (inside | masks).sum((1, 2))
# + union = inside.sum((1, 2)) + masks.sum((1, 2))

# %% [raw] mistake="train_head/over_the_truth"
# What is shared was divided by the truth. A mask that covers everything would then be perfect: divide by the union.
# ---
# - union = (inside | masks).sum((1, 2))
# + union = masks.sum((1, 2))

# %% [raw] mistake="train_head/pooled"
# The pixels of all masks were put together. Return the IoU of each mask.
# ---
# - shared = (inside & masks).sum((1, 2))
# - union = (inside | masks).sum((1, 2))
# + shared = (inside & masks).sum()
# + union = (inside | masks).sum()

# %% [raw] mistake="train_head/mean"
# This is the mean of the IoUs. Return all N.
# ---
# - return shared / union
# + return (shared / union).mean()

# %% [raw] mistake="train_head/pixels_right"
# This is the share of pixels that are right, background included. Most of an image is background, so it is always high.
# ---
# - return shared / union
# + return (inside == masks).float().mean((1, 2))

# %% [markdown]
# **The result**: what the gain does before anything is trained, over 20 scenes (mean of 3 heads of random weights). How
# far the masks of objects of one image differ at a pixel, as a share of how far the pixels of one mask do; and the
# gradient that reaches the attention, as a share of that of the head's first layer.

# %%
def show_gain():
    model = frozen_shapes()
    found = looked_at(model, range(600, 620))
    truth = torch.cat(found.masks)
    several = torch.cat([torch.full((len(each),), len(each) > 1) for each in found.masks])
    print("gain   masks of two objects differ   gradient of the attention")
    for gain in (1.0, 10.0, 100.0):
        rows = []
        for seed in range(3):
            torch.manual_seed(seed)
            attention = MHAttentionMap(D, D, M)
            head = MaskHeadSmallConv(D + M, list(STAGES.values()), D, GROUPS)
            logits = matched_logits(attention, head, found.seen, found.matches, gain)
            groups = [each for each in logits.split([len(each) for each in found.masks]) if len(each) > 1]
            between = torch.stack([each.std(0).mean() for each in groups]).mean()
            within = logits[several].flatten(1).std(1).mean()
            loss = dice_loss(logits.flatten(1), truth.flatten(1), len(truth))
            ours, first = torch.autograd.grad(loss, (attention.k_linear.weight, head.lay1.weight))
            rows.append(torch.stack([between / within, ours.norm() / first.norm()]))
        differ, gradient = torch.stack(rows).mean(0).tolist()
        print(f"{gain:4.0f}{differ:30.5f}{gradient:28.5f}")
    matched = sum(len(queries) for queries, _ in found.matches)
    spread = found.seen.src.std()
    print(f"{matched} queries of {20 * 20} are matched; "
          f"the image's channels have a standard deviation of {spread:.2f}")


attempt(show_gain, after="train_head")

# %% [markdown]
# Both grow with the gain. Without it the head gets nearly the same input for all objects of an image, and what it can
# learn first is what they have in common. A long training gets over this, as the official one did.
