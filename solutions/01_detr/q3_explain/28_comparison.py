# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 28 · Encoder against decoder, row against column · 2 points · 10 min · ●●●○○
# **Goal:** compare four kinds of map fairly.
#
# A **row** says where one token looks; the softmax makes it sum to 1. A **column** says who looks at one token; its
# total is on average 1 in the encoder, and Q/S in the cross-attention.
#
# | name | what it is | over |
# |---|---|---|
# | `"encoder looks at"` | the cell's row | S cells |
# | `"encoder is looked at from"` | the cell's column | S cells |
# | `"decoder looks at"` | the query's row of the cross-attention | S cells |
# | `"decoder is looked at from"` | the cell's column of the cross-attention | Q queries |
#
# For each name (half a point) return a dict with
# - `"total"`: the sum of the weights as they are;
# - `"entropy"`: of the weights **divided by their total**, over the logarithm of **this map's own length** (S or Q);
# - `"lift"` in the given box, for the three maps that lie over the image; the fourth has no such key.
#
# `measures.lift(map_hw, box_xyxy, grid)` and `measures.entropy(maps)` divide by the total and take maps (..., H, W).
#
# *Example.* In the 3 × 3 table above, query 0's row (.6, .3, .1) has total 1; key 0's column (.6, .2, .1) has
# total .9 and, divided by it, is (.67, .22, .11).

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

# %% check="comparison" points=2
MAPS = "encoder looks at", "encoder is looked at from", "decoder looks at", "decoder is looked at from"

@check(parts=dict.fromkeys(MAPS, 0.5))
def comparison(draw):
    Q = draw.size(11, 19)
    H, W = draw.sizes(2, 3, 7)
    S = H * W
    grid = FeatureGrid(cells_hw=(H, W), input_hw=(8 * H, 8 * W), picture_hw=(40 * H, 40 * W), stride=8)
    encoder, cross = draw.attention(S, S).reshape(H, W, H, W), draw.attention(Q, S).reshape(Q, H, W)
    tables = [
        as_numbers(compare_maps(
            encoder, cross, cell=(draw.integer(0, H - 1), draw.integer(0, W - 1)), query=draw.integer(0, Q - 1),
            box_xyxy=draw.boxes_xyxy(width=40 * W, height=40 * H), grid=grid,
        ))
        for _ in range(3)
    ]
    return {name: [table.get(name) for table in tables] for name in MAPS}

@comparison.must("rows sum to 1")
def _(found):
    rows = found["encoder looks at"] + found["decoder looks at"]
    return all(abs(row["total"] - 1) < 1e-3 for row in rows)

@comparison.must("every entropy lies between 0 and 1")
def _(found):
    return all(0 <= row["entropy"] <= 1 + 1e-4 for rows in found.values() for row in rows)

# %% [raw] hints="comparison"
# 1. Say each map aloud with its direction first: "where cell (y, x) looks" fixes the first two dimensions of
#    the encoder's weights, "who looks at cell (y, x)" fixes the last two. In the cross-attention the first
#    dimension is the query.
# 2. The maps are `encoder[y, x]`, `encoder[:, :, y, x]`, `cross[query]` and `cross[:, y, x]`. The last has Q
#    entries, so its entropy is divided by log Q; `measures.entropy(weights[None])` does it.
# 3. `{"total": w.sum().item(), "entropy": measures.entropy(w).item(), "lift": ...}` for each of the first three. What is
#    the shape of `cross[:, y, x]`, and what has to happen to it before `measures.entropy` takes it?

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

# %% [raw] mistake="comparison/row_for_column"
# "Encoder is looked at from" shows the cell's row, where it looks. Its column, who looks at it, is encoder[:, :, y, x].
# ---
# def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
#     y, x = cell
#     def row_of(w):
#         return {"total": w.sum().item(), "entropy": measures.entropy(w).item(),
#                 "lift": measures.lift(w, box_xyxy, grid).item()}
#     column = cross[:, y, x]
#     return {"encoder looks at": row_of(encoder[y, x]), "encoder is looked at from": row_of(encoder[y, x]),
#             "decoder looks at": row_of(cross[query]),
#             "decoder is looked at from": {"total": column.sum().item(),
#                                           "entropy": measures.entropy(column[None]).item()}}

# %% [raw] mistake="comparison/query_for_cell"
# "Decoder is looked at from" is the query's row. Asked for is the cell's column of the cross-attention: what
# each of the Q queries gives to this cell.
# ---
# def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
#     y, x = cell
#     def row_of(w):
#         return {"total": w.sum().item(), "entropy": measures.entropy(w).item(),
#                 "lift": measures.lift(w, box_xyxy, grid).item()}
#     again = row_of(cross[query])
#     return {"encoder looks at": row_of(encoder[y, x]), "encoder is looked at from": row_of(encoder[:, :, y, x]),
#             "decoder looks at": row_of(cross[query]),
#             "decoder is looked at from": {"total": again["total"], "entropy": again["entropy"]}}

# %% [raw] mistake="comparison/mean_for_total"
# The totals are means: they were divided by the number of weights. A row's total is 1 by the softmax.
# ---
# def compare_maps(encoder, cross, cell, query, box_xyxy, grid):
#     y, x = cell
#     def row_of(w):
#         return {"total": w.mean().item(), "entropy": measures.entropy(w).item(),
#                 "lift": measures.lift(w, box_xyxy, grid).item()}
#     column = cross[:, y, x]
#     return {"encoder looks at": row_of(encoder[y, x]), "encoder is looked at from": row_of(encoder[:, :, y, x]),
#             "decoder looks at": row_of(cross[query]),
#             "decoder is looked at from": {"total": column.mean().item(),
#                                           "entropy": measures.entropy(column[None]).item()}}

# %% [raw] mistake="comparison/cell_turned"
# The cell was taken as (x, y). It comes as (y, x), as the map's dimensions do.
# ---
# - y, x = cell
# + x, y = cell

# %% [raw] mistake="comparison/lift_of_queries"
# The fourth map lies over the queries, not over the image, so it has no lift: leave the key out.
# ---
# - "total": queries.sum().item(), "entropy": measures.entropy(queries[None]).item(),
# + "total": queries.sum().item(), "entropy": measures.entropy(queries[None]).item(), "lift": None,

# %% [raw] mistake="comparison/mass_for_lift"
# These are masses. The lift is the mass over the box's share of the area: measures.lift.
# ---
# - "lift": measures.lift(weights, box_xyxy, grid).item(),
# + "lift": measures.mass_in_box(weights, box_xyxy, grid).item(),

# %% [raw] mistake="comparison/no_extra_axis"
# measures.entropy takes maps (..., H, W), and this is a list of Q weights. Give it a dimension more: weights[None].
# ---
# - "total": queries.sum().item(), "entropy": measures.entropy(queries[None]).item(),
# + "total": queries.sum().item(), "entropy": measures.entropy(queries).item(),

# %% [raw] mistake="comparison/other_names"
# The dict has none of the four names that are asked for. Write them as they stand in the table, with spaces.
# ---
# - queries = cross[:, y, x]        # (Q,)
# + table = {name.replace(" ", "_"): row for name, row in table.items()}
# + queries = cross[:, y, x]        # (Q,)
# - table["decoder is looked at from"] = {
# + table["decoder_is_looked_at_from"] = {

# %% [raw] mistake="comparison/query_ignored"
# "Decoder looks at" is the mean over all queries. Asked for is the row of one, cross[query].
# ---
# - "decoder looks at": cross[query],                       # (H, W)
# + "decoder looks at": cross.mean(0),                       # (H, W)

# %% [raw] mistake="comparison/decoder_directions_swapped"
# Row and column of the cross-attention are swapped: cross[query] is where the query looks, cross[:, y, x] is who looks
# at the cell.
# ---
# - return table
# + one, other = "decoder looks at", "decoder is looked at from"
# + table[one], table[other] = table[other], table[one]
# + return table
