# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 18 · Where each kept query looks · 2 points · 6 min · ●●○○○
# **Goal:** turn rows of the decoder's cross-attention into maps over the image.
#
# A row of the $(1, Q, S)$ cross-attention says how one object query shares its attention among the $S$ cells. They were
# made by `flatten`ing the $(H, W)$ feature map, row by row; a `reshape` undoes it.
#
# *Example.* With $H = 2$, $W = 3$ the row 0, 1, 2, 3, 4, 5 becomes `[[0, 1, 2], [3, 4, 5]]`, and not
# `[[0, 2, 4], [1, 3, 5]]`.
#
# Return one map for each kept query, in the order of the ids. The id 17 means row 17, whatever its rank.

# %% exercise="decoder_maps"
def maps_of_queries(cross, queries, features):
    """Maps over the cells: where each of the given queries looks.

    cross: (1, Q, S) cross-attention, [query, key]. queries: (N,) ids of queries.
    features: (1, C, H, W), S = H * W. Returns (N, H, W).
    """
    ### BEGIN SOLUTION
    H, W = features.shape[-2:]
    return cross[0, queries].reshape(-1, H, W)  # (N, S) -> (N, H, W)
    ### END SOLUTION


# %% check="decoder_maps" points=2
@check
def decoder_maps(draw):
    H, W, Q = draw.sizes(3, 3, 13)
    Q += 5
    draw.name(H=H, W=W, Q=Q, S=H * W)
    cross, features = draw.attention(1, Q, H * W), draw.normal(1, 2, H, W)
    several = draw.permutation(Q)[:3]
    while several.tolist() in ([0, 1, 2], sorted(several.tolist())):
        several = draw.permutation(Q)[:3]
    one = torch.tensor([draw.integer(3, Q - 1)])
    return {
        "three queries": attempted(lambda: as_tensor(maps_of_queries(cross.clone(), several, features)).float()),
        "one query": attempted(lambda: as_tensor(maps_of_queries(cross.clone(), one, features)).float()),
    }


@decoder_maps.must("each map sums to 1, as a row of attention does")
def _(value):
    return all(torch.allclose(maps.flatten(1).sum(1), torch.ones(()), atol=1e-3) for maps in value.values())


# %% [raw] hints="decoder_maps"
# 1. First pick the rows of the kept queries, then give each row of S numbers the shape of the feature map.
# 2. `cross[0]` takes away the batch, indexing it with the ids picks the rows, and `features.shape[-2:]` are H and W
#    in this order.
# 3. `H, W = features.shape[-2:]`, and then `cross[0, ...].reshape(-1, H, W)`, with the rows that are asked for.

# %% [raw] mistake="decoder_maps/width_first"
# The maps came as (W, H). Tensors count rows first, so the shape of a map is (H, W), as in the feature map it was
# flattened from.
# ---
# - return cross[0, queries].reshape(-1, H, W)  # (N, S) -> (N, H, W)
# + return cross[0, queries].reshape(-1, W, H)

# %% [raw] mistake="decoder_maps/width_first_turned"
# The shape is right but the numbers are shuffled: they were cut into rows of length H and then turned. Reshaping
# straight to (H, W) undoes the flattening; nothing has to be turned.
# ---
# - return cross[0, queries].reshape(-1, H, W)  # (N, S) -> (N, H, W)
# + return cross[0, queries].reshape(-1, W, H).transpose(1, 2)

# %% [raw] mistake="decoder_maps/ranks"
# These are the maps of queries 0, 1, 2, ...: the rank of a detection was used instead of its query's id, so the maps
# belong to other queries than the boxes.
# ---
# - return cross[0, queries].reshape(-1, H, W)  # (N, S) -> (N, H, W)
# + return cross[0, : len(queries)].reshape(-1, H, W)

# %% [raw] mistake="decoder_maps/sorted"
# These are the right maps in another order. Keep the order in which the ids come, best detection first, or maps and
# boxes no longer fit together.
# ---
# - return cross[0, queries].reshape(-1, H, W)  # (N, S) -> (N, H, W)
# + return cross[0, queries.sort().values].reshape(-1, H, W)

# %% [raw] mistake="decoder_maps/all_queries"
# These are the maps of all Q queries. Most of them found no object: pick the rows of the kept ones.
# ---
# - return cross[0, queries].reshape(-1, H, W)  # (N, S) -> (N, H, W)
# + return cross[0].reshape(-1, H, W)

# %% [raw] mistake="decoder_maps/first_only"
# Only the first query's map was returned. All that are asked for are wanted.
# ---
# - return cross[0, queries].reshape(-1, H, W)  # (N, S) -> (N, H, W)
# + return cross[0, queries[0]].reshape(1, H, W)

# %% [raw] mistake="decoder_maps/averaged"
# The maps of all given queries were averaged into one. Each query keeps its own.
# ---
# - return cross[0, queries].reshape(-1, H, W)  # (N, S) -> (N, H, W)
# + return cross[0, queries].mean(0).reshape(1, H, W)

# %% [raw] mistake="decoder_maps/keys_for_queries"
# The ids were looked up among the cells, the keys. Attention is [query, key]: object queries are its rows.
# ---
# - return cross[0, queries].reshape(-1, H, W)  # (N, S) -> (N, H, W)
# + return cross[0][:, queries].T.reshape(-1, H, W)

# %% [raw] mistake="decoder_maps/batch_indexed"
# The ids were looked up along the batch. Take the one image first, `cross[0]`, or index both: `cross[0, queries]`.
# ---
# - return cross[0, queries].reshape(-1, H, W)  # (N, S) -> (N, H, W)
# + return cross[queries].reshape(-1, H, W)

# %% [raw] mistake="decoder_maps/squeezed"
# With a single query its axis is squeezed away. (1, H, W) is asked for: one map is a stack of one.
# ---
# - return cross[0, queries].reshape(-1, H, W)  # (N, S) -> (N, H, W)
# + return cross[0, queries].reshape(-1, H, W).squeeze()

# %% [raw] mistake="decoder_maps/batch_kept"
# The axis for the batch is still there. (N, H, W) is asked for.
# ---
# - return cross[0, queries].reshape(-1, H, W)  # (N, S) -> (N, H, W)
# + return cross[:, queries].reshape(1, -1, H, W)

# %% [raw] mistake="decoder_maps/queries_last"
# The numbers were poured into (H, W, N), which mixes the queries. Reshape to (N, H, W).
# ---
# - return cross[0, queries].reshape(-1, H, W)  # (N, S) -> (N, H, W)
# + return cross[0, queries].reshape(H, W, -1).permute(2, 0, 1)

# %% [raw] mistake="decoder_maps/rescaled"
# Each map was divided by its largest weight. Leave the weights as they are: they say how much of its attention a query
# spends on a cell.
# ---
# - return cross[0, queries].reshape(-1, H, W)  # (N, S) -> (N, H, W)
# + maps = cross[0, queries].reshape(-1, H, W)
# + return maps / maps.amax(dim=(1, 2), keepdim=True)

# %% [raw] mistake="decoder_maps/rescaled_together"
# The maps were divided by the largest weight of all of them. Leave the weights as they are: they say how much of its
# attention a query spends on a cell.
# ---
# - return cross[0, queries].reshape(-1, H, W)  # (N, S) -> (N, H, W)
# + maps = cross[0, queries].reshape(-1, H, W)
# + return maps / maps.max()

# %% [raw] mistake="decoder_maps/wrong_sizes"
# Channels and rows were taken for H and W. These are the last two sizes of (1, C, H, W).
# ---
# - H, W = features.shape[-2:]
# - return cross[0, queries].reshape(-1, H, W)  # (N, S) -> (N, H, W)
# + _, H, W, _ = features.shape
# + return cross[0, queries].view(-1, H, W)
