# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 21 · The four-point figure · 2 points · 12 min · ●●●○○
# **You will be able to** make the best-known figure of DETR (its figure 3), with nothing shifted, turned or
# mislabelled.
#
# Draw one figure with one picture and, around or beside it, one map for each of four points:
#
# - the picture in pixels, `imshow(picture)`, with a **circle** (or a marker) at each point. The points come as
#   **fractions** of the picture, so that the same four serve for pictures of any size: scale them to pixels;
# - the maps with `imshow`, as they are, in panels of their own;
# - the **direction** in a title, word for word as it is given: "looks at" or "is looked at from".
#
# In a picture of 640 x 480 pixels, for example, the point (0.25, 0.5) is drawn at $x = 160$, $y = 240$.
#
# If stuck: `hint("four_points")`.

# %% exercise="four_points"
def draw_points(picture, points_01, maps, direction):
    """A matplotlib Figure: the picture with a circle at each point, and the map of each point.

    picture: PIL. points_01: four points (x, y), fractions 0..1 of the picture's width and height.
    maps: four (H, W) tensors, one for each point. direction: "looks at" or "is looked at from".
    """
    ### BEGIN SOLUTION
    figure = plt.figure(figsize=(7.0, 3.6), layout="constrained")
    figure.suptitle("Encoder self-attention, last layer, mean of heads")
    panels = figure.subplot_mosaic([[0, "picture", "picture", 2], [1, "picture", "picture", 3]])
    panels["picture"].imshow(picture)
    panels["picture"].set_axis_off()
    width, height = picture.size
    for i, ((x, y), map_hw) in enumerate(zip(points_01, maps, strict=True)):
        x, y = x * width, y * height
        panels["picture"].add_patch(Circle((x, y), 0.02 * width, facecolor="white", edgecolor="black"))
        panels["picture"].text(x + 0.03 * width, y, f"{i + 1}", va="center", bbox={"facecolor": "white", "pad": 1.5})
        panels[i].imshow(np.asarray(map_hw), cmap="cividis")
        panels[i].set(xticks=[], yticks=[])
        panels[i].set_title(f"point {i + 1} {direction}", fontsize=9)
    return figure
    ### END SOLUTION


# %% check="four_points" points=2
@check
def four_points(draw):
    (H, W), (width, height) = draw.sizes(2, 3, 7), draw.sizes(2, 31, 47)
    picture = Image.new("RGB", (width, height))
    points = [(x, y) for x, y in draw.uniform(4, 2, low=0.1, high=0.9).tolist()]
    direction = draw.choice(("looks at", "is looked at from"))
    figure = draw_points(picture, points, list(draw.uniform(4, H, W)), direction)
    if figure is ____:
        return ____
    circles, maps, pictures = [], [], []
    for axes in drawn_axes(figure):
        images = [image["data"] for image in drawn_images(axes)]
        if any(image.ndim == 3 for image in images):
            circles.append(each_once(drawn_circles(axes)))
        maps += [image for image in images if image.ndim == 2]
        pictures += [list(image.shape) for image in images if image.ndim == 3]
    texts = " / ".join(drawn_texts(figure))
    said = [words for words in ("looks at", "is looked at from") if words in texts]
    return {
        "circles (x, y)": circles,
        "maps": sorted(maps, key=lambda map_hw: float(map_hw[0, 0])),  # panels may be arranged in any way
        "pictures": pictures,
        "directions named": said,
    }


# %% [raw] hints="four_points"
# 1. Five panels: one for the picture, four for the maps. Everything that is drawn on the picture is in its pixels, so
#    each point is scaled by the picture's width and height.
# 2. `plt.subplot_mosaic` or `plt.subplots(1, 5)` makes the panels; `Circle((x, y), radius)` with `axes.add_patch`, or
#    `axes.scatter(x, y)`, makes a circle; `figure.suptitle` makes a title.
# 3. For each point: `picture_axes.scatter(x * width, y * height)` and `map_axes.imshow(map_hw, cmap="cividis")`. Put
#    `direction` into `figure.suptitle(...)`, and return the figure.

# %% [raw] mistake="four_points/not_scaled"
# The circles sit in the upper left corner: the points were drawn as fractions. The axes of the picture count pixels,
# so multiply by width and height.
# ---
# def draw_points(picture, points_01, maps, direction):
#     figure = Figure()
#     first, *panels = figure.subplots(1, 5)
#     first.imshow(picture)
#     for (x, y), map_hw, axes in zip(points_01, maps, panels, strict=True):
#         first.scatter(x, y)
#         axes.imshow(map_hw)
#     figure.suptitle(direction)
#     return figure

# %% [raw] mistake="four_points/maps_turned"
# The maps were transposed: what is on the left in the picture would be at the top in the map. `imshow` wants (rows,
# columns), as the maps are.
# ---
# def draw_points(picture, points_01, maps, direction):
#     figure = Figure()
#     first, *panels = figure.subplots(1, 5)
#     first.imshow(picture)
#     for (x, y), map_hw, axes in zip(points_01, maps, panels, strict=True):
#         first.scatter(x * picture.width, y * picture.height)
#         axes.imshow(map_hw.T)
#     figure.suptitle(direction)
#     return figure

# %% [raw] mistake="four_points/y_first"
# The circles were drawn at (y, x). matplotlib wants x first; only indexing into arrays puts y first.
# ---
# def draw_points(picture, points_01, maps, direction):
#     figure = Figure()
#     first, *panels = figure.subplots(1, 5)
#     first.imshow(picture)
#     for (x, y), map_hw, axes in zip(points_01, maps, panels, strict=True):
#         first.scatter(y * picture.height, x * picture.width)
#         axes.imshow(map_hw)
#     figure.suptitle(direction)
#     return figure

# %% [raw] mistake="four_points/points_turned"
# The two numbers of a point changed places. They come as (x, y): the first is a share of the width, the second of the
# height.
# ---
# def draw_points(picture, points_01, maps, direction):
#     figure = Figure()
#     first, *panels = figure.subplots(1, 5)
#     first.imshow(picture)
#     for (y, x), map_hw, axes in zip(points_01, maps, panels, strict=True):
#         first.scatter(x * picture.width, y * picture.height)
#         axes.imshow(map_hw)
#     figure.suptitle(direction)
#     return figure

# %% [raw] mistake="four_points/same_map"
# All four panels show the same map, that of the first point: take the next map in each turn of the loop.
# ---
# def draw_points(picture, points_01, maps, direction):
#     figure = Figure()
#     first, *panels = figure.subplots(1, 5)
#     first.imshow(picture)
#     for (x, y), axes in zip(points_01, panels, strict=True):
#         first.scatter(x * picture.width, y * picture.height)
#         axes.imshow(maps[0])
#     figure.suptitle(direction)
#     return figure

# %% [raw] mistake="four_points/direction_missing"
# No title says the direction, and without it nobody can read the maps: name it word for word as it is given.
# ---
# def draw_points(picture, points_01, maps, direction):
#     figure = Figure()
#     first, *panels = figure.subplots(1, 5)
#     first.imshow(picture)
#     for (x, y), map_hw, axes in zip(points_01, maps, panels, strict=True):
#         first.scatter(x * picture.width, y * picture.height)
#         axes.imshow(map_hw)
#     figure.suptitle("Encoder attention")
#     return figure

# %% [markdown]
# #### Your figure
# Choose your own four points: one on an object, one on its neighbour, one on the background ... Then turn `direction`
# around. Does a cell look at its whole object, at its surroundings, or elsewhere?

# %%
def show_encoder_attention(picture, points_01, direction):
    image = prepare(picture, *shapes.input_size)[None]
    _, seen = look_inside(shapes, image)
    stride = stride_from_sizes(image.shape[-2:], seen["features"].shape[-2:])
    maps = []
    for x, y in points_01:
        point_xy = x * picture.width, y * picture.height
        place = tuple(map(int, cell_at(point_xy, picture.size, image.shape[-2:], stride)))
        maps.append(as_tensor(maps_of_cell(seen["encoder"], place, seen["features"])[direction]))
    figure = draw_points(picture, points_01, maps, direction)
    plt.close(figure)  # the cell shows the figure that it ends in; pyplot would show it a second time
    return figure


points_01 = [(0.35, 0.45), (0.68, 0.15), (0.51, 0.81), (0.15, 0.80)]  # square, cross, star, paper
attempt(lambda: show_encoder_attention(sample.picture, points_01, direction="looks at"))
