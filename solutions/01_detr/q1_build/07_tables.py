# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 7 · Queries and positions to learn · 2 points · 6 min · ●●○○○
# **You will be able to** give a model tables of free, learned vectors.
#
# Three tables complete the parameters. No layer belongs to them: each row is a vector that training moves.
#
# - `query_pos` (Q, D): one row per object query. Q of them go into the decoder, Q boxes come out, and training teaches
#   each to look after certain places and sizes (figure 7 of the paper).
# - `row_embed` and `col_embed` (50, D / 2): one row per row, and one per column, of the feature map, for up to 50 of
#   each. Half the width each, because step 8 puts two of them side by side.
#
# For a tensor to be trained, and to be saved and loaded by name, it must be an `nn.Parameter`. Draw the starting values
# with `torch.rand`: rows that start equal could not be told apart.
#
# *Example.* $Q = 3$, $D = 8$: `query_pos` is (3, 8), the two position tables are (50, 4) each.
#
# `make_position_tables` returns the pair (`row_embed`, `col_embed`). If stuck: `hint("tables")`.

# %% exercise="tables"
def make_query_table(num_queries, hidden_dim):
    """query_pos: an nn.Parameter (num_queries, hidden_dim), random at the start."""
    return nn.Parameter(torch.rand(num_queries, hidden_dim))  # ____


def make_position_tables(hidden_dim, length=50):
    """row_embed, col_embed: two nn.Parameters (length, hidden_dim // 2), random at the start."""
    row_embed = nn.Parameter(torch.rand(length, hidden_dim // 2))  # ____
    col_embed = nn.Parameter(torch.rand(length, hidden_dim // 2))  # ____
    return row_embed, col_embed

# %% check="tables" points=2
@check
def tables(draw):
    num_queries, half, length = draw.sizes(3, 5, 47)
    made = [make_query_table(num_queries, 2 * half), *make_position_tables(2 * half, length)]
    module = nn.Module()
    for name, table in zip(("query_pos", "row_embed", "col_embed"), made, strict=True):
        setattr(module, name, table.cpu())  # the table itself; a blank stops here as not attempted
    rows = {name: len(table.detach().unique(dim=0)) for name, table in module.named_parameters()}
    return {"1. shapes": shapes_of(module), "2. different rows": rows}

# %% [raw] hints="tables"
# 1. A model's list of parameters contains what? A plain tensor is not in it.
# 2. nn.Parameter wraps a tensor; torch.rand(rows, columns) makes one. One row per query, or per row or column of the
#    map; half the width in the position tables.
# 3. nn.Parameter(torch.rand(…, …)) three times; the sizes are in the docstrings. Use // for the half, so that it
#    stays a whole number.

# %% [raw] mistake="tables/transposed"
# The query table lies on its side: its rows are channels. Tables are indexed by query first, so that query_pos[3] is the
# vector of query 3.
# ---
# def make_query_table(num_queries, hidden_dim):
#     return nn.Parameter(torch.rand(hidden_dim, num_queries))
# def make_position_tables(hidden_dim, length=50):
#     return nn.Parameter(torch.rand(length, hidden_dim // 2)), nn.Parameter(torch.rand(length, hidden_dim // 2))

# %% [raw] mistake="tables/tables_transposed"
# The position tables lie on their side: their rows are channels. The first index is the row or column of the feature
# map, so that row_embed[7] is the vector of row 7.
# ---
# def make_query_table(num_queries, hidden_dim):
#     return nn.Parameter(torch.rand(num_queries, hidden_dim))
# def make_position_tables(hidden_dim, length=50):
#     return nn.Parameter(torch.rand(hidden_dim // 2, length)), nn.Parameter(torch.rand(hidden_dim // 2, length))

# %% [raw] mistake="tables/full_width"
# Each position table has the transformer's full width. A cell's position is a column vector and a row vector side by
# side, so together they would be twice too wide: give each table half.
# ---
# def make_query_table(num_queries, hidden_dim):
#     return nn.Parameter(torch.rand(num_queries, hidden_dim))
# def make_position_tables(hidden_dim, length=50):
#     return nn.Parameter(torch.rand(length, hidden_dim)), nn.Parameter(torch.rand(length, hidden_dim))

# %% [raw] mistake="tables/plain_tensors"
# These are plain tensors. A model does not list them among its parameters, so no optimiser would train them and no
# weights file would bring them: make each an nn.Parameter.
# ---
# def make_query_table(num_queries, hidden_dim):
#     return torch.rand(num_queries, hidden_dim)
# def make_position_tables(hidden_dim, length=50):
#     return torch.rand(length, hidden_dim // 2), torch.rand(length, hidden_dim // 2)

# %% [raw] mistake="tables/embedding"
# nn.Embedding holds such a table too, but under the name query_pos.weight. The short DETR's weights call it query_pos:
# use an nn.Parameter, which is the table itself.
# ---
# def make_query_table(num_queries, hidden_dim):
#     return nn.Embedding(num_queries, hidden_dim)
# def make_position_tables(hidden_dim, length=50):
#     return nn.Embedding(length, hidden_dim // 2), nn.Embedding(length, hidden_dim // 2)

# %% [raw] mistake="tables/all_zero"
# All rows start equal. Then every query gives the same class and the same box, and every cell seems to lie in the same
# place: start from random numbers.
# ---
# def make_query_table(num_queries, hidden_dim):
#     return nn.Parameter(torch.zeros(num_queries, hidden_dim))
# def make_position_tables(hidden_dim, length=50):
#     return nn.Parameter(torch.zeros(length, hidden_dim // 2)), nn.Parameter(torch.zeros(length, hidden_dim // 2))

# %% [raw] mistake="tables/shared"
# Rows and columns share one table, so the model holds it only once. Row 3 and column 3 need vectors of their own, or
# cell (3, 5) and cell (5, 3) would be hard to tell apart: make two tables.
# ---
# def make_query_table(num_queries, hidden_dim):
#     return nn.Parameter(torch.rand(num_queries, hidden_dim))
# def make_position_tables(hidden_dim, length=50):
#     table = nn.Parameter(torch.rand(length, hidden_dim // 2))
#     return table, table
