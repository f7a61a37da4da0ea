# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# # D. Your analysis
#
# Four short texts, a few sentences per cell. Each cell is graded by one criterion, which stands above it with
# its levels. Three things count everywhere:
#
# 1. **Point at evidence**: a figure or a printed number of *your* run, named ("figure of step 30, point 2",
#    "median elsewhere .31").
# 2. **Say what you see before you say why.** What you see can be checked by anyone who looks; why is a guess
#    to be tested.
# 3. **Contradict the paper, or this notebook, whenever your evidence does.** With evidence that earns full
#    marks.
#
# Code cells in this part are yours: change points, queries and layers as your argument needs. Run them again
# before you hand in.
#
# ### Step 29 · The three attentions · 6 points · 12 min · ●●○○○
# **You will be able to** explain DETR's three attentions to somebody who knows transformers but not DETR.
#
# The cell below collects facts about the model on your picture. Three of them are often told wrongly:
# - *"q = k, so the map is symmetric."* q and k have the same *input*, but go through different matrices $W_q$
#   and $W_k$, and the softmax is taken over each row. Line 1 prints how far from symmetric a map is.
# - *"The first decoder self-attention sorts out the queries."* The decoder starts with `tgt` = 0. In the
#   first layer the values are therefore all alike, and the map depends on `query_pos` only: it is the same
#   for every picture (line 2). The paper remarks in its appendix (A.3) that this one could be left out.
# - *"The decoder's self-attention is a detail."* Line 3 lets every query see only itself in the later layers,
#   and counts the detections, and those that repeat another one. The paper's own evidence is in section 4.2:
#   after the first decoder layer non-maximum suppression still helps, after later layers it does not, because
#   by then queries have exchanged who takes what.

# %%
@contextmanager
def queries_on_their_own(model):
    """While open, each query sees only itself in the decoder's self-attentions, from the second layer on."""
    def blind(module, args, kwargs):
        others = ~torch.eye(args[0].shape[1], dtype=torch.bool)     # (Q, Q), True: may not be looked at
        return args, kwargs | {"attn_mask": others}

    layers = list(model.transformer.decoder.layers)[1:]
    handles = [layer.self_attn.register_forward_pre_hook(blind, with_kwargs=True) for layer in layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def objects_and_repeats(picture):
    """How many detections above 0.7, and how many of them repeat a better one: same class, IoU above 0.5."""
    detections = detect(model, picture, threshold=0.7)      # best first
    alike = (box_iou(detections.boxes_xyxy, detections.boxes_xyxy) > 0.5) & (
        detections.labels[:, None] == detections.labels)
    return torch.tensor([len(detections), int(alike.tril(-1).any(1).sum())])


Q, H, W = here.maps.shape
one_head = here.attention.encoder(head=0).weights.reshape(H * W, H * W)
other_run, decoder_layers = elsewhere[0].attention, here.attention.layers("self")
changes = [
    (here.attention.decoder_self(layer) - other_run.decoder_self(layer)).abs().max() for layer in (0, -1)
]
with queries_on_their_own(model):
    alone = [objects_and_repeats(each) for each in (picture, *others)]
together = [objects_and_repeats(each) for each in (picture, *others)]
print(f"1. encoder, last layer, head 0: largest weight {one_head.max():.2f}, "
      f"largest |a_ij - a_ji| {(one_head - one_head.T).abs().max():.2f}")
print(f"2. decoder self-attention, largest change to another picture: "
      f"first layer {changes[0]:.3f}, last layer {changes[1]:.3f}")
for name, pairs in (("queries see each other", together), ("queries on their own  ", alone)):
    count, repeats = sum(pairs).tolist()
    print(f"3. {name}: {count} detections above 0.7 in your picture and {len(others)} others, "
          f"{repeats} of them repeat another")

figure, axes = plt.subplots(1, decoder_layers, figsize=(3.1 * decoder_layers, 3.4), layout="constrained")
for layer, ax in enumerate(axes):
    ax.imshow(here.attention.decoder_self(layer).numpy(), cmap="cividis", vmin=0)
    ax.set(title=f"layer {layer} of 0..{decoder_layers - 1}", xlabel="query looked at (key)", ylabel="query that looks",
           xticks=(0, Q - 1), yticks=(0, Q - 1))
figure.suptitle("Decoder self-attention, mean of heads: who looks at whom")
plt.show()

# %% [markdown]
# **Criterion 29a · Encoder self-attention (2 points)**
#
# | level | sources and positions (1 point) | role (1 point) |
# |---|---|---|
# | full | says that q, k and v all come from the cells of the feature map, and that spatial positions are added to q and k, not to v | says what the encoder contributes that the backbone does not, with one observation from the own run or the paper |
# | half | one of the two is missing or wrong | a role without any observation |
# | none | sources confused, or "symmetric because q = k" | no role, or that of another attention |

# %% [markdown] written="mechanism_encoder" points=2
# In the encoder every cell of the feature map asks every cell: q, k and v are all computed from the same
# features `src`, of shape (B, S, D). The spatial encoding `pos` is added to the input of q and of k in every
# layer, never to v: "where" helps to decide who looks where, while only "what" is passed on. The same input
# for q and k does not make the map symmetric, since the projections differ and each row has a softmax of its
# own; line 1 above prints a largest |a_ij − a_ji| that is nearly as large as the largest weight.
#
# Role: it is the only place where a cell can gather what lies far away in the picture; the backbone's
# convolutions look at a neighbourhood. So the cells of one object can be told apart from the neighbour's
# before any query asks. The paper reports in section 4.2 that without encoder layers AP drops by 3.9, and by
# 6.0 for large objects, where a neighbourhood is not enough. In my run the cells of points 1 and 2 give more
# weight to the object they lie on than the same cells do in other pictures (table of step 30, mass against
# median).

# %% [markdown]
# **Criterion 29b · Decoder self-attention (2 points)**
#
# | level | sources and positions (1 point) | role (1 point) |
# |---|---|---|
# | full | says that q, k and v come from the object queries (their content `tgt`), and that the learned `query_pos` is added to q and k, not to v | says what queries need each other for, with one observation (line 2 or 3 above, the figure, or the paper) |
# | half | one of the two is missing or wrong | a role without any observation |
# | none | left out, or taken for attention to the picture | no role |

# %% [markdown] written="mechanism_decoder_self" points=2
# Here the Q object queries look at each other, (B, Q, D) on both sides; the picture is not read. q and k are
# made from `tgt + query_pos`, v from `tgt` alone. `query_pos` is a learned vector per query that plays the
# part of a position. In the first layer `tgt` is zero, so the map is a fixed habit: line 2 prints a change of
# zero between two pictures for the first layer and a clear one for the last.
#
# Role: queries must agree on who takes which object, since all are decoded at once and the loss wants each
# object found once. Line 3 is my evidence that the exchange is used: as soon as every query sees only itself,
# the number of detections and the share of repeats among them are no longer those of the intact model. That
# fits the paper's observation that suppressing duplicates helps after the first decoder layer but not after
# the later ones. A caution: the model was never trained to work like this, so line 3 does not show that
# removing duplicates is the *only* use of the exchange.

# %% [markdown]
# **Criterion 29c · Decoder cross-attention (2 points)**
#
# | level | sources and positions (1 point) | role (1 point) |
# |---|---|---|
# | full | says that q comes from the object queries (with `query_pos`), k from the encoder's memory with spatial positions, v from the memory without them | says what a query takes from the picture here, with one observation from the own run or the paper |
# | half | one of the two is missing or wrong | a role without any observation |
# | none | memory and queries interchanged | no role, or that of another attention |

# %% [markdown] written="mechanism_decoder_cross" points=2
# Each object query looks at all S cells: q comes from `tgt + query_pos` (what the query knows so far, and
# which query it is), k from `memory + pos`, v from `memory` without positions. The map is (Q, S), one row per
# query; it is not even square.
#
# Role: it is the only way from the picture to a query. Whatever the class head and the box head say about an
# object was fetched here. Since v carries no positions, a query learns *where* the box is only through which
# cells fit its q, and through what the encoder has written into the memory. In my run the followed query has
# most of its mass in the box it predicts (step 26 prints mass and lift). The paper shows the same for
# photographs (figure 6), where the mass sits on heads, legs and other extremities.
