# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 18 · Where each kept query looks · 4 points · 9 min · ●●●○○
# **You will be able to** turn rows of the decoder's cross-attention into maps over the picture.
#
# A row of the $(1, Q, S)$ cross-attention says how one object query shares its attention among the $S$ cells. The
# model made these $S$ tokens by `flatten`ing the $(H, W)$ feature map, row by row, so a `reshape` to $(H, W)$, in
# this order, undoes it. $H$ and $W$ are the last two sizes of the feature map.
#
# For example with $H = 2$, $W = 3$: the row 0, 1, 2, 3, 4, 5 becomes
#
# $$\begin{pmatrix} 0 & 1 & 2 \\ 3 & 4 & 5 \end{pmatrix} \qquad\text{and not}\qquad \begin{pmatrix} 0 & 2 & 4 \\ 1 & 3 & 5 \end{pmatrix}$$
#
# Return one map for each kept query, in the order in which the ids come. An id such as 17 means row 17 of the
# attention, even if it is the best detection of all.
#
# If stuck: `hint("decoder_maps")`.

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


# %% check="decoder_maps" points=4
@check
def decoder_maps(draw):
    H, W, Q = draw.sizes(3, 3, 13)
    Q += 5
    cross, features = draw.attention(1, Q, H * W), draw.normal(1, 2, H, W)
    several = draw.permutation(Q)[:3]
    while several.tolist() in ([0, 1, 2], sorted(several.tolist())):
        several = draw.permutation(Q)[:3]
    one = torch.tensor([draw.integer(1, Q - 1)])
    return {
        "three queries": as_tensor(maps_of_queries(cross.clone(), several, features)).float(),
        "one query": as_tensor(maps_of_queries(cross.clone(), one, features)).float(),
    }


@decoder_maps.must("each map sums to 1, as a row of attention does")
def _(value):
    return all(torch.allclose(maps.flatten(1).sum(1), torch.ones(()), atol=1e-3) for maps in value.values())


# %% [raw] hints="decoder_maps"
# 1. First pick the rows of the kept queries, then give each row of S numbers the shape of the feature map.
# 2. `cross[0]` takes away the batch, indexing it with the ids picks the rows, and `features.shape[-2:]` are H and W
#    in this order.
# 3. `H, W = features.shape[-2:]`, and then `cross[0, queries].reshape(-1, H, W)`.

# %% [raw] mistake="decoder_maps/width_first"
# The maps came as (W, H). Tensors count rows first, so the shape of a map is (H, W), as in the feature map it was
# flattened from.
# ---
# def maps_of_queries(cross, queries, features):
#     H, W = features.shape[-2:]
#     return cross[0, queries].reshape(-1, W, H)

# %% [raw] mistake="decoder_maps/width_first_turned"
# The shape is right but the numbers are shuffled: they were cut into rows of length H and then turned. Reshaping
# straight to (H, W) undoes the flattening; nothing has to be turned.
# ---
# def maps_of_queries(cross, queries, features):
#     H, W = features.shape[-2:]
#     return cross[0, queries].reshape(-1, W, H).transpose(1, 2)

# %% [raw] mistake="decoder_maps/ranks"
# These are the maps of queries 0, 1, 2, ...: the rank of a detection was used instead of its query's id, so the maps
# belong to other queries than the boxes.
# ---
# def maps_of_queries(cross, queries, features):
#     H, W = features.shape[-2:]
#     return cross[0, : len(queries)].reshape(-1, H, W)

# %% [raw] mistake="decoder_maps/sorted"
# These are the right maps in another order. Keep the order in which the ids come, best detection first, or maps and
# boxes no longer fit together.
# ---
# def maps_of_queries(cross, queries, features):
#     H, W = features.shape[-2:]
#     return cross[0, queries.sort().values].reshape(-1, H, W)

# %% [raw] mistake="decoder_maps/all_queries"
# These are the maps of all Q queries. Most of them found no object: pick the rows of the kept ones.
# ---
# def maps_of_queries(cross, queries, features):
#     H, W = features.shape[-2:]
#     return cross[0].reshape(-1, H, W)

# %% [markdown]
# #### Where do the queries look?
# For each detection, the map of its query above the picture with its box, as in the official notebook. Does a query
# look at the object it reports? And where within it: at the middle, or at the tips and edges? In the paper's figure 6
# the decoder of the large model looks mostly at the extremities of objects, such as heads and feet. Compare.

# %%
def show_decoder_attention(picture, threshold=0.7):
    queries, labels, probabilities, boxes_xyxy = my_detections(picture, threshold)
    image = prepare(picture, *shapes.input_size)[None]
    _, seen = look_inside(shapes, image)
    maps = as_tensor(maps_of_queries(seen["decoder"], queries, seen["features"]))

    # Each cell at its true place over the picture: it covers stride x stride pixels of the model's input.
    stride = stride_from_sizes(image.shape[-2:], maps.shape[-2:])
    width, height = picture.size
    right = maps.shape[-1] * stride * width / image.shape[-1]
    bottom = maps.shape[-2] * stride * height / image.shape[-2]

    N = len(queries)
    if N == 0:
        return "No query scores above the threshold."
    small = picture.copy()
    small.thumbnail((256, 256))  # sharp enough for a panel, and quicker to draw
    figure = new_figure((max(1.7 * N, 4.5), 3.8))
    panels = figure.subplots(2, N, squeeze=False)
    for i in range(N):
        panels[0, i].imshow(maps[i].numpy(), cmap="cividis", extent=(0, right, bottom, 0))
        panels[0, i].set(title=f"query {queries[i]} looks at", xlim=(0, width), ylim=(height, 0))
        panels[1, i].imshow(small, extent=(0, width, height, 0))
        x0, y0, x1, y1 = boxes_xyxy[i]
        for row in (0, 1):
            panels[row, i].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="white", linewidth=3))
            panels[row, i].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="black"))
            panels[row, i].set_axis_off()
        panels[1, i].set_title(f"{shapes.classes[labels[i]]} {probabilities[i]:.2f}")
    figure.suptitle("Decoder cross-attention, last layer, mean of heads")
    return figure


attempt(lambda: show_decoder_attention(sample.picture))
