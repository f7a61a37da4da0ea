# %% Run this first: it opens the notebook (`autograder prove` with this file's path proves this step)
# %run -i 00_open.py

# %% [markdown]
# ### Step 21 · The four-point figure · 2 points · 15 min · ●●●○○
# **Goal:** draw the paper's figure 3 for four points.
#
# Draw in one figure:
#
# - the image in pixels, with a **circle** (or a marker) at each point. The points come as **fractions** of the image:
#   scale them to pixels;
# - around or beside it the four maps with `imshow`, as they are, in panels of their own, **in the order of the
#   points**;
# - the **direction** in a title, word for word as it is given: "looks at" or "is looked at from".
#
# *Example.* In an image of 640 x 480 pixels the point (0.25, 0.5) is drawn at (160, 240).

# %% exercise="four_points"
def draw_points(picture, points_01, maps, direction):
    """A matplotlib Figure: the image with a circle at each point, and the map of each point.

    picture: PIL. points_01: four points (x, y), fractions 0..1 of the image's width and height.
    maps: four (H, W) tensors, one for each point. direction: "looks at" or "is looked at from".
    """
    ### BEGIN SOLUTION
    layout = [[0, "picture", "picture", 1], [2, "picture", "picture", 3]]
    figure, panels = plt.subplot_mosaic(layout, figsize=(7.0, 3.6), layout="constrained")
    figure.suptitle(f"Encoder self-attention, last layer: what each point {direction}")
    panels["picture"].imshow(picture)
    width, height = picture.size
    for i, ((x, y), map_hw) in enumerate(zip(points_01, maps, strict=True)):
        x, y = x * width, y * height
        panels["picture"].add_patch(Circle((x, y), 0.02 * width, facecolor="white", edgecolor="black"))
        panels[i].imshow(map_hw, cmap="cividis")
        panels[i].set_axis_off()
    return figure
    ### END SOLUTION


# %% check="four_points" points=2
@check(parts={"image and circles": 1, "maps and direction": 1})
def four_points(draw):
    (H, W), (width, height) = draw.letters("H W", 3, 7), (3 * side for side in draw.sizes(2, 31, 47))
    picture, maps = four_colours(draw, width, height), draw.uniform(4, H, W)
    corners = torch.tensor([[0.15, 0.15], [0.85, 0.15], [0.15, 0.85], [0.85, 0.85]])[draw.permutation(4)]
    points = [(x, y) for x, y in (corners + draw.uniform(4, 2, low=-0.1, high=0.1)).tolist()]
    found = {"image and circles": {}, "maps and direction": {}}
    for direction in ("looks at", "is looked at from"):
        figure = draw_points(picture, points, list(maps), direction)
        if figure is ____:
            return ____
        if figure is None:
            return None
        circles, shown, places, colours, overlaid = [], [], [], [], 0
        for axes in drawn_axes(figure):
            here = [image["data"] for image in drawn_images(axes) if image["data"].ndim == 2]
            shown += here
            places += [(axes, number_of(map_hw, maps)) for map_hw in here]
            seen = drawn_colours(axes, quarters(width, height)).nan_to_num(-1.0)
            if here:
                overlaid += int((seen >= 0).any())
            elif (seen >= 0).any():
                colours.append(seen)
                circles.append(each_once(drawn_circles(axes)))
        texts = " / ".join(drawn_texts(figure))
        found["image and circles"][direction] = {"circles (x, y)": circles, "colours of the image": colours}
        found["maps and direction"][direction] = {
            "maps": sorted(shown, key=lambda map_hw: float(map_hw[0, 0])),
            "maps of the points": as_read(places),
            "maps over the image": overlaid,
            "direction named": next((words for words in ("looks at", "is looked at from") if words in texts), "none"),
        }
    return found


# %% [raw] hints="four_points"
# 1. Five panels: one for the image, four for the maps. Everything that is drawn on the image is in its pixels, so
#    each point is scaled by the image's width and height.
# 2. `plt.subplot_mosaic` or `plt.subplots(1, 5)` makes the panels; `Circle((x, y), radius)` with `axes.add_patch`, or
#    `axes.scatter(x, y)`, makes a circle; `figure.suptitle` makes a title.
# 3. For each point: `picture_axes.scatter(..., ...)` in pixels, and `map_axes.imshow(map_hw, cmap="cividis")`. Put
#    `direction` into `figure.suptitle(...)`, and return the figure.

# %% [raw] mistake="four_points/not_scaled"
# The circles sit in the upper left corner: the points were drawn as fractions. The axes of the image count pixels,
# so multiply by width and height.
# ---
# - panels["picture"].add_patch(Circle((x, y), 0.02 * width, facecolor="white", edgecolor="black"))
# + panels["picture"].scatter(x / width, y / height)

# %% [raw] mistake="four_points/map_frame"
# The points were scaled by the map's size. The circles are drawn on the image: take its width and height.
# ---
# - width, height = picture.size
# + height, width = maps[0].shape
# - panels["picture"].add_patch(Circle((x, y), 0.02 * width, facecolor="white", edgecolor="black"))
# + panels["picture"].add_patch(Circle((x, y), 0.02 * picture.width))

# %% [raw] mistake="four_points/sides_swapped"
# Width and height of the image changed places: `picture.size` is (width, height).
# ---
# - width, height = picture.size
# + height, width = picture.size

# %% [raw] mistake="four_points/y_first"
# The circles were drawn at (y, x). matplotlib wants x first; only indexing into arrays puts y first.
# ---
# - panels["picture"].add_patch(Circle((x, y), 0.02 * width, facecolor="white", edgecolor="black"))
# + panels["picture"].scatter(y, x)

# %% [raw] mistake="four_points/points_turned"
# The two numbers of a point changed places. They come as (x, y): the first is a fraction of the width, the second of the
# height.
# ---
# - x, y = x * width, y * height
# + x, y = y * width, x * height

# %% [raw] mistake="four_points/rounded"
# The points were cut to whole pixels. Draw them where they are.
# ---
# - x, y = x * width, y * height
# + x, y = int(x * width), int(y * height)

# %% [raw] mistake="four_points/no_circles"
# No circle is seen on the image. It belongs on the image's own axes (not on a map), and its radius counts pixels there:
# neither so small that nobody sees it nor so large that it covers the image.
# ---
# - panels["picture"].add_patch(Circle((x, y), 0.02 * width, facecolor="white", edgecolor="black"))
# + panels["picture"].add_patch(Circle((x, y), 1000))

# %% [raw] mistake="four_points/no_picture"
# The image is missing: show it under the circles.
# ---
# - panels["picture"].imshow(picture)
# + panels["picture"].set(xlim=(0, picture.width), ylim=(picture.height, 0))

# %% [raw] mistake="four_points/maps_turned"
# The maps were transposed: what is on the left in the image would be at the top in the map. `imshow` wants (rows,
# columns), as the maps are.
# ---
# - panels[i].imshow(map_hw, cmap="cividis")
# + panels[i].imshow(map_hw.T, cmap="cividis")

# %% [raw] mistake="four_points/upside_down"
# The maps stand on their head: `origin="lower"` puts their first row at the bottom. Leave it out.
# ---
# - panels[i].imshow(map_hw, cmap="cividis")
# + panels[i].imshow(map_hw, origin="lower")

# %% [raw] mistake="four_points/same_map"
# All four panels show the same map, that of the first point: take the next map in each turn of the loop.
# ---
# - panels[i].imshow(map_hw, cmap="cividis")
# + panels[i].imshow(maps[0])

# %% [raw] mistake="four_points/maps_of_other_points"
# The maps are in another order than the points, so each panel shows another point's. Panels are read row by row or
# column by column.
# ---
# - panels[i].imshow(map_hw, cmap="cividis")
# + panels[i].imshow(maps[3 - i])

# %% [raw] mistake="four_points/one_missing"
# Three maps and circles are there, of four: a loop that begins at 1 leaves out the first.
# ---
# - for i, ((x, y), map_hw) in enumerate(zip(points_01, maps, strict=True)):
# + for i, ((x, y), map_hw) in enumerate(zip(points_01[1:], maps[1:], strict=True)):

# %% [raw] mistake="four_points/overlaid"
# The image lies under every map. The maps are to have panels of their own, as they are.
# ---
# - panels[i].imshow(map_hw, cmap="cividis")
# + panels[i].imshow(picture)
# + panels[i].imshow(map_hw, alpha=0.6, extent=(0, width, height, 0))

# %% [raw] mistake="four_points/direction_missing"
# No title says the direction, and without it nobody can read the maps: name it word for word as it is given.
# ---
# - figure.suptitle(f"Encoder self-attention, last layer: what each point {direction}")
# + figure.suptitle("Encoder self-attention")

# %% [raw] mistake="four_points/fixed_title"
# The title always says "looks at". The direction is an argument.
# ---
# - figure.suptitle(f"Encoder self-attention, last layer: what each point {direction}")
# + figure.suptitle("Encoder self-attention: looks at")

# %% [raw] mistake="four_points/fixed_other_title"
# The title always says "is looked at from". The direction is an argument.
# ---
# - figure.suptitle(f"Encoder self-attention, last layer: what each point {direction}")
# + figure.suptitle("Encoder self-attention: is looked at from")

# %% [markdown]
# #### Your figure
# Choose your own four points, on objects and on the background. Then turn `direction` around. Does a cell look at its
# whole object, at its surroundings, or elsewhere?

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
NEEDED = ("resize", "hooks", "cell", "encoder_maps", "four_points")
attempt(lambda: show_encoder_attention(sample.picture, points_01, direction="looks at"), after=NEEDED)
