# %% style="subfigures and insets"
# The right one with the title and its maps in inset axes; circles as one collection, each with a halo.
from matplotlib.collections import PatchCollection
from matplotlib.patches import CirclePolygon


def draw_points(picture, points_01, maps, direction):
    figure = plt.figure(figsize=(9, 4))
    left, right = figure.subfigures(1, 2)
    axes, frame = left.subplots(), right.subplots()
    frame.set_axis_off()
    axes.imshow(np.asarray(picture))
    places = np.asarray(points_01) * picture.size
    axes.add_collection(PatchCollection([CirclePolygon(place, 3) for place in places], edgecolor="white"))
    for number, (place, map_hw) in enumerate(zip(places, maps)):
        axes.add_patch(Circle(place, 2, facecolor="none", edgecolor="black"))
        axes.annotate(str(number), place, color="red")
        inset = frame.inset_axes([0.5 * (number % 2), 0.5 * (number // 2), 0.45, 0.4])
        inset.imshow(map_hw.numpy(), cmap="viridis")
        inset.set_title(f"point {number}", loc="right")
    right.suptitle(f"Each point {direction}")
    return figure


# %% style="a mosaic"
def draw_points(picture, points_01, maps, direction):
    figure, panels = plt.subplot_mosaic([["0", "picture", "1"], ["2", "picture", "3"]], figsize=(10, 4))
    panels["picture"].imshow(picture)
    for number, ((x, y), map_hw) in enumerate(zip(points_01, maps)):
        centre = x * picture.width, y * picture.height
        panels["picture"].add_patch(Circle(centre, radius=4, color="red"))
        panels[str(number)].imshow(map_hw, cmap="cividis", interpolation="nearest")
        panels[str(number)].set_title(f"({x:.2f}, {y:.2f}) {direction}")
    return figure


# %% style="a row of five panels, markers"
def draw_points(picture, points_01, maps, direction):
    figure, (first, *others) = plt.subplots(1, 5, figsize=(14, 3))
    first.imshow(picture)
    for (x, y), axes, map_hw, letter in zip(points_01, others, maps, "abcd"):
        first.plot(x * picture.size[0], y * picture.size[1], "ro")
        first.text(x * picture.size[0], y * picture.size[1], letter)
        axes.imshow(map_hw)
        axes.set_xlabel(letter)
    figure.suptitle(f"What each point {direction}")
    return figure


# %% style="a grid and a scatter"
def draw_points(picture, points_01, maps, direction):
    figure = Figure(figsize=(8, 4), layout="constrained")
    grid = figure.add_gridspec(2, 4)
    middle = figure.add_subplot(grid[:, 1:3])
    middle.imshow(picture, extent=(0, picture.width, picture.height, 0))
    xs, ys = np.array(points_01).T
    middle.scatter(xs * picture.width, ys * picture.height, s=60, c=range(4), cmap="tab10")
    middle.set_title(direction)
    for place, map_hw in zip(((0, 0), (1, 0), (0, 3), (1, 3)), maps):
        axes = figure.add_subplot(grid[place])
        axes.imshow(map_hw.numpy(), vmin=0)
        axes.axis("off")
    return figure


# %% style="one line of markers, matshow"
def draw_points(picture, points_01, maps, direction):
    fig = plt.figure()
    ax = fig.add_axes([0.3, 0.1, 0.4, 0.8])
    ax.imshow(picture)
    points = torch.tensor(points_01) * torch.tensor(picture.size)
    ax.plot(points[:, 0], points[:, 1], linestyle="none", marker="x", markersize=8, color="white")
    for i in range(4):
        panel = fig.add_axes([0.75 * (i // 2), 0.1 + 0.45 * (i % 2), 0.2, 0.35])
        panel.matshow(maps[i])
        panel.set_xticks([])
        panel.set_yticks([])
    fig.text(0.5, 0.95, f"the point {direction}", ha="center")
    return fig


# %% style="picture with an alpha channel"
def draw_points(picture, points_01, maps, direction):
    figure, axes = plt.subplots(2, 3)
    axes[0, 0].imshow(picture.convert("RGBA"))
    axes[1, 0].set_axis_off()
    for (x, y), panel, map_hw in zip(points_01, axes[:, 1:].flat, maps):
        axes[0, 0].add_patch(Circle((x * picture.width, y * picture.height), 3, fill=False, edgecolor="red"))
        panel.imshow(map_hw)
        panel.set_title(direction)
    return figure


# %% style="half the pixels over the whole extent"
def draw_points(picture, points_01, maps, direction):
    width, height = picture.size
    figure, axes = plt.subplots(2, 3)
    axes[0, 0].imshow(picture.resize((width // 2, height // 2)), extent=(0, width, height, 0))
    axes[1, 0].set_axis_off()
    for (x, y), panel, map_hw in zip(points_01, axes[:, 1:].flat, maps):
        axes[0, 0].add_patch(Circle((x * width, y * height), 3, fill=False, edgecolor="red"))
        panel.imshow(map_hw)
        panel.set_title(direction)
    return figure
