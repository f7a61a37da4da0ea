# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 7 · Queries and positions to learn · 2 points · 6 min · ●●○○○
# **Goal:** give a model tables of learned vectors.
#
# Three tables belong to no layer:
#
# - `query_pos`: one row per object query, as wide as the transformer. Each query comes to specialise on certain places
#   and sizes (figure 7 of the paper).
# - `row_embed` and `col_embed`: one row per row, and one per column, of the feature map, for up to 50 of each. A row of
#   one and a row of the other, side by side, are as wide as the transformer.
#
# What is trained, and saved and loaded by name, must be an `nn.Parameter`. Draw the starting values with `torch.rand`.

# %% exercise="tables"
def make_query_table(num_queries, hidden_dim):
    """query_pos: an nn.Parameter with a row per query, random at the start."""
    return nn.Parameter(torch.rand(num_queries, hidden_dim))  # ____


def make_position_tables(hidden_dim):
    """row_embed, col_embed: two nn.Parameters with 50 rows each, random at the start."""
    row_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))  # ____
    col_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))  # ____
    return row_embed, col_embed

# %% check="tables" points=2
@check(parts={"1. query_pos": 1, "2. row_embed and col_embed": 1})
def tables(draw):
    num_queries, half = draw.sizes(2, 5, 47)
    draw.name(Q=num_queries, D=2 * half)

    def facts(table):
        numbers = getattr(table, "weight", table).detach()  # an nn.Embedding keeps its table there
        return {"kind": type(table).__name__, "shape": list(numbers.shape),
                "different rows": len(numbers.unique(dim=0)),
                "all numbers in 0..1": bool((numbers >= 0).all() and (numbers <= 1).all()),
                "trained": isinstance(table, nn.Parameter) and table.requires_grad}

    def both():
        row_embed, col_embed = make_position_tables(2 * half)
        alike = row_embed is col_embed and "one table" or row_embed.equal(col_embed) and "the same numbers"
        return {"row_embed": facts(row_embed), "col_embed": facts(col_embed),
                "in both": alike or "different numbers"}

    return {"1. query_pos": attempted(lambda: facts(make_query_table(num_queries, 2 * half))),
            "2. row_embed and col_embed": attempted(both)}

# %% [raw] hints="tables"
# 1. What does a model's list of parameters contain? A plain tensor is not in it.
# 2. nn.Parameter wraps a tensor; torch.rand(rows, columns) makes one. How wide may a position table be if two of them,
#    side by side, are to be hidden_dim wide?
# 3. nn.Parameter(torch.rand(…, …)) three times. Use // for the half, so that it stays a whole number.

# %% [raw] mistake="tables/transposed"
# The query table lies on its side: its rows are channels. Tables are indexed by query first, so that query_pos[3] is the
# vector of query 3.
# ---
# - return nn.Parameter(torch.rand(num_queries, hidden_dim))
# + return nn.Parameter(torch.rand(hidden_dim, num_queries))

# %% [raw] mistake="tables/query_half_width"
# The query table has half the width. Only the position tables are halved, since two of them stand side by side; a query
# is as wide as a token.
# ---
# - return nn.Parameter(torch.rand(num_queries, hidden_dim))
# + return nn.Parameter(torch.rand(num_queries, hidden_dim // 2))

# %% [raw] mistake="tables/tables_transposed"
# The position tables lie on their side: their rows are channels. The first index is the row or column of the feature
# map, so that row_embed[7] is the vector of row 7.
# ---
# - row_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# - col_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# + row_embed = nn.Parameter(torch.rand(hidden_dim // 2, 50))
# + col_embed = nn.Parameter(torch.rand(hidden_dim // 2, 50))

# %% [raw] mistake="tables/full_width"
# The position tables have the full width D each. A row's and a column's vector stand side by side, so together they
# would be 2 D wide: each gets half.
# ---
# - row_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# - col_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# + row_embed = nn.Parameter(torch.rand(50, hidden_dim))
# + col_embed = nn.Parameter(torch.rand(50, hidden_dim))

# %% [raw] mistake="tables/row_full_width"
# The row table has the full width D. Beside a column's vector it would be too wide: each of the two tables gets half.
# ---
# - row_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# + row_embed = nn.Parameter(torch.rand(50, hidden_dim))

# %% [raw] mistake="tables/plain_tensors"
# These are plain tensors. A model does not list them among its parameters, so no optimiser would train them and no
# weights file would bring them: make each an nn.Parameter.
# ---
# - return nn.Parameter(torch.rand(num_queries, hidden_dim))
# + return torch.rand(num_queries, hidden_dim)
# - row_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# - col_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# + row_embed = torch.rand(50, hidden_dim // 2)
# + col_embed = torch.rand(50, hidden_dim // 2)

# %% [raw] mistake="tables/query_plain"
# The query table is a plain tensor. A model does not list it among its parameters, so no optimiser would train it and no
# weights file would bring it: make it an nn.Parameter.
# ---
# - return nn.Parameter(torch.rand(num_queries, hidden_dim))
# + return torch.rand(num_queries, hidden_dim)

# %% [raw] mistake="tables/rows_plain"
# The row table is a plain tensor. A model does not list it among its parameters: make it an nn.Parameter.
# ---
# - row_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# + row_embed = torch.rand(50, hidden_dim // 2)

# %% [raw] mistake="tables/columns_plain"
# The column table is a plain tensor. A model does not list it among its parameters: make it an nn.Parameter.
# ---
# - col_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# + col_embed = torch.rand(50, hidden_dim // 2)

# %% [raw] mistake="tables/positions_plain"
# The position tables are plain tensors. A model does not list them among its parameters: make each an nn.Parameter.
# ---
# - row_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# - col_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# + row_embed = torch.rand(50, hidden_dim // 2)
# + col_embed = torch.rand(50, hidden_dim // 2)

# %% [raw] mistake="tables/embedding"
# The query table is an nn.Embedding. That is such a table, but its numbers are called query_pos.weight, and the short
# DETR's weights call them query_pos: use an nn.Parameter, which is the table itself.
# ---
# - return nn.Parameter(torch.rand(num_queries, hidden_dim))
# + return nn.Embedding(num_queries, hidden_dim)

# %% [raw] mistake="tables/positions_embedding"
# The position tables are nn.Embeddings. Their numbers are called row_embed.weight, and the short DETR's weights call
# them row_embed: use nn.Parameters, which are the tables themselves.
# ---
# - row_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# - col_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# + row_embed = nn.Embedding(50, hidden_dim // 2)
# + col_embed = nn.Embedding(50, hidden_dim // 2)

# %% [raw] mistake="tables/all_zero"
# All rows of the query table start equal, so at first all queries give the same class and the same box. Training can
# still part them, since the loss matches them to different objects; but the short DETR starts from torch.rand, as the
# task asks.
# ---
# - return nn.Parameter(torch.rand(num_queries, hidden_dim))
# + return nn.Parameter(torch.zeros(num_queries, hidden_dim))

# %% [raw] mistake="tables/positions_all_zero"
# All rows of the position tables start at zero, so at first the model knows no places. Training can still part them, since
# each row's cells show something else; but the short DETR starts from torch.rand, as the task asks.
# ---
# - row_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# - col_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# + row_embed = nn.Parameter(torch.zeros(50, hidden_dim // 2))
# + col_embed = nn.Parameter(torch.zeros(50, hidden_dim // 2))

# %% [raw] mistake="tables/normal"
# The numbers come from a normal distribution, as torch.randn draws them; the short DETR's tables start from torch.rand,
# uniform in 0..1.
# ---
# - return nn.Parameter(torch.rand(num_queries, hidden_dim))
# + return nn.Parameter(torch.randn(num_queries, hidden_dim))
# - row_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# - col_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# + row_embed = nn.Parameter(torch.randn(50, hidden_dim // 2))
# + col_embed = nn.Parameter(torch.randn(50, hidden_dim // 2))

# %% [raw] mistake="tables/query_normal"
# The query table's numbers come from a normal distribution, as torch.randn draws them; the short DETR's tables start
# from torch.rand, uniform in 0..1.
# ---
# - return nn.Parameter(torch.rand(num_queries, hidden_dim))
# + return nn.Parameter(torch.randn(num_queries, hidden_dim))

# %% [raw] mistake="tables/positions_normal"
# The position tables' numbers come from a normal distribution, as torch.randn draws them; the short DETR's tables start
# from torch.rand, uniform in 0..1.
# ---
# - row_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# - col_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# + row_embed = nn.Parameter(torch.randn(50, hidden_dim // 2))
# + col_embed = nn.Parameter(torch.randn(50, hidden_dim // 2))

# %% [raw] mistake="tables/frozen"
# requires_grad=False freezes the query table: no training would change it.
# ---
# - return nn.Parameter(torch.rand(num_queries, hidden_dim))
# + return nn.Parameter(torch.rand(num_queries, hidden_dim), requires_grad=False)

# %% [raw] mistake="tables/shared"
# Rows and columns share one table. Row 3 and column 3 would have the same vector, so a cell's row and column are not told
# apart as well as they could be: make two tables.
# ---
# - row_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# - col_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# + row_embed = col_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))

# %% [raw] mistake="tables/equal_tables"
# Both position tables start from the same numbers, so row 3 and column 3 are alike: draw twice.
# ---
# - col_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# + col_embed = nn.Parameter(row_embed.detach().clone())

# %% [raw] mistake="tables/float_size"
# `/` gives a float, and sizes are whole numbers: use `//` for the half.
# ---
# - row_embed = nn.Parameter(torch.rand(50, hidden_dim // 2))
# + row_embed = nn.Parameter(torch.rand(50, hidden_dim / 2))

# %% [raw] mistake="tables/no_tensor"
# nn.Parameter was given sizes. It wraps a tensor, which torch.rand makes from the sizes.
# ---
# - return nn.Parameter(torch.rand(num_queries, hidden_dim))
# + return nn.Parameter(num_queries, hidden_dim)
