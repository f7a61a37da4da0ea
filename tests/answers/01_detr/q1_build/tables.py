# %% style="an initialiser in place"
# Both position tables are unbound from one draw.
def make_query_table(num_queries, hidden_dim):
    return nn.init.uniform_(nn.Parameter(torch.empty(num_queries, hidden_dim)))


def make_position_tables(hidden_dim, length=50):
    return tuple(map(nn.Parameter, torch.rand(2, length, hidden_dim // 2).unbind()))


# %% style="line by line"
def make_query_table(num_queries, hidden_dim):
    return nn.Parameter(torch.rand(num_queries, hidden_dim))


def make_position_tables(hidden_dim, length=50):
    row_embed = nn.Parameter(torch.rand(length, hidden_dim // 2))
    col_embed = nn.Parameter(torch.rand(length, hidden_dim // 2))
    return row_embed, col_embed


# %% style="weights of embeddings"
def make_query_table(num_queries, hidden_dim):
    embedding = nn.Embedding(num_queries, hidden_dim)
    nn.init.uniform_(embedding.weight)
    return embedding.weight


def make_position_tables(hidden_dim, length=50):
    row, column = nn.Embedding(length, hidden_dim // 2), nn.Embedding(length, hidden_dim // 2)
    for table in (row, column):
        nn.init.uniform_(table.weight)
    return row.weight, column.weight


# %% style="a list that is given back"
def make_query_table(num_queries, hidden_dim):
    table = torch.rand((num_queries, hidden_dim), requires_grad=True)
    return torch.nn.parameter.Parameter(data=table.detach())


def make_position_tables(hidden_dim, length=50):
    return [nn.Parameter(torch.rand(size=(length, int(hidden_dim / 2)))) for _ in ("row", "column")]


# %% style="a list of parameters"
def make_query_table(num_queries, hidden_dim):
    table = nn.Parameter(torch.zeros(num_queries, hidden_dim))
    with torch.no_grad():
        table.copy_(torch.rand_like(table))
    return table


def make_position_tables(hidden_dim, length=50):
    row_embed, col_embed = nn.ParameterList(torch.rand(length, hidden_dim >> 1) for _ in range(2))
    return row_embed, col_embed
