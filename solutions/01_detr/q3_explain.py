# %% [markdown]
# # 3. Explain what DETR looks at
#
# In notebook 2 you drew where DETR looks. A picture of attention is easy to like and hard to trust: almost
# any bright spot can be given a story. In this notebook you turn the pictures into numbers, put a control
# beside every number, and only then write your analysis.
#
# **After this notebook you can**
# - say for each of DETR's three attentions where queries, keys and values come from and where positions are
#   added;
# - measure an attention map (mass in a box, lift, entropy) and say what chance, habit and plain nearness
#   would have given;
# - read a row and a column of an attention map without mixing them up;
# - test an explanation of your own with an experiment, and conclude no more than it shows.
#
# **Time:** about 110 minutes. **Points:** 42, of which 20 are given by the checks and 22 for your writing.
#
# | part | steps | you | points | minutes |
# |---|---|---|---|---|
# | A. Mechanisms as code | 23, 24 | write down q, k, v; shuffle the tokens | 5 | 14 |
# | B. Numbers for maps | 25, 26 | mass, lift, entropy | 7 | 18 |
# | C. Controls and comparison | 27, 28 | other pictures, other boxes, no training; rows against columns | 8 | 28 |
# | D. Your analysis | 29 to 32 | four short texts with evidence from your own run | 22 | 50 |
#
# Checks answer at once and may be run as often as you like. Your texts are read by a person, who sees the
# rubric that stands above each of them. Write in the language your course accepts; grammar and length are not
# graded. If you learn alone and the course's `solutions/` folder is there, `solution("sources")` shows how we did
# a step, and `solution("claim")` a model answer.

# %% setup
import math
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import torch
from IPython.display import display
from matplotlib.cbook import get_sample_data
from torch import Tensor

from coursework import attempt, open_notebook, solution
from detrlab import Background, Shape, TransformerEncoder, compose, draw_scene
from detrlab import CapturedAttention, FeatureGrid, capture_attention, switch_heads
from detrlab import box_iou, cxcywh_to_xyxy, detect, load_model, open_picture, scale_to_pixels, shapes_model, to_input
from detrlab import plot_attention_heads, plot_decoder_attention, plot_detections, plot_encoder_attention
from detrlab.attention import measures

____, check, hint = open_notebook("q3_explain")


@dataclass(frozen=True)
class Run:
    """What a model did with one picture: Q object queries, K classes, a feature map of H x W cells."""

    maps: Tensor            # (Q, H, W) last cross-attention, mean over heads: where each query looks
    boxes_xyxy: Tensor      # (Q, 4) predicted boxes, pixels of the picture
    probabilities: Tensor   # (Q, K) of the classes, without no-object
    grid: FeatureGrid       # which pixels belong to which cell
    attention: CapturedAttention | None = None      # all other maps of the same forward pass

    @property
    def scores(self) -> Tensor:
        """(Q,) the best class's probability of each query."""
        return self.probabilities.amax(-1)


def observe(model, picture) -> Run:
    """Run the model on a PIL picture and keep what it predicted and where it looked."""
    with torch.no_grad(), capture_attention(model, lazy=True) as attention:
        out = model(to_input(picture, *model.input_size)[None])
    return Run(
        maps=attention.decoder_cross(),
        boxes_xyxy=scale_to_pixels(cxcywh_to_xyxy(out["pred_boxes"][0]), picture.size),
        probabilities=out["pred_logits"][0].softmax(-1)[:, :-1],
        grid=attention.grid(picture=picture),
        attention=attention,
    )


def as_numbers(report):
    """Tensors and arrays inside dicts, lists and tuples as plain numbers, so that a check takes either."""
    if isinstance(report, dict):
        return {key: as_numbers(value) for key, value in report.items()}
    if isinstance(report, list | tuple):
        return [as_numbers(value) for value in report]
    return report.tolist() if hasattr(report, "tolist") else report


# %% [markdown]
# ## Your picture and your model
#
# The next cell takes `my_picture.png`, the picture you kept in notebook 2. Where it is missing, a composed
# scene stands in, so that everything below runs; **your texts in part D should be about your own picture.**
# To use another one, change the line that opens it.
#
# The model is "shapes", a small DETR that was trained on drawn scenes of six shapes. With official weights in
# your cache you may write `load_model("detr_resnet50", "official")` and `load_model("detr_resnet50")` (random
# weights) instead, and photographs in `others`.

# %%
model = load_model("shapes")
torch.manual_seed(0)
untrained = shapes_model().eval()       # the same architecture before training: one of the controls

if Path("my_picture.png").exists():
    picture = open_picture("my_picture.png")
    picture.thumbnail((320, 320))
else:
    picture = compose(
        [
            Shape("ring", (0.32, 0.36), 0.23, colour="blue", proportion=0.6),
            Shape("star", (0.52, 0.50), 0.19, angle=12, colour="orange", proportion=0.7),
            Shape("square", (0.79, 0.24), 0.14, angle=20, colour="green"),
            Shape("triangle", (0.24, 0.80), 0.15, angle=-8, colour="purple"),
            Shape("cross", (0.80, 0.78), 0.13, angle=30, colour="red"),
        ],
        Background("gradient", "grey", tint=0.5, seed=3),
        size=(320, 320),
    ).picture
others = [draw_scene(seed, picture.size).picture for seed in range(301, 306)]   # five other pictures

here = observe(model, picture)
elsewhere = [observe(model, other) for other in others]
found = detect(model, picture, threshold=0.7)
# All measurements below follow this query: the best detection, or the best query if nothing was detected.
query = int(here.scores.argmax())
label = int(here.probabilities[query].argmax())
print(f"{len(found)} detections above 0.7; the measurements follow query {query}: "
      f"{model.classes[label]}, score {here.scores[query]:.2f}")
plot_detections(picture, found)

# %% [markdown]
# # A. Mechanisms as code
#
# ### Step 23 · Where q, k and v come from · 3 points · 8 min · ●●○○○
# **You will be able to** write down the inputs of each of DETR's three attentions from memory.
#
# Every attention computes $\mathrm{softmax}(QK^\top/\sqrt{d})\,V$ from three inputs: queries q ask, keys k
# answer how well they fit, values v are what is carried over. The three attentions of DETR differ only in
# *what is handed in*:
#
# | attention | who looks | at what |
# |---|---|---|
# | encoder self-attention | the S = H·W cells of the feature map | the same cells |
# | decoder self-attention | the Q object queries | the same queries |
# | decoder cross-attention | the Q object queries | the cells, as the encoder left them (`memory`) |
#
# DETR adds positions in *every* attention (section 3.2 and figure 10 of the paper), and only where they
# decide **who looks where**: to q and k. What is carried over stays free of them. Cells have the spatial
# encoding `pos`; object queries have their learned embedding `query_pos`, which plays the same part for them.
#
# You are given, batch first:
#
# | name | shape | what |
# |---|---|---|
# | `src` | (B, S, D) | cell features that enter an encoder layer |
# | `pos` | (B, S, D) | spatial encoding of the cells |
# | `tgt` | (B, Q, D) | content of the object queries, as it enters the attention in question |
# | `query_pos` | (B, Q, D) | learned embedding of the object queries |
# | `memory` | (B, S, D) | output of the encoder |
#
# Fill in each blank with a tuple `(q, k, v)`.
#
# *A tiny example, with numbers in place of vectors.* A cell with `src` = 3 and `pos` = 10 asks with q = 13,
# answers with k = 13 and hands over v = 3. Whoever reads it learns what is there (3), not where (10).
#
# If stuck: run `hint("sources")` in a cell of your own (three hints).

# %% exercise="sources"
def attention_sources(src, pos, tgt, query_pos, memory):
    """(q, k, v) of DETR's three attentions, before the projections inside nn.MultiheadAttention.

    src, pos, memory: (B, S, D); tgt, query_pos: (B, Q, D). Returns a dict of three tuples of tensors.
    """
    encoder_self = (src + pos, src + pos, src)  # ____
    decoder_self = (tgt + query_pos, tgt + query_pos, tgt)  # ____
    decoder_cross = (tgt + query_pos, memory + pos, memory)  # ____
    return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% check="sources" points=3
@check
def sources(draw):
    B, S, Q, D = draw.sizes(4, 2, 13)
    return attention_sources(
        src=draw.normal(B, S, D), pos=draw.normal(B, S, D), tgt=draw.normal(B, Q, D),
        query_pos=draw.normal(B, Q, D), memory=draw.normal(B, S, D),
    )

@sources.must("in each attention k and v have the same number of tokens")
def _(triples):
    return all(k.shape == v.shape for _, k, v in triples.values())

# %% [raw] hints="sources"
# 1. Ask of each attention: who looks (that is q), who is looked at (that is k), and what is carried over
#    (that is v)? In a self-attention the same tokens do all three.
# 2. Positions are added to q and to k, each with the encoding of its own tokens: `pos` belongs to cells,
#    `query_pos` to object queries. Nothing is added to v.
# 3. The encoder: `(src + pos, src + pos, src)`. The decoder's self-attention has the same form with `tgt` and
#    `query_pos`; in the cross-attention q comes from the queries, k and v from `memory`.

# %% [raw] mistake="sources/positions_in_values"
# The positions were added to the values too. They are there to decide who looks where; what is carried over
# stays without them, so add them to q and k only.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src + pos, src + pos, src + pos)
#     decoder_self = (tgt + query_pos, tgt + query_pos, tgt + query_pos)
#     decoder_cross = (tgt + query_pos, memory + pos, memory + pos)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [raw] mistake="sources/positions_in_encoder_values"
# In the encoder all three are the same sum, positions and all. q and k decide who looks where and need the
# positions; v is what is carried over and stays without them.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src + pos, src + pos, src + pos)
#     decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
#     decoder_cross = (tgt + query_pos, memory + pos, memory)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [raw] mistake="sources/memory_asks"
# In the cross-attention the memory asks and the object queries answer. It is the other way round: each object
# query searches the cells, so q comes from tgt, and k and v from the memory.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src + pos, src + pos, src)
#     decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
#     decoder_cross = (memory + pos, tgt + query_pos, tgt)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [raw] mistake="sources/positions_at_the_entrance_only"
# The cross-attention was given bare content. Positions that are added in the encoder only are the original
# transformer's way; DETR adds them again in every attention, query_pos to the query and pos to the key of the
# memory.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src + pos, src + pos, src)
#     decoder_self = (tgt + query_pos, tgt + query_pos, tgt)
#     decoder_cross = (tgt, memory, memory)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [raw] mistake="sources/positions_on_queries_only"
# Here positions were added to q but not to k. A query can only search for a place if the keys say where they
# are: add each token's own encoding on both sides.
# ---
# def attention_sources(src, pos, tgt, query_pos, memory):
#     encoder_self = (src + pos, src, src)
#     decoder_self = (tgt + query_pos, tgt, tgt)
#     decoder_cross = (tgt + query_pos, memory, memory)
#     return {"encoder self": encoder_self, "decoder self": decoder_self, "decoder cross": decoder_cross}

# %% [markdown]
# **Does the real model agree?** The next cell listens to the last decoder layer of the trained model while it
# looks at your picture, and compares what its cross-attention was given with what your function says.

# %%
def difference_from_the_model():
    """Largest difference between the model's own q, k, v of its last cross-attention and yours."""
    layer, seen = model.transformer.decoder.layers[-1], {}
    handles = [
        layer.register_forward_pre_hook(lambda module, args: seen.update(layer=args)),
        layer.norm1.register_forward_hook(lambda module, args, output: seen.update(tgt=output)),
        layer.multihead_attn.register_forward_pre_hook(
            lambda module, args, kwargs: seen.update(qkv=(*args, kwargs["value"])), with_kwargs=True),
    ]
    with torch.no_grad():
        model(to_input(picture, *model.input_size)[None])
    for handle in handles:
        handle.remove()
    _, memory, _, pos, query_pos = seen["layer"]
    yours = attention_sources(memory, pos, seen["tgt"], query_pos, memory)["decoder cross"]
    for name, mine, its in zip("qkv", yours, seen["qkv"], strict=True):
        print(f"{name}: yours {tuple(mine.shape)}, the model's {tuple(its.shape)}, "
              f"largest difference {(mine - its).abs().max():.1e}")


attempt(difference_from_the_model)

# %% [markdown]
# ### Step 24 · What positions are for · 2 points · 6 min · ●●○○○
# **You will be able to** show by an experiment that without positions the encoder cannot tell one order of
# the cells from another.
#
# An encoder without positions treats its tokens as a *set*. Shuffle the tokens and the outputs are the same,
# shuffled likewise. This is called permutation equivariance: for a permutation $\pi$ of the tokens,
# $$f(x_{\pi(1)},\dots,x_{\pi(S)}) = \big(f(x)_{\pi(1)},\dots,f(x)_{\pi(S)}\big).$$
# In such an encoder a picture and the same picture cut into S snippets and thrown into a bag are one and the
# same. The positions break this.
#
# Write `order_gaps(encode, src, pos, order)`. `encode(src, pos)` is a whole encoder, (B, S, D) in and out.
# `order` (S,) says that place i of the shuffled sequence holds token `order[i]`. **Only the features are
# shuffled;** the positions belong to the places and stay. Return a dict with two numbers:
# - `"without positions"`: encode with positions of zero, once as given and once shuffled; bring the two
#   results into the same order; the largest absolute difference between them;
# - `"with positions"`: the same with `pos`.
#
# *A tiny example.* Tokens (a, b, c) and `order` = [2, 0, 1] give the shuffled sequence (c, a, b). If its
# outputs are (C, A, B), then token a's output stands at place 1, and `outputs[:, order]` of the *unshuffled*
# run has the order (C, A, B) as well: these two may be compared.
#
# If stuck: `hint("shuffle")`.

# %% exercise="shuffle"
def order_gaps(encode, src, pos, order):
    """How far an encoder is from not caring about the order of its tokens, without and with positions.

    encode: function (src, pos) -> (B, S, D). src, pos: (B, S, D). order: (S,) a permutation of 0..S-1.
    Returns {"without positions": number, "with positions": number}, largest absolute differences.
    """
    ### BEGIN SOLUTION
    def gap(pos):
        shuffled_then_encoded = encode(src[:, order], pos)      # (B, S, D)
        encoded_then_shuffled = encode(src, pos)[:, order]      # (B, S, D)
        return (shuffled_then_encoded - encoded_then_shuffled).abs().max().item()

    return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}
    ### END SOLUTION

# %% check="shuffle" points=2
@check
def shuffle(draw):
    B, S, M = draw.size(2, 3), draw.size(7, 13), draw.size(2, 3)
    D = M * draw.size(3, 7)
    encoder = draw.fill(TransformerEncoder(2, D, M, 3 * D, 0.0)).eval()
    src, pos, order = draw.normal(B, S, D), draw.normal(B, S, D), draw.permutation(S)
    with torch.no_grad():
        return as_numbers(order_gaps(lambda src, pos: encoder(src, None, pos), src, pos, order))

@shuffle.must("without positions the two results agree to rounding")
def _(gaps):
    return gaps["without positions"] < 1e-4

# %% [raw] hints="shuffle"
# 1. Two roads lead to the same order of tokens: shuffle first and encode then, or encode first and shuffle
#    then. An equivariant encoder ends at the same place on both.
# 2. `src[:, order]` shuffles tokens (dimension 1). Shuffle the outputs of the unshuffled run in the same way,
#    subtract, `.abs().max()`. Do it twice, with `torch.zeros_like(pos)` and with `pos`, which is never
#    shuffled.
# 3. `gap = (encode(src[:, order], p) - encode(src, p)[:, order]).abs().max()` for p = zeros and p = pos.

# %% [raw] mistake="shuffle/not_put_back"
# The two results were compared in different orders: the shuffled run's place i holds token order[i], the
# other run's holds token i. Shuffle the outputs of the plain run as well before you subtract.
# ---
# def order_gaps(encode, src, pos, order):
#     def gap(pos):
#         return (encode(src[:, order], pos) - encode(src, pos)).abs().max().item()
#     return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}

# %% [raw] mistake="shuffle/mean_for_max"
# These are mean differences. A few cells that differ much can hide in a mean over thousands of numbers: the task asks
# for the largest difference.
# ---
# def order_gaps(encode, src, pos, order):
#     def gap(pos):
#         return (encode(src[:, order], pos) - encode(src, pos)[:, order]).abs().mean().item()
#     return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}

# %% [raw] mistake="shuffle/positions_left_on"
# The positions were still on in the run that should be without them, so both numbers are the same. Give the
# encoder zeros in the shape of pos there.
# ---
# def order_gaps(encode, src, pos, order):
#     gap = (encode(src[:, order], pos) - encode(src, pos)[:, order]).abs().max().item()
#     return {"without positions": gap, "with positions": gap}

# %% [raw] mistake="shuffle/positions_shuffled"
# The positions travelled with their tokens. Then every cell still knows its true place, and the order of the
# list means nothing: leave the positions where they are and shuffle the features only.
# ---
# def order_gaps(encode, src, pos, order):
#     def gap(pos):
#         return (encode(src[:, order], pos[:, order]) - encode(src, pos)[:, order]).abs().max().item()
#     return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}

# %% [raw] mistake="shuffle/shuffled_twice"
# The outputs of the shuffled run were shuffled a second time instead of being put back. Either shuffle the
# plain run's outputs, or put these back with the inverse permutation, torch.argsort(order).
# ---
# def order_gaps(encode, src, pos, order):
#     def gap(pos):
#         return (encode(src[:, order], pos)[:, order] - encode(src, pos)).abs().max().item()
#     return {"without positions": gap(torch.zeros_like(pos)), "with positions": gap(pos)}

# %% [markdown]
# Now the trained encoder on your picture. A gap of about $10^{-5}$ or less is rounding. The paper measures
# what positions are worth to the detector: without any spatial encoding it loses 7.8 AP (table 3). That it
# does not collapse altogether has several possible reasons; one is that convolutions with zero padding let
# some position leak into the features.

# %%
def shuffle_my_picture():
    """order_gaps of the trained encoder on the cells of your picture."""
    with torch.no_grad():
        features = model.backbone[0](to_input(picture, *model.input_size)[None])            # (1, C, H, W)
        pos = model.backbone[1](torch.zeros_like(features[:, 0], dtype=torch.bool))         # (1, D, H, W)
        src, pos = (x.flatten(2).transpose(1, 2) for x in (model.input_proj(features), pos))     # (1, S, D)
        order = torch.randperm(src.shape[1], generator=torch.Generator().manual_seed(1))
        print(order_gaps(lambda src, pos: model.transformer.encoder(src, None, pos), src, pos, order))


attempt(shuffle_my_picture)

# %% [markdown]
# # B. Numbers for maps
#
# ### Step 25 · Mass in the box, and lift over its area · 4 points · 10 min · ●●●○○
# **You will be able to** say how much of an attention map falls inside a box, and whether that is much.
#
# "The query looks at its object" becomes a number: the **mass**, the share of the attention inside the box,
# $$m = \frac{\sum_{y,x} c_{yx}\,a_{yx}}{\sum_{y,x} a_{yx}},$$
# where $c_{yx}$ is the share of cell (y, x)'s area that the box covers: 1 inside, 0 outside, in between on
# the border. The division by the total makes the number meaningful for maps that do not sum to 1, such as
# columns.
#
# Mass alone flatters large boxes: a box around the whole picture has mass 1 whatever the map. The **lift**
# compares with attention spread evenly: $\ell = m\,/\,(\text{area of the box} / \text{area of the picture})$.
# Even attention has lift 1.
#
# Frames: the map has H × W cells that tile the picture exactly; the box is (x0, y0, x1, y1) in **pixels** of
# the picture.
#
# *A tiny example.* A picture 80 px wide and 40 px high, a map of 2 × 4 cells, so each cell is 20 × 20 px:
#
# | | | | |
# |---|---|---|---|
# | .10 | .20 | .10 | .00 |
# | .20 | .30 | .10 | .00 |
#
# The box (10, 0, 40, 20) covers the right half of the first cell and all of the second:
# $m = 0.5 \cdot .10 + .20 = .25$. Its area is 30 · 20 of 80 · 40 pixels, a share of .1875, so the lift is
# $.25 / .1875 = 1.33$.
#
# Write both functions. Later steps take the library's; here `measures.mass_in_box`, `measures.lift` and
# `FeatureGrid.cover`, with its helper, may not be called in your answer. If stuck: `hint("box_share")`.

# %% exercise="box_share" forbids="detrlab.attention.measures.mass_in_box, detrlab.attention.measures.lift, detrlab.attention.grid.FeatureGrid.cover, detrlab.attention.grid._covered"
def mass_inside(map_hw, box_xyxy, size_wh):
    """Share of the attention that falls inside the box: a number, 0..1.

    map_hw: (H, W) weights >= 0 of any sum above 0; its cells tile the picture exactly.
    box_xyxy: tensor (4,), x0 y0 x1 y1 in pixels of the picture, inside it.
    size_wh: (width, height) of the picture in pixels.
    A cell that the box covers partly counts by the covered part of its area.
    """
    ### BEGIN SOLUTION
    H, W = map_hw.shape
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()

    def covered(count, start, stop):
        cells = torch.arange(count, dtype=torch.float32)        # cell i reaches from i to i + 1
        return ((cells + 1).clamp(max=stop) - cells.clamp(min=start)).clamp(min=0)

    rows = covered(H, y0 * H / height, y1 * H / height)         # (H,)
    columns = covered(W, x0 * W / width, x1 * W / width)        # (W,)
    cover = rows[:, None] * columns                             # (H, W)
    return ((map_hw * cover).sum() / map_hw.sum()).item()
    ### END SOLUTION


def lift_over_area(map_hw, box_xyxy, size_wh):
    """Mass inside the box divided by the box's share of the picture's area. Arguments as in mass_inside."""
    ### BEGIN SOLUTION
    width, height = size_wh
    x0, y0, x1, y1 = box_xyxy.tolist()
    return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0) / (width * height))
    ### END SOLUTION

# %% check="box_share" points=4
@check
def box_share(draw):
    H, W = draw.sizes(2, 3, 13)
    size_wh = draw.integer(31, 60), draw.integer(67, 101)     # small: rounding the box to pixels would show
    map_hw = draw.number(1.5, 3.0) * draw.attention(H * W).reshape(H, W)
    boxes = draw.boxes_xyxy(3, width=size_wh[0], height=size_wh[1])
    return as_numbers({
        "mass": [mass_inside(map_hw, box, size_wh) for box in boxes],
        "lift": [lift_over_area(map_hw, box, size_wh) for box in boxes],
    })

@box_share.must("every mass lies between 0 and 1")
def _(shares):
    return all(-1e-4 <= mass <= 1 + 1e-4 for mass in shares["mass"])

# %% [raw] hints="box_share"
# 1. Bring box and map into one frame first: a picture of `width` pixels has W cells, so x pixels are x * W /
#    width cells (y likewise with H and height). Then ask for each column and each row how much of it lies
#    between the box's edges.
# 2. Cell i reaches from i to i + 1. What the interval start..stop covers of it is min(i + 1, stop) - max(i,
#    start), or 0 if that is negative. Rows give (H,), columns (W,); their outer product is the covered share
#    of every cell.
# 3. `rows = ((i + 1).clamp(max=y1) - i.clamp(min=y0)).clamp(min=0)` with y0, y1 in cells, `columns` likewise;
#    mass = `(map_hw * rows[:, None] * columns).sum() / map_hw.sum()`; lift = mass / (box area / picture
#    area).

# %% [raw] mistake="box_share/wrong_frame"
# The box's pixels were used as indices of cells. A map of 16 cells ends long before pixel 200: multiply x by
# W / width and y by H / height first.
# ---
# def mass_inside(map_hw, box_xyxy, size_wh):
#     x0, y0, x1, y1 = (int(value) for value in box_xyxy)
#     return (map_hw[y0:y1, x0:x1].sum() / map_hw.sum()).item()
#
# def lift_over_area(map_hw, box_xyxy, size_wh):
#     x0, y0, x1, y1 = box_xyxy.tolist()
#     return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0) / (size_wh[0] * size_wh[1]))

# %% [raw] mistake="box_share/area_in_pixels"
# The masses are right, but the lift was divided by the area in pixels, so it grows when the picture shrinks.
# Divide by the share of the picture's area that the box takes.
# ---
# def mass_inside(map_hw, box_xyxy, size_wh):
#     (H, W), (width, height), (x0, y0, x1, y1) = map_hw.shape, size_wh, box_xyxy.tolist()
#     def covered(count, start, stop):
#         cells = torch.arange(count, dtype=torch.float32)
#         return ((cells + 1).clamp(max=stop) - cells.clamp(min=start)).clamp(min=0)
#     cover = covered(H, y0 * H / height, y1 * H / height)[:, None] * covered(W, x0 * W / width, x1 * W / width)
#     return ((map_hw * cover).sum() / map_hw.sum()).item()
#
# def lift_over_area(map_hw, box_xyxy, size_wh):
#     x0, y0, x1, y1 = box_xyxy.tolist()
#     return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0))

# %% [raw] mistake="box_share/not_a_share"
# The weights inside were added up, but not divided by all weights of the map. A column of attention does not
# sum to 1, so without the division its mass means nothing.
# ---
# def mass_inside(map_hw, box_xyxy, size_wh):
#     (H, W), (width, height), (x0, y0, x1, y1) = map_hw.shape, size_wh, box_xyxy.tolist()
#     def covered(count, start, stop):
#         cells = torch.arange(count, dtype=torch.float32)
#         return ((cells + 1).clamp(max=stop) - cells.clamp(min=start)).clamp(min=0)
#     cover = covered(H, y0 * H / height, y1 * H / height)[:, None] * covered(W, x0 * W / width, x1 * W / width)
#     return (map_hw * cover).sum().item()
#
# def lift_over_area(map_hw, box_xyxy, size_wh):
#     x0, y0, x1, y1 = box_xyxy.tolist()
#     return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0) / (size_wh[0] * size_wh[1]))

# %% [raw] mistake="box_share/whole_cells"
# Cells on the border of the box were counted whole or not at all, by their centres. On a coarse map that
# moves the mass a lot: let each cell count by the part of its area that the box covers.
# ---
# def mass_inside(map_hw, box_xyxy, size_wh):
#     (H, W), (width, height), (x0, y0, x1, y1) = map_hw.shape, size_wh, box_xyxy.tolist()
#     y = (torch.arange(H) + 0.5) * height / H
#     x = (torch.arange(W) + 0.5) * width / W
#     cover = ((y > y0) & (y < y1))[:, None] & ((x > x0) & (x < x1))
#     return ((map_hw * cover).sum() / map_hw.sum()).item()
#
# def lift_over_area(map_hw, box_xyxy, size_wh):
#     x0, y0, x1, y1 = box_xyxy.tolist()
#     return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0) / (size_wh[0] * size_wh[1]))

# %% [raw] mistake="box_share/touched_cells"
# Every cell that the box touches was counted whole, so the mass comes out too large, most of all for small boxes.
# Let each cell count by the part of its area that the box covers.
# ---
# def mass_inside(map_hw, box_xyxy, size_wh):
#     (H, W), (width, height), (x0, y0, x1, y1) = map_hw.shape, size_wh, box_xyxy.tolist()
#     rows = slice(math.floor(y0 * H / height), math.ceil(y1 * H / height))
#     columns = slice(math.floor(x0 * W / width), math.ceil(x1 * W / width))
#     return (map_hw[rows, columns].sum() / map_hw.sum()).item()
#
# def lift_over_area(map_hw, box_xyxy, size_wh):
#     x0, y0, x1, y1 = box_xyxy.tolist()
#     return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0) / (size_wh[0] * size_wh[1]))

# %% [raw] mistake="box_share/rounded_to_pixels"
# The map was enlarged to pixels and the box rounded to whole ones. That is nearly right for large boxes only: a box
# ends between pixels, so compute the covered part of each cell from the box as it is.
# ---
# def mass_inside(map_hw, box_xyxy, size_wh):
#     size_hw = size_wh[1], size_wh[0]
#     pixels = torch.nn.functional.interpolate(map_hw[None, None], size=size_hw, mode="nearest-exact")[0, 0]
#     x0, y0, x1, y1 = (round(value) for value in box_xyxy.tolist())
#     return (pixels[y0:y1, x0:x1].sum() / pixels.sum()).item()
#
# def lift_over_area(map_hw, box_xyxy, size_wh):
#     x0, y0, x1, y1 = box_xyxy.tolist()
#     return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0) / (size_wh[0] * size_wh[1]))

# %% [raw] mistake="box_share/swapped_sides"
# Rows and columns are swapped: x was scaled with H / height or y with W / width. The map is indexed [y, x],
# the box is written x first.
# ---
# def mass_inside(map_hw, box_xyxy, size_wh):
#     (H, W), (width, height), (x0, y0, x1, y1) = map_hw.shape, size_wh, box_xyxy.tolist()
#     def covered(count, start, stop):
#         cells = torch.arange(count, dtype=torch.float32)
#         return ((cells + 1).clamp(max=stop) - cells.clamp(min=start)).clamp(min=0)
#     cover = covered(H, x0 * H / width, x1 * H / width)[:, None] * covered(W, y0 * W / height, y1 * W / height)
#     return ((map_hw * cover).sum() / map_hw.sum()).item()
#
# def lift_over_area(map_hw, box_xyxy, size_wh):
#     x0, y0, x1, y1 = box_xyxy.tolist()
#     return mass_inside(map_hw, box_xyxy, size_wh) / ((x1 - x0) * (y1 - y0) / (size_wh[0] * size_wh[1]))

# %% [markdown]
# ### Step 26 · Sharp or spread out: entropy · 3 points · 8 min · ●●○○○
# **You will be able to** measure how concentrated a map is, and explain why the mean over heads hides it.
#
# Entropy is low if the attention sits on few cells and high if it is spread. Divided by its largest possible
# value, $\log S$, it lies between 0 (all on one cell) and 1 (even), whatever the size of the map:
# $$H(a) = -\frac{1}{\log S}\sum_{i=1}^{S} a_i \log a_i, \qquad 0\cdot\log 0 := 0 .$$
# Weights of exactly 0 do occur (masked cells), so your code must not stumble over $\log 0$.
#
# A figure usually shows the **mean over heads**. If two heads look sharply at two different places, their
# mean looks at both and seems undecided. Entropy shows this: that of the mean is never below the mean of the
# heads' entropies.
#
# *A tiny example with M = 2 heads and S = 4 cells.* Head 0 is (1, 0, 0, 0): entropy 0. Head 1 is (½, ½, 0,
# 0): $\log 2 / \log 4 = .5$. Their mean is (¾, ¼, 0, 0), with entropy .406, well above the mean of the two,
# .25.
#
# Write `head_entropies(maps)` without the library's `measures.entropy`, which may not be called in your answer. PyTorch's
# own means (`torch.special.entr`, `Categorical(...).entropy()`) may. If stuck: `hint("spread")`.

# %% exercise="spread" forbids="detrlab.attention.measures.entropy"
def head_entropies(maps):
    """Entropy divided by log S of each head's map, and of the mean map over heads.

    maps: (M, H, W), each head's weights sum to 1; some may be exactly 0. S = H * W.
    Returns (per_head, of_mean): a tensor (M,) and a number.
    """
    ### BEGIN SOLUTION
    _, H, W = maps.shape

    def entropy(weights):       # (..., H, W) -> (...)
        return -torch.xlogy(weights, weights).sum((-2, -1)) / math.log(H * W)

    return entropy(maps), entropy(maps.mean(0)).item()
    ### END SOLUTION

# %% check="spread" points=3
@check
def spread(draw):
    M, H, W = draw.sizes(3, 2, 11)
    weights = draw.attention(M, H * W)
    weights[:, draw.permutation(H * W)[:2]] = 0     # two masked cells
    weights = weights / weights.sum(-1, keepdim=True)
    per_head, of_mean = head_entropies(weights.reshape(M, H, W))
    return as_numbers({"per head": per_head, "of the mean": of_mean})

@spread.must("every entropy lies between 0 and 1")
def _(entropies):
    return all(0 <= value <= 1 + 1e-4 for value in [*entropies["per head"], entropies["of the mean"]])

@spread.must("the mean of the heads is at least as spread out as the heads are on average")
def _(entropies):
    return entropies["of the mean"] >= sum(entropies["per head"]) / len(entropies["per head"]) - 1e-4

# %% [raw] hints="spread"
# 1. Treat the H x W weights of one head as one distribution over S = H * W cells. A cell without weight adds
#    nothing.
# 2. `torch.xlogy(a, a)` is a * log(a) and gives 0 where a is 0; sum over the last two dimensions, not over
#    heads. For the second result average the maps first and take the entropy of that one map.
# 3. `-torch.xlogy(a, a).sum((-2, -1)) / math.log(H * W)`, once for `a = maps` and once for
#    `a = maps.mean(0)`.

# %% [raw] mistake="spread/log_of_zero"
# Cells with weight 0 made the entropy NaN, since 0 * log(0) is NaN for a computer. Such cells must add 0:
# torch.xlogy does that, or leave them out of the sum.
# ---
# def head_entropies(maps):
#     S = torch.tensor(float(maps[0].numel()))
#     per_head = -(maps * maps.log()).sum((-2, -1)) / S.log()
#     mean = maps.mean(0)
#     return per_head, (-(mean * mean.log()).sum() / S.log()).item()

# %% [raw] mistake="spread/not_divided"
# The entropies are right but not divided by log S, so maps of different sizes cannot be compared.
# ---
# def head_entropies(maps):
#     mean = maps.mean(0)
#     return -torch.xlogy(maps, maps).sum((-2, -1)), -torch.xlogy(mean, mean).sum().item()

# %% [raw] mistake="spread/mean_of_entropies"
# The last number is the mean of the heads' entropies. Asked for is the entropy of the mean map: average the
# maps first, then take the entropy.
# ---
# def head_entropies(maps):
#     S = torch.tensor(float(maps[0].numel()))
#     per_head = -torch.xlogy(maps, maps).sum((-2, -1)) / S.log()
#     return per_head, per_head.mean().item()

# %% [raw] mistake="spread/divided_by_log_heads"
# The sum was divided by the logarithm of the number of heads. The largest entropy of a map over S = H * W
# cells is log S.
# ---
# def head_entropies(maps):
#     M = torch.tensor(float(maps.shape[0]))
#     mean = maps.mean(0)
#     return -torch.xlogy(maps, maps).sum((-2, -1)) / M.log(), (-torch.xlogy(mean, mean).sum() / M.log()).item()

# %% [markdown]
# Your numbers, on your picture: mass, lift and entropies of the query's map. The figure shows the heads one
# by one. From here on the notebook uses the library's `measures.mass_in_box`, `measures.lift` and
# `measures.entropy`: they do what you just wrote, for many maps at once, and they also know about cells that
# hang over the edge of a picture.

# %%
def numbers_of_my_query():
    """Your measures for the followed query's map in its own box."""
    heads = here.attention.decoder_cross(head="all", query=query)       # (M, H, W)
    width, height = picture.size
    box = here.boxes_xyxy[query].clamp(min=0).minimum(torch.tensor([width, height, width, height]))
    per_head, of_mean = head_entropies(heads)
    print(f"mass in the box {mass_inside(heads.mean(0), box, picture.size):.2f}, "
          f"lift {lift_over_area(heads.mean(0), box, picture.size):.1f}")
    print(f"entropy per head {' '.join(f'{value:.2f}' for value in per_head)}, of the mean {of_mean:.2f}")


attempt(numbers_of_my_query)
plot_attention_heads(picture, here.attention, next(iter(found))) if len(found) else None

# %% [markdown]
# # C. Controls and comparison
#
# ### Step 27 · Controls for the decoder · 3 points · 10 min · ●●●○○
# **You will be able to** say how much of a number is owed to this picture, to the query's habits, and to the
# architecture.
#
# "92 % of the query's attention is in its box" sounds like an explanation. It is one only if the number would
# have been smaller *without* the object. Three controls take something away, one at a time:
#
# | control | what stays | what is taken away |
# |---|---|---|
# | other pictures | the query, the box | the object: queries have favourite places and look there in any picture |
# | shifted boxes | the map, the size of the box | the place: is the rest of the picture looked at as much? |
# | untrained weights | picture, query, box, architecture | everything learned |
#
# The art is to change *one* thing. On another picture it is the **same query** (not the one that is best
# there) and the **same box** (not the box predicted there). A shifted box has equal size: add (dx, dy) to
# both corners.
#
# Write `control_masses`. All masses are of the query's map, `run.maps[query]`, measured with
# `measures.mass_in_box(map_hw, box_xyxy, run.grid)`. Of the other pictures report the single masses, their
# median, the lowest and the highest: with five pictures a range tells more than a standard deviation.
#
# *A tiny example.* Masses .2, .4, .3, .1, .3 elsewhere have the median .3 (sorted: .1 .2 **.3** .3 .4) and
# the range .1 to .4. A mass of .9 here is then far outside what the query does anyway.
#
# If stuck: `hint("decoder_controls")`.

# %% exercise="decoder_controls"
def control_masses(here, elsewhere, untrained, query, shifts):
    """Mass of one query's map in the box it predicts, and the three controls.

    here: Run of the picture. elsewhere: list of Runs of other pictures (an odd number).
    untrained: Run of the same picture with an untrained model. query: index of the query.
    shifts: list of (dx, dy) in pixels; the shifted boxes lie in the picture.
    The box is always here.boxes_xyxy[query], shifted or not.
    Returns a dict: numbers "here", "median", "lowest", "highest", "untrained", and lists of numbers
    "elsewhere" (in the order of the pictures) and "shifted" (in the order of the shifts).
    """
    ### BEGIN SOLUTION
    box = here.boxes_xyxy[query]
    other = [measures.mass_in_box(run.maps[query], box, run.grid).item() for run in elsewhere]
    shifted = [box + torch.tensor([dx, dy, dx, dy]) for dx, dy in shifts]
    return {
        "here": measures.mass_in_box(here.maps[query], box, here.grid).item(),
        "elsewhere": other,
        "median": sorted(other)[len(other) // 2],
        "lowest": min(other),
        "highest": max(other),
        "shifted": [measures.mass_in_box(here.maps[query], each, here.grid).item() for each in shifted],
        "untrained": measures.mass_in_box(untrained.maps[query], box, untrained.grid).item(),
    }
    ### END SOLUTION

# %% check="decoder_controls" points=3
@check
def decoder_controls(draw):
    Q, H, W = draw.sizes(3, 3, 11)
    grid = FeatureGrid(cells_hw=(H, W), input_hw=(8 * H, 8 * W), picture_hw=(40 * H, 40 * W), stride=8)

    def a_run():
        return Run(draw.attention(Q, H * W).reshape(Q, H, W), draw.boxes_xyxy(Q, width=40 * W, height=40 * H),
                   draw.uniform(Q, 5), grid)

    here, untrained, elsewhere = a_run(), a_run(), [a_run() for _ in range(draw.choice([5, 7]))]
    reports = []
    for query in draw.permutation(Q)[:3].tolist():
        x0, y0, x1, y1 = here.boxes_xyxy[query].tolist()
        shifts = [(draw.number(-x0, 40 * W - x1), draw.number(-y0, 40 * H - y1)) for _ in range(3)]
        reports.append(control_masses(here, elsewhere, untrained, query, shifts))
    return as_numbers(reports)

@decoder_controls.must("the median lies between the lowest and the highest")
def _(reports):
    return all(masses["lowest"] <= masses["median"] <= masses["highest"] for masses in reports)

# %% [raw] hints="decoder_controls"
# 1. A control repeats the measurement with one thing changed. Write down for each of the three what changes;
#    query and box come from `here` every time, unless the box is what changes.
# 2. `box = here.boxes_xyxy[query]`; then `measures.mass_in_box(run.maps[query], box, run.grid)` for here, for
#    each run of elsewhere and for untrained. A shifted box is the box plus (dx, dy, dx, dy), on here's map.
# 3. `other = [float(measures.mass_in_box(run.maps[query], box, run.grid)) for run in elsewhere]`, median =
#    `sorted(other)[len(other) // 2]`, the shifted boxes are
#    `[box + torch.tensor([dx, dy, dx, dy]) for dx, dy in shifts]`, measured on `here.maps[query]`.

# %% [raw] mistake="decoder_controls/query_chosen_anew"
# On the other pictures the best query there was measured, a new one each time. Then habits of the query are
# no longer controlled for: keep the same query index everywhere.
# ---
# def control_masses(here, elsewhere, untrained, query, shifts):
#     box = here.boxes_xyxy[query]
#     mass = lambda run, q, box: measures.mass_in_box(run.maps[q], box, run.grid).item()
#     other = [mass(run, run.scores.argmax(), box) for run in elsewhere]
#     return {"here": mass(here, query, box), "elsewhere": other, "median": sorted(other)[len(other) // 2],
#             "lowest": min(other), "highest": max(other),
#             "shifted": [mass(here, query, box + torch.tensor([dx, dy, dx, dy])) for dx, dy in shifts],
#             "untrained": mass(untrained, query, box)}

# %% [raw] mistake="decoder_controls/box_of_the_other_picture"
# On the other pictures the box that the query predicts there was used. The box has to stay where the object
# is in this picture: what is asked is how much the query looks at that place when the object is gone.
# ---
# def control_masses(here, elsewhere, untrained, query, shifts):
#     box = here.boxes_xyxy[query]
#     mass = lambda run, box: measures.mass_in_box(run.maps[query], box, run.grid).item()
#     other = [mass(run, run.boxes_xyxy[query]) for run in elsewhere]
#     return {"here": mass(here, box), "elsewhere": other, "median": sorted(other)[len(other) // 2],
#             "lowest": min(other), "highest": max(other),
#             "shifted": [mass(here, box + torch.tensor([dx, dy, dx, dy])) for dx, dy in shifts],
#             "untrained": mass(untrained, box)}

# %% [raw] mistake="decoder_controls/shift_changes_the_size"
# Only one corner was shifted, so the box grew or shrank, and with it the mass one would expect by chance. Add
# (dx, dy) to both corners.
# ---
# def control_masses(here, elsewhere, untrained, query, shifts):
#     box = here.boxes_xyxy[query]
#     mass = lambda run, box: measures.mass_in_box(run.maps[query], box, run.grid).item()
#     other = [mass(run, box) for run in elsewhere]
#     def moved(dx, dy):
#         x0, y0, x1, y1 = box.tolist()
#         return min(x0 + dx, x1), min(y0 + dy, y1), max(x0 + dx, x1), max(y0 + dy, y1)
#     return {"here": mass(here, box), "elsewhere": other, "median": sorted(other)[len(other) // 2],
#             "lowest": min(other), "highest": max(other), "shifted": [mass(here, moved(*shift)) for shift in shifts],
#             "untrained": mass(untrained, box)}

# %% [raw] mistake="decoder_controls/mean_for_median"
# Everything agrees but the median: this is the mean. With a handful of pictures one odd picture drags the
# mean along; the median is the middle value of the sorted masses.
# ---
# def control_masses(here, elsewhere, untrained, query, shifts):
#     box = here.boxes_xyxy[query]
#     mass = lambda run, box: measures.mass_in_box(run.maps[query], box, run.grid).item()
#     other = [mass(run, box) for run in elsewhere]
#     return {"here": mass(here, box), "elsewhere": other, "median": sum(other) / len(other),
#             "lowest": min(other), "highest": max(other),
#             "shifted": [mass(here, box + torch.tensor([dx, dy, dx, dy])) for dx, dy in shifts],
#             "untrained": mass(untrained, box)}

# %% [raw] mistake="decoder_controls/untrained_box"
# The untrained model was measured in the box that it predicts itself. Change one thing only: its map, but the
# box from here.
# ---
# def control_masses(here, elsewhere, untrained, query, shifts):
#     box = here.boxes_xyxy[query]
#     mass = lambda run, box: measures.mass_in_box(run.maps[query], box, run.grid).item()
#     other = [mass(run, box) for run in elsewhere]
#     return {"here": mass(here, box), "elsewhere": other, "median": sorted(other)[len(other) // 2],
#             "lowest": min(other), "highest": max(other),
#             "shifted": [mass(here, box + torch.tensor([dx, dy, dx, dy])) for dx, dy in shifts],
#             "untrained": mass(untrained, untrained.boxes_xyxy[query])}

# %% [markdown]
# ### Step 27, continued · Controls for the encoder · 2 points · 8 min · ●●●●○
# **You will be able to** tell attention that follows the picture from attention that is merely local.
#
# A cell of the encoder that lies on an object and looks at that object may do so for a dull reason: the
# object is *near*, and cells look at what is near. The control for this keeps the distance and takes the
# content away. For every distance, average the attention over **all pairs of cells in the picture that lie
# this far apart**; then draw for the cell in question the map that these averages would give:
# $$\bar a(d) = \operatorname{mean}\{\,a_{ij} : \lVert i-j\rVert = d\,\},
# \qquad \text{control map of cell } i:\; j \mapsto \bar a(\lVert i-j\rVert).$$
# Distances are Euclidean, counted in cells. They may be compared exactly by their squares
# $\Delta y^2 + \Delta x^2$, which are whole numbers. The second control is the one you know: the same cell on
# other pictures.
#
# Write two functions:
# - `same_distance_map(weights, cell)`: the control map (H, W) of a cell. The mean runs over all pairs, the
#   cell's own included.
# - `encoder_masses(here, elsewhere, cell, box_xyxy, grid)`: mass in the box of the map that says where the
#   cell looks, here and on the other pictures, and of the control map. Use `measures.mass_in_box`, which
#   divides by the map's own sum.
#
# *A tiny example.* One row of three cells with weights [query, key]
#
# | | key 0 | key 1 | key 2 |
# |---|---|---|---|
# | **query 0** | .6 | .3 | .1 |
# | **query 1** | .2 | .5 | .3 |
# | **query 2** | .1 | .2 | .7 |
#
# At distance 0 the mean is (.6 + .5 + .7)/3 = .6, at distance 1 (.3 + .2 + .3 + .2)/4 = .25, at distance 2
# (.1 + .1)/2 = .1. The control map of cell 0 is (.6, .25, .1), that of cell 1 is (.25, .6, .25).
#
# If stuck: `hint("encoder_controls")`.

# %% exercise="encoder_controls"
def same_distance_map(weights, cell):
    """What a cell's map would be if attention depended on distance alone: (H, W).

    weights: (H, W, H, W), [y, x] of the cell that looks, then [y, x] of the cell looked at. cell: (y, x).
    Each place holds the mean weight over all pairs of cells that are as far apart as it is from `cell`.
    """
    ### BEGIN SOLUTION
    H, W = weights.shape[:2]
    y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")      # (H, W) each
    squared = (y[:, :, None, None] - y) ** 2 + (x[:, :, None, None] - x) ** 2    # (H, W, H, W)
    total = torch.bincount(squared.flatten(), weights=weights.double().flatten())
    count = torch.bincount(squared.flatten())
    return (total / count.clamp(min=1))[squared[cell]]      # (H, W)
    ### END SOLUTION


def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
    """Mass in a box of where a cell looks, with its two controls.

    here: (H, W, H, W) weights of the picture. elsewhere: list of such weights of other pictures.
    cell: (y, x). box_xyxy: (4,) pixels of grid's picture.
    Returns a dict of numbers "here", "equal distance" and a list of numbers "elsewhere".
    """
    ### BEGIN SOLUTION
    def mass(map_hw):
        return measures.mass_in_box(map_hw, box_xyxy, grid).item()

    return {
        "here": mass(here[cell]),
        "elsewhere": [mass(other[cell]) for other in elsewhere],
        "equal distance": mass(same_distance_map(here, cell)),
    }
    ### END SOLUTION

# %% check="encoder_controls" points=2
@check
def encoder_controls(draw):
    H, W = draw.sizes(2, 3, 7)
    S = H * W
    grid = FeatureGrid(cells_hw=(H, W), input_hw=(8 * H, 8 * W), picture_hw=(40 * H, 40 * W), stride=8)
    here, *elsewhere = (draw.attention(S, S).reshape(H, W, H, W) for _ in range(4))
    cell = draw.integer(0, H - 1), draw.integer(0, W - 1)
    box_xyxy = draw.boxes_xyxy(width=40 * W, height=40 * H)
    return {
        "control map": torch.as_tensor(as_numbers(same_distance_map(here, cell))).float(),
        "masses": as_numbers(encoder_masses(here, elsewhere, cell, box_xyxy, grid)),
    }

@encoder_controls.must("the masses lie between 0 and 1")
def _(report):
    masses = report["masses"]
    return all(0 <= mass <= 1 for mass in [masses["here"], masses["equal distance"], *masses["elsewhere"]])

# %% [raw] hints="encoder_controls"
# 1. Build a table that says for every pair of cells how far apart they are, in the same shape (H, W, H, W) as
#    the weights. Then "the mean at distance d" is the mean of the weights where that table equals d.
# 2. With `y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")` the squared distances are
#    `(y[:, :, None, None] - y) ** 2 + (x[:, :, None, None] - x) ** 2`. For each place of the map take the
#    mean of `weights[squared == squared[cell][that place]]`. A row of the attention is `weights[cell]`.
# 3. `control = torch.stack([weights[squared == d].mean() for d in squared[cell].flatten()]).reshape(H, W)`;
#    masses are `measures.mass_in_box(here[cell], box_xyxy, grid)`, the same with `other[cell]`, and with
#    `control`.

# %% [raw] mistake="encoder_controls/own_rings_only"
# Only the cell's own row was averaged over rings. Its own object is in there, so this control takes nothing
# away: average over all pairs of cells in the picture that are equally far apart.
# ---
# def same_distance_map(weights, cell):
#     H, W = weights.shape[:2]
#     y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
#     squared = (y - cell[0]) ** 2 + (x - cell[1]) ** 2
#     row = weights[cell]
#     return torch.stack([row[squared == d].mean() for d in squared.flatten()]).reshape(H, W)
#
# def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
#     mass = lambda map_hw: measures.mass_in_box(map_hw, box_xyxy, grid).item()
#     return {"here": mass(here[cell]), "elsewhere": [mass(other[cell]) for other in elsewhere],
#             "equal distance": mass(same_distance_map(here, cell))}

# %% [raw] mistake="encoder_controls/city_block"
# Distances were counted along rows and columns, |dy| + |dx|. Asked for is the Euclidean distance, dy² + dx²
# under the root.
# ---
# def same_distance_map(weights, cell):
#     H, W = weights.shape[:2]
#     y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
#     steps = (y[:, :, None, None] - y).abs() + (x[:, :, None, None] - x).abs()
#     return torch.stack([weights[steps == d].mean() for d in steps[cell].flatten()]).reshape(H, W)
#
# def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
#     mass = lambda map_hw: measures.mass_in_box(map_hw, box_xyxy, grid).item()
#     return {"here": mass(here[cell]), "elsewhere": [mass(other[cell]) for other in elsewhere],
#             "equal distance": mass(same_distance_map(here, cell))}

# %% [raw] mistake="encoder_controls/sum_for_mean"
# The weights at each distance were added up, not averaged. There are many more pairs at middle distances than
# near ones, so divide by the number of pairs.
# ---
# def same_distance_map(weights, cell):
#     H, W = weights.shape[:2]
#     y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
#     squared = (y[:, :, None, None] - y) ** 2 + (x[:, :, None, None] - x) ** 2
#     return torch.stack([weights[squared == d].sum() for d in squared[cell].flatten()]).reshape(H, W)
#
# def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
#     mass = lambda map_hw: measures.mass_in_box(map_hw, box_xyxy, grid).item()
#     return {"here": mass(here[cell]), "elsewhere": [mass(other[cell]) for other in elsewhere],
#             "equal distance": mass(same_distance_map(here, cell))}

# %% [raw] mistake="encoder_controls/column_for_row"
# The masses are of who looks at the cell, its column. Where the cell itself looks is its row, weights[y, x],
# since the first two dimensions are the cell that looks.
# ---
# def same_distance_map(weights, cell):
#     H, W = weights.shape[:2]
#     y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
#     squared = (y[:, :, None, None] - y) ** 2 + (x[:, :, None, None] - x) ** 2
#     return torch.stack([weights[squared == d].mean() for d in squared[cell].flatten()]).reshape(H, W)
#
# def encoder_masses(here, elsewhere, cell, box_xyxy, grid):
#     mass = lambda map_hw: measures.mass_in_box(map_hw, box_xyxy, grid).item()
#     column = lambda weights: weights[:, :, cell[0], cell[1]]
#     return {"here": mass(column(here)), "elsewhere": [mass(column(other)) for other in elsewhere],
#             "equal distance": mass(same_distance_map(here, cell))}

# %% [markdown]
# ### Step 28 · Encoder against decoder, row against column · 3 points · 10 min · ●●●○○
# **You will be able to** put the four kinds of map into one table, fairly.
#
# Attention is `[query, key]`. A **row** says where one token looks; the softmax makes it sum to 1. A
# **column** says who looks at one token; nothing makes it sum to 1, and its total is worth knowing: it is how
# much this token is looked at. On average that is 1 for a cell in the encoder, and Q/S for a cell in the
# cross-attention, where Q rows share S columns. Four maps:
#
# | name in your dict | taken from | over |
# |---|---|---|
# | `"encoder looks at"` | the cell's row of the encoder | S cells |
# | `"encoder is looked at from"` | the cell's column of the encoder | S cells |
# | `"decoder looks at"` | the query's row of the cross-attention | S cells |
# | `"decoder is looked at from"` | the cell's column of the cross-attention | Q queries |
#
# For each report a dict with
# - `"total"`: the sum of the weights as they are;
# - `"entropy"`: of the weights **divided by their total**, over the logarithm of **the number of weights in
#   this very map** (S or Q: otherwise maps of different length cannot be compared);
# - `"lift"` in the given box, for the three maps that lie over the picture; the fourth has none, so leave the
#   key out of its dict.
#
# `measures.lift(map_hw, box_xyxy, grid)` and `measures.entropy(maps)` divide by the total and take maps (...,
# H, W); a list of Q weights becomes one by `weights[None]`, of shape (1, Q).
#
# *A tiny example.* In the 3 × 3 table above, query 0's row (.6, .3, .1) has total 1; key 0's column (.6, .2,
# .1) has total .9. Divided by it, the column is (.67, .22, .11).
#
# If stuck: `hint("comparison")`.

# %% exercise="comparison"
def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
    """Total, entropy and lift of a row and a column of the encoder's and of the cross-attention.

    encoder: (H, W, H, W), [y, x] of the cell that looks, then [y, x] of the cell looked at. cross: (Q, H, W).
    cell: (y, x). query: index. box_xyxy: (4,) pixels of grid's picture.
    Returns a dict of four dicts, with the names given above.
    """
    ### BEGIN SOLUTION
    y, x = cell
    over_picture = {
        "encoder looks at": encoder[y, x],                      # (H, W)
        "encoder is looked at from": encoder[:, :, y, x],       # (H, W)
        "decoder looks at": cross[query],                       # (H, W)
    }
    table = {
        name: {
            "total": weights.sum().item(),
            "entropy": measures.entropy(weights).item(),
            "lift": measures.lift(weights, box_xyxy, grid).item(),
        }
        for name, weights in over_picture.items()
    }
    queries = cross[:, y, x]        # (Q,)
    table["decoder is looked at from"] = {
        "total": queries.sum().item(), "entropy": measures.entropy(queries[None]).item(),
    }
    return table
    ### END SOLUTION

# %% check="comparison" points=3
@check
def comparison(draw):
    Q = draw.size(11, 19)
    H, W = draw.sizes(2, 3, 7)
    S = H * W
    grid = FeatureGrid(cells_hw=(H, W), input_hw=(8 * H, 8 * W), picture_hw=(40 * H, 40 * W), stride=8)
    return as_numbers(compare_maps(
        encoder=draw.attention(S, S).reshape(H, W, H, W), cross=draw.attention(Q, S).reshape(Q, H, W),
        cell=(draw.integer(0, H - 1), draw.integer(0, W - 1)), query=draw.integer(0, Q - 1),
        box_xyxy=draw.boxes_xyxy(width=40 * W, height=40 * H), grid=grid,
    ))

@comparison.must("rows sum to 1")
def _(table):
    return all(abs(table[name]["total"] - 1) < 1e-3 for name in ("encoder looks at", "decoder looks at"))

@comparison.must("every entropy lies between 0 and 1")
def _(table):
    return all(0 <= row["entropy"] <= 1 + 1e-4 for row in table.values())

# %% [raw] hints="comparison"
# 1. Say each map aloud with its direction first: "where cell (y, x) looks" fixes the first two dimensions of
#    the encoder's weights, "who looks at cell (y, x)" fixes the last two. In the cross-attention the first
#    dimension is the query.
# 2. The maps are `encoder[y, x]`, `encoder[:, :, y, x]`, `cross[query]` and `cross[:, y, x]`. The last has Q
#    entries, so its entropy is divided by log Q; `measures.entropy(weights[None])` does it.
# 3. For each of the first three:
#    `{"total": float(w.sum()), "entropy": float(measures.entropy(w)), "lift": float(measures.lift(w, box_xyxy, grid))}`;
#    for `w = cross[:, y, x]` only the total and `measures.entropy(w[None])`.

# %% [raw] mistake="comparison/directions_swapped"
# Row and column of the encoder are swapped. The first two dimensions are the cell that looks: weights[y, x]
# is where it looks, weights[:, :, y, x] is who looks at it.
# ---
# def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
#     y, x = cell
#     def row_of(w):
#         return {"total": w.sum().item(), "entropy": measures.entropy(w).item(),
#                 "lift": measures.lift(w, box_xyxy, grid).item()}
#     column = cross[:, y, x]
#     return {"encoder looks at": row_of(encoder[:, :, y, x]), "encoder is looked at from": row_of(encoder[y, x]),
#             "decoder looks at": row_of(cross[query]),
#             "decoder is looked at from": {"total": column.sum().item(),
#                                           "entropy": measures.entropy(column[None]).item()}}

# %% [raw] mistake="comparison/column_not_normalised"
# The columns went into the entropy as they are. They do not sum to 1, so -sum(a log a) is no entropy of them:
# divide by their total first.
# ---
# def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
#     y, x = cell
#     def entropy(w):
#         return (-torch.xlogy(w, w).sum() / torch.tensor(float(w.numel())).log()).item()
#     def row_of(w):
#         return {"total": w.sum().item(), "entropy": entropy(w), "lift": measures.lift(w, box_xyxy, grid).item()}
#     column = cross[:, y, x]
#     return {"encoder looks at": row_of(encoder[y, x]), "encoder is looked at from": row_of(encoder[:, :, y, x]),
#             "decoder looks at": row_of(cross[query]),
#             "decoder is looked at from": {"total": column.sum().item(), "entropy": entropy(column)}}

# %% [raw] mistake="comparison/one_logarithm_for_all"
# All four entropies were divided by log S, but the last map has Q entries, one per query. Even attention must
# have entropy 1 in every map, so divide each by the logarithm of its own length.
# ---
# def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
#     y, x = cell
#     S = torch.tensor(float(cross[0].numel()))
#     def entropy(w):
#         return (-torch.xlogy(w / w.sum(), w / w.sum()).sum() / S.log()).item()
#     def row_of(w):
#         return {"total": w.sum().item(), "entropy": entropy(w), "lift": measures.lift(w, box_xyxy, grid).item()}
#     column = cross[:, y, x]
#     return {"encoder looks at": row_of(encoder[y, x]), "encoder is looked at from": row_of(encoder[:, :, y, x]),
#             "decoder looks at": row_of(cross[query]),
#             "decoder is looked at from": {"total": column.sum().item(), "entropy": entropy(column)}}

# %% [raw] mistake="comparison/total_after_dividing"
# The totals were taken after dividing by them, so all of them are 1. A column's total is news: it says how
# much the cell is looked at; add the weights up as they came.
# ---
# def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
#     y, x = cell
#     def row_of(w):
#         return {"total": (w / w.sum()).sum().item(), "entropy": measures.entropy(w).item(),
#                 "lift": measures.lift(w, box_xyxy, grid).item()}
#     column = cross[:, y, x]
#     return {"encoder looks at": row_of(encoder[y, x]), "encoder is looked at from": row_of(encoder[:, :, y, x]),
#             "decoder looks at": row_of(cross[query]),
#             "decoder is looked at from": {"total": 1.0, "entropy": measures.entropy(column[None]).item()}}

# %% [markdown]
# ### All together · 0 points
# The check below runs your functions one after the other on scenes you have not seen, with the trained model.
# It gives no points; if it is right, the numbers you are about to quote in your texts are right as well.

# %% check="own_chain" points=0
shapes = load_model("shapes")

@check
def own_chain(draw):
    scene, *more = (draw_scene(draw.scene_seed(), (160, 160)) for _ in range(4))
    here, *elsewhere = (observe(shapes, each.picture) for each in (scene, *more))
    query, (H, W) = draw.integer(0, len(here.maps) - 1), here.grid.cells_hw
    cell = draw.integer(0, H - 1), draw.integer(0, W - 1)
    box = torch.tensor(scene.boxes_xyxy[0]).float()
    weights = [run.attention.encoder().weights for run in (here, *elsewhere)]
    return as_numbers({
        "mass": mass_inside(here.maps[query], box, scene.picture.size),
        "lift": lift_over_area(here.maps[query], box, scene.picture.size),
        "entropies": head_entropies(here.attention.decoder_cross(head="all", query=query)),
        "decoder": control_masses(here, elsewhere, elsewhere[0], query, [(draw.number(0, 5), draw.number(0, 5))]),
        "encoder": encoder_masses(weights[0], weights[1:], cell, box, here.grid),
        "comparison": compare_maps(weights[0], here.maps, cell, query, box, here.grid),
    })

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

# %% [markdown]
# ### Step 30 · What my picture shows · 8 points · 18 min · ●●●○○
# **You will be able to** describe attention in a picture so that a sceptic can check every sentence.
#
# First the encoder. Points 1 and 2 are where the queries of your two best detections look most, the others
# lie near two corners. **Choose your own** (x, y) in pixels: on an object, at its border, between two
# objects, on the background. The first figure shows rows (where the point looks), the second columns (who
# looks at the point: this is what the official notebook draws). The last layer is only one of several: try
# `layer=0`.

# %%
width, height = picture.size


def brightest_point(map_hw):
    """(x, y) in pixels of the centre of the cell with the largest weight."""
    row, column = divmod(int(map_hw.argmax()), here.grid.cells_hw[1])
    x0, y0, x1, y1 = here.grid.cell_box_xyxy(row, column)
    return (x0 + x1) / 2, (y0 + y1) / 2


queries_shown = [detection.query for detection in found][:2] or [query]
points = [brightest_point(here.maps[each]) for each in queries_shown]
points += [(0.06 * width, 0.06 * height), (0.94 * width, 0.94 * height)]

display(plot_encoder_attention(picture, here.attention, points, "looks at"))
display(plot_encoder_attention(picture, here.attention, points, "is looked at from"))


def encoder_table():
    """Of each point on a detected object: where it looks, against its controls."""
    weights = here.attention.encoder().weights
    others_weights = [run.attention.encoder().weights for run in elsewhere]
    for number, (point_xy, detection) in enumerate(zip(points[:2], found, strict=False), start=1):
        cell = here.grid.cell_at(point_xy)
        masses = encoder_masses(weights, others_weights, cell, detection.box_xyxy, here.grid)
        other = sorted(masses["elsewhere"])
        print(f"point {number} ({detection.name}): mass in its box {masses['here']:.2f}, "
              f"at equal distance {masses['equal distance']:.2f}")
        print(f"    the same cell in {len(other)} other pictures: median {other[len(other) // 2]:.2f}, "
              f"range {other[0]:.2f} to {other[-1]:.2f}")


attempt(encoder_table)

# %% [markdown]
# **Criterion 30a · A pattern of the encoder (2 points)**
# - 2: a pattern that can be checked in the figure (which point, where its weight goes and where not) *and* a
#   number of the own run that belongs to it.
# - 1: one of the two.
# - 0: a sentence that would fit any picture ("the encoder attends to global context").
#
# *A text in 30a to 30e that would fit any picture holds the whole of step 30 at 2 points.*

# %% [markdown] written="encoder_pattern" points=2
# Figure "looks at": the bright cells of points 1 and 2 lie on and right around the object that the point is
# on, and the other objects of the picture stay dark. Points 3 and 4 lie on the background; their weight stays
# on the background near their corner, and no object stands out in their maps.
#
# Number: in the table, the mass in the own box (first number of the line of point 1) is above the median of
# the same cell in other pictures, so the picture does matter. But the number "at equal distance" is what
# nearness alone would give, and what goes beyond it is the smaller part of the mass. So I do not say that
# this layer "finds objects": a cell looks around itself, and beyond that it prefers its own object a little.

# %% [markdown]
# Now the decoder: where the query of each detection looks, above the picture with its box. The table gives
# for each one its mass and lift in the box, its entropy, and the share of the box's mass that lies in the
# **inner quarter** (the box shrunk to half its width and height, a quarter of its area). Even attention in
# the box gives .25 there; attention to the centre gives more, attention to the extremities less.

# %%
display(plot_decoder_attention(picture, found, here.attention))
for number, detection in enumerate(found, start=1):
    map_hw, box = here.maps[detection.query], detection.box_xyxy
    x0, y0, x1, y1 = box
    inner = (3 * x0 + x1) / 4, (3 * y0 + y1) / 4, (x0 + 3 * x1) / 4, (y0 + 3 * y1) / 4
    mass, in_the_middle = (measures.mass_in_box(map_hw, each, here.grid) for each in (box, inner))
    print(f"{number} {detection.name:9} query {detection.query:3}: mass {mass:.2f}, "
          f"lift {measures.lift(map_hw, box, here.grid):5.1f}, entropy {measures.entropy(map_hw):.2f}, "
          f"inner quarter {in_the_middle / mass:.2f} of the box's mass")

# %% [markdown]
# **Criterion 30b · A pattern of the decoder (2 points)**
# - 2: a pattern that can be checked in the figure *and* a number of the own run that belongs to it. Where on
#   the object does the query look: centre, border, one part? What does it do where objects overlap?
# - 1: one of the two.
# - 0: a sentence that would fit any picture ("queries attend to their objects").

# %% [markdown] written="decoder_pattern" points=2
# Each query of my detections has one blob, and it lies on the object whose box the query predicts: in the
# table all lifts are far above 1, and most of each mass is in the box. Where the star covers a part of the
# ring the two queries keep apart: the brightest cells of one are not those of the other, although the boxes
# overlap.
#
# Inside the box the blob is not even. The column "inner quarter" is above .25 in every line, so these queries
# look at the middle of the box rather than at its border. That contradicts what the paper's figure 6 shows
# for photographs, attention on the extremities (heads, feet). I take it for a property of this small model on
# these shapes: on a map of 16 × 16 cells a whole object is only a few cells wide.

# %% [markdown]
# The controls of step 27 for the followed query. The shifted boxes are the query's own, put into those
# corners of the picture where it does not overlap itself.

# %%
def decoder_table():
    """The followed query's mass in its box, with all controls."""
    with_untrained = observe(untrained, picture)
    x0, y0, x1, y1 = here.boxes_xyxy[query].tolist()
    corners = [(dx, dy) for dx in (-x0, width - x1) for dy in (-y0, height - y1)
               if abs(dx) >= x1 - x0 or abs(dy) >= y1 - y0]
    masses = control_masses(here, elsewhere, with_untrained, query, corners)
    print(f"query {query} ({model.classes[label]}): mass in its box {masses['here']:.2f}")
    print(f"  same query, same box, {len(elsewhere)} other pictures: median {masses['median']:.2f}, "
          f"range {masses['lowest']:.2f} to {masses['highest']:.2f}")
    print(f"  boxes of equal size in the free corners: {[round(float(mass), 2) for mass in masses['shifted']]}")
    print(f"  untrained weights: {masses['untrained']:.2f} (the box's share of the area: "
          f"{float(here.grid.cover(here.boxes_xyxy[query]).mean()):.2f})")


attempt(decoder_table)

# %% [markdown]
# **Criterion 30c · Controls (2 points)**
# - 2: at least two different controls with their numbers, *and* what each of them rules out or leaves open.
# - 1: one control with its number, or two without a conclusion.
# - 0: no control, or one that changes query and box along with the picture.

# %% [markdown] written="controls" points=2
# Same query, same box, other pictures: the median is lower than the mass here, but higher than the box's
# share of the area. So two things are true at once. The query has a habit: it prefers this region whatever is
# there. And it follows the picture: with the object in place the mass is higher than this habit explains. The
# upper end of the range says how far the habit alone can go; before I lean on it I would look whether that
# picture has an object in the same place.
#
# Boxes of equal size in the free corners: far less, so the map is not just bright everywhere. Untrained
# weights: about the area's share, so nothing of this comes with the architecture. Left open: whether the
# query looks there because of the object's *shape*, or because of any blob of colour.

# %% [markdown]
# The two directions once more, in numbers: the table of step 28 for the cell at point 1 and the followed
# query.

# %%
def comparison_table():
    """compare_maps on your picture, at point 1, for the followed query and its box."""
    table = compare_maps(here.attention.encoder().weights, here.maps, here.grid.cell_at(points[0]), query,
                         here.boxes_xyxy[query], here.grid)
    print(f"{'':28}{'total':>8}{'entropy':>9}{'lift':>7}")
    for name, row in table.items():
        lift = f"{row['lift']:7.1f}" if "lift" in row else "      -"
        print(f"{name:28}{row['total']:8.2f}{row['entropy']:9.2f}{lift}")


attempt(comparison_table)

# %% [markdown]
# **Criterion 30d · Direction (1 point)**
# - 1: says for one named map which direction it shows, *and* what changes when the direction is turned, by a
#   figure or number.
# - 0: rows and columns mixed up, or the direction not said.

# %% [markdown] written="direction" points=1
# "Encoder looks at" is the row of the cell at point 1: where this cell looks; its total is 1 by the softmax.
# "Encoder is looked at from" is its column: which cells look at it; its total in the table is not 1, as this
# cell gets more or less than the average share of looks. Turned round, lift and entropy change as well (same
# table), and in the second figure the bright region of point 1 has another outline than in the first. The
# official notebook's figure is the column, so it must not be described as "where the point looks".

# %% [markdown]
# **Criterion 30e · Encoder against decoder (1 point)**
# - 1: a contrast between the two that rests on comparable numbers or figures (lift or normalised entropy, not
#   raw mass or colour).
# - 0: a contrast without evidence, or none.

# %% [markdown] written="contrast" points=1
# The encoder has a map for every cell, object or not, and uses it to build features; the decoder has one for
# every query, and uses it to read one object. "Encoder looks at" and "decoder looks at" lie over the same S
# cells, so entropy and lift can be compared: both lifts are above 1, and in both numbers the decoder's map is
# the sharper one. It also needs no starting cell, while the encoder's is tied to the neighbourhood of its own
# (see the equal-distance control).

# %% [markdown]
# ### Step 31 · An explanation, tested · 5 points · 13 min · ●●●●○
# **You will be able to** turn "the model looks there, therefore ..." into a claim that an experiment could
# have refuted.
#
# A map says where weights are large. It does not say that the model would answer differently without those
# cells. So test it: make a claim that can fail, name a rival explanation, change one thing, look at the
# outcome. Three experiments are ready; one is enough for the points, and one of your own is welcome.
#
# **Experiment 1: hide cells from the decoder.** The cells with the most attention of the followed query (10 %
# of the map) are hidden from all queries in all decoder layers. Controls: 10 % of the cells at random, and
# the same pattern of cells moved elsewhere (attended cells lie together; random ones do not). Reported: the
# score of the query's class, and the IoU of its box with the box it gave before.
#
# **Experiment 2: take the positions away**, everywhere, as zeros. Look at score and IoU separately: they need
# not fall together, and what would it tell you if only one of them did?

# %%
@contextmanager
def hidden_from_decoder(model, hidden):
    """While open, no object query can look at the cells that are True in `hidden` (H, W)."""
    def hide(module, args, kwargs):
        return args, kwargs | {"key_padding_mask": kwargs["key_padding_mask"] | hidden.flatten()}

    handles = [layer.multihead_attn.register_forward_pre_hook(hide, with_kwargs=True)
               for layer in model.transformer.decoder.layers]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def without_positions(model):
    """While open, the spatial encoding of every cell is zero, in encoder and decoder."""
    handle = model.backbone[1].register_forward_hook(lambda module, args, output: torch.zeros_like(output))
    try:
        yield
    finally:
        handle.remove()


def effect(change):
    """(score of the followed query's class, IoU of its box with the box before) while `change` is open."""
    with change:
        run = observe(model, picture)
    iou = box_iou(here.boxes_xyxy[query][None], run.boxes_xyxy[query][None])
    return run.probabilities[query, label].item(), iou.item()


def mean_effect(changes):
    """Mean score and IoU over several changes."""
    return torch.tensor([effect(change) for change in changes]).mean(0).tolist()


generator = torch.Generator().manual_seed(31)
map_hw = here.maps[query]
count = max(1, round(0.1 * map_hw.numel()))
most = (map_hw.flatten().argsort(descending=True).argsort() < count).reshape(H, W)      # rank below count
at_random = [(torch.randperm(H * W, generator=generator) < count).reshape(H, W) for _ in range(5)]
moved = [most.roll((dy, dx), (0, 1)) for dy, dx in ((H // 2, 0), (0, W // 2), (H // 2, W // 2))]

results = {
    "nothing hidden": (here.probabilities[query, label].item(), 1.0),
    f"the {count} most attended cells hidden": effect(hidden_from_decoder(model, most)),
    f"{count} cells at random hidden (mean of 5)": mean_effect(
        hidden_from_decoder(model, cells) for cells in at_random),
    "the same pattern moved (mean of 3)": mean_effect(hidden_from_decoder(model, cells) for cells in moved),
    "positions set to zero": effect(without_positions(model)),
}
print(f"query {query}, {model.classes[label]}{'':26}score   IoU with the box before")
for name, (score, iou) in results.items():
    print(f"  {name:44}{score:5.2f}  {iou:5.2f}")

# %% [markdown]
# **Experiment 3: an object in two pieces.** A black bar covers the middle of a green square, so that two
# pieces of it remain. Two claims are worth a test. *In the encoder, cells of the left piece look at the right
# piece more than at background equally far away.* *The decoder finds the half-hidden object again: one query
# has mass on both pieces.* A rival for the first claim is that cells look at whatever is **alike**. In the
# second scene the two pieces are two squares of the same colour that do not touch the bar: if the rival is
# right, they look at each other just as much. If a claim does not survive, say so: that is a result.

# %%
def scene_with_bar(one_object):
    """A black bar before the middle of one large square, or between two small ones of the same colour."""
    bar = Shape("square", (0.5, 0.5), 0.42, colour="black", stretch=14)
    if one_object:
        green = [Shape("square", (0.5, 0.5), 0.34, angle=45, colour="green")]
    else:
        green = [Shape("square", (x, 0.5), 0.15, angle=45, colour="green") for x in (0.22, 0.78)]
    return compose([*green, bar], Background("plain", "white", seed=1), size=(256, 256))


def pieces_of(scene, grid):
    """Masks (H, W) of the cells mostly on the left piece, mostly on the right one, and on background only."""
    H, W = grid.cells_hw
    *green, bar = torch.nn.functional.adaptive_avg_pool2d(torch.tensor(scene.masks).float(), (H, W))
    green = sum(green)
    is_left = torch.arange(W).expand(H, W) < W / 2
    return (green > 0.5) & is_left, (green > 0.5) & ~is_left, green + bar < 0.01


def piece_to_piece(weights, left, right, background):
    """Mean weight from the left piece's cells to the right piece, and to background equally far away."""
    H, W = left.shape
    y, x = torch.meshgrid(torch.arange(H), torch.arange(W), indexing="ij")
    to_piece, to_background = [], []
    for cell in left.nonzero().tolist():
        row, squared = weights[cell[0], cell[1]], (y - cell[0]) ** 2 + (x - cell[1]) ** 2
        for distance in squared[right].unique():
            ring = squared == distance
            if (ring & background).any():
                to_piece.append(row[ring & right].mean())
                to_background.append(row[ring & background].mean())
    return torch.stack(to_piece).mean().item(), torch.stack(to_background).mean().item()


figure, axes = plt.subplots(1, 2, figsize=(8, 4.2), layout="constrained")
for ax, one_object in zip(axes, (True, False), strict=True):
    scene = scene_with_bar(one_object)
    run, detections = observe(model, scene.picture), detect(model, scene.picture, threshold=0.5)
    left, right, background = pieces_of(scene, run.grid)
    plot_detections(scene.picture, detections, ax=ax)
    print("one square in two pieces" if one_object else "two squares")
    for name, layer in (("first", 0), ("last", -1)):
        piece, elsewhere_mean = piece_to_piece(run.attention.encoder(layer).weights, left, right, background)
        print(f"  encoder, {name} layer: left piece to right piece {piece:.4f}, "
              f"to background at equal distance {elsewhere_mean:.4f}, ratio {piece / elsewhere_mean:.1f}")
    for detection in detections:
        map_hw = run.maps[detection.query]
        print(f"  {detection.name:8} {detection.score:.2f}: mass on the left piece {map_hw[left].sum():.2f}, "
              f"on the right piece {map_hw[right].sum():.2f}")
plt.show()

# %% [markdown]
# **A switchboard, to find a claim of your own.** Each switch below takes away one head of the decoder's
# cross-attention, or one layer of the encoder; the detections follow, beside what they were. Does one head
# carry a detection, or do the others stand in for it? If you use this as your test, note the numbers, and
# switch off as many *other* heads as a control.

# %%
switch_heads(model, picture)

# %% [markdown]
# **Criterion 31a · A claim that can fail (1 point).** 1: names an outcome of an experiment that would refute
# it. 0: no possible outcome would.

# %% [markdown] written="claim" points=1
# Claim: the decoder gets this object from the cells it looks at most. If that is so, hiding the 10 % of cells
# with the most attention of the followed query lowers the score of its class, or the IoU of its box with the
# earlier box, by more than hiding as many cells anywhere else. If the score and the box stay as they are, or
# if random cells do the same harm, the claim is refuted.

# %% [markdown]
# **Criterion 31b · A rival explanation (1 point).** 1: another explanation of the same map or the same
# outcome, and what it would predict. 0: none, or one that predicts the same in every experiment.

# %% [markdown] written="rival" points=1
# Rival: any loss of 10 % of the cells upsets the decoder, because it never saw a picture with a hole; the map
# has nothing to do with it. Then 10 % at random should hurt as much. And since a compact hole may be worse
# than scattered ones, the fair version of the rival is the same pattern of cells moved elsewhere: if the
# rival is right, it hurts as much as the original.

# %% [markdown]
# **Criterion 31c · The test (2 points).** 2: numbers before and after, for the change *and* for a control
# that differs in one thing. 1: numbers without a control, or a control without numbers. 0: no test.

# %% [markdown] written="test" points=2
# Experiment 1, the table above. Before: the score in the first line, IoU 1 by definition. With the most
# attended cells hidden both numbers collapse (second line). With as many cells hidden at random they stay at
# about the first line, and so they do for the same pattern moved (third and fourth line). The change and its
# controls differ in *which* cells are hidden, not in how many or in their arrangement, and only the first
# does the harm.

# %% [markdown]
# **Criterion 31d · The conclusion (1 point).** 1: no stronger than the evidence: says what was shown, for
# what, and what remains open. 0: "proves", "always", or a conclusion about other pictures or models.

# %% [markdown] written="conclusion" points=1
# For this query in this picture the rival is refuted and the claim has survived: the answer depends on those
# cells much more than on as many others. That does not show that the *weights* are the explanation. Hiding
# keys sends the attention to cells the model would never have used, so part of the harm may come from there.
# And the encoder has mixed the cells before: what is hidden is what the memory holds at these places, not
# these pixels. One query in one picture is an example; for a rule I would repeat the table over many scenes.

# %% [markdown]
# ### Step 32 · Where it fails · 3 points · 7 min · ●●○○○
# **You will be able to** report a failure as carefully as a success.
#
# An analysis that shows only what worked is an advertisement. The cell below tries the model on a scene that
# was composed to be hard, and on a photograph, which is unlike anything it was trained on; for the scene, the
# true objects are listed with what was found of them. Change the scene, or use a failure on your own picture;
# the attention of the failing query is one line away (`plot_decoder_attention(...)`).

# %%
hard = compose(
    [
        Shape("star", (0.24, 0.26), 0.17, angle=10, colour="purple"),
        Shape("square", (0.30, 0.22), 0.15, angle=15, colour="orange"),     # hides most of the star
        Shape("circle", (0.74, 0.22), 0.035, colour="blue"),                # far smaller than any in training
        Shape("circle", (0.28, 0.74), 0.12, colour="turquoise", stretch=3),    # an ellipse: which class?
        Shape("ring", (0.72, 0.72), 0.20, colour="red"),
        Shape("ring", (0.72, 0.72), 0.11, colour="red"),                   # a ring in a ring
    ],
    Background("plain", "white", seed=2),
    size=(320, 320),
)
with get_sample_data("grace_hopper.jpg") as file:
    photograph = open_picture(file.read())
photograph.thumbnail((320, 320))

hard_found, photograph_found = (detect(model, each, threshold=0.6) for each in (hard.picture, photograph))
overlaps = box_iou(torch.tensor(hard.boxes_xyxy).float(), hard_found.boxes_xyxy)       # (T, N)
for number, name in enumerate(hard.names):
    hits = [f"{hit.name} {hit.score:.2f} (IoU {iou.max():.2f})"
            for hit, iou in zip(hard_found, overlaps.T, strict=True) if iou.argmax() == number and iou.max() > 0.5]
    print(f"hard scene, true {name:6} found as: {', '.join(hits) or 'nothing'}")
maps, grid = (run := observe(model, photograph)).maps, run.grid
for hit in photograph_found:
    print(f"photograph, no shape in truth, found: {hit.name:8} {hit.score:.2f}, attention mass in its box "
          f"{measures.mass_in_box(maps[hit.query], hit.box_xyxy, grid):.2f}")

figure, axes = plt.subplots(1, 2, figsize=(9, 4.8), layout="constrained")
plot_detections(hard.picture, hard_found, ax=axes[0])
plot_detections(photograph, photograph_found, ax=axes[1])
plt.show()

# %% [markdown]
# **Criterion 32a · A concrete failure (1 point).** 1: one object or place, what was expected, what came, with
# its number. 0: "sometimes it fails", or only successes.

# %% [markdown] written="failure" points=1
# The photograph holds none of the six shapes, so the right answer is no detection at all. The model reports
# several (the lines "photograph"). The first is a triangle with a score of 0.98, far above the threshold used
# here: it is the name plate on a uniform.

# %% [markdown]
# **Criterion 32b · A likely cause (1 point).** 1: a cause that fits this failure, and how one could test it.
# 0: "not enough training", with nothing that would show it.

# %% [markdown] written="cause" points=1
# All training pictures are drawn, and everything in them that stands out from the background *is* one of the
# six shapes; "no object" was learned on plain and patterned backgrounds only. So for this model edges and
# blobs of colour mean a shape, and a photograph is full of them. That can be tested: train on with
# photographs as scenes without objects. If this is the cause, the false detections go, and AP on drawn scenes
# stays. A cheaper test is to blur the photograph: if edges are what it answers to, the scores must fall.

# %% [markdown]
# **Criterion 32c · A limit of attention as an explanation (1 point).** 1: something about this model or your
# claim that attention maps cannot show, and why. 0: "attention explains the decision", or a general remark
# that fits any method.

# %% [markdown] written="limit" points=1
# The maps do not tell the right detections from the wrong ones. The table prints for the false detections in
# the photograph a mass in their own box of the same order as for the true ones in step 30: the query looks
# just as firmly at a shape that is not there. The map shows where weights are large, not what was read at
# that place (the values), nor what came along the residual paths, nor whether the answer is right. So I use
# maps to form hypotheses; experiments like those of step 31 decide between them.

# %% [markdown]
# ## Before you hand in
# Restart the kernel, run all cells, and read your texts once more beside the numbers that are printed *now*:
# a number in a text should be found in an output above it. Keep `my_picture.png` beside the notebook.
#
# Then save all three notebooks and press the button below: it runs them from the beginning, as a grader does, says
# what a grader will see, and packs one file to hand in.

# %%
from coursework import hand_in_button

hand_in_button()

# %% [markdown]
# ## What you have seen
# - Positions enter q and k of every attention and never v; without them the encoder is blind to order.
# - A number for a map needs a frame (pixels or cells), a size to compare with (lift, log S), and a control.
# - Other pictures show a query's habits, equal distance shows plain locality, untrained weights show the
#   architecture.
# - A row is where a token looks and sums to 1; a column is who looks at it and does not.
# - Attention suggests explanations. Experiments with a control decide between them, one picture at a time.
#
# ## Further reading
# - Carion et al. 2020, *End-to-End Object Detection with Transformers*, arXiv:2005.12872: section 3.2
#   (architecture), 4.2 (ablations: figures 3 and 6, tables 2 and 3), 4.3 (figure 7), appendix A.3 (figure
#   10).
# - Vaswani et al. 2017, *Attention Is All You Need*, arXiv:1706.03762: section 3.2, and 3.5 for sine
#   positions.
# - Jain and Wallace 2019, *Attention is not Explanation*, arXiv:1902.10186, and Wiegreffe and Pinter 2019,
#   *Attention is not not Explanation*, arXiv:1908.04626: the two sides of the question behind step 31.
# - Chefer et al. 2021, *Generic Attention-model Explainability*, arXiv:2103.15679: relevance that follows
#   values and residual paths as well, with DETR among the examples.
