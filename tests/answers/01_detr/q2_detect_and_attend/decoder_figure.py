# %% style="two rows of panels"
def draw_queries(picture, maps, queries, boxes_xyxy):
    fig, axes = plt.subplots(nrows=2, ncols=len(queries), squeeze=False, figsize=(12, 5))
    for column, (query, map_hw, box) in enumerate(zip(queries.tolist(), maps, boxes_xyxy)):
        x0, y0, x1, y1 = box.numpy()
        axes[0][column].imshow(map_hw.numpy(), interpolation="nearest")
        axes[0][column].set_title("query %d" % query)
        axes[1][column].imshow(np.asarray(picture))
        axes[1][column].add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, edgecolor="blue", facecolor="none"))
    return fig


# %% style="a row for each query, closed lines, no pyplot"
def draw_queries(picture, maps, queries, boxes_xyxy):
    figure = Figure(layout="constrained")
    panels = figure.subplots(len(maps), 2).reshape(-1, 2)
    for (left, right), map_hw, query, (x0, y0, x1, y1) in zip(panels, maps, queries, boxes_xyxy.tolist()):
        left.matshow(map_hw, vmin=0)
        left.set_ylabel(f"query {query}")
        right.imshow(picture, extent=(0, picture.width, picture.height, 0))
        right.plot([x0, x1, x1, x0, x0], [y0, y0, y1, y1, y0], "r-")
    return figure


# %% style="pair by pair in one row, the id in both panels"
def draw_queries(picture, maps, queries, boxes_xyxy):
    fig = plt.figure()
    N = len(queries)
    for i in range(N):
        one, other = fig.add_subplot(1, 2 * N, 2 * i + 1), fig.add_subplot(1, 2 * N, 2 * i + 2)
        one.imshow(maps[i].tolist(), cmap="gray")
        other.imshow(picture.convert("RGBA"))
        for axes in (one, other):
            axes.set(xticks=[], yticks=[], title=f"query {queries[i].item()}")
        (x0, y0), (x1, y1) = boxes_xyxy[i].reshape(2, 2).tolist()
        for width, colour in ((4, "white"), (1, "black")):
            other.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, fill=False, ec=colour, lw=width))
    return fig


# %% style="subfigures, first all maps, then all pictures"
def draw_queries(picture, maps, queries, boxes_xyxy):
    from matplotlib.patches import Polygon

    figure = plt.figure(figsize=(10, 5))
    upper, lower = figure.subfigures(2, 1)
    for axes, map_hw, query in zip(np.atleast_1d(upper.subplots(1, len(maps))), np.asarray(maps), np.asarray(queries)):
        axes.imshow(map_hw)
        axes.set_title(f"query {query}", loc="left")
    for axes, (x0, y0, x1, y1) in zip(np.atleast_1d(lower.subplots(1, len(maps))), np.asarray(boxes_xyxy)):
        axes.imshow(picture)
        axes.add_patch(Polygon([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], closed=True, fill=False, edgecolor="red"))
    return figure
