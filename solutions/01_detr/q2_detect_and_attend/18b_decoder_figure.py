# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 18b · Draw where the queries look · 2 points · 12 min · ●●●○○
# **Goal:** show each map with the object that its query reports.
#
# Draw **two panels for each query**, in the order of the queries: its map with `imshow`, as it is, under the title
# `query 17` (its id), and the image with the outline of its box. There may be just one query: `plt.subplots(2, 1)`
# gives a *row* of axes then, unless you say `squeeze=False`.

# %% exercise="decoder_figure"
def draw_queries(picture, maps, queries, boxes_xyxy):
    """A matplotlib Figure with two panels for each query: its map, and the image with its box.

    picture: PIL. maps: (N, H, W). queries: (N,) ids. boxes_xyxy: (N, 4) corners in pixels. N is 1 or more.
    """
    ### BEGIN SOLUTION
    N = len(queries)
    figure, panels = plt.subplots(2, N, figsize=(max(1.7 * N, 3.4), 3.6), squeeze=False, layout="constrained")
    for i, (x0, y0, x1, y1) in enumerate(boxes_xyxy.tolist()):
        panels[0, i].imshow(maps[i], cmap="cividis")
        panels[0, i].set_title(f"query {int(queries[i])}", fontsize=9)
        panels[0, i].set_axis_off()
        panels[1, i].imshow(picture)
        panels[1, i].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
        panels[1, i].set_axis_off()
    return figure
    ### END SOLUTION


# %% check="decoder_figure" points=2
def which_map(shown, maps):
    """Which of the maps (N, H, W) a panel shows, whatever it was multiplied by; -1 where it is none."""
    def scaled(map_hw):
        return (map_hw - map_hw.mean()) / map_hw.std().clamp(min=1e-9)

    return next((i for i, one in enumerate(maps)
                 if one.shape == shown.shape and (scaled(one) - scaled(shown)).abs().max() < 0.02), -1)


def queries_as_drawn(draw, N):
    """What a figure of N queries shows: its maps, their titles, the boxes, the image."""
    (H, W), (width, height) = draw.sizes(2, 3, 7), draw.sizes(2, 31, 47)
    picture, maps = four_colours(draw, width, height), draw.attention(N, H * W).reshape(N, H, W)
    boxes_xyxy = draw.boxes_xyxy(N, width=width, height=height)
    queries = 20 + draw.permutation(70)[:N]
    figure = draw_queries(picture, maps, queries, boxes_xyxy)
    if figure is ____:
        return {"maps": ____, "boxes": ____}
    if figure is None:
        return None
    shown, titles, places, colours, boxes = [], [-1] * N, [], [], []
    for axes in drawn_axes(figure):
        for image in drawn_images(axes):
            if image["data"].ndim == 2:
                shown.append(image["data"])
                which = which_map(image["data"], maps)
                places.append((axes, which))
                numbers = re.findall(r"\d+", " ".join([*drawn_texts(axes), axes.get_xlabel(), axes.get_ylabel()]))
                place = which if which >= 0 else len(places) - 1  # a map that is none of these has a title, too
                if place < N and numbers:
                    titles[place] = int(numbers[0])
        seen = drawn_colours(axes, quarters(width, height))
        if not seen.isnan().any():
            colours.append(seen)
            boxes += [(axes, number_of(box, boxes_xyxy)) for box in each_once(drawn_boxes(axes))]
    by_first = sorted(shown, key=lambda map_hw: float(map_hw[0, 0]))
    return {
        "maps": {"maps": by_first, "in the order": as_read(places), "query above each map": titles},
        "boxes": {
            "boxes on the images": len(boxes),
            "in the order": as_read(boxes),
            "colours of the image": colours[:1],
        },
    }


@check(parts={"maps": 1, "boxes": 1})
def decoder_figure(draw):
    found = {"maps": {}, "boxes": {}}
    for case, N in (("three queries", 3), ("one query", 1)):
        drawn = attempted(lambda N=N: queries_as_drawn(draw, N))
        if drawn is None:
            return None
        for part in found:
            found[part][case] = drawn[part] if isinstance(drawn, dict) else drawn
    return found


# %% [raw] hints="decoder_figure"
# 1. N columns and two rows: the map of a query above, the image with its box below. A loop over the queries fills one
#    column in each turn.
# 2. `figure, panels = plt.subplots(2, N, squeeze=False)` gives panels[row, column] also where N = 1. On a panel:
#    `imshow`, `set_title`, `add_patch`.
# 3. In the loop: `panels[0, i].imshow(maps[i])`, `panels[0, i].set_title(f"query {queries[i]}")`,
#    `panels[1, i].imshow(picture)`, and on this one the rectangle of step 16, for `boxes_xyxy[i]`. Return the figure.

# %% [raw] mistake="decoder_figure/one_query"
# It stops at a single query: `plt.subplots(2, 1)` gives two axes in a row, not a table. `squeeze=False` keeps both
# indices.
# ---
# - figure, panels = plt.subplots(2, N, figsize=(max(1.7 * N, 3.4), 3.6), squeeze=False, layout="constrained")
# + figure, panels = plt.subplots(2, N, figsize=(max(1.7 * N, 3.4), 3.6), layout="constrained")

# %% [raw] mistake="decoder_figure/one_column"
# It stops at a single query, as the official notebook does: `plt.subplots(nrows=2, ncols=1)` gives two axes, so that each
# "column" of their transpose is a single axes. `squeeze=False` keeps the table.
# ---
# - figure, panels = plt.subplots(2, N, figsize=(max(1.7 * N, 3.4), 3.6), squeeze=False, layout="constrained")
# + figure, panels = plt.subplots(2, N, figsize=(max(1.7 * N, 3.4), 3.6), layout="constrained")
# - panels[0, i].imshow(maps[i], cmap="cividis")
# + panels.T[i][0].imshow(maps[i], cmap="cividis")

# %% [raw] mistake="decoder_figure/ranks"
# The titles count 0, 1, 2, ... The id of a query is its place in the model's output, `queries[i]`.
# ---
# - panels[0, i].set_title(f"query {int(queries[i])}", fontsize=9)
# + panels[0, i].set_title(f"query {i}")

# %% [raw] mistake="decoder_figure/no_titles"
# No panel says which query its map belongs to. Give each map a title with its id.
# ---
# - panels[0, i].imshow(maps[i], cmap="cividis")
# - panels[0, i].set_title(f"query {int(queries[i])}", fontsize=9)
# + panels[0, i].imshow(maps[i], cmap="cividis")

# %% [raw] mistake="decoder_figure/same_map"
# All panels show the map of the first query. Take the next one in each turn of the loop.
# ---
# - panels[0, i].imshow(maps[i], cmap="cividis")
# + panels[0, i].imshow(maps[0])

# %% [raw] mistake="decoder_figure/map_by_id"
# The ids were used to index the maps. `maps` holds one map for each *kept* query, in their order: its i-th map belongs
# to `queries[i]`.
# ---
# - panels[0, i].imshow(maps[i], cmap="cividis")
# + panels[0, i].imshow(maps[queries[i]])

# %% [raw] mistake="decoder_figure/maps_turned"
# The maps were transposed: what is on the left in the image would be at the top in the map. `imshow` wants (rows,
# columns), as the maps are.
# ---
# - panels[0, i].imshow(maps[i], cmap="cividis")
# + panels[0, i].imshow(maps[i].T)

# %% [raw] mistake="decoder_figure/upside_down"
# The maps stand on their head: `origin="lower"` puts their first row at the bottom. Leave it out.
# ---
# - panels[0, i].imshow(maps[i], cmap="cividis")
# + panels[0, i].imshow(maps[i], origin="lower")

# %% [raw] mistake="decoder_figure/maps_rescaled"
# Each map was divided by its largest weight. Draw the weights as they are: `imshow` takes the smallest for the darkest
# colour and the largest for the brightest by itself.
# ---
# - panels[0, i].imshow(maps[i], cmap="cividis")
# + panels[0, i].imshow(maps[i] / maps[i].max())

# %% [raw] mistake="decoder_figure/maps_stretched"
# Each map was stretched to 0..1, from its smallest to its largest weight. Draw the weights as they are: `imshow` takes
# the smallest for the darkest colour and the largest for the brightest by itself.
# ---
# - panels[0, i].imshow(maps[i], cmap="cividis")
# + panels[0, i].imshow((maps[i] - maps[i].min()) / (maps[i].max() - maps[i].min()))

# %% [raw] mistake="decoder_figure/maps_reversed"
# Maps and boxes come in different orders, so a map stands with the box of another query.
# ---
# - panels[0, i].imshow(maps[i], cmap="cividis")
# - panels[0, i].set_title(f"query {int(queries[i])}", fontsize=9)
# + panels[0, i].imshow(maps[N - 1 - i])
# + panels[0, i].set_title(f"query {int(queries[N - 1 - i])}")

# %% [raw] mistake="decoder_figure/corner_as_size"
# The right and lower edge were given as width and height. `Rectangle` wants the size: x1 - x0 and y1 - y0.
# ---
# - panels[1, i].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
# + panels[1, i].add_patch(Rectangle((x0, y0), x1, y1, fill=False))

# %% [raw] mistake="decoder_figure/all_boxes"
# Every panel shows all boxes, so nobody sees which one belongs to the map. Draw the box of its query only.
# ---
# - panels[1, i].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
# + for x0, y0, x1, y1 in boxes_xyxy.tolist():
# +     panels[1, i].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False))

# %% [raw] mistake="decoder_figure/same_box"
# All images show the box of the first query. Take the next one in each turn of the loop.
# ---
# - for i, (x0, y0, x1, y1) in enumerate(boxes_xyxy.tolist()):
# + x0, y0, x1, y1 = boxes_xyxy[0].tolist()
# + for i in range(N):

# %% [raw] mistake="decoder_figure/no_boxes"
# No box is seen on the images: draw the outline of each on the image of its query. On the map, which counts cells, a box
# in pixels means nothing.
# ---
# - panels[1, i].imshow(picture)
# - panels[1, i].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, edgecolor="red", linewidth=2))
# + panels[1, i].imshow(picture)

# %% [raw] mistake="decoder_figure/no_picture"
# The image is missing: show it in the panel with the box.
# ---
# - panels[1, i].imshow(picture)
# + panels[1, i].set(xlim=(0, picture.width), ylim=(picture.height, 0))

# %% [markdown]
# #### Where do the queries look?
# At the middle of their objects, or at tips and edges? In the paper's figure 6 the decoder of the large model looks
# mostly at extremities, such as heads and feet.

# %%
def show_decoder_attention(picture, threshold=0.7):
    queries, _, _, boxes_xyxy = my_detections(picture, threshold)
    if len(queries) == 0:
        return "No query scores above the threshold."
    _, seen = look_inside(shapes, prepare(picture, *shapes.input_size)[None])
    maps = as_tensor(maps_of_queries(seen["decoder"], queries, seen["features"]))
    figure = draw_queries(picture, maps, queries, boxes_xyxy)
    plt.close(figure)  # the cell shows the figure that it ends in; pyplot would show it a second time
    return figure


MINE = ("resize", "scores", "kept", "corners", "pixels", "hooks", "decoder_maps", "decoder_figure")
attempt(lambda: show_decoder_attention(sample.picture), after=MINE)
